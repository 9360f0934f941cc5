/* regress/catalog/rows_test.c - jobs, levels, chains, volumes, lists */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/fd.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/thread.h"
#include "lib/catalog/cat_client.h"
#include "lib/catalog/cat_fileset.h"
#include "lib/catalog/cat_jobmedia.h"
#include "lib/catalog/cat_log.h"
#include "lib/catalog/cat_media.h"
#include "lib/catalog/cat_purge.h"
#include "lib/catalog/cat_query.h"
#include "lib/catalog/cat_restore.h"
#include "lib/catalog/cat_storage.h"
#include "lib/catalog/catalog_internal.h"
#include "regress/catalog/farm.h"

static struct catalog *cat;
static uint32_t fd1, fs1;

static int
set_up(void **state)
{
	farm_open(&farm);
	cat = farm.catalog;
	fd1 = farm_client(&farm, "fd1");
	fs1 = farm_fileset(&farm, "FS", "hioEvw/ha6dKF6gdw1+9uD");
	return 0;
}

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

static uint32_t
done_job(const char *name, char level, int64_t start, char status)
{
	uint32_t id = farm_job(&farm, name, level, start, fd1, fs1);

	farm_end_job(&farm, id, status, 10);
	return id;
}

#define T0 1795000000

static uint32_t
pool_of(const char *name, uint32_t max_vols, struct cat_pool *out)
{
	struct err err = ERR_INIT;
	struct cat_pool p = { .max_vols = max_vols,
			      .use_catalog = true,
			      .recycle = true,
			      .vol_retention = 1000,
			      .max_vol_jobs = 0 };

	(void)snprintf(p.name, sizeof(p.name), "%s", name);
	(void)snprintf(p.label_format, sizeof(p.label_format), "%s-", name);
	MUST(cat_pool_sync(cat, &p, &err));
	*out = p;
	return p.pool_id;
}

static uint32_t
volume(const struct cat_pool *pool, const char *name, const char *status)
{
	struct err err = ERR_INIT;
	struct cat_media m;
	bool exists;

	cat_media_from_pool(pool, name, "FileA", status, &m);
	MUST(cat_media_create(cat, &m, &exists, &err));
	assert_false(exists);
	return m.media_id;
}

static void
put_on(uint32_t job_id, uint32_t media_id)
{
	struct err err = ERR_INIT;
	struct cat_jobmedia jm = { .job_id = job_id,
				   .media_id = media_id,
				   .first_index = 1,
				   .last_index = 9,
				   .start_block = 182,
				   .end_block = 4000000000u };

	MUST(cat_jobmedia_insert(cat, &jm, &err));
}

static void
run_sql(const char *sql, uint32_t id)
{
	struct err err = ERR_INIT;
	OWNED(freep) char *text = str_printf("%s%u", sql, id);
	struct pg *pg = NULL;

	MUST(catalog_take(cat, &pg, &err));
	MUST(pg_run_text(pg, text, NULL, &err));
	catalog_put(cat, pg);
}

static int64_t
count_files(uint32_t job_id)
{
	OWNED(freep) char *text = str_printf("SELECT count(*) FROM file WHERE jobid = %u", job_id);

	return farm_number(&farm, text);
}

static bool
job_is_there(uint32_t id)
{
	struct err err = ERR_INIT;
	struct cat_job job;
	bool found;

	MUST(cat_job_get(cat, id, &job, &found, &err));
	return found;
}

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

