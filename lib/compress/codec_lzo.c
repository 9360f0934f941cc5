/* LZO1X.  Spec: volume.md 9.2 */
#include "lib/compress/codec_internal.h"

#include <lzo/lzo1x.h>

#include "lib/base/mem.h"
#include "lib/base/wr.h"

#define SHORT_RUN_MAX 238u /* literals that the first byte alone can tell */
#define LONG_RUN_BASE 18u  /* of a run whose length goes on in zero bytes of 255 each */

static size_t
lzo_bound(size_t n)
{
	return n + n / 16 + 67;
}

static enum err_code
lzo_compress(struct codec_work *w, int level UNUSED, struct bytes in, struct buf *out,
	     struct err *err)
{
	lzo_uint n = 0;

	if (w->lzo == NULL)
		w->lzo = mem_zalloc(1, LZO1X_1_MEM_COMPRESS);
	if (buf_reserve(out, lzo_bound(in.n), err) != ERR_OK)
		return err->code;
	if (lzo1x_1_compress(in.p, in.n, out->p + out->len, &n, w->lzo) != LZO_E_OK)
		return err_set(err, ERR_BUG, "compression failed");
	out->len += n;
	return ERR_OK;
}

/* One run of literals and the end mark. */
static enum err_code
lzo_store(struct codec_work *w UNUSED, struct bytes in, struct buf *out, struct err *err)
{
	static const uint8_t end[3] = { 0x11, 0, 0 };
	struct wr to;

	if (buf_reserve(out, lzo_bound(in.n), err) != ERR_OK)
		return err->code;
	to = wr_init(out->p + out->len, lzo_bound(in.n));
	if (in.n > SHORT_RUN_MAX) {
		size_t more = in.n - LONG_RUN_BASE;

		wr_u8(&to, 0);
		for (; more > 255; more -= 255)
			wr_u8(&to, 0);
		wr_u8(&to, (uint8_t)more);
	} else if (in.n > 0) {
		wr_u8(&to, (uint8_t)(17 + in.n));
	}
	wr_bytes(&to, in.p, in.n);
	wr_bytes(&to, end, sizeof(end));
	if (to.bad)
		return err_set(err, ERR_BUG, "result larger than its bound");
	out->len += to.len;
	return ERR_OK;
}

static enum undo_answer
undo_into(struct codec_work *w UNUSED, struct bytes in, uint8_t *out, size_t room, size_t *got)
{
	lzo_uint n = room;
	int rc = lzo1x_decompress_safe(in.p, in.n, out, &n, NULL);

	*got = n;
	return rc == LZO_E_OK               ? UNDO_DONE
	       : rc == LZO_E_OUTPUT_OVERRUN ? UNDO_TOO_SMALL
					    : UNDO_DAMAGED;
}

static enum err_code
lzo_decompress(struct codec_work *w, struct bytes in, struct buf *out, struct err *err)
{
	return codec_undo_unsized(undo_into, w, in, out, err);
}

const struct codec codec_lzo = {
	.name = "LZO",
	.magic = MAGIC_LZO,
	.gives_up = true,
	.bound = lzo_bound,
	.compress = lzo_compress,
	.store = lzo_store,
	.decompress = lzo_decompress,
};
