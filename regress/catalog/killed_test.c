/*
 * regress/catalog/killed_test.c - the server dies while a job's attributes are loaded
 *
 * Seeded: where the kill falls, who is killed, how often.  No row may be lost, none doubled.
 * TERCET_SEED and TERCET_CASES choose others and more; a failure names its seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/thread.h"
#include "lib/catalog/catalog_internal.h"
#include "regress/catalog/farm.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
size_t __sanitizer_get_current_allocated_bytes(void); /* gcc 12 has no header for it */
#endif

#define CASES_DEFAULT 24u
#define SEED_DEFAULT  1u
#define KILLS_MAX     3u
#define AWAIT_MS      60000 /* for a victim that must come, since rows do */
#define MIB           (1024u * 1024u)

static uint32_t
number_from(const char *variable, uint32_t otherwise)
{
	const char *v = getenv(variable);

	return v != NULL ? (uint32_t)strtoul(v, NULL, 10) : otherwise;
}

/* splitmix64: the same everywhere. */
static uint32_t
next_random(uint64_t *s, uint32_t below)
{
	uint64_t z = (*s += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) % below);
}

/* ---- who is killed ---- */

enum victim {
	THE_COPY,       /* -9 to the backend that loads: the server restarts all */
	THE_COPY_ENDED, /* an administrator ends that session */
	THE_PATHS,      /* -9 to the other session of the loader, or to any */
	THE_POSTMASTER,
	N_VICTIMS
};

static const char *const victim_names[N_VICTIMS] = {
	"the backend in COPY",
	"the session in COPY, ended politely",
	"another backend",
	"the postmaster",
};

static const char find_copy[] = "SELECT coalesce((SELECT max(pid) FROM pg_stat_activity WHERE "
				"state = 'active' AND query LIKE 'COPY%' AND pid <> "
				"pg_backend_pid()), 0)";
static const char find_other[] =
	"SELECT coalesce((SELECT max(pid) FROM pg_stat_activity WHERE application_name = 'tercet' "
	"AND query NOT LIKE 'COPY%' AND pid <> pg_backend_pid()), 0)";
static const char find_postmaster[] =
	"SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int";

/* Its process; -1: nobody answers just now. */
static pid_t
find(const char *sql)
{
	struct err err = ERR_INIT;
	OWNED(pg_closep) struct pg *pg = NULL;
	OWNED(pg_clearp) PGresult *r = NULL;

	if (pg_open(&farm.catalog->info, &pg, &err) != ERR_OK ||
	    pg_run_text(pg, sql, &r, &err) != ERR_OK)
		return -1;
	return (pid_t)cell_i64(r, 0, 0);
}

static bool
kill_victim(enum victim v)
{
	static const char *const statements[N_VICTIMS] = { find_copy, find_copy, find_other,
							   find_postmaster };
	pid_t pid = find(statements[v]);

	return pid > 0 && farm_kill(farm.dir, pid, v == THE_COPY_ENDED ? SIGTERM : SIGKILL);
}

/* ---- one case ---- */

struct plan {
	uint32_t seed, rows, first; /* FileIndex of the first */
	size_t n_kills;
	struct {
		uint32_t at;       /* rows pushed */
		uint32_t after_us; /* then wait, so that it falls into any step */
		enum victim victim;
	} kills[KILLS_MAX];
};

struct killer {
	struct plan plan;
	struct thread thread;
	atomic_uint pushed, tried;
	atomic_bool stop;
	unsigned done[N_VICTIMS];
};

static void
make_plan(uint32_t seed, struct plan *p)
{
	uint64_t s = seed * 7919ull;

	*p = (struct plan){ .seed = seed,
			    .rows = 15000 + next_random(&s, 45000),
			    .first = 1 + next_random(&s, 1000000) };
	p->n_kills = 1 + next_random(&s, KILLS_MAX);
	for (size_t i = 0; i < p->n_kills; i++) {
		p->kills[i].at = next_random(&s, p->rows + p->rows / 8); /* beyond: at the end */
		p->kills[i].after_us = next_random(&s, 60000);
		/* Dear: the keeper waits longer from death to death. */
		p->kills[i].victim = (enum victim)next_random(&s, THE_POSTMASTER);
	}
	if (seed % 4 == 0)
		p->kills[0].victim = THE_POSTMASTER;
}

