/*
 * director/sched/calendar.h - when a Run line fires
 *
 * Purpose: the arithmetic of schedules in local time, nothing else: no clock, no state.
 *          A time that a daylight saving gap leaves out fires at the first valid minute after the
 *          gap; one that comes twice fires at its first coming.
 * Threads: pure but for the time zone of the process.
 * Spec:    director.md 2.1, 2.2; config.md 1.12 "Meaning"
 */
#ifndef TERCET_DIRECTOR_SCHED_CALENDAR_H
#define TERCET_DIRECTOR_SCHED_CALENDAR_H

#include "director/conf/run_spec.h"

#include <stdbool.h>
#include <stdint.h>

struct calendar_day {
	int year;  /* 2026 */
	int month; /* 1..12 */
	int day;   /* 1..31 */
	int wday;  /* 0 Sunday */
	int yday;  /* 0..365 */
};

/* Week as Run lines count it: weeks begin on Monday, w01 holds 4 January, days before it are w00,
 * late December may be w53. */
int calendar_week(const struct calendar_day *d);
bool calendar_day_fires(const struct run_spec *s, const struct calendar_day *d);
/* The local day of t, and the one after d. */
struct calendar_day calendar_day_of(int64_t t);
struct calendar_day calendar_next_day(const struct calendar_day *d);
/* Epoch seconds of a local minute by the rule for gaps and doubled hours. */
int64_t calendar_time(const struct calendar_day *d, int hour, int minute);
/* The first due time after `after` (epoch seconds); 0: none in the next 30 years. */
int64_t calendar_next(const struct run_spec *s, int64_t after);

#endif
