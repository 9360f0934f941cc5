/* regress/catalog/rows_test.c - statements, tables, rows of resources, messages and lists */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/fd.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/catalog/cat_client.h"
#include "lib/catalog/cat_fileset.h"
#include "lib/catalog/cat_log.h"
#include "lib/catalog/cat_query.h"
#include "lib/catalog/cat_storage.h"
#include "lib/catalog/catalog_internal.h"
#include "regress/catalog/rows.h"

static void
every_statement_is_understood_by_the_server(void **state)
{
	struct err err = ERR_INIT;
	struct pg *pg = NULL;
	unsigned bad = 0;

	MUST(catalog_take(cat, &pg, &err));
	for (size_t i = 0; i < SQL_COUNT; i++) {
		const struct sql_row *row = sql_get((enum sql_id)i);
		PGresult *r;

		if (strchr(row->text, '{') != NULL || pg->prepared[i]) /* made complete later */
			continue;
		r = PQprepare(pg->conn, row->name, row->text, 0, NULL);
		if (PQresultStatus(r) != PGRES_COMMAND_OK) {
			print_error("%s: %s", row->name, PQresultErrorMessage(r));
			bad++;
		}
		PQclear(r);
	}
	pg_close(pg);
	mutex_lock(&cat->lock);
	cat->used--;
	mutex_unlock(&cat->lock);
	assert_int_equal(bad, 0);
}

/* columns.txt has the tables of catalog.md section 4: table|column|type, sorted. */
static void
tables_and_columns_are_those_of_the_specification(void **state)
{
	struct err err = ERR_INIT;
	OWNED(cat_table_release) struct cat_table t = { 0 };
	OWNED(buf_release) struct buf want = BUF_INIT(1u << 20);
	OWNED(buf_release) struct buf have = BUF_INIT(1u << 20);

	MUST(fd_read_file(TERCET_SOURCE "/regress/catalog/columns.txt", &want, &err));
	MUST(cat_query_text(
		cat,
		"SELECT c.relname || '|' || a.attname || '|' || "
		"format_type(a.atttypid, a.atttypmod) FROM pg_class c JOIN pg_attribute a "
		"ON a.attrelid = c.oid WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND "
		"c.relnamespace = 'public'::regnamespace AND NOT c.relispartition AND "
		"c.relname NOT LIKE 'tercet%' ORDER BY 1",
		&t, &err));
	for (size_t i = 0; i < t.n_rows; i++)
		buf_text(&have, "%s\n", cat_cell(&t, i, 0));
	assert_string_equal(buf_str(&have), buf_str(&want));
	assert_int_equal(farm_number(&farm, "SELECT count(*) FROM status"), 26);
}

static void
a_second_ensure_finds_the_first_row(void **state)
{
	struct err err = ERR_INIT;
	struct cat_fileset fs = { .name = "FS", .md5 = "hioEvw/ha6dKF6gdw1+9uD", .text = "new" };
	struct cat_client client = { .name = "fd1", .uname = "25.1.0 Linux", .auto_prune = true };
	uint32_t a, b;
	int32_t v;
	struct cat_counter counter = { .name = "C", .min = 1, .max = 2 };

	MUST(cat_fileset_ensure(cat, &fs, &err));
	assert_int_equal(fs.file_set_id, fs1);
	assert_false(fs.created);
	fs.md5 = "other";
	MUST(cat_fileset_ensure_latest(cat, &fs, &err));
	assert_int_equal(fs.file_set_id, fs1);
	MUST(cat_client_update(cat, &client, &err));
	assert_int_equal(client.client_id, fd1);
	MUST(cat_client_find(cat, "nobody", &a, &err));
	assert_int_equal(a, 0);
	MUST(cat_storage_ensure(cat, "File", false, &a, &err));
	MUST(cat_storage_ensure(cat, "File", true, &b, &err));
	assert_int_equal(a, b);
	MUST(cat_media_type_ensure(cat, "FileA", &err));
	MUST(cat_media_type_ensure(cat, "FileA", &err));
	assert_int_equal(farm_number(&farm, "SELECT count(*) FROM mediatype"), 1);
	MUST(cat_counter_ensure(cat, &counter, &err));
	MUST(cat_counter_use(cat, "C", true, &v, &err));
	assert_int_equal(v, 1);
	MUST(cat_counter_use(cat, "C", true, &v, &err));
	assert_int_equal(v, 2);
	MUST(cat_counter_use(cat, "C", false, &v, &err));
	assert_int_equal(v, 1);
}

static void
a_line_that_the_server_refuses_stops_no_other(void **state)
{
	struct err err = ERR_INIT;

	for (int i = 0; i < 50; i++) {
		/* The last year that PostgreSQL knows is 294276. */
		bool bad = i % 20 == 3;

		cat_log_add(cat, 888, bad ? INT64_MAX : T0 + i, bytes_str(bad ? "bad" : "good"));
	}
	MUST(cat_log_flush(cat, &err));
	assert_int_equal(farm_number(&farm, "SELECT count(*) FROM log WHERE jobid = 888"), 47);
	assert_int_equal(farm_number(&farm,
				     "SELECT count(DISTINCT time) FROM log WHERE jobid = 888 AND "
				     "logtext = 'good'"),
			 47);
}

