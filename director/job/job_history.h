/*
 * director/job/job_history.h - the last jobs that ended, also those of an earlier director
 *
 * Owns:    the state file <name>.state in the working directory.
 * Threads: any (RANK_LEAF inside); job_history_store by one thread, without the lock while it
 *          writes.
 * Spec:    console.md 6.6.1 (terminated jobs)
 */
#ifndef TERCET_DIRECTOR_JOB_JOB_HISTORY_H
#define TERCET_DIRECTOR_JOB_JOB_HISTORY_H

#include "director/job/job.h"

struct job_history;

/* With what the file at path knows, if there is one. */
struct job_history *job_history_new(const char *path);
void job_history_free(struct job_history *h);

void job_history_add(struct job_history *h, const struct job_info *info);
/* Oldest first; *out is an owned array.  Returns their number. */
size_t job_history_list(struct job_history *h, struct job_info **out);
/* The newest of this unique name, or (NULL) of this id; false: there is none. */
bool job_history_find(struct job_history *h, uint32_t job_id, const char *unique,
		      struct job_info *out);
/* Write the file, if a job was added since it was written. */
void job_history_store(struct job_history *h);

#endif
