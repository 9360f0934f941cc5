/* lib/base/cli_test.c - options from tables */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/cli.h"

static enum err_code
parse(struct cli_daemon *o, const char **argv, int *operands, struct err *err)
{
	const struct cli_row rows[] = { CLI_DAEMON_ROWS(o) };
	const struct cli c = { "tercet-dir", "a test", "[TYPE]", rows,
			       sizeof(rows) / sizeof(*rows) };
	int argc = 0;

	while (argv[argc] != NULL)
		argc++;
	return cli_parse(&c, argc, (char **)(uintptr_t)argv, operands, err);
}

static void
letters_may_be_joined_and_arguments_attached(void **state)
{
	const char *argv[] = { "x",      "-ftc", "/etc/a", "-d100", "-vv", "--pid-file=/p",
			       "--user", "me",   NULL };
	struct cli_daemon o = { .config = NULL };
	struct err err = ERR_INIT;
	int operands;

	assert_int_equal(parse(&o, argv, &operands, &err), ERR_OK);
	assert_true(o.foreground && o.test);
	assert_string_equal(o.config, "/etc/a");
	assert_int_equal(o.debug, 100);
	assert_int_equal(o.verbose, 2);
	assert_string_equal(o.pid_file, "/p");
	assert_string_equal(o.user, "me");
	assert_int_equal(operands, 8);
}

static void
operands_may_stand_anywhere(void **state)
{
	const char *argv[] = { "x", "pool", "-t", "Full", "-c", "f", "--", "-v", NULL };
	struct cli_daemon o = { .config = NULL };
	struct err err = ERR_INIT;
	int operands;

	assert_int_equal(parse(&o, argv, &operands, &err), ERR_OK);
	assert_int_equal(operands, 5);
	assert_string_equal(argv[5], "pool");
	assert_string_equal(argv[6], "Full");
	assert_string_equal(argv[7], "-v");
	assert_int_equal(o.verbose, 0);
}

static void
wrong_options_are_refused_by_name(void **state)
{
	const char *unknown[] = { "x", "-y", NULL }, *missing[] = { "x", "-c", NULL };
	const char *number[] = { "x", "-d", "many", NULL }, *flag[] = { "x", "--test=1", NULL };
	const char **rows[] = { unknown, missing, number, flag };

	for (size_t i = 0; i < 4; i++) {
		struct cli_daemon o = { .config = NULL };
		struct err err = ERR_INIT;
		int operands;

		assert_int_equal(parse(&o, rows[i], &operands, &err), ERR_CONFIG);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_may_be_joined_and_arguments_attached),
		cmocka_unit_test(operands_may_stand_anywhere),
		cmocka_unit_test(wrong_options_are_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
