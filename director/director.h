/*
 * director/director.h - the process: configuration generation, catalogs, jobs, scheduler, messages
 *
 * Purpose: what every room of the director may ask the process for.  life.h builds one director,
 *          starts its threads and takes them down again.
 * Owns:    the current configuration generation (RANK_CONF), the catalogs it names, the job table
 *          (RANK_JOBS), the scheduler (RANK_SCHED), the console messages (RANK_MSG).
 * Threads: every function may be called from any thread unless it says otherwise.
 * Spec:    director.md 22
 */
#ifndef TERCET_DIRECTOR_DIRECTOR_H
#define TERCET_DIRECTOR_DIRECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/wait.h"

struct director;
struct dir_conf;    /* director/conf/dir_conf.h */
struct catalog;     /* lib/catalog */
struct job_table;   /* director/job/job.h */
struct scheduler;   /* director/sched/scheduler.h */
struct msg_console; /* lib/msg/deliver.h */

/* One line for whoever asked; text has no line feed. */
typedef void (*director_say)(void *arg, const char *line);

/* ---- configuration ---- */

/*
 * The current generation; it stays whole until put, also across a reload.  Everything found in it
 * is borrowed until then.
 */
struct dir_conf *director_conf_get(struct director *d);
void director_conf_put(struct director *d, struct dir_conf *conf);
/* Another reference to a generation already held. */
struct dir_conf *director_conf_ref(struct director *d, struct dir_conf *conf);
enum director_switch { SWITCH_JOB, SWITCH_CLIENT, SWITCH_SCHEDULE };
/* enable/disable of the console; forgotten at the next reload. */
void director_set_enabled(struct director *d, enum director_switch kind, const char *name,
			  bool enabled);
/* Enabled in the configuration and not switched off. */
bool director_is_enabled(struct director *d, enum director_switch kind, const char *name);

/* ---- parts ---- */

/* The catalog of this name, NULL: the first one.  ERR_CONFIG unknown. */
MUST_CHECK enum err_code director_catalog(struct director *d, const char *name,
					  struct catalog **out, struct err *err);
struct job_table *director_jobs(struct director *d);
struct scheduler *director_scheduler(struct director *d);
struct msg_console *director_messages(struct director *d);

/* Which handshake a client took; forgotten at the next reload.  Spec: wire.md 3.6 */
enum handshake { HANDSHAKE_UNKNOWN, HANDSHAKE_TLS, HANDSHAKE_CLEAR };
enum handshake director_handshake_get(struct director *d, const char *client);
void director_handshake_set(struct director *d, const char *client, enum handshake h);

/* ---- facts ---- */

const char *director_name(struct director *d);
const char *director_working_directory(struct director *d);
/* A file of the director's own: "<working directory>/<name>.<what>"; owned.  A "/" in its name is
 * "_". */
char *director_file(struct director *d, const char *what);
const char *director_config_path(struct director *d);
int64_t director_start_time(struct director *d);
/* "Debian GNU/Linux 12 (bookworm)" */
const char *director_os_text(void);
/* "25.1.0 (03Aug26)"-shaped product version for reports, long date form for `version`. */
const char *director_version_short(void);
const char *director_version_long(void);
/* The whole daemon is to end; conversations watch it. */
struct cancel *director_stop(struct director *d);
/* End the daemon from the console or a signal. */
void director_ask_stop(struct director *d);

/*
 * Console commands of run scripts: main.c plugs the shell in here, so that job/ need not know it.
 * Runs one command line as an unrestricted console; its output goes to say.
 */
typedef enum err_code (*director_console_fn)(struct director *d, const char *command,
					     director_say say, void *arg, struct err *err);
void director_set_console(struct director *d, director_console_fn fn);
director_console_fn director_console(struct director *d);

#endif
