/* lib/base/proc_test.c - splitting and running programs */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "lib/base/own.h"
#include "lib/base/proc.h"

struct split_case {
	const char *command;
	size_t n; /* 0: refused */
	const char *last;
};

static const struct split_case split_cases[] = {
	{ "echo hello", 2, "hello" },
	{ "  echo\t 'two words'  ", 2, "two words" },
	{ "sh -c \"a 'b' c\"", 3, "a 'b' c" },
	{ "x a\"b c\"", 3, "c\"" },
	{ "x ''", 2, "" },
	{ "", 0, NULL },
	{ "x 'open", 0, NULL },
};

static void
command_lines_are_split_as_the_spec_says(void **state)
{
	for (size_t i = 0; i < sizeof(split_cases) / sizeof(split_cases[0]); i++) {
		const struct split_case *c = &split_cases[i];
		OWNED(proc_argv_release) struct proc_argv a = { .n = 0 };
		struct err e = ERR_INIT;

		if (proc_split(c->command, &a, &e) != ERR_OK) {
			assert_int_equal(c->n, 0);
			continue;
		}
		assert_int_equal(a.n, c->n);
		assert_string_equal(a.words[a.n - 1], c->last);
		assert_null(a.words[a.n]);
	}
}

struct lines {
	char text[256];
};

static void
on_line(void *arg, struct bytes text)
{
	struct lines *l = arg;
	size_t n = strlen(l->text);

	(void)snprintf(l->text + n, sizeof(l->text) - n, "[%.*s]", BYTES_ARG(text));
}

static void
run_shell(const char *script, int64_t seconds, struct lines *l, int *status, enum err_code want)
{
	char sh[] = "sh", c[] = "-c", text[256];
	char *argv[] = { sh, c, text, NULL };
	struct proc_spec spec = { .argv = argv };
	struct wait w = wait_for(NULL, seconds, "the test program");
	struct err e = ERR_INIT;

	(void)snprintf(text, sizeof(text), "%s", script);
	assert_int_equal(proc_run_lines(&spec, &w, on_line, l, status, &e), want);
}

static void
output_and_exit_status_come_back(void **state)
{
	struct lines l = { "" };
	int status = -1;

	run_shell("echo one; echo two >&2; printf three; exit 7", 30, &l, &status, ERR_OK);
	assert_string_equal(l.text, "[one][two][three]");
	assert_int_equal(status, 7);
}

static void
a_program_that_takes_too_long_is_killed(void **state)
{
	struct lines l = { "" };
	int status = -1;

	run_shell("echo up; sleep 60", 1, &l, &status, ERR_PEER);
	assert_string_equal(l.text, "[up]");
}

static void
a_program_that_does_not_read_keeps_nobody_waiting(void **state)
{
	static const uint8_t more_than_a_pipe_takes[1u << 20];
	char *argv[] = { (char[]){ "sleep" }, (char[]){ "60" }, NULL };
	const struct proc_spec spec = { .argv = argv, .write_stdin = true, .discard_output = true };
	OWNED(proc_release) struct proc p = PROC_INIT;
	struct wait w = wait_for(NULL, 1, "a reader");
	struct err e = ERR_INIT;

	assert_int_equal(proc_start(&spec, &p, &e), ERR_OK);
	assert_int_equal(proc_feed(&p, bytes_of(more_than_a_pipe_takes, 1u << 20), &w, &e),
			 ERR_PEER);
}

static void
a_program_that_is_not_there_is_an_error(void **state)
{
	char name[] = "/nonexistent/program";
	char *argv[] = { name, NULL };
	struct proc_spec spec = { .argv = argv };
	struct proc p = PROC_INIT;
	struct err e = ERR_INIT;

	assert_int_equal(proc_start(&spec, &p, &e), ERR_SYS);
	assert_int_equal(e.sys, ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_lines_are_split_as_the_spec_says),
		cmocka_unit_test(output_and_exit_status_come_back),
		cmocka_unit_test(a_program_that_takes_too_long_is_killed),
		cmocka_unit_test(a_program_that_does_not_read_keeps_nobody_waiting),
		cmocka_unit_test(a_program_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
