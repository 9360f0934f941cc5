/* regress/catalog/managed_test.c - the private cluster, and databases of other makers */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fd.h"
#include "lib/base/own.h"
#include "lib/base/thread.h"
#include "lib/catalog/cat_attr.h"
#include "lib/catalog/cat_query.h"
#include "lib/catalog/cat_schema.h"
#include "lib/catalog/catalog_internal.h"
#include "regress/catalog/farm.h"

static struct farm farm;

static int
set_up(void **state)
{
	farm_open(&farm);
	return 0;
}

static int
tear_down(void **state)
{
	farm_close(&farm);
	return 0;
}

static void
reopen(void)
{
	struct err err = ERR_INIT;
	struct catalog_options o = { .name = "farm",
				     .managed = true,
				     .state_dir = farm.dir,
				     .work_dir = farm.dir,
				     .reconnect = true };

	MUST(catalog_open(&o, &farm.catalog, &err));
}

static pid_t
server_pid(void)
{
	return (pid_t)farm_number(
		&farm, "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int");
}

static void
a_restart_keeps_the_rows(void **state)
{
	uint32_t job = farm_job(&farm, "bk", 'F', 1795000000, 1, 1);
	pid_t pid = server_pid();

	catalog_close(farm.catalog);
	assert_int_equal(kill(pid, 0), -1);
	reopen();
	assert_int_equal(farm_number(&farm, "SELECT max(jobid) FROM job"), job);
}

static void
a_server_left_by_a_killed_director_is_taken_over(void **state)
{
	struct err err = ERR_INIT;
	struct managed_options o = { .state_dir = farm.dir, .guest = true };
	OWNED(managed_stopp) struct managed *guest = NULL;
	pid_t pid = server_pid();

	/* A guest finds the running server and leaves it running. */
	MUST(managed_start(&o, &guest, &err));
	managed_stop(guest);
	guest = NULL;
	assert_int_equal(kill(pid, 0), 0);
	assert_int_equal(server_pid(), pid);
}

static void
a_stale_pid_file_does_not_hinder_the_start(void **state)
{
	pid_t pid = server_pid();
	struct err err = ERR_INIT;

	(void)farm_kill(farm.dir, pid, SIGKILL);
	for (int i = 0; i < 200 && catalog_ping(farm.catalog, &err) == ERR_OK; i++)
		clock_pause_ms(20);
	catalog_close(farm.catalog);
	reopen();
	assert_int_not_equal(server_pid(), pid);
}

static void
stop_it(void *arg)
{
	managed_stop(arg);
}

static void
a_start_during_the_stop_of_another_waits_for_it(void **state)
{
	struct err err = ERR_INIT;
	char dir[100];
	struct managed_options o = { .state_dir = dir };
	struct managed *m = NULL;

	(void)snprintf(dir, sizeof(dir), "%s/overlap", farm.dir);
	MUST(managed_start(&o, &m, &err));
	for (unsigned i = 0; i < 6; i++) {
		struct thread stopper = { 0 };
		struct managed *next = NULL;

		MUST(thread_start(&stopper, "stop", stop_it, m, &err));
		clock_pause_ms(i * 15);
		MUST(managed_start(&o, &next, &err));
		thread_join(&stopper);
		m = next;
		/* The one that was stopped may have been ours for a moment; then it is replaced. */
		for (bool ready = false; !ready; clock_pause_ms(50)) {
			struct err why = ERR_INIT;

			ready = managed_ensure_database(m, &why) == ERR_OK;
		}
	}
	managed_stop(m);
}

static void
a_deep_state_directory_gets_a_short_socket(void **state)
{
	struct err err = ERR_INIT;
	char deep[200];
	struct managed_options o = { .state_dir = deep };
	OWNED(managed_stopp) struct managed *m = NULL;

	(void)snprintf(deep, sizeof(deep), "%s/%0100d", farm.dir, 7);
	MUST(managed_start(&o, &m, &err));
	assert_true(strlen(managed_socket_dir(m)) < 90);
	MUST(managed_ensure_database(m, &err));
	(void)rmdir(managed_socket_dir(m));
}

