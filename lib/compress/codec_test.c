#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "lib/base/mem.h"
#include "lib/compress/codec.h"
#include "lib/proto/compression.h"

#define CHUNK 262144u /* the largest record of all formats */

static const struct compression rows[] = {
#define X(...) { __VA_ARGS__ },
	COMPRESSIONS(X)
#undef X
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* Spec: volume.md 8.2, 9.2, 9.3: the same 11 bytes in three forms. */
static const struct {
	const char *bytes;
	size_t n;
} latin1[] = {
	{ "\x47\x5a\x49\x50\0\0\0\x13\0\6\0\1\x78\x9c\xcb\x49\x2c\xc9\xcc\x33\xd4\x7d\xf2\xed\x0f"
	  "\x17"
	  "\x00\x1d\x52\x05\x57",
	  31 },
	{ "\x4c\x5a\x4f\x58\0\0\0\x0f\0\0\0\1\x1c\x6c\x61\x74\x69\x6e\x31\x2d\xe4\xf6\xfc\x0a\x11\0"
	  "\0",
	  27 },
	{ "\x46\x5a\x34\x4c\0\0\0\x2b\0\1\0\1\x46\x61\x73\x74\x4c\x5a\0\x18\x0b\0\0\0\x0b\0\0\0\x6c"
	  "\x61\x74\x69\x6e\x31\x2d\xe4\xf6\xfc\x0a\x46\x61\x73\x74\x4c\x5a\0\xc8\0\0\0\0\0\0\0\0",
	  55 },
};

static void
the_spec_examples_are_undone(void **state)
{
	struct codec_work *w = codec_work_new();

	for (size_t i = 0; i < 3; i++) {
		struct bytes in = bytes_of(latin1[i].bytes, latin1[i].n);
		struct buf out = BUF_INIT(1000);
		struct err err = ERR_INIT;

		if (codec_undo(w, in, &out, &err) != ERR_OK)
			fail_msg("%zu: %s", i, err.text);
		assert_true(bytes_eq(buf_bytes(&out), bytes_str("latin1-\xe4\xf6\xfc\n")));
		for (size_t n = 0; n < in.n; n++) {
			buf_clear(&out);
			assert_int_not_equal(codec_undo(w, bytes_of(in.p, n), &out, &err), ERR_OK);
		}
		buf_release(&out);
	}
	codec_work_free(w);
}

/* Half text, half noise. */
static uint8_t *
sample(void)
{
	uint8_t *p = NEW_ARRAY(uint8_t, CHUNK);
	uint32_t seed = 7;

	for (size_t i = 0; i < CHUNK; i++) {
		seed = seed * 1664525u + 1013904223u;
		p[i] = i < CHUNK / 2 ? (uint8_t) "some words of text "[(i + i / 64 * i / 640) % 19]
				     : (uint8_t)(seed >> 23);
	}
	return p;
}

static const size_t sizes[] = { 0,   1,   3,    64,    65,     238,       239,  273,
				274, 600, 4096, 65536, 131072, CHUNK - 1, CHUNK };

typedef enum err_code doing(struct codec_work *w, const struct codec *c, uint16_t level,
			    struct bytes in, struct buf *out, struct err *err);

static void
check_undone(struct codec_work *w, const struct compression *row, doing *done, struct bytes want)
{
	const struct codec *c = codec_find(row->magic);
	struct buf packed = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);
	struct err err = ERR_INIT;

	assert_non_null(c);
	assert_int_equal(done(w, c, row->level, want, &packed, &err), ERR_OK);
	assert_true(packed.len <= codec_bound(c, want.n));
	if (codec_undo(w, buf_bytes(&packed), &out, &err) != ERR_OK)
		fail_msg("%s of %zu: %s", row->word, want.n, err.text);
	assert_true(bytes_eq(buf_bytes(&out), want));
	buf_release(&packed);
	buf_release(&out);
}

