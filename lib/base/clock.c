/*
 * File-scope state: test_now, set only by unit tests.
 */
#include "lib/base/clock.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

static _Atomic int64_t test_now;

int64_t
clock_now_us(void)
{
	int64_t fixed = atomic_load_explicit(&test_now, memory_order_relaxed);
	struct timespec ts;

	if (fixed != 0)
		return fixed * 1000000;
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_now(void)
{
	return clock_now_us() / 1000000;
}

int64_t
clock_mono_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_mono_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t
clock_thread_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

struct tm
clock_local(int64_t t)
{
	time_t tt = (time_t)t;
	struct tm tm = { 0 };

	(void)localtime_r(&tt, &tm);
	return tm;
}

static bool
shows_same(int64_t t, const struct tm *tm)
{
	struct tm at = clock_local(t);

	return at.tm_min == tm->tm_min && at.tm_hour == tm->tm_hour && at.tm_mday == tm->tm_mday;
}

/* The system's choice between two times that look the same depends on what it was asked before. */
int64_t
clock_from_local(struct tm *tm)
{
	static const int64_t set_back[] = { 7200, 3600, 1800 }; /* by how much clocks go back */
	int64_t t;

	tm->tm_isdst = -1;
	t = (int64_t)mktime(tm);
	for (size_t i = 0; i < sizeof(set_back) / sizeof(set_back[0]); i++)
		if (shows_same(t - set_back[i], tm))
			return t - set_back[i];
	return t;
}

const char *
clock_format(int64_t t, const char *fmt, char *out, size_t cap)
{
	struct tm tm = clock_local(t);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (cap > 0 && strftime(out, cap, fmt, &tm) == 0)
		out[0] = '\0';
#pragma GCC diagnostic pop
	return out;
}

void
clock_pause_ms(unsigned ms)
{
	struct timespec ts = { ms / 1000, (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&ts, NULL);
}

void
clock_set_test(int64_t t)
{
	atomic_store_explicit(&test_now, t, memory_order_relaxed);
}
