/*
 * console/conf/con_conf.h - the resources of the console, as loaded
 *
 * Purpose: one struct per resource type; a member is the directive of config.md in snake_case.
 *          Strings are NULL, references NULL and numbers 0 when unset and without default.
 *          Sizes are bytes, times seconds, speeds bytes per second; a password is its pw-hash
 *          (32 hex digits).
 * Owns:    the generation owns all of it; hold a reference while you use any of it.
 * Threads: immutable after loading.
 * Spec:    config.md 6, 7
 */
#ifndef TERCET_CONSOLE_CONF_CON_CONF_H
#define TERCET_CONSOLE_CONF_CON_CONF_H

#include "lib/base/tls_conf.h"
#include "lib/conf/check.h"
#include "lib/conf/diag.h"
#include "lib/conf/res.h"
#include "lib/conf/value.h"

struct con_console {
	struct conf_res res;
	char *name;
	char *description;
	char *rc_file;
	char *history_file;
	uint32_t history_length;
	struct secret password;
	char *director;
	int64_t heartbeat_interval;
	struct tls_conf tls;
};

struct con_director {
	struct conf_res res;
	char *name;
	char *description;
	uint32_t port;
	char *address;
	struct secret password;
	int64_t heartbeat_interval;
	struct tls_conf tls;
};
/* ---- the configuration: one immutable, reference-counted generation ---- */

struct conf_gen;

struct con_conf {
	struct conf_gen *gen; /* files, texts and resources; of lib/conf/parse.h */
	struct con_director **director;
	size_t n_director;
	struct con_console **console;
	size_t n_console;
};

/*
 * Read, resolve and check.  path: -c (a file or a directory); NULL: the compiled-in place.
 * Problems of all files go to diag, also warnings of a configuration that loads.
 * Errors: ERR_CONFIG  diag has the reasons; *out is untouched
 */
MUST_CHECK enum err_code con_conf_load(const char *path, struct con_conf **out,
				       struct conf_diag *diag, struct err *err);
/* One more user of the generation; a running job keeps the one it started with. */
struct con_conf *con_conf_ref(struct con_conf *c);
/* One user less; the last one frees it.  NULL does nothing. */
void con_conf_unref(struct con_conf *c);
void con_conf_unrefp(struct con_conf **c);

/* For -t and --xc. */
extern const struct conf_kind con_conf_kind;
/* --man 5 and --xs, appended. */
void con_conf_manual(struct buf *out);
void con_conf_schema(struct buf *out);

/* By exact name; NULL: there is none. */
struct con_director *con_conf_find_director(const struct con_conf *c, const char *name);
struct con_console *con_conf_find_console(const struct con_conf *c, const char *name);

/* The Console to log in with at director d: the one that names it, else the first without a
 * Director, else the first; NULL: the root console with d's password.  Spec: config.md 6 */
struct con_console *con_conf_console_for(const struct con_conf *c, const struct con_director *d);

#endif
