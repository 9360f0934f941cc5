/*
 * lib/base/wr.h - a cursor that encodes fixed layouts, with sticky overrun
 *
 * Purpose: the mirror of rd.h over a fixed area; ask wr_done() once at the end.
 * Layout:  all integers big-endian unless the name says le.
 */
#ifndef TERCET_BASE_WR_H
#define TERCET_BASE_WR_H

#include "lib/base/bytes.h"

struct wr {
	uint8_t *p; /* borrowed area */
	size_t len; /* written */
	size_t cap; /* size of the area */
	bool bad;   /* something did not fit */
};

static inline struct wr
wr_init(void *p, size_t cap)
{
	return (struct wr){ (uint8_t *)p, 0, cap, false };
}

static inline bool
wr_done(const struct wr *w, size_t *len)
{
	if (w->bad)
		return false;
	*len = w->len;
	return true;
}

static inline void
wr_bytes(struct wr *w, const void *p, size_t n)
{
	if (w->bad || n > w->cap - w->len) {
		w->bad = true;
		return;
	}
	if (n > 0)
		memcpy(w->p + w->len, p, n);
	w->len += n;
}

static inline void
wr_be(struct wr *w, uint64_t v, size_t n)
{
	uint8_t b[8];

	for (size_t i = 0; i < n; i++)
		b[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
	wr_bytes(w, b, n);
}

static inline void
wr_u8(struct wr *w, uint8_t v)
{
	wr_be(w, v, 1);
}

static inline void
wr_u16be(struct wr *w, uint16_t v)
{
	wr_be(w, v, 2);
}

static inline void
wr_u32be(struct wr *w, uint32_t v)
{
	wr_be(w, v, 4);
}

static inline void
wr_u64be(struct wr *w, uint64_t v)
{
	wr_be(w, v, 8);
}

static inline void
wr_u32le(struct wr *w, uint32_t v)
{
	wr_be(w, __builtin_bswap32(v), 4);
}

static inline void
wr_f64be(struct wr *w, double d)
{
	uint64_t v;

	memcpy(&v, &d, sizeof(v));
	wr_u64be(w, v);
}

/* Text and its NUL. */
static inline void
wr_cstr(struct wr *w, const char *s)
{
	wr_bytes(w, s, strlen(s) + 1);
}

#endif
