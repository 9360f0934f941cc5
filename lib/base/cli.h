/*
 * lib/base/cli.h - command line options from tables
 *
 * Purpose: a row is the whole truth about an option: letter, long name, what it stores, help.
 *          Short options may be joined (-ft), arguments follow or are attached (-d100, -d 100,
 *          --debug=100, --debug 100); "--" ends the options.
 * Owns:    nothing: texts stored are those of argv.
 * Errors:  ERR_CONFIG  unknown option (with a suggestion), missing or wrong argument
 * Spec:    config.md 8.2
 */
#ifndef TERCET_BASE_CLI_H
#define TERCET_BASE_CLI_H

#include "lib/base/buf.h"

enum cli_kind {
	CLI_FLAG,   /* bool * set to true */
	CLI_COUNT,  /* int * increased */
	CLI_TEXT,   /* const char ** */
	CLI_NUMBER, /* int *, decimal */
};

struct cli_row {
	char letter;      /* 0: long name only */
	const char *name; /* without "--"; NULL: letter only */
	enum cli_kind kind;
	void *out;
	const char *arg; /* "PATH" in the help; NULL for flags and counts */
	const char *help;
};

struct cli {
	const char *program;  /* "tercet-dir" */
	const char *summary;  /* "the director of the Tercet backup system" */
	const char *operands; /* "[FILE...]" in the usage line, or NULL */
	const struct cli_row *rows;
	size_t n_rows;
};

/*
 * Options may stand before, between and after operands; operands are moved behind them and
 * begin at argv[*operands].
 */
MUST_CHECK enum err_code cli_parse(const struct cli *c, int argc, char **argv, int *operands,
				   struct err *err);
void cli_help(const struct cli *c, struct buf *out);

struct cli_exit {
	int code;
	const char *meaning;
};

/* What the manual page of a program says beside its options. */
struct cli_manual {
	int section;
	const char *description;      /* paragraphs separated by empty lines */
	const struct cli_exit *exits; /* ends with a NULL meaning */
	const char *see_also;         /* "tconsole(1), tercet-fd(8)" */
};

/* The page in the language of man(7), appended. */
void cli_manual(const struct cli *c, const struct cli_manual *m, struct buf *out);

/* ---- the options all daemons have ---- */

struct cli_daemon {
	const char *config; /* -c; NULL: the compiled-in place */
	bool test;          /* -t */
	bool strict;        /* --strict: warnings W1-W4 are errors */
	bool foreground;    /* -f */
	bool no_signals;    /* -s: they do what they do to any program */
	int debug;          /* -d */
	int verbose;        /* -v, how often */
	const char *user, *group, *pid_file;
	bool help, version;
	bool dump, schema; /* --xc, --xs */
	int man;           /* --man; 0: no page asked for */
};

/* Rows for a struct cli_daemon; a program may add its own behind them. */
/* clang-format off */
#define CLI_DAEMON_ROWS(o)                                                                             \
	{ 'c', "config", CLI_TEXT, &(o)->config, "PATH", "configuration file or directory" },          \
	{ 't', "test", CLI_FLAG, &(o)->test, NULL, "check the configuration and exit" },               \
	{ 0, "strict", CLI_FLAG, &(o)->strict, NULL, "treat doubtful configuration lines as errors" }, \
	{ 'f', "foreground", CLI_FLAG, &(o)->foreground, NULL, "stay in the foreground" },             \
	{ 'd', "debug", CLI_NUMBER, &(o)->debug, "LEVEL", "trace level, 0 is off" },                   \
	{ 'v', "verbose", CLI_COUNT, &(o)->verbose, NULL, "say more; may be repeated" },               \
	{ 'u', "user", CLI_TEXT, &(o)->user, "USER", "run as this user" },                             \
	{ 'g', "group", CLI_TEXT, &(o)->group, "GROUP", "run as this group" },                         \
	{ 'p', "pid-file", CLI_TEXT, &(o)->pid_file, "FILE", "write the process id to this file" },    \
	{ 's', "no-signals", CLI_FLAG, &(o)->no_signals, NULL, "let signals end it at once (debuggers)" }, \
	{ 'h', "help", CLI_FLAG, &(o)->help, NULL, "print this text" },                                \
	{ '?', NULL, CLI_FLAG, &(o)->help, NULL, "the same" },                                         \
	{ 0, "xc", CLI_FLAG, &(o)->dump, NULL, "print the configuration as it was understood" },       \
	{ 0, "export-config", CLI_FLAG, &(o)->dump, NULL, "the same" },                                \
	{ 0, "xs", CLI_FLAG, &(o)->schema, NULL, "print all directives with their types, as JSON" },   \
	{ 0, "export-schema", CLI_FLAG, &(o)->schema, NULL, "the same" },                              \
	{ 0, "man", CLI_NUMBER, &(o)->man, "SECTION", "print the manual page of that section" },       \
	{ 0, "version", CLI_FLAG, &(o)->version, NULL, "print the version" }
/* clang-format on */

#endif
