/*
 * director/shell/shell_internal.h - one console session, shared by the files of this folder
 *
 * Purpose: the session value, access checks, prompts, resources by name.
 * Threads: the thread of the console connection alone.
 */
#ifndef TERCET_DIRECTOR_SHELL_SHELL_INTERNAL_H
#define TERCET_DIRECTOR_SHELL_SHELL_INTERNAL_H

#include "director/conf/dir_conf.h"
#include "director/director.h"
#include "director/shell/args.h"
#include "director/shell/input.h"
#include "director/shell/out.h"
#include "lib/catalog/cat_media.h"
#include "lib/catalog/cat_query.h"

struct shell {
	struct director *d;
	struct dir_conf *conf;             /* owned reference, of the last command */
	const struct dir_console *console; /* borrowed from conf; NULL: unrestricted */
	char name[128];                    /* of the console; "*UserAgent*" */
	char peer[128];                    /* address, for the audit */
	struct input *input;               /* owned; NULL in a run script */
	struct shell_io io;
	struct out *out;     /* owned */
	struct cancel *stop; /* borrowed: BREAK, the console left, the director ends */

	struct args args;        /* owned, of the command that runs */
	char catalog_name[128];  /* chosen by `use`; "": the default */
	struct catalog *catalog; /* borrowed; NULL until a command needs it */
	bool catalog_said;       /* "Using Catalog" was printed */

	bool batch;       /* nothing is ever asked */
	bool autodisplay; /* messages are printed after each command */
	bool gui;
	bool no_automount; /* automount off */
	bool told_pending; /* "You have messages." was said for what is waiting */
	bool quit;
	bool in_script; /* shell_run_line */
};

/* ---- access lists: console.md 13 ---- */

bool acl_allows(const struct shell *sh, enum acl_kind kind, const char *item);
/* "*all*" comes before any "!": nothing is hidden. */
bool acl_unrestricted(const struct shell *sh, enum acl_kind kind);
/* A list exists and decides rows: rows are to be filtered. */
bool acl_filters(const struct shell *sh, enum acl_kind kind);
/* where=: a list of patterns is judged by the text, which may not lead out again by "..". */
bool acl_allows_where(const struct shell *sh, const char *where);
/* regexwhere=: what it makes of a name may be anywhere, so the console must be allowed "/", too. */
bool acl_allows_rewrite(const struct shell *sh, const char *regex);
/* For words that name files on the director's host: lists and bootstraps may be of any client. */
MUST_CHECK enum err_code acl_need_whole_site(const struct shell *sh, const char *what,
					     struct err *err);

/* ---- prompts: console.md 4 ---- */

#define ASK_ABORTED "Selection aborted, nothing done."

/*
 * Ask for a line; *answer is owned.  ERR_CANCELED a lone "."; ERR_CONFIG batch mode; else the
 * connection failed.
 */
MUST_CHECK enum err_code ask_text(struct shell *sh, char **answer, struct err *err, const char *fmt,
				  ...) PRINTF(4, 5);
MUST_CHECK enum err_code ask_yesno(struct shell *sh, bool *yes, struct err *err, const char *fmt,
				   ...) PRINTF(4, 5);
/* As ask_yesno, but the word yes on the command line is the answer. */
MUST_CHECK enum err_code ask_confirm(struct shell *sh, bool *yes, struct err *err, const char *fmt,
				     ...) PRINTF(4, 5);

struct ask_list {
	const char *kind;     /* "Client": for "Automatically selected" and empty lists */
	const char *header;   /* without line end */
	const char *question; /* without " (1-n): " */
	const char *const *items;
	size_t n;
	bool always; /* ask also when there is one item */
};
MUST_CHECK enum err_code ask_select(struct shell *sh, const struct ask_list *list, size_t *index,
				    struct err *err);
/* A question that stands as it is, with a prompt signal; ".messages" is served, "." is the
 * caller's to judge.  For the tree shell: everywhere = true also in batch mode. */
MUST_CHECK enum err_code ask_line(struct shell *sh, const char *question, bool everywhere,
				  char **answer, struct err *err);

/* ---- resources by name ---- */

/* What all resources begin with. */
struct named {
	struct conf_res res;
	char *name;
	char *description;
};

