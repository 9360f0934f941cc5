#include "lib/compress/codec_internal.h"

#include <inttypes.h>

#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/rd.h"
#include "lib/base/wr.h"

#define FIRST_GUESS (256u * 1024) /* a network buffer: nearly every record fits */

/* Spec: volume.md 8.2, bacula.md 6.4 */
static const struct codec *const codecs[] = {
	&codec_gzip, &codec_lzo, &codec_lzfast, &codec_lz4, &codec_lz4hc, &codec_zstd,
};

const struct codec *
codec_find(uint32_t magic)
{
	for (size_t i = 0; i < sizeof(codecs) / sizeof(*codecs); i++)
		if (codecs[i]->magic == magic)
			return codecs[i];
	return NULL;
}

struct codec_work *
codec_work_new(void)
{
	return NEW(struct codec_work);
}

void
codec_work_free(struct codec_work *w)
{
	if (w == NULL)
		return;
	gzip_work_free(w->gzip);
	zstd_work_free(w->zstd);
	free(w->lzo);
	free(w->lz4hc);
	free(w->fastlz);
	free(w);
}

void
codec_work_freep(struct codec_work **w)
{
	codec_work_free(*w);
	*w = NULL;
}

enum err_code
codec_head_parse(struct bytes in, struct codec_head *out, struct err *err)
{
	struct rd r = rd_init(in);
	struct codec_head h;

	h.magic = rd_u32be(&r);
	h.size = rd_u32be(&r);
	h.level = rd_u16be(&r);
	h.version = rd_u16be(&r);
	if (!rd_ok(&r))
		return err_set(err, ERR_FORMAT, "compression header: %zu bytes, %u expected", in.n,
			       CODEC_HEAD_LEN);
	if (h.version != CODEC_VERSION)
		return err_set(err, ERR_FORMAT, "compression header version %u is not %u",
			       h.version, CODEC_VERSION);
	*out = h;
	return ERR_OK;
}

void
codec_head_emit(const struct codec_head *h, uint8_t out[CODEC_HEAD_LEN])
{
	struct wr w = wr_init(out, CODEC_HEAD_LEN);

	wr_u32be(&w, h->magic);
	wr_u32be(&w, h->size);
	wr_u16be(&w, h->level);
	wr_u16be(&w, h->version);
}

/* ---- doing ---- */

size_t
codec_bound(const struct codec *c, size_t n)
{
	return CODEC_HEAD_LEN + c->bound(n);
}

static bool
is_worth_trying(const struct codec *c, struct bytes in)
{
	return in.n > CODEC_TRY_MIN && (c->gives_up || !codec_looks_packed(in));
}

/* Compressed when that is smaller, else stored. */
static enum err_code
append_best(struct codec_work *w, const struct codec *c, uint16_t level, struct bytes in,
	    struct buf *out, struct err *err)
{
	size_t at = out->len;

	if (is_worth_trying(c, in)) {
		if (c->compress(w, level, in, out, err) != ERR_OK)
			return err->code;
		if (out->len - at < in.n)
			return ERR_OK;
		out->len = at;
	}
	return c->store(w, in, out, err);
}

enum err_code
codec_do(struct codec_work *w, const struct codec *c, uint16_t level, struct bytes in,
	 struct buf *out, struct err *err)
{
	struct codec_head h = { .magic = c->magic, .level = level, .version = CODEC_VERSION };
	size_t at = out->len;

	if (buf_reserve(out, codec_bound(c, in.n), err) != ERR_OK)
		return err->code;
	out->len += CODEC_HEAD_LEN;
	if (append_best(w, c, level, in, out, err) != ERR_OK) {
		out->len = at;
		return err_ctx(err, "%s", c->name);
	}
	h.size = (uint32_t)(out->len - at - CODEC_HEAD_LEN); /* of a record: below 4 GiB */
	codec_head_emit(&h, out->p + at);
	return ERR_OK;
}

/* ---- undoing ---- */

enum err_code
codec_undo(struct codec_work *w, struct bytes in, struct buf *out, struct err *err)
{
	const struct codec *c;
	struct codec_head h;

	if (codec_head_parse(in, &h, err) != ERR_OK)
		return err->code;
	in = bytes_skip(in, CODEC_HEAD_LEN);
	if (h.size != in.n)
		return err_set(err, ERR_FORMAT,
			       "compressed data of %zu bytes, its header says %" PRIu32, in.n,
			       h.size);
	if ((c = codec_find(h.magic)) == NULL)
		return err_set(err, ERR_FORMAT, "compression 0x%08" PRIx32 " is not known",
			       h.magic);
	if (c->decompress(w, in, out, err) != ERR_OK)
		return err_ctx(err, "%s data", c->name);
	return ERR_OK;
}

enum err_code
codec_undo_zlib(struct codec_work *w, struct bytes in, struct buf *out, struct err *err)
{
	if (codec_gzip.decompress(w, in, out, err) != ERR_OK)
		return err_ctx(err, "%s data", codec_gzip.name);
	return ERR_OK;
}

enum err_code
codec_undo_unsized(undo_fn *undo, struct codec_work *w, struct bytes in, struct buf *out,
		   struct err *err)
{
	size_t most = out->max - out->len, room = size_min(FIRST_GUESS, most), got = 0;

	for (;;) {
		if (buf_reserve(out, room, err) != ERR_OK)
			return err->code;
		switch (undo(w, in, out->p + out->len, room, &got)) {
		case UNDO_DONE:
			out->len += got;
			return ERR_OK;
		case UNDO_DAMAGED:
			return err_set(err, ERR_FORMAT, "compressed bytes are damaged");
		case UNDO_TOO_SMALL:
			break;
		}
		if (room == most)
			return err_set(err, ERR_LIMIT, "more than %zu bytes come out", out->max);
		room = size_min(2 * room, most);
	}
}
