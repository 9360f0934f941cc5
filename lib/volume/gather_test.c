/*
 * Gathering without a bootstrap, from volumes in memory.  What it does with a bootstrap and with
 * damage is told by storage-daemon/session/read_test.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/proto/stream.h"
#include "lib/volume/gather.h"

#define TIME  1000u
#define BLOCK 4096u

/* ---- a volume ---- */

static void
put(struct buf *volume, uint32_t id, int file, int stream, const void *p, size_t n)
{
	uint8_t area[BLOCK];
	struct block_fill fill = { .p = area, .cap = BLOCK };
	struct record_put r = { .file_index = file,
				.stream = stream,
				.data = bytes_of((const uint8_t *)p, n) };
	struct block_head head = { .session_id = id,
				   .session_time = TIME,
				   .head_len = BLOCK_HEAD_LEN };
	bool whole = false;

	while (!whole) {
		block_fill_reset(&fill);
		whole = record_put(&fill, &r);
		head.len = fill.len;
		block_head_emit(area, &head, true);
		buf_put(volume, area, fill.len);
	}
}

static void
put_file(struct buf *volume, uint32_t id, int file)
{
	char attributes[64];
	int n = snprintf(attributes, sizeof(attributes), "%d 3 /src/%02d%cA A A A%c%c%c0", file,
			 file, 0, 0, 0, 0);

	put(volume, id, file, STREAM_UNIX_ATTRIBUTES, attributes, (size_t)n + 1);
	put(volume, id, file, STREAM_FILE_DATA, "content", 7);
}

static void
put_end(struct buf *volume, uint32_t id, uint32_t files)
{
	struct session_label l = { .style = LABEL_BAREOS, .version = 20, .files = files };
	uint8_t data[LABEL_MAX];

	put(volume, id, EOS_LABEL, 1, data, session_label_emit(&l, true, data));
}

static void
spoil_last(struct buf *volume)
{
	volume->p[volume->len - 1] ^= 1;
}

/* ---- who takes it ---- */

struct taken {
	unsigned records, files, sentences, hits;
	enum err_code answer; /* to each record */
	char said[4096];      /* as much of it as fits */
};

static enum err_code
take(void *user, const struct record *rec, struct err *err)
{
	struct taken *t = user;

	t->records++;
	t->files += rec->stream == STREAM_UNIX_ATTRIBUTES;
	return t->answer == ERR_OK ? ERR_OK : err_set(err, t->answer, "not this one");
}

static void
say(void *user, enum msg_type type UNUSED, const char *text)
{
	struct taken *t = user;
	size_t n = strlen(t->said);

	t->sentences++;
	(void)snprintf(t->said + n, sizeof(t->said) - n, "%s\n", text);
}

static void
note_hit(void *user, uint32_t session_id UNUSED, uint32_t session_time UNUSED,
	 int32_t file_index UNUSED, const struct err *why UNUSED)
{
	struct taken *t = user;

	t->hits++;
}

static bool
is_second(void *user UNUSED, struct bytes name)
{
	return bytes_eq(name, bytes_str("/src/02"));
}

static enum err_code
pread_buf(void *user, void *p, size_t n, uint64_t at, size_t *got, struct err *err UNUSED)
{
	const struct buf *b = user;

	*got = at >= b->len ? 0 : b->len - at < n ? b->len - (size_t)at : n;
	memcpy(p, b->p + at, *got);
	return ERR_OK;
}

static enum err_code
gather_all(struct buf *volume, const struct gather_ops *ops, struct taken *t)
{
	OWNED(gather_freep) struct gather *g = gather_new(NULL, ops, t);
	OWNED(volume_scan_freep) struct volume_scan *scan = volume_scan_new(pread_buf, volume);
	struct err err = ERR_INIT;
	enum err_code code = gather_volume(g, "V", scan, volume->len, &err);

	assert_int_equal(gather_was_refused(g), code != ERR_OK);
	gather_finish(g);
	buf_release(volume);
	return code;
}

static const struct gather_ops plain = { .record = take, .say = say, .hit = note_hit };

/* ---- tests ---- */

static void
records_come_whole_and_names_choose(void **state)
{
	struct buf v = BUF_INIT(BLOCK * 64);
	struct gather_ops choosy = plain;
	struct taken t = { .records = 0 };
	static uint8_t large[3 * BLOCK];

	(void)state;
	choosy.wants = is_second;
	for (int file = 1; file <= 3; file++)
		put_file(&v, 1, file);
	put(&v, 1, 3, STREAM_FILE_DATA, large, sizeof(large));
	assert_int_equal(gather_all(&v, &plain, &t), ERR_OK);
	assert_int_equal(t.records, 7);
	t = (struct taken){ .records = 0 };
	for (int file = 1; file <= 3; file++)
		put_file(&v, 1, file);
	assert_int_equal(gather_all(&v, &choosy, &t), ERR_OK);
	assert_int_equal(t.records, 2);
	assert_int_equal(t.sentences + t.hits, 0);
}

