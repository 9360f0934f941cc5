#include "lib/catalog/cat_query.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"
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

enum err_code
cat_query_each(struct catalog *c, const char *statement, const struct cat_arg *args, size_t n,
	       const struct cat_row_reader *reader, struct err *err)
{
	struct sql_args a = { .n = 0 };
	struct pg *pg = NULL;
	enum sql_id id;
	enum err_code code;

	if (bind(statement, args, n, &id, &a, err) != ERR_OK || catalog_take(c, &pg, err) != ERR_OK)
		return err->code;
	code = pg_stream(pg, id, &a, err);
	if (code == ERR_OK)
		code = each_row(pg, reader, err);
	catalog_put(c, pg);
	return code;
}

static enum err_code
run_text(struct pg *pg, const char *sql, PGresult **out, struct err *err)
{
	OWNED(pg_clearp) PGresult *r = NULL;

	if (pg_run(pg, SQL_TX_READ_ONLY, NULL, NULL, err) != ERR_OK)
		return err->code;
	pg->in_transaction = true;
	/* The extended protocol takes one statement only: no COMMIT can be slipped in. */
	r = PQexecParams(pg->conn, sql, 0, NULL, NULL, NULL, NULL, 0);
	if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
		return pg_fail(pg, r, "query", err);
	*out = TAKE_PTR(r);
	return ERR_OK;
}

/*
 * What a person asks runs as a role that may do no more than read the catalog: the one role of a
 * managed cluster could read any file of the server's account, and run programs as it.
 */
static enum err_code
query_connection(struct catalog *c, struct pg **out, struct err *err)
{
	struct pg_info info = c->info;

	if (c->managed == NULL)
		return catalog_take(c, out, err);
	info.user = (char[]){ MANAGED_QUERY_ROLE };
	return pg_open(&info, out, err);
}

static void
query_done(struct catalog *c, struct pg *pg)
{
	if (c->managed == NULL)
		catalog_put(c, pg);
	else
		pg_close(pg);
}

enum err_code
cat_query_text(struct catalog *c, const char *sql, struct cat_table *out, struct err *err)
{
	int64_t end_ms = catalog_end_of_patience();

	for (;;) {
		OWNED(pg_clearp) PGresult *r = NULL;
		struct err why = ERR_INIT;
		struct pg *pg = NULL;
		enum err_code code = query_connection(c, &pg, &why);
		bool lost = true;

		if (code == ERR_OK) {
			code = run_text(pg, sql, &r, &why);
			lost = pg_is_lost(pg);
			query_done(c, pg);
		}
		if (code == ERR_OK) {
			table_from_result(&r, out);
			return ERR_OK;
		}
		/* It may only read: it can be asked again. */
		if (!catalog_may_try_again(c, lost, end_ms)) {
			*err = why;
			return err->code;
		}
	}
}
