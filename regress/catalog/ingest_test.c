/*
 * regress/catalog/ingest_test.c - attributes of a running job into the catalog
 *
 * labels: tsan
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/catalog/cat_restore.h"
#include "lib/catalog/catalog_internal.h"
#include "lib/proto/attr_record.h"
#include "lib/proto/stream.h"
#include "regress/catalog/farm.h"

static uint32_t client_id, file_set_id;

static int
set_up(void **state)
{
	farm_open(&farm);
	client_id = farm_client(&farm, "fd1");
	file_set_id = farm_fileset(&farm, "FS", "hioEvw/ha6dKF6gdw1+9uD");
	return 0;
}

/* %u in the statement is the job. */
static int64_t
number_of_job(const char *sql, uint32_t job_id)
{
	const char *at = strstr(sql, "%u");
	OWNED(freep) char *text = str_printf("%.*s%u%s", (int)(at - sql), sql, job_id, at + 2);

	return farm_number(&farm, text);
}

static void
rows_of_a_job_arrive_once_with_their_digests(void **state)
{
	enum { N = 120000 };
	struct err err = ERR_INIT;
	uint32_t id = farm_job(&farm, "bk", 'F', clock_now(), client_id, file_set_id);
	struct cat_attr_options o = { .job_id = id };
	struct wait w = wait_for(NULL, 1200, "test");
	struct cat_attr_count count;
	OWNED(cat_attr_freep) struct cat_attr *a = NULL;

	MUST(cat_attr_open(farm.catalog, &o, &a, &err));
	for (uint32_t i = 1; i <= N; i++)
		farm_push_file(a, i, i % 3 != 0);
	MUST(cat_attr_finish(a, &w, &count, &err));
	assert_int_equal(count.rows, N);
	assert_int_equal(count.files, N);
	assert_int_equal(count.spooled, 0);
	assert_int_equal(number_of_job("SELECT count(*) FROM file WHERE jobid = %u", id), N);
	assert_int_equal(
		number_of_job("SELECT count(DISTINCT fileindex) FROM file WHERE jobid = %u", id),
		N);
	assert_int_equal(
		number_of_job("SELECT count(DISTINCT fileid) FROM file WHERE jobid = %u", id), N);
	assert_int_equal(number_of_job("SELECT count(*) FROM file WHERE jobid = %u AND md5 = '0'",
				       id),
			 N / 3);
	assert_int_equal(
		number_of_job("SELECT count(*) FROM file WHERE jobid = %u AND length(md5) = 22",
			      id),
		N - N / 3);
	/* Every directory and its ancestors are visible; files are counted. */
	assert_int_equal(
		number_of_job("SELECT sum(files) FROM pathvisibility WHERE jobid = %u", id), N);
	assert_int_equal(number_of_job("SELECT count(*) FROM pathvisibility WHERE jobid = %u", id),
			 N / 16 + 1 + 7);
	assert_int_equal(number_of_job("SELECT hascache FROM job WHERE jobid = %u", id), 1);
	assert_int_equal(farm_number(&farm,
				     "SELECT count(*) FROM path p LEFT JOIN pathhierarchy h "
				     "USING (pathid) WHERE p.path <> '' AND h.pathid IS NULL"),
			 0);
	/* FileIds lead to the job. */
	assert_int_equal(
		number_of_job("SELECT count(*) FROM file f WHERE jobid = %u AND NOT EXISTS "
			      "(SELECT 1 FROM tercet_file_range r WHERE f.fileid BETWEEN "
			      "r.firstfileid AND r.lastfileid AND r.jobid = f.jobid)",
			      id),
		0);
	farm_end_job(&farm, id, 'T', N);
}

static pid_t
server_pid(void)
{
	return (pid_t)farm_number(
		&farm, "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int");
}

