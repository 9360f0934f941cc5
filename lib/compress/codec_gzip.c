/* zlib streams.  Spec: volume.md 9.1 */
#include "lib/compress/codec_internal.h"

#include <libdeflate.h>

#include "lib/base/mem.h"

/*
 * What libdeflate is asked for when zlib's level of this index is: the lowest level whose results
 * are as small as zlib's, to about 2 % (measured on text and on programs; codec_test looks).
 */
static const int effort[] = { 0, 1, 1, 2, 4, 4, 5, 6, 7, 9 };

struct gzip_work {
	struct libdeflate_compressor *deflate;   /* owned; of level */
	struct libdeflate_compressor *store;     /* owned; level 0 */
	struct libdeflate_decompressor *inflate; /* owned */
	int level;
};

void
gzip_work_free(struct gzip_work *w)
{
	if (w == NULL)
		return;
	if (w->deflate != NULL)
		libdeflate_free_compressor(w->deflate);
	if (w->store != NULL)
		libdeflate_free_compressor(w->store);
	if (w->inflate != NULL)
		libdeflate_free_decompressor(w->inflate);
	free(w);
}

static struct gzip_work *
work_of(struct codec_work *w)
{
	if (w->gzip == NULL)
		w->gzip = NEW(struct gzip_work);
	return w->gzip;
}

static size_t
gzip_bound(size_t n)
{
	return libdeflate_zlib_compress_bound(NULL, n);
}

static enum err_code
append_deflated(struct libdeflate_compressor *c, struct bytes in, struct buf *out, struct err *err)
{
	size_t n;

	if (c == NULL)
		return err_set(err, ERR_LIMIT, "no memory for a compressor");
	if (buf_reserve(out, gzip_bound(in.n), err) != ERR_OK)
		return err->code;
	n = libdeflate_zlib_compress(c, in.p, in.n, out->p + out->len, gzip_bound(in.n));
	if (n == 0)
		return err_set(err, ERR_BUG, "result larger than its bound");
	out->len += n;
	return ERR_OK;
}

static enum err_code
gzip_compress(struct codec_work *w, int level, struct bytes in, struct buf *out, struct err *err)
{
	struct gzip_work *g = work_of(w);

	if (level < 1 || level > 9)
		return err_set(err, ERR_LIMIT, "level %d is not one of 1 to 9", level);
	level = effort[level];
	if (g->deflate != NULL && g->level != level) {
		libdeflate_free_compressor(g->deflate);
		g->deflate = NULL;
	}
	if (g->deflate == NULL)
		g->deflate = libdeflate_alloc_compressor(level);
	g->level = level;
	return append_deflated(g->deflate, in, out, err);
}

static enum err_code
gzip_store(struct codec_work *w, struct bytes in, struct buf *out, struct err *err)
{
	struct gzip_work *g = work_of(w);

	if (g->store == NULL)
		g->store = libdeflate_alloc_compressor(0);
	return append_deflated(g->store, in, out, err);
}

static enum undo_answer
inflate_into(struct codec_work *w, struct bytes in, uint8_t *out, size_t room, size_t *got)
{
	switch (libdeflate_zlib_decompress(w->gzip->inflate, in.p, in.n, out, room, got)) {
	case LIBDEFLATE_SUCCESS:
		return UNDO_DONE;
	case LIBDEFLATE_INSUFFICIENT_SPACE:
		return UNDO_TOO_SMALL;
	case LIBDEFLATE_BAD_DATA:
	case LIBDEFLATE_SHORT_OUTPUT:
	default:
		return UNDO_DAMAGED;
	}
}

static enum err_code
gzip_decompress(struct codec_work *w, struct bytes in, struct buf *out, struct err *err)
{
	struct gzip_work *g = work_of(w);

	if (g->inflate == NULL)
		g->inflate = libdeflate_alloc_decompressor();
	if (g->inflate == NULL)
		return err_set(err, ERR_LIMIT, "no memory for a decompressor");
	return codec_undo_unsized(inflate_into, w, in, out, err);
}

const struct codec codec_gzip = {
	.name = "GZIP",
	.magic = MAGIC_GZIP,
	.bound = gzip_bound,
	.compress = gzip_compress,
	.store = gzip_store,
	.decompress = gzip_decompress,
};
