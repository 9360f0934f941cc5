#include "lib/files/xattr_record.h"

#include "lib/base/wr.h"

enum err_code
xattr_record_next(struct rd *r, struct xattr_item *out, struct err *err)
{
	struct xattr_item item;
	uint32_t magic;

	if (rd_left(r) == 0)
		return err_set(err, ERR_EOF, "end of attributes");
	magic = rd_u32be(r);
	item.name = rd_bytes(r, rd_u32be(r));
	item.value = rd_bytes(r, rd_u32be(r));
	if (!rd_ok(r))
		return err_set(err, ERR_FORMAT, "extended attributes are cut off");
	if (magic != XATTR_RECORD_MAGIC)
		return err_set(err, ERR_FORMAT, "extended attributes: magic 0x%08x is not 0x%08x",
			       magic, XATTR_RECORD_MAGIC);
	/* Very old clients stored the name's NUL as well. */
	if (item.name.n > 0 && item.name.p[item.name.n - 1] == '\0')
		item.name.n--;
	if (item.name.n == 0)
		return err_set(err, ERR_FORMAT, "extended attributes: empty name");
	*out = item;
	return ERR_OK;
}

enum err_code
xattr_record_append(struct buf *out, const struct xattr_item *item, struct err *err)
{
	struct wr w;

	if (item->name.n > out->max || item->value.n > out->max)
		return err_set(err, ERR_LIMIT, "extended attributes are larger than %zu bytes",
			       out->max);
	if (buf_reserve(out, 12 + item->name.n + item->value.n, err) != ERR_OK)
		return err->code;
	w = wr_init(out->p + out->len, out->cap - out->len);
	wr_u32be(&w, XATTR_RECORD_MAGIC);
	wr_u32be(&w, (uint32_t)item->name.n); /* at most out->max */
	wr_bytes(&w, item->name.p, item->name.n);
	wr_u32be(&w, (uint32_t)item->value.n);
	wr_bytes(&w, item->value.p, item->value.n);
	out->len += w.len;
	return ERR_OK;
}