static void
a_server_killed_in_mid_job_loses_and_doubles_nothing(void **state)
{
	enum { N = 90000 };
	struct err err = ERR_INIT;
	uint32_t id = farm_job(&farm, "bk", 'I', clock_now(), client_id, file_set_id);
	struct cat_attr_options o = { .job_id = id };
	struct wait w = wait_for(NULL, 1200, "test");
	unsigned killed = 0; /* the second time it may not be back yet */
	struct cat_attr_count count;
	OWNED(cat_attr_freep) struct cat_attr *a = NULL;

	MUST(cat_attr_open(farm.catalog, &o, &a, &err));
	for (uint32_t i = 1; i <= N; i++) {
		farm_push_file(a, i, true);
		/* A backend that dies makes the server restart all: every connection is lost. */
		if (i == N / 3 || i == N / 2) {
			int64_t backend = farm_number(
				&farm, "SELECT pid FROM pg_stat_activity WHERE application_name = "
				       "'tercet' AND pid <> pg_backend_pid() LIMIT 1");

			if (backend > 0 && farm_kill(farm.dir, (pid_t)backend, SIGKILL))
				killed++;
		}
	}
	assert_true(killed > 0);
	MUST(cat_attr_finish(a, &w, &count, &err));
	assert_int_equal(count.rows, N);
	assert_int_equal(number_of_job("SELECT count(*) FROM file WHERE jobid = %u", id), N);
	assert_int_equal(
		number_of_job("SELECT count(DISTINCT fileindex) FROM file WHERE jobid = %u", id),
		N);
	assert_int_equal(
		number_of_job("SELECT sum(files) FROM pathvisibility WHERE jobid = %u", id), N);
	farm_end_job(&farm, id, 'T', N);
}

static void
records_wait_in_the_spool_file_while_the_server_is_away(void **state)
{
	enum { N = 400000 };
	struct err err = ERR_INIT;
	uint32_t id = farm_job(&farm, "bk", 'I', clock_now() + 1, client_id, file_set_id);
	struct cat_attr_options o = { .job_id = id };
	struct wait w = wait_for(NULL, 1200, "test");
	struct cat_attr_count count;
	pid_t pid = server_pid();
	OWNED(freep) char *spool = str_printf("%s/farm.attributes.%u.spool", farm.dir, id);
	OWNED(cat_attr_freep) struct cat_attr *a = NULL;

	MUST(cat_attr_open(farm.catalog, &o, &a, &err));
	for (uint32_t i = 1; i <= N; i++) {
		farm_push_file(a, i, false);
		if (i == 50000)
			(void)farm_kill(farm.dir, pid, SIGSTOP);
		if (i == 50001) {
			/* Stopped servers still accept; end the backends so that the loss shows. */
			(void)farm_kill(farm.dir, pid, SIGCONT);
			(void)farm_number(&farm, "SELECT count(pg_terminate_backend(pid)) FROM "
						 "pg_stat_activity WHERE pid <> pg_backend_pid()");
			(void)farm_kill(farm.dir, pid, SIGSTOP);
		}
	}
	(void)farm_kill(farm.dir, pid, SIGCONT);
	MUST(cat_attr_finish(a, &w, &count, &err));
	assert_int_equal(count.rows, N);
	assert_true(count.spooled > 0);
	assert_int_equal(access(spool, F_OK), 0);
	cat_attr_freep(&a);
	a = NULL;
	assert_int_equal(access(spool, F_OK), -1);
	assert_int_equal(number_of_job("SELECT count(*) FROM file WHERE jobid = %u", id), N);
	assert_int_equal(
		number_of_job("SELECT count(DISTINCT fileindex) FROM file WHERE jobid = %u", id),
		N);
	farm_end_job(&farm, id, 'T', N);
}

