/*
 * regress/catalog/resilience_test.c - lost connections, many writers, a server that dies
 *
 * A proxy in front of the server's socket loses what the test wants lost.
 *
 * labels: tsan
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fd.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/thread.h"
#include "lib/catalog/cat_client.h"
#include "lib/catalog/cat_fileset.h"
#include "lib/catalog/cat_log.h"
#include "lib/catalog/cat_media.h"
#include "lib/catalog/cat_pool.h"
#include "lib/catalog/cat_storage.h"
#include "lib/catalog/catalog_internal.h"
#include "regress/catalog/farm.h"

#define PAIRS_MAX 64

enum lose {
	LOSE_NOTHING,
	LOSE_COMMIT,        /* the COMMIT does not reach the server */
	LOSE_COMMIT_ANSWER, /* the answer to COMMIT does not reach us */
	LOSE_IN_COMMIT,     /* both ends are closed while the server commits */
	LOSE_ALL,           /* nothing passes, nothing is closed */
};

static struct {
	int listener;
	struct thread thread;
	atomic_int lose; /* enum lose; the three in the middle happen once */
	atomic_int lost; /* how often it happened */
	atomic_bool stop;
	struct {
		int client, server;
		bool close_on_answer;
	} pairs[PAIRS_MAX];
	size_t n;
} proxy;

static struct sockaddr_un
address(const char *dir)
{
	OWNED(freep) char *path = str_printf("%s/.s.PGSQL." MANAGED_PORT, dir);
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	assert_true(strlen(path) < sizeof(a.sun_path));
	memcpy(a.sun_path, path, strlen(path));
	return a;
}

static void
close_pair(size_t i)
{
	(void)close(proxy.pairs[i].client);
	(void)close(proxy.pairs[i].server);
	proxy.pairs[i] = proxy.pairs[--proxy.n];
}

static void
accept_pair(void)
{
	struct sockaddr_un a = address(managed_socket_dir(farm.catalog->managed));
	int client = accept4(proxy.listener, NULL, NULL, SOCK_CLOEXEC);
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (client < 0 || proxy.n == PAIRS_MAX ||
	    connect(server, (struct sockaddr *)&a, sizeof(a)) != 0) {
		(void)close(client);
		(void)close(server);
		return;
	}
	proxy.pairs[proxy.n].client = client;
	proxy.pairs[proxy.n].server = server;
	proxy.pairs[proxy.n++].close_on_answer = false;
}

static bool
lose_once(enum lose what)
{
	int expected = (int)what;

	if (!atomic_compare_exchange_strong(&proxy.lose, &expected, LOSE_NOTHING))
		return false;
	atomic_fetch_add(&proxy.lost, 1);
	return true;
}

/* False: the pair is to be closed. */
static bool
pass(size_t i, bool from_client)
{
	char piece[65536];
	int from = from_client ? proxy.pairs[i].client : proxy.pairs[i].server;
	int to = from_client ? proxy.pairs[i].server : proxy.pairs[i].client;
	ssize_t n = read(from, piece, sizeof(piece));
	struct err err = ERR_INIT;

	if (n <= 0 || (!from_client && proxy.pairs[i].close_on_answer))
		return false;
	/* A Bind message names the prepared statement. */
	if (from_client && piece[0] == 'B' && memmem(piece, (size_t)n, "tx_commit", 10) != NULL) {
		if (lose_once(LOSE_COMMIT))
			return false;
		proxy.pairs[i].close_on_answer = lose_once(LOSE_COMMIT_ANSWER);
		if (lose_once(LOSE_IN_COMMIT)) {
			MUST(fd_write_full(to, "proxy", piece, (size_t)n, &err));
			return false;
		}
	}
	return fd_write_full(to, "proxy", piece, (size_t)n, &err) == ERR_OK;
}

