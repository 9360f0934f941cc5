/*
 * storage-daemon/session/session.h - one job in this daemon, and the table of all
 *
 * Purpose: identity, state and counters of a job from the director's JobId command to its end;
 *          where the file daemon's connection meets the job; what status and cancel need.
 * Owns:    reference counted: the director's thread holds one, session_find gives one more.
 * Threads: the job runs in the thread of its director conversation; members say who may touch
 *          them.  The table has its own lock (RANK_JOBS), each session too (RANK_JOB).
 * Spec:    wire.md 6.2, 6.3, 9; console.md 6.6
 */
#ifndef TERCET_STORAGE_DAEMON_SESSION_SESSION_H
#define TERCET_STORAGE_DAEMON_SESSION_SESSION_H

#include <stdatomic.h>

#include "lib/base/secret.h"
#include "lib/base/sync.h"
#include "lib/base/wait.h"
#include "lib/crypto/mac.h"
#include "lib/msg/job_msg.h"
#include "lib/net/conn.h"
#include "lib/proto/bootstrap.h"
#include "storage-daemon/media/reserve.h"

struct sd; /* storage-daemon/session/sd.h */

/* What the director says about a job.  Spec: wire.md 6.2 */
struct session_job {
	uint32_t job_id;
	char job[128], job_name[128], client[128], fileset[128], fileset_md5[128];
	int32_t type, level; /* letters */
	bool no_attr, spool_attr, spool_data, prefer_mounted, rerunning;
	uint32_t session_id, session_time;
};

struct session {
	/* immutable after session_new */
	struct sd *sd; /* borrowed; outlives all sessions */
	struct session_job job;
	char director[128];
	int64_t start;        /* seconds */
	struct cancel cancel; /* asked: the job ends; wakes every wait of it */

	/* the job's thread; append's writer, while it runs, asks (dir) and this receives (data) */
	struct conn *dir;    /* borrowed from the conversation */
	struct conn *data;   /* borrowed: the file daemon's, while it is served */
	struct job_msg *msg; /* borrowed; itself safe for any thread */
	struct reserve_wish *append_wish, *read_wish; /* owned; NULL: not asked for */
	struct device *append_device, *read_device;   /* reserved, or NULL */
	struct bootstrap *bsr;                        /* owned */
	bool director_gone;
	unsigned answers_owed; /* by the director, to questions whose asker was cancelled */

	struct mutex lock;                            /* RANK_JOB */
	struct cond changed;                          /* fd came, cancel */
	struct secret key GUARDED_BY(&lock);          /* wiped when used */
	struct job_msg *shared_msg GUARDED_BY(&lock); /* msg for other threads; NULL: it ended */
	unsigned reporters GUARDED_BY(&lock);         /* threads that use shared_msg just now */
	bool fd_taken GUARDED_BY(&lock);              /* a file daemon has authenticated */
	struct conn *
		fd GUARDED_BY(&lock); /* owned until session_wait_fd takes it; then for cancel */
	char volume[128] GUARDED_BY(&lock); /* for status */
	char device[DEVICE_PRINT_MAX] GUARDED_BY(&lock);
	char pool[128] GUARDED_BY(&lock);
	char waiting[400] GUARDED_BY(&lock); /* what for; "" when not */
	bool reading GUARDED_BY(&lock);

	atomic_uint files;
	_Atomic uint64_t bytes;
	_Atomic uint64_t last_bytes; /* counters of the status before, for the rate since then */
	_Atomic int64_t last_ms;
	atomic_int status;          /* letter */
	_Atomic uint64_t bandwidth; /* bytes per second; 0: no limit */
	atomic_uint errors;

	struct session *next, *prev; /* GUARDED_BY the table's lock */
	atomic_int refs;
	bool listed; /* GUARDED_BY the table's lock */
};

/* A finished job, for status. */
struct session_past {
	uint32_t job_id;
	char job_name[128];
	int type, level, status;
	uint32_t files;
	uint64_t bytes;
	uint32_t errors;
	int64_t end;
};
#define SESSIONS_PAST 10

struct sessions;

struct sessions *sessions_new(void);
void sessions_free(struct sessions *t);

/*
 * A new job in the table; fills in session id, time and key.  A job of the same unique name that
 * is not yet served by a file daemon is dropped in its favour; one that is, is ERR_PROTO.
 */
MUST_CHECK enum err_code session_new(struct sd *sd, const struct session_job *job,
				     const char *director, struct session **out, struct err *err);
/* By unique name, or by job id in digits; NULL: none.  Give it back with session_put. */
struct session *session_find(struct sessions *t, const char *job);
void session_put(struct session *s);
void session_putp(struct session **s);
/* Out of the table, into the list of the past. */
void session_end(struct sessions *t, struct session *s);
/* Ask it to stop, from any thread. */
void session_cancel(struct session *s);
void sessions_cancel_all(struct sessions *t);

/* Copy the key of a job that still waits for its file daemon; false: there is none. */
bool session_key(struct sessions *t, const char *job, struct secret *out);
/* The key as text for the director; "" once used. */
void session_key_text(struct session *s, char out[JOB_KEY_LEN + 1]);
/* Hand the authenticated connection of the file daemon to the job (takes *c). */
MUST_CHECK enum err_code session_offer_fd(struct session *s, struct conn **c, struct err *err);
/* Wait for it; the job's thread calls it once.  The connection stays owned by the session. */
MUST_CHECK enum err_code session_wait_fd(struct session *s, int64_t seconds, struct conn **out,
					 struct err *err);
/* The conversation with the file daemon is over: close it. */
void session_close_fd(struct session *s);

/* The job speaks through this from now on; NULL: no more, nobody uses it any longer. */
void session_set_msg(struct session *s, struct job_msg *msg);
/* A message of the job from another thread than its own. */
void session_report(struct session *s, enum msg_type type, const char *text);
uint32_t session_errors(struct session *s);

void session_show(struct session *s, const char *volume, const char *device, const char *pool,
		  bool reading);
void session_show_waiting(struct session *s, const char *what);

/* Call fn for each running session with a reference held, not under the table's lock. */
void sessions_each(struct sessions *t, void (*fn)(void *arg, struct session *s), void *arg);
size_t sessions_past(struct sessions *t, struct session_past out[SESSIONS_PAST]);
/* How many jobs since the start, how many now. */
void sessions_count(struct sessions *t, uint32_t *run, uint32_t *running);

#endif
