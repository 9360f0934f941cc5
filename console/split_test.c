#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "console/split.h"

#include <string.h>

static void
a_separator_in_quotes_or_behind_a_backslash_separates_nothing(void **state)
{
	static const struct {
		const char *what, *line, *first;
	} cases[] = {
		{ "one command", "list jobs", "list jobs" },
		{ "two", "version; time", "version" },
		{ "nothing", "", "" },
		{ "nothing before it", "; time", "" },
		{ "quoted", "run comment=\"a; b\" yes; wait", "run comment=\"a; b\" yes" },
		{ "quoted twice", "a \";\" \";\"; b", "a \";\" \";\"" },
		{ "escaped", "run comment=a\\;b; wait", "run comment=a\\;b" },
		{ "an escaped quote opens nothing", "a \\\"; b", "a \\\"" },
		{ "a quote that stays open", "a \"b; c", "a \"b; c" },
		{ "a backslash at the end", "a\\", "a\\" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].what);
		assert_int_equal(split_length(cases[i].line, ';'), strlen(cases[i].first));
	}
	assert_int_equal(split_length("a; b| c", '|'), 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_separator_in_quotes_or_behind_a_backslash_separates_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
