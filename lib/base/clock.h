/*
 * lib/base/clock.h - the only place that asks the system for time
 *
 * Purpose: wall and monotonic time, settable in tests.
 * Threads: any; clock_set_test is for single-threaded unit tests.
 */
#ifndef TERCET_BASE_CLOCK_H
#define TERCET_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Seconds, microseconds since 1970-01-01 UTC. */
int64_t clock_now(void);
int64_t clock_now_us(void);
/* Milliseconds, nanoseconds of a clock that never steps. */
int64_t clock_mono_ms(void);
int64_t clock_mono_ns(void);
/* Processor time of the calling thread. */
int64_t clock_thread_ns(void);
/* Local broken-down time of t (seconds since the epoch). */
struct tm clock_local(int64_t t);
/* Seconds since the epoch of a local time; tm is normalised.  One that comes twice, because clocks
 * are set back, is the first: what is chosen since then is too much rather than too little. */
int64_t clock_from_local(struct tm *tm);
/* strftime of t in local time; returns out. */
const char *clock_format(int64_t t, const char *fmt, char *out, size_t cap);
/* Wait for at most ms; the only sleep of the tree, for bounded retry pauses. */
void clock_pause_ms(unsigned ms);
/* Tests: wall time stands still at t; 0 gives the real clock back. */
void clock_set_test(int64_t t);

#endif
