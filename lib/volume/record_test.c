#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <malloc.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lib/base/fd.h"
#include "lib/volume/label.h"
#include "lib/volume/record.h"

/* ---- a writer of two interleaved sessions, and a reader that must get the same back ---- */

#define N_RECORDS 60
#define N_BLOCKS  50000

struct tape {
	uint8_t *bytes; /* N_BLOCKS blocks of cap */
	size_t n, cap;
};

struct writer {
	struct tape *tape;
	uint32_t session;
	uint8_t area[4096];
	struct block_fill fill;
};

static void
writer_init(struct writer *w, struct tape *tape, uint32_t session)
{
	w->tape = tape;
	w->session = session;
	w->fill.p = w->area;
	w->fill.cap = (uint32_t)tape->cap;
	block_fill_reset(&w->fill);
}

static void
flush(struct writer *w)
{
	struct block_head h = { .len = w->fill.len, .session_id = w->session, .session_time = 7 };

	if (w->fill.len == BLOCK_HEAD_LEN)
		return;
	assert_true(w->tape->n < N_BLOCKS);
	block_head_emit(w->fill.p, &h, true);
	memcpy(w->tape->bytes + w->tape->n++ * w->tape->cap, w->fill.p, w->fill.len);
	block_fill_reset(&w->fill);
}

/* Content of the i-th record of a session: its length and bytes follow from i. */
static struct bytes
content(uint32_t session, int32_t i, uint8_t *area)
{
	size_t n = (size_t)((i * 37 + (int32_t)session * 11) % 700);

	for (size_t k = 0; k < n; k++)
		area[k] = (uint8_t)((size_t)i + k * session);
	return bytes_of(area, n);
}

/* Every other record that fits whole is written where it belongs. */
static void
put(struct writer *w, int32_t i)
{
	uint8_t area[700];
	struct record_put r = { .file_index = i, .stream = 2 + i % 3 };
	size_t room;
	uint8_t *there = record_there(&w->fill, &room);

	r.data = content(w->session, i, area);
	assert_int_equal(there != NULL && room >= r.data.n, record_fits_whole(&w->fill, r.data.n));
	if (i % 2 == 0 && there != NULL && room >= r.data.n) {
		memcpy(there, r.data.p, r.data.n);
		record_put_there(&w->fill, r.file_index, r.stream, r.data.n);
		return;
	}
	while (!record_put(&w->fill, &r))
		flush(w);
}

static void
read_back(const struct tape *tape)
{
	struct record_join *join = record_join_new();
	int32_t next[3] = { 0, 1, 1 };
	struct err err = ERR_INIT;

	for (size_t b = 0; b < tape->n; b++) {
		struct bytes in = bytes_of(tape->bytes + b * tape->cap, tape->cap);
		struct record_reader r;
		struct record_piece p;
		struct block_head h;

		assert_int_equal(block_head_parse(in, &h, &err), ERR_OK);
		in.n = h.len;
		assert_int_equal(block_verify(in, &h, &err), ERR_OK);
		record_reader_init(&r, in, &h);
		while (record_next(&r, &p, &err) == ERR_OK) {
			uint8_t area[700];
			struct record rec;
			int32_t lost;
			enum join_result j = record_join(join, &p, &rec, &lost);

			assert_int_equal(lost, 0);
			if (j == JOIN_PARTIAL)
				continue;
			assert_int_equal(j, JOIN_WHOLE);
			assert_int_equal(rec.file_index, next[rec.session_id]++);
			assert_int_equal(rec.stream, 2 + rec.file_index % 3);
			assert_true(
				bytes_eq(rec.data, content(rec.session_id, rec.file_index, area)));
		}
		assert_int_equal(err.code, ERR_EOF);
	}
	assert_int_equal(next[1], N_RECORDS + 1);
	assert_int_equal(next[2], N_RECORDS + 1);
	record_join_free(join);
}

static void
records_come_back_at_every_block_size(void **state)
{
	struct tape tape = { .bytes = calloc(N_BLOCKS, 200) };

	for (tape.cap = 37; tape.cap < 200; tape.cap++) {
		struct writer a, b;

		tape.n = 0;
		writer_init(&a, &tape, 1);
		writer_init(&b, &tape, 2);
		for (int32_t i = 1; i <= N_RECORDS; i++) {
			put(&a, i);
			put(&b, i);
		}
		flush(&a);
		flush(&b);
		read_back(&tape);
	}
	free(tape.bytes);
}

