/* director/job/job_clock_test.c - the clock is set forward and back between jobs */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "director/job/job_clock.h"
#include "lib/base/clock.h"

#include <stdlib.h>
#include <unistd.h>

#define T0   1795228000
#define HOUR 3600
#define DAY  86400

static char path[] = "/tmp/tercet-clock-XXXXXX";

static struct job_clock *
fresh(void)
{
	(void)unlink(path);
	return job_clock_new(path);
}

static int64_t
at(struct job_clock *c, int64_t t)
{
	clock_set_test(t);
	return job_clock_now(c);
}

static void
times_never_run_backwards(void **state)
{
	struct job_clock *c = fresh();

	assert_int_equal(at(c, T0), T0);
	assert_int_equal(at(c, T0 + HOUR), T0 + HOUR);
	assert_int_equal(at(c, T0 + 5), T0 + HOUR);
	assert_int_equal(at(c, T0 + HOUR - 1), T0 + HOUR);
	assert_int_equal(at(c, T0 + HOUR + 1), T0 + HOUR + 1);
	job_clock_free(c);
}

static void
a_clock_days_behind_is_believed(void **state)
{
	struct job_clock *c = fresh();

	assert_int_equal(at(c, T0 + 3650LL * DAY), T0 + 3650LL * DAY);
	assert_int_equal(at(c, T0), T0);
	/* Still known: what began in those ten years may have changed since the step. */
	assert_in_range(job_clock_since(c, T0 + 3650LL * DAY), T0 - 2, T0);
	job_clock_free(c);
}

static void
an_incremental_takes_what_changed_since_the_step(void **state)
{
	struct job_clock *c = fresh();

	(void)at(c, T0 - 10);
	(void)at(c, T0 + HOUR);
	assert_int_equal(job_clock_since(c, T0 + HOUR), T0 + HOUR);
	(void)at(c, T0 + 5);
	/* Of a job at T0 + HOUR or in the hour that comes twice: from the step on. */
	assert_in_range(job_clock_since(c, T0 + HOUR), T0 + 3, T0 + 5);
	assert_in_range(job_clock_since(c, T0 + 100), T0 + 3, T0 + 5);
	assert_int_equal(job_clock_since(c, T0 - 10), T0 - 10);
	/* Later jobs have their own times again. */
	assert_int_equal(at(c, T0 + 2 * HOUR), T0 + 2 * HOUR);
	assert_int_equal(job_clock_since(c, T0 + 2 * HOUR), T0 + 2 * HOUR);
	assert_in_range(job_clock_since(c, T0 + HOUR), T0 + 3, T0 + 5);
	job_clock_free(c);
}

static void
a_step_is_known_after_a_restart(void **state)
{
	struct job_clock *c = fresh();

	(void)at(c, T0 + HOUR);
	(void)at(c, T0 + 5);
	job_clock_free(c);
	c = job_clock_new(path);
	assert_int_equal(at(c, T0 + 10), T0 + HOUR);
	assert_in_range(job_clock_since(c, T0 + HOUR), T0 + 3, T0 + 5);
	job_clock_free(c);
}

/* While the director did not run: the step may have been long before its start. */
static void
a_step_that_nobody_saw_is_found_at_the_start(void **state)
{
	struct job_clock *c = fresh();

	(void)at(c, T0 + HOUR);
	job_clock_free(c);
	c = job_clock_new(path);
	clock_set_test(T0 + 5);
	job_clock_look(c);
	assert_true(job_clock_since(c, T0 + HOUR) < T0 - DAY);
	assert_int_equal(at(c, T0 + 6), T0 + HOUR);
	job_clock_free(c);
}

static int
set_up(void **state)
{
	int fd = mkstemp(path);

	(void)close(fd);
	return 0;
}

static int
tear_down(void **state)
{
	clock_set_test(0);
	(void)unlink(path);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_never_run_backwards),
		cmocka_unit_test(a_clock_days_behind_is_believed),
		cmocka_unit_test(an_incremental_takes_what_changed_since_the_step),
		cmocka_unit_test(a_step_is_known_after_a_restart),
		cmocka_unit_test(a_step_that_nobody_saw_is_found_at_the_start),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
