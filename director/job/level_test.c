#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "director/job/level.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY 86400

struct level_case {
	const char *what;
	int wanted;
	int64_t full, diff, newest;            /* ages in days, 0: none */
	int64_t max_full, max_vfull, max_diff; /* days */
	char failed;                           /* level of a failed job since */
	bool rerun;
	int level, from;
	enum level_reason reason;
	int64_t since; /* age in days, 0: none */
};

/* Spec: director.md 7.1, 7.2, 7.4 */
static const struct level_case cases[] = {
	{ "a Full is a Full", 'F', 0, 0, 0, 0, 0, 0, 0, 0, 'F', 0, LEVEL_AS_WANTED, 0 },
	{ "first run of an incremental", 'I', 0, 0, 0, 0, 0, 0, 0, 0, 'F', 'I', LEVEL_NO_PRIOR, 0 },
	{ "first run of a differential", 'D', 0, 0, 0, 0, 0, 0, 0, 0, 'F', 'D', LEVEL_NO_PRIOR, 0 },
	{ "incrementals without a Full", 'I', 0, 0, 1, 0, 0, 0, 0, 0, 'F', 'I', LEVEL_FULL_NEEDED,
	  0 },
	{ "incremental since the Full", 'I', 3, 0, 3, 0, 0, 0, 0, 0, 'I', 0, LEVEL_AS_WANTED, 3 },
	{ "incremental since the newest", 'I', 3, 2, 1, 0, 0, 0, 0, 0, 'I', 0, LEVEL_AS_WANTED, 1 },
	{ "differential since the Full", 'D', 3, 2, 1, 0, 0, 0, 0, 0, 'D', 0, LEVEL_AS_WANTED, 3 },
	{ "old Full", 'I', 30, 2, 1, 30, 0, 0, 0, 0, 'F', 'I', LEVEL_FULL_NEEDED, 0 },
	{ "Full just young enough", 'I', 29, 2, 1, 30, 0, 0, 0, 0, 'I', 0, LEVEL_AS_WANTED, 1 },
	{ "old Full, differential wanted", 'D', 31, 2, 1, 30, 0, 0, 0, 0, 'F', 'D',
	  LEVEL_FULL_NEEDED, 0 },
	{ "old Full, virtual full allowed", 'I', 31, 2, 1, 0, 30, 0, 0, 0, 'f', 'I',
	  LEVEL_VFULL_NEEDED, 0 },
	{ "Max Full Interval goes before", 'I', 31, 2, 1, 60, 30, 0, 0, 0, 'I', 0, LEVEL_AS_WANTED,
	  1 },
	{ "old differential", 'I', 20, 8, 1, 0, 0, 7, 0, 0, 'D', 'I', LEVEL_DIFF_NEEDED, 20 },
	{ "no differential, old Full", 'I', 8, 0, 1, 0, 0, 7, 0, 0, 'D', 'I', LEVEL_DIFF_NEEDED,
	  8 },
	{ "no differential, young Full", 'I', 6, 0, 1, 0, 0, 7, 0, 0, 'I', 0, LEVEL_AS_WANTED, 1 },
	{ "the interval is no matter to a differential", 'D', 20, 8, 1, 0, 0, 7, 0, 0, 'D', 0,
	  LEVEL_AS_WANTED, 20 },
	{ "Full before differential", 'I', 40, 39, 1, 30, 0, 7, 0, 0, 'F', 'I', LEVEL_FULL_NEEDED,
	  0 },
	{ "a failed Full is run again", 'I', 9, 5, 3, 0, 0, 0, 'F', 1, 'F', 'I', LEVEL_PRIOR_FAILED,
	  0 },
	{ "a failed differential is run again", 'I', 9, 5, 3, 0, 0, 0, 'D', 1, 'D', 'I',
	  LEVEL_PRIOR_FAILED, 9 },
	{ "a failed differential, differential wanted", 'D', 9, 5, 3, 0, 0, 0, 'D', 1, 'D', 0,
	  LEVEL_AS_WANTED, 9 },
	{ "a failed Full without the directive", 'I', 9, 5, 3, 0, 0, 0, 'F', 0, 'I', 0,
	  LEVEL_AS_WANTED, 3 },
	{ "a Full stays one after a failed one", 'F', 9, 5, 3, 0, 0, 0, 'F', 1, 'F', 0,
	  LEVEL_AS_WANTED, 0 },
	{ "base jobs are Fulls", 'B', 9, 5, 3, 0, 0, 0, 0, 0, 'F', 'B', LEVEL_UNFIT, 0 },
	{ "a level of Verify jobs", 'C', 0, 0, 0, 0, 0, 0, 0, 0, 'F', 'C', LEVEL_UNFIT, 0 },
	{ "since when is not said", 'S', 9, 5, 3, 0, 0, 0, 0, 0, 'F', 'S', LEVEL_UNFIT, 0 },
};

static int64_t
start_of(int64_t now, int64_t age)
{
	return age == 0 ? 0 : now - age * DAY;
}

static void
levels_are_raised_as_the_table_says(void **state)
{
	const int64_t now = 1795227824;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct level_case *c = &cases[i];
		const struct level_rules rules = { .level = c->wanted,
						   .now = now,
						   .max_full_interval = c->max_full * DAY,
						   .max_virtual_full_interval = c->max_vfull * DAY,
						   .max_diff_interval = c->max_diff * DAY,
						   .rerun_failed_levels = c->rerun };
		const struct cat_level_facts facts = { .full_start = start_of(now, c->full),
						       .diff_start = start_of(now, c->diff),
						       .newest_start = start_of(now, c->newest),
						       .failed_job_id = c->failed != 0,
						       .failed_level = c->failed };
		struct level_choice got;

		level_choose(&rules, &facts, &got);
		if (got.level != c->level || got.upgraded_from != c->from ||
		    got.reason != c->reason || got.since != start_of(now, c->since))
			fail_msg("%s: level %c from %c reason %d since %lld", c->what, got.level,
				 got.upgraded_from, (int)got.reason, (long long)got.since);
	}
}

static void
the_text_names_level_and_reason(void **state)
{
	const struct level_choice full = { .level = 'F', .upgraded_from = 'I' };
	const struct level_choice incr = { .level = 'I', .since = 1795227824 };
	char text[64];

	level_text(&full, text, sizeof(text));
	assert_string_equal(text, "Full (upgraded from Incremental)");
	level_text(&incr, text, sizeof(text));
	assert_string_equal(text, "Incremental, since=2026-11-21 02:23:44");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_are_raised_as_the_table_says),
		cmocka_unit_test(the_text_names_level_and_reason),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
