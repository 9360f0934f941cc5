#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lib/compress/codec.h"

static const uint32_t magics[] = { 0x475a4950, 0x4c5a4f58, 0x465a465a, 0x465a344c, 0x465a3448 };

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

static void
every_codec_undoes_what_it_did(void **state)
{
	struct codec_work *w = codec_work_new();
	static uint8_t in[200000];

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i < 100000 ? (i * i) >> 7 : (i * 2654435761u) >> 13);
	for (size_t m = 0; m < sizeof(magics) / sizeof(*magics); m++) {
		const struct codec *c = codec_find(magics[m]);
		static const size_t sizes[] = { 0, 1, 64, 65, 4096, sizeof(in) };

		for (size_t s = 0; s < 6; s++) {
			struct buf packed = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);
			struct bytes want = bytes_of(in, sizes[s]);
			struct err err = ERR_INIT;

			assert_int_equal(c->compress(w, 6, want, &packed, &err), ERR_OK);
			assert_true(packed.len <= c->bound(want.n));
			if (c->decompress(w, buf_bytes(&packed), &out, &err) != ERR_OK)
				fail_msg("%s of %zu: %s", c->name, sizes[s], err.text);
			assert_true(bytes_eq(buf_bytes(&out), want));
			buf_release(&packed);
			buf_release(&out);
		}
	}
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

	for (size_t m = 0; m < sizeof(magics) / sizeof(*magics); m++) {
		const struct codec *c = codec_find(magics[m]);
		struct buf packed = BUF_INIT(1 << 20), out = BUF_INIT(99999);
		struct err err = ERR_INIT;

		assert_int_equal(c->compress(w, 1, bytes_of(zeros, sizeof(zeros)), &packed, &err),
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
		cmocka_unit_test(damaged_input_is_refused_or_bounded),
		cmocka_unit_test(a_result_over_the_maximum_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
