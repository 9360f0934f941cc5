/*
 * lib/compress/codec_internal.h - the rows, and the memory they share
 */
#ifndef TERCET_COMPRESS_CODEC_INTERNAL_H
#define TERCET_COMPRESS_CODEC_INTERNAL_H

#include "lib/compress/codec.h"
#include "lib/proto/compression.h"

/* A row may keep memory between calls in its own member. */
struct codec_work {
	struct gzip_work *gzip;     /* owned */
	void *lzo;                  /* owned */
	void *lz4hc;                /* owned */
	struct fastlz_work *fastlz; /* owned */
	struct zstd_work *zstd;     /* owned */
};

extern const struct codec codec_gzip, codec_lzo, codec_lzfast, codec_lz4, codec_lz4hc, codec_zstd;

void gzip_work_free(struct gzip_work *w);
void zstd_work_free(struct zstd_work *w);

/*
 * For formats that do not tell the original size: call undo with more and more room until the
 * result fits or out->max is reached.
 */
enum undo_answer { UNDO_DONE, UNDO_DAMAGED, UNDO_TOO_SMALL };
typedef enum undo_answer undo_fn(struct codec_work *w, struct bytes in, uint8_t *out, size_t room,
				 size_t *got);
MUST_CHECK enum err_code codec_undo_unsized(undo_fn *undo, struct codec_work *w, struct bytes in,
					    struct buf *out, struct err *err);

/* FastLZ blocks.  Spec: volume.md 9.4 */
/* Exactly n_out bytes must come out. */
MUST_CHECK enum err_code fastlz_undo(struct bytes in, uint8_t *out, size_t n_out, struct err *err);
/* Bytes written to out; 0: more than cap. */
size_t fastlz_do(struct codec_work *w, struct bytes in, uint8_t *out, size_t cap);

#endif
