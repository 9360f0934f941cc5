#include "lib/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum err_code
err_set_at(struct err *e, enum err_code code, int sys, const char *file, int line, const char *fmt,
	   ...)
{
	va_list ap;
	size_t n;

	e->code = code;
	e->sys = sys;
	e->file = file;
	e->line = line;
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	if (sys != 0) {
		char why[128];

		n = strlen(e->text);
		(void)snprintf(e->text + n, sizeof(e->text) - n, ": %s",
			       strerror_r(sys, why, sizeof(why)));
	}
	return code;
}

enum err_code
err_ctx(struct err *e, const char *fmt, ...)
{
	char old[ERR_TEXT_MAX];
	va_list ap;
	size_t n;

	(void)snprintf(old, sizeof(old), "%s", e->text);
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	(void)snprintf(e->text + n, sizeof(e->text) - n, ": %s", old);
	return e->code;
}

const char *
err_code_text(enum err_code code)
{
	switch (code) {
#define X(name, text)                                                                              \
	case name:                                                                                 \
		return text;
		ERR_CODES(X)
#undef X
	}
	return "unknown";
}
