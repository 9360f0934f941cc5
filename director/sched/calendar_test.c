#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "director/sched/calendar.h"

#include "lib/base/clock.h"
#include "lib/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The next runs of a Run line after a moment; Europe/Berlin. */
struct next_case {
	const char *what, *spec, *after;
	const char *runs[4]; /* up to the first NULL; "never" */
};

/* November 2026 begins on a Sunday.  DST ends 25 Oct 2026, begins 29 Mar 2026. */
static const struct next_case cases[] = {
	{ "a daily time later today",
	  "daily at 21:05",
	  "2026-11-21 12:00:00",
	  { "2026-11-21 21:05", "2026-11-22 21:05" } },
	{ "a daily time gone today",
	  "at 2:00",
	  "2026-11-21 12:00:00",
	  { "2026-11-22 02:00", "2026-11-23 02:00" } },
	{ "the very second is not after",
	  "at 2:00",
	  "2026-11-21 02:00:00",
	  { "2026-11-22 02:00" } },
	{ "the second before is", "at 2:00", "2026-11-21 01:59:59", { "2026-11-21 02:00" } },
	{ "week days",
	  "mon-fri at 21:05",
	  "2026-11-21 12:00:00",
	  { "2026-11-23 21:05", "2026-11-24 21:05", "2026-11-25 21:05", "2026-11-26 21:05" } },
	{ "week days end", "mon-fri at 21:05", "2026-11-27 21:05:00", { "2026-11-30 21:05" } },
	{ "one week day",
	  "sat at 4:00",
	  "2026-11-21 12:00:00",
	  { "2026-11-28 04:00", "2026-12-05 04:00" } },
	{ "a full week day name", "sunday at 4:00", "2026-11-21 12:00:00", { "2026-11-22 04:00" } },
	{ "wrapping week days",
	  "fri-mon at 1:00",
	  "2026-11-18 12:00:00",
	  { "2026-11-20 01:00", "2026-11-21 01:00", "2026-11-22 01:00", "2026-11-23 01:00" } },
	{ "two single week days",
	  "tue thu at 1:00",
	  "2026-11-20 12:00:00",
	  { "2026-11-24 01:00", "2026-11-26 01:00", "2026-12-01 01:00" } },
	{ "1st sat",
	  "1st sat at 21:00",
	  "2026-11-21 12:00:00",
	  { "2026-12-05 21:00", "2027-01-02 21:00", "2027-02-06 21:00" } },
	{ "first sat", "first sat at 21:00", "2026-11-21 12:00:00", { "2026-12-05 21:00" } },
	{ "2nd-5th sun",
	  "2nd-5th sun at 21:00",
	  "2026-11-01 00:00:00",
	  { "2026-11-08 21:00", "2026-11-15 21:00", "2026-11-22 21:00", "2026-11-29 21:00" } },
	{ "3rd wed",
	  "3rd wed at 6:30",
	  "2026-11-01 00:00:00",
	  { "2026-11-18 06:30", "2026-12-16 06:30" } },
	{ "5th mon",
	  "5th mon at 6:30",
	  "2026-11-01 00:00:00",
	  { "2026-11-30 06:30", "2027-03-29 06:30", "2027-05-31 06:30" } },
	{ "last sun",
	  "last sun at 2:00",
	  "2026-11-01 00:00:00",
	  { "2026-11-29 02:00", "2026-12-27 02:00", "2027-01-31 02:00", "2027-02-28 02:00" } },
	{ "last fri",
	  "last fri at 23:00",
	  "2026-11-01 00:00:00",
	  { "2026-11-27 23:00", "2026-12-25 23:00" } },
	{ "last alone is seven days",
	  "last at 1:00",
	  "2026-11-01 00:00:00",
	  { "2026-11-24 01:00", "2026-11-25 01:00", "2026-11-26 01:00", "2026-11-27 01:00" } },
	{ "1st and last",
	  "1st last sun at 1:00",
	  "2026-11-01 12:00:00",
	  { "2026-11-29 01:00", "2026-12-06 01:00", "2026-12-27 01:00" } },
	{ "day of month",
	  "on 15 at 3:00",
	  "2026-11-21 12:00:00",
	  { "2026-12-15 03:00", "2027-01-15 03:00" } },
	{ "days of month",
	  "on 1,15 at 3:00",
	  "2026-11-21 12:00:00",
	  { "2026-12-01 03:00", "2026-12-15 03:00", "2027-01-01 03:00" } },
	{ "range of days",
	  "on 5-7 at 3:00",
	  "2026-11-05 12:00:00",
	  { "2026-11-06 03:00", "2026-11-07 03:00", "2026-12-05 03:00" } },
	{ "wrapping days",
	  "on 30-2 at 3:00",
	  "2026-11-21 12:00:00",
	  { "2026-11-30 03:00", "2026-12-01 03:00", "2026-12-02 03:00", "2026-12-30 03:00" } },
	{ "equal ends are one day",
	  "on 5-5 at 3:00",
	  "2026-11-21 12:00:00",
	  { "2026-12-05 03:00", "2027-01-05 03:00" } },
	{ "the 31st skips short months",
	  "on 31 at 3:00",
	  "2026-11-21 12:00:00",
	  { "2026-12-31 03:00", "2027-01-31 03:00", "2027-03-31 03:00", "2027-05-31 03:00" } },
	{ "the 29th of February",
	  "on 29 feb at 3:00",
	  "2026-11-21 12:00:00",
	  { "2028-02-29 03:00", "2032-02-29 03:00" } },
	{ "the 30th of February", "on 30 feb at 3:00", "2026-11-21 12:00:00", { "never" } },
	{ "the 31st of November", "on 31 nov at 3:00", "2026-11-21 12:00:00", { "never" } },
	{ "every second day",
	  "on 1/2 at 3:00",
	  "2026-11-27 12:00:00",
	  { "2026-11-29 03:00", "2026-12-01 03:00", "2026-12-03 03:00" } },
	{ "even days",
	  "on 2/2 at 3:00",
	  "2026-11-27 12:00:00",
	  { "2026-11-28 03:00", "2026-11-30 03:00", "2026-12-02 03:00" } },
	{ "from the first every 14",
	  "on 1/14 at 3:00",
	  "2026-11-02 12:00:00",
	  { "2026-11-15 03:00", "2026-11-29 03:00", "2026-12-01 03:00", "2026-12-15 03:00" } },
	{ "sun 15 is both",
	  "sun 15 at 3:00",
	  "2026-11-21 12:00:00",
	  { "2027-08-15 03:00", "2028-10-15 03:00" } },
	{ "friday the 13th",
	  "fri 13 at 0:00",
	  "2026-11-21 12:00:00",
	  { "2027-08-13 00:00", "2028-10-13 00:00" } },
	{ "months",
	  "jan 1 at 0:00",
	  "2026-11-21 12:00:00",
	  { "2027-01-01 00:00", "2028-01-01 00:00" } },
	{ "a range of months",
	  "mar-may on 1 at 0:00",
	  "2026-11-21 12:00:00",
	  { "2027-03-01 00:00", "2027-04-01 00:00", "2027-05-01 00:00", "2028-03-01 00:00" } },
	{ "wrapping months",
	  "nov-feb on 1 at 0:00",
	  "2026-11-21 12:00:00",
	  { "2026-12-01 00:00", "2027-01-01 00:00", "2027-02-01 00:00", "2027-11-01 00:00" } },
	{ "first sat of quarters",
	  "jan apr jul oct 1st sat at 1:00",
	  "2026-11-21 12:00:00",
	  { "2027-01-02 01:00", "2027-04-03 01:00", "2027-07-03 01:00", "2027-10-02 01:00" } },
	{ "hourly",
	  "hourly",
	  "2026-11-21 12:00:00",
	  { "2026-11-21 13:00", "2026-11-21 14:00", "2026-11-21 15:00" } },
	{ "hourly at a minute",
	  "hourly at 0:30",
	  "2026-11-21 12:00:00",
	  { "2026-11-21 12:30", "2026-11-21 13:30" } },
	{ "no time at all is every hour",
	  "mon",
	  "2026-11-21 12:00:00",
	  { "2026-11-23 00:00", "2026-11-23 01:00" } },
	{ "hourly over midnight",
	  "hourly",
	  "2026-11-21 23:30:00",
	  { "2026-11-22 00:00", "2026-11-22 01:00" } },
	{ "two times keep their minutes",
	  "at 23:30 at 4:15",
	  "2026-11-21 12:00:00",
	  { "2026-11-21 23:30", "2026-11-22 04:15", "2026-11-22 23:30" } },
	{ "9:05pm", "at 9:05pm", "2026-11-21 12:00:00", { "2026-11-21 21:05" } },
	{ "12:00am is midnight", "at 12:00am", "2026-11-21 12:00:00", { "2026-11-22 00:00" } },
	{ "12:00pm is noon", "at 12:00pm", "2026-11-21 12:00:00", { "2026-11-22 12:00" } },
	{ "12:59am", "at 12:59am", "2026-11-21 12:00:00", { "2026-11-22 00:59" } },
	{ "1:00pm", "at 1:00pm", "2026-11-21 12:00:00", { "2026-11-21 13:00" } },
	{ "weekly runs every day",
	  "weekly at 3:00",
	  "2026-11-21 12:00:00",
	  { "2026-11-22 03:00", "2026-11-23 03:00" } },
	{ "monthly runs every day",
	  "monthly at 3:00",
	  "2026-11-21 12:00:00",
	  { "2026-11-22 03:00", "2026-11-23 03:00" } },
	{ "monthly 1st sun",
	  "monthly 1st sun at 2:05",
	  "2026-11-21 12:00:00",
	  { "2026-12-06 02:05" } },
	{ "weeks: w01 of 2027 holds 4 January",
	  "w01 mon at 1:00",
	  "2026-11-21 12:00:00",
	  { "2027-01-04 01:00", "2028-01-03 01:00" } },
	{ "w00 is before w01",
	  "w00 at 1:00",
	  "2026-11-21 12:00:00",
	  { "2027-01-01 01:00", "2027-01-02 01:00", "2027-01-03 01:00", "2028-01-01 01:00" } },
	{ "w53 at the end of 2026",
	  "w53 at 1:00",
	  "2026-11-21 12:00:00",
	  { "2026-12-28 01:00", "2026-12-29 01:00", "2026-12-30 01:00", "2026-12-31 01:00" } },
	{ "w48",
	  "w48 mon at 1:00",
	  "2026-11-21 12:00:00",
	  { "2026-11-23 01:00", "2027-11-29 01:00" } },
	{ "a range of weeks",
	  "w49-w50 wed at 1:00",
	  "2026-11-21 12:00:00",
	  { "2026-12-02 01:00", "2026-12-09 01:00", "2027-12-08 01:00" } },
	{ "equal weeks are one",
	  "w49-w49 wed at 1:00",
	  "2026-11-21 12:00:00",
	  { "2026-12-02 01:00", "2027-12-08 01:00" } },
	{ "every fourth week",
	  "w01/w04 sat at 6:00",
	  "2026-11-21 12:00:00",
	  { "2026-12-05 06:00", "2027-01-09 06:00", "2027-02-06 06:00", "2027-03-06 06:00" } },
	{ "every second week",
	  "w02/w02 sun at 6:00",
	  "2026-11-21 12:00:00",
	  { "2026-11-29 06:00", "2026-12-13 06:00", "2026-12-27 06:00" } },
	{ "lastday",
	  "lastday at 23:00",
	  "2026-11-21 12:00:00",
	  { "2026-11-30 23:00", "2026-12-31 23:00", "2027-01-31 23:00", "2027-02-28 23:00" } },
	{ "level before the date",
	  "Level=Full 1st sat at 21:00",
	  "2026-11-21 12:00:00",
	  { "2026-12-05 21:00" } },
	{ "bare level",
	  "Incremental mon-fri at 21:05",
	  "2026-11-21 12:00:00",
	  { "2026-11-23 21:05" } },
	{ "words in capitals", "MON-FRI AT 21:05", "2026-11-21 12:00:00", { "2026-11-23 21:05" } },
	{ "the year turns", "at 0:00", "2026-12-31 23:59:59", { "2027-01-01 00:00" } },
	{ "the month turns", "at 0:05", "2026-11-30 23:00:00", { "2026-12-01 00:05" } },
	{ "leap day comes by itself",
	  "at 12:00",
	  "2028-02-28 12:00:00",
	  { "2028-02-29 12:00", "2028-03-01 12:00" } },
	{ "2100 has no leap day",
	  "on 29 feb at 1:00",
	  "2096-03-01 00:00:00",
	  { "2104-02-29 01:00" } },
	{ "five single days",
	  "on 1 7 14 21 28 at 6:30",
	  "2026-11-21 12:00:00",
	  { "2026-11-28 06:30", "2026-12-01 06:30", "2026-12-07 06:30" } },
	{ "a list with commas",
	  "on 1,15 at 6:30",
	  "2026-11-21 12:00:00",
	  { "2026-12-01 06:30", "2026-12-15 06:30", "2027-01-01 06:30" } },
	{ "months by full names",
	  "on 1 january july at 0:15",
	  "2026-11-21 12:00:00",
	  { "2027-01-01 00:15", "2027-07-01 00:15", "2028-01-01 00:15" } },
	{ "a range of full names",
	  "monday-wednesday at 23:59",
	  "2026-11-21 12:00:00",
	  { "2026-11-23 23:59", "2026-11-24 23:59", "2026-11-25 23:59" } },
	{ "saturday and sunday",
	  "sat-sun at 8:00",
	  "2026-11-21 12:00:00",
	  { "2026-11-22 08:00", "2026-11-28 08:00", "2026-11-29 08:00" } },
	{ "the 31st",
	  "on 31 at 12:00",
	  "2026-11-21 12:00:00",
	  { "2026-12-31 12:00", "2027-01-31 12:00", "2027-03-31 12:00" } },
	{ "30th and 31st",
	  "on 30-31 at 12:00",
	  "2026-11-21 12:00:00",
	  { "2026-11-30 12:00", "2026-12-30 12:00", "2026-12-31 12:00" } },
	{ "29 feb only in leap years, twice",
	  "on 29 feb at 1:00",
	  "2027-01-01 00:00:00",
	  { "2028-02-29 01:00", "2032-02-29 01:00", "2036-02-29 01:00" } },
	{ "2nd tue",
	  "2nd tue at 19:45",
	  "2026-11-21 12:00:00",
	  { "2026-12-08 19:45", "2027-01-12 19:45", "2027-02-09 19:45" } },
	{ "4th thu",
	  "4th thu at 19:45",
	  "2026-11-21 12:00:00",
	  { "2026-11-26 19:45", "2026-12-24 19:45", "2027-01-28 19:45" } },
	{ "5th sat",
	  "5th sat at 19:45",
	  "2026-11-21 12:00:00",
	  { "2027-01-30 19:45", "2027-05-29 19:45", "2027-07-31 19:45" } },
	{ "second as a word",
	  "second mon at 5:00",
	  "2026-11-21 12:00:00",
	  { "2026-12-14 05:00", "2027-01-11 05:00", "2027-02-08 05:00" } },
	{ "third to fifth",
	  "third-fifth fri at 5:00",
	  "2026-11-21 12:00:00",
	  { "2026-11-27 05:00", "2026-12-18 05:00", "2026-12-25 05:00" } },
	{ "a week of the month without a day is seven days",
	  "2nd at 5:00",
	  "2026-11-21 12:00:00",
	  { "2026-12-08 05:00", "2026-12-09 05:00", "2026-12-10 05:00" } },
	{ "last mon of quarter ends",
	  "last mon mar jun sep dec at 22:00",
	  "2026-11-21 12:00:00",
	  { "2026-12-28 22:00", "2027-03-29 22:00", "2027-06-28 22:00" } },
	{ "last sat of february",
	  "last sat feb at 22:00",
	  "2026-11-21 12:00:00",
	  { "2027-02-27 22:00", "2028-02-26 22:00", "2029-02-24 22:00" } },
	{ "the 13th when it is a monday",
	  "mon 13 at 7:00",
	  "2026-11-21 12:00:00",
	  { "2027-09-13 07:00", "2027-12-13 07:00", "2028-03-13 07:00" } },
	{ "the first ten days on week ends",
	  "sat-sun 1-10 at 7:00",
	  "2026-11-21 12:00:00",
	  { "2026-12-05 07:00", "2026-12-06 07:00", "2027-01-02 07:00" } },
	{ "third week by days",
	  "mon 15-21 at 7:00",
	  "2026-11-21 12:00:00",
	  { "2026-12-21 07:00", "2027-01-18 07:00", "2027-02-15 07:00" } },
	{ "december only",
	  "dec at 7:00",
	  "2026-11-29 12:00:00",
	  { "2026-12-01 07:00", "2026-12-02 07:00", "2026-12-03 07:00" } },
	{ "not in summer",
	  "sep-may on 1 at 7:00",
	  "2027-04-21 12:00:00",
	  { "2027-05-01 07:00", "2027-09-01 07:00", "2027-10-01 07:00" } },
	{ "new year",
	  "on 1 jan at 0:00",
	  "2026-11-21 12:00:00",
	  { "2027-01-01 00:00", "2028-01-01 00:00", "2029-01-01 00:00" } },
	{ "every third day from the second",
	  "on 2/3 at 7:00",
	  "2026-11-21 12:00:00",
	  { "2026-11-23 07:00", "2026-11-26 07:00", "2026-11-29 07:00" } },
	{ "every seventh day from the seventh",
	  "on 7/7 at 7:00",
	  "2026-11-21 12:00:00",
	  { "2026-11-28 07:00", "2026-12-07 07:00", "2026-12-14 07:00" } },
	{ "every tenth day from the first",
	  "on 1/10 at 7:00",
	  "2026-11-21 12:00:00",
	  { "2026-12-01 07:00", "2026-12-11 07:00", "2026-12-21 07:00" } },
	{ "w01 on a monday",
	  "w01 mon at 7:00",
	  "2026-11-21 12:00:00",
	  { "2027-01-04 07:00", "2028-01-03 07:00", "2029-01-01 07:00" } },
	{ "w53 on a thursday",
	  "w53 thu at 7:00",
	  "2026-11-21 12:00:00",
	  { "2026-12-31 07:00", "2032-12-30 07:00", "2037-12-31 07:00" } },
	{ "w00 on a sunday",
	  "w00 sun at 7:00",
	  "2026-11-21 12:00:00",
	  { "2027-01-03 07:00", "2028-01-02 07:00", "2033-01-02 07:00" } },
	{ "two weeks on fridays",
	  "w10 w20 fri at 7:00",
	  "2026-11-21 12:00:00",
	  { "2027-03-12 07:00", "2027-05-21 07:00", "2028-03-10 07:00" } },
	{ "three times a day",
	  "at 6:00 at 12:30 at 18:45",
	  "2026-11-21 12:00:00",
	  { "2026-11-21 12:30", "2026-11-21 18:45", "2026-11-22 06:00" } },
	{ "twice on work days",
	  "mon-fri at 7:15 at 19:15",
	  "2026-11-21 12:00:00",
	  { "2026-11-23 07:15", "2026-11-23 19:15", "2026-11-24 07:15" } },
	{ "the same time twice is once",
	  "at 7:00 at 7:00",
	  "2026-11-21 12:00:00",
	  { "2026-11-22 07:00", "2026-11-23 07:00", "2026-11-24 07:00" } },
	{ "11:59pm",
	  "at 11:59pm",
	  "2026-11-21 12:00:00",
	  { "2026-11-21 23:59", "2026-11-22 23:59", "2026-11-23 23:59" } },
	{ "12:30am and 12:30pm",
	  "at 12:30am at 12:30pm",
	  "2026-11-21 12:00:00",
	  { "2026-11-21 12:30", "2026-11-22 00:30", "2026-11-22 12:30" } },
	{ "11:05am",
	  "at 11:05am",
	  "2026-11-21 12:00:00",
	  { "2026-11-22 11:05", "2026-11-23 11:05", "2026-11-24 11:05" } },
	{ "a level and a pool before",
	  "Level=Full Pool=Default 1st sun at 4:00",
	  "2026-11-21 12:00:00",
	  { "2026-12-06 04:00", "2027-01-03 04:00", "2027-02-07 04:00" } },
	{ "hourly in a month",
	  "hourly feb at 0:10",
	  "2026-11-21 12:00:00",
	  { "2027-02-01 00:10", "2027-02-01 01:10", "2027-02-01 02:10" } },
	{ "hourly on sundays",
	  "hourly sun at 0:50",
	  "2026-11-21 12:00:00",
	  { "2026-11-22 00:50", "2026-11-22 01:50", "2026-11-22 02:50" } },
	{ "the last day may be in a leap february",
	  "on lastday feb at 7:00",
	  "2027-11-21 12:00:00",
	  { "2028-02-29 07:00", "2029-02-28 07:00", "2030-02-28 07:00" } },
	{ "the second of two in a row",
	  "on 21-22 at 12:00",
	  "2026-11-21 12:00:00",
	  { "2026-11-22 12:00", "2026-12-21 12:00", "2026-12-22 12:00" } },
	/* daylight saving */
	{ "spring: 2:30 runs at 3:00",
	  "at 2:30",
	  "2026-03-28 12:00:00",
	  { "2026-03-29 03:00", "2026-03-30 02:30" } },
	{ "spring: 2:00 runs at 3:00",
	  "at 2:00",
	  "2026-03-28 12:00:00",
	  { "2026-03-29 03:00", "2026-03-30 02:00" } },
	{ "spring: 3:00 is itself",
	  "at 3:00",
	  "2026-03-28 12:00:00",
	  { "2026-03-29 03:00", "2026-03-30 03:00" } },
	{ "spring: 1:59 is itself", "at 1:59", "2026-03-28 12:00:00", { "2026-03-29 01:59" } },
	{ "spring: two times in the gap run once",
	  "at 2:15 at 2:45",
	  "2026-03-28 12:00:00",
	  { "2026-03-29 03:00", "2026-03-30 02:15", "2026-03-30 02:45" } },
	{ "spring: hourly loses one hour",
	  "hourly",
	  "2026-03-29 00:30:00",
	  { "2026-03-29 01:00", "2026-03-29 03:00", "2026-03-29 04:00" } },
	{ "autumn: 2:30 runs once",
	  "at 2:30",
	  "2026-10-24 12:00:00",
	  { "2026-10-25 02:30", "2026-10-26 02:30" } },
	{ "autumn: 2:00 runs once",
	  "at 2:00",
	  "2026-10-24 12:00:00",
	  { "2026-10-25 02:00", "2026-10-26 02:00" } },
	{ "autumn: 3:00 is itself",
	  "at 3:00",
	  "2026-10-24 12:00:00",
	  { "2026-10-25 03:00", "2026-10-26 03:00" } },
	{ "autumn: hourly runs once per wall hour",
	  "hourly",
	  "2026-10-25 00:30:00",
	  { "2026-10-25 01:00", "2026-10-25 02:00", "2026-10-25 03:00" } },
};

