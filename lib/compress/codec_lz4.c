/*
 * FastLZ frames around LZ4 or FastLZ blocks.  Spec: volume.md 9.3
 *
 * Written: one data frame (stored when it would not shrink) and the empty end frame.  Read: any
 * number of frames, with or without the end frame.
 */
#include "lib/compress/codec_internal.h"

#include <inttypes.h>
#include <limits.h>
#include <lz4.h>
#include <lz4hc.h>

#include "lib/base/mem.h"
#include "lib/base/rd.h"
#include "lib/base/wr.h"

#define FRAME_HEAD_LEN   16u
#define FRAME_INPUT_MAX  262144u /* the counterpart reads no larger frame */
#define FRAME_COMPRESSED 0xc8
#define FRAME_STORED     0x18

static const uint8_t frame_magic[7] = { 'F', 'a', 's', 't', 'L', 'Z', 0 };

static size_t
frame_bound(size_t n)
{
	return n + n / 10 + 2 * FRAME_HEAD_LEN;
}

static void
frame_head(struct wr *w, uint8_t type, size_t stored, size_t original)
{
	wr_bytes(w, frame_magic, sizeof(frame_magic));
	wr_u8(w, type);
	wr_u32le(w, (uint32_t)stored); /* both at most FRAME_INPUT_MAX */
	wr_u32le(w, (uint32_t)original);
}

/* Bytes written to out, at most cap; 0: they are more. */
typedef int block_compress(struct codec_work *w, struct bytes in, uint8_t *out, int cap);

static int
lz4_block(struct codec_work *w UNUSED, struct bytes in, uint8_t *out, int cap)
{
	return LZ4_compress_default((const char *)in.p, (char *)out, (int)in.n, cap);
}

static int
lz4hc_block(struct codec_work *w, struct bytes in, uint8_t *out, int cap)
{
	if (w->lz4hc == NULL)
		w->lz4hc = mem_zalloc(1, (size_t)LZ4_sizeofStateHC());
	return LZ4_compress_HC_extStateHC(w->lz4hc, (const char *)in.p, (char *)out, (int)in.n, cap,
					  LZ4HC_CLEVEL_DEFAULT);
}

static int
fastlz_block(struct codec_work *w, struct bytes in, uint8_t *out, int cap)
{
	return (int)fastlz_do(w, in, out, (size_t)cap);
}

/* compress NULL: stored.  Only what shrinks is compressed: the room given is less than the input.
 */
static enum err_code
append_frames(block_compress *compress, struct codec_work *work, struct bytes in, struct buf *out,
	      struct err *err)
{
	struct wr w;
	int n = 0;

	if (in.n > FRAME_INPUT_MAX)
		return err_set(err, ERR_LIMIT, "record of %zu bytes is larger than %u", in.n,
			       FRAME_INPUT_MAX);
	if (buf_reserve(out, frame_bound(in.n), err) != ERR_OK)
		return err->code;
	w = wr_init(out->p + out->len, frame_bound(in.n));
	if (compress != NULL && in.n > 1)
		n = compress(work, in, w.p + FRAME_HEAD_LEN, (int)in.n - 1);
	if (n > 0) {
		frame_head(&w, FRAME_COMPRESSED, (size_t)n, in.n);
		w.len += (size_t)n;
	} else {
		frame_head(&w, FRAME_STORED, in.n, in.n);
		wr_bytes(&w, in.p, in.n);
	}
	frame_head(&w, FRAME_COMPRESSED, 0, 0);
	if (w.bad)
		return err_set(err, ERR_BUG, "result larger than its bound");
	out->len += w.len;
	return ERR_OK;
}

static enum err_code
frames_store(struct codec_work *w, struct bytes in, struct buf *out, struct err *err)
{
	return append_frames(NULL, w, in, out, err);
}

typedef enum err_code block_undo(struct bytes in, uint8_t *out, size_t n_out, struct err *err);

