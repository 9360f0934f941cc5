/*
 * console/page.h - where output goes: terminal, file, or both
 *
 * Purpose: the @output and @tee commands; standard output otherwise.  A capture takes what the
 *          director answers to the completer.
 * Owns:    the open file.
 * Errors:  a write that fails is remembered, and told by page_close and page_end.
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
	char *path;          /* owned; its name */
	int failed;          /* errno of the first write to it that failed */
	int stdout_failed;   /* the same of standard output */
	bool lost;           /* some file has not all that was put into it */
	bool tee;            /* also to standard output */
	bool half;           /* the terminal's last byte may begin a control character */
	struct buf *capture; /* borrowed: takes everything while set */
};

void page_put(struct page *p, const void *text, size_t n);
void page_printf(struct page *p, const char *fmt, ...) PRINTF(2, 3);
void page_flush(struct page *p);
/* To this file from now on; mode as of fopen.  What was open is closed already. */
MUST_CHECK enum err_code page_open(struct page *p, const char *path, const char *mode, bool tee,
				   struct err *err);
/* Back to standard output.  ERR_SYS: what was put into the file is not all there. */
MUST_CHECK enum err_code page_close(struct page *p, struct err *err);
/* The end of all output: flushed and closed, or ERR_SYS, also for what a close has told already.  A
 * reader who left missed nothing. */
MUST_CHECK enum err_code page_end(struct page *p, struct err *err);
void page_release(struct page *p);

#endif
