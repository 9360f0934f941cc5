/*
 * lib/base/rd.h - a cursor that decodes fixed layouts, with sticky shortage
 *
 * Purpose: decode first, judge once: a getter returns 0 and marks the cursor when bytes run
 *          out; rd_ok()/rd_done() is asked after the whole fixed part.
 * Layout:  all integers big-endian unless the name says le.
 */
#ifndef TERCET_BASE_RD_H
#define TERCET_BASE_RD_H

#include "lib/base/bytes.h"

struct rd {
	struct bytes in; /* what is left; borrowed */
	bool bad;        /* bytes ran out at least once */
};

static inline struct rd
rd_init(struct bytes in)
{
	return (struct rd){ in, false };
}

static inline size_t
rd_left(const struct rd *r)
{
	return r->in.n;
}

static inline bool
rd_ok(const struct rd *r)
{
	return !r->bad;
}

/* No shortage, and nothing left over. */
static inline bool
rd_done(const struct rd *r)
{
	return !r->bad && r->in.n == 0;
}

/* Borrowed view of the next n bytes; empty and marked bad on shortage. */
static inline struct bytes
rd_bytes(struct rd *r, size_t n)
{
	struct bytes out = { r->in.p, n };

	if (r->bad || n > r->in.n) {
		r->bad = true;
		return (struct bytes){ NULL, 0 };
	}
	r->in.p += n;
	r->in.n -= n;
	return out;
}

static inline uint64_t
rd_be(struct rd *r, size_t n)
{
	struct bytes b = rd_bytes(r, n);
	uint64_t v = 0;

	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | b.p[i];
	return v;
}

static inline uint8_t
rd_u8(struct rd *r)
{
	return (uint8_t)rd_be(r, 1);
}

static inline uint16_t
rd_u16be(struct rd *r)
{
	return (uint16_t)rd_be(r, 2);
}

static inline uint32_t
rd_u32be(struct rd *r)
{
	return (uint32_t)rd_be(r, 4);
}

static inline uint64_t
rd_u64be(struct rd *r)
{
	return rd_be(r, 8);
}

static inline uint32_t
rd_u32le(struct rd *r)
{
	return __builtin_bswap32(rd_u32be(r));
}

static inline uint64_t
rd_u64le(struct rd *r)
{
	return __builtin_bswap64(rd_u64be(r));
}

static inline double
rd_f64be(struct rd *r)
{
	uint64_t v = rd_u64be(r);
	double d;

	memcpy(&d, &v, sizeof(d));
	return d;
}

/* Bytes up to and without the next NUL, which is consumed; no NUL is a shortage. */
static inline struct bytes
rd_cstr(struct rd *r)
{
	const uint8_t *end = r->in.n > 0 ? (const uint8_t *)memchr(r->in.p, 0, r->in.n) : NULL;
	struct bytes b;

	if (r->bad || end == NULL) {
		r->bad = true;
		return (struct bytes){ NULL, 0 };
	}
	b = rd_bytes(r, (size_t)(end - r->in.p));
	(void)rd_u8(r);
	return b;
}

#endif