/* Something in the server, a trigger here, leaves out a row. */
static void
rows_that_the_server_does_not_take_are_missed(void **state)
{
	struct err err = ERR_INIT;
	uint32_t id = farm_job(&farm, "left-out", 'F', clock_now(), client_id, file_set_id);
	struct cat_attr_options o = { .job_id = id };
	struct wait w = wait_for(NULL, 1200, "test");
	struct cat_attr_count count;
	OWNED(cat_attr_freep) struct cat_attr *a = NULL;

	(void)farm_number(&farm, "CREATE FUNCTION leave_out() RETURNS trigger LANGUAGE plpgsql AS "
				 "$$ BEGIN IF new.fileindex = 7 THEN RETURN NULL; END IF; RETURN "
				 "new; END $$; CREATE TRIGGER leave_out BEFORE INSERT ON file "
				 "FOR EACH ROW EXECUTE FUNCTION leave_out(); SELECT 1");
	MUST(cat_attr_open(farm.catalog, &o, &a, &err));
	for (uint32_t i = 1; i <= 9; i++)
		farm_push_file(a, i, true);
	assert_int_equal(cat_attr_finish(a, &w, &count, &err), ERR_CATALOG);
	assert_non_null(strstr(err.text, "the catalog took 8 of 9 rows of job"));
	(void)farm_number(&farm, "DROP TRIGGER leave_out ON file; DROP FUNCTION leave_out(); "
				 "SELECT 1");
}

/* Its connection is lost then, too. */
static void
a_job_deleted_while_it_ran_is_told_and_not_waited_for(void **state)
{
	struct err err = ERR_INIT;
	uint32_t id = farm_job(&farm, "deleted", 'F', clock_now(), client_id, file_set_id);
	struct cat_attr_options o = { .job_id = id };
	struct wait w = wait_for(NULL, 60, "test");
	struct cat_attr_count count;
	OWNED(cat_attr_freep) struct cat_attr *a = NULL;

	MUST(cat_attr_open(farm.catalog, &o, &a, &err));
	farm_push_file(a, 1, true);
	MUST(cat_attr_flush(a, &err));
	assert_int_equal(
		number_of_job("DELETE FROM tercet_ingest WHERE jobid = %u RETURNING 1", id), 1);
	(void)farm_number(&farm, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
				 "WHERE pid <> pg_backend_pid()");
	farm_push_file(a, 2, true);
	assert_int_equal(cat_attr_finish(a, &w, &count, &err), ERR_CATALOG);
	assert_non_null(strstr(err.text, "was the job deleted while it ran?"));
}

static void
push(struct cat_attr *a, int32_t index, int32_t stream, const char *bytes, size_t n,
     enum err_code expected)
{
	struct err err = ERR_INIT;

	assert_int_equal(cat_attr_push(a, index, stream, bytes_of(bytes, n), &err), expected);
}

#define RECORD(index, type, name, delta)                                                           \
	index " " type " " name "\0A A IGk B A A A I BAA I BrAQCh BrAQCh BrAQCh A A C\0\0\0" delta
#define PUSH(a, index, record) push(a, index, 1, record, sizeof(record), ERR_OK)

