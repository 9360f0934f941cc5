#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "director/shell/args.h"

#include <string.h>

#include "lib/base/own.h"

static void
words_are_split_and_quotes_removed(void **state)
{
	static const struct {
		const char *what, *line;
		size_t n;
		const char *key, *value; /* of the last word */
	} cases[] = {
		{ "empty", "", 0, NULL, NULL },
		{ "blanks only", " \t ", 0, NULL, NULL },
		{ "a word", "status", 1, "status", NULL },
		{ "keyword and value", "run job=x", 2, "job", "x" },
		{ "quoted value", "run client=\"my fd\"", 2, "client", "my fd" },
		{ "quotes around all", "run \"client=my fd\"", 2, "client", "my fd" },
		{ "quote inside a word", "a b\"c d\"e", 2, "bc de", NULL },
		{ "backslash", "a b\\ c", 2, "b c", NULL },
		{ "backslash in quotes", "a \"x\\\"y\"", 2, "x\"y", NULL },
		{ "first equal sign", "a k=v=w", 2, "k", "v=w" },
		{ "empty value", "a k=", 2, "k", "" },
		{ "escaped equal sign", "a k\\=v", 2, "k=v", NULL },
		{ "a semicolon is no separator here", "run comment=a;b", 2, "comment", "a;b" },
		{ "semicolon in quotes", "run comment=\"a; b\"", 2, "comment", "a; b" },
		{ "equal sign in quotes", "a \"k=v w\"", 2, "k", "v w" },
		{ "no keyword", "a =v", 2, "", "v" },
		{ "empty quotes", "a \"\"", 2, "", NULL },
		{ "empty quoted value", "a k=\"\"", 2, "k", "" },
		{ "backslash at the end", "a b\\", 2, "b\\", NULL },
		{ "other white space", "a\tb\r\nc\v", 3, "c", NULL },
		{ "not UTF-8", "a \xff\xfe=\x80", 2, "\xff\xfe", "\x80" },
		{ "control characters", "a b\x01\x1b[2J", 2, "b\x01\x1b[2J", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		OWNED(args_release) struct args a = { 0 };
		struct err err = ERR_INIT;

		assert_int_equal(args_parse(cases[i].line, &a, &err), ERR_OK);
		assert_int_equal(a.n, cases[i].n);
		if (a.n == 0)
			continue;
		assert_string_equal(a.v[a.n - 1].key, cases[i].key);
		if (cases[i].value == NULL)
			assert_null(a.v[a.n - 1].value);
		else
			assert_string_equal(a.v[a.n - 1].value, cases[i].value);
	}
}

static void
an_open_quote_and_too_many_words_are_refused(void **state)
{
	struct args a = { 0 };
	struct err err = ERR_INIT;
	char line[2 * ARGS_MAX + 3];

	assert_int_equal(args_parse("a \"b c", &a, &err), ERR_FORMAT);
	assert_int_equal(a.n, 0);
	memset(line, ' ', sizeof(line));
	for (size_t i = 0; i <= ARGS_MAX; i++)
		line[2 * i] = 'x';
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(args_parse(line, &a, &err), ERR_LIMIT);
	assert_int_equal(a.n, 0);
	assert_int_equal(args_parse("a \\\"b\" c", &a, &err), ERR_FORMAT);
	/* A word larger than anything sensible. */
	static char huge[200000];
	memset(huge, 'x', sizeof(huge) - 1);
	assert_int_equal(args_parse(huge, &a, &err), ERR_LIMIT);
	assert_int_equal(a.n, 0);
}

static void
the_first_of_two_keywords_counts_and_case_does_not(void **state)
{
	static const char *const keys[] = { "fd", "client", NULL };
	OWNED(args_release) struct args a = { 0 };
	struct err err = ERR_INIT;

	assert_int_equal(args_parse("run Job=a job=b client=c yes", &a, &err), ERR_OK);
	assert_string_equal(args_value(&a, "job"), "a");
	assert_string_equal(args_value_of(&a, keys), "c");
	assert_true(args_has(&a, "YES"));
	assert_null(args_value(&a, "yes"));
	assert_null(args_value(&a, "run"));
	assert_true(args_is_prefix("St", "status"));
	assert_false(args_is_prefix("", "status"));
	assert_false(args_is_prefix("statuss", "status"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_split_and_quotes_removed),
		cmocka_unit_test(an_open_quote_and_too_many_words_are_refused),
		cmocka_unit_test(the_first_of_two_keywords_counts_and_case_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