static void
proxy_run(void *arg)
{
	while (!atomic_load(&proxy.stop)) {
		struct pollfd p[1 + 2 * PAIRS_MAX] = { { proxy.listener, POLLIN, 0 } };

		if (atomic_load(&proxy.lose) == LOSE_ALL) {
			clock_pause_ms(10);
			continue;
		}
		for (size_t i = 0; i < proxy.n; i++) {
			p[1 + 2 * i] = (struct pollfd){ proxy.pairs[i].client, POLLIN, 0 };
			p[2 + 2 * i] = (struct pollfd){ proxy.pairs[i].server, POLLIN, 0 };
		}
		if (poll(p, (nfds_t)(1 + 2 * proxy.n), 20) <= 0)
			continue;
		/* From the end, because closing moves the last one. */
		for (size_t i = proxy.n; i-- > 0;)
			if ((p[1 + 2 * i].revents != 0 && !pass(i, true)) ||
			    (p[2 + 2 * i].revents != 0 && !pass(i, false)))
				close_pair(i);
		if (p[0].revents != 0)
			accept_pair();
	}
	while (proxy.n > 0)
		close_pair(0);
}

static void
proxy_dir(char *out, size_t cap)
{
	(void)snprintf(out, cap, "%s/proxy", farm.dir);
}

static int
set_up(void **state)
{
	struct err err = ERR_INIT;
	char dir[100];
	struct sockaddr_un a;

	farm_open(&farm);
	proxy_dir(dir, sizeof(dir));
	MUST(fd_make_dirs(dir, 0755, &err));
	a = address(dir);
	proxy.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(proxy.listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(proxy.listener, 64), 0);
	MUST(thread_start(&proxy.thread, "proxy", proxy_run, NULL, &err));
	return 0;
}

static int
tear_down(void **state)
{
	atomic_store(&proxy.stop, true);
	thread_join(&proxy.thread);
	(void)close(proxy.listener);
	farm_close(&farm);
	return 0;
}

static struct catalog *
through_proxy(void)
{
	struct err err = ERR_INIT;
	char dir[100];
	struct catalog_options o = { .name = "proxied",
				     .db_name = MANAGED_DB,
				     .user = managed_user(farm.catalog->managed),
				     .socket = dir,
				     .work_dir = farm.dir,
				     .reconnect = true };
	struct catalog *c = NULL;

	proxy_dir(dir, sizeof(dir));
	MUST(catalog_open(&o, &c, &err));
	return c;
}

static void
insert_while_losing(enum lose what)
{
	OWNED(catalog_closep) struct catalog *c = through_proxy();
	struct err err = ERR_INIT;
	struct cat_job job = {
		.type = 'B', .level = 'F', .name = "lost", .sched_time = 1795000000
	};
	int before = atomic_load(&proxy.lost);
	OWNED(freep)
	char *id_sql = str_printf("SELECT jobid FROM job WHERE job = 'lost.%d'", (int)what);
	OWNED(freep)
	char *count_sql = str_printf("SELECT count(*) FROM job WHERE job = 'lost.%d'", (int)what);

	(void)snprintf(job.job, sizeof(job.job), "lost.%d", (int)what);
	atomic_store(&proxy.lose, (int)what);
	MUST(cat_job_insert(c, &job, NULL, &job.job_id, &err));
	assert_int_equal(atomic_load(&proxy.lost), before + 1);
	assert_int_equal(farm_number(&farm, id_sql), job.job_id);
	assert_int_equal(farm_number(&farm, count_sql), 1);
}

static void
a_commit_that_is_lost_is_done_again(void **state)
{
	insert_while_losing(LOSE_COMMIT);
}

static void
a_commit_whose_answer_is_lost_is_not_done_again(void **state)
{
	insert_while_losing(LOSE_COMMIT_ANSWER);
}

/* What a transaction says it says once, also when it ran twice. */
static void
a_volume_update_done_again_speaks_once(void **state)
{
	OWNED(catalog_closep) struct catalog *c = through_proxy();
	OWNED(buf_release) struct buf notes = BUF_INIT(1u << 16);
	struct err err = ERR_INIT;
	struct cat_pool pool = { .name = "again", .type = "Backup" };
	struct cat_media m = { .name = "again-1", .media_type = "File", .status = "Append" };
	struct cat_media_update u = { .name = "again-1",
				      .status = "Append",
				      .vol_files = 5,
				      .vol_bytes = 500,
				      .job_start = 1795000000 };
	const char *first;
	bool flag;

	MUST(cat_pool_sync(c, &pool, &err));
	m.pool_id = pool.pool_id;
	MUST(cat_media_create(c, &m, &flag, &err));
	MUST(cat_media_update(c, &u, &m, &flag, &notes, &err));
	assert_int_equal(notes.len, 0);
	u.vol_files = 4;
	atomic_store(&proxy.lose, LOSE_COMMIT);
	MUST(cat_media_update(c, &u, &m, &flag, &notes, &err));
	first = strstr(buf_str(&notes), "Ignoring Volume Files");
	assert_non_null(first);
	assert_null(strstr(first + 1, "Ignoring Volume Files"));
}

