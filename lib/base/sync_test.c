#include "lib/base/sync.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct mutex low, high;

static void
locks_in_order_are_fine(void **state UNUSED)
{
	mutex_lock(&low);
	mutex_lock(&high);
	mutex_unlock(&low);
	mutex_unlock(&high);
	mutex_lock(&high);
	mutex_unlock(&high);
}

/* The daemon must die at once rather than wait for a deadlock: watched from a child process. */
static void
a_lock_out_of_order_aborts(void **state UNUSED)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(1);
		mutex_lock(&high);
		mutex_lock(&low);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(locks_in_order_are_fine),
		cmocka_unit_test(a_lock_out_of_order_aborts),
	};

	mutex_init(&low, RANK_JOBS);
	mutex_init(&high, RANK_QUEUE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
