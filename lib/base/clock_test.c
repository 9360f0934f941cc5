#include "lib/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static int64_t
local(int year, int month, int day, int hour, int minute)
{
	struct tm tm = { .tm_year = year - 1900,
			 .tm_mon = month - 1,
			 .tm_mday = day,
			 .tm_hour = hour,
			 .tm_min = minute };

	return clock_from_local(&tm);
}

static void
in_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

/* Nights in which clocks are set back: a minute that is shown twice is the first of them, whatever
 * was asked before. */
static const struct {
	const char *zone;
	int month, day, hour, minute; /* of 2026 */
	int64_t first;
} doubled[] = {
	{ "Europe/Berlin", 10, 25, 2, 50, 1792889400 },
	{ "Europe/London", 10, 25, 1, 50, 1792889400 },
	{ "America/New_York", 11, 1, 1, 50, 1793512200 },
	{ "Australia/Sydney", 4, 5, 2, 50, 1775317800 },
	{ "Australia/Lord_Howe", 4, 5, 1, 45, 1775313900 },
};

static void
doubled_hour_is_the_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(doubled) / sizeof(doubled[0]); i++) {
		in_zone(doubled[i].zone);
		for (int month = 1; month <= 7;
		     month += 6) { /* the system remembers the last zone */
			(void)local(2026, month, 15, 2, 50);
			assert_int_equal(local(2026, doubled[i].month, doubled[i].day,
					       doubled[i].hour, doubled[i].minute),
					 doubled[i].first);
		}
	}
}

static void
other_hours_are_themselves(void **state)
{
	(void)state;
	in_zone("Europe/Berlin");
	for (int64_t t = 1792879200; t < 1792879200 + 86400; t += 60) { /* 2026-10-25 */
		struct tm tm = clock_local(t);
		int64_t back = clock_from_local(&tm);

		if (t >= 1792890000 && t < 1792893600) /* shown for the second time */
			assert_int_equal(back, t - 3600);
		else
			assert_int_equal(back, t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doubled_hour_is_the_first),
		cmocka_unit_test(other_hours_are_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
