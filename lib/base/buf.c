#include "lib/base/buf.h"

#include "lib/base/mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void
buf_release(struct buf *b)
{
	free(b->p);
	b->p = NULL;
	b->len = 0;
	b->cap = 0;
}

enum err_code
buf_reserve(struct buf *b, size_t n, struct err *err)
{
	size_t need, cap;

	if (n > b->max || b->len > b->max - n)
		return err_set(err, ERR_LIMIT, "%zu bytes are more than the %zu allowed here",
			       b->len + n, b->max);
	need = b->len + n + 1; /* one for the NUL of buf_str */
	if (need <= b->cap)
		return ERR_OK;
	cap = b->cap < 256 ? 256 : b->cap;
	while (cap < need)
		cap += cap / 2 + 64;
	if (cap - 1 > b->max) /* max + 1 may not exist */
		cap = b->max + 1;
	b->p = (uint8_t *)mem_resize(b->p, cap, 1);
	b->cap = cap;
	return ERR_OK;
}

enum err_code
buf_append(struct buf *b, const void *p, size_t n, struct err *err)
{
	enum err_code rc = buf_reserve(b, n, err);

	if (rc != ERR_OK)
		return rc;
	if (n > 0)
		memcpy(b->p + b->len, p, n);
	b->len += n;
	return ERR_OK;
}

static enum err_code append_va(struct buf *b, struct err *err, const char *fmt, va_list ap)
	PRINTF(3, 0);

static enum err_code
append_va(struct buf *b, struct err *err, const char *fmt, va_list ap)
{
	enum err_code rc;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return err_set(err, ERR_BUG, "format %s", fmt);
	rc = buf_reserve(b, (size_t)n, err);
	if (rc != ERR_OK)
		return rc;
	(void)vsnprintf((char *)b->p + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
	return ERR_OK;
}

enum err_code
buf_printf(struct buf *b, struct err *err, const char *fmt, ...)
{
	enum err_code rc;
	va_list ap;

	va_start(ap, fmt);
	rc = append_va(b, err, fmt, ap);
	va_end(ap);
	return rc;
}

void
buf_text(struct buf *b, const char *fmt, ...)
{
	struct err err = ERR_INIT;
	enum err_code rc;
	va_list ap;

	va_start(ap, fmt);
	rc = append_va(b, &err, fmt, ap);
	va_end(ap);
	assert(rc == ERR_OK);
}

void
buf_put(struct buf *b, const void *p, size_t n)
{
	struct err err = ERR_INIT;
	enum err_code rc = buf_append(b, p, n, &err);

	assert(rc == ERR_OK);
}

const char *
buf_str(struct buf *b)
{
	if (b->cap == 0)
		return "";
	b->p[b->len] = '\0';
	return (const char *)b->p;
}

char *
buf_take_str(struct buf *b)
{
	char *s;

	if (b->cap == 0)
		return str_dup("");
	b->p[b->len] = '\0';
	s = (char *)b->p;
	b->p = NULL;
	b->len = 0;
	b->cap = 0;
	return s;
}

void
buf_consume(struct buf *b, size_t n)
{
	assert(n <= b->len);
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->len - n);
	b->len -= n;
}
