/*
 * File-scope state: held, the set of ranks this thread holds, one bit each.  Two locks of one
 * rank are never held together, so a bit is enough.
 */
#include "lib/base/sync.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static _Thread_local uint32_t held;

const char *
lock_rank_text(enum lock_rank rank)
{
	switch (rank) {
	case RANK_NONE:
		return "none";
#define X(name, guards, owner)                                                                     \
	case name:                                                                                 \
		return #name " (" guards ")";
		LOCK_RANKS(X)
#undef X
	}
	return "unknown";
}

static void
note_locked(const struct mutex *m)
{
	uint32_t bit = 1u << m->rank;

	if (held >= bit) {
		unsigned top = 31u - (unsigned)__builtin_clz(held);

		(void)fprintf(stderr, "lock order broken: %s asked for while holding %s\n",
			      lock_rank_text(m->rank), lock_rank_text((enum lock_rank)top));
		abort();
	}
	held |= bit;
}

void
mutex_init(struct mutex *m, enum lock_rank rank)
{
	int rc = pthread_mutex_init(&m->m, NULL);

	assert(rc == 0);
	m->rank = rank;
}

void
mutex_release(struct mutex *m)
{
	(void)pthread_mutex_destroy(&m->m);
}

void
mutex_lock(struct mutex *m) NO_ANALYSIS
{
	int rc;

	note_locked(m);
	rc = pthread_mutex_lock(&m->m);
	assert(rc == 0);
}

void
mutex_unlock(struct mutex *m) NO_ANALYSIS
{
	int rc = pthread_mutex_unlock(&m->m);

	assert(rc == 0);
	held &= ~(1u << m->rank);
}

void
cond_init(struct cond *c)
{
	pthread_condattr_t attr;
	int rc;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	rc = pthread_cond_init(&c->c, &attr);
	assert(rc == 0);
	(void)pthread_condattr_destroy(&attr);
}

void
cond_release(struct cond *c)
{
	(void)pthread_cond_destroy(&c->c);
}

void
cond_wait(struct cond *c, struct mutex *m)
{
	int rc = pthread_cond_wait(&c->c, &m->m);

	assert(rc == 0);
}

bool
cond_wait_ms(struct cond *c, struct mutex *m, int64_t ms)
{
	struct timespec ts;
	int rc;

	if (ms < 0)
		ms = 0;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_sec += ms / 1000;
	ts.tv_nsec += (ms % 1000) * 1000000;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000;
	}
	rc = pthread_cond_timedwait(&c->c, &m->m, &ts);
	assert(rc == 0 || rc == ETIMEDOUT);
	return rc == 0;
}

void
cond_broadcast(struct cond *c)
{
	(void)pthread_cond_broadcast(&c->c);
}
