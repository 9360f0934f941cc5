/* regress/catalog/chain_test.c - which jobs are the base of others, and which a restore needs */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/catalog/cat_jobmedia.h"
#include "lib/catalog/cat_purge.h"
#include "lib/catalog/cat_restore.h"
#include "regress/catalog/rows.h"

static void
level_facts_are_those_of_good_jobs(void **state)
{
	struct err err = ERR_INIT;
	struct cat_level_key key = { 'B', "lv", fd1, fs1 };
	struct cat_level_facts f;
	struct cat_pool pool;
	uint32_t full, diff, inc, failed, other[2];

	(void)pool_of("Level", 0, &pool);
	MUST(cat_job_level_facts(cat, &key, &f, &err));
	assert_int_equal(f.full_start, 0);
	full = done_job("lv", 'F', T0, 'T');
	put_on(full, volume(&pool, "Level-0001", "Full"));
	(void)done_job("lv", 'F', T0 + 10, 'f');
	diff = done_job("lv", 'D', T0 + 20, 'W');
	put_on(diff, volume(&pool, "Level-0002", "Full"));
	(void)done_job("lv", 'I', T0 + 25, 'E');
	inc = done_job("lv", 'I', T0 + 30, 'T');
	put_on(inc, volume(&pool, "Level-0003", "Full"));
	/* Of another client, and with another FileSet. */
	other[0] = farm_job(&farm, "lv", 'F', T0 + 60, farm_client(&farm, "level-fd"), fs1);
	other[1] = farm_job(&farm, "lv", 'F', T0 + 61, fd1,
			    farm_fileset(&farm, "Level", "0000000000000000000000"));
	for (int i = 0; i < 2; i++) {
		char name[] = "Level-001x";

		name[9] = (char)('0' + i);
		farm_end_job(&farm, other[i], 'T', 10);
		put_on(other[i], volume(&pool, name, "Full"));
	}
	failed = done_job("lv", 'D', T0 + 40, 'E');
	(void)farm_job(&farm, "lv", 'F', T0 + 50, fd1, fs1); /* still running */
	MUST(cat_job_level_facts(cat, &key, &f, &err));
	assert_int_equal(f.full_job_id, full);
	assert_int_equal(f.full_start, T0);
	assert_int_equal(f.diff_job_id, diff);
	assert_int_equal(f.newest_job_id, inc);
	assert_int_equal(f.newest_start, T0 + 30);
	assert_int_equal(f.failed_job_id, failed);
	assert_int_equal(f.failed_level, 'D');
}

/* A row per chain: its jobs from the oldest on, a second apart, and which of them are found. */
static const struct {
	const char *what;
	const char *levels;     /* a small letter: a volume of the job is gone */
	int full, diff, newest; /* position in levels, -1: none */
} chains[] = {
	{ "a Full without its volume is none", "f", -1, -1, -1 },
	{ "nor is one of which half is there", "h", -1, -1, -1 },
	{ "the Full before it is taken", "FIf", 0, -1, 1 },
	{ "not what was based on the lost one", "FIfI", 0, -1, 1 },
	{ "nor a Differential of it", "FfDI", 0, -1, 0 },
	{ "a lost Incremental leaves a hole behind it", "FIiI", 0, -1, 1 },
	{ "a lost Differential, too", "FdI", 0, -1, 0 },
	{ "a later Full heals all", "FifDIFDI", 5, 6, 7 },
	{ "an Incremental of no files has no volume", "F0", 0, -1, 1 },
	{ "nor has a Full of none: nothing is based on it", "o", -1, -1, -1 },
};

static uint32_t
chained_job(const struct cat_pool *pool, const char *name, uint32_t client, char letter, int i)
{
	static uint32_t n;
	bool empty = letter == '0' || letter == 'o';
	bool lost = letter == 'f' || letter == 'd' || letter == 'i' || letter == 'h';
	char level = letter == '0'                    ? 'I'
		     : letter == 'o' || letter == 'h' ? 'F'
		     : lost                           ? (char)(letter - 'a' + 'A')
						      : letter;
	uint32_t id = farm_job(&farm, name, level, T0 + i, client, fs1), media;
	char text[32];

	farm_end_job(&farm, id, 'T', empty ? 0 : 10);
	if (empty)
		return id;
	(void)snprintf(text, sizeof(text), "Chained-%04u", n++);
	media = volume(pool, text, "Full");
	put_on(id, media);
	if (letter == 'h') {
		(void)snprintf(text, sizeof(text), "Chained-%04u", n++);
		put_on(id, volume(pool, text, "Full"));
	}
	if (lost)
		run_sql("DELETE FROM media WHERE mediaid = ", media);
	return id;
}

