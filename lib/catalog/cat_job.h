/*
 * lib/catalog/cat_job.h - rows of table Job: life of a job, level facts, chains
 *
 * Threads: any.
 * Spec:    catalog.md 4.1, 8.1, 8.4, 12; director.md 7, 8.1, 14.2
 */
#ifndef TERCET_CATALOG_CAT_JOB_H
#define TERCET_CATALOG_CAT_JOB_H

#include "lib/catalog/catalog.h"

struct cat_job {
	uint32_t job_id;
	char job[CAT_NAME_MAX];   /* unique run name */
	char name[CAT_NAME_MAX];  /* Job resource */
	char type, level, status; /* letters of lib/proto/job_code.h */
	uint32_t client_id, pool_id, file_set_id, prior_job_id;
	int64_t sched_time, start_time, end_time, real_end_time;
	int64_t job_tdate; /* ordering key of "newest" */
	uint32_t vol_session_id, vol_session_time;
	uint32_t job_files, job_errors;
	uint64_t job_bytes, read_bytes;
	bool purged_files, has_base;
};

/* An owned array of jobs. */
struct cat_jobs {
	struct cat_job *v; /* owned */
	size_t n;
};
void cat_jobs_release(struct cat_jobs *jobs);

/* Queued: job, name, type, level, sched_time, client_id are used; status becomes C. */
MUST_CHECK enum err_code cat_job_insert(struct catalog *c, const struct cat_job *job,
					const char *comment, uint32_t *job_id, struct err *err);
/* Started (again after run-before scripts): status, level, start_time, client_id, pool_id,
 * file_set_id, vol_session_*; JobTDate becomes start_time. */
MUST_CHECK enum err_code cat_job_start(struct catalog *c, const struct cat_job *job,
				       struct err *err);
/* Ended: all of catalog.md 8.4; RealEndTime is the later of now and end_time, JobTDate too. */
MUST_CHECK enum err_code cat_job_end(struct catalog *c, const struct cat_job *job, struct err *err);
/*
 * For a job whose end could not be stored in time: stored by the catalog's own thread as soon as
 * the server takes it, behind the job's messages.  What waits when the process ends is for
 * cat_job_clean_up.
 */
void cat_job_end_later(struct catalog *c, const struct cat_job *job);
MUST_CHECK enum err_code cat_job_get(struct catalog *c, uint32_t job_id, struct cat_job *out,
				     bool *found, struct err *err);

/* Jobs with the same type, name, client and fileset. */
struct cat_level_key {
	char type;
	const char *name;
	uint32_t client_id, file_set_id;
};
/* Of good jobs (T, W) only, except failed_*. */
struct cat_level_facts {
	int64_t full_start;   /* newest Full, 0 if none */
	int64_t diff_start;   /* newest Differential, 0 if none */
	int64_t newest_start; /* newest of F, D, I, 0 if none */
	uint32_t full_job_id, diff_job_id, newest_job_id;
	/* Newest failed F or D started after newest_start (for Rerun Failed Levels). */
	uint32_t failed_job_id; /* 0 if none */
	char failed_level;      /* F or D */
	int64_t failed_start;
};
/* Spec: director.md 7.1, 7.2, 7.4; cat_level_facts.failed_* excludes jobs not yet ended. */
MUST_CHECK enum err_code cat_job_level_facts(struct catalog *c, const struct cat_level_key *key,
					     struct cat_level_facts *out, struct err *err);

/* Jobs whose letter is not final; oldest first. */
MUST_CHECK enum err_code cat_job_list_running(struct catalog *c, struct cat_jobs *out,
					      struct err *err);
/*
 * At process start only: jobs left by a dead director become f, with EndTime the time of their
 * last Log line (else StartTime, else SchedTime).  *n: how many.  Spec: catalog.md 8.1 (6)
 */
MUST_CHECK enum err_code cat_job_clean_up(struct catalog *c, uint32_t *n, struct err *err);

#endif