static void
job_messages_are_stored_once(void **state)
{
	OWNED(catalog_closep) struct catalog *c = through_proxy();
	struct err err = ERR_INIT;

	for (int i = 0; i < 6; i++) {
		char text[40];

		(void)snprintf(text, sizeof(text), "line %d", i);
		cat_log_add(c, 777, 1795000000, bytes_str(text));
		atomic_store(&proxy.lose, i % 3);
		while (cat_log_flush(c, &err) != ERR_OK)
			;
	}
	assert_int_equal(farm_number(&farm, "SELECT count(*) FROM log WHERE jobid = 777"), 6);
	assert_int_equal(
		farm_number(&farm, "SELECT count(DISTINCT logtext) FROM log WHERE jobid = 777"), 6);
}

static void
an_end_that_could_not_wait_is_stored_when_the_server_is_back(void **state)
{
	OWNED(catalog_closep) struct catalog *c = through_proxy();
	int64_t until = clock_mono_ms() + 60000;
	uint32_t id = farm_job(&farm, "owed", 'F', 1795000000, 1, 1);
	struct err err = ERR_INIT;
	struct cat_job job;
	bool found;

	MUST(cat_job_get(farm.catalog, id, &job, &found, &err));
	job.status = 'f';
	job.end_time = 1795000100;
	atomic_store(&proxy.lose, LOSE_ALL);
	cat_job_end_later(c, &job);
	clock_pause_ms(1500); /* its first try hangs by now */
	atomic_store(&proxy.lose, LOSE_NOTHING);
	do {
		clock_pause_ms(50);
		MUST(cat_job_get(farm.catalog, id, &job, &found, &err));
	} while (job.status != 'f' && clock_mono_ms() < until);
	assert_int_equal(job.status, 'f');
	assert_int_equal(job.end_time, 1795000100);
}

/* A row that is gone holds up nobody, and one that still waits at the end nothing. */
static void
an_end_without_a_row_is_forgotten(void **state)
{
	struct cat_job gone = { .job_id = 999999, .status = 'f', .level = 'F' };
	OWNED(catalog_closep) struct catalog *c = through_proxy();
	int64_t until = clock_mono_ms() + 60000;
	uint32_t id = farm_job(&farm, "behind", 'F', 1795000000, 1, 1);
	struct err err = ERR_INIT;
	struct cat_job job;
	bool found;

	MUST(cat_job_get(farm.catalog, id, &job, &found, &err));
	job.status = 'f';
	cat_job_end_later(c, &job);
	cat_job_end_later(c, &gone);
	do {
		clock_pause_ms(50);
		MUST(cat_job_get(farm.catalog, id, &job, &found, &err));
	} while (job.status != 'f' && clock_mono_ms() < until);
	assert_int_equal(job.status, 'f');
	atomic_store(&proxy.lose, LOSE_ALL);
	cat_job_end_later(c, &job);
	clock_pause_ms(1500); /* its try hangs by now */
	catalog_close(TAKE_PTR(c));
	atomic_store(&proxy.lose, LOSE_NOTHING);
}

static void
attributes_are_stored_once(void **state)
{
	enum { N = 60000 };
	OWNED(catalog_closep) struct catalog *c = through_proxy();
	struct err err = ERR_INIT;
	uint32_t id = farm_job(&farm, "once", 'F', 1795000000, 1, 1);
	struct cat_attr_options o = { .job_id = id };
	struct wait w = wait_for(NULL, 1200, "test");
	struct cat_attr_count count;
	OWNED(cat_attr_freep) struct cat_attr *a = NULL;

	MUST(cat_attr_open(c, &o, &a, &err));
	for (uint32_t i = 1; i <= N; i++) {
		if (i % 20000 == 0)
			atomic_store(&proxy.lose, i == 20000 ? LOSE_COMMIT : LOSE_COMMIT_ANSWER);
		farm_push_file(a, i, true);
	}
	MUST(cat_attr_finish(a, &w, &count, &err));
	atomic_store(&proxy.lose, LOSE_NOTHING);
	assert_int_equal(count.rows, N);
	assert_int_equal(farm_number(&farm,
				     "SELECT count(*) - count(DISTINCT fileindex) FROM file WHERE "
				     "jobid = (SELECT max(jobid) FROM job)"),
			 0);
}

