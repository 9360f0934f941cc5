/*
 * lib/compress/codec_internal.h - the rows, and the memory they share
 */
#ifndef TERCET_COMPRESS_CODEC_INTERNAL_H
#define TERCET_COMPRESS_CODEC_INTERNAL_H

#include "lib/compress/codec.h"

struct libdeflate_compressor;
struct libdeflate_decompressor;

struct codec_work {
	struct libdeflate_compressor *deflate; /* owned; of deflate_level */
	int deflate_level;
	struct libdeflate_decompressor *inflate; /* owned */
	void *lzo_memory;                        /* owned */
};

extern const struct codec codec_gzip, codec_lzo, codec_lzfast, codec_lz4, codec_lz4hc;

void codec_gzip_release(struct codec_work *w);

/* FastLZ blocks.  Spec: volume.md 9.4.  Exactly n_out bytes must come out. */
MUST_CHECK enum err_code fastlz_undo(struct bytes in, uint8_t *out, size_t n_out, struct err *err);

#endif