/* Rows are pushed until it has happened, more than planned if need be.  What comes later falls
 * where it falls, also into the end or behind it. */
static bool
first_is_sure(const struct plan *p)
{
	return p->kills[0].at < p->rows;
}

/* Nobody in COPY just now, or nobody answers: another moment. */
static bool
kill_when_there(const struct killer *k, enum victim v)
{
	int64_t until = clock_mono_ms() + AWAIT_MS;

	while (!atomic_load(&k->stop) && clock_mono_ms() < until) {
		if (kill_victim(v))
			return true;
		clock_pause_ms(5);
	}
	return false;
}

static void
kill_all(void *arg)
{
	struct killer *k = arg;

	for (size_t i = 0; i < k->plan.n_kills && !atomic_load(&k->stop); i++) {
		enum victim v = k->plan.kills[i].victim;
		uint32_t at = k->plan.kills[i].at;

		while (!atomic_load(&k->stop) &&
		       atomic_load(&k->pushed) < (at < k->plan.rows ? at : k->plan.rows))
			clock_pause_ms(1);
		(void)usleep(k->plan.kills[i].after_us);
		k->done[v] += kill_when_there(k, v);
		atomic_fetch_add(&k->tried, 1);
	}
}

static int64_t
number_of_job(const char *sql, uint32_t job_id)
{
	OWNED(freep) char *text = str_printf("%s%u", sql, job_id);

	return farm_number(&farm, text);
}

/* In SQL: what is there, compared with what farm_push_file gave. */
static const struct {
	const char *what, *sql;
	bool rows; /* must be the number of rows; else 0 */
} checks[] = {
	{ "rows", "SELECT count(*) FROM file WHERE jobid = ", true },
	{ "file indexes", "SELECT count(DISTINCT fileindex) FROM file WHERE jobid = ", true },
	{ "file ids", "SELECT count(DISTINCT fileid) FROM file WHERE jobid = ", true },
	{ "rows with their own name and directory",
	  "SELECT count(*) FROM file JOIN path USING (pathid) WHERE path = "
	  "'/data/some/long/enough/directory/d' || lpad((fileindex / 16)::text, 5, '0') || '/' AND "
	  "name = 'file-' || lpad(fileindex::text, 6, '0') || '.dat' AND jobid = ",
	  true },
	{ "file ids outside their ranges",
	  "SELECT count(*) FROM file f WHERE NOT EXISTS (SELECT 1 FROM tercet_file_range r WHERE "
	  "f.fileid BETWEEN r.firstfileid AND r.lastfileid AND r.jobid = f.jobid) AND jobid = ",
	  false },
	{ "files in the directory cache",
	  "SELECT sum(files) FROM pathvisibility WHERE jobid = ", true },
	{ "directories without their parent",
	  "SELECT count(*) FROM file f LEFT JOIN pathhierarchy h USING (pathid) WHERE h.pathid IS "
	  "NULL AND jobid = ",
	  false },
};

static void
judge(uint32_t seed, uint32_t rows, uint32_t job_id, const struct cat_attr_count *count)
{
	if (count->rows != rows)
		fail_msg("seed %u: the loader counts %llu of %u rows", seed,
			 (unsigned long long)count->rows, rows);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		int64_t n = number_of_job(checks[i].sql, job_id);

		if (n != (checks[i].rows ? rows : 0))
			fail_msg("seed %u: %lld %s of %u rows", seed, (long long)n, checks[i].what,
				 rows);
	}
}

/* The planned rows; then few, slowly: somebody is in COPY until the first is killed.  Returns how
 * many. */
static uint32_t
push_rows(struct cat_attr *a, struct killer *k)
{
	uint32_t n;

	for (n = 0; n < k->plan.rows || (first_is_sure(&k->plan) && atomic_load(&k->tried) == 0);
	     n++) {
		if (n >= k->plan.rows && n % 16 == 0)
			clock_pause_ms(1);
		farm_push_file(a, k->plan.first + n, n % 2 == 0);
		atomic_store(&k->pushed, n + 1);
	}
	return n;
}

