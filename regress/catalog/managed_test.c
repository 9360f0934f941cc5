/* regress/catalog/managed_test.c - the private cluster, and databases of other makers */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fd.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/proc.h"
#include "lib/base/thread.h"
#include "lib/catalog/cat_attr.h"
#include "lib/catalog/cat_query.h"
#include "lib/catalog/cat_schema.h"
#include "lib/catalog/catalog_internal.h"
#include "lib/catalog/managed_internal.h"
#include "regress/catalog/farm.h"

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

/* ---- what the server's account may have put where root works ---- */

struct trap {
	char dir[100], catalog[120], victim[120];
	struct stat was;
};

/* A cluster that was made and stopped, and something of root's beside it. */
static void
trap_set(struct trap *t, const char *name, bool directory)
{
	struct err err = ERR_INIT;
	struct managed_options o = { .state_dir = t->dir };
	struct managed *m = NULL;

	(void)snprintf(t->dir, sizeof(t->dir), "%s/%s", farm.dir, name);
	(void)snprintf(t->catalog, sizeof(t->catalog), "%s/catalog", t->dir);
	(void)snprintf(t->victim, sizeof(t->victim), "%s/of-root", t->dir);
	MUST(managed_start(&o, &m, &err));
	managed_stop(m);
	if (directory)
		MUST(fd_make_dirs(t->victim, 0751, &err));
	else
		MUST(fd_replace_file(t->victim, bytes_str("secret"), 0640, &err));
	assert_int_equal(stat(t->victim, &t->was), 0);
}

/* The account replaces one of its files by a link to the victim. */
static void
trap_link(const struct trap *t, const char *where, bool hard)
{
	OWNED(freep) char *path = str_printf("%s/%s", t->catalog, where);
	OWNED(freep) char *aside = str_printf("%s/aside", t->dir);

	(void)rename(path, aside);
	assert_int_equal(hard ? link(t->victim, path) : symlink(t->victim, path), 0);
	(void)stat(t->victim, (struct stat *)(uintptr_t)&t->was);
}

static void
trap_check(const struct trap *t, const char *what)
{
	OWNED(buf_release) struct buf text = BUF_INIT(4096);
	struct err ignored = ERR_INIT;
	struct stat st;

	assert_int_equal(stat(t->victim, &st), 0);
	if (st.st_uid != t->was.st_uid || st.st_gid != t->was.st_gid ||
	    st.st_mode != t->was.st_mode)
		fail_msg("%s: it belongs to %u now, mode %o", what, (unsigned)st.st_uid,
			 (unsigned)st.st_mode);
	if (S_ISREG(st.st_mode) && fd_read_file(t->victim, &text, &ignored) == ERR_OK)
		assert_string_equal(buf_str(&text), "secret");
}

static void
root_follows_no_link_of_the_account(void **state)
{
	static const struct {
		const char *name, *where;
		bool directory, hard, starts;
	} rows[] = {
		{ "t-lock", "lock", false, false, false },
		{ "t-lock-hard", "lock", false, true, false },
		{ "t-log", "log", true, false, false },
		{ "t-socket", "socket", true, false, false },
		{ "t-ident", "data/pg_ident.conf.new", false, false, true },
		{ "t-ident-old", "data/pg_ident.conf", false, false, true },
		{ "t-data", "data", true, false, false },
	};

	if (geteuid() != 0)
		return; /* then nobody else is trusted with a file of ours */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_INIT;
		struct trap t;
		struct managed_options o = { .state_dir = t.dir };
		OWNED(managed_stopp) struct managed *m = NULL;
		enum err_code code;

		trap_set(&t, rows[i].name, rows[i].directory);
		if (strcmp(rows[i].where, "data/pg_ident.conf.new") == 0) {
			/* so that it is written anew */
			OWNED(freep) char *old = str_printf("%s/data/pg_ident.conf", t.catalog);

			assert_int_equal(truncate(old, 0), 0);
		}
		trap_link(&t, rows[i].where, rows[i].hard);
		code = managed_start(&o, &m, &err);
		trap_check(&t, rows[i].name);
		if ((code == ERR_OK) != rows[i].starts)
			fail_msg("%s: %s", rows[i].name, err.text);
		if (code != ERR_OK && strstr(err.text, t.catalog) == NULL)
			fail_msg("%s: it is not named: %s", rows[i].name, err.text);
	}
}

