/*
 * console/line.h - lines from a person or a script
 *
 * Purpose: with a terminal: readline with history and completion; otherwise lines of standard
 *          input.  @input files stand on top of that, innermost first.
 *          The history is written line by line: nothing is lost when the terminal goes away, and
 *          several consoles of one user add to one file.
 * Owns:    the open input files and the history.
 * Threads: one thread; readline is a single instance, so there is one struct line per process.
 * Errors:  ERR_EOF no more input; ERR_SYS an @input file cannot be read
 * Spec:    console.md 2.3, 2.5
 */
#ifndef TERCET_CONSOLE_LINE_H
#define TERCET_CONSOLE_LINE_H

#include <stdbool.h>

#include "lib/base/err.h"

struct line;

/* Candidates for the word at the cursor: an owned, NULL-ended array of owned texts, or NULL. */
typedef char **line_complete_fn(void *arg, const char *before, const char *word);

struct line_options {
	bool interactive;
	const char *history_file; /* NULL: none */
	unsigned history_length;
	line_complete_fn *complete;
	void *complete_arg;
};

struct line *line_new(const struct line_options *o);
/* Cuts the history file to its length. */
void line_free(struct line *l);
void line_freep(struct line **l);

/*
 * The next line, owned, without its line end; prompt is shown to a person only.
 * ERR_CANCELED  Ctrl-C at an empty line; with something typed it forgets that and asks again
 */
MUST_CHECK enum err_code line_read(struct line *l, const char *prompt, char **out, struct err *err);
/* Forget @input files and lines put back: somebody wants to stop. */
void line_drop_pending(struct line *l);
/* Lines come from this file until its end. */
MUST_CHECK enum err_code line_push_file(struct line *l, const char *path, struct err *err);
/* This line comes next, before everything else. */
void line_push_text(struct line *l, const char *text);
/* The last line was typed by a person: it was not in a script or @input file. */
bool line_was_typed(const struct line *l);

#endif