static void
a_job_whose_volume_is_gone_is_no_base(void **state)
{
	struct err err = ERR_INIT;
	struct cat_pool pool;

	(void)pool_of("Chained", 0, &pool);
	for (size_t row = 0; row < sizeof(chains) / sizeof(chains[0]); row++) {
		struct cat_level_facts f;
		struct cat_level_key key = { 'B', NULL, fd1, fs1 };
		char name[32];
		int found[3];

		(void)snprintf(name, sizeof(name), "chained-%zu", row);
		key.name = name;
		for (int i = 0; chains[row].levels[i] != '\0'; i++)
			(void)chained_job(&pool, name, fd1, chains[row].levels[i], i);
		MUST(cat_job_level_facts(cat, &key, &f, &err));
		found[0] = f.full_start == 0 ? -1 : (int)(f.full_start - T0);
		found[1] = f.diff_start == 0 ? -1 : (int)(f.diff_start - T0);
		found[2] = f.newest_start == 0 ? -1 : (int)(f.newest_start - T0);
		if (found[0] != chains[row].full || found[1] != chains[row].diff ||
		    found[2] != chains[row].newest)
			fail_msg("%s (%s): full %d, diff %d, newest %d", chains[row].what,
				 chains[row].levels, found[0], found[1], found[2]);
	}
}

/* A job that was decided without the ones that have no base any more. */
static void
next_makes_up_for_them(const struct cat_pool *pool, const char *name, uint32_t client)
{
	struct cat_recent_key key = { .client_id = client, .fileset = "FS" };
	OWNED(cat_jobs_release) struct cat_jobs plain = { 0 }, all = { 0 };
	struct err err = ERR_INIT;

	(void)chained_job(pool, name, client, 'I', 7);
	MUST(cat_restore_recent(cat, &key, &plain, &err));
	key.locked = true;
	MUST(cat_restore_recent(cat, &key, &all, &err));
	assert_int_equal(plain.n, all.n);
}

/* What was saved on top of a removed job is whole, but not the state of its time. */
static void
what_was_based_on_a_removed_job_is_no_base(void **state)
{
	static const struct {
		const char *levels;
		int goes;
		int newest, restored, all; /* positions, -1: none */
	} rows[] = {
		{ "FII", 1, 0, 0, 2 },   { "FII", 2, 1, 1, 1 },   { "FII", 0, -1, -1, -1 },
		{ "FIDI", 1, 3, 3, 3 },  { "FIDI", 2, 1, 1, 3 },  { "FFDI", 1, 0, 0, 3 },
		{ "FIFDI", 1, 4, 4, 4 }, { "FIIFI", 1, 4, 4, 4 },
	};
	struct cat_pool pool;

	(void)pool_of("Chained", 0, &pool);
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		struct err err = ERR_INIT;
		struct cat_recent_key key = { .fileset = "FS" };
		struct cat_level_key level = { 'B', NULL, 0, fs1 };
		struct cat_level_facts f;
		uint32_t ids[8];
		char name[32];
		int found[2];

		(void)snprintf(name, sizeof(name), "cut-%zu", row);
		level.name = name;
		key.client_id = level.client_id = farm_client(&farm, name);
		for (int i = 0; rows[row].levels[i] != '\0'; i++)
			ids[i] = chained_job(&pool, name, key.client_id, rows[row].levels[i], i);
		MUST(cat_purge_jobs(cat, &ids[rows[row].goes], 1, &err));
		MUST(cat_job_level_facts(cat, &level, &f, &err));
		for (int locked = 0; locked < 2; locked++) {
			OWNED(cat_jobs_release) struct cat_jobs jobs = { 0 };

			key.locked = locked == 1;
			MUST(cat_restore_recent(cat, &key, &jobs, &err));
			found[locked] = jobs.n == 0 ? -1
						    : (int)(jobs.v[jobs.n - 1].start_time - T0);
		}
		int newest = f.newest_start == 0 ? -1 : (int)(f.newest_start - T0);
		if (newest != rows[row].newest || found[0] != rows[row].restored ||
		    found[1] != rows[row].all)
			fail_msg("%s without %d: newest %d, restored %d of %d", rows[row].levels,
				 rows[row].goes, newest, found[0], found[1]);
		next_makes_up_for_them(&pool, name, key.client_id);
	}
}

