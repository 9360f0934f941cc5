/*
 * FastLZ blocks: both levels read, level 1 written.  Spec: volume.md 9.4
 */
#include "lib/compress/codec_internal.h"

#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/rd.h"
#include "lib/base/wr.h"

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

/* ---- doing: level 1 ---- */

#define MATCH_MIN     3u
#define MATCH_SHORT   8u /* longest whose length is in the first byte */
#define MATCH_MAX     264u
#define DISTANCE_MAX  8191u
#define HASH_BITS     13u
#define MISSES_A_STEP 5u /* after so many bits of misses in a row one byte more is passed over */

struct fastlz_work {
	uint32_t at[1u << HASH_BITS]; /* position + 1 of the last 3 bytes with this hash; 0 none */
};

static uint32_t
three_bytes(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
}

static uint32_t
hash_of(uint32_t v)
{
	return v * 2654435761u >> (32u - HASH_BITS);
}

static void
put_literals(struct wr *w, const uint8_t *p, size_t n)
{
	while (n > 0) {
		size_t run = size_min(n, LITERALS_MAX);

		wr_u8(w, (uint8_t)(run - 1));
		wr_bytes(w, p, run);
		p += run;
		n -= run;
	}
}

static void
put_match(struct wr *w, size_t n, size_t distance)
{
	size_t d = distance - 1;

	if (n <= MATCH_SHORT) {
		wr_u8(w, (uint8_t)((n - 2) << 5 | d >> 8));
	} else {
		wr_u8(w, (uint8_t)(7u << 5 | d >> 8));
		wr_u8(w, (uint8_t)(n - MATCH_SHORT - 1));
	}
	wr_u8(w, (uint8_t)d);
}

static size_t
match_length(const uint8_t *p, const uint8_t *earlier, size_t most)
{
	size_t n = MATCH_MIN;

	while (n < most && p[n] == earlier[n])
		n++;
	return n;
}

/* The last place with the same three bytes, and this place for the next; NULL: none near. */
static const uint8_t *
find_match(struct fastlz_work *f, struct bytes in, size_t i)
{
	uint32_t v = three_bytes(in.p + i), *slot = &f->at[hash_of(v)], was = *slot;

	*slot = (uint32_t)i + 1;
	if (was == 0 || i + 1 - was > DISTANCE_MAX || three_bytes(in.p + was - 1) != v)
		return NULL;
	return in.p + was - 1;
}

size_t
fastlz_do(struct codec_work *work, struct bytes in, uint8_t *out, size_t cap)
{
	struct wr w = wr_init(out, cap);
	struct fastlz_work *f = work->fastlz;
	size_t i = 1, literals = 0; /* not yet written from here on; the first byte always is one */

	if (f == NULL)
		f = work->fastlz = NEW(struct fastlz_work);
	memset(f, 0, sizeof(*f));
	while (i + MATCH_MIN <= in.n && !w.bad) {
		const uint8_t *earlier = find_match(f, in, i);
		size_t n;

		if (earlier == NULL) {
			i += 1 + ((i - literals) >> MISSES_A_STEP);
			continue;
		}
		n = match_length(in.p + i, earlier, size_min(in.n - i, MATCH_MAX));
		put_literals(&w, in.p + literals, i - literals);
		put_match(&w, n, (size_t)(in.p + i - earlier));
		i += n;
		literals = i;
	}
	put_literals(&w, in.p + literals, in.n - literals);
	return w.bad ? 0 : w.len;
}
