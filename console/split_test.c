#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "console/split.h"
#include "lib/base/own.h"

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

static void
a_word_is_read_as_it_was_typed(void **state)
{
	static const struct {
		const char *typed, *word, *again, *in_quotes;
	} cases[] = {
		{ "plain", "plain", "plain", "plain" },
		{ "\"a b\"", "a b", "a\\ b", "a b" },
		{ "a\\ b", "a b", "a\\ b", "a b" },
		{ "client=\"my fd", "client=my fd", "client=my\\ fd", "client=my fd" },
		{ "qu\\\"ote", "qu\"ote", "qu\\\"ote", "qu\\\"ote" },
		{ "b\\\\s", "b\\s", "b\\\\s", "b\\\\s" },
		{ "end\\", "end\\", "end\\\\", "end\\\\" },
		{ "", "", "", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		OWNED(freep) char *word = split_plain(cases[i].typed, strlen(cases[i].typed));
		OWNED(freep) char *again = split_typed(word, false);
		OWNED(freep) char *quoted = split_typed(word, true);

		assert_string_equal(word, cases[i].word);
		assert_string_equal(again, cases[i].again);
		assert_string_equal(quoted, cases[i].in_quotes);
	}
}

static void
a_blank_in_quotes_or_behind_a_backslash_ends_no_word(void **state)
{
	static const char line[] = "cd \"a b\" c\\ d \\\" e";
	static const char marks[] = "...xxxx....x...x..";

	for (size_t i = 0; i < strlen(line); i++)
		if (line[i] == ' ')
			assert_int_equal(split_is_quoted(line, i), marks[i] == 'x');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_separator_in_quotes_or_behind_a_backslash_separates_nothing),
		cmocka_unit_test(a_word_is_read_as_it_was_typed),
		cmocka_unit_test(a_blank_in_quotes_or_behind_a_backslash_ends_no_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
