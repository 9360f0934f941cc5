#include "console/page.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"

static void
write_to(FILE *f, const void *text, size_t n, int *failed)
{
	if (fwrite(text, 1, n, f) < n && *failed == 0)
		*failed = errno;
}

static void
flush(FILE *f, int *failed)
{
	if (fflush(f) != 0 && *failed == 0)
		*failed = errno;
}

/* How many bytes at the front of text a terminal may have: no control characters but line end and
 * tab, in neither of their forms (ESC [, and U+009B). */
static size_t
plain_length(const uint8_t *text, size_t n)
{
	size_t i = 0;

	while (i < n && (text[i] >= ' ' || text[i] == '\n' || text[i] == '\t') && text[i] != 0x7f &&
	       (text[i] != 0xc2 || i + 1 >= n || text[i + 1] < 0x80 || text[i + 1] > 0x9f))
		i++;
	return i;
}

/* What names of files and messages of peers hold is shown to a person, not obeyed. */
static void
put_terminal(struct page *p, const uint8_t *text, size_t n)
{
	bool half = p->half;

	/* The second byte of a control character whose first ended the piece before. */
	p->half = text[n - 1] == 0xc2;
	if (half && *text >= 0x80 && *text <= 0x9f) {
		(void)printf("\\x%02x", *text);
		text++;
		n--;
	}
	while (n > 0) {
		size_t plain = plain_length(text, n);

		(void)fwrite(text, 1, plain, stdout);
		text += plain;
		n -= plain;
		if (n == 0)
			break;
		if (*text == 0xc2) {
			(void)printf("\\x%02x", *text);
			text++;
			n--;
		}
		(void)printf("\\x%02x", *text);
		text++;
		n--;
	}
}

void
page_put(struct page *p, const void *text, size_t n)
{
	struct err ignored = ERR_INIT;

	if (n == 0)
		return;
	if (p->capture != NULL) {
		(void)!buf_append(p->capture, text, n, &ignored);
		return;
	}
	if (p->file != NULL)
		write_to(p->file, text, n, &p->failed);
	if (p->file != NULL && !p->tee)
		return;
	if (isatty(STDOUT_FILENO))
		put_terminal(p, (const uint8_t *)text, n);
	else
		write_to(stdout, text, n, &p->stdout_failed);
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
		flush(p->file, &p->failed);
	flush(stdout, &p->stdout_failed);
}

enum err_code
page_close(struct page *p, struct err *err)
{
	OWNED(freep) char *path = TAKE_PTR(p->path);
	FILE *f = TAKE_PTR(p->file);
	int failed = p->failed;

	p->failed = 0;
	p->tee = false;
	if (f != NULL && fclose(f) != 0 && failed == 0)
		failed = errno;
	if (failed == 0)
		return ERR_OK;
	p->lost = true;
	errno = failed;
	return err_errno(err, ERR_SYS, "%s", path);
}

enum err_code
page_end(struct page *p, struct err *err)
{
	page_flush(p);
	if (page_close(p, err) != ERR_OK)
		return err->code;
	if (p->lost)
		return err_set(err, ERR_SYS, "a part of the output was lost");
	if (p->stdout_failed == 0 || p->stdout_failed == EPIPE)
		return ERR_OK;
	errno = p->stdout_failed;
	return err_errno(err, ERR_SYS, "standard output");
}

void
page_release(struct page *p)
{
	struct err ignored = ERR_INIT;

	(void)!page_close(p, &ignored);
}

enum err_code
page_open(struct page *p, const char *path, const char *mode, bool tee, struct err *err)
{
	FILE *f = fopen(path, mode);

	if (f == NULL)
		return err_errno(err, ERR_SYS, "Cannot open file %s for output", path);
	p->file = f;
	p->path = str_dup(path);
	p->tee = tee;
	return ERR_OK;
}
