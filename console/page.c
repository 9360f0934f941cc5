#include "console/page.h"

#include <stdarg.h>
#include <stdlib.h>

#include "lib/base/own.h"

void
page_put(struct page *p, const void *text, size_t n)
{
	struct err ignored = ERR_INIT;

	if (p->capture != NULL) {
		(void)!buf_append(p->capture, text, n, &ignored);
		return;
	}
	if (p->file != NULL)
		(void)fwrite(text, 1, n, p->file);
	if ((p->file == NULL || p->tee) && !p->quiet)
		(void)fwrite(text, 1, n, stdout);
}

void
page_printf(struct page *p, const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n > 0)
		page_put(p, s, (size_t)n);
	free(s);
}

void
page_flush(struct page *p)
{
	if (p->file != NULL)
		(void)fflush(p->file);
	(void)fflush(stdout);
}

void
page_release(struct page *p)
{
	if (p->file != NULL)
		(void)fclose(p->file);
	p->file = NULL;
	p->tee = false;
}

enum err_code
page_open(struct page *p, const char *path, const char *mode, bool tee, struct err *err)
{
	if (path == NULL) {
		page_release(p);
		return ERR_OK;
	}
	FILE *f = fopen(path, mode);
	if (f == NULL)
		return err_errno(err, ERR_SYS, "Cannot open file %s for output", path);
	page_release(p);
	p->file = f;
	p->tee = tee;
	return ERR_OK;
}