/* clang-format off */
/*       kind             acl           plural        singular    header                                      question                                     */
#define RES_KINDS(X)                                                                                                                                           \
	X(RES_CLIENT,      ACL_CLIENT,   "clients",    "Client",   "The defined Client resources are:",              "Select Client (File daemon) resource")     \
	X(RES_JOB,         ACL_JOB,      "jobs",       "Job",      "The defined Job resources are:",                 "Select Job resource")                      \
	X(RES_RESTORE_JOB, ACL_JOB,      "jobs",       "Restore Job", "The defined Restore Job resources are:",      "Select Restore Job")                       \
	X(RES_FILESET,     ACL_FILESET,  "filesets",   "FileSet",  "The defined FileSet resources are:",             "Select FileSet resource")                  \
	X(RES_POOL,        ACL_POOL,     "pools",      "Pool",     "The defined Pool resources are:",                "Select Pool resource")                     \
	X(RES_STORAGE,     ACL_STORAGE,  "storages",   "Storage",  "The defined Storage resources are:",             "Select Storage resource")                  \
	X(RES_SCHEDULE,    ACL_SCHEDULE, "schedules",  "Schedule", "The defined Schedule resources are:",            "Select Schedule resource")                 \
	X(RES_CATALOG,     ACL_CATALOG,  "catalogs",   "Catalog",  "The defined Catalog resources are:",             "Select Catalog resource")                  \
	X(RES_JOBDEFS,     ACL_JOB,      "jobdefs",    "JobDefs",  "The defined JobDefs resources are:",             "Select JobDefs resource")                  \
	X(RES_DIRECTOR,    ACL_KINDS,    "directors",  "Director", "The defined Director resources are:",            "Select Director resource")                 \
	X(RES_MESSAGES,    ACL_KINDS,    "messages",   "Messages", "The defined Messages resources are:",            "Select Messages resource")                 \
	X(RES_COUNTER,     ACL_KINDS,    "counters",   "Counter",  "The defined Counter resources are:",             "Select Counter resource")                  \
	X(RES_PROFILE,     ACL_KINDS,    "profiles",   "Profile",  "The defined Profile resources are:",             "Select Profile resource")                  \
	X(RES_CONSOLE,     ACL_KINDS,    "consoles",   "Console",  "The defined Console resources are:",             "Select Console resource")                  \
	X(RES_USER,        ACL_KINDS,    "users",      "User",     "The defined User resources are:",                "Select User resource")
/* clang-format on */

enum res_kind {
#define X(kind, acl, plural, singular, header, question) kind,
	RES_KINDS(X)
#undef X
		RES_N_KINDS,
};

struct res_facts {
	enum acl_kind acl; /* ACL_KINDS: needs the command configure */
	const char *plural, *singular, *header, *question;
};
const struct res_facts *res_facts(enum res_kind kind);
bool res_is_allowed(const struct shell *sh, enum res_kind kind, const char *name);
/* Those the console may see, in configuration order; owned array. */
size_t res_list(const struct shell *sh, enum res_kind kind, struct named ***out);
/* By exact name and allowed, or NULL. */
struct named *res_find(const struct shell *sh, enum res_kind kind, const char *name);
/* ERR_CONFIG 'Client resource "x": not found', with a near name when there is one. */
MUST_CHECK enum err_code res_resolve(const struct shell *sh, enum res_kind kind, const char *name,
				     struct named **out, struct err *err);
/* The menu of all allowed ones, by name. */
MUST_CHECK enum err_code res_select(struct shell *sh, enum res_kind kind, struct named **out,
				    struct err *err);
/* From the first of keys (a NULL-ended list) on the command line, else the menu. */
MUST_CHECK enum err_code res_pick(struct shell *sh, enum res_kind kind, const char *const *keys,
				  struct named **out, struct err *err);

/* ---- catalog ---- */

/* Open the catalog of this session; says "Using Catalog" once. */
MUST_CHECK enum err_code shell_catalog(struct shell *sh, struct catalog **out, struct err *err);
/* A named statement as a table for out_table; rows the access lists deny are taken out. */
MUST_CHECK enum err_code shell_query(struct shell *sh, const char *statement,
				     const struct cat_arg *args, size_t n, struct table *out,
				     struct err *err);
void shell_table_from(const struct cat_table *ct, struct table *out);
/* Drop rows that the console may not see, by the columns name, client, pool, fileset, storage. */
void shell_filter(const struct shell *sh, const char *statement, struct table *t);

/* This console may know of the job, one that runs or one of the catalog. */
bool shell_sees_job(struct shell *sh, uint32_t job_id);
/* Ask for a volume's name, or "*" and its MediaId; *out is owned. */
MUST_CHECK enum err_code shell_ask_volume(struct shell *sh, char **out, struct err *err);
/* The volume of such a name, and its pool (pool may be NULL).  ERR_CONFIG: there is none, or its
 * pool is not for this console. */
MUST_CHECK enum err_code shell_find_volume(struct shell *sh, const char *name, struct cat_media *m,
					   struct cat_pool *pool, struct err *err);

struct sched_run;
/* The volume that a scheduled backup would write to if it began now; "" when none is ready.
 * *room: its pool may have a new one. */
MUST_CHECK enum err_code shell_foresee_volume(struct catalog *c, const struct sched_run *run,
					      char volume[static CAT_NAME_MAX], bool *room,
					      struct err *err);

/* ---- others ---- */

struct command;

/* Output of a daemon, line by line, into the answer; arg is the shell. */
void shell_relay(void *arg, const char *line);
/* Messages wait that this console has not seen, and may see. */
bool shell_has_messages(struct shell *sh);
/* Print those; false: there were none. */
bool shell_print_messages(struct shell *sh);
/* Of the last n lines, seen or not, those that it may see. */
void shell_print_last_messages(struct shell *sh, size_t n);
/* A whole number of decimal digits; false: it is none, or too large. */
bool shell_number(const char *text, uint64_t *out);
/* Comma list of job ids "1,2,5-7" into out (appended); false: not such a list. */
bool shell_job_ids(const char *text, uint32_t **ids, size_t *n);
/* "2026-11-21 02:23:44", parts from the right may be missing; local time. */
bool shell_time(const char *text, int64_t *out);
/* Run the words of line as a command of this session, without its own answer signals. */
MUST_CHECK enum err_code shell_run_words(struct shell *sh, struct err *err);

#endif