/* The loader is back before the server has ended the transaction it was cut off from. */
static void
a_commit_that_outlives_its_connection_is_not_done_again(void **state)
{
	enum { N = 5000 };
	OWNED(catalog_closep) struct catalog *c = through_proxy();
	struct err err = ERR_INIT;
	uint32_t id = farm_job(&farm, "slow", 'F', 1795000000, 1, 1);
	struct cat_attr_options o = { .job_id = id };
	struct wait w = wait_for(NULL, 1200, "test");
	struct cat_attr_count count;
	int before = atomic_load(&proxy.lost);
	OWNED(cat_attr_freep) struct cat_attr *a = NULL;

	(void)farm_number(&farm, "CREATE SEQUENCE slow_once START 100; "
				 "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ "
				 "BEGIN IF nextval('slow_once') = 1 THEN PERFORM pg_sleep(3); END "
				 "IF; RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER slow AFTER "
				 "UPDATE ON tercet_ingest DEFERRABLE INITIALLY DEFERRED FOR EACH "
				 "ROW EXECUTE FUNCTION slow(); SELECT 1");
	MUST(cat_attr_open(c, &o, &a, &err));
	/* The directories are known after the first round: the next COMMIT is of the rows. */
	for (uint32_t i = 1; i <= 2 * N; i++) {
		farm_push_file(a, (i - 1) % N + 1, true);
		if (i == N) {
			MUST(cat_attr_flush(a, &err));
			(void)farm_number(&farm, "SELECT setval('slow_once', 1, false)");
			atomic_store(&proxy.lose, LOSE_IN_COMMIT);
		}
	}
	MUST(cat_attr_finish(a, &w, &count, &err));
	(void)farm_number(&farm, "DROP TRIGGER slow ON tercet_ingest; DROP FUNCTION "
				 "slow(); DROP SEQUENCE slow_once; SELECT 1");
	assert_int_equal(atomic_load(&proxy.lost), before + 1);
	assert_int_equal(count.rows, 2 * N);
	assert_int_equal(farm_number(&farm, "SELECT count(*) FROM file WHERE jobid = (SELECT "
					    "max(jobid) FROM job)"),
			 2 * N);
}

static void
a_loader_that_waits_for_the_server_sees_the_end(void **state)
{
	OWNED(catalog_closep) struct catalog *c = through_proxy();
	struct err err = ERR_INIT;
	uint32_t id = farm_job(&farm, "stuck", 'F', 1795000000, 1, 1);
	struct cat_attr_options o = { .job_id = id };
	OWNED(cat_attr_freep) struct cat_attr *a = NULL;
	struct cat_attr_count seen = { 0 };
	uint32_t i = 0;

	MUST(cat_attr_open(c, &o, &a, &err));
	while (seen.rows == 0) {
		farm_push_file(a, ++i, false);
		cat_attr_progress(a, &seen);
	}
	atomic_store(&proxy.lose, LOSE_ALL);
	for (uint32_t end = i + 30000; i < end;)
		farm_push_file(a, ++i, false);
	clock_pause_ms(300); /* it hangs in the middle of something by now */
	cat_attr_freep(&a);  /* without the server: comes back */
	a = NULL;
	atomic_store(&proxy.lose, LOSE_NOTHING);
}

/* --- many at once -------------------------------------------------------------------------- */

#define WRITERS 10

struct writer {
	struct thread thread;
	unsigned round;
	uint32_t job_id;
	uint64_t rows;
	uint32_t ids[4];
};