/* Restored is what is there whole; what would be newer is found when it is asked for. */
static void
a_job_whose_volume_is_gone_is_not_restored(void **state)
{
	static const struct {
		const char *levels;
		int plain, locked; /* position of the chain's last job */
	} rows[] = {
		{ "Fh", 0, 1 }, { "Ff", 0, 1 }, { "FIi", 1, 2 }, { "FhI", 2, 2 }, { "f", -1, 0 }
	};
	struct cat_pool pool;

	(void)pool_of("Chained", 0, &pool);
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		struct err err = ERR_INIT;
		struct cat_recent_key key = { .fileset = "FS" };
		char name[32];
		int found[2];

		(void)snprintf(name, sizeof(name), "gone-%zu", row);
		key.client_id = farm_client(&farm, name);
		for (int i = 0; rows[row].levels[i] != '\0'; i++)
			(void)chained_job(&pool, name, key.client_id, rows[row].levels[i], i);
		for (int locked = 0; locked < 2; locked++) {
			OWNED(cat_jobs_release) struct cat_jobs jobs = { 0 };

			key.locked = locked == 1;
			MUST(cat_restore_recent(cat, &key, &jobs, &err));
			found[locked] = jobs.n == 0 ? -1
						    : (int)(jobs.v[jobs.n - 1].start_time - T0);
		}
		if (found[0] != rows[row].plain || found[1] != rows[row].locked)
			fail_msg("%s: %d, with those that are gone %d", rows[row].levels, found[0],
				 found[1]);
	}
}

/* Of a chain, the positions that need the first job that goes. */
static void
jobs_on_top_of_others_are_found(void **state)
{
	static const struct {
		const char *levels;
		int goes;
		const char *need;
	} rows[] = {
		{ "FII", 0, "12" },   { "FII", 1, "2" },    { "FII", 2, "" },
		{ "FIDI", 0, "123" }, { "FIDI", 1, "" },    { "FIDI", 2, "3" },
		{ "FIFDI", 0, "1" },  { "FIFDI", 2, "34" }, { "FDD", 1, "" },
	};

	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		OWNED(cat_jobs_release) struct cat_jobs jobs = { 0 };
		struct err err = ERR_INIT;
		uint32_t ids[8];
		char name[32], found[8] = "";

		(void)snprintf(name, sizeof(name), "ontop-%zu", row);
		for (size_t i = 0; rows[row].levels[i] != '\0'; i++)
			ids[i] = done_job(name, rows[row].levels[i], T0 + (int64_t)i, 'T');
		(void)done_job("another", 'I', T0 + 9, 'T');
		MUST(cat_purge_dependents(cat, &ids[rows[row].goes], 1, &jobs, &err));
		for (size_t i = 0; i < jobs.n; i++)
			found[i] = (char)('0' + (int)(jobs.v[i].job_id - ids[0]));
		if (strcmp(found, rows[row].need) != 0)
			fail_msg("%s without %d: %s", rows[row].levels, rows[row].goes, found);
	}
}

static void
the_most_recent_chain_is_full_diff_and_incrementals(void **state)
{
	struct err err = ERR_INIT;
	struct cat_pool pool;
	uint32_t client = farm_client(&farm, "fd2");
	uint32_t media;
	uint32_t id[8];
	OWNED(cat_jobs_release) struct cat_jobs jobs = { 0 };
	OWNED(cat_bsr_rows_release) struct cat_bsr_rows bsr = { 0 };
	struct cat_recent_key key = { .client_id = client, .fileset = "FS" };
	static const char levels[] = "FFIDIIF";
	static const char status[] = "TTTTTWf";

	(void)pool_of("Chain", 0, &pool);
	media = volume(&pool, "Chain-0001", "Append");
	for (int i = 0; i < 7; i++) {
		id[i] = farm_job(&farm, "ch", levels[i], T0 + i * 100, client, fs1);
		put_on(id[i], media);
		farm_end_job(&farm, id[i], status[i], 5);
	}
	MUST(cat_restore_recent(cat, &key, &jobs, &err));
	assert_int_equal(jobs.n, 4);
	assert_int_equal(jobs.v[0].job_id, id[1]);
	assert_int_equal(jobs.v[1].job_id, id[3]);
	assert_int_equal(jobs.v[2].job_id, id[4]);
	assert_int_equal(jobs.v[3].job_id, id[5]);
	cat_jobs_release(&jobs);
	key.before = T0 + 250;
	MUST(cat_restore_recent(cat, &key, &jobs, &err));
	assert_int_equal(jobs.n, 2);
	assert_int_equal(jobs.v[1].job_id, id[2]);
	MUST(cat_jobmedia_list(cat, id, 2, &bsr, &err));
	assert_int_equal(bsr.n, 2);
	assert_string_equal(bsr.v[0].volume, "Chain-0001");
	assert_int_equal(bsr.v[0].start_addr, 182);
	assert_int_equal(bsr.v[0].end_addr, 4000000000u);
}