/* Where a job's bytes are while an operator says that its volume is free. */
static void
a_volume_with_jobs_is_not_said_to_be_free(void **state)
{
	static const struct {
		const char *from, *to;
		bool jobs;
		enum err_code code;
	} rows[] = {
		{ "Full", "Purged", true, ERR_CONFIG },  { "Full", "Recycle", true, ERR_CONFIG },
		{ "Error", "Purged", true, ERR_CONFIG }, { "Purged", "Recycle", true, ERR_CONFIG },
		{ "Full", "Purged", false, ERR_OK },     { "Purged", "Recycle", false, ERR_OK },
		{ "Full", "Read-Only", true, ERR_OK },   { "Purged", "Full", true, ERR_OK },
		{ "Purged", "Purged", true, ERR_OK },
	};
	struct cat_pool pool;

	(void)pool_of("Free", 0, &pool);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_INIT;
		struct cat_media was, now;
		char name[32];
		bool found;
		uint32_t id;

		(void)snprintf(name, sizeof(name), "Free-%04zu", i);
		id = volume(&pool, name, rows[i].from);
		if (rows[i].jobs)
			put_on(done_job("free", 'F', T0, 'T'), id);
		MUST(cat_media_get(cat, name, &was, &found, &err));
		now = was;
		(void)snprintf(now.status, sizeof(now.status), "%s", rows[i].to);
		assert_int_equal(cat_media_store(cat, &was, &now, &found, &err), rows[i].code);
		if (rows[i].code != ERR_OK)
			assert_non_null(strstr(err.text, "purge volume"));
		MUST(cat_media_get(cat, name, &was, &found, &err));
		assert_string_equal(was.status, rows[i].code == ERR_OK ? rows[i].to : rows[i].from);
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

/* The row of a volume never goes before the rows of the jobs on it. */
static void
a_volume_is_deleted_with_its_jobs_or_not_at_all(void **state)
{
	struct err err = ERR_INIT;
	struct cat_pool pool;
	struct cat_media m;
	uint32_t media, ended, running;
	size_t n = 0;
	bool found;

	(void)pool_of("Del", 0, &pool);
	media = volume(&pool, "Del-0001", "Purged");
	ended = done_job("del", 'F', T0, 'T');
	running = farm_job(&farm, "del", 'F', T0 + 1, fd1, fs1);
	put_on(ended, media);
	put_on(running, media);
	assert_int_equal(cat_purge_delete_volume(cat, media, &n, &err), ERR_CONFIG);
	MUST(cat_media_get(cat, "Del-0001", &m, &found, &err));
	assert_true(found);
	assert_true(job_is_there(ended));
	farm_end_job(&farm, running, 'A', 1);
	MUST(cat_purge_delete_volume(cat, media, &n, &err));
	assert_int_equal(n, 2);
	MUST(cat_media_get(cat, "Del-0001", &m, &found, &err));
	assert_false(found);
	assert_false(job_is_there(ended) || job_is_there(running));
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

static void
expect_foreseen(const struct cat_media_want *want, const char *name)
{
	struct err err = ERR_INIT;
	struct cat_media m;
	bool found;

	MUST(cat_media_foresee(cat, want, &m, &found, &err));
	assert_true(found);
	assert_string_equal(m.name, name);
	MUST(cat_media_get(cat, name, &m, &found, &err));
	assert_true(found && m.recycle_count == 0);
}

static void
volumes_are_chosen_in_the_order_of_the_attempts(void **state)
{
	struct err err = ERR_INIT;
	OWNED(buf_release) struct buf notes = BUF_INIT(65536);
	OWNED(buf_release) struct buf why = BUF_INIT(65536);
	struct cat_pool pool;
	struct cat_media_want want = { .media_type = "FileA" };
	struct cat_media m;
	bool found, recycled;
	uint64_t highest;

	want.pool_id = pool_of("Sel", 0, &pool);
	MUST(cat_media_find_next(cat, &want, &m, &found, &recycled, &notes, &err));
	assert_false(found);
	/* Said to be free beside the director, while a job is on it. */
	put_on(done_job("sel", 'F', T0, 'T'), volume(&pool, "Sel-0005", "Recycle"));
	put_on(done_job("sel", 'F', T0, 'T'), volume(&pool, "Sel-0006", "Purged"));
	MUST(cat_media_find_next(cat, &want, &m, &found, &recycled, &notes, &err));
	assert_false(found);
	(void)volume(&pool, "Sel-0001", "Purged");
	(void)volume(&pool, "Sel-0007", "Full");
	expect_foreseen(&want, "Sel-0001");
	MUST(cat_media_find_next(cat, &want, &m, &found, &recycled, &notes, &err));
	assert_true(found && recycled);
	assert_string_equal(m.name, "Sel-0001");
	assert_string_equal(m.status, "Recycle");
	assert_int_equal(m.recycle_count, 1);
	assert_int_equal(m.vol_bytes, 1);
	(void)volume(&pool, "Sel-0002", "Unlabeled");
	MUST(cat_media_find_next(cat, &want, &m, &found, &recycled, &notes, &err));
	assert_string_equal(m.name, "Sel-0002");
	(void)volume(&pool, "Sel-0003", "Append");
	expect_foreseen(&want, "Sel-0003");
	/* The one written last goes on, unless it has reached a limit. */
	run_sql("UPDATE media SET lastwritten = now() WHERE mediaid = ",
		volume(&pool, "Sel-0004", "Append"));
	expect_foreseen(&want, "Sel-0004");
	run_sql("UPDATE media SET voljobs = 2, maxvoljobs = 1 WHERE volumename = 'Sel-0004' AND 0 "
		"<> ",
		1);
	expect_foreseen(&want, "Sel-0003");
	MUST(cat_media_find_next(cat, &want, &m, &found, &recycled, &notes, &err));
	assert_string_equal(m.name, "Sel-0003");
	want.index = 2;
	MUST(cat_media_find_next(cat, &want, &m, &found, &recycled, &notes, &err));
	assert_string_equal(m.name, "Sel-0002");
	want.index = 1;
	want.unwanted = "Sel-0003,Sel-0002";
	MUST(cat_media_find_next(cat, &want, &m, &found, &recycled, &notes, &err));
	assert_string_equal(m.name, "Sel-0001");
	MUST(cat_media_highest(cat, "Sel-", &highest, &err));
	assert_int_equal(highest, 7);
	MUST(cat_media_why_not(cat, &want, &why, &err));
	assert_non_null(
		strstr(buf_str(&why), "volume Sel-0006 (FileA, Purged): jobs are still on it"));
	assert_non_null(strstr(buf_str(&why), "volume Sel-0007 (FileA, Full): it is not in state"));
}

static void
a_pool_has_no_more_than_its_maximum_volumes(void **state)
{
	struct err err = ERR_INIT;
	struct cat_pool pool;
	struct cat_media m;
	bool exists, found;

	(void)pool_of("Small", 1, &pool);
	(void)volume(&pool, "Small-0001", "Append");
	cat_media_from_pool(&pool, "Small-0002", "FileA", "Append", &m);
	assert_int_equal(cat_media_create(cat, &m, &exists, &err), ERR_LIMIT);
	MUST(cat_pool_get(cat, "Small", &pool, &found, &err));
	assert_true(found);
	assert_int_equal(pool.num_vols, 1);
	assert_string_equal(pool.label_format, "Small-");
	(void)pool_of("Big", 0, &pool);
	cat_media_from_pool(&pool, "Small-0001", "FileA", "Append", &m);
	MUST(cat_media_create(cat, &m, &exists, &err));
	assert_true(exists);
	MUST(cat_pool_get(cat, "no such", &pool, &found, &err));
	assert_false(found);
}

static void
update_media_guards_its_counters(void **state)
{
	struct err err = ERR_INIT;
	OWNED(buf_release) struct buf notes = BUF_INIT(65536);
	struct cat_pool pool;
	struct cat_media m, was;
	bool found;
	struct cat_media_update u = { .name = "Upd-0001",
				      .status = "Append",
				      .vol_jobs = 1,
				      .vol_blocks = 2,
				      .vol_bytes = 301740,
				      .vol_files = 3,
				      .vol_writes = 5,
				      .relabel = true,
				      .end_time = T0 + 5,
				      .job_start = T0,
				      .storage_id = 1 };

	(void)pool_of("Upd", 0, &pool);
	(void)volume(&pool, "Upd-0001", "Unlabeled");
	MUST(cat_media_update(cat, &u, &m, &found, &notes, &err));
	assert_true(found);
	assert_int_equal(m.first_written, T0);
	assert_int_equal(m.initial_write, T0);
	assert_int_equal(m.label_date, T0);
	assert_int_equal(m.last_written, T0 + 5);
	assert_int_equal(m.storage_id, 1);
	assert_int_equal(notes.len, 0);
	u.relabel = false;
	u.vol_bytes = 5;
	u.end_time = T0 + 50;
	was = m;
	m.max_vol_bytes = 300000;
	MUST(cat_media_store(cat, &was, &m, &found, &err));
	assert_true(found);
	MUST(cat_media_update(cat, &u, &m, &found, &notes, &err));
	assert_int_equal(m.vol_bytes, 301740);
	assert_int_equal(m.last_written, T0 + 5); /* no new block */
	assert_string_equal(m.status, "Full");
	assert_string_equal(buf_str(&notes),
			    "Ignoring Volume Bytes at 301740 being set to 5 for Volume "
			    "\"Upd-0001\".\nMax Volume bytes=300000 exceeded. Marking Volume "
			    "\"Upd-0001\" as Full.\n");
	MUST(cat_media_get(cat, "Upd-0001", &m, &found, &err));
	assert_string_equal(m.status, "Full");
	u.name = "none";
	MUST(cat_media_update(cat, &u, &m, &found, &notes, &err));
	assert_false(found);
}

/* What the catalog has, what a storage daemon says in mid-job, what is true then.  Spec:
 * catalog.md 5.4 */
static const struct {
	const char *is, *said, *then;
	uint32_t blocks; /* the catalog knows 10 */
	bool relabel;
} words_of_daemons[] = {
	{ "Append", "Append", "Append", 20, false },
	{ "Unlabeled", "Append", "Append", 1, true },
	{ "Recycle", "Append", "Append", 1, true },
	{ "Purged", "Append", "Append", 20, false }, /* purged while a job writes it */
	{ "Purged", "Append", "Purged", 10, false },
	{ "Purged", "Full", "Purged", 10, false }, /* a restore that ends after the purge */
	{ "Append", "Full", "Full", 20, false },
	{ "Used", "Full", "Full", 20, false },
	{ "Used", "Append", "Used", 20, false }, /* a limit, by another job of the volume */
	{ "Full", "Append", "Full", 20, false },
	{ "Append", "Error", "Error", 20, false },
	{ "Full", "Error", "Error", 10, false },
	/* an operator's */
	{ "Read-Only", "Append", "Read-Only", 20, false },
	{ "Read-Only", "Full", "Read-Only", 20, false },
	{ "Disabled", "Append", "Disabled", 20, false },
	{ "Archive", "Append", "Archive", 20, false },
	{ "Archive", "Error", "Archive", 20, false },
	{ "Error", "Append", "Error", 20, false },
	{ "Error", "Full", "Error", 20, false },
	{ "Cleaning", "Append", "Cleaning", 20, false },
	/* the daemon says back what it was answered; the operator has thought better of it */
	{ "Append", "Read-Only", "Append", 20, false },
	{ "Append", "Disabled", "Append", 20, false },
	{ "Append", "Purged", "Append", 20, false },
};

static void
the_status_of_an_operator_outlives_a_running_job(void **state)
{
	struct err err = ERR_INIT;
	struct cat_pool pool;

	(void)pool_of("Word", 0, &pool);
	for (size_t i = 0; i < sizeof(words_of_daemons) / sizeof(words_of_daemons[0]); i++) {
		OWNED(buf_release) struct buf notes = BUF_INIT(65536);
		OWNED(freep) char *name = str_printf("Word-%04zu", i);
		struct cat_media_update u = { .name = name,
					      .status = "Append",
					      .vol_blocks = 10,
					      .vol_bytes = 1000,
					      .max_vol_bytes = 7,
					      .end_time = T0,
					      .job_start = T0 };
		struct cat_media m;
		uint32_t id;
		bool found;

		id = volume(&pool, name, "Append");
		MUST(cat_media_update(cat, &u, &m, &found, &notes, &err));
		OWNED(freep)
		char *sql = str_printf("UPDATE media SET volstatus = '%s' WHERE mediaid = %u "
				       "RETURNING 1",
				       words_of_daemons[i].is, id);
		assert_int_equal(farm_number(&farm, sql), 1);
		u.status = words_of_daemons[i].said;
		u.vol_blocks = words_of_daemons[i].blocks;
		u.relabel = words_of_daemons[i].relabel;
		u.vol_bytes = 2000;
		MUST(cat_media_update(cat, &u, &m, &found, &notes, &err));
		if (strcmp(m.status, words_of_daemons[i].then) != 0)
			fail_msg("%s, the daemon said %s: is %s", words_of_daemons[i].is,
				 words_of_daemons[i].said, m.status);
		assert_int_equal(m.max_vol_bytes, 0);
	}
}

/* A job writes to the volume between the reading and the storing of its row. */
static void
what_an_operator_changes_undoes_nothing_of_a_job(void **state)
{
	struct err err = ERR_INIT;
	OWNED(buf_release) struct buf notes = BUF_INIT(65536);
	struct cat_pool pool;
	struct cat_media was, now, m;
	struct cat_media_update u = { .name = "Both-0001",
				      .status = "Full",
				      .vol_jobs = 1,
				      .vol_blocks = 20,
				      .vol_bytes = 2000,
				      .end_time = T0,
				      .job_start = T0 };
	size_t n;
	bool found;

	(void)pool_of("Both", 0, &pool);
	(void)volume(&pool, "Both-0001", "Append");
	MUST(cat_media_get(cat, "Both-0001", &was, &found, &err));
	now = was;
	now.max_vol_jobs = 9;
	now.recycle = !was.recycle;
	MUST(cat_media_update(cat, &u, &m, &found, &notes, &err));
	MUST(cat_media_store(cat, &was, &now, &found, &err));
	assert_true(found);
	MUST(cat_media_get(cat, "Both-0001", &m, &found, &err));
	assert_int_equal(m.max_vol_jobs, 9);
	assert_int_equal(m.recycle, now.recycle);
	assert_string_equal(m.status, "Full");
	assert_int_equal(m.vol_bytes, 2000);
	assert_int_equal(m.last_written, T0);
	MUST(cat_purge_delete_volume(cat, m.media_id, &n, &err));
	MUST(cat_media_store(cat, &was, &now, &found, &err));
	assert_false(found);
}

struct search {
	struct thread thread;
	struct cat_media_want want;
	struct cat_media m;
	bool found;
	atomic_bool done;
};

static void
search(void *arg)
{
	struct search *s = arg;
	OWNED(buf_release) struct buf notes = BUF_INIT(65536);
	struct err err = ERR_INIT;
	bool recycled;

	thread_set_job(1);
	MUST(cat_media_find_next(cat, &s->want, &s->m, &s->found, &recycled, &notes, &err));
	atomic_store(&s->done, true);
}

static void
a_volume_that_is_just_being_updated_is_found(void **state)
{
	struct err err = ERR_INIT;
	struct search s = { .want = { .media_type = "FileA" } };
	struct cat_pool pool;
	struct pg *pg = NULL;

	s.want.pool_id = pool_of("Busy", 0, &pool);
	(void)volume(&pool, "Busy-0001", "Append");
	MUST(catalog_take(cat, &pg, &err));
	MUST(pg_begin(pg, &err));
	MUST(pg_run_text(pg, "UPDATE media SET volbytes = 77 WHERE volumename = 'Busy-0001'", NULL,
			 &err));
	MUST(thread_start(&s.thread, "search", search, &s, &err));
	/* Until it waits for this transaction. */
	while (!atomic_load(&s.done) &&
	       farm_number(&farm, "SELECT count(*) FROM pg_stat_activity WHERE "
				  "wait_event_type = 'Lock'") == 0)
		clock_pause_ms(20);
	MUST(pg_commit(pg, &err));
	catalog_put(cat, pg);
	thread_join(&s.thread);
	assert_true(s.found);
	assert_string_equal(s.m.name, "Busy-0001");
	assert_int_equal(s.m.vol_bytes, 77);
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

static void
a_volume_without_jobs_can_be_purged_and_recycled(void **state)
{
	struct err err = ERR_INIT;
	OWNED(cat_jobs_release) struct cat_jobs jobs = { 0 };
	OWNED(buf_release) struct buf notes = BUF_INIT(65536);
	struct cat_pool pool;
	struct cat_media m;
	struct cat_media_update u = { .name = "Pur-0001",
				      .status = "Full",
				      .vol_jobs = 1,
				      .vol_blocks = 2,
				      .vol_bytes = 10,
				      .job_start = T0,
				      .end_time = T0 };
	uint32_t media, job;
	bool purged, found, done;

	(void)pool_of("Pur", 0, &pool);
	media = volume(&pool, "Pur-0001", "Append");
	job = done_job("pur", 'F', T0, 'T');
	put_on(job, media);
	MUST(cat_media_update(cat, &u, &m, &found, &notes, &err));
	MUST(cat_purge_mark_volume(cat, media, false, &purged, &err));
	assert_false(purged);
	MUST(cat_purge_jobs_of_volume(cat, media, T0 - 100, &jobs, &err));
	assert_int_equal(jobs.n, 0);
	cat_jobs_release(&jobs);
	MUST(cat_purge_jobs_of_volume(cat, media, 0, &jobs, &err));
	assert_int_equal(jobs.n, 1);
	assert_int_equal(jobs.v[0].job_id, job);
	/* Said to be free by hand, with the job on it, it is not emptied. */
	run_sql("UPDATE media SET volstatus = 'Purged' WHERE mediaid = ", media);
	MUST(cat_media_recycle(cat, media, &m, &done, &err));
	assert_false(done);
	run_sql("UPDATE media SET volstatus = 'Full' WHERE mediaid = ", media);
	run_sql("INSERT INTO path (path) SELECT '/purged/' || ", job);
	run_sql("INSERT INTO file (fileindex, jobid, pathid, lstat, md5, name) "
		"SELECT 1, jobid, (SELECT max(pathid) FROM path), '', '', 'f' FROM job WHERE jobid "
		"= ",
		job);
	assert_int_equal(count_files(job), 1);
	MUST(cat_purge_jobs(cat, &job, 1, &err));
	assert_false(job_is_there(job));
	assert_int_equal(count_files(job), 0);
	MUST(cat_purge_mark_volume(cat, media, false, &purged, &err));
	assert_true(purged);
	MUST(cat_media_recycle(cat, media, &m, &done, &err));
	assert_true(done);
	assert_int_equal(m.last_written, 0);
	assert_int_equal(m.first_written, 0);
	MUST(cat_media_recycle(cat, media, &m, &done, &err));
	assert_false(done);
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
		cmocka_unit_test(level_facts_are_those_of_good_jobs),
		cmocka_unit_test(a_job_whose_volume_is_gone_is_no_base),
		cmocka_unit_test(a_job_whose_volume_is_gone_is_not_restored),
		cmocka_unit_test(what_was_based_on_a_removed_job_is_no_base),
		cmocka_unit_test(a_volume_with_jobs_is_not_said_to_be_free),
		cmocka_unit_test(jobs_on_top_of_others_are_found),
		cmocka_unit_test(a_volume_is_deleted_with_its_jobs_or_not_at_all),
		cmocka_unit_test(the_most_recent_chain_is_full_diff_and_incrementals),
		cmocka_unit_test(jobs_of_one_second_are_all_in_the_chain),
		cmocka_unit_test(volumes_are_chosen_in_the_order_of_the_attempts),
		cmocka_unit_test(a_pool_has_no_more_than_its_maximum_volumes),
		cmocka_unit_test(update_media_guards_its_counters),
		cmocka_unit_test(the_status_of_an_operator_outlives_a_running_job),
		cmocka_unit_test(what_an_operator_changes_undoes_nothing_of_a_job),
		cmocka_unit_test(a_volume_that_is_just_being_updated_is_found),
		cmocka_unit_test(a_line_that_the_server_refuses_stops_no_other),
		cmocka_unit_test(stretches_reach_as_far_as_they_hold_every_file),
		cmocka_unit_test(a_volume_without_jobs_can_be_purged_and_recycled),
		cmocka_unit_test(a_job_whose_row_was_deleted_is_told_from_a_catalog_that_is_away),
		cmocka_unit_test(lists_are_typed_tables),
		cmocka_unit_test(jobs_of_a_dead_director_become_failed),
		cmocka_unit_test(lstat_is_decoded_by_the_functions),
	};

	return cmocka_run_group_tests(tests, set_up, farm_tear_down);
}
