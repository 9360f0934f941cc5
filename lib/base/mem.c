#include "lib/base/mem.h"

#include "lib/base/num.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static NORETURN void
out_of_memory(size_t n, size_t size)
{
	(void)fprintf(stderr, "out of memory for %zu x %zu bytes\n", n, size);
	abort();
}

void *
mem_zalloc(size_t n, size_t size)
{
	void *p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);

	if (p == NULL)
		out_of_memory(n, size);
	return p;
}

void *
mem_resize(void *p, size_t n, size_t size)
{
	size_t total;
	void *q;

	if (!size_mul(n, size, &total))
		out_of_memory(n, size);
	q = realloc(p, total > 0 ? total : 1);
	if (q == NULL)
		out_of_memory(n, size);
	return q;
}

char *
str_dup(const char *s)
{
	return str_ndup(s, strlen(s));
}

void
str_copy(char *out, size_t cap, const char *s)
{
	(void)snprintf(out, cap, "%s", s != NULL ? s : "");
}

char *
str_ndup(const char *s, size_t n)
{
	char *out = (char *)mem_zalloc(n + 1, 1);

	memcpy(out, s, n);
	return out;
}

char *
str_printf(const char *fmt, ...)
{
	char *out = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&out, fmt, ap);
	va_end(ap);
	if (n < 0)
		out_of_memory(1, strlen(fmt));
	return out;
}

void *
mem_grow(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap == 0 ? 8 : *cap * 2;
	return mem_resize(p, *cap, size);
}