static enum err_code
only_compress(struct codec_work *w, const struct codec *c, uint16_t level, struct bytes in,
	      struct buf *out, struct err *err)
{
	struct codec_head h = { .magic = c->magic, .level = level, .version = CODEC_VERSION };

	buf_put(out, "header goes here", CODEC_HEAD_LEN);
	if (c->compress(w, level, in, out, err) != ERR_OK)
		return err->code;
	h.size = (uint32_t)out->len - CODEC_HEAD_LEN;
	codec_head_emit(&h, out->p);
	return ERR_OK;
}

static enum err_code
only_store(struct codec_work *w, const struct codec *c, uint16_t level, struct bytes in,
	   struct buf *out, struct err *err)
{
	struct codec_head h = { .magic = c->magic, .level = level, .version = CODEC_VERSION };

	buf_put(out, "header goes here", CODEC_HEAD_LEN);
	if (c->store(w, in, out, err) != ERR_OK)
		return err->code;
	h.size = (uint32_t)out->len - CODEC_HEAD_LEN;
	codec_head_emit(&h, out->p);
	return ERR_OK;
}

static void
every_codec_undoes_what_it_did(void **state)
{
	static doing *const ways[] = { codec_do, only_compress, only_store };
	struct codec_work *w = codec_work_new();
	uint8_t *in = sample();

	for (size_t r = 0; r < ROWS; r++)
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
			for (size_t way = 0; way < 3; way++) {
				check_undone(w, &rows[r], ways[way], bytes_of(in, sizes[s]));
				check_undone(w, &rows[r], ways[way],
					     bytes_of(in + CHUNK - sizes[s], sizes[s]));
			}
	free(in);
	codec_work_free(w);
}

/* What comes out of codec_do is never longer than the input by more than a little. */
static void
what_does_not_shrink_is_stored(void **state)
{
	struct codec_work *w = codec_work_new();
	uint8_t *in = sample();
	struct bytes noise = bytes_of(in + CHUNK / 2, CHUNK / 2);

	for (size_t r = 0; r < ROWS; r++) {
		struct buf out = BUF_INIT(1 << 20);
		struct err err = ERR_INIT;

		assert_int_equal(codec_do(w, codec_find(rows[r].magic), rows[r].level, noise, &out,
					  &err),
				 ERR_OK);
		assert_true(out.len < noise.n + noise.n / 200);
		buf_clear(&out);
		assert_int_equal(codec_do(w, codec_find(rows[r].magic), rows[r].level,
					  bytes_of(in, CHUNK / 2), &out, &err),
				 ERR_OK);
		assert_true(out.len < CHUNK / 2 / 2);
		buf_release(&out);
	}
	free(in);
	codec_work_free(w);
}

/* zlib is the reference: it reads ours, we read its, and ours are no larger than a little. */
static void
zlib_reads_and_writes_the_same(void **state)
{
	struct codec_work *w = codec_work_new();
	uint8_t *in = sample(), *ref = NEW_ARRAY(uint8_t, 2 * CHUNK),
		*back = NEW_ARRAY(uint8_t, CHUNK);

	for (int level = 1; level <= 9; level++) {
		struct buf ours = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);
		uLongf n = 2 * CHUNK, n_back = CHUNK;
		struct err err = ERR_INIT;

		assert_int_equal(compress2(ref, &n, in, CHUNK / 2, level), Z_OK);
		assert_int_equal(codec_undo_zlib(w, bytes_of(ref, n), &out, &err), ERR_OK);
		assert_true(bytes_eq(buf_bytes(&out), bytes_of(in, CHUNK / 2)));
		assert_int_equal(codec_find(MAGIC_GZIP)
					 ->compress(w, level, bytes_of(in, CHUNK / 2), &ours, &err),
				 ERR_OK);
		assert_int_equal(uncompress(back, &n_back, ours.p, ours.len), Z_OK);
		assert_true(bytes_eq(bytes_of(back, n_back), bytes_of(in, CHUNK / 2)));
		if (ours.len > n + n / 20)
			fail_msg("GZIP%d: %zu bytes, zlib %lu", level, ours.len, n);
		buf_release(&ours);
		buf_release(&out);
	}
	free(in);
	free(ref);
	free(back);
	codec_work_free(w);
}