/* Spec: volume.md 3.2, the example of plain-4096. */
static void
a_split_record_is_written_as_in_the_spec(void **state)
{
	static const uint32_t lens[] = { 20000, 17363, 13303, 9243, 5183, 1123 };
	uint8_t area[4096], data[20000] = { 0 };
	struct block_fill f = { .p = area, .cap = 4096 };
	struct record_put r = { .file_index = 2, .stream = 2, .data = bytes_of(data, 20000) };
	struct err err = ERR_INIT;

	block_fill_reset(&f);
	f.len = 4096 - 12 - 2637;
	for (size_t i = 0; i < 6; i++) {
		struct block_head h = { .len = 4096, .head_len = BLOCK_HEAD_LEN };
		struct record_reader rd;
		struct record_piece p;
		uint32_t from = f.len;

		assert_int_equal(record_put(&f, &r), i == 5);
		h.len = f.len;
		record_reader_init(&rd, bytes_of(area, f.len), &h);
		rd.in.left = bytes_of(area + from, f.len - from);
		assert_int_equal(record_next(&rd, &p, &err), ERR_OK);
		assert_int_equal(p.len, lens[i]);
		assert_int_equal(p.continuation, i > 0);
		assert_int_equal(p.stream, 2);
		assert_int_equal(p.file_index, 2);
		block_fill_reset(&f);
	}
}

static void
first_and_last_index_are_those_of_files(void **state)
{
	uint8_t area[256];
	struct block_fill f = { .p = area, .cap = sizeof(area) };
	struct record_put label = { .file_index = SOS_LABEL, .stream = 1 };
	struct record_put three = { .file_index = 3, .stream = 1 };
	struct record_put four = { .file_index = 4, .stream = 1 };

	block_fill_reset(&f);
	assert_true(record_fits_whole(&f, 256 - 24 - 12));
	assert_false(record_fits_whole(&f, 256 - 24 - 11));
	assert_true(record_put(&f, &label));
	assert_int_equal(f.first_index, 0);
	assert_true(record_put(&f, &three));
	assert_true(record_put(&f, &four));
	assert_int_equal(f.first_index, 3);
	assert_int_equal(f.last_index, 4);
}

/* ---- joining ---- */

static struct record_piece
piece(uint32_t session, int32_t index, bool continuation, uint32_t len, size_t here)
{
	static const uint8_t zeros[100];

	return (struct record_piece){ .session_id = session,
				      .session_time = 7,
				      .file_index = index,
				      .stream = 2,
				      .continuation = continuation,
				      .len = len,
				      .data = bytes_of(zeros, here) };
}

static void
what_does_not_belong_together_is_not_joined(void **state)
{
	static const struct {
		const char *what;
		struct {
			int32_t index;
			bool continuation;
			uint32_t len;
			size_t here;
			enum join_result want;
			int32_t lost;
		} steps[3];
	} cases[] = {
		{ "a continuation without a beginning",
		  { { 5, true, 10, 10, JOIN_ORPHAN, 0 }, { 6, false, 4, 4, JOIN_WHOLE, 0 } } },
		{ "a new record while one is open",
		  { { 5, false, 90, 50, JOIN_PARTIAL, 0 }, { 6, false, 4, 4, JOIN_LOST, 5 } } },
		{ "a new open record while one is open",
		  { { 5, false, 90, 50, JOIN_PARTIAL, 0 },
		    { 6, false, 90, 80, JOIN_PARTIAL, 5 },
		    { 6, true, 10, 10, JOIN_WHOLE, 0 } } },
		{ "the continuation of another file",
		  { { 5, false, 90, 50, JOIN_PARTIAL, 0 }, { 6, true, 40, 40, JOIN_ORPHAN, 5 } } },
		{ "a continuation of another length",
		  { { 5, false, 90, 50, JOIN_PARTIAL, 0 }, { 5, true, 39, 39, JOIN_ORPHAN, 5 } } },
		{ "a label between the pieces",
		  { { 5, false, 90, 50, JOIN_PARTIAL, 0 },
		    { VOL_LABEL, false, 9, 9, JOIN_WHOLE, 0 },
		    { 5, true, 40, 40, JOIN_WHOLE, 0 } } },
		{ "an empty first piece",
		  { { 5, false, 40, 0, JOIN_PARTIAL, 0 }, { 5, true, 40, 40, JOIN_WHOLE, 0 } } },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct record_join *j = record_join_new();

		for (size_t k = 0; k < 3 && cases[i].steps[k].index != 0; k++) {
			struct record_piece p = piece(1, cases[i].steps[k].index,
						      cases[i].steps[k].continuation,
						      cases[i].steps[k].len,
						      cases[i].steps[k].here);
			struct record rec;
			int32_t lost;

			if (record_join(j, &p, &rec, &lost) != cases[i].steps[k].want ||
			    lost != cases[i].steps[k].lost)
				fail_msg("%s, step %zu", cases[i].what, k);
		}
		record_join_free(j);
	}
}