static void
ensure_all(void *arg)
{
	struct writer *wr = arg;
	struct err err = ERR_INIT;
	char name[40];
	struct cat_client client = { .name = name };
	struct cat_fileset fs = { .name = name, .md5 = "m", .text = "t" };
	struct cat_pool pool = { .type = "Backup" };

	thread_set_job(1);
	(void)snprintf(name, sizeof(name), "first-%u", wr->round);
	(void)snprintf(pool.name, sizeof(pool.name), "%s", name);
	MUST(cat_client_ensure(farm.catalog, &client, &err));
	MUST(cat_fileset_ensure(farm.catalog, &fs, &err));
	MUST(cat_pool_sync(farm.catalog, &pool, &err));
	MUST(cat_storage_ensure(farm.catalog, name, false, &wr->ids[3], &err));
	MUST(cat_media_type_ensure(farm.catalog, name, &err));
	wr->ids[0] = client.client_id;
	wr->ids[1] = fs.file_set_id;
	wr->ids[2] = pool.pool_id;
}

static void
the_first_row_of_a_name_is_made_once(void **state)
{
	struct err err = ERR_INIT;

	for (unsigned round = 0; round < 10; round++) {
		struct writer w[WRITERS] = { 0 };

		for (size_t i = 0; i < WRITERS; i++) {
			w[i].round = round;
			MUST(thread_start(&w[i].thread, "ensure", ensure_all, &w[i], &err));
		}
		for (size_t i = 0; i < WRITERS; i++)
			thread_join(&w[i].thread);
		for (size_t i = 1; i < WRITERS; i++)
			assert_memory_equal(w[i].ids, w[0].ids, sizeof(w[0].ids));
	}
	assert_int_equal(farm_number(&farm, "SELECT count(*) FROM client WHERE name ~ '^first'"),
			 10);
	assert_int_equal(farm_number(&farm, "SELECT count(*) FROM pool WHERE name ~ '^first'"), 10);
	assert_int_equal(farm_number(&farm, "SELECT count(*) FROM storage WHERE name ~ '^first'"),
			 10);
	assert_int_equal(farm_number(&farm,
				     "SELECT count(*) FROM mediatype WHERE mediatype ~ '^first'"),
			 10);
	assert_int_equal(
		farm_number(&farm, "SELECT count(*) FROM fileset WHERE fileset ~ '^first'"), 10);
}

static void
ingest(void *arg)
{
	enum { N = 20000 };
	struct writer *wr = arg;
	struct err err = ERR_INIT;
	struct cat_attr_options o = { .job_id = wr->job_id };
	struct wait w = wait_for(NULL, 1200, "test");
	struct cat_attr_count count;
	OWNED(cat_attr_freep) struct cat_attr *a = NULL;

	thread_set_job(wr->job_id);
	MUST(cat_attr_open(farm.catalog, &o, &a, &err));
	/* Directories that nobody has seen, the same for all. */
	for (uint32_t i = 1; i <= N; i++)
		farm_push_file(a, 700000 + i, true);
	MUST(cat_attr_finish(a, &w, &count, &err));
	wr->rows = count.rows;
}

static void
ten_jobs_load_at_the_same_time(void **state)
{
	struct err err = ERR_INIT;
	struct writer w[WRITERS] = { 0 };

	for (size_t i = 0; i < WRITERS; i++)
		w[i].job_id = farm_job(&farm, "many", 'F', 1795000000, 1, 1);
	for (size_t i = 0; i < WRITERS; i++)
		MUST(thread_start(&w[i].thread, "ingest", ingest, &w[i], &err));
	for (size_t i = 0; i < WRITERS; i++)
		thread_join(&w[i].thread);
	for (size_t i = 0; i < WRITERS; i++)
		assert_int_equal(w[i].rows, 20000);
	assert_int_equal(farm_number(&farm, "SELECT count(*) - count(DISTINCT path) FROM path"), 0);
	assert_int_equal(farm_number(&farm,
				     "SELECT count(*) FROM path p LEFT JOIN pathhierarchy h "
				     "USING (pathid) WHERE p.path <> '' AND h.pathid IS NULL"),
			 0);
	assert_int_equal(farm_number(&farm,
				     "SELECT count(*) FROM pathhierarchy h JOIN path p USING "
				     "(pathid) JOIN path q ON q.pathid = h.ppathid WHERE "
				     "q.path <> tercet_parent_path(p.path)"),
			 0);
	assert_int_equal(farm_number(&farm, "SELECT count(*) - count(DISTINCT fileid) FROM file"),
			 0);
	assert_int_equal(farm_number(&farm,
				     "SELECT count(DISTINCT n) FROM (SELECT count(*) AS n FROM "
				     "pathvisibility v JOIN job j USING (jobid) WHERE j.name = "
				     "'many' GROUP BY jobid) x"),
			 1);
}

