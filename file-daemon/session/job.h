/*
 * file-daemon/session/job.h - the daemon, its running jobs, and one job
 *
 * Purpose: what all sessions share (configuration, table of jobs, jobs that ended) and what one
 *          job carries from its JobId command to its end.
 * Owns:    a job belongs to its session's thread; others reach it through the table, under its
 *          lock (cancel, status, a storage daemon calling in).
 * Threads: struct fd_daemon: RANK_JOBS.  struct fd_job: fields of the session's thread but for
 *          those marked.
 */
#ifndef TERCET_FILE_DAEMON_SESSION_JOB_H
#define TERCET_FILE_DAEMON_SESSION_JOB_H

#include "file-daemon/conf/fd_conf.h"
#include "file-daemon/pipe/pipe.h"
#include "lib/base/secret.h"
#include "lib/base/thread.h"
#include "lib/files/inodes.h"
#include "lib/proto/job_code.h"
#include "lib/proto/scan.h"

#define JOB_NAME_MAX (WIRE_NAME_MAX + 1)
#define ENDED_KEPT   10u

/* A "Run" command.  Spec: wire.md 5.5, config.md 1.13 */
struct job_script {
	char *command; /* owned, unbashed */
	bool on_success, on_failure, abort_on_error;
	unsigned when; /* DIR_FD_RUN_* bits */
};

/* The thread that sends signs of life; see beat.c. */
struct job_beat {
	struct mutex lock; /* RANK_LEAF */
	struct cond wake;  /* stop was set */
	bool stop GUARDED_BY(&lock);
	struct thread thread; /* the session's thread's */
};

struct fd_job {
	struct fd_job *next; /* in the table from new to free; the daemon's lock */
	struct fd_daemon *daemon;
	bool ended;           /* left; the daemon's lock */
	struct fd_conf *conf; /* owned reference */
	const struct fd_director *director;
	struct conn *dir; /* borrowed from the session */
	struct conn *sd; /* owned; a storage daemon that calls in sets it under the daemon's lock */
	struct job_msg *msg; /* owned */
	uint32_t wanted;     /* bit n: messages of type n go to the director; immutable */
	struct cancel cancel;
	/* identity; job_id and job change once, under the daemon's lock */
	uint32_t job_id, sd_session_id, sd_session_time;
	char job[JOB_NAME_MAX];
	int ssl;
	struct secret key; /* the daemon's lock */
	bool key_given_twice;
	int64_t start; /* seconds */
	/* work */
	atomic_int type, level, status; /* letters */
	struct fileset fileset;
	bool has_fileset, since_counts, accurate;
	int64_t since;
	struct job_script *scripts; /* owned */
	size_t n_scripts, cap_scripts;
	atomic_uint_fast64_t bandwidth; /* bytes/s; 0: no limit */
	struct pipe_progress progress;
	struct job_beat beat;
	atomic_uint_fast64_t examined;
	_Atomic(const char *) waits_for; /* NULL, or what status shows: a string that stays */
	struct inodes implied; /* directories that its restores made on the way to others */
};

/* A job that is over, for status. */
struct ended_job {
	uint32_t job_id;
	int level, type, status;
	uint32_t files, errors;
	uint64_t bytes;
	int64_t end;
	char job[JOB_NAME_MAX];
};

struct fd_daemon {
	struct mutex lock;   /* RANK_JOBS */
	struct cond changed; /* a storage daemon called in; a job was cancelled */
	struct fd_conf *conf GUARDED_BY(&lock); /* owned reference: the current generation */
	struct fd_job *jobs GUARDED_BY(&lock);
	struct ended_job ended[ENDED_KEPT] GUARDED_BY(&lock); /* newest first */
	size_t n_ended GUARDED_BY(&lock);
	unsigned jobs_run GUARDED_BY(&lock);
	uint64_t bandwidth GUARDED_BY(&lock); /* default of jobs; 0: none */
	bool stopping GUARDED_BY(&lock);
	struct cancel stop; /* ends the set-up of connections */
	int64_t started;    /* seconds; immutable */
	atomic_int
		digest_kind; /* enum digest_kind of the last job: likely that of the next restore */
};

void fd_daemon_init(struct fd_daemon *d, struct fd_conf **conf);
void fd_daemon_release(struct fd_daemon *d);
/* A reference to the current configuration. */
struct fd_conf *fd_daemon_conf(struct fd_daemon *d);
void fd_daemon_set_conf(struct fd_daemon *d, struct fd_conf **conf);
/* Cancel every job: the daemon ends. */
void fd_daemon_stop(struct fd_daemon *d);

struct fd_job *fd_job_new(struct fd_daemon *d, struct conn *dir, const struct fd_director *director,
			  struct fd_conf *conf);
void fd_job_free(struct fd_job *j);
/* The identity is known: others find it by name.  Out of it again: remembered when it was a real
 * job. */
void fd_job_enter(struct fd_job *j, uint32_t job_id, const char *job);
void fd_job_leave(struct fd_job *j);
/* Cancel by unique name; false: there is none. */
bool fd_job_cancel(struct fd_daemon *d, const char *job);
/* Limit a running job, found by unique name; false: there is none. */
bool fd_job_limit(struct fd_daemon *d, const char *job, uint64_t bandwidth);
/* Fatal: say why and set the status. */
void fd_job_fatal(struct fd_job *j, const struct err *e);
/* The walk is over: say so when its links could not all be remembered. */
void fd_job_report_links(struct fd_job *j, struct link_table *t);
/* Set when the job has no worse status. */
void fd_job_set_status(struct fd_job *j, int status);
int fd_job_status(const struct fd_job *j);
/* The key for a storage daemon that calls in for this job; false: none waits for it. */
bool fd_job_copy_key(struct fd_daemon *d, const char *job, struct secret *out);
/* Hand it the conversation; false (c stays the caller's): no job waits for one. */
bool fd_job_give_sd(struct fd_daemon *d, const char *job, struct conn **c);
/* Wait until a storage daemon called in. */
MUST_CHECK enum err_code fd_job_await_sd(struct fd_job *j, int64_t seconds, struct err *err);

#endif