static enum err_code
lz4_undo(struct bytes in, uint8_t *out, size_t n_out, struct err *err)
{
	if (in.n > INT_MAX || n_out > INT_MAX ||
	    LZ4_decompress_safe((const char *)in.p, (char *)out, (int)in.n, (int)n_out) !=
		    (int)n_out)
		return err_set(err, ERR_FORMAT, "LZ4 block is damaged");
	return ERR_OK;
}

static enum err_code
frame_undo(struct rd *r, block_undo *undo, struct buf *out, struct err *err)
{
	struct bytes magic = rd_bytes(r, sizeof(frame_magic)), body;
	uint8_t type = rd_u8(r);
	uint32_t stored = rd_u32le(r), original = rd_u32le(r);

	body = rd_bytes(r, stored);
	if (!rd_ok(r))
		return err_set(err, ERR_FORMAT, "frame is cut off");
	if (!bytes_eq(magic, bytes_of(frame_magic, sizeof(frame_magic))))
		return err_set(err, ERR_FORMAT, "not a frame: no FastLZ mark");
	if (buf_reserve(out, original, err) != ERR_OK)
		return err->code;
	if ((type & 0xf0) == (FRAME_STORED & 0xf0)) {
		if (stored != original)
			return err_set(err, ERR_FORMAT,
				       "stored frame of %" PRIu32 " bytes says %" PRIu32, stored,
				       original);
		buf_put(out, body.p, body.n);
		return ERR_OK;
	}
	if ((type & 0xf0) != (FRAME_COMPRESSED & 0xf0))
		return err_set(err, ERR_FORMAT, "frame type 0x%02x is not known", type);
	if (original > 0 && undo(body, out->p + out->len, original, err) != ERR_OK)
		return err->code;
	out->len += original;
	return ERR_OK;
}

static enum err_code
frames_undo(block_undo *undo, struct bytes in, struct buf *out, struct err *err)
{
	struct rd r = rd_init(in);

	while (rd_left(&r) > 0)
		if (frame_undo(&r, undo, out, err) != ERR_OK)
			return err->code;
	return ERR_OK;
}

static enum err_code
lzfast_compress(struct codec_work *w, int level UNUSED, struct bytes in, struct buf *out,
		struct err *err)
{
	return append_frames(fastlz_block, w, in, out, err);
}

static enum err_code
lzfast_decompress(struct codec_work *w UNUSED, struct bytes in, struct buf *out, struct err *err)
{
	return frames_undo(fastlz_undo, in, out, err);
}

static enum err_code
lz4_compress(struct codec_work *w, int level UNUSED, struct bytes in, struct buf *out,
	     struct err *err)
{
	return append_frames(lz4_block, w, in, out, err);
}

static enum err_code
lz4hc_compress(struct codec_work *w, int level UNUSED, struct bytes in, struct buf *out,
	       struct err *err)
{
	return append_frames(lz4hc_block, w, in, out, err);
}

static enum err_code
lz4_decompress(struct codec_work *w UNUSED, struct bytes in, struct buf *out, struct err *err)
{
	return frames_undo(lz4_undo, in, out, err);
}

const struct codec codec_lzfast = {
	.name = "LZFAST",
	.magic = MAGIC_LZFAST,
	.bound = frame_bound,
	.compress = lzfast_compress,
	.store = frames_store,
	.decompress = lzfast_decompress,
};

const struct codec codec_lz4 = {
	.name = "LZ4",
	.magic = MAGIC_LZ4,
	.gives_up = true,
	.bound = frame_bound,
	.compress = lz4_compress,
	.store = frames_store,
	.decompress = lz4_decompress,
};

const struct codec codec_lz4hc = {
	.name = "LZ4HC",
	.magic = MAGIC_LZ4HC,
	.bound = frame_bound,
	.compress = lz4hc_compress,
	.store = frames_store,
	.decompress = lz4_decompress,
};
