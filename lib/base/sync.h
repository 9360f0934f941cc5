/*
 * lib/base/sync.h - mutexes with a rank, condition variables
 *
 * Purpose: the lock manual of the tree.  A thread may lock only a higher rank than all it
 *          holds; a breach aborts at once, in every build, naming both locks.
 * Threads: any.  A mutex is initialised before it is shared and never moved.
 */
#ifndef TERCET_BASE_SYNC_H
#define TERCET_BASE_SYNC_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/attr.h"

/* clang-format off */
/*       rank            what it guards                                     owner */
#define LOCK_RANKS(X)                                                               \
	X(RANK_RELOAD,   "reading the configuration again: one at a time",  "director")      \
	X(RANK_CONF,     "the current configuration generation",            "conf")          \
	X(RANK_SCHED,    "the scheduler's list of coming runs",             "director/sched")\
	X(RANK_JOBS,     "the table of running jobs",                       "job, session")  \
	X(RANK_JOB,      "one job's changing state",                        "job, session")  \
	X(RANK_RESERVE,  "which job has which device",                      "storage-daemon")\
	X(RANK_VOLUMES,  "volumes in use, by name",                         "storage-daemon")\
	X(RANK_DEVICE,   "one device: position, mounted volume",            "storage-daemon")\
	X(RANK_PATHS,    "the cache of path ids",                           "lib/catalog")   \
	X(RANK_CATALOG,  "the pool of catalog connections",                 "lib/catalog")   \
	X(RANK_QUEUE,    "one bounded queue between two stages",            "lib/base")      \
	X(RANK_MSG,      "a queue of job messages",                         "lib/msg")       \
	X(RANK_CONN,     "the sending half of a conversation",              "lib/net")       \
	X(RANK_TLS,      "one TLS session: OpenSSL allows one caller",      "lib/net")       \
	X(RANK_LEAF,     "small state; nothing is locked under it",         "anywhere")      \
	X(RANK_LOG,      "the log sink; nothing is locked under it",        "lib/base")
/* clang-format on */

enum lock_rank {
	RANK_NONE,
#define X(rank, guards, owner) rank,
	LOCK_RANKS(X)
#undef X
};

struct CAPABILITY("mutex") mutex {
	pthread_mutex_t m;
	enum lock_rank rank;
};

struct cond {
	pthread_cond_t c;
};

void mutex_init(struct mutex *m, enum lock_rank rank);
void mutex_release(struct mutex *m);
void mutex_lock(struct mutex *m) ACQUIRES(m);
void mutex_unlock(struct mutex *m) RELEASES(m);

void cond_init(struct cond *c);
void cond_release(struct cond *c);
/* Always inside while (!predicate). */
void cond_wait(struct cond *c, struct mutex *m) REQUIRES(m);
/* False when ms passed without a signal. */
bool cond_wait_ms(struct cond *c, struct mutex *m, int64_t ms) REQUIRES(m);
void cond_broadcast(struct cond *c);

const char *lock_rank_text(enum lock_rank rank);

#endif
