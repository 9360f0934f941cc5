/*
 * Bounded queues between threads: order, waiting, closing.
 *
 * labels: tsan
 */
#include "lib/base/queue.h"

#include "lib/base/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct feed {
	struct queue *q;
	uintptr_t n;
};

static void
produce(void *arg)
{
	struct feed *f = (struct feed *)arg;
	struct err err = ERR_INIT;

	for (uintptr_t i = 1; i <= f->n; i++)
		if (queue_push(f->q, (void *)i, &err) != ERR_OK)
			return;
	queue_close(f->q);
}

static void
items_come_out_in_order_and_then_the_end(void **state UNUSED)
{
	struct queue *q = queue_new(3);
	struct feed f = { q, 10000 };
	struct err err = ERR_INIT;
	struct thread t = { 0 };
	uintptr_t expected = 0;
	void *item;

	assert_int_equal(thread_start(&t, "producer", produce, &f, &err), ERR_OK);
	while (queue_pop(q, &item, &err) == ERR_OK)
		assert_int_equal((uintptr_t)item, ++expected);
	assert_int_equal(err.code, ERR_EOF);
	assert_int_equal(expected, f.n);
	thread_join(&t);
	queue_free(q);
}

static void
closing_wakes_a_blocked_producer(void **state UNUSED)
{
	struct queue *q = queue_new(1);
	struct feed f = { q, 100 };
	struct err err = ERR_INIT;
	struct thread t = { 0 };
	void *item;

	assert_int_equal(thread_start(&t, "producer", produce, &f, &err), ERR_OK);
	assert_int_equal(queue_pop(q, &item, &err), ERR_OK);
	queue_close(q);
	thread_join(&t);
	while (queue_try_pop(q) != NULL)
		;
	assert_int_equal(queue_push(q, &f, &err), ERR_CANCELED);
	queue_free(q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_come_out_in_order_and_then_the_end),
		cmocka_unit_test(closing_wakes_a_blocked_producer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
