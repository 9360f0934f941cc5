/*
 * console/session.h - one conversation with a director, and the commands that stay here
 *
 * Purpose: send what a person or a script says, show what the director answers, know which
 *          prompt stands.
 * Owns:    the conversation, input and output.
 * Threads: one thread.
 * Ctrl-C:  while a command runs: BREAK, and only the end of its answer is shown; once more: leave.
 *          At a question: the question is aborted.  In the tree shell and at the main prompt, where
 *          work would be lost: once more aborts or leaves.  In a script: leave.
 * Errors:  those of conn_recv; ERR_EOF also when the director said goodbye; ERR_CANCELED a person
 *          wants to leave by Ctrl-C.
 * Spec:    console.md 1.3, 2.3-2.5, 4.4
 */
#ifndef TERCET_CONSOLE_SESSION_H
#define TERCET_CONSOLE_SESSION_H

#include "console/line.h"
#include "console/page.h"
#include "lib/net/conn.h"

struct session {
	struct conn *conn; /* owned */
	struct line *line; /* owned */
	struct page page;  /* owned */
	bool interactive;
	bool sub_prompt; /* the director waits for an answer */
	bool in_tree;    /* between START_RTREE and END_RTREE */
	bool quit;
	bool failed;     /* a command failed (API modes, or the director's error signal) */
	char separator;  /* @separator, 0 none */
	struct buf last; /* the unfinished last line: the text of a sub prompt */
	size_t shown;    /* bytes of it that are printed */
	bool broke;      /* BREAK was sent for the command that runs */
	struct buf tail; /* what came since then, cut to its end */
};

void session_release(struct session *s);
/* Show everything until the director wants input again. */
MUST_CHECK enum err_code session_receive(struct session *s, struct err *err);
/* Send one line and show the answer. */
MUST_CHECK enum err_code session_command(struct session *s, const char *text, struct err *err);
/* A line end behind an answer that has none, as JSON: the next begins a line. */
void session_end_line(struct session *s);
/* Lines until quit or the end of input. */
MUST_CHECK enum err_code session_run(struct session *s, struct err *err);
/* Run the command with its answer as text, not shown; owned, NULL on failure. */
char *session_capture(struct session *s, const char *command);
/* For line_options. */
char **session_complete(void *arg, const char *before, const char *word);
/* Names of the "@" commands, without it; NULL behind the last. */
const char *session_local_name(size_t i);
/* An "@..." line. */
void session_local(struct session *s, const char *text);

#endif