/* Times of the catalog are whole seconds: small jobs may all begin in one. */
static void
jobs_of_one_second_are_all_in_the_chain(void **state)
{
	struct err err = ERR_INIT;
	struct cat_pool pool;
	uint32_t client = farm_client(&farm, "fd-quick");
	uint32_t media, id[6];
	OWNED(cat_jobs_release) struct cat_jobs jobs = { 0 };
	struct cat_recent_key key = { .client_id = client, .fileset = "FS" };
	static const char levels[] = "IFIDII";

	(void)pool_of("Second", 0, &pool);
	media = volume(&pool, "Second-0001", "Append");
	for (int i = 0; i < 6; i++) {
		id[i] = farm_job(&farm, "quick", levels[i], T0, client, fs1);
		put_on(id[i], media);
		farm_end_job(&farm, id[i], 'T', 5);
	}
	MUST(cat_restore_recent(cat, &key, &jobs, &err));
	assert_int_equal(jobs.n, 4);
	assert_int_equal(jobs.v[0].job_id, id[1]);
	assert_int_equal(jobs.v[1].job_id, id[3]);
	assert_int_equal(jobs.v[2].job_id, id[4]);
	assert_int_equal(jobs.v[3].job_id, id[5]);
	cat_jobs_release(&jobs);
	key.before = T0;
	key.last = id[4];
	MUST(cat_restore_recent(cat, &key, &jobs, &err));
	assert_int_equal(jobs.n, 3);
	assert_int_equal(jobs.v[2].job_id, id[4]);
}

/* A storage daemon tells of one when it has labelled a volume and nothing came. */
static void
a_piece_without_files_is_none(void **state)
{
	struct err err = ERR_INIT;
	struct cat_pool pool;
	struct cat_jobmedia jm = { .start_block = 182, .end_block = 400 };

	(void)pool_of("Null", 0, &pool);
	jm.job_id = done_job("null", 'F', T0, 'T');
	jm.media_id = volume(&pool, "Null-0001", "Append");
	MUST(cat_jobmedia_insert(cat, &jm, &err));
	assert_int_equal(farm_number(&farm, "SELECT count(*) FROM jobmedia JOIN media USING "
					    "(mediaid) WHERE volumename = 'Null-0001'"),
			 0);
}

static void
stretches_reach_as_far_as_they_hold_every_file(void **state)
{
	static const struct {
		uint32_t ranges[4][2];
		size_t n;
		uint32_t reach;
	} rows[] = {
		{ { { 0, 0 } }, 0, 0 },
		{ { { 1, 9 } }, 1, 9 },
		{ { { 2, 9 } }, 1, 0 },
		{ { { 1, 3 }, { 3, 5 }, { 6, 6 } }, 3, 6 },   /* file 3 is on both volumes */
		{ { { 4, 9 }, { 1, 3 }, { 11, 12 } }, 3, 9 }, /* as they came; 10 is nowhere */
		{ { { 1, 9 }, { 2, 3 } }, 2, 9 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cat_bsr_row v[4] = { 0 };
		struct cat_bsr_rows all = { v, rows[i].n };

		for (size_t k = 0; k < rows[i].n; k++) {
			v[k].first_index = rows[i].ranges[k][0];
			v[k].last_index = rows[i].ranges[k][1];
		}
		assert_int_equal(cat_bsr_rows_reach(&all), rows[i].reach);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(level_facts_are_those_of_good_jobs),
		cmocka_unit_test(a_job_whose_volume_is_gone_is_no_base),
		cmocka_unit_test(what_was_based_on_a_removed_job_is_no_base),
		cmocka_unit_test(a_job_whose_volume_is_gone_is_not_restored),
		cmocka_unit_test(jobs_on_top_of_others_are_found),
		cmocka_unit_test(the_most_recent_chain_is_full_diff_and_incrementals),
		cmocka_unit_test(jobs_of_one_second_are_all_in_the_chain),
		cmocka_unit_test(a_piece_without_files_is_none),
		cmocka_unit_test(stretches_reach_as_far_as_they_hold_every_file),
	};

	return cmocka_run_group_tests(tests, rows_set_up, farm_tear_down);
}