static int64_t
epoch(const char *text)
{
	struct tm tm = { .tm_isdst = -1 };

	assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
	return clock_from_local(&tm);
}

static void
check_case(const struct next_case *c)
{
	struct run_spec spec = { 0 };
	struct err err = ERR_INIT;
	int64_t t = epoch(c->after);
	char got[64];

	if (run_spec_parse(c->spec, &spec, NULL, NULL, &err) != ERR_OK)
		fail_msg("%s: \"%s\": %s", c->what, c->spec, err.text);
	for (size_t i = 0; i < 4 && c->runs[i] != NULL; i++) {
		t = calendar_next(&spec, t);
		if (t == 0)
			(void)snprintf(got, sizeof(got), "never");
		else
			clock_format(t, "%Y-%m-%d %H:%M", got, sizeof(got));
		if (strcmp(got, c->runs[i]) != 0)
			fail_msg("%s: \"%s\" after %s: run %zu is %s, not %s", c->what, c->spec,
				 c->after, i, got, c->runs[i]);
	}
	run_spec_release(&spec);
}

static void
run_lines_fire_when_the_spec_says(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(&cases[i]);
}

/* The first of the two, told by the offset: daylight saving is still on. */
static void
the_doubled_hour_fires_at_its_first_coming(void **state)
{
	const struct calendar_day d = calendar_day_of(epoch("2026-10-25 12:00:00"));
	int64_t t = calendar_time(&d, 2, 30);

	assert_int_equal(clock_local(t).tm_isdst, 1);
	assert_int_equal(clock_local(t + 3600).tm_hour, 2);
}