static void
a_record_that_is_too_long_is_not_the_end_and_another_refusal_is(void **state)
{
	struct buf v = BUF_INIT(BLOCK * 64);
	struct taken t = { .answer = ERR_LIMIT };

	(void)state;
	put_file(&v, 1, 1);
	assert_int_equal(gather_all(&v, &plain, &t), ERR_OK);
	assert_int_equal(t.records, 2);
	assert_non_null(strstr(t.said, "file 1 (/src/01) of session 1 is incomplete"));
	t = (struct taken){ .answer = ERR_FULL };
	put_file(&v, 1, 1);
	assert_int_equal(gather_all(&v, &plain, &t), ERR_FULL);
	assert_int_equal(t.records, 1);
}

/* The label of its end says how many files a job has. */
static void
files_lost_before_the_end_of_their_job_are_known(void **state)
{
	struct buf v = BUF_INIT(BLOCK * 64);
	struct taken t = { .records = 0 };

	(void)state;
	put_file(&v, 1, 1);
	put_file(&v, 2, 1);
	put_file(&v, 1, 2);
	spoil_last(&v);
	put_end(&v, 1, 4);
	put_end(&v, 2, 1);
	put_file(&v, 3, 1);
	spoil_last(&v);
	assert_int_equal(gather_all(&v, &plain, &t), ERR_OK);
	assert_non_null(strstr(t.said, "file 2 (/src/02) of session 1 may be incomplete"));
	assert_non_null(strstr(t.said, "files 3-4 of session 1/1000 may be lost"));
	assert_null(strstr(t.said, "of session 2"));
	assert_non_null(strstr(t.said, "of session 3 may be incomplete"));
}

static void
a_record_that_has_no_end_is_told(void **state)
{
	static uint8_t large[3 * BLOCK];
	struct buf v = BUF_INIT(BLOCK * 64);
	struct taken t = { .records = 0 };
	size_t n;

	(void)state;
	put_file(&v, 1, 1);
	n = v.len;
	put(&v, 1, 1, STREAM_FILE_DATA, large, sizeof(large));
	v.len = n + 2 * BLOCK; /* of four blocks */
	assert_int_equal(gather_all(&v, &plain, &t), ERR_OK);
	assert_non_null(strstr(t.said, "a record of file 1 of session 1 is incomplete: its "
				       "continuation is missing"));
	assert_int_equal(t.sentences, 1);
	assert_int_equal(t.hits, 1);
}

/* ---- volumes made to do harm ---- */

#define MANY 30000

static void
what_is_said_of_bad_places_without_end_is_bounded(void **state)
{
	struct buf v = BUF_INIT(BLOCK * 1024);
	struct taken t = { .records = 0 };

	(void)state;
	for (int i = 0; i < MANY; i++) {
		put(&v, 1, 1 + i, STREAM_GZIP_DATA, "", 0);
		buf_put(&v, "?", 1);
	}
	assert_int_equal(gather_all(&v, &plain, &t), ERR_OK);
	assert_int_equal(t.records, MANY);
	assert_in_range(t.sentences, 10000, MANY - 1);
}

static void
sessions_without_end_are_forgotten(void **state)
{
	struct buf v = BUF_INIT(BLOCK * 1024);
	struct taken t = { .records = 0 };

	(void)state;
	for (uint32_t i = 0; i < MANY; i++)
		put(&v, i, 1, STREAM_GZIP_DATA, "", 0);
	put(&v, 1, 1, STREAM_GZIP_DATA, "", 0);
	spoil_last(&v);
	put(&v, 1, 1, STREAM_GZIP_DATA, "", 0);
	assert_int_equal(gather_all(&v, &plain, &t), ERR_OK);
	assert_int_equal(t.records, MANY + 1);
	assert_in_range(t.hits, 1, MANY - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_whole_and_names_choose),
		cmocka_unit_test(a_record_that_is_too_long_is_not_the_end_and_another_refusal_is),
		cmocka_unit_test(files_lost_before_the_end_of_their_job_are_known),
		cmocka_unit_test(a_record_that_has_no_end_is_told),
		cmocka_unit_test(what_is_said_of_bad_places_without_end_is_bounded),
		cmocka_unit_test(sessions_without_end_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
