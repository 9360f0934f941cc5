/*
 * regress/catalog/pool_test.c - the pool of connections: whoever finds none free waits for one
 *
 * labels: tsan
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "regress/catalog/farm.h"

#include <stdatomic.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/sync.h"
#include "lib/base/thread.h"
#include "lib/base/wait.h"
#include "lib/catalog/catalog_internal.h"

/* One that has the only connection of the pool until it is told to give it back. */
struct holder {
	struct catalog *catalog;
	struct thread thread;
	struct mutex lock; /* RANK_LEAF */
	struct cond changed;
	bool has GUARDED_BY(&lock), give_back GUARDED_BY(&lock);
	atomic_bool gave; /* before the connection went back */
	enum err_code code;
};

static void
hold(struct holder *h)
{
	mutex_lock(&h->lock);
	h->has = true;
	cond_broadcast(&h->changed);
	while (!h->give_back)
		cond_wait(&h->changed, &h->lock);
	mutex_unlock(&h->lock);
	if (!atomic_load(&h->gave))
		clock_pause_ms(300); /* so that whoever asks now finds none */
	atomic_store(&h->gave, true);
}

static void
holder_main(void *arg)
{
	struct holder *h = arg;
	struct err err = ERR_INIT;
	struct pg *pg = NULL;

	h->code = catalog_take(h->catalog, &pg, &err);
	hold(h);
	catalog_put(h->catalog, pg);
}

static void
begin(struct holder *h, struct catalog *c)
{
	struct err err = ERR_INIT;

	*h = (struct holder){ .catalog = c };
	mutex_init(&h->lock, RANK_LEAF);
	cond_init(&h->changed);
	MUST(thread_start(&h->thread, "holder", holder_main, h, &err));
	mutex_lock(&h->lock);
	while (!h->has)
		cond_wait(&h->changed, &h->lock);
	mutex_unlock(&h->lock);
}

static void
give_back(struct holder *h)
{
	mutex_lock(&h->lock);
	h->give_back = true;
	cond_broadcast(&h->changed);
	mutex_unlock(&h->lock);
}

static void
end(struct holder *h)
{
	give_back(h);
	thread_join(&h->thread);
	assert_int_equal(h->code, ERR_OK);
	cond_release(&h->changed);
	mutex_release(&h->lock);
}

static void
whoever_finds_all_connections_busy_waits_for_one(void **state)
{
	struct catalog *c = *state;
	struct err err = ERR_INIT;
	struct holder h;

	begin(&h, c);
	give_back(&h);
	MUST(catalog_ping(c, &err));
	assert_true(atomic_load(&h.gave));
	end(&h);
}

static void
a_cancel_ends_that_wait(void **state)
{
	struct catalog *c = *state;
	struct cancel cancel = { .event = -1 };
	struct err err = ERR_INIT;
	struct holder h;

	begin(&h, c);
	MUST(cancel_init(&cancel, &err));
	cancel_now(&cancel);
	thread_set_cancel(&cancel);
	assert_int_equal(catalog_ping(c, &err), ERR_CATALOG);
	thread_set_cancel(NULL);
	assert_non_null(strstr(err.text, "all 1 connections are busy"));
	assert_false(atomic_load(&h.gave));
	cancel_release(&cancel);
	end(&h);
}

int
main(void)
{
	struct catalog *one = NULL;
	struct err err = ERR_INIT;
	int rc;

	farm_open(&farm);
	const struct catalog_options o = { .name = "one",
					   .managed = true,
					   .guest = true,
					   .state_dir = farm.dir,
					   .reconnect = true,
					   .max_connections = 1 };
	MUST(catalog_open(&o, &one, &err));
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(whoever_finds_all_connections_busy_waits_for_one, one),
		cmocka_unit_test_prestate(a_cancel_ends_that_wait, one),
	};
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	catalog_close(one);
	farm_close(&farm);
	return rc;
}
