/*
 * director/job/job_internal.h - the job itself, for director/job only
 *
 * Purpose: identity, plan, state and counters of one job, and the steps of its life.
 * Life:    job_start makes it and puts it into the table (one reference); the queue gives it a
 *          worker thread (job_run); when that ends the queue joins the thread and drops the
 *          table's reference.
 * Owns:    a reference to its configuration generation, its message sink, its request.
 * Threads: "worker" fields are written by whoever sets the job up, then by its worker alone, and
 *          read by others only under the lock where they are copied for job_info.
 * Spec:    director.md 1
 */
#ifndef TERCET_DIRECTOR_JOB_JOB_INTERNAL_H
#define TERCET_DIRECTOR_JOB_JOB_INTERNAL_H

#include "director/conf/dir_conf.h"
#include "director/job/job_clock.h"
#include "director/job/job_setup.h"
#include "director/job/job_start.h"
#include "director/job/level.h"
#include "lib/base/mem.h"
#include "lib/base/sync.h"
#include "lib/base/thread.h"
#include "lib/catalog/cat_job.h"
#include "lib/catalog/cat_pool.h"
#include "lib/msg/deliver.h"

#include <stdatomic.h>

/* What the file daemon said at its end. */
struct fd_end {
	bool seen;
	int term_code; /* letter */
	uint32_t files, errors;
	uint64_t read_bytes, bytes;
	int vss, encrypt;
};

/* What the storage daemon said at its end. */
struct sd_end {
	bool seen;
	int status; /* letter */
	uint32_t files, errors;
	uint64_t bytes;
};

struct attr_recv;

struct job {
	atomic_uint refs;
	struct director *d;
	struct dir_conf *conf;  /* shared: one reference */
	struct job_request req; /* owned copy; immutable */
	uint32_t id;
	char unique[JOB_NAME_SIZE];
	enum job_trigger trigger;
	struct catalog *catalog;   /* borrowed from the director */
	struct msg_sink *sink;     /* owned */
	struct cancel cancel;      /* someone asked it to stop: no new step begins */
	struct cancel abort;       /* its conversations are to be cut now */
	struct cancel script_stop; /* the script behind it that runs now is to end */
	bool left;                 /* by an earlier director: only its end is told; immutable */
	bool logged;               /* worker: what is said now is in the catalog's log already */
	int64_t made_ms;           /* clock_mono_ms; immutable */
	int64_t made_late;         /* seconds after its scheduled time; immutable */

	/* worker */
	struct job_plan plan;
	struct level_choice choice;
	int64_t decided_ms; /* clock_mono_ms when plan and choice were made */
	uint32_t client_id, pool_id, file_set_id;
	int64_t fileset_created;
	uint32_t vol_session_id, vol_session_time;
	uint64_t catalog_files; /* rows the catalog counted */
	char uname[256];        /* of the client */
	char sd_erase[64], fd_erase[64];

	struct mutex lock; /* RANK_JOB: all below */
	int status GUARDED_BY(&lock);
	int fd_status GUARDED_BY(&lock), sd_status GUARDED_BY(&lock);
	bool queued GUARDED_BY(&lock);     /* not given to a worker yet */
	bool stop_sent GUARDED_BY(&lock);  /* the daemons were told to cancel */
	bool watch_stop GUARDED_BY(&lock); /* the watch is to have the daemons told */
	bool in_script GUARDED_BY(&lock);  /* a script behind it runs */
	bool on_fd GUARDED_BY(&lock), on_sd GUARDED_BY(&lock); /* the daemons know the job */
	int64_t canceled_ms GUARDED_BY(&lock); /* clock_mono_ms of the cancel, 0 none */
	int64_t sched_time GUARDED_BY(&lock), start_time GUARDED_BY(&lock);
	int64_t end_time GUARDED_BY(&lock);
	int64_t client_start_ms GUARDED_BY(&lock); /* clock_mono_ms when data began, 0 not yet */
	int64_t wait_since GUARDED_BY(&lock);
	int64_t waited GUARDED_BY(&lock); /* seconds in waiting letters */
	uint32_t errors GUARDED_BY(&lock), warnings GUARDED_BY(&lock);
	struct fd_end fd GUARDED_BY(&lock);
	struct sd_end sd GUARDED_BY(&lock);
	struct attr_recv *live GUARDED_BY(&lock); /* borrowed while the backup runs */
	uint64_t live_files GUARDED_BY(&lock), live_bytes GUARDED_BY(&lock);
	uint64_t checkpoint_bytes GUARDED_BY(&lock); /* as the storage daemon said last */
	uint64_t expected_files GUARDED_BY(&lock), expected_bytes GUARDED_BY(&lock);
	char level_text[64] GUARDED_BY(&lock);
	char wait_reason[JOB_TEXT_SIZE] GUARDED_BY(&lock);
	char device[JOB_NAME_SIZE] GUARDED_BY(&lock);
	struct str_list volumes GUARDED_BY(&lock);
	uint64_t last_volume_bytes GUARDED_BY(&lock);
	struct dir_storage *now_storage GUARDED_BY(&lock); /* the one a restore reads now */