static void
records_follow_the_rules(void **state)
{
	struct err err = ERR_INIT;
	uint32_t id = farm_job(&farm, "odd", 'F', clock_now(), client_id, file_set_id);
	struct cat_attr_options o = { .job_id = id };
	struct wait w = wait_for(NULL, 1200, "test");
	struct cat_attr_count count;
	OWNED(cat_attr_freep) struct cat_attr *a = NULL;

	MUST(cat_attr_open(farm.catalog, &o, &a, &err));
	PUSH(a, 1, RECORD("1", "3", "/odd/\x01\xff\xfe\"\\\n{},'x", "2"));
	PUSH(a, 2, RECORD("2", "5", "/odd/", "0"));
	PUSH(a, 3, RECORD("3", "23", "/odd/gone", "0"));
	PUSH(a, 4, RECORD("4", "3", "C:/x", "0"));
	PUSH(a, 5, RECORD("5", "3", "nopath", "0"));
	push(a, 9, 3, "0123456789abcdef", 16, ERR_FORMAT); /* digest of another file */
	push(a, 5, 3, "0123456789abcdef", 16, ERR_OK);
	push(a, 6, 2, "data", 4, ERR_FORMAT);
	PUSH(a, 7, RECORD("7", "3", "/", "0"));
	MUST(cat_attr_flush(a, &err));
	MUST(cat_attr_finish(a, &w, &count, &err));
	assert_int_equal(count.rows, 6);
	assert_int_equal(count.deleted, 1);
	assert_int_equal(count.refused, 2);
	assert_int_equal(
		number_of_job("SELECT deltaseq FROM file WHERE jobid = %u AND fileindex = 1", id),
		2);
	assert_int_equal(
		number_of_job(
			"SELECT count(*) FROM file JOIN path USING (pathid) WHERE jobid = %u AND "
			"name = E'\\001\\xff\\xfe\"\\\\\\n{},''x' AND path = '/odd/'",
			id),
		1);
	assert_int_equal(
		number_of_job("SELECT fileindex FROM file WHERE jobid = %u AND name = 'gone'", id),
		0);
	assert_int_equal(
		number_of_job("SELECT fileindex FROM file JOIN path USING (pathid) WHERE "
			      "jobid = %u AND path = 'nopath' AND name = '' AND length(md5) = 22",
			      id),
		5);
	assert_int_equal(farm_number(&farm,
				     "SELECT count(*) FROM pathhierarchy h JOIN path p USING "
				     "(pathid) JOIN path q ON q.pathid = h.ppathid WHERE p.path "
				     "IN ('C:/', '/', 'nopath') AND q.path = ''"),
			 3);
	farm_end_job(&farm, id, 'T', 6);
}

/* Letters that do not compress, in components of 240. */
static void
long_directory(struct buf *out, size_t n, uint64_t seed)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	buf_text(out, "/long/");
	for (size_t i = 1; out->len < n; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		buf_put(out, i % 240 == 0 ? "/" : &letters[seed >> 58], 1);
	}
	buf_put(out, "/", 1);
}

static void
push_name(struct cat_attr *a, int32_t index, const struct buf *dir, const char *name)
{
	struct err err = ERR_INIT;
	OWNED(buf_release) struct buf full = BUF_INIT(1u << 20);
	OWNED(buf_release) struct buf rec = BUF_INIT(1u << 20);
	struct attr_record r = { .file_index = index,
				 .type = *name == '\0' ? FT_DIREND : FT_REG,
				 .lstat = bytes_str(
					 "A A IGk B A A A I BAA I BrAQCh BrAQCh BrAQCh A A C") };

	buf_put(&full, dir->p, dir->len);
	buf_text(&full, "%s", name);
	r.name = buf_bytes(&full);
	MUST(attr_record_emit(&r, &rec, &err));
	MUST(cat_attr_push(a, index, STREAM_UNIX_ATTRIBUTES, buf_bytes(&rec), &err));
}

struct found {
	const struct buf *dir;
	unsigned n;
};

static enum err_code
note_found(void *ctx, const struct cat_file *f, struct err *err)
{
	struct found *found = ctx;

	found->n += bytes_eq(f->path, buf_bytes(found->dir)) && bytes_eq(f->name, bytes_str("f"));
	return ERR_OK;
}