static void
after_a_drop_continuations_are_orphans(void **state)
{
	struct record_join *j = record_join_new();
	struct record_piece a = piece(1, 5, false, 90, 50), b = piece(2, 6, false, 90, 50);
	struct record_piece a2 = piece(1, 5, true, 40, 40), b2 = piece(2, 6, true, 40, 40);
	struct record rec;
	int32_t lost;

	assert_int_equal(record_join(j, &a, &rec, &lost), JOIN_PARTIAL);
	assert_int_equal(record_join(j, &b, &rec, &lost), JOIN_PARTIAL);
	assert_int_equal(record_join_open_index(j, 1, 7), 5);
	record_join_drop_session(j, 1, 7);
	assert_int_equal(record_join_open_index(j, 1, 7), 0);
	assert_int_equal(record_join(j, &a2, &rec, &lost), JOIN_ORPHAN);
	assert_int_equal(record_join(j, &b2, &rec, &lost), JOIN_WHOLE);
	assert_int_equal(rec.data.n, 90);
	record_join_drop(j);
	record_join_freep(&j);
	assert_null(j);
}

/* ---- memory: a volume may hold records as large as they can be, of any number of sessions ---- */

#define LARGE (RECORD_DATA_MAX - 1)

/* A first piece of all but one byte. */
static void
begin_large(struct record_join *j, uint32_t session, const uint8_t *data)
{
	struct record_piece p = piece(session, 5, false, LARGE, 0);
	struct record rec;
	int32_t lost;

	p.data = bytes_of(data, LARGE - 1);
	assert_int_equal(record_join(j, &p, &rec, &lost), JOIN_PARTIAL);
}

/* That byte. */
static enum join_result
end_large(struct record_join *j, uint32_t session)
{
	struct record_piece p = piece(session, 5, true, 1, 1);
	struct record rec = { .data = { 0 } };
	int32_t lost;
	enum join_result result = record_join(j, &p, &rec, &lost);

	if (result == JOIN_WHOLE)
		assert_int_equal(rec.data.n, LARGE);
	return result;
}

static void
of_very_many_open_records_the_oldest_are_dropped(void **state)
{
	enum { SESSIONS = 20, KEPT = (256 << 20) / LARGE };
	uint8_t *data = calloc(LARGE, 1);
	struct record_join *j = record_join_new();

	for (uint32_t i = 1; i <= SESSIONS; i++)
		begin_large(j, i, data);
	for (uint32_t i = 1; i <= SESSIONS; i++)
		assert_int_equal(end_large(j, i), i > SESSIONS - KEPT ? JOIN_WHOLE : JOIN_ORPHAN);
	record_join_free(j);
	free(data);
}

static size_t
allocated(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

/* Those that are whole or dropped are not among the open ones: nobody would count them. */
static void
a_session_without_an_open_record_holds_no_data(void **state)
{
	uint8_t *data = calloc(LARGE, 1);
	struct record_join *j = record_join_new();
	size_t before = allocated();

	for (uint32_t i = 1; i <= 20; i++) {
		begin_large(j, i, data);
		if (i % 2 == 0)
			assert_int_equal(end_large(j, i), JOIN_WHOLE);
		else
			record_join_drop(j);
	}
	assert_in_range(allocated(), before, before + 2 * (size_t)RECORD_DATA_MAX);
	record_join_free(j);
	free(data);
}

static void
record_headers_that_cannot_be_are_refused(void **state)
{
	uint8_t block[BLOCK_HEAD_LEN + RECORD_HEAD_LEN] = { 0 };
	struct block_head h = { .len = sizeof(block), .head_len = BLOCK_HEAD_LEN };
	struct record_reader r;
	struct record_piece p;
	struct err err = ERR_INIT;

	memcpy(block + BLOCK_HEAD_LEN, "\0\0\0\1\0\0\0\2\x01\x31\x2d\0", 12);
	record_reader_init(&r, bytes_of(block, sizeof(block)), &h);
	assert_int_equal(record_next(&r, &p, &err), ERR_FORMAT);
	memcpy(block + BLOCK_HEAD_LEN, "\0\0\0\1\x80\0\0\0\0\0\0\0", 12);
	record_reader_init(&r, bytes_of(block, sizeof(block)), &h);
	assert_int_equal(record_next(&r, &p, &err), ERR_FORMAT);
	/* Less than a header at the end is no record. */
	record_reader_init(&r, bytes_of(block, sizeof(block) - 1), &h);
	assert_int_equal(record_next(&r, &p, &err), ERR_EOF);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_back_at_every_block_size),
		cmocka_unit_test(a_split_record_is_written_as_in_the_spec),
		cmocka_unit_test(first_and_last_index_are_those_of_files),
		cmocka_unit_test(what_does_not_belong_together_is_not_joined),
		cmocka_unit_test(after_a_drop_continuations_are_orphans),
		cmocka_unit_test(of_very_many_open_records_the_oldest_are_dropped),
		cmocka_unit_test(a_session_without_an_open_record_holds_no_data),
		cmocka_unit_test(record_headers_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