static void
a_job_whose_row_was_deleted_is_told_from_a_catalog_that_is_away(void **state)
{
	struct cat_job gone = { .job_id = 999999, .status = 'T', .level = 'F', .end_time = T0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(cat_job_end(cat, &gone, &err), ERR_BUG);
}

static void
lists_are_typed_tables(void **state)
{
	struct err err = ERR_INIT;
	OWNED(cat_table_release) struct cat_table t = { 0 };
	OWNED(cat_table_release) struct cat_table log = { 0 };
	struct cat_arg args[] = { { "name", "lv" }, { "status", "T,W" }, { "limit", "2" } };
	struct cat_arg bad = { "nonsense", "1" };
	char id[16];
	struct cat_arg of_job = { "jobid", id };
	uint32_t job = farm_job(&farm, "logged", 'F', T0, fd1, fs1);

	for (int i = 0; i < 3; i++)
		(void)done_job("lv", 'F', T0 + i, "TWf"[i]);
	MUST(cat_query(cat, "list_jobs", args, 3, &t, &err));
	assert_int_equal(t.n_columns, 10);
	assert_int_equal(t.n_rows, 2);
	assert_string_equal(t.columns[0].name, "jobid");
	assert_int_equal(t.columns[0].type, CAT_INT);
	assert_int_equal(t.columns[1].type, CAT_TEXT);
	assert_int_equal(t.columns[3].type, CAT_TIME);
	assert_string_equal(cat_cell(&t, 0, 1), "lv");
	assert_string_equal(cat_cell(&t, 0, 4), "00:00:01");
	assert_string_equal(cat_cell(&t, 0, 9), "T");
	assert_int_equal(cat_table_find(&t, "jobbytes"), 8);
	cat_table_release(&t);
	assert_int_equal(cat_query(cat, "list_jobs", &bad, 1, &t, &err), ERR_BUG);
	assert_int_equal(cat_query(cat, "no_such", NULL, 0, &t, &err), ERR_BUG);
	assert_int_equal(cat_query_text(cat, "DELETE FROM job", &t, &err), ERR_CATALOG);
	for (int i = 0; i < 5000; i++)
		cat_log_add(cat, job, T0, bytes_str("dir JobId 1: a \"line\" {of, text}\\\n"));
	MUST(cat_log_flush(cat, &err));
	(void)snprintf(id, sizeof(id), "%u", job);
	MUST(cat_query(cat, "list_joblog", &of_job, 1, &log, &err));
	assert_int_equal(log.n_rows, 5000);
	assert_string_equal(cat_cell(&log, 0, 1), "dir JobId 1: a \"line\" {of, text}\\\n");
}

static void
jobs_of_a_dead_director_become_failed(void **state)
{
	struct err err = ERR_INIT;
	uint32_t job = farm_job(&farm, "dead", 'F', T0, fd1, fs1);
	OWNED(cat_jobs_release) struct cat_jobs running = { 0 };
	struct cat_job j;
	bool found;
	uint32_t n;

	cat_log_add(cat, job, T0 + 77, bytes_str("last words\n"));
	MUST(cat_log_flush(cat, &err));
	MUST(cat_job_list_running(cat, &running, &err));
	assert_true(running.n > 0);
	MUST(cat_job_clean_up(cat, &n, &err));
	assert_int_equal(n, running.n);
	MUST(cat_job_get(cat, job, &j, &found, &err));
	assert_int_equal(j.status, 'f');
	assert_int_equal(j.end_time, T0 + 77);
	MUST(catalog_maintain(cat, &err));
	MUST(cat_job_get(cat, 999999, &j, &found, &err));
	assert_false(found);
}

static void
lstat_is_decoded_by_the_functions(void **state)
{
	assert_int_equal(farm_number(&farm, "SELECT bareos_frombase64('BJPg')"), 300000);
	assert_int_equal(farm_number(&farm, "SELECT bareos_frombase64('-C')"), -2);
	assert_int_equal(farm_number(&farm,
				     "SELECT st_mtime FROM decode_lstat('P4A qmmL IGk B A A A "
				     "BJPg BAA JQ BrAQCh BrAQCh BrAQCh A A C')"),
			 1795227809);
	assert_int_equal(farm_number(&farm,
				     "SELECT data FROM decode_lstat('P4A qmmL IGk B A A A BJPg "
				     "BAA JQ BrAQCh BrAQCh BrAQCh')"),
			 0);
	assert_int_equal(farm_number(&farm,
				     "SELECT coalesce(st_mode, -5) FROM decode_lstat('P4A qmmL "
				     "IGk', '{st_size}')"),
			 -5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_statement_is_understood_by_the_server),
		cmocka_unit_test(tables_and_columns_are_those_of_the_specification),
		cmocka_unit_test(a_second_ensure_finds_the_first_row),
		cmocka_unit_test(a_line_that_the_server_refuses_stops_no_other),
		cmocka_unit_test(a_job_whose_row_was_deleted_is_told_from_a_catalog_that_is_away),
		cmocka_unit_test(lists_are_typed_tables),
		cmocka_unit_test(jobs_of_a_dead_director_become_failed),
		cmocka_unit_test(lstat_is_decoded_by_the_functions),
	};

	return cmocka_run_group_tests(tests, rows_set_up, farm_tear_down);
}
