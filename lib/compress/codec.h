/*
 * lib/compress/codec.h - the compressions of data streams, one row each
 *
 * Purpose: compress and undo one record's payload; every record stands alone.  What would not
 *          shrink is stored in the row's own format, so that any reader of it can undo it.
 * Layout:  volume.md 8.2: 12-byte header u32 magic, u32 size, u16 level, u16 version 1
 * Owns:    nothing; scratch memory of encoders and decoders is in struct codec_work.
 * Threads: rows are constant; one struct codec_work per thread.
 * Errors:  ERR_FORMAT  the bytes are not what the row's decoder can undo
 *          ERR_LIMIT   the result would be larger than out->max
 */
#ifndef TERCET_COMPRESS_CODEC_H
#define TERCET_COMPRESS_CODEC_H

#include "lib/base/buf.h"

#define CODEC_HEAD_LEN 12u
#define CODEC_VERSION  1u
#define CODEC_TRY_MIN  64u /* shorter input gains less than its header costs */

struct codec_head {
	uint32_t magic;
	uint32_t size; /* bytes that follow */
	uint16_t level;
	uint16_t version;
};

struct codec_work; /* reusable memory of encoders and decoders */
struct codec_work *codec_work_new(void);
void codec_work_free(struct codec_work *w);
void codec_work_freep(struct codec_work **w);

struct codec {
	const char *name; /* word in errors: "GZIP" */
	uint32_t magic;
	bool gives_up; /* input that does not shrink costs little: no need to guess before */
	/* Largest size of n bytes compressed or stored, without the header. */
	size_t (*bound)(size_t n);
	/* Append the compressed bytes to out. */
	enum err_code (*compress)(struct codec_work *w, int level, struct bytes in, struct buf *out,
				  struct err *err);
	/* Append the bytes as they are, in the form that decompress takes. */
	enum err_code (*store)(struct codec_work *w, struct bytes in, struct buf *out,
			       struct err *err);
	/* Append the original bytes to out. */
	enum err_code (*decompress)(struct codec_work *w, struct bytes in, struct buf *out,
				    struct err *err);
};

/* NULL for a magic that is in no row. */
const struct codec *codec_find(uint32_t magic);

MUST_CHECK enum err_code codec_head_parse(struct bytes in, struct codec_head *out, struct err *err);
void codec_head_emit(const struct codec_head *h, uint8_t out[CODEC_HEAD_LEN]);

/* Largest payload that codec_do makes of n bytes. */
size_t codec_bound(const struct codec *c, size_t n);
/* Append a stream 29..33 payload, header included; what does not shrink is stored. */
MUST_CHECK enum err_code codec_do(struct codec_work *w, const struct codec *c, uint16_t level,
				  struct bytes in, struct buf *out, struct err *err);
/* Undo header and compression of a stream 29..33 payload; the result is appended to out. */
MUST_CHECK enum err_code codec_undo(struct codec_work *w, struct bytes in, struct buf *out,
				    struct err *err);
/* Undo a bare zlib stream (streams 4, 7, 12, 23, 24). */
MUST_CHECK enum err_code codec_undo_zlib(struct codec_work *w, struct bytes in, struct buf *out,
					 struct err *err);

/*
 * A guess from a few kilobytes of in: bytes that are as good as random, as compressed and
 * encrypted ones are.  False for what is too short to tell.
 */
bool codec_looks_packed(struct bytes in);

#endif
