/*
 * director/shell/command.h - the command table
 *
 * Purpose: one row per command of the specification, in its order: verb, arguments, rights,
 *          handler, help.  Dispatch, completion and help are made from it.
 * Spec:    console.md 3.2
 */
#ifndef TERCET_DIRECTOR_SHELL_COMMAND_H
#define TERCET_DIRECTOR_SHELL_COMMAND_H

#include "director/shell/shell_internal.h"

enum {
	CMD_AUDITED = 1, /* console.md 13.4 */
	CMD_SCRIPT = 2,  /* may stand in a run script */
	CMD_ALWAYS = 4,  /* allowed to everybody */
};

/*
 * A handler prints its result and returns ERR_OK.  On failure the dispatcher prints the text of
 * err as an error (as information for ERR_CANCELED); an empty text is not printed.
 */
typedef enum err_code command_run(struct shell *sh, struct err *err);

struct command {
	const char *name;
	command_run *run; /* NULL: known, not in this version */
	unsigned flags;
	const char *help;
	const char *arguments;
	const char *example; /* or NULL */
};

extern const struct command commands[];
extern const size_t n_commands;

/*
 * The command a word means: exact, a documented short form, or an abbreviation of one command.
 * NULL: none; candidates (text "a, b, c", "" if none) says between which it cannot choose.
 */
const struct command *command_find(const char *word, char *candidates, size_t cap);

/* Handlers, one file per verb or family: cmd_<verb>.c */
#define COMMAND_HANDLERS(X)                                                                        \
	X(cmd_actiononpurge)                                                                       \
	X(cmd_api)                                                                                 \
	X(cmd_authorized)                                                                          \
	X(cmd_automount)                                                                           \
	X(cmd_autodisplay)                                                                         \
	X(cmd_cancel)                                                                              \
	X(cmd_create)                                                                              \
	X(cmd_defaults)                                                                            \
	X(cmd_delete)                                                                              \
	X(cmd_disable)                                                                             \
	X(cmd_dot)                                                                                 \
	X(cmd_dot_catalogs)                                                                        \
	X(cmd_dot_clients)                                                                         \
	X(cmd_dot_consoles)                                                                        \
	X(cmd_dot_filesets)                                                                        \
	X(cmd_dot_help)                                                                            \
	X(cmd_dot_jobdefs)                                                                         \
	X(cmd_dot_jobs)                                                                            \
	X(cmd_dot_jobstatus)                                                                       \
	X(cmd_dot_levels)                                                                          \
	X(cmd_dot_locations)                                                                       \
	X(cmd_dot_media)                                                                           \
	X(cmd_dot_mediatypes)                                                                      \
	X(cmd_dot_msgs)                                                                            \
	X(cmd_dot_pools)                                                                           \
	X(cmd_dot_profiles)                                                                        \
	X(cmd_dot_schedule)                                                                        \
	X(cmd_dot_sql)                                                                             \
	X(cmd_dot_status)                                                                          \
	X(cmd_dot_storages)                                                                        \
	X(cmd_dot_types)                                                                           \
	X(cmd_dot_users)                                                                           \
	X(cmd_dot_volstatus)                                                                       \
	X(cmd_enable)                                                                              \
	X(cmd_estimate)                                                                            \
	X(cmd_gui)                                                                                 \
	X(cmd_help)                                                                                \
	X(cmd_label)                                                                               \
	X(cmd_list)                                                                                \
	X(cmd_llist)                                                                               \
	X(cmd_memory)                                                                              \
	X(cmd_messages)                                                                            \
	X(cmd_mount)                                                                               \
	X(cmd_purge)                                                                               \
	X(cmd_quit)                                                                                \
	X(cmd_relabel)                                                                             \
	X(cmd_release)                                                                             \
	X(cmd_reload)                                                                              \
	X(cmd_rerun)                                                                               \
	X(cmd_resolve)                                                                             \
	X(cmd_restore)                                                                             \
	X(cmd_run)                                                                                 \
	X(cmd_setbandwidth)                                                                        \
	X(cmd_setdebug)                                                                            \
	X(cmd_show)                                                                                \
	X(cmd_sqlquery)                                                                            \
	X(cmd_status)                                                                              \
	X(cmd_time)                                                                                \
	X(cmd_trace)                                                                               \
	X(cmd_unmount)                                                                             \
	X(cmd_update)                                                                              \
	X(cmd_use)                                                                                 \
	X(cmd_version)                                                                             \
	X(cmd_wait)                                                                                \
	X(cmd_whoami)

#define X(handler) command_run handler;
COMMAND_HANDLERS(X)
#undef X

#endif
