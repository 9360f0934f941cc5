#include "lib/catalog/cat_query.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/thread.h"
#include "lib/catalog/catalog_internal.h"
#include "lib/catalog/managed.h"

/* Type ids of PostgreSQL's built-in types; they never change. */
/* clang-format off */
static const struct {
	Oid oid;
	enum cat_type type;
} types[] = {
	{   20, CAT_INT  }, /* bigint */
	{   21, CAT_INT  }, /* smallint */
	{   23, CAT_INT  }, /* integer */
	{ 1700, CAT_INT  }, /* numeric: sums of bigint, JobMedia.JobBytes */
	{ 1114, CAT_TIME }, /* timestamp without time zone */
};
/* clang-format on */

static enum cat_type
type_of(Oid oid)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].oid == oid)
			return types[i].type;
	return CAT_TEXT;
}

void
cat_table_release(struct cat_table *t)
{
	for (size_t i = 0; i < t->n_columns; i++)
		free(t->columns[i].name);
	free(t->columns);
	free(t->cells);
	PQclear(t->store);
	*t = (struct cat_table){ 0 };
}

int
cat_table_find(const struct cat_table *t, const char *name)
{
	for (size_t i = 0; i < t->n_columns; i++)
		if (strcmp(t->columns[i].name, name) == 0)
			return (int)i;
	return -1;
}

static void
fill_cells(struct cat_table *t, const PGresult *r)
{
	for (size_t row = 0; row < t->n_rows; row++)
		for (size_t col = 0; col < t->n_columns; col++)
			t->cells[row * t->n_columns + col] = PQgetisnull(r, (int)row, (int)col)
								     ? NULL
								     : PQgetvalue(r, (int)row,
										  (int)col);
}

/* Takes the result: the cells point into it. */
static void
table_from_result(PGresult **r, struct cat_table *out)
{
	*out = (struct cat_table){ .n_columns = (size_t)PQnfields(*r),
				   .n_rows = (size_t)PQntuples(*r),
				   .store = *r };
	out->columns = NEW_ARRAY(struct cat_column, out->n_columns + 1);
	for (size_t i = 0; i < out->n_columns; i++) {
		out->columns[i].name = str_dup(PQfname(*r, (int)i));
		out->columns[i].type = type_of(PQftype(*r, (int)i));
	}
	out->cells = NEW_ARRAY(const char *, out->n_columns * out->n_rows + 1);
	fill_cells(out, *r);
	*r = NULL;
}

static enum err_code
bind(const char *statement, const struct cat_arg *args, size_t n, enum sql_id *id,
     struct sql_args *out, struct err *err)
{
	const struct sql_row *row;

	*id = sql_find(statement);
	if (*id == SQL_COUNT)
		return err_set(err, ERR_BUG, "no statement %s", statement);
	row = sql_get(*id);
	for (size_t i = 0; i < row->n_params; i++)
		arg_text(out, NULL);
	for (size_t a = 0; a < n; a++) {
		size_t i = 0;

		while (i < row->n_params && strcmp(row->params[i], args[a].name) != 0)
			i++;
		if (i == row->n_params)
			return err_set(err, ERR_BUG, "statement %s has no parameter %s", statement,
				       args[a].name);
		out->v[i] = args[a].value;
	}
	return ERR_OK;
}

bool
cat_query_takes(const char *statement, const char *param)
{
	enum sql_id id = sql_find(statement);
	const struct sql_row *row = id == SQL_COUNT ? NULL : sql_get(id);

	for (size_t i = 0; row != NULL && i < row->n_params; i++)
		if (strcmp(row->params[i], param) == 0)
			return true;
	return false;
}

enum err_code
cat_query(struct catalog *c, const char *statement, const struct cat_arg *args, size_t n,
	  struct cat_table *out, struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;
	enum sql_id id;

	if (bind(statement, args, n, &id, &a, err) != ERR_OK ||
	    catalog_run(c, id, &a, &r, err) != ERR_OK)
		return err->code;
	table_from_result(&r, out);
	return ERR_OK;
}

/* One row after the other through one table whose cells are put in anew. */
static enum err_code
each_row(struct pg *pg, const struct cat_row_reader *reader, struct err *err)
{
	OWNED(cat_table_release) struct cat_table t = { 0 };
	PGresult *r = NULL;

	while (pg_stream_next(pg, &r, err) == ERR_OK) {
		if (r == NULL)
			return ERR_OK;
		if (PQntuples(r) == 0) {
			PQclear(r);
			continue;
		}
		if (t.columns == NULL) {
			table_from_result(&r, &t);
		} else {
			fill_cells(&t, r);
			PQclear(t.store);
			t.store = TAKE_PTR(r);
		}
		if (reader->row(reader->ctx, &t, err) != ERR_OK) {
			pg_stream_drop(pg);
			return err->code;
		}
	}
	return err->code;
}

/*
 * The reader may take its time, like a console on a terminal that was stopped: the connection is
 * none of those that all others share.
 */