	/* the queue's: RANK_JOBS */
	struct thread worker;
	struct thread teller; /* tells the daemons to stop: the watch starts, the worker joins it */
	bool setting_up;      /* known, but not to be looked at by the queue yet */
	bool has_worker, worker_done;
	bool closing;    /* the worker joins the teller: there will be no other */
	uint64_t serial; /* order of arrival */
	struct job *next, *prev;
};

/* ---- the object ---- */

struct job *job_ref(struct job *j);
void job_unref(struct job *j);
void job_unrefp(struct job **j);
void job_fill_info(struct job *j, struct job_info *out);
/* Seconds since its scheduled time, negative before it; a stepped clock changes nothing. */
int64_t job_late(const struct job *j);
/* A copy of the plan; for threads other than the worker. */
struct job_plan job_plan_copy(struct job *j);

/* ---- status and messages ---- */

/* A new letter, by rank (director.md 6); never undone. */
void job_set_status(struct job *j, int letter);
void job_set_status_locked(struct job *j, int letter) REQUIRES(&j->lock);
int job_status_now(struct job *j);
void job_set_wait(struct job *j, int letter, const char *reason);
void job_say(struct job *j, enum msg_type type, const char *fmt, ...) PRINTF(3, 4);
/* A failure: message and letter (fatal: f; canceled: nothing is said). */
void job_fail(struct job *j, const struct err *err);
bool job_is_stopped(struct job *j); /* cancelled or failed: no new step */
void job_add_volume(struct job *j, const char *name, uint64_t volume_bytes);
/* ERR_CANCELED when the job was cancelled or has failed. */
MUST_CHECK enum err_code job_check(struct job *j, struct err *err);

/*
 * After ERR_CATALOG: wait until the server is back, at most ten minutes since *since_ms (0 at the
 * first call), and tell whether the operation is to be tried again.
 */
bool job_catalog_again(struct job *j, int64_t *since_ms, const struct err *err);

/* ---- set-up (job_setup.c) ---- */

/* Client row, FileSet row, level with reason, pool and storage. */
MUST_CHECK enum err_code job_decide(struct job *j, struct err *err);
/* The job as its row. */
void job_row(struct job *j, struct cat_job *out);
MUST_CHECK enum err_code job_store_start(struct job *j, struct err *err);
/* The pool's row, made when it is gone; asks a catalog that is away once. */
MUST_CHECK enum err_code job_pool_row(struct job *j, struct dir_pool *pool, struct cat_pool *out,
				      struct err *err);
/* "bk.2026-11-21_02.23.42_04" */
void job_make_name(const char *resource, char out[JOB_NAME_SIZE]);

/* ---- table and queue (job_table.c) ---- */

/* Make a job known; the queue looks at it after job_table_ready, which must follow. */
void job_table_add(struct job_table *t, struct job *j);
void job_table_ready(struct job_table *t, struct job *j);
struct job_clock *job_table_clock(struct job_table *t);
/*
 * First job of the same resource that was known before j, for the duplicate rules; a reference or
 * NULL.  One that was cancelled or has failed counts only when there is no other.  Of two that come
 * at once the later one sees the earlier one, and not the other way.
 */
struct job *job_table_find_same(struct job_table *t, const struct job *j);
struct job *job_table_get(struct job_table *t, uint32_t job_id); /* a reference or NULL */
/* References to all, owned array. */
size_t job_table_refs(struct job_table *t, struct job ***out);
void job_table_record_end(struct job_table *t, const struct job_info *info);

/* ---- life (job_run.c) ---- */

/* Body of the worker thread; false: nothing was done, the job is to be queued with its new plan. */
bool job_run(struct job *j);
void job_finish_messages(struct job *j);
/* Tell the daemons of a cancelled job, their answers to say; its abort ends the wait for them. */
void job_stop_daemons(struct job *j, director_say say, void *arg);
/* Have them told by a thread of its own.  Any thread; waits for nothing. */
void job_stop_daemons_soon(struct job *j);
/* Mark as cancelled, and say why in its log; true when it was not final yet. */
bool job_mark_canceled(struct job *j, enum msg_type type, const char *why);
/* End the script behind the job that runs now; false: there is none. */
bool job_stop_script(struct job *j);

/* ---- types; each runs between "started" and "ended" and leaves the letter ---- */

void backup_run(struct job *j);
void restore_run(struct job *j);
void admin_run(struct job *j);

/* ---- parts ---- */

MUST_CHECK enum err_code script_run_before(struct job *j, struct err *err);
void script_run_after(struct job *j);
/* %-codes of director.md 9.3 in text; owned. */
char *job_expand(struct job *j, const char *text, const char *recipients);
/* For a file name: a "/" in what a code stands for becomes "_". */
char *job_expand_path(struct job *j, const char *text);
/* The report, as one message. */
void report_send(struct job *j);
/* Write Bootstrap of a good backup. */
void bootstrap_write(struct job *j);

#endif