/* Any user may make such a directory; an entry of a B-tree is at most 2704 bytes. */
static void
directories_with_names_too_long_for_an_index_are_stored_and_found(void **state)
{
	struct err err = ERR_INIT;
	struct wait w = wait_for(NULL, 1200, "test");
	struct cat_attr_count count;
	OWNED(buf_release) struct buf longest = BUF_INIT(1u << 20);
	OWNED(buf_release) struct buf deep = BUF_INIT(1u << 20);
	OWNED(buf_release) struct buf beyond = BUF_INIT(1u << 20);
	OWNED(buf_release) struct buf plain = BUF_INIT(1u << 20);
	uint32_t id = 0;

	long_directory(&longest, 3000, 1);
	buf_text(&plain, "/long/");
	while (deep.len < 4000) /* with its ancestors 4 MB of names */
		buf_text(&deep, "/d");
	buf_text(&deep, "/");
	while (beyond.len <
	       400000) /* with its ancestors it would be 40 GB: it has no rows of them */
		buf_text(&beyond, "/e");
	buf_text(&beyond, "/");
	for (int round = 0; round < 2; round++) {
		OWNED(cat_attr_freep) struct cat_attr *a = NULL;
		struct cat_attr_options o = { .job_id = farm_job(&farm, "long", 'F', clock_now(),
								 client_id, file_set_id) };
		struct found found = { &longest, 0 };
		struct cat_file_reader reader = { .file = note_found, .ctx = &found };
		struct cat_file_count files;

		id = o.job_id;
		path_cache_clear(farm.catalog->paths); /* the second job finds the rows */
		MUST(cat_attr_open(farm.catalog, &o, &a, &err));
		push_name(a, 1, &longest, "f");
		push_name(a, 2, &deep, "f");
		push_name(a, 3, &longest, "");
		push_name(a, 4, &plain, "f");
		push_name(a, 5, &beyond, "f");
		MUST(cat_attr_finish(a, &w, &count, &err));
		assert_int_equal(count.files, 5);
		farm_end_job(&farm, id, 'T', 5);
		MUST(cat_restore_files(farm.catalog, &id, 1, &reader, &files, &err));
		assert_int_equal(files.files, 5);
		assert_int_equal(files.homeless, 0);
		assert_int_equal(found.n, 1);
	}
	assert_int_equal(farm_number(&farm, "SELECT count(*) - count(DISTINCT path) FROM path"), 0);
	assert_int_equal(farm_number(&farm, "SELECT count(*) FROM tercet_long_path WHERE "
					    "length(path) <= 2600"),
			 0);
	assert_int_equal(farm_number(&farm, "SELECT count(*) FROM path WHERE length(path) > 2900 "
					    "AND path LIKE '/long/%'"),
			 1);
	assert_int_equal(number_of_job("SELECT count(*) FROM file JOIN path USING (pathid) WHERE "
				       "jobid = %u",
				       id),
			 5);
	assert_int_equal(farm_number(&farm, "SELECT count(*) FROM path WHERE path LIKE '/e/%'"), 1);
	assert_int_equal(farm_number(&farm,
				     "SELECT count(*) FROM pathhierarchy h JOIN path p USING "
				     "(pathid) JOIN path q ON q.pathid = h.ppathid WHERE "
				     "q.path <> tercet_parent_path(p.path)"),
			 0);
	assert_int_equal(farm_number(&farm,
				     "SELECT count(*) FROM path p LEFT JOIN pathhierarchy h "
				     "USING (pathid) WHERE p.path <> '' AND h.pathid IS NULL AND "
				     "length(p.path) <= 4096"),
			 0);
}

/* As bareos-dbcheck does it, beside the director. */
static void
rows_of_path_that_were_removed_are_missed_once(void **state)
{
	struct err err = ERR_INIT;
	struct wait w = wait_for(NULL, 1200, "test");
	struct cat_attr_count count;
	OWNED(buf_release) struct buf dir = BUF_INIT(1000);
	enum err_code code[3];

	buf_text(&dir, "/removed/beside/");
	for (int round = 0; round < 3; round++) {
		OWNED(cat_attr_freep) struct cat_attr *a = NULL;
		struct cat_attr_options o = { .job_id = farm_job(&farm, "gone", 'F', clock_now(),
								 client_id, file_set_id) };

		MUST(cat_attr_open(farm.catalog, &o, &a, &err));
		push_name(a, 1, &dir, "f");
		code[round] = cat_attr_finish(a, &w, &count, &err);
		farm_end_job(&farm, o.job_id, 'T', 1);
		if (round == 0)
			(void)farm_number(&farm, "WITH d AS (DELETE FROM path WHERE path = "
						 "'/removed/beside/' RETURNING 1) SELECT 1");
	}
	assert_int_equal(code[0], ERR_OK);
	assert_int_equal(code[1], ERR_CATALOG);
	assert_non_null(strstr(err.text, "no row in table Path"));
	assert_int_equal(code[2], ERR_OK);
}

