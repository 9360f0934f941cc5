/*
 * director/shell/shell.h - serve one console, or one line of a script
 *
 * Purpose: what a person, a script or a web interface sees on the console connection: greeting,
 *          command loop, prompts, answers in text and JSON.
 * Owns:    nothing after it returns; conn stays the caller's to free.
 * Threads: one thread per console connection calls shell_serve and stays in it.
 * Spec:    console.md 1 (the connection), 3 (the command line)
 */
#ifndef TERCET_DIRECTOR_SHELL_SHELL_H
#define TERCET_DIRECTOR_SHELL_SHELL_H

#include "director/director.h"
#include "lib/net/conn.h"

/*
 * Greet an authenticated console and serve it until it quits, goes away, or the director stops.
 *   who  what conn_accept found: kind PEER_CONSOLE, its name, its version
 */
void shell_serve(struct conn *conn, const struct hello *who, struct director *d);

/*
 * Run one command of a run script's Console=, as an unrestricted console that can be asked
 * nothing; its output goes to say line by line.
 * ERR_CONFIG: the command failed or may not stand in a run script.
 */
MUST_CHECK enum err_code shell_run_line(struct director *d, const char *command, director_say say,
					void *arg, struct err *err);

/* The manual page of the commands, for man(7), appended. */
void shell_manual(struct buf *out);

#endif
