/* director/conf/relocation_test.c - prefixes and a suffix as one RegexWhere */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "director/conf/dir_conf.h"
#include "lib/base/own.h"

static void
what_is_given_becomes_one_expression(void **state)
{
	static const struct {
		const char *strip, *prefix, *suffix, *want;
	} rows[] = {
		{ "/tmp", NULL, NULL, "!^/tmp!!" },
		{ "/tmp", "/p", NULL, "!^/tmp!!,!^!/p!" },
		{ "/tmp", "/r", ".bak", "!^/tmp!!,!([^/])$!$1.bak!,!^!/r!" },
		{ "", "/p", "", "!^!/p!" },
		/* Nothing of a prefix means more than itself. */
		{ "/c++/a.b", NULL, NULL, "!^/c\\+\\+/a\\.b!!" },
		{ "/hey!", "/wow!", NULL, "!^/hey\\!!!,!^!/wow\\!!" },
		{ "C:\\x", "D:\\y", NULL, "!^C:\\\\x!!,!^!D:\\y!" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		OWNED(freep)
		char *made = dir_relocation(rows[i].strip, rows[i].prefix, rows[i].suffix);

		assert_string_equal(made, rows[i].want);
	}
	assert_null(dir_relocation(NULL, "", NULL));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_given_becomes_one_expression),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
