/*
 * storage-daemon/media/media_job.h - what this room needs of the job it works for
 *
 * Purpose: questions to the director and words to people, as a table: sessions implement it,
 *          tests script it.
 * Threads: called by one thread of the job at a time, never under a lock.
 * Errors:  ERR_EOF      find_media: the director has none
 *          ERR_CATALOG  the director refused; the text is its own
 *          ERR_PEER     the director is gone
 */
#ifndef TERCET_STORAGE_DAEMON_MEDIA_MEDIA_JOB_H
#define TERCET_STORAGE_DAEMON_MEDIA_MEDIA_JOB_H

#include "lib/base/wait.h"
#include "lib/proto/msg_type.h"
#include "storage-daemon/device/vol_info.h"

struct media_job_ops {
	enum err_code (*find_media)(void *arg, unsigned index, const char *pool,
				    const char *media_type, const char *unwanted,
				    struct vol_info *out, struct err *err);
	enum err_code (*get_volume)(void *arg, const char *name, bool write, struct vol_info *out,
				    struct err *err);
	/* *out: the director's answer */
	enum err_code (*update_volume)(void *arg, const struct vol_info *v, bool relabel,
				       struct vol_info *out, struct err *err);
	void (*report)(void *arg, enum msg_type type, const char *text);
	/* The job is waiting: a status letter of job_code.h. */
	void (*status)(void *arg, int letter, const char *why);
	/* Show both peers that we live, while waiting.  ERR_PEER: the director is gone. */
	enum err_code (*alive)(void *arg, struct err *err);
};

struct media_job {
	const struct media_job_ops *ops;
	void *arg;
	struct cancel *cancel;
	const char *daemon; /* name of this storage daemon, for labels */
	const char *job;    /* unique name, for messages */
	uint32_t session_id, session_time;
	int64_t heartbeat_s; /* ops->alive at least this often while waiting; 0: with each look */
};

void media_report(const struct media_job *j, enum msg_type type, const char *fmt, ...) PRINTF(3, 4);

#endif
