/*
 * lib/base/proc.h - run a program: posix_spawn, pipes, timeout, exit status; no shell
 *
 * Purpose: the only place that starts processes.  A program gets its own process group, default
 *          signal dispositions, an empty signal mask, and no descriptor but 0, 1 and 2.
 * Owns:    struct proc owns its pipe ends; proc_release closes them and, if the program still
 *          runs, kills its group and reaps it.
 * Threads: each struct proc by one thread.
 * Errors:  ERR_SYS       it could not be started
 *          ERR_CANCELED  the wait was cancelled (the program was killed)
 *          ERR_PEER      the deadline passed (the program was killed)
 *          ERR_FORMAT    a command line that cannot be split
 * Spec:    config.md 9.1 "Programs and %-codes of jobs" (splitting)
 */
#ifndef TERCET_BASE_PROC_H
#define TERCET_BASE_PROC_H

#include <sys/types.h>

#include "lib/base/buf.h"
#include "lib/base/wait.h"

#define PROC_WORDS_MAX 100 /* words of one command line */

/* Words of a command line, NULL-terminated. */
struct proc_argv {
	char *words[PROC_WORDS_MAX + 1]; /* owned */
	size_t n;
};

/* Split at blanks; a word that begins with " or ' runs to the next equal quote. */
MUST_CHECK enum err_code proc_split(const char *command, struct proc_argv *out, struct err *err);
void proc_argv_release(struct proc_argv *a);

struct proc_spec {
	char *const *argv;    /* NULL-terminated; argv[0] is searched in PATH when it has no '/' */
	char *const *env;     /* "NAME=value" added to our environment, NULL-terminated; or NULL */
	bool write_stdin;     /* a pipe to its standard input; else /dev/null */
	bool discard_output;  /* standard output and error to /dev/null */
	bool new_session;     /* its own session (no terminal) instead of its own process group */
	bool separate_stderr; /* standard error to ours; else it goes into the output pipe too */
};

struct proc {
	pid_t pid; /* 0: none, or reaped */
	int in;    /* write end towards the program, or -1 */
	int out;   /* read end of its output, or -1 */
};

#define PROC_INIT                                                                                  \
	{                                                                                          \
		.pid = 0, .in = -1, .out = -1                                                      \
	}

MUST_CHECK enum err_code proc_start(const struct proc_spec *spec, struct proc *out,
				    struct err *err);
/* Write text to its standard input; a program that does not read it keeps us no longer than w. */
MUST_CHECK enum err_code proc_feed(struct proc *p, struct bytes text, const struct wait *w,
				   struct err *err);
/* Wait for its end.  *status: 0..255 exit status, 256 + n when signal n ended it. */
MUST_CHECK enum err_code proc_wait(struct proc *p, const struct wait *w, int *status,
				   struct err *err);
void proc_release(struct proc *p);
/* "exit status 3", "killed by signal 9 (Killed)". */
const char *proc_status_text(int status, char *out, size_t cap);

/*
 * Run to the end; each output line (LF removed; longer than 8 KiB: cut into pieces) goes to
 * line(arg, text).
 */
MUST_CHECK enum err_code proc_run_lines(const struct proc_spec *spec, const struct wait *w,
					void (*line)(void *arg, struct bytes text), void *arg,
					int *status, struct err *err);

#endif