/* Words in any order: better levels find more in them. */
static uint8_t *
words(void)
{
	static const char word[] = "alpha betas gamma delta eta!! theta iotas kappa";
	uint8_t *p = NEW_ARRAY(uint8_t, CHUNK);
	uint32_t seed = 7;

	for (size_t n = 0; n < CHUNK; n++) {
		if (n % 6 == 0)
			seed = seed * 1664525u + 1013904223u;
		p[n] = (uint8_t)word[(seed >> 29) * 6 + n % 6];
	}
	return p;
}

static size_t
packed_size(struct codec_work *w, const struct compression *row, struct bytes in)
{
	struct buf out = BUF_INIT(1 << 20);
	struct err err = ERR_INIT;
	struct codec_head h;

	assert_int_equal(codec_do(w, codec_find(row->magic), row->level, in, &out, &err), ERR_OK);
	assert_int_equal(codec_head_parse(buf_bytes(&out), &h, &err), ERR_OK);
	assert_int_equal(h.level, row->level);
	buf_release(&out);
	return h.size;
}

/* The level is that of the directive's word, in the header and for the algorithm. */
static void
zstd_takes_its_level(void **state)
{
	static const struct {
		const char *word;
		uint16_t level;
	} want[] = { { "ZSTD1", 1 }, { "ZSTD3", 3 }, { "ZSTD10", 10 }, { "ZSTD19", 19 } };
	struct codec_work *w = codec_work_new();
	uint8_t *in = words(), *ref = NEW_ARRAY(uint8_t, 2 * CHUNK);
	size_t last = CHUNK, n, i = 0;

	for (size_t r = 0; r < ROWS && i < 4; r++) {
		if (strcmp(rows[r].word, want[i].word) != 0)
			continue;
		assert_int_equal(rows[r].level, want[i++].level);
		n = packed_size(w, &rows[r], bytes_of(in, CHUNK));
		assert_int_equal(n, ZSTD_compress(ref, 2 * CHUNK, in, CHUNK, rows[r].level));
		assert_true(n < last);
		last = n;
	}
	assert_int_equal(i, 4);
	free(in);
	free(ref);
	codec_work_free(w);
}

static void
a_guess_tells_packed_bytes_from_others(void **state)
{
	uint8_t *in = sample(), *noise = in + CHUNK / 2;

	assert_true(codec_looks_packed(bytes_of(noise, CHUNK / 2)));
	assert_true(codec_looks_packed(bytes_of(noise, 1024)));
	assert_false(codec_looks_packed(bytes_of(noise, 1000))); /* too short to tell */
	assert_false(codec_looks_packed(bytes_of(in, CHUNK / 2)));
	for (size_t i = 0; i < CHUNK / 2; i++)
		in[i] = noise[i % 700]; /* evenly spread, but it repeats */
	assert_false(codec_looks_packed(bytes_of(in, CHUNK / 2)));
	for (size_t i = 0; i < CHUNK / 2; i++)
		in[i] = (uint8_t)(' ' + noise[i] % 64); /* as base64 */
	assert_false(codec_looks_packed(bytes_of(in, CHUNK / 2)));
	memset(in, 0, CHUNK / 2);
	assert_false(codec_looks_packed(bytes_of(in, CHUNK / 2)));
	free(in);
}