static void
a_closed_directory_above_is_named(void **state)
{
	struct err err = ERR_INIT;
	char closed[100], below[120];
	struct managed_options o = { .state_dir = below };
	struct managed *m = NULL;

	if (geteuid() != 0)
		return; /* then the server runs as ourselves */
	(void)snprintf(closed, sizeof(closed), "%s/closed", farm.dir);
	(void)snprintf(below, sizeof(below), "%s/state", closed);
	MUST(fd_make_dirs(closed, 0700, &err));
	assert_int_equal(chmod(closed, 0700), 0);
	assert_int_equal(managed_start(&o, &m, &err), ERR_CONFIG);
	assert_non_null(strstr(err.text, closed));
	assert_non_null(strstr(err.text, "chmod o+x"));
}

/* A database on the farm's server as an administrator would name it. */
static struct catalog_options
outside(const char *db_name)
{
	return (struct catalog_options){ .name = "outside",
					 .db_name = db_name,
					 .user = managed_user(farm.catalog->managed),
					 .socket = managed_socket_dir(farm.catalog->managed),
					 .work_dir = farm.dir,
					 .connect_seconds = 1 };
}

static void
create_makes_database_and_tables_and_check_likes_them(void **state)
{
	struct err err = ERR_INIT;
	struct catalog_options o = outside("Quoted name");
	OWNED(buf_release) struct buf lines = BUF_INIT(1u << 20);
	struct catalog *c = NULL;
	size_t problems;

	assert_int_equal(catalog_open(&o, &c, &err), ERR_CATALOG);
	MUST(cat_schema_create(&o, &lines, &err));
	MUST(cat_schema_create(&o, &lines, &err)); /* a second time does nothing */
	MUST(cat_schema_check(&o, &lines, &problems, &err));
	assert_int_equal(problems, 0);
	MUST(catalog_open(&o, &c, &err));
	catalog_close(c);
}

