#include "director/sched/calendar.h"

#include "lib/base/clock.h"

#define SEARCH_DAYS (30 * 366) /* 29 February on a given weekday comes every 28 years */
#define GAP_REACH   (4 * 3600) /* no gap of daylight saving is longer */

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

struct calendar_day
calendar_day_of(int64_t t)
{
	struct tm tm = clock_local(t);

	return (struct calendar_day){ tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_wday,
				      tm.tm_yday };
}

struct calendar_day
calendar_next_day(const struct calendar_day *d)
{
	struct calendar_day n = *d;

	n.wday = (n.wday + 1) % 7;
	n.yday++;
	if (++n.day <= days_in_month(n.year, n.month))
		return n;
	n.day = 1;
	if (++n.month <= 12)
		return n;
	n.month = 1;
	n.year++;
	n.yday = 0;
	return n;
}

int
calendar_week(const struct calendar_day *d)
{
	/* Weekday of 4 January, from today's. */
	int d4 = ((d->wday - (d->yday - 3)) % 7 + 7) % 7;
	int first = 1 - d4, k;

	if (first <= 0)
		first += 7;
	/* first: distance of the Monday that begins w01 behind 28 December + 7; config.md 1.12 */
	k = d->yday - first + 4;
	return k < 0 ? 0 : 1 + k / 7;
}

bool
calendar_day_fires(const struct run_spec *s, const struct calendar_day *d)
{
	int last = days_in_month(d->year, d->month);
	bool mday = (s->mday >> (d->day - 1) & 1) != 0 || (s->last_day && d->day == last);
	bool wom = (s->wom >> ((d->day - 1) / 7) & 1) != 0 || (s->last && d->day > last - 7);

	return mday && wom && (s->wday >> d->wday & 1) != 0 &&
	       (s->month >> (d->month - 1) & 1) != 0 && (s->woy >> calendar_week(d) & 1) != 0;
}

/* True when t shows this day and minute on the wall. */
static bool
shows(int64_t t, const struct calendar_day *d, int hour, int minute)
{
	struct tm tm = clock_local(t);

	return tm.tm_year + 1900 == d->year && tm.tm_mon + 1 == d->month && tm.tm_mday == d->day &&
	       tm.tm_hour == hour && tm.tm_min == minute;
}

/* The first coming of a local minute; shifted when there is no such minute. */
static int64_t
system_time(const struct calendar_day *d, int hour, int minute)
{
	struct tm tm = { .tm_year = d->year - 1900,
			 .tm_mon = d->month - 1,
			 .tm_mday = d->day,
			 .tm_hour = hour,
			 .tm_min = minute };

	return clock_from_local(&tm);
}

/* Minutes that order days and times of one neighbourhood. */
static int64_t
wall_order(int64_t t)
{
	struct tm tm = clock_local(t);

	return (((int64_t)tm.tm_year * 366 + tm.tm_yday) * 24 + tm.tm_hour) * 60 + tm.tm_min;
}

/* The first minute behind the gap that swallows this one. */
static int64_t
behind_gap(const struct calendar_day *d, int hour, int minute)
{
	int64_t about = system_time(d, hour, minute);
	int64_t wanted = (((int64_t)(d->year - 1900) * 366 + d->yday) * 24 + hour) * 60 + minute;
	int64_t t = about - GAP_REACH;

	t -= ((t % 60) + 60) % 60;
	while (t < about + GAP_REACH && wall_order(t) < wanted)
		t += 60;
	return t;
}

int64_t
calendar_time(const struct calendar_day *d, int hour, int minute)
{
	int64_t t = system_time(d, hour, minute);

	return shows(t, d, hour, minute) ? t : behind_gap(d, hour, minute);
}

/* The first time of this day after `after`; 0: none. */
static int64_t
next_on_day(const struct run_spec *s, const struct calendar_day *d, int64_t after)
{
	int64_t best = 0;

	for (size_t i = 0; i < s->n_at; i++) {
		int64_t t = calendar_time(d, s->at[i].hour, s->at[i].minute);

		if (t > after && (best == 0 || t < best))
			best = t;
	}
	return best;
}

int64_t
calendar_next(const struct run_spec *s, int64_t after)
{
	struct calendar_day d = calendar_day_of(after);

	for (int i = 0; i < SEARCH_DAYS; i++, d = calendar_next_day(&d)) {
		int64_t t = calendar_day_fires(s, &d) ? next_on_day(s, &d, after) : 0;

		if (t != 0)
			return t;
	}
	return 0;
}
