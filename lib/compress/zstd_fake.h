/*
 * lib/compress/zstd_fake.h - a zstd in which two threads meet
 *
 * Purpose: for tests of those who share compressing, or undoing it, between threads.  Two functions
 *          of the library are ours in the program that includes this: once a meeting in one is
 * wanted, the first thread in it stays there until a second one comes.
 */
#ifndef TERCET_COMPRESS_ZSTD_FAKE_H
#define TERCET_COMPRESS_ZSTD_FAKE_H

#include "lib/base/clock.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>
#include <zstd.h>

#define MEETING_SECONDS 10

enum meeting_place { MEETING_NONE, MEETING_COMPRESS, MEETING_DECOMPRESS };

static struct {
	_Atomic(enum meeting_place) place;
	atomic_uint came;    /* threads */
	sem_t second, ended; /* posted when the second comes, and when the first waits no more */
	bool met;            /* valid after ended */
} meeting;

static inline bool
meeting_await(sem_t *sem)
{
	struct timespec end = { .tv_sec = clock_now_us() / 1000000 + MEETING_SECONDS };

	return sem_timedwait(sem, &end) == 0;
}

static inline void
meeting_begin(enum meeting_place place)
{
	(void)sem_init(&meeting.second, 0, 0);
	(void)sem_init(&meeting.ended, 0, 0);
	atomic_store(&meeting.came, 0);
	meeting.met = false;
	atomic_store(&meeting.place, place);
}

/* Two threads were there at the same time. */
static inline bool
meeting_end(void)
{
	bool ended = meeting_await(&meeting.ended);

	atomic_store(&meeting.place, MEETING_NONE);
	return ended && meeting.met;
}

static inline void
meeting_come(enum meeting_place place)
{
	static _Thread_local bool was_here;
	unsigned n;

	if (atomic_load(&meeting.place) != place || was_here)
		return;
	was_here = true;
	n = atomic_fetch_add(&meeting.came, 1);
	if (n == 1)
		(void)sem_post(&meeting.second);
	if (n != 0)
		return;
	meeting.met = meeting_await(&meeting.second);
	(void)sem_post(&meeting.ended);
}

size_t
ZSTD_compressCCtx(ZSTD_CCtx *c, void *to, size_t room, const void *from, size_t n, int level)
{
	meeting_come(MEETING_COMPRESS);
	return ZSTD_compress_usingDict(c, to, room, from, n, NULL, 0, level);
}

size_t
ZSTD_decompressDCtx(ZSTD_DCtx *d, void *to, size_t room, const void *from, size_t n)
{
	meeting_come(MEETING_DECOMPRESS);
	return ZSTD_decompress_usingDict(d, to, room, from, n, NULL, 0);
}

#endif
