/*
 * director/job/job_start.h - a request for a job, what it resolves to, and queuing it
 *
 * Purpose: the one door by which the console, the scheduler and control jobs start jobs.  A
 *          request names what its sender wants to be different; job_plan says what it comes to
 *          (the confirmation block of `run` is made from it); job_start queues it.
 * Owns:    a request owns its strings; a plan borrows from the configuration generation and from
 *          the request.
 * Threads: any.
 * Spec:    director.md 3; console.md 7.1
 */
#ifndef TERCET_DIRECTOR_JOB_JOB_START_H
#define TERCET_DIRECTOR_JOB_JOB_START_H

#include "director/job/job.h"

/* Three-valued override. */
enum job_choice { CHOICE_UNSET, CHOICE_NO, CHOICE_YES };

/*
 * The strings of a request: owned, NULL is not given.  Names are of resources; job is the only one
 * that must be given; the four pools by level are of a Run entry; since is "2026-11-21 02:23:44".
 */
/* clang-format off */
#define JOB_REQUEST_STRINGS(X)                                                       \
	X(job) X(client) X(fileset) X(storage) X(catalog) X(messages)                \
	X(pool) X(next_pool) X(full_pool) X(inc_pool) X(diff_pool) X(vfull_pool)     \
	X(where) X(regex_where) X(bootstrap) X(plugin_options) X(comment) X(since)   \
	X(verify_job) X(backup_format) X(backup_client)
/* clang-format on */

/* All-zero is "nothing wanted". */
struct job_request {
#define X(name) char *name;
	JOB_REQUEST_STRINGS(X)
#undef X
	int level;                  /* letter, 0 not given */
	int replace;                /* a w o n, 0 not given */
	int priority;               /* 0 not given */
	int64_t when;               /* epoch seconds, 0 now */
	uint32_t job_id;            /* restore, verify, copy: the job to read; 0 none */
	uint32_t prior_job_id;      /* workers of copy and migration */
	uint64_t expected_files;    /* restore: what the selection counted */
	int64_t max_run_sched_time; /* Run entry; 0 not given */
	enum job_choice spool_data, accurate;
	enum job_trigger trigger;
	bool ignore_duplicates, cloned;
	bool from_run_entry;   /* overrides are of a Schedule: changes the source texts */
	bool delete_bootstrap; /* the bootstrap is ours: removed when the job ends */
};

void job_request_release(struct job_request *r);

struct dir_job;
struct dir_client;
struct dir_fileset;
struct dir_pool;
struct dir_storage;
struct dir_catalog;
struct conf_messages;

/* What a request comes to; everything borrowed. */
struct job_plan {
	struct dir_job *job;
	struct dir_client *client;
	struct dir_fileset *fileset;
	struct dir_pool *pool, *next_pool;
	struct dir_storage *write_storage, *read_storage; /* NULL when not applicable */
	struct dir_catalog *catalog;                      /* NULL: the default */
	struct conf_messages *messages;
	const char *pool_source, *next_pool_source;  /* "Job FullPool override" */
	const char *storage_source, *catalog_source; /* "Pool resource" */
	int type, level, replace, priority;
	int64_t when;
	const char *where, *regex_where, *bootstrap; /* request, else job; NULL none */
	bool spool_data, accurate;
};

/*
 * Resolve a request.  ERR_CONFIG names what is unknown or missing.
 */
MUST_CHECK enum err_code job_plan_make(struct dir_conf *conf, const struct job_request *req,
				       struct job_plan *out, struct err *err);
/* As step 3 of 3.4: choose pool and storage again after the level was upgraded. */
MUST_CHECK enum err_code job_plan_relevel(struct dir_conf *conf, const struct job_request *req,
					  int level, struct job_plan *plan, struct err *err);

/*
 * Create the job and put it into the queue; the request is copied.
 *   job_id  out: the catalog's id
 * ERR_CONFIG the request does not resolve · ERR_CATALOG no job row could be made
 */
MUST_CHECK enum err_code job_start(struct director *d, const struct job_request *req,
				   uint32_t *job_id, struct err *err);

#endif