/* A size in a frame is believed only within the bound, before memory is taken for it. */
static void
a_size_that_lies_takes_no_memory(void **state)
{
	static const uint8_t zstd[] = { 0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0xff,
					0xff, 0xff, 0x7f, 0x01, 0,    0 };
	static const uint8_t lz4[] = "FastLZ\0\xc8\4\0\0\0\xff\xff\xff\x7f"
				     "data";
	struct codec_work *w = codec_work_new();
	struct buf out = BUF_INIT(20000000);
	struct err err = ERR_INIT;

	assert_int_equal(
		codec_find(MAGIC_ZSTD)->decompress(w, bytes_of(zstd, sizeof(zstd)), &out, &err),
		ERR_LIMIT);
	assert_int_equal(codec_find(MAGIC_LZ4)->decompress(w, bytes_of(lz4, sizeof(lz4) - 1), &out,
							   &err),
			 ERR_LIMIT);
	assert_int_equal(out.cap, 0);
	codec_work_free(w);
}

/* Behind another frame the library would take those of its own past, too. */
static void
zstd_takes_one_frame_of_today(void **state)
{
	static const uint8_t empty[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00, 0x01, 0x00, 0x00 };
	const struct codec *c = codec_find(MAGIC_ZSTD);
	struct codec_work *w = codec_work_new();
	struct buf packed = BUF_INIT(1000), out = BUF_INIT(1000);
	struct err err = ERR_INIT;

	assert_int_equal(c->decompress(w, bytes_of(empty, sizeof(empty)), &out, &err), ERR_OK);
	assert_int_equal(c->compress(w, 3, bytes_str("some text"), &packed, &err), ERR_OK);
	assert_int_equal(c->decompress(w, buf_bytes(&packed), &out, &err), ERR_OK);
	buf_put(&packed, empty, sizeof(empty));
	assert_int_equal(c->decompress(w, buf_bytes(&packed), &out, &err), ERR_FORMAT);
	assert_true(bytes_eq(buf_bytes(&out), bytes_str("some text")));
	packed.p[0] = 0x27; /* version 0.7 */
	assert_int_equal(c->decompress(w, buf_bytes(&packed), &out, &err), ERR_FORMAT);
	buf_release(&packed);
	buf_release(&out);
	codec_work_free(w);
}

/* Nothing that comes in may read or write outside, or give more than out may hold. */
static void
damaged_input_is_refused_or_bounded(void **state)
{
	struct codec_work *w = codec_work_new();

	for (size_t i = 0; i < 3; i++)
		for (size_t bit = 0; bit < latin1[i].n * 8; bit++) {
			uint8_t copy[64];
			struct buf out = BUF_INIT(300);
			struct err err = ERR_INIT;

			memcpy(copy, latin1[i].bytes, latin1[i].n);
			copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
			(void)!codec_undo(w, bytes_of(copy, latin1[i].n), &out, &err);
			assert_true(out.len <= 300);
			buf_release(&out);
		}
	codec_work_free(w);
}

static void
a_result_over_the_maximum_is_refused(void **state)
{
	static const uint8_t zeros[100000];
	struct codec_work *w = codec_work_new();

	for (size_t m = 0; m < ROWS; m++) {
		const struct codec *c = codec_find(rows[m].magic);
		struct buf packed = BUF_INIT(1 << 20), out = BUF_INIT(99999);
		struct err err = ERR_INIT;

		assert_int_equal(c->compress(w, rows[m].level, bytes_of(zeros, sizeof(zeros)),
					     &packed, &err),
				 ERR_OK);
		assert_int_equal(c->decompress(w, buf_bytes(&packed), &out, &err), ERR_LIMIT);
		assert_int_equal(out.len, 0);
		buf_release(&packed);
		buf_release(&out);
	}
	codec_work_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_spec_examples_are_undone),
		cmocka_unit_test(every_codec_undoes_what_it_did),
		cmocka_unit_test(what_does_not_shrink_is_stored),
		cmocka_unit_test(zlib_reads_and_writes_the_same),
		cmocka_unit_test(zstd_takes_its_level),
		cmocka_unit_test(a_guess_tells_packed_bytes_from_others),
		cmocka_unit_test(a_size_that_lies_takes_no_memory),
		cmocka_unit_test(zstd_takes_one_frame_of_today),
		cmocka_unit_test(damaged_input_is_refused_or_bounded),
		cmocka_unit_test(a_result_over_the_maximum_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
