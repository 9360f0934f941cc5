/*
 * lib/catalog/pg.h - one connection to PostgreSQL (inside lib/catalog)
 *
 * Purpose: named statements with bound text parameters, prepared once per connection;
 *          transactions; errors as struct err with the server's own words.
 * Owns:    its PGconn.
 * Threads: a struct pg by one thread at a time.
 * Errors:  ERR_CATALOG; pg_is_lost tells a lost connection from a refusal; ERR_CANCELED
 * Spec:    catalog.md 2
 */
#ifndef TERCET_CATALOG_PG_H
#define TERCET_CATALOG_PG_H

#include <libpq-fe.h>

#include "lib/base/bytes.h"
#include "lib/base/err.h"
#include "lib/base/wait.h"
#include "lib/catalog/sql.h"

struct pg {
	PGconn *conn;          /* owned */
	const char *db_name;   /* borrowed from the catalog */
	struct cancel *cancel; /* ends any wait for the server; borrowed; may be NULL */
	bool given_up;         /* a wait was canceled: the connection is of no more use */
	bool in_transaction;
	char state[6]; /* SQLSTATE of the last failure, "" when there was none */
	bool prepared[SQL_COUNT];
	struct pg *next; /* in the pool's list */
};

/* The words of a connection, owned by the catalog. */
struct pg_info {
	char *host, *port, *db_name, *user, *password, *more; /* owned; NULL: not given */
};
void pg_info_release(struct pg_info *i);

/* Connect once and apply the session settings. */
MUST_CHECK enum err_code pg_open(const struct pg_info *info, struct pg **out, struct err *err);
/*
 * Why the last pg_open failed, by another try: the server's SQLSTATE, "" when none answered.  The
 * text is in the server's language and its code is not told otherwise.
 */
void pg_why_refused(const struct pg_info *info, char state[6]);
void pg_close(struct pg *pg);
void pg_closep(struct pg **pg);
/* From here on waits for the server end with ERR_CANCELED when c is asked. */
void pg_set_cancel(struct pg *pg, struct cancel *c);
bool pg_is_lost(const struct pg *pg);
/* Whether the server closed an idle connection meanwhile. */
bool pg_is_stale(struct pg *pg);

/* Parameters of one statement; text is copied where it is made from a number. */
struct sql_args {
	const char *v[SQL_PARAMS_MAX];
	char text[SQL_PARAMS_MAX][24];
	size_t n;
};
void arg_text(struct sql_args *a, const char *text); /* borrowed; NULL is SQL NULL */
void arg_i64(struct sql_args *a, int64_t v);
void arg_u64(struct sql_args *a, uint64_t v);
void arg_bool(struct sql_args *a, bool v); /* 1 or 0 */
void arg_letter(struct sql_args *a, char letter);
void arg_time(struct sql_args *a, int64_t t); /* local time text; 0 is NULL */

/* Run; *out (PQclear it) has the rows; NULL when the caller wants none.  Parameters are in the
 * order of their first use in the statement. */
MUST_CHECK enum err_code pg_run(struct pg *pg, enum sql_id id, const struct sql_args *a,
				PGresult **out, struct err *err);
/* The same in two halves: send, and later take the answer.  Nothing else in between. */
MUST_CHECK enum err_code pg_send(struct pg *pg, enum sql_id id, const struct sql_args *a,
				 struct err *err);
MUST_CHECK enum err_code pg_finish(struct pg *pg, enum sql_id id, PGresult **out, struct err *err);
/* Text that is not a named statement: schema steps, the user's own. */
MUST_CHECK enum err_code pg_run_text(struct pg *pg, const char *sql, PGresult **out,
				     struct err *err);
/* Into an open COPY FROM STDIN; its end; *rows is what the server took. */
MUST_CHECK enum err_code pg_copy_put(struct pg *pg, const void *p, size_t n, struct err *err);
MUST_CHECK enum err_code pg_copy_end(struct pg *pg, uint64_t *rows, struct err *err);
/* The next message of an open COPY TO STDOUT, to be given to PQfreemem; NULL at its end. */
MUST_CHECK enum err_code pg_copy_get(struct pg *pg, struct bytes *out, struct err *err);
/* Begin to read a result row by row; the second: of one statement that is not a named one. */
MUST_CHECK enum err_code pg_stream(struct pg *pg, enum sql_id id, const struct sql_args *a,
				   struct err *err);
MUST_CHECK enum err_code pg_stream_text(struct pg *pg, const char *sql, struct err *err);
/* The next piece, NULL at the end; ERR_CATALOG when the server reports an error. */
MUST_CHECK enum err_code pg_stream_next(struct pg *pg, PGresult **out, struct err *err);
/* Drop what is left of a stream. */
void pg_stream_drop(struct pg *pg);

MUST_CHECK enum err_code pg_begin(struct pg *pg, struct err *err);
MUST_CHECK enum err_code pg_commit(struct pg *pg, struct err *err);
void pg_rollback(struct pg *pg);

/* Name of the open transaction, to ask for its outcome when the answer to its COMMIT is lost. */
#define PG_TXID_MAX 24
MUST_CHECK enum err_code pg_tx_id(struct pg *pg, char out[PG_TXID_MAX], struct err *err);
enum pg_outcome {
	PG_COMMITTED,
	PG_ABORTED,
	PG_IN_PROGRESS,
};
/* On another connection.  An empty id has written nothing: committed. */
MUST_CHECK enum err_code pg_tx_outcome(struct pg *pg, const char *id, enum pg_outcome *out,
				       struct err *err);

/* The server's words of a failed result or connection. */
MUST_CHECK enum err_code pg_fail(struct pg *pg, const PGresult *r, const char *what,
				 struct err *err);

/* Cells; a NULL or malformed number is 0. */
int64_t cell_i64(const PGresult *r, int row, int column);
uint64_t cell_u64(const PGresult *r, int row, int column);
uint32_t cell_u32(const PGresult *r, int row, int column);
bool cell_bool(const PGresult *r, int row, int column);
char cell_letter(const PGresult *r, int row, int column);
int64_t cell_time(const PGresult *r, int row, int column); /* NULL is 0 */
void cell_text(const PGresult *r, int row, int column, char *out, size_t cap);

static inline void
pg_clearp(PGresult **r)
{
	PQclear(*r);
}

#endif
