/*
 * regress/fuzz/fuzz_codec.c - every decoder, with and without its header; what an encoder makes
 * comes back as it was
 *
 * needs: lib-compress
 */
#include "lib/compress/codec.h"

#include "lib/base/own.h"
#include "lib/proto/compression.h"

#include <assert.h>

#define OUT_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const uint32_t magics[] = { MAGIC_GZIP, MAGIC_LZO,   MAGIC_LZFAST,
				   MAGIC_LZ4,  MAGIC_LZ4HC, MAGIC_ZSTD };

static void
there_and_back(struct codec_work *w, const struct codec *c, uint16_t level, struct bytes in)
{
	OWNED(buf_release) struct buf packed = BUF_INIT(OUT_MAX);
	OWNED(buf_release) struct buf out = BUF_INIT(OUT_MAX);
	struct err err = ERR_INIT;

	assert(codec_do(w, c, level, in, &packed, &err) == ERR_OK);
	assert(codec_undo(w, buf_bytes(&packed), &out, &err) == ERR_OK);
	assert(bytes_eq(buf_bytes(&out), in));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct codec_work *w;
	OWNED(buf_release) struct buf out = BUF_INIT(OUT_MAX);
	size_t n_magics = sizeof(magics) / sizeof(*magics);
	struct err err = ERR_INIT;

	if (w == NULL)
		w = codec_work_new();
	(void)!codec_undo(w, bytes_of(p, n), &out, &err);
	buf_clear(&out);
	(void)!codec_undo_zlib(w, bytes_of(p, n), &out, &err);
	for (size_t i = 0; i < n_magics; i++) {
		buf_clear(&out);
		(void)!codec_find(magics[i])->decompress(w, bytes_of(p, n), &out, &err);
	}
	if (n > 0)
		there_and_back(w, codec_find(magics[p[0] % n_magics]), p[0] / 32u + 1u,
			       bytes_of(p + 1, n - 1));
	return 0;
}