/* --- a server that dies ---------------------------------------------------------------------- */

static pid_t
postmaster(void)
{
	return (pid_t)farm_number(
		&farm, "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int");
}

static void
a_killed_postmaster_is_started_again_and_the_job_goes_on(void **state)
{
	enum { N = 60000 };
	struct err err = ERR_INIT;
	uint32_t id = farm_job(&farm, "killed", 'F', 1795000000, 1, 1);
	struct cat_attr_options o = { .job_id = id };
	struct wait w = wait_for(NULL, 1200, "test");
	struct cat_attr_count count;
	OWNED(cat_attr_freep) struct cat_attr *a = NULL;
	pid_t pid = postmaster();

	MUST(cat_attr_open(farm.catalog, &o, &a, &err));
	for (uint32_t i = 1; i <= N; i++) {
		farm_push_file(a, i, true);
		if (i == N / 2)
			assert_true(farm_kill(farm.dir, pid, SIGKILL));
	}
	MUST(cat_attr_finish(a, &w, &count, &err));
	assert_int_equal(count.rows, N);
	assert_int_not_equal(postmaster(), pid);
	farm_end_job(&farm, id, 'T', N);
	/* It was reaped, not left a zombie. */
	assert_int_equal(kill(pid, 0), -1);
}

static void
a_full_disk_under_the_spool_file_is_named(void **state)
{
	OWNED(catalog_closep) struct catalog *c = through_proxy();
	struct err err = ERR_INIT;
	uint32_t id = farm_job(&farm, "full", 'F', 1795000000, 1, 1);
	struct cat_attr_options o = { .job_id = id };
	struct wait w = wait_for(NULL, 1200, "test");
	struct cat_attr_count count;
	OWNED(cat_attr_freep) struct cat_attr *a = NULL;
	OWNED(freep) char *spool = str_printf("%s/proxied.attributes.%u.spool", farm.dir, id);
	char dir[100], away[120];

	assert_int_equal(symlink("/dev/full", spool), 0);
	proxy_dir(dir, sizeof(dir));
	(void)snprintf(away, sizeof(away), "%s.away", dir);
	assert_int_equal(rename(dir, away), 0); /* no server to be found */
	atomic_store(&proxy.lose, LOSE_NOTHING);
	MUST(cat_attr_open(c, &o, &a, &err));
	farm_push_file(a, 1, true);
	assert_int_equal(cat_attr_flush(a, &err), ERR_SYS);
	assert_non_null(strstr(err.text, "No space left on device"));
	assert_non_null(strstr(err.text, "the catalog is away"));
	assert_non_null(strstr(err.text, spool));
	assert_int_equal(cat_attr_finish(a, &w, &count, &err), ERR_SYS);
	assert_int_equal(rename(away, dir), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_commit_that_is_lost_is_done_again),
		cmocka_unit_test(a_commit_whose_answer_is_lost_is_not_done_again),
		cmocka_unit_test(a_volume_update_done_again_speaks_once),
		cmocka_unit_test(job_messages_are_stored_once),
		cmocka_unit_test(an_end_that_could_not_wait_is_stored_when_the_server_is_back),
		cmocka_unit_test(an_end_without_a_row_is_forgotten),
		cmocka_unit_test(attributes_are_stored_once),
		cmocka_unit_test(a_commit_that_outlives_its_connection_is_not_done_again),
		cmocka_unit_test(a_loader_that_waits_for_the_server_sees_the_end),
		cmocka_unit_test(the_first_row_of_a_name_is_made_once),
		cmocka_unit_test(ten_jobs_load_at_the_same_time),
		cmocka_unit_test(a_full_disk_under_the_spool_file_is_named),
		cmocka_unit_test(a_killed_postmaster_is_started_again_and_the_job_goes_on),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
