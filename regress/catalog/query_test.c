/*
 * regress/catalog/query_test.c - what a person asks the catalog by hand ends when it is asked to,
 * is bounded, and leaves nothing behind
 *
 * labels: tsan
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/own.h"
#include "lib/base/thread.h"
#include "lib/base/wait.h"
#include "lib/catalog/cat_query.h"
#include "lib/catalog/cat_schema.h"
#include "lib/catalog/catalog_internal.h"
#include "regress/catalog/farm.h"

#define LONG_SECONDS   120
#define PROMPT_SECONDS 30

static bool
becomes(const char *sql, int64_t want)
{
	int64_t end = clock_mono_ms() + PROMPT_SECONDS * 1000;

	while (farm_number(&farm, sql) != want) {
		if (clock_mono_ms() > end)
			return false;
		clock_pause_ms(50);
	}
	return true;
}

struct question {
	struct thread thread;
	struct cancel cancel;
	const char *sql;
	enum err_code code;
	int64_t ms;
};

static void
ask(void *arg)
{
	struct question *q = arg;
	OWNED(cat_table_release) struct cat_table t = { 0 };
	struct err err = ERR_INIT;
	int64_t start = clock_mono_ms();

	thread_set_cancel(&q->cancel);
	q->code = cat_query_text(farm.catalog, q->sql, &t, &err);
	q->ms = clock_mono_ms() - start;
}

#define SLEEPERS "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"

static void
a_cancel_ends_the_wait_and_the_statement(void **state)
{
	struct err err = ERR_INIT;
	struct question q = { .sql = "SELECT pg_sleep(120)" };

	MUST(cancel_init(&q.cancel, &err));
	MUST(thread_start(&q.thread, "ask", ask, &q, &err));
	assert_true(becomes(SLEEPERS, 1));
	cancel_now(&q.cancel);
	thread_join(&q.thread);
	assert_int_equal(q.code, ERR_CANCELED);
	assert_true(q.ms < LONG_SECONDS * 1000 / 2);
	assert_true(becomes(SLEEPERS, 0));
	cancel_release(&q.cancel);
}

/* The same on a database that is somebody else's: there is no other role there. */
static void
open_outside(struct catalog **out)
{
	struct err err = ERR_INIT;
	OWNED(buf_release) struct buf lines = BUF_INIT(1u << 20);
	struct catalog_options o = { .name = "outside",
				     .db_name = "outside",
				     .user = managed_user(farm.catalog->managed),
				     .socket = managed_socket_dir(farm.catalog->managed),
				     .work_dir = farm.dir,
				     .connect_seconds = 1 };

	MUST(cat_schema_create(&o, &lines, &err));
	MUST(catalog_open(&o, out, &err));
}

static void
nothing_of_a_query_stays_in_the_sessions_of_jobs(void **state)
{
	static const char *const statements[] = {
		"SELECT pg_advisory_lock(7238914, 2)",
		"SET search_path = nowhere",
		"SELECT set_config('search_path', 'nowhere', false)",
		"PREPARE catalog_ping AS SELECT 2",
		"LISTEN something",
	};
	struct err err = ERR_INIT;
	struct catalog *all[] = { farm.catalog, NULL };

	open_outside(&all[1]);
	for (size_t c = 0; c < 2; c++) {
		for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
			OWNED(cat_table_release) struct cat_table t = { 0 }, mine = { 0 };
			struct err ignored = ERR_INIT;

			(void)!cat_query_text(all[c], statements[i], &mine, &ignored);
			assert_true(becomes("SELECT count(*) FROM pg_locks WHERE locktype = "
					    "'advisory' AND objid = 2 AND classid = 7238914",
					    0));
			MUST(catalog_ping(all[c], &err));
			MUST(cat_query(all[c], "list_jobtotals", NULL, 0, &t, &err));
		}
	}
	catalog_close(all[1]);
}