static void
refuse(const char *db_name, const char *text)
{
	struct err err = ERR_INIT;
	struct catalog_options o = outside(db_name);
	struct catalog *c = NULL;

	assert_int_equal(catalog_open(&o, &c, &err), ERR_CATALOG);
	if (strstr(err.text, text) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", text, err.text);
}

static void
run_in(const char *db_name, const char *sql)
{
	struct err err = ERR_INIT;
	struct catalog_options o = outside(db_name);
	struct pg_info info = { .host = (char *)(uintptr_t)o.socket,
				.port = (char[]){ MANAGED_PORT },
				.db_name = (char *)(uintptr_t)db_name,
				.user = (char *)(uintptr_t)o.user };
	OWNED(pg_closep) struct pg *pg = NULL;

	MUST(pg_open(&info, &pg, &err));
	MUST(pg_run_text(pg, sql, NULL, &err));
}

static void
wrong_databases_are_refused_with_the_reason(void **state)
{
	run_in("postgres", "CREATE DATABASE utf TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' "
			   "LC_CTYPE 'C'");
	refuse("utf", "Encoding error for database \"utf\". Wanted SQL_ASCII, got UTF8");
	run_in("postgres", "CREATE DATABASE old TEMPLATE template0 ENCODING 'SQL_ASCII'");
	refuse("old", "run tercet-catalog create");
	run_in("old", "CREATE TABLE version (versionid integer); CREATE TABLE job (jobid integer); "
		      "INSERT INTO version VALUES (2240)");
	refuse("old", "Version error for database \"old\". Wanted 2250, got 2240");
	refuse("none", "does not exist");
}

static void
a_bareos_catalog_is_taken_over_with_its_rows(void **state)
{
	struct err err = ERR_INIT;
	struct catalog_options o = outside("bareos");
	OWNED(buf_release) struct buf lines = BUF_INIT(1u << 20);
	OWNED(cat_attr_freep) struct cat_attr *a = NULL;
	struct cat_attr_options ao = { .job_id = 0 };
	struct wait w = wait_for(NULL, 1200, "test");
	struct cat_attr_count count;
	struct farm other = { .dir = "" };
	size_t problems;

	run_in("postgres", "CREATE DATABASE bareos TEMPLATE template0 ENCODING 'SQL_ASCII'");
	run_in("bareos", sql_step(0)->text);
	run_in("bareos",
	       "INSERT INTO job (job, name, type, level, jobstatus, clientid) SELECT 'j' || i, "
	       "'j', "
	       "'B', 'F', 'T', 0 FROM generate_series(1, 5) i; INSERT INTO path (path) VALUES "
	       "('/a/'); INSERT INTO file (fileindex, jobid, pathid, lstat, md5, name) SELECT i, "
	       "5, "
	       "1, 'A', '0', 'f' || i FROM generate_series(1, 1000) i");
	refuse("bareos", "run tercet-catalog upgrade");
	MUST(cat_schema_upgrade(&o, &lines, &err));
	MUST(cat_schema_upgrade(&o, &lines, &err));
	MUST(cat_schema_check(&o, &lines, &problems, &err));
	assert_int_equal(problems, 0);
	MUST(catalog_open(&o, &other.catalog, &err));
	assert_int_equal(farm_number(&other, "SELECT count(*) FROM file WHERE jobid = 5"), 1000);
	ao.job_id = farm_job(&other, "new", 'F', 1795000000, 0, 0);
	MUST(cat_attr_open(other.catalog, &ao, &a, &err));
	for (uint32_t i = 1; i <= 100; i++)
		farm_push_file(a, i, true);
	MUST(cat_attr_finish(a, &w, &count, &err));
	assert_int_equal(count.rows, 100);
	assert_int_equal(farm_number(&other, "SELECT count(DISTINCT fileid) FROM file"), 1100);
	assert_int_equal(farm_number(&other, "SELECT count(*) FROM file_p0"), 1000);
	cat_attr_freep(&a);
	a = NULL;
	catalog_close(other.catalog);
}

/* What the program made before it had the newest step. */
static void
a_catalog_of_an_older_tercet_gets_the_steps_it_lacks(void **state)
{
	struct err err = ERR_INIT;
	struct catalog_options o = outside("older");
	OWNED(buf_release) struct buf lines = BUF_INIT(1u << 20);
	struct farm other = { .dir = "" };
	size_t problems;

	for (int round = 0; round < 2; round++) {
		run_in("postgres", "DROP DATABASE IF EXISTS older");
		run_in("postgres", "CREATE DATABASE older TEMPLATE template0 ENCODING 'SQL_ASCII'");
		for (size_t i = 0; i < 3; i++)
			run_in("older", sql_step(i)->text);
		run_in("older", "INSERT INTO path (path) VALUES ('/a/')");
		if (round == 0)
			MUST(cat_schema_upgrade(&o, &lines, &err));
		MUST(catalog_open(&o, &other.catalog, &err));
		MUST(cat_schema_check(&o, &lines, &problems, &err));
		assert_int_equal(problems, 0);
		assert_int_equal(farm_number(&other, "SELECT count(*) FROM tercet_long_path"), 0);
		assert_int_equal(farm_number(&other, "SELECT count(*) FROM path"), 1);
		catalog_close(other.catalog);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_restart_keeps_the_rows),
		cmocka_unit_test(a_server_left_by_a_killed_director_is_taken_over),
		cmocka_unit_test(a_stale_pid_file_does_not_hinder_the_start),
		cmocka_unit_test(a_start_during_the_stop_of_another_waits_for_it),
		cmocka_unit_test(a_deep_state_directory_gets_a_short_socket),
		cmocka_unit_test(a_closed_directory_above_is_named),
		cmocka_unit_test(create_makes_database_and_tables_and_check_likes_them),
		cmocka_unit_test(wrong_databases_are_refused_with_the_reason),
		cmocka_unit_test(a_bareos_catalog_is_taken_over_with_its_rows),
		cmocka_unit_test(a_catalog_of_an_older_tercet_gets_the_steps_it_lacks),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
