#include "lib/base/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
names_are_printed_so_that_a_person_can_read_them(void **state UNUSED)
{
	static const struct {
		const char *in;
		const char *out;
	} cases[] = {
		{ "/etc/passwd", "/etc/passwd" },
		{ "/a b", "\"/a b\"" },
		{ "new\nline", "\"new\\nline\"" },
		{ "q\"b\\", "\"q\\\"b\\\\\"" },
		{ "\xff", "\"\\xff\"" },
		{ "\xc3\xbc", "\xc3\xbc" },
		{ "", "\"\"" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(PATH_PRINT(bytes_str(cases[i].in)), cases[i].out);
}

static void
a_long_name_is_cut_inside_the_area(void **state UNUSED)
{
	char big[2000], out[64];

	memset(big, 'y', sizeof(big));
	path_print(bytes_of(big, sizeof(big)), out, sizeof(out));
	assert_true(strlen(out) < sizeof(out));
	assert_non_null(strstr(out, "..."));
}

static void
a_name_of_any_bytes_stays_in_its_line(void **state UNUSED)
{
	static const struct {
		const char *in, *out;
		size_t max;
	} cases[] = {
		{ "/etc/passwd", "/etc/passwd", 100 },
		{ "a\nb\r\x1b[31m\x7f", "a?b??[31m?", 100 },
		{ "tab\there \"\\", "tab\there \"\\", 100 },
		{ "c1 \xc2\x9b\xc2\xa0\xc2", "c1 ??\xc2\xa0\xc2", 100 },
		{ "\xff\xc3\xbc", "\xff\xc3\xbc", 100 },
		{ "\n\n", "??", 100 },
		{ "", "", 100 },
		{ "abcdef", "abcd", 4 },
		{ "abc\n\n", "abc?", 4 },
		{ "abc\xc2\x80z", "abc?", 4 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		OWNED(buf_release) struct buf line = BUF_INIT(cases[i].max);

		path_line(bytes_str(cases[i].in), &line);
		assert_int_equal(line.len, strlen(cases[i].out));
		assert_memory_equal(line.p == NULL ? (const uint8_t *)"" : line.p, cases[i].out,
				    line.len);
	}
}

static void
the_path_ends_at_the_last_slash(void **state UNUSED)
{
	static const struct {
		const char *in, *dir, *name;
	} cases[] = {
		{ "/a/b", "/a/", "b" },
		{ "/a/b/", "/a/b/", "" },
		{ "noslash", "noslash", "" },
		{ "/", "/", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes dir, name;

		path_split(bytes_str(cases[i].in), &dir, &name);
		assert_true(bytes_eq(dir, bytes_str(cases[i].dir)));
		assert_true(bytes_eq(name, bytes_str(cases[i].name)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_printed_so_that_a_person_can_read_them),
		cmocka_unit_test(a_long_name_is_cut_inside_the_area),
		cmocka_unit_test(a_name_of_any_bytes_stays_in_its_line),
		cmocka_unit_test(the_path_ends_at_the_last_slash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
