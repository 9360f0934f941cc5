#include "lib/compress/codec_internal.h"

#include <libdeflate.h>

#include "lib/base/num.h"

#define MAGIC_GZIP  0x475a4950u
#define FIRST_GUESS (256u * 1024) /* a network buffer: nearly every record fits */

void
codec_gzip_release(struct codec_work *w)
{
	if (w->deflate != NULL)
		libdeflate_free_compressor(w->deflate);
	if (w->inflate != NULL)
		libdeflate_free_decompressor(w->inflate);
	w->deflate = NULL;
	w->inflate = NULL;
}

static size_t
gzip_bound(size_t n)
{
	return libdeflate_zlib_compress_bound(NULL, n);
}

static enum err_code
gzip_compress(struct codec_work *w, int level, struct bytes in, struct buf *out, struct err *err)
{
	size_t n;

	if (w->deflate == NULL || w->deflate_level != level) {
		if (w->deflate != NULL)
			libdeflate_free_compressor(w->deflate);
		w->deflate = libdeflate_alloc_compressor(level);
		w->deflate_level = level;
	}
	if (w->deflate == NULL)
		return err_set(err, ERR_LIMIT, "level %d is not one of GZIP's", level);
	if (buf_reserve(out, gzip_bound(in.n), err) != ERR_OK)
		return err->code;
	n = libdeflate_zlib_compress(w->deflate, in.p, in.n, out->p + out->len, gzip_bound(in.n));
	if (n == 0)
		return err_set(err, ERR_BUG, "GZIP: result larger than its bound");
	out->len += n;
	return ERR_OK;
}

/* The original size is not stored: double the room until it fits. */
static enum err_code
gzip_decompress(struct codec_work *w, struct bytes in, struct buf *out, struct err *err)
{
	size_t room = size_min(FIRST_GUESS, out->max - out->len);
	size_t got;

	if (w->inflate == NULL)
		w->inflate = libdeflate_alloc_decompressor();
	if (w->inflate == NULL)
		return err_set(err, ERR_LIMIT, "no memory for a decompressor");
	for (;;) {
		if (buf_reserve(out, room, err) != ERR_OK)
			return err->code;
		switch (libdeflate_zlib_decompress(w->inflate, in.p, in.n, out->p + out->len, room,
						   &got)) {
		case LIBDEFLATE_SUCCESS:
			out->len += got;
			return ERR_OK;
		case LIBDEFLATE_INSUFFICIENT_SPACE:
			break;
		case LIBDEFLATE_BAD_DATA:
		case LIBDEFLATE_SHORT_OUTPUT:
		default:
			return err_set(err, ERR_FORMAT, "compressed bytes are damaged");
		}
		if (room == out->max - out->len)
			return err_set(err, ERR_LIMIT, "more than %zu bytes come out", out->max);
		room = size_min(2 * room, out->max - out->len);
	}
}

const struct codec codec_gzip = {
	.name = "GZIP",
	.magic = MAGIC_GZIP,
	.bound = gzip_bound,
	.compress = gzip_compress,
	.decompress = gzip_decompress,
};
