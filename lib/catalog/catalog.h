/*
 * lib/catalog/catalog.h - one catalog: its options, its pool of connections, opening it
 *
 * Purpose: what the director opens once per Catalog resource.  All SQL is in catalog-sql/;
 *          the cat_*.h headers beside this one say what can be asked.
 * Owns:    the pool, the path cache, and with Managed the private PostgreSQL cluster.
 * Threads: every cat_* function that takes struct catalog may be called from any thread at any
 *          time; each call takes one connection from the pool and gives it back.  No lock is
 *          held while the database works.
 * Errors:  ERR_CATALOG  the server is away, refused, or the rows are not as they must be
 *          A function with a bool *found sets it false for "no such row": that is no error.
 * Times:   int64_t seconds since the epoch; 0 is "not set" (NULL in the table).
 * Spec:    catalog.md 2, config.md 3.6
 */
#ifndef TERCET_CATALOG_CATALOG_H
#define TERCET_CATALOG_CATALOG_H

#include <stdbool.h>

#include "lib/base/bytes.h"
#include "lib/base/err.h"

#define CAT_SCHEMA_VERSION 2250
#define CATALOG_POOL       16 /* connections that take turns */
/* At most, beside two of each job that ingests and one of each query of a person. */
#define CATALOG_CONNECTIONS (CATALOG_POOL + 1)
#define CAT_NAME_MAX        128 /* names with their NUL.  Spec: catalog.md 1 */

/* Plain values from the Catalog resource; borrowed for the call of catalog_open. */
struct catalog_options {
	const char *name;    /* of the Catalog resource, for messages */
	const char *db_name; /* required unless managed */
	const char *user;    /* required unless managed */
	struct bytes password;
	const char *address;      /* host; NULL: local socket */
	const char *socket;       /* socket directory; NULL: libpq's default */
	uint32_t port;            /* 0: default */
	const char *conninfo;     /* more libpq words, e.g. "sslmode=verify-full sslrootcert=..." */
	bool reconnect;           /* try again after a lost connection */
	uint32_t max_connections; /* of the pool; 0: CATALOG_POOL */

	bool managed;             /* run a private cluster; the fields above but name are ignored */
	const char *state_dir;    /* managed: the cluster lives in <state_dir>/catalog */
	bool guest;               /* managed: a tool beside the director: leave a running server
				   * running */
	const char *service_user; /* managed and root: who runs it; NULL: tercet, else postgres */

	const char *work_dir;      /* attributes wait here while the server is away; required to
				    * ingest */
	uint64_t path_cache_bytes; /* 0: 256 MiB */
	unsigned connect_seconds;  /* how long to try at open; 0: 30 */
};

/* TLS to the database: libpq's sslmode, sslkey, sslcert, sslrootcert; NULL: not given. */
struct catalog_tls {
	const char *mode, *key, *cert, *ca;
};
/* As conninfo, quoted; owned; NULL: none is given. */
char *catalog_tls_words(const struct catalog_tls *tls);

struct catalog;

/*
 * Connect, check version and encoding, load nothing.  With managed: make the cluster when there
 * is none, start it, create role, database and schema when missing.
 * ERR_CATALOG  "Version error for database ...", "Encoding error for database ...", the server's
 *              own words otherwise
 * ERR_SYS      managed: the cluster could not be made or started
 */
MUST_CHECK enum err_code catalog_open(const struct catalog_options *o, struct catalog **out,
				      struct err *err);
/* Whether catalog_open with these options would lead to the same database, by the same words. */
bool catalog_is_of(const struct catalog *c, const struct catalog_options *o);
/* How many connections the server allows for all its clients. */
MUST_CHECK enum err_code catalog_server_connections(struct catalog *c, uint32_t *n,
						    struct err *err);
/* All users must be done.  Stops the managed cluster if this process started it. */
void catalog_close(struct catalog *c);
void catalog_closep(struct catalog **c);

/* This thread waits for a server that is away as long as a running job does, and not the few
 * seconds that a person gets; thread_cancel ends it. */
void catalog_be_patient(void);

const char *catalog_name(const struct catalog *c);
const char *catalog_db_name(const struct catalog *c);
/* One round trip; ERR_CATALOG says why not. */
MUST_CHECK enum err_code catalog_ping(struct catalog *c, struct err *err);
/* Keep partitions ready, finish half-done purges; call at start. */
MUST_CHECK enum err_code catalog_maintain(struct catalog *c, struct err *err);

#endif
