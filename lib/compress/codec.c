#include "lib/compress/codec_internal.h"

#include <inttypes.h>

#include "lib/base/mem.h"
#include "lib/base/rd.h"
#include "lib/base/wr.h"

/* Spec: volume.md 8.2 */
static const struct codec *const codecs[] = {
	&codec_gzip, &codec_lzo, &codec_lzfast, &codec_lz4, &codec_lz4hc,
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
	codec_gzip_release(w);
	free(w->lzo_memory);
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
