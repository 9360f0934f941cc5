/*
 * console/page.h - where output goes: terminal, file, or both
 *
 * Purpose: the @output and @tee commands; standard output otherwise.  A capture takes what the
 *          director answers to the completer.
 * Owns:    the open file.
 * Threads: one thread.
 * Spec:    console.md 2.5
 */
#ifndef TERCET_CONSOLE_PAGE_H
#define TERCET_CONSOLE_PAGE_H

#include <stdio.h>

#include "lib/base/buf.h"

/* All-zero is standard output. */
struct page {
	FILE *file;          /* owned, or NULL */
	bool tee;            /* also to standard output */
	bool quiet;          /* after SIGTSTP: nothing to standard output */
	bool half;           /* the terminal's last byte may begin a control character */
	struct buf *capture; /* borrowed: takes everything while set */
};

void page_put(struct page *p, const void *text, size_t n);
void page_printf(struct page *p, const char *fmt, ...) PRINTF(2, 3);
void page_flush(struct page *p);
/* path NULL: back to standard output.  mode as of fopen. */
MUST_CHECK enum err_code page_open(struct page *p, const char *path, const char *mode, bool tee,
				   struct err *err);
void page_release(struct page *p);

#endif
