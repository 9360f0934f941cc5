/*
 * storage-daemon/tools/vol_tool.h - the subcommands of tercet-volume
 *
 * Exit codes: 0 all well; 1 something on the volumes is damaged or could not be restored (named on
 * stderr); 2 wrong options, no configuration, or no volume that can be read at all.
 */
#ifndef TERCET_STORAGE_DAEMON_TOOLS_VOL_TOOL_H
#define TERCET_STORAGE_DAEMON_TOOLS_VOL_TOOL_H

#include "lib/base/cli.h"
#include "storage-daemon/tools/vol_read.h"

enum vol_exit { VOL_EXIT_OK = 0, VOL_EXIT_DAMAGED = 1, VOL_EXIT_UNUSABLE = 2 };

/* Options that all subcommands have. */
struct vol_options {
	const char *bootstrap, *config, *director, *exclude, *include, *volumes;
	bool proceed; /* accepted for the old tools' sake: we always go on past damage */
	int debug, verbose, man;
	bool help, version;
};

/* clang-format off */
#define VOL_ROWS(o)                                                                                    \
	{ 'b', "bootstrap", CLI_TEXT, &(o)->bootstrap, "FILE", "read what this bootstrap file names" },   \
	{ 'c', "config", CLI_TEXT, &(o)->config, "PATH", "storage daemon's configuration, for device names" }, \
	{ 'D', "director", CLI_TEXT, &(o)->director, "NAME", "accepted, not needed" },                  \
	{ 'd', "debug", CLI_NUMBER, &(o)->debug, "LEVEL", "trace level, 0 is off" },                    \
	{ 'e', "exclude", CLI_TEXT, &(o)->exclude, "FILE", "leave out the names and patterns in FILE" },  \
	{ 'i', "include", CLI_TEXT, &(o)->include, "FILE", "only the names and patterns in FILE" },     \
	{ 'p', "proceed", CLI_FLAG, &(o)->proceed, NULL, "accepted: damaged places are always passed" }, \
	{ 'V', "volumes", CLI_TEXT, &(o)->volumes, "A|B|...", "volumes to read in this order" },        \
	{ 'v', "verbose", CLI_COUNT, &(o)->verbose, NULL, "say more; may be repeated" },                \
	{ 'h', "help", CLI_FLAG, &(o)->help, NULL, "print this text" },                                 \
	{ '?', NULL, CLI_FLAG, &(o)->help, NULL, "the same" },                                          \
	{ 0, "man", CLI_NUMBER, &(o)->man, "SECTION", "print the manual page of that section" },        \
	{ 0, "version", CLI_FLAG, &(o)->version, NULL, "print the version" }
/* clang-format on */

/* What the options and operands come to. */
struct vol_job {
	struct vol_inputs inputs;
	struct bootstrap *bootstrap;         /* owned */
	struct name_list *include, *exclude; /* owned */
};

/* operands: volume files, directories with volumes, or names of devices. */
MUST_CHECK enum err_code vol_job_open(const struct vol_options *o, char **operands, size_t n,
				      struct vol_job *out, struct err *err);
void vol_job_release(struct vol_job *j);
/* What to read, for vol_read; borrows from j. */
struct vol_reading vol_job_reading(const struct vol_job *j);

/* A line on standard output; what comes from a volume cannot write to the terminal. */
void vol_print(const char *fmt, ...) PRINTF(1, 2);
/* "tercet-volume: text" on stderr, so too. */
void vol_say(const char *fmt, ...) PRINTF(1, 2);
/* --man: the page of a subcommand to standard output; returns the exit code. */
int vol_manual(const struct cli *cli, int section, const char *description);

/* gather_ops.say, for the user of a vol_read. */
void vol_say_lost(void *user, enum msg_type type, const char *text);

int vol_ls(int argc, char **argv);
int vol_extract(int argc, char **argv);

#endif
