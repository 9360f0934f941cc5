/*
 * lib/catalog/catalog_internal.h - what the files of lib/catalog share
 *
 * Purpose: the catalog object, taking a connection, running one statement or one transaction
 *          with a second try after a lost connection.
 * Threads: any; pool under RANK_CATALOG, no I/O under it.
 */
#ifndef TERCET_CATALOG_CATALOG_INTERNAL_H
#define TERCET_CATALOG_CATALOG_INTERNAL_H

#include "lib/base/sync.h"
#include "lib/catalog/catalog.h"
#include "lib/catalog/managed.h"
#include "lib/catalog/path_cache.h"
#include "lib/catalog/pg.h"

struct log_writer;

struct catalog {
	/* immutable after open */
	char *name, *work_dir; /* owned */
	struct pg_info info;   /* owned */
	bool reconnect;
	uint32_t max_connections;
	struct managed *managed;  /* owned; NULL: not ours */
	struct path_cache *paths; /* owned */
	struct log_writer *log;   /* owned; with its own thread */

	struct mutex lock; /* RANK_CATALOG */
	struct cond freed; /* idle is not empty or used < max_connections */
	struct pg *idle GUARDED_BY(&lock);
	uint32_t used GUARDED_BY(&lock);
};

/* Where to connect; with managed the cluster is started.  The outs are the caller's, on failure
 * too. */
MUST_CHECK enum err_code catalog_prepare(const struct catalog_options *o, struct pg_info *info,
					 struct managed **managed, struct err *err);
/* A connection beside the pool, for the caller to close; waits for the server as catalog_take. */
MUST_CHECK enum err_code catalog_connect(struct catalog *c, const struct pg_info *info,
					 struct pg **out, struct err *err);
/* A connection for the caller alone; waits for the server up to catalog_patience seconds. */
MUST_CHECK enum err_code catalog_take(struct catalog *c, struct pg **out, struct err *err);
/* Give it back; a lost one is closed. */
void catalog_put(struct catalog *c, struct pg *pg);
/* How long this thread may wait for a server that is away: jobs have patience. */
unsigned catalog_patience(void);
int64_t catalog_end_of_patience(void);
/* Whether a lost connection is worth another try before that. */
bool catalog_may_try_again(struct catalog *c, bool lost, int64_t end_ms);

/*
 * One statement.  After a lost connection a repeatable one is run again; any other is run in a
 * transaction as by catalog_tx: never twice.  Up to catalog_patience seconds.
 */
MUST_CHECK enum err_code catalog_run(struct catalog *c, enum sql_id id, const struct sql_args *a,
				     PGresult **out, struct err *err);

/*
 * fn in one transaction; committed when it returns ERR_OK.  Repeated from its beginning when the
 * connection is lost and the transaction is not in; when only the answer to the commit was lost,
 * the server is asked for its outcome.  fn must be able to run again: its results are those of
 * the last run.
 */
typedef enum err_code (*catalog_tx_fn)(struct pg *pg, void *ctx, struct err *err);
MUST_CHECK enum err_code catalog_tx(struct catalog *c, catalog_tx_fn fn, void *ctx,
				    struct err *err);

/* One statement under an advisory lock held to the end of its transaction: the statement lock, then
 * id. */
MUST_CHECK enum err_code catalog_run_locked(struct catalog *c, enum sql_id lock, enum sql_id id,
					    const struct sql_args *a, PGresult **out,
					    struct err *err);

/* "1,2,3" of ids as a PostgreSQL array text "{1,2,3}"; owned. */
char *ids_text(const uint32_t *ids, size_t n);

/* cat_log.c */
MUST_CHECK enum err_code log_writer_start(struct catalog *c, struct err *err);
void log_writer_stop(struct catalog *c);

#endif
