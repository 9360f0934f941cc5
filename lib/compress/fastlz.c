/*
 * FastLZ blocks, both levels, decoder only.  Spec: volume.md 9.4
 */
#include "lib/compress/codec_internal.h"

#include "lib/base/rd.h"

#define LITERALS_MAX 32u /* controls below are literal runs */
#define LENGTH_MORE  6u  /* the length goes on in the next byte */
#define FAR_HIGH     (31u << 8)
#define FAR_BASE     8192u

struct out {
	uint8_t *p;
	size_t len, cap;
};

static bool
copy_literals(struct out *o, struct rd *r, size_t n)
{
	struct bytes b = rd_bytes(r, n);

	if (b.n != n || n > o->cap - o->len)
		return false;
	memcpy(o->p + o->len, b.p, n);
	o->len += n;
	return true;
}

/* Byte by byte: source and destination may overlap. */
static bool
copy_match(struct out *o, size_t distance, size_t n)
{
	if (distance > o->len || n > o->cap - o->len)
		return false;
	for (size_t i = 0; i < n; i++, o->len++)
		o->p[o->len] = o->p[o->len - distance];
	return true;
}

static bool
undo_match(struct out *o, struct rd *r, unsigned ctrl, unsigned level)
{
	size_t n = (ctrl >> 5) - 1;
	size_t high = (size_t)(ctrl & 31) << 8;
	uint8_t b;

	if (n == LENGTH_MORE) {
		do {
			b = rd_u8(r);
			n += b;
		} while (level == 2 && b == 255 && rd_ok(r));
	}
	b = rd_u8(r);
	if (level == 2 && b == 255 && high == FAR_HIGH)
		return copy_match(o, (size_t)rd_u16be(r) + FAR_BASE, n + 3) && rd_ok(r);
	return rd_ok(r) && copy_match(o, high + b + 1, n + 3);
}

enum err_code
fastlz_undo(struct bytes in, uint8_t *out, size_t n_out, struct err *err)
{
	struct rd r = rd_init(in);
	struct out o = { out, 0, n_out };
	unsigned ctrl = rd_u8(&r), level = (ctrl >> 5) + 1;
	bool ok = rd_ok(&r) && level <= 2;

	for (ctrl &= 31; ok; ctrl = rd_u8(&r)) {
		ok = ctrl < LITERALS_MAX ? copy_literals(&o, &r, ctrl + 1)
					 : undo_match(&o, &r, ctrl, level);
		if (rd_left(&r) == 0)
			break;
	}
	if (!ok || !rd_ok(&r) || o.len != n_out)
		return err_set(err, ERR_FORMAT, "FastLZ block is damaged");
	return ERR_OK;
}
