/*
 * lib/msg/job_msg.h - job messages of the storage and file daemon, towards the director
 *
 * Purpose: the only way from a struct err or a fact to a line in the job log: adds daemon, job
 *          and prefix, counts errors and warnings, sends "Jmsg" (raw text in a session of JobId 0).
 * Wire:    wire.md 4
 * Threads: any thread of the job; lines are queued (RANK_MSG) and sent by whoever holds the
 *          director conversation, at once unless sending is held.
 */
#ifndef TERCET_MSG_JOB_MSG_H
#define TERCET_MSG_JOB_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/proto/msg_type.h"

struct job_msg; /* one per job */

/* send(arg, frame text) puts one frame on the director conversation; it may be called from any
 * thread of the job, one call at a time.  All strings are copied. */
struct job_msg *job_msg_new(const char *daemon,
			    void (*send)(void *arg, const char *frame, size_t n), void *arg);
void job_msg_free(struct job_msg *m);
/* From now on the job has this id and unique name; job_id 0: raw text. */
void job_msg_set_job(struct job_msg *m, uint32_t job_id, const char *job);
/* Types that the daemon's Messages resource does not want are dropped (bit n: type n). */
void job_msg_set_filter(struct job_msg *m, uint32_t wanted);

void job_report(struct job_msg *m, enum msg_type type, const char *fmt, ...) PRINTF(3, 4);
void job_report_err(struct job_msg *m, enum msg_type type, const struct err *err);
/* After this messages are counted but not sent: the director's side is gone. */
void job_msg_mute(struct job_msg *m);

uint32_t job_msg_errors(const struct job_msg *m); /* error, fatal, notsaved are errors */
uint32_t job_msg_warnings(const struct job_msg *m);
/* The first fatal message's text, "" if none; for status and 2800/3099. */
bool job_msg_has_fatal(const struct job_msg *m);

#endif