struct seen {
	uint64_t files;
	uint64_t from[2];
	bool odd;
};

static enum err_code
note_file(void *ctx, const struct cat_file *f, struct err *err)
{
	struct seen *s = ctx;

	s->files++;
	s->from[f->job_slot]++;
	if (bytes_eq(f->name, bytes_str("b")) && f->job_slot != 1)
		s->odd = true;
	if (bytes_eq(f->name, bytes_str("gone")))
		s->odd = true;
	if (!bytes_eq(f->path, bytes_str("/chain/")))
		s->odd = true;
	return ERR_OK;
}

static void
load_chain_job(uint32_t id, bool second)
{
	struct err err = ERR_INIT;
	struct cat_attr_options o = { .job_id = id };
	struct wait w = wait_for(NULL, 1200, "test");
	struct cat_attr_count count;
	OWNED(cat_attr_freep) struct cat_attr *a = NULL;

	MUST(cat_attr_open(farm.catalog, &o, &a, &err));
	if (!second) {
		PUSH(a, 1, RECORD("1", "3", "/chain/a", "0"));
		PUSH(a, 2, RECORD("2", "3", "/chain/b", "0"));
		PUSH(a, 3, RECORD("3", "3", "/chain/gone", "0"));
	} else {
		PUSH(a, 1, RECORD("1", "3", "/chain/b", "0"));
		PUSH(a, 2, RECORD("2", "23", "/chain/gone", "0"));
		PUSH(a, 3, RECORD("3", "3", "/chain/new", "0"));
		PUSH(a, 4, RECORD("4", "3", "/chain/b", "0")); /* of Files that overlap */
	}
	MUST(cat_attr_finish(a, &w, &count, &err));
	farm_end_job(&farm, id, 'T', second ? 4 : 3);
}

static void
the_newest_job_that_has_a_file_wins(void **state)
{
	struct err err = ERR_INIT;
	uint32_t full = farm_job(&farm, "chain", 'F', 1795000000, client_id, file_set_id);
	uint32_t inc = farm_job(&farm, "chain", 'I', 1795100000, client_id, file_set_id);
	uint32_t ids[2] = { full, inc };
	struct seen seen = { 0 };
	uint64_t job_rows[2] = { 0 };
	struct cat_file_reader reader = {
		.file = note_file, .ctx = &seen, .want_md5 = true, .job_rows = job_rows
	};
	struct cat_file_count count;

	load_chain_job(full, false);
	load_chain_job(inc, true);
	MUST(cat_restore_files(farm.catalog, ids, 2, &reader, &count, &err));
	assert_false(seen.odd);
	assert_int_equal(count.rows, 7);
	assert_int_equal(count.files, 4);
	assert_int_equal(count.deleted, 1);
	assert_int_equal(seen.from[0], 1);
	assert_int_equal(seen.from[1], 3);
	assert_int_equal(job_rows[0], 3);
	assert_int_equal(job_rows[1], 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_a_job_arrive_once_with_their_digests),
		cmocka_unit_test(records_follow_the_rules),
		cmocka_unit_test(directories_with_names_too_long_for_an_index_are_stored_and_found),
		cmocka_unit_test(rows_of_path_that_were_removed_are_missed_once),
		cmocka_unit_test(the_newest_job_that_has_a_file_wins),
		cmocka_unit_test(rows_that_the_server_does_not_take_are_missed),
		cmocka_unit_test(a_job_deleted_while_it_ran_is_told_and_not_waited_for),
		cmocka_unit_test(a_server_killed_in_mid_job_loses_and_doubles_nothing),
		cmocka_unit_test(records_wait_in_the_spool_file_while_the_server_is_away),
	};

	return cmocka_run_group_tests(tests, set_up, farm_tear_down);
}
