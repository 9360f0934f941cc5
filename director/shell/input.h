/*
 * director/shell/input.h - what a console says, read by a thread of its own
 *
 * Purpose: lines wait here until the session asks for them.  A BREAK while a command runs is not
 *          a line: it cancels what that command waits for.  A console that goes away and a director
 *          that stops cancel it, too, and for good.
 * Owns:    the reader thread, lines nobody took yet, the cancel.
 * Threads: one reader inside; everything below is for the session's thread.
 * Errors:  those of conn_recv, once the lines before are taken
 * Spec:    console.md 1.1 (BREAK)
 */
#ifndef TERCET_DIRECTOR_SHELL_INPUT_H
#define TERCET_DIRECTOR_SHELL_INPUT_H

#include <stdbool.h>

#include "director/shell/io.h"
#include "lib/base/wait.h"

struct input;

/* Read from console, borrowed, from now on: nobody else may call its recv. */
MUST_CHECK enum err_code input_new(const struct shell_io *console, struct input **out,
				   struct err *err);
/* Hangs up if the console did not. */
void input_free(struct input *in);
void input_freep(struct input **in);

/* The console as the session sees it: recv takes the next line, the rest goes straight through. */
const struct shell_io *input_io(const struct input *in);
/* For every wait of a command. */
struct cancel *input_cancel(struct input *in);

/* A command starts: from here to its end a BREAK is for it, except while it asks. */
void input_command_begin(struct input *in);
/* It ended; true: somebody sent a BREAK meanwhile. */
bool input_command_end(struct input *in);

#endif
