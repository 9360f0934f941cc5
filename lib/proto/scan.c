#include "lib/proto/scan.h"

#include "lib/base/mem.h"

#include <assert.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define OWNED_MAX 8 /* %ms items in one template; no row of lib/proto has more than two */

/* One item of a template: "%127s" is { 's', 127, 0, false }. */
struct item {
	char kind;      /* s d u c */
	size_t width;   /* 0: none given */
	unsigned longs; /* number of 'l' */
	bool owned;     /* 'm' */
};

struct scan {
	struct bytes in; /* what is left */
	va_list *ap;
	struct {
		char **to;
		char *text;
	} owned[OWNED_MAX];
	size_t n_owned;
};

static bool
is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* fmt stands behind '%'; returns the first byte behind the item. */
static const char *
item_parse(const char *fmt, struct item *out)
{
	struct item it = { 0 };

	while (*fmt >= '0' && *fmt <= '9')
		it.width = it.width * 10 + (size_t)(*fmt++ - '0');
	if (*fmt == 'm') {
		it.owned = true;
		fmt++;
	}
	while (*fmt == 'l') {
		it.longs++;
		fmt++;
	}
	it.kind = *fmt;
	*out = it;
	return fmt + 1;
}

static bool
scan_word(struct scan *s, const struct item *it)
{
	size_t n = 0;

	while (n < s->in.n && !is_space(s->in.p[n]))
		n++;
	if (it->owned) {
		assert(s->n_owned < OWNED_MAX);
		s->owned[s->n_owned].to = va_arg(*s->ap, char **);
		s->owned[s->n_owned].text = str_ndup(n > 0 ? (const char *)s->in.p : "", n);
		s->n_owned++;
	} else {
		char *to = va_arg(*s->ap, char *);

		assert(it->width > 0);
		if (n > it->width)
			return false;
		if (n > 0)
			memcpy(to, s->in.p, n);
		to[n] = '\0';
	}
	s->in = bytes_skip(s->in, n);
	return true;
}

/* Digits to a magnitude; no digit at all is 0.  False when it does not fit 64 bits. */
static bool
scan_digits(struct scan *s, uint64_t *out)
{
	uint64_t v = 0;

	while (s->in.n > 0 && s->in.p[0] >= '0' && s->in.p[0] <= '9') {
		if (__builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s->in.p[0] - '0'), &v))
			return false;
		s->in = bytes_skip(s->in, 1);
	}
	*out = v;
	return true;
}

static bool
scan_signed(struct scan *s, const struct item *it)
{
	int64_t max = it->longs == 0 ? INT_MAX : INT64_MAX;
	bool negative = s->in.n > 0 && s->in.p[0] == '-';
	uint64_t digits;
	int64_t v;

	if (negative)
		s->in = bytes_skip(s->in, 1);
	if (!scan_digits(s, &digits) || digits > (uint64_t)max + (negative ? 1 : 0))
		return false;
	v = negative ? (int64_t)(0 - digits) : (int64_t)digits;
	if (it->longs == 0)
		*va_arg(*s->ap, int *) = (int)v;
	else if (it->longs == 1)
		*va_arg(*s->ap, long *) = (long)v;
	else
		*va_arg(*s->ap, long long *) = (long long)v;
	return true;
}

static bool
scan_unsigned(struct scan *s, const struct item *it)
{
	uint64_t v;

	if (!scan_digits(s, &v) || (it->longs == 0 && v > UINT_MAX))
		return false;
	if (it->longs == 0)
		*va_arg(*s->ap, unsigned *) = (unsigned)v;
	else if (it->longs == 1)
		*va_arg(*s->ap, unsigned long *) = (unsigned long)v;
	else
		*va_arg(*s->ap, unsigned long long *) = (unsigned long long)v;
	return true;
}

static bool
scan_item(struct scan *s, const struct item *it)
{
	switch (it->kind) {
	case 's':
		return scan_word(s, it);
	case 'd':
		return scan_signed(s, it);
	case 'u':
		return scan_unsigned(s, it);
	case 'c':
		if (s->in.n == 0)
			return false;
		*va_arg(*s->ap, char *) = (char)s->in.p[0];
		s->in = bytes_skip(s->in, 1);
		return true;
	}
	abort(); /* an item that wire_scan does not know: the template is wrong */
}

static bool
scan_all(struct scan *s, const char *fmt)
{
	while (*fmt != '\0') {
		struct item it;

		if (*fmt == '%') {
			fmt = item_parse(fmt + 1, &it);
			if (!scan_item(s, &it))
				return false;
		} else if (is_space((uint8_t)*fmt)) {
			while (s->in.n > 0 && is_space(s->in.p[0]))
				s->in = bytes_skip(s->in, 1);
			fmt++;
		} else {
			if (s->in.n == 0 || s->in.p[0] != (uint8_t)*fmt)
				return false;
			s->in = bytes_skip(s->in, 1);
			fmt++;
		}
	}
	return true;
}

bool
wire_scan(struct bytes line, const char *fmt, ...)
{
	struct scan s = { .in = line };
	va_list ap;
	bool all;

	va_start(ap, fmt);
	s.ap = &ap;
	all = scan_all(&s, fmt);
	va_end(ap);
	for (size_t i = 0; i < s.n_owned; i++) {
		if (all)
			*s.owned[i].to = s.owned[i].text;
		else
			free(s.owned[i].text);
	}
	return all;
}

static char *
replace(char *s, char from, char to)
{
	for (char *p = s; *p != '\0'; p++)
		if (*p == from)
			*p = to;
	return s;
}

char *
wire_bash(char *s)
{
	return replace(s, ' ', '\001');
}

char *
wire_unbash(char *s)
{
	return replace(s, '\001', ' ');
}
