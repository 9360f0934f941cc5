/*
 * storage-daemon/session/ask_director.h - catalog requests and state of a job to its director
 *
 * Purpose: one question, one answer, on the conversation that started the job; the table of
 *          media_job_ops for the rooms below.
 * Threads: one at a time: the job's thread, or append's writer while it runs.
 * Errors:  ERR_CATALOG the director refused, in its words · ERR_PEER it is gone or silent ·
 *          ERR_PROTO it answered something else
 * Spec:    wire.md 6.5, 6.6
 */
#ifndef TERCET_STORAGE_DAEMON_SESSION_ASK_DIRECTOR_H
#define TERCET_STORAGE_DAEMON_SESSION_ASK_DIRECTOR_H

#include "storage-daemon/session/session.h"

extern const struct media_job_ops ask_director_ops; /* arg: struct session */

struct media_job ask_media_job(struct session *s);

struct job_piece {
	uint64_t media_id;
	int32_t first, last; /* FileIndexes */
	uint64_t start, end; /* addresses of first and last byte */
};
MUST_CHECK enum err_code ask_create_jobmedia(struct session *s, const struct job_piece *p,
					     struct err *err);
MUST_CHECK enum err_code ask_delete_null_jobmedia(struct session *s, struct err *err);

/* Change the job's state and tell the director; a director that is gone is noticed elsewhere. */
void ask_tell_status(struct session *s, int letter);
/* How far the job is; without an answer. */
void ask_tell_checkpoint(struct session *s, uint32_t files, uint64_t bytes);

#endif
