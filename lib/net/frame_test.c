#include "lib/net/frame.h"

#include "lib/base/own.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* clang-format off */
static const struct {
	const char *what;
	uint8_t head[4];
	enum err_code rc;
	enum frame_signal signal;
	size_t len;
} heads[] = {
	{ "empty data frame",      { 0, 0, 0, 0 },             ERR_OK,    FRAME_DATA,       0 },
	{ "fourteen bytes",        { 0, 0, 0, 14 },            ERR_OK,    FRAME_DATA,       14 },
	{ "largest",               { 0x00, 0x0f, 0x42, 0x40 }, ERR_OK,    FRAME_DATA,       FRAME_MAX },
	{ "one more",              { 0x00, 0x0f, 0x42, 0x41 }, ERR_PROTO, FRAME_DATA,       0 },
	{ "compressed by Bacula",  { 0x40, 0, 0, 11 },         ERR_PROTO, FRAME_DATA,       0 },
	{ "with a flags word",     { 0x20, 0, 0, 11 },         ERR_PROTO, FRAME_DATA,       0 },
	{ "end of data",           { 255, 255, 255, 255 },     ERR_OK,    FRAME_EOD,        0 },
	{ "terminate",             { 255, 255, 255, 252 },     ERR_OK,    FRAME_TERMINATE,  0 },
	{ "text input",            { 255, 255, 255, 228 },     ERR_OK,    FRAME_TEXT_INPUT, 0 },
	{ "retired -8",            { 255, 255, 255, 248 },     ERR_OK,    FRAME_UNKNOWN,    0 },
	{ "unknown signal -99",    { 255, 255, 255, 157 },     ERR_OK,    FRAME_UNKNOWN,    0 },
	{ "most negative length",  { 128, 0, 0, 0 },           ERR_OK,    FRAME_UNKNOWN,    0 },
};
/* clang-format on */

static void
heads_are_decoded_and_judged(void **state UNUSED)
{
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		enum frame_signal signal = FRAME_DATA;
		struct err err = ERR_INIT;
		size_t len = 0;

		if (frame_head_parse(heads[i].head, &signal, &len, &err) != heads[i].rc)
			fail_msg("%s: %s", heads[i].what, err.text);
		assert_int_equal(signal, heads[i].signal);
		assert_int_equal(len, heads[i].len);
	}
}

static void
what_is_emitted_is_parsed_back(void **state UNUSED)
{
	static const size_t sizes[] = { 0, 1, 255, 256, 65536, FRAME_MAX };
	struct err err = ERR_INIT;
	enum frame_signal signal;
	uint8_t head[4];
	size_t len;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		frame_head_emit(sizes[i], head);
		assert_int_equal(frame_head_parse(head, &signal, &len, &err), ERR_OK);
		assert_int_equal(len, sizes[i]);
	}
#define X(name, wire, meaning)                                                                     \
	frame_signal_emit(name, head);                                                             \
	assert_int_equal(frame_head_parse(head, &signal, &len, &err), ERR_OK);                     \
	assert_int_equal(signal, name);
	FRAME_SIGNALS(X)
#undef X
}

/* Feed frames of many sizes in pieces of every size and get the same frames. */
#define N_FRAMES 6
static const size_t sizes[N_FRAMES] = { 5, 0, 1, 300000, 7, FRAME_MAX };

static uint8_t
byte_of(size_t frame, size_t at)
{
	return (uint8_t)(frame * 37 + at * 11 + 1);
}

static void
feed_in_pieces(size_t piece)
{
	OWNED(frame_reader_release) struct frame_reader r = { 0 };
	OWNED(buf_release) struct buf stream = BUF_INIT(4000000);
	struct err err = ERR_INIT;
	size_t at = 0, n_got = 0;

	for (size_t i = 0; i < N_FRAMES; i++) {
		uint8_t head[4];

		frame_head_emit(sizes[i], head);
		buf_put(&stream, head, 4);
		for (size_t k = 0; k < sizes[i]; k++) {
			uint8_t b = byte_of(i, k);

			buf_put(&stream, &b, 1);
		}
	}
	while (n_got < N_FRAMES) {
		struct frame f;
		size_t room, n;
		uint8_t *p;
		bool have;

		assert_int_equal(frame_reader_next(&r, &f, &have, &err), ERR_OK);
		if (have) {
			assert_int_equal(f.data.n, sizes[n_got]);
			for (size_t k = 0; k < f.data.n; k++)
				if (f.data.p[k] != byte_of(n_got, k))
					fail_msg("frame %zu byte %zu", n_got, k);
			assert_int_equal(f.data.p[f.data.n], 0);
			/* Bytes read behind the view leave it and its NUL alone. */
			p = frame_reader_tail(&r, &room);
			n = stream.len - at < 3 ? stream.len - at : 3;
			if (room >= n && n > 0) {
				memcpy(p, stream.p + at, n);
				frame_reader_added(&r, n);
				at += n;
			}
			assert_int_equal(f.data.p[f.data.n], 0);
			n_got++;
			continue;
		}
		p = frame_reader_room(&r, &room);
		n = stream.len - at < piece ? stream.len - at : piece;
		n = n < room ? n : room;
		assert_true(n > 0);
		memcpy(p, stream.p + at, n);
		frame_reader_added(&r, n);
		at += n;
	}
	assert_false(frame_reader_has(&r));
	assert_false(frame_reader_partial(&r));
}

static void
frames_come_whole_whatever_the_pieces(void **state UNUSED)
{
	static const size_t pieces[] = { 1, 3, 4, 5, 1000, 65536, 10000000 };

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		feed_in_pieces(pieces[i]);
}

static void
every_shorter_prefix_is_no_frame(void **state UNUSED)
{
	static const uint8_t stream[] = { 0, 0, 0, 3, 'a', 'b', 'c' };

	for (size_t n = 0; n < sizeof(stream); n++) {
		OWNED(frame_reader_release) struct frame_reader r = { 0 };
		struct err err = ERR_INIT;
		struct frame f;
		size_t room;
		bool have;

		memcpy(frame_reader_room(&r, &room), stream, n);
		frame_reader_added(&r, n);
		assert_int_equal(frame_reader_next(&r, &f, &have, &err), ERR_OK);
		assert_false(have);
		assert_false(frame_reader_has(&r));
		assert_int_equal(frame_reader_partial(&r), n > 0);
	}
}

static void
an_oversize_head_is_refused_before_anything_is_allocated(void **state UNUSED)
{
	OWNED(frame_reader_release) struct frame_reader r = { 0 };
	static const uint8_t head[] = { 0x7f, 0xff, 0xff, 0xff };
	struct err err = ERR_INIT;
	struct frame f;
	size_t room;
	bool have;

	memcpy(frame_reader_room(&r, &room), head, 4);
	frame_reader_added(&r, 4);
	assert_true(frame_reader_has(&r));
	assert_int_equal(frame_reader_next(&r, &f, &have, &err), ERR_PROTO);
	(void)frame_reader_room(&r, &room);
	assert_int_equal(r.cap, FRAME_READER_CAP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_decoded_and_judged),
		cmocka_unit_test(what_is_emitted_is_parsed_back),
		cmocka_unit_test(frames_come_whole_whatever_the_pieces),
		cmocka_unit_test(every_shorter_prefix_is_no_frame),
		cmocka_unit_test(an_oversize_head_is_refused_before_anything_is_allocated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
