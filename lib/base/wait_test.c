#include "lib/base/wait.h"

#include "lib/base/clock.h"
#include "lib/base/own.h"

#include <poll.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
a_cancel_ends_a_wait_at_once(void **state UNUSED)
{
	OWNED(cancel_release) struct cancel c;
	struct err err = ERR_INIT;
	struct wait w;
	int p[2];

	assert_int_equal(cancel_init(&c, &err), ERR_OK);
	assert_int_equal(pipe(p), 0);
	w = wait_for(&c, 3600, "a byte");
	cancel_now(&c);
	cancel_now(&c);
	assert_int_equal(wait_fd(&w, p[0], POLLIN, &err), ERR_CANCELED);
	assert_string_equal(err.text, "canceled while waiting for a byte");
	assert_int_equal(wait_pause(&w, &err), ERR_CANCELED);
	close(p[0]);
	close(p[1]);
}

static void
a_deadline_names_what_did_not_come(void **state UNUSED)
{
	struct err err = ERR_INIT;
	struct wait w = { NULL, clock_mono_ms() + 20, "a byte" };
	int p[2];

	assert_int_equal(pipe(p), 0);
	assert_int_equal(wait_fd(&w, p[0], POLLIN, &err), ERR_PEER);
	assert_string_equal(err.text, "time is up waiting for a byte");
	w.deadline_ms = clock_mono_ms() + 20;
	assert_int_equal(wait_pause(&w, &err), ERR_OK);
	assert_int_equal(write(p[1], "x", 1), 1);
	w.deadline_ms = 0;
	assert_int_equal(wait_fd(&w, p[0], POLLIN, &err), ERR_OK);
	close(p[0]);
	close(p[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cancel_ends_a_wait_at_once),
		cmocka_unit_test(a_deadline_names_what_did_not_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