enum err_code
cat_query_each(struct catalog *c, const char *statement, const struct cat_arg *args, size_t n,
	       const struct cat_row_reader *reader, struct err *err)
{
	OWNED(pg_closep) struct pg *pg = NULL;
	struct sql_args a = { .n = 0 };
	enum sql_id id;

	if (bind(statement, args, n, &id, &a, err) != ERR_OK ||
	    catalog_connect(c, &c->info, &pg, err) != ERR_OK)
		return err->code;
	pg_set_cancel(pg, thread_cancel());
	if (pg_stream(pg, id, &a, err) != ERR_OK)
		return err->code;
	return each_row(pg, reader, err);
}

/* --- what a person asks ---------------------------------------------------------------------- */

/* What a console can use, and the director can hold. */
#define TEXT_SECONDS   600
#define TEXT_ROWS_MAX  500000
#define TEXT_BYTES_MAX ((size_t)48 << 20)

static enum err_code
add_row(PGresult *to, const PGresult *piece, int row, struct err *err)
{
	int n = PQntuples(to);

	for (int col = 0; col < PQnfields(piece); col++) {
		bool null = PQgetisnull(piece, row, col);

		if (PQsetvalue(to, n, col, null ? NULL : PQgetvalue(piece, row, col),
			       null ? -1 : PQgetlength(piece, row, col)) == 0)
			return err_set(err, ERR_LIMIT, "query: no memory for its result");
	}
	if (n >= TEXT_ROWS_MAX || PQresultMemorySize(to) > TEXT_BYTES_MAX)
		return err_set(err, ERR_LIMIT,
			       "query: its result has more than %d rows or %zu MiB; use LIMIT",
			       TEXT_ROWS_MAX, TEXT_BYTES_MAX >> 20);
	return ERR_OK;
}

static enum err_code
add_piece(PGresult **to, const PGresult *piece, struct err *err)
{
	ExecStatusType status = PQresultStatus(piece);

	if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		return err_set(err, ERR_CATALOG, "query: COPY is not possible here");
	if (*to == NULL)
		*to = PQcopyResult(piece, PG_COPYRES_ATTRS);
	if (*to == NULL)
		return err_set(err, ERR_LIMIT, "query: no memory for its result");
	for (int row = 0; row < PQntuples(piece); row++)
		if (add_row(*to, piece, row, err) != ERR_OK)
			return err->code;
	return ERR_OK;
}

static enum err_code
collect_rows(struct pg *pg, PGresult **out, struct err *err)
{
	OWNED(pg_clearp) PGresult *all = NULL;

	for (;;) {
		OWNED(pg_clearp) PGresult *piece = NULL;

		if (pg_stream_next(pg, &piece, err) != ERR_OK)
			return err->code;
		if (piece == NULL) {
			*out = TAKE_PTR(all);
			return ERR_OK;
		}
		if (add_piece(&all, piece, err) != ERR_OK)
			return err->code;
	}
}

static enum err_code
run_text(struct pg *pg, const char *sql, PGresult **out, struct err *err)
{
	struct sql_args limits = { .n = 0 };

	arg_i64(&limits, TEXT_SECONDS * 1000);
	if (pg_run(pg, SQL_TX_READ_ONLY, NULL, NULL, err) != ERR_OK ||
	    pg_run(pg, SQL_QUERY_LIMITS, &limits, NULL, err) != ERR_OK ||
	    pg_stream_text(pg, sql, err) != ERR_OK)
		return err->code;
	return collect_rows(pg, out, err);
}

/*
 * What a person asks runs in a session of its own, which takes with it whatever the query set or
 * locked; in a managed cluster as a role that may do no more than read the catalog: the one role
 * there could read any file of the server's account, and run programs as it.
 */
static enum err_code
query_connection(struct catalog *c, struct pg **out, struct err *err)
{
	char role[] = MANAGED_QUERY_ROLE;
	struct pg_info info = c->info;

	if (c->managed != NULL)
		info.user = role;
	if (catalog_connect(c, &info, out, err) != ERR_OK)
		return err->code;
	/* The server ends what nobody waits for any more. */
	pg_set_cancel(*out, thread_cancel());
	return ERR_OK;
}

enum err_code
cat_query_text(struct catalog *c, const char *sql, struct cat_table *out, struct err *err)
{
	int64_t end_ms = catalog_end_of_patience();

	for (;;) {
		OWNED(pg_clearp) PGresult *r = NULL;
		OWNED(pg_closep) struct pg *pg = NULL;
		struct err why = ERR_INIT;

		if (query_connection(c, &pg, err) != ERR_OK)
			return err->code;
		if (run_text(pg, sql, &r, &why) == ERR_OK) {
			table_from_result(&r, out);
			return ERR_OK;
		}
		/* It may only read: it can be asked again. */
		if (!catalog_may_try_again(c, pg_is_lost(pg), end_ms)) {
			*err = why;
			return err->code;
		}
	}
}
