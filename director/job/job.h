/*
 * director/job/job.h - jobs as the rest of the director sees them
 *
 * Purpose: list, look at, wait for and cancel the jobs this process knows (queued, running, and
 *          the last terminated ones).  Creating one: job_start.h.  The struct itself is private
 *          to director/job (job_internal.h).
 * Threads: any; every answer is a copy.  RANK_JOBS and RANK_JOB are taken inside.
 * Spec:    director.md 1, 4, 5, 6; console.md 6.6.1, 7.3, 7.5
 */
#ifndef TERCET_DIRECTOR_JOB_JOB_H
#define TERCET_DIRECTOR_JOB_JOB_H

#include "director/director.h"
#include "lib/proto/job_code.h"

struct job;
struct job_table;

#define JOB_NAME_SIZE 128 /* 127 bytes and NUL */
#define JOB_TEXT_SIZE 256

/* clang-format off */
/*       name                word in reports (director.md 2.2) */
#define JOB_TRIGGERS(X)                     \
	X(TRIGGER_UNKNOWN,   "Unknown")     \
	X(TRIGGER_SCHEDULER, "Scheduler")   \
	X(TRIGGER_CLIENT,    "Client")      \
	X(TRIGGER_USER,      "User")
/* clang-format on */

enum job_trigger {
#define X(name, word) name,
	JOB_TRIGGERS(X)
#undef X
};

const char *job_trigger_text(enum job_trigger t);

/* A copy of what is known about a job now. */
struct job_info {
	uint32_t job_id;
	char unique[JOB_NAME_SIZE]; /* bk.2026-11-21_02.23.42_04 */
	char name[JOB_NAME_SIZE];   /* resource */
	char client[JOB_NAME_SIZE], fileset[JOB_NAME_SIZE];
	char pool[JOB_NAME_SIZE], storage[JOB_NAME_SIZE]; /* "" when not applicable */
	char catalog[JOB_NAME_SIZE];
	char level_text[64]; /* "Full (upgraded from Incremental)" */
	char comment[JOB_TEXT_SIZE];
	char wait_reason[JOB_TEXT_SIZE]; /* why it does not go on; "" when it runs */
	char volumes[JOB_TEXT_SIZE];     /* A|B|C */
	char device[JOB_NAME_SIZE];      /* "Using Device" */
	int type, level, status;         /* letters */
	int fd_status, sd_status;        /* letters, 0 unknown */
	enum job_trigger trigger;
	int priority;
	bool queued;                              /* not started: C t p s c j d */
	int64_t sched_time, start_time, end_time; /* epoch seconds, 0 not yet */
	/* Live progress; backup: attributes received, bytes the storage daemon reported or the
	 * catalog rows' sizes; restore: only what the daemons tell. */
	uint64_t files, bytes, read_bytes;
	uint64_t expected_files, expected_bytes; /* 0: not known */
	uint32_t errors, warnings;
};

/* Jobs queued or running, oldest first; *out is an owned array.  Returns their number. */
size_t job_table_list(struct job_table *t, struct job_info **out);
/* The last terminated jobs of this director (kept in its state file), oldest first. */
size_t job_table_terminated(struct job_table *t, struct job_info **out);
/* Number of jobs started since the daemon started; number running now. */
void job_table_totals(struct job_table *t, unsigned *run, unsigned *running);

/* Find a queued, running or recently terminated job; false: unknown. */
bool job_find_id(struct job_table *t, uint32_t job_id, struct job_info *out);
bool job_find_unique(struct job_table *t, const char *unique, struct job_info *out);
/*
 * Queued, or its worker has not ended yet, whatever its letter says: a cancelled job is A at once
 * and may write rows for another while.
 */
bool job_is_alive(struct job_table *t, uint32_t job_id);
/* A job that is alive was given this volume to write, or reads it. */
bool job_uses_volume(struct job_table *t, const char *volume);

/*
 * Ask a job to stop.  by: who asks, for its log.  Answers of the daemons
 * ("2001 Job ... marked to be canceled.") go to say.
 * A queued job ends at once; of one that has ended the script behind it that runs now is stopped.
 * ERR_CONFIG: no such job is queued or running, or it has ended and runs no script.
 * Spec: director.md 5.3
 */
MUST_CHECK enum err_code job_cancel(struct director *d, uint32_t job_id, const char *by,
				    director_say say, void *arg, struct err *err);

/*
 * Wait until the job (0: every job) has ended.  out may be NULL; for a job that ended before and
 * is forgotten the caller asks the catalog: ERR_CONFIG.
 * ERR_PEER the wait's deadline passed · ERR_CANCELED
 */
MUST_CHECK enum err_code job_wait(struct job_table *t, uint32_t job_id, const struct wait *wait,
				  struct job_info *out, struct err *err);

#endif
