#include "lib/compress/codec_internal.h"

#include <lzo/lzo1x.h>

#include "lib/base/mem.h"
#include "lib/base/num.h"

#define MAGIC_LZO   0x4c5a4f58u
#define FIRST_GUESS (256u * 1024)

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

	if (w->lzo_memory == NULL)
		w->lzo_memory = mem_zalloc(1, LZO1X_1_MEM_COMPRESS);
	if (buf_reserve(out, lzo_bound(in.n), err) != ERR_OK)
		return err->code;
	if (lzo1x_1_compress(in.p, in.n, out->p + out->len, &n, w->lzo_memory) != LZO_E_OK)
		return err_set(err, ERR_BUG, "LZO: compression failed");
	out->len += n;
	return ERR_OK;
}

/* The original size is not stored: double the room until it fits. */
static enum err_code
lzo_decompress(struct codec_work *w UNUSED, struct bytes in, struct buf *out, struct err *err)
{
	size_t room = size_min(FIRST_GUESS, out->max - out->len);

	for (;;) {
		lzo_uint n = room;
		int rc;

		if (buf_reserve(out, room, err) != ERR_OK)
			return err->code;
		rc = lzo1x_decompress_safe(in.p, in.n, out->p + out->len, &n, NULL);
		if (rc == LZO_E_OK) {
			out->len += n;
			return ERR_OK;
		}
		if (rc != LZO_E_OUTPUT_OVERRUN)
			return err_set(err, ERR_FORMAT, "compressed bytes are damaged");
		if (room == out->max - out->len)
			return err_set(err, ERR_LIMIT, "more than %zu bytes come out", out->max);
		room = size_min(2 * room, out->max - out->len);
	}
}

const struct codec codec_lzo = {
	.name = "LZO",
	.magic = MAGIC_LZO,
	.bound = lzo_bound,
	.compress = lzo_compress,
	.decompress = lzo_decompress,
};
