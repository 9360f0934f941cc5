/*
 * lib/catalog/managed.h - a private PostgreSQL cluster
 *
 * Purpose: initdb at the first start, socket only, started and stopped with the director, so
 *          that nobody has to set up a server for one machine.
 * Owns:    <state_dir>/catalog: data/ (the cluster), log; the socket directory (inside it, or
 *          under /run or /tmp when that path would exceed 107 bytes).
 * Threads: one owner.
 * Errors:  ERR_CONFIG  no PostgreSQL programs found, no user to run it as
 *          ERR_SYS     a program failed; the text has its last words
 * Spec:    product.md 4 "Catalog"
 */
#ifndef TERCET_CATALOG_MANAGED_H
#define TERCET_CATALOG_MANAGED_H

#include <stdbool.h>

#include "lib/base/err.h"

struct managed_options {
	const char *state_dir;    /* made if missing */
	const char *service_user; /* only as root; NULL: tercet, else postgres, else nobody */
	bool guest;               /* leave a server running that ran before */
	const char *bin_dir;      /* NULL: newest /usr/lib/postgresql/<n>/bin, then PATH's pg_config
				   * layout /usr/bin */
};

/* Of the cluster: the port is only part of the socket's name. */
#define MANAGED_PORT       "5432"
#define MANAGED_DB         "tercet"
#define MANAGED_QUERY_ROLE "tercet_query" /* reads the catalog, no more */

struct managed;

/*
 * A running server, or an error.  Adopts one that already runs on the directory; clears what kill
 * -9 left behind.
 */
MUST_CHECK enum err_code managed_start(const struct managed_options *o, struct managed **out,
				       struct err *err);
/* Directory of the socket: libpq's host. */
const char *managed_socket_dir(const struct managed *m);
/* Login role with all rights, and the database of the catalog. */
const char *managed_user(const struct managed *m);
/* Make the database with its encoding and locale if it is missing. */
MUST_CHECK enum err_code managed_ensure_database(struct managed *m, struct err *err);
/* Fast shutdown; a guest leaves a server that it found running. */
void managed_stop(struct managed *m);
void managed_stopp(struct managed **m);

#endif
