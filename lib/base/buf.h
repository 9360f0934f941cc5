/*
 * lib/base/buf.h - owned, growable bytes, born with a maximum
 *
 * Purpose: every size that a peer, a volume or a file system chooses ends here; max is the one
 *          place where "how big can they make this" is answered.  Also builds text.
 * Owns:    its memory.  All-zero is a valid empty buf with maximum 0; buf_release may be called
 *          again.
 * Errors:  ERR_LIMIT  the result would be larger than max (nothing was changed)
 */
#ifndef TERCET_BASE_BUF_H
#define TERCET_BASE_BUF_H

#include "lib/base/bytes.h"
#include "lib/base/err.h"

struct buf {
	uint8_t *p; /* owned */
	size_t len; /* used */
	size_t cap; /* allocated */
	size_t max; /* largest len allowed */
};

#define BUF_INIT(maximum)                                                                          \
	{                                                                                          \
		.max = (maximum)                                                                   \
	}

void buf_release(struct buf *b);

/* Room for n more bytes behind len. */
MUST_CHECK enum err_code buf_reserve(struct buf *b, size_t n, struct err *err);
MUST_CHECK enum err_code buf_append(struct buf *b, const void *p, size_t n, struct err *err);
MUST_CHECK enum err_code buf_printf(struct buf *b, struct err *err, const char *fmt, ...)
	PRINTF(3, 4);
/* For text whose size the program bounds: as buf_printf, but exceeding max aborts. */
void buf_text(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_put(struct buf *b, const void *p, size_t n);

/* The text so far, NUL-terminated behind len; borrowed until the next change. */
const char *buf_str(struct buf *b);
/* The text so far as an owned string; the buf is empty afterwards. */
char *buf_take_str(struct buf *b);

static inline void
buf_clear(struct buf *b)
{
	b->len = 0;
}

static inline struct bytes
buf_bytes(const struct buf *b)
{
	return (struct bytes){ b->p, b->len };
}

/* Drop the first n bytes; n <= len. */
void buf_consume(struct buf *b, size_t n);

#endif
