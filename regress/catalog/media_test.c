/* regress/catalog/media_test.c - volumes: which one is written next, what changes their rows, how
 * they go
 *
 * labels: tsan
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/thread.h"
#include "lib/catalog/cat_purge.h"
#include "lib/catalog/catalog_internal.h"
#include "regress/catalog/rows.h"

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

/* Purged by hand, perhaps to be kept: only with Recycle it is written again. */
static void
a_purged_volume_is_written_again_only_with_recycle(void **state)
{
	struct err err = ERR_INIT;
	OWNED(buf_release) struct buf notes = BUF_INIT(65536);
	struct cat_media_want want = { .media_type = "FileA" };
	struct cat_pool pool;
	struct cat_media m;
	bool found, recycled;
	uint32_t ids[2];

	want.pool_id = pool_of("Keep", 0, &pool);
	ids[0] = volume(&pool, "Keep-0001", "Purged");
	ids[1] = volume(&pool, "Keep-0002", "Recycle");
	for (int i = 0; i < 2; i++)
		run_sql("UPDATE media SET recycle = 0 WHERE mediaid = ", ids[i]);
	MUST(cat_media_find_next(cat, &want, &m, &found, &recycled, &notes, &err));
	assert_false(found);
	run_sql("UPDATE media SET recycle = 1 WHERE mediaid = ", ids[0]);
	MUST(cat_media_find_next(cat, &want, &m, &found, &recycled, &notes, &err));
	assert_true(found && recycled);
	assert_string_equal(m.name, "Keep-0001");
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

static int64_t
count_files(uint32_t job_id)
{
	OWNED(freep) char *text = str_printf("SELECT count(*) FROM file WHERE jobid = %u", job_id);

	return farm_number(&farm, text);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_volume_with_jobs_is_not_said_to_be_free),
		cmocka_unit_test(a_volume_is_deleted_with_its_jobs_or_not_at_all),
		cmocka_unit_test(volumes_are_chosen_in_the_order_of_the_attempts),
		cmocka_unit_test(a_purged_volume_is_written_again_only_with_recycle),
		cmocka_unit_test(a_pool_has_no_more_than_its_maximum_volumes),
		cmocka_unit_test(update_media_guards_its_counters),
		cmocka_unit_test(the_status_of_an_operator_outlives_a_running_job),
		cmocka_unit_test(what_an_operator_changes_undoes_nothing_of_a_job),
		cmocka_unit_test(a_volume_that_is_just_being_updated_is_found),
		cmocka_unit_test(a_volume_without_jobs_can_be_purged_and_recycled),
	};

	return cmocka_run_group_tests(tests, rows_set_up, farm_tear_down);
}