/* Adds to killed[] how often whom. */
static void
run_case(uint32_t seed, unsigned killed[N_VICTIMS])
{
	struct err err = ERR_INIT;
	struct killer k = { 0 };
	struct cat_attr_options o = { 0 };
	struct wait w = wait_for(NULL, 300, "test");
	struct cat_attr_count count;
	uint32_t pushed;
	OWNED(cat_attr_freep) struct cat_attr *a = NULL;

	make_plan(seed, &k.plan);
	o.job_id = farm_job(&farm, "killed", 'F', 1795000000, 1, 1);
	MUST(cat_attr_open(farm.catalog, &o, &a, &err));
	MUST(thread_start(&k.thread, "killer", kill_all, &k, &err));
	pushed = push_rows(a, &k);
	if (cat_attr_finish(a, &w, &count, &err) != ERR_OK)
		fail_msg("seed %u: %s", seed, err.text);
	atomic_store(&k.stop, true);
	thread_join(&k.thread);
	for (size_t v = 0; v < N_VICTIMS; v++)
		killed[v] += k.done[v];
	print_message("seed %u: %u rows, %zu kills planned, first %s after %u rows\n", seed,
		      k.plan.rows, k.plan.n_kills, victim_names[k.plan.kills[0].victim],
		      k.plan.kills[0].at);
	if (first_is_sure(&k.plan) && k.done[k.plan.kills[0].victim] == 0)
		fail_msg("seed %u: %s was not there to be killed", seed,
			 victim_names[k.plan.kills[0].victim]);
	judge(seed, pushed, o.job_id, &count);
}

static void
no_row_is_lost_or_doubled_whoever_is_killed(void **state)
{
	uint32_t seed = number_from("TERCET_SEED", SEED_DEFAULT);
	uint32_t cases = number_from("TERCET_CASES", CASES_DEFAULT);
	unsigned killed[N_VICTIMS] = { 0 };

	for (uint32_t end = seed + cases; seed < end; seed++)
		run_case(seed, killed);
	for (size_t v = 0; v < N_VICTIMS; v++) {
		print_message("%s: killed %u times\n", victim_names[v], killed[v]);
		if (cases >= CASES_DEFAULT)
			assert_true(killed[v] > 0);
	}
}

/* ---- memory while the server is away ---- */

static size_t
live_bytes(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return __sanitizer_get_current_allocated_bytes();
#else
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
#endif
}

static void
a_server_that_is_away_costs_disk_and_little_memory(void **state)
{
	enum { N = 500000 };
	struct err err = ERR_INIT;
	struct cat_attr_options o = { .job_id = farm_job(&farm, "away", 'F', 1795000000, 1, 1) };
	struct wait w = wait_for(NULL, 300, "test");
	const char *dir = managed_socket_dir(farm.catalog->managed);
	OWNED(freep) char *away = str_printf("%s.away", dir);
	struct cat_attr_count count;
	OWNED(cat_attr_freep) struct cat_attr *a = NULL;
	size_t before, most = 0;

	assert_int_equal(rename(dir, away), 0); /* no server to be found */
	MUST(cat_attr_open(farm.catalog, &o, &a, &err));
	before = live_bytes();
	for (uint32_t i = 0; i < N; i++) {
		farm_push_file(a, 1 + i, true);
		if (i % 1000 == 0 && live_bytes() > most)
			most = live_bytes();
	}
	cat_attr_progress(a, &count);
	assert_int_equal(rename(away, dir), 0);
	print_message("%u rows, %llu of them on disk; memory grew by %zu MiB\n", N,
		      (unsigned long long)count.spooled, (most - before) / MIB);
	assert_true(count.spooled > N / 2);
	/* 20 batches of a little over a MiB each may wait in memory. */
	assert_true(most - before < 40 * MIB);
	MUST(cat_attr_finish(a, &w, &count, &err));
	judge(0, N, o.job_id, &count);
	assert_true(live_bytes() < before + 40 * MIB);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_that_is_away_costs_disk_and_little_memory),
		cmocka_unit_test(no_row_is_lost_or_doubled_whoever_is_killed),
	};

	return cmocka_run_group_tests(tests, farm_set_up, farm_tear_down);
}
