#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file-daemon/pipe/stage.h"
#include "lib/base/clock.h"

static void
stages_that_did_nothing_are_left_out(void **state)
{
	struct stages s = { 0 };
	struct buf b = BUF_INIT(1000);

	stage_text(&s, &b);
	assert_int_equal(b.len, 0);
	atomic_store(&s.v[STAGE_READ].busy_ns, 1234000000);
	atomic_store(&s.v[STAGE_READ].waited_ns, 250000000);
	atomic_store(&s.v[STAGE_SEND].busy_ns, 10000000);
	atomic_store(&s.v[STAGE_WRITE].waited_ns, 10000000);
	stage_text(&s, &b);
	assert_string_equal(buf_str(&b), "read 1.23 s (waited 0.25), send 0.01 s (waited 0.00)");
	buf_release(&b);
}

static void
time_goes_to_work_or_to_waiting(void **state)
{
	struct stages s = { 0 };
	int64_t t = clock_mono_ns(), cpu = clock_thread_ns(), start = t;

	t = stage_busy(&s, STAGE_READ, t - 5000);
	t = stage_waited(&s, STAGE_READ, t - 7000);
	assert_true(t >= start);
	assert_true(atomic_load(&s.v[STAGE_READ].busy_ns) >= 5000);
	assert_true(atomic_load(&s.v[STAGE_READ].waited_ns) >= 7000);
	clock_pause_ms(5);
	stage_split(&s, STAGE_SEND, start, cpu);
	assert_true(atomic_load(&s.v[STAGE_SEND].waited_ns) >= 1000000);
	assert_true(atomic_load(&s.v[STAGE_SEND].busy_ns) > 0);
	(void)stage_busy(NULL, STAGE_READ, t); /* counts nowhere */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stages_that_did_nothing_are_left_out),
		cmocka_unit_test(time_goes_to_work_or_to_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
