/*
 * lib/base/bytes.h - a borrowed view of bytes
 *
 * Purpose: pointer and length, always borrowed; file names, link targets and records are
 *          bytes, not text: they may hold NUL-free anything, also newlines and invalid UTF-8.
 */
#ifndef TERCET_BASE_BYTES_H
#define TERCET_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *p; /* borrowed; may be NULL when n is 0 */
	size_t n;
};

static inline struct bytes
bytes_of(const void *p, size_t n)
{
	return (struct bytes){ (const uint8_t *)p, n };
}

static inline struct bytes
bytes_str(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static inline bool
bytes_eq(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool
bytes_starts(struct bytes b, const char *prefix)
{
	size_t n = strlen(prefix);

	return b.n >= n && memcmp(b.p, prefix, n) == 0;
}

/* b without its first n bytes; n <= b.n. */
static inline struct bytes
bytes_skip(struct bytes b, size_t n)
{
	return (struct bytes){ b.p + n, b.n - n };
}

/* printf("%.*s", BYTES_ARG(b)) for bytes known to be text. */
#define BYTES_ARG(b) (int)(b).n, (const char *)(b).p

#endif