static void
a_result_beyond_all_bounds_is_refused(void **state)
{
	static const struct {
		const char *sql, *text;
	} rows[] = {
		{ "SELECT generate_series(1, 2000000000)", "LIMIT" },
		{ "SELECT repeat('x', 100000), generate_series(1, 100000)", "LIMIT" },
		{ "COPY (SELECT 1) TO STDOUT", "COPY" },
		{ "SELECT 1; SELECT 2", "multiple commands" },
		{ "DELETE FROM job", "read-only" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		OWNED(cat_table_release) struct cat_table t = { 0 };
		struct err err = ERR_INIT;
		int64_t start = clock_mono_ms();

		assert_int_not_equal(cat_query_text(farm.catalog, rows[i].sql, &t, &err), ERR_OK);
		if (strstr(err.text, rows[i].text) == NULL)
			fail_msg("%s: %s", rows[i].sql, err.text);
		assert_true(clock_mono_ms() - start < PROMPT_SECONDS * 1000);
	}
}

static void
a_result_is_what_was_asked_for(void **state)
{
	struct err err = ERR_INIT;
	OWNED(cat_table_release) struct cat_table t = { 0 }, none = { 0 }, command = { 0 };

	MUST(cat_query_text(
		farm.catalog,
		"SELECT i AS n, NULLIF('v' || i, 'v2') AS v FROM generate_series(1, 5000) i", &t,
		&err));
	assert_int_equal(t.n_rows, 5000);
	assert_int_equal(t.n_columns, 2);
	assert_string_equal(t.columns[0].name, "n");
	assert_int_equal(t.columns[0].type, CAT_INT);
	assert_string_equal(cat_cell(&t, 4999, 1), "v5000");
	assert_null(cat_cell(&t, 1, 1));
	MUST(cat_query_text(farm.catalog, "SELECT jobid FROM job WHERE false", &none, &err));
	assert_int_equal(none.n_rows, 0);
	assert_string_equal(none.columns[0].name, "jobid");
	MUST(cat_query_text(farm.catalog, "SET extra_float_digits = 0", &command, &err));
	assert_int_equal(command.n_columns, 0);
}

static void
a_statement_has_limits_of_time_and_disk(void **state)
{
	struct err err = ERR_INIT;
	OWNED(cat_table_release) struct cat_table t = { 0 };

	MUST(cat_query_text(farm.catalog,
			    "SELECT extract(epoch FROM current_setting('statement_timeout')::"
			    "interval)::int BETWEEN 1 AND 3600",
			    &t, &err));
	assert_string_equal(cat_cell(&t, 0, 0), "t");
	cat_table_release(&t);
	MUST(cat_query_text(farm.catalog, "SHOW temp_file_limit", &t, &err));
	assert_string_equal(cat_cell(&t, 0, 0), "4GB");
}

static void
the_words_of_tls_are_quoted(void **state)
{
	const struct catalog_tls none = { .mode = NULL };
	const struct catalog_tls all = { "verify-full", "/a key/k\\y", "it's", "/ca" };
	static const struct {
		const char *word, *value;
	} want[] = { { "sslmode", "verify-full" },
		     { "sslkey", "/a key/k\\y" },
		     { "sslcert", "it's" },
		     { "sslrootcert", "/ca" } };
	OWNED(freep) char *words = catalog_tls_words(&all);
	PQconninfoOption *parsed = PQconninfoParse(words, NULL);
	size_t found = 0;

	assert_null(catalog_tls_words(&none));
	assert_non_null(parsed);
	for (PQconninfoOption *o = parsed; o->keyword != NULL; o++)
		for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
			if (strcmp(o->keyword, want[i].word) == 0) {
				assert_string_equal(o->val, want[i].value);
				found++;
			}
	assert_int_equal(found, 4);
	PQconninfoFree(parsed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cancel_ends_the_wait_and_the_statement),
		cmocka_unit_test(nothing_of_a_query_stays_in_the_sessions_of_jobs),
		cmocka_unit_test(a_result_beyond_all_bounds_is_refused),
		cmocka_unit_test(a_result_is_what_was_asked_for),
		cmocka_unit_test(the_words_of_tls_are_quoted),
		cmocka_unit_test(a_statement_has_limits_of_time_and_disk),
	};

	return cmocka_run_group_tests(tests, farm_set_up, farm_tear_down);
}