/* Week numbers of the spec's formula against ones counted by hand. */
static void
weeks_are_counted_from_the_one_with_4_january(void **state)
{
	static const struct {
		const char *day;
		int week;
	} rows[] = {
		{ "2026-01-01", 1 },  { "2026-01-04", 1 },  { "2026-01-05", 2 },
		{ "2026-11-21", 47 }, { "2026-11-23", 48 }, { "2026-12-27", 52 },
		{ "2026-12-28", 53 }, { "2026-12-31", 53 }, { "2027-01-01", 0 },
		{ "2027-01-03", 0 },  { "2027-01-04", 1 },  { "2027-12-31", 52 },
		{ "2028-01-01", 0 },  { "2028-01-02", 0 },  { "2028-01-03", 1 },
		{ "2024-01-01", 1 },  { "2024-12-29", 52 }, { "2024-12-30", 53 },
		{ "2020-01-01", 1 },  { "2020-12-31", 53 }, { "2021-01-03", 0 },
		{ "2021-01-04", 1 },  { "2023-01-01", 0 },  { "2023-01-02", 1 },
		{ "2018-12-31", 53 }, { "2019-01-01", 1 },  { "2019-12-29", 52 },
		{ "2019-12-30", 53 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[32];
		struct calendar_day d;

		(void)snprintf(text, sizeof(text), "%s 12:00:00", rows[i].day);
		d = calendar_day_of(epoch(text));
		if (calendar_week(&d) != rows[i].week)
			fail_msg("%s is w%02d, not w%02d", rows[i].day, calendar_week(&d),
				 rows[i].week);
	}
}

/* Stepping day by day agrees with the system's calendar for forty years. */
static void
days_step_as_the_system_counts_them(void **state)
{
	int64_t t = epoch("2020-01-01 12:00:00");
	struct calendar_day d = calendar_day_of(t);

	for (int i = 0; i < 40 * 365; i++) {
		struct calendar_day real = calendar_day_of(t);

		assert_int_equal(d.year, real.year);
		assert_int_equal(d.month, real.month);
		assert_int_equal(d.day, real.day);
		assert_int_equal(d.wday, real.wday);
		assert_int_equal(d.yday, real.yday);
		d = calendar_next_day(&d);
		t += 86400;
	}
}

/* Every next is later than what it was asked after, in every zone with odd rules. */
static void
time_only_goes_forward(void **state)
{
	static const char *const zones[] = { "Europe/Berlin",     "America/New_York",
					     "Europe/Dublin",     "Australia/Lord_Howe",
					     "Asia/Beirut",       "UTC",
					     "America/Sao_Paulo", "Pacific/Apia" };
	static const char *const specs[] = { "hourly", "hourly at 0:30", "at 0:00", "at 2:30",
					     "sun at 2:15" };

	for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++) {
		setenv("TZ", zones[z], 1);
		tzset();
		for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
			struct run_spec spec = { 0 };
			struct err err = ERR_INIT;
			int64_t t = 1790000000;

			assert_int_equal(run_spec_parse(specs[i], &spec, NULL, NULL, &err), ERR_OK);
			for (int k = 0; k < 500; k++) {
				int64_t next = calendar_next(&spec, t);

				assert_true(next > t);
				assert_true(next - t <= 8 * 86400);
				t = next;
			}
			run_spec_release(&spec);
		}
	}
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(run_lines_fire_when_the_spec_says),
		cmocka_unit_test(the_doubled_hour_fires_at_its_first_coming),
		cmocka_unit_test(weeks_are_counted_from_the_one_with_4_january),
		cmocka_unit_test(days_step_as_the_system_counts_them),
		cmocka_unit_test(time_only_goes_forward),
	};

	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
