/*
 * Zstandard: one frame per record that tells its content size.  Spec: bacula.md 6.4
 */
#include "lib/compress/codec_internal.h"

#include <zstd.h>

#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/rd.h"
#include "lib/base/wr.h"

/* RFC 8878: a frame of raw blocks, its size in four bytes */
#define FRAME_MAGIC     0xfd2fb528u
#define FRAME_SIZE4     0xa0 /* single segment, content size of four bytes */
#define RAW_BLOCK_MAX   131072u
#define RAW_BLOCK_HEAD  3u
#define STORED_HEAD_LEN 9u

struct zstd_work {
	ZSTD_CCtx *compress;   /* owned */
	ZSTD_DCtx *decompress; /* owned */
};

void
zstd_work_free(struct zstd_work *w)
{
	if (w == NULL)
		return;
	(void)ZSTD_freeCCtx(w->compress);
	(void)ZSTD_freeDCtx(w->decompress);
	free(w);
}

static struct zstd_work *
work_of(struct codec_work *w)
{
	if (w->zstd == NULL)
		w->zstd = NEW(struct zstd_work);
	return w->zstd;
}

static size_t
zstd_bound(size_t n)
{
	size_t stored = n + STORED_HEAD_LEN + (n / RAW_BLOCK_MAX + 1) * RAW_BLOCK_HEAD;
	size_t packed = ZSTD_compressBound(n);

	return packed > stored ? packed : stored;
}

static enum err_code
zstd_compress(struct codec_work *w, int level, struct bytes in, struct buf *out, struct err *err)
{
	struct zstd_work *z = work_of(w);
	size_t n;

	if (z->compress == NULL)
		z->compress = ZSTD_createCCtx();
	if (z->compress == NULL)
		return err_set(err, ERR_LIMIT, "no memory for a compressor");
	if (buf_reserve(out, zstd_bound(in.n), err) != ERR_OK)
		return err->code;
	n = ZSTD_compressCCtx(z->compress, out->p + out->len, zstd_bound(in.n), in.p, in.n, level);
	if (ZSTD_isError(n))
		return err_set(err, ERR_BUG, "%s", ZSTD_getErrorName(n));
	out->len += n;
	return ERR_OK;
}

static enum err_code
zstd_store(struct codec_work *w UNUSED, struct bytes in, struct buf *out, struct err *err)
{
	struct wr to;
	bool last;

	if (buf_reserve(out, zstd_bound(in.n), err) != ERR_OK)
		return err->code;
	to = wr_init(out->p + out->len, zstd_bound(in.n));
	wr_u32le(&to, FRAME_MAGIC);
	wr_u8(&to, FRAME_SIZE4);
	wr_u32le(&to, (uint32_t)in.n); /* of a record: below 4 GiB */
	do {
		size_t n = size_min(in.n, RAW_BLOCK_MAX);
		uint32_t head = (uint32_t)n << 3;

		last = n == in.n;
		head |= last;
		wr_u8(&to, (uint8_t)head);
		wr_u8(&to, (uint8_t)(head >> 8));
		wr_u8(&to, (uint8_t)(head >> 16));
		wr_bytes(&to, in.p, n);
		in = bytes_skip(in, n);
	} while (!last);
	if (to.bad)
		return err_set(err, ERR_BUG, "result larger than its bound");
	out->len += to.len;
	return ERR_OK;
}

/* Not several, and none of the library's past: Debian's decodes those since 0.5, too. */
static bool
is_one_frame(struct bytes in)
{
	struct rd r = rd_init(in);

	return rd_u32le(&r) == FRAME_MAGIC && ZSTD_findFrameCompressedSize(in.p, in.n) == in.n;
}

static enum err_code
zstd_decompress(struct codec_work *w, struct bytes in, struct buf *out, struct err *err)
{
	struct zstd_work *z = work_of(w);
	unsigned long long size = ZSTD_getFrameContentSize(in.p, in.n);
	size_t n;

	if (!is_one_frame(in))
		return err_set(err, ERR_FORMAT, "not one frame");
	if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
		return err_set(err, ERR_FORMAT, "not a frame that tells its content size");
	if (size > out->max - out->len)
		return err_set(err, ERR_LIMIT, "%llu bytes come out, more than %zu", size,
			       out->max);
	if (z->decompress == NULL)
		z->decompress = ZSTD_createDCtx();
	if (z->decompress == NULL)
		return err_set(err, ERR_LIMIT, "no memory for a decompressor");
	if (buf_reserve(out, (size_t)size, err) != ERR_OK)
		return err->code;
	n = ZSTD_decompressDCtx(z->decompress, out->p + out->len, (size_t)size, in.p, in.n);
	if (ZSTD_isError(n) || n != size)
		return err_set(err, ERR_FORMAT, "compressed bytes are damaged");
	out->len += n;
	return ERR_OK;
}

const struct codec codec_zstd = {
	.name = "ZSTD",
	.magic = MAGIC_ZSTD,
	.bound = zstd_bound,
	.compress = zstd_compress,
	.store = zstd_store,
	.decompress = zstd_decompress,
};
