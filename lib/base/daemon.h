/*
 * lib/base/daemon.h - what every daemon does at its start and at its end
 *
 * Purpose: options common to the daemons, going to the background, user and group, file limit, pid
 *          file, being the only one, readiness, signals.  A daemon's main.c adds what is its own.
 * Threads: the main thread; signals are blocked in it and in all threads it starts, but with -s.
 * Spec:    config.md 8.2 (options, exit codes)
 */
#ifndef TERCET_BASE_DAEMON_H
#define TERCET_BASE_DAEMON_H

#include "lib/base/cli.h"
#include "lib/base/wait.h"

#define DAEMON_EXIT_OPTIONS 41
#define DAEMON_EXIT_CONFIG  42

struct daemon {
	const char *program;       /* "tercet-sd" */
	const char *summary;       /* "the storage daemon of the Tercet backup system" */
	const char *version;       /* what --version prints behind the program */
	struct cli_daemon options; /* filled by daemon_main */
	/* -t: check the configuration; returns the exit code. */
	int (*check)(const struct cli_daemon *o);
	/* --xc, of one type or one resource only if they are given; returns the exit code. */
	int (*dump)(const struct cli_daemon *o, const char *type, const char *name);
	/* --xs, appended. */
	void (*schema)(struct buf *out);
	/* --man: pages of other sections than 8, appended; nothing when there is none. */
	void (*manual)(int section, struct buf *out);
	const char *description; /* for the manual page */
	/* The daemon's life, in the foreground; returns the exit code. */
	int (*serve)(struct daemon *d);
	void *arg;  /* for serve */
	bool ready; /* the pid file is ours */
	int claim;  /* of daemon_claim; 0: none */
};

/* All of main(): parse, help, version, check, detach or serve.  Returns the exit code. */
int daemon_main(struct daemon *d, int argc, char **argv);

/* -u and -g; after this nothing gives root's rights back. */
MUST_CHECK enum err_code daemon_become_user(const struct daemon *d, struct err *err);
/*
 * Until this process ends no other works as this name in this directory: what is unfinished there
 * is nobody's, and may be cleaned up.  ERR_SYS names the process that does.  Makes the directory.
 * Where the file system knows no locks a warning is all.
 */
MUST_CHECK enum err_code daemon_claim(struct daemon *d, const char *directory, const char *name,
				      struct err *err);
/* Write the pid file, tell the service manager and whoever waits for a detached start. */
MUST_CHECK enum err_code daemon_ready(struct daemon *d, struct err *err);
/* The end: remove the pid file if it is ours. */
void daemon_gone(struct daemon *d);
/* The next of SIGTERM, SIGINT and SIGHUP; 0 when until was asked for (NULL: never).  With -s they
 * end the process before anybody sees them. */
int daemon_next_signal(const struct cancel *until);

#endif