static void
what_is_not_the_server_lives_on(void **state)
{
	struct err err = ERR_INIT;
	char dir[100];
	OWNED(freep) char *data = str_printf("%s/guest/catalog/data", farm.dir);
	OWNED(freep) char *pid_file = str_printf("%s/postmaster.pid", data);
	char *const argv[] = { (char[]){ "env" },   (char[]){ "-C" },  data,
			       (char[]){ "sleep" }, (char[]){ "300" }, NULL };
	struct proc_spec spec = { .argv = argv };
	OWNED(proc_release) struct proc shell = PROC_INIT;
	struct managed_options o = { .state_dir = dir };
	OWNED(buf_release) struct buf text = BUF_INIT(64);
	struct managed *m = NULL;
	int64_t start;

	(void)snprintf(dir, sizeof(dir), "%s/guest", farm.dir);
	MUST(managed_start(&o, &m, &err));
	managed_stop(m);
	m = NULL;
	MUST(proc_start(&spec, &shell, &err));
	/* Even one whose number is in the file that a killed server left. */
	buf_text(&text, "%d\n", (int)shell.pid);
	MUST(fd_replace_file(pid_file, buf_bytes(&text), 0600, &err));
	start = clock_mono_ms();
	MUST(managed_start(&o, &m, &err));
	assert_true(clock_mono_ms() - start < 9000);
	MUST(managed_ensure_database(m, &err));
	managed_stop(m);
	assert_int_equal(waitpid(shell.pid, NULL, WNOHANG), 0);
}

static void
the_programs_are_those_of_the_version_that_made_the_cluster(void **state)
{
	static const char *const files[] = { "15/bin/initdb", "15/bin/postgres", "99/bin/initdb",
					     "99/bin/postgres", "9.6/bin/initdb" };
	static const struct {
		const char *version, *dir; /* NULL: none */
	} rows[] = {
		{ NULL, "99" }, { "15", "15" }, { "99", "99" }, { "9.6", "9.6" }, { "9", NULL }
	};
	OWNED(freep) char *root = str_printf("%s/programs", farm.dir);

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct err err = ERR_INIT;
		OWNED(freep) char *path = str_printf("%s/%s", root, files[i]);
		OWNED(freep) char *dir = str_ndup(path, (size_t)(strrchr(path, '/') - path));

		MUST(fd_make_dirs(dir, 0755, &err));
		MUST(fd_replace_file(path, bytes_str(""), 0755, &err));
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		OWNED(freep) char *found = managed_bin_dir(root, rows[i].version);
		OWNED(freep)
		char *want = rows[i].dir == NULL ? NULL
						 : str_printf("%s/%s/bin", root, rows[i].dir);

		if (want == NULL)
			assert_null(found);
		else
			assert_string_equal(found, want);
	}
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
		assert_int_equal(farm_number(&other, "SELECT count(*) FROM tercet_lost_base"), 0);
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
		cmocka_unit_test(root_follows_no_link_of_the_account),
		cmocka_unit_test(what_is_not_the_server_lives_on),
		cmocka_unit_test(the_programs_are_those_of_the_version_that_made_the_cluster),
		cmocka_unit_test(create_makes_database_and_tables_and_check_likes_them),
		cmocka_unit_test(wrong_databases_are_refused_with_the_reason),
		cmocka_unit_test(a_bareos_catalog_is_taken_over_with_its_rows),
		cmocka_unit_test(a_catalog_of_an_older_tercet_gets_the_steps_it_lacks),
	};

	return cmocka_run_group_tests(tests, farm_set_up, farm_tear_down);
}
