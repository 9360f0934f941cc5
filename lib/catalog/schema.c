#include "lib/catalog/schema.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/own.h"
#include "lib/catalog/catalog.h"

/* Steps that are in, of a database with the tables of a catalog. */
static size_t
steps_of(const PGresult *facts)
{
	return (size_t)cell_u64(facts, 0, 2);
}

enum err_code
schema_state_read(struct pg *pg, enum schema_state *out, struct err *err)
{
	OWNED(pg_clearp) PGresult *r = NULL;
	OWNED(pg_clearp) PGresult *v = NULL;

	if (pg_run(pg, SQL_SCHEMA_FACTS, NULL, &r, err) != ERR_OK)
		return err->code;
	if (!cell_bool(r, 0, 1)) {
		*out = cell_bool(r, 0, 3) ? SCHEMA_OTHER : SCHEMA_EMPTY;
		return ERR_OK;
	}
	if (pg_run(pg, SQL_SCHEMA_VERSION, NULL, &v, err) != ERR_OK)
		return err->code;
	if (PQntuples(v) != 1 || cell_i64(v, 0, 0) != CAT_SCHEMA_VERSION)
		*out = SCHEMA_OTHER;
	else if (steps_of(r) == 1)
		*out = SCHEMA_FOREIGN;
	else
		*out = sql_step(steps_of(r)) != NULL ? SCHEMA_BEHIND : SCHEMA_READY;
	return ERR_OK;
}

/* Spec: catalog.md 2.1 */
static enum err_code
check_encoding(struct pg *pg, const char *encoding, struct err *err)
{
	if (strcmp(encoding, "SQL_ASCII") != 0)
		return err_set(err, ERR_CATALOG,
			       "Encoding error for database \"%s\". Wanted SQL_ASCII, got %s",
			       pg->db_name, encoding);
	return ERR_OK;
}

enum err_code
schema_check_usable(struct pg *pg, struct err *err)
{
	OWNED(pg_clearp) PGresult *r = NULL;
	OWNED(pg_clearp) PGresult *v = NULL;
	int64_t version;

	if (pg_run(pg, SQL_SCHEMA_FACTS, NULL, &r, err) != ERR_OK ||
	    check_encoding(pg, PQgetvalue(r, 0, 0), err) != ERR_OK)
		return err->code;
	if (!cell_bool(r, 0, 1) && cell_bool(r, 0, 3))
		return err_set(err, ERR_CATALOG,
			       "database \"%s\" has some tables of a catalog, but not Version and "
			       "Job: restore it from a dump, or use another database",
			       pg->db_name);
	if (!cell_bool(r, 0, 1))
		return err_set(err, ERR_CATALOG,
			       "database \"%s\" has no catalog tables: run tercet-catalog create",
			       pg->db_name);
	if (pg_run(pg, SQL_SCHEMA_VERSION, NULL, &v, err) != ERR_OK)
		return err->code;
	version = PQntuples(v) == 1 ? cell_i64(v, 0, 0) : 0;
	if (version != CAT_SCHEMA_VERSION)
		return err_set(err, ERR_CATALOG,
			       "Version error for database \"%s\". Wanted %d, got %lld",
			       pg->db_name, CAT_SCHEMA_VERSION, (long long)version);
	if (steps_of(r) == 1)
		return err_set(err, ERR_CATALOG,
			       "database \"%s\" is a catalog of version %d that has not been taken "
			       "over: stop its director, make a dump, run tercet-catalog upgrade",
			       pg->db_name, CAT_SCHEMA_VERSION);
	if (sql_step(steps_of(r)) != NULL)
		return err_set(err, ERR_CATALOG,
			       "database \"%s\" was made by an older Tercet and lacks %s: run "
			       "tercet-catalog upgrade",
			       pg->db_name, sql_step(steps_of(r))->name);
	return ERR_OK;
}

static enum err_code
run_steps(struct pg *pg, size_t from, struct err *err)
{
	const struct sql_step *step;

	for (size_t i = from; (step = sql_step(i)) != NULL; i++)
		if (pg_run_text(pg, step->text, NULL, err) != ERR_OK)
			return err_ctx(err, "schema step %s", step->name);
	return ERR_OK;
}

enum err_code
schema_install(struct pg *pg, struct err *err)
{
	OWNED(pg_clearp) PGresult *r = NULL;
	enum schema_state state;

	if (pg_run(pg, SQL_SCHEMA_FACTS, NULL, &r, err) != ERR_OK ||
	    check_encoding(pg, PQgetvalue(r, 0, 0), err) != ERR_OK ||
	    schema_state_read(pg, &state, err) != ERR_OK)
		return err->code;
	if (state == SCHEMA_READY)
		return ERR_OK;
	if (state == SCHEMA_OTHER)
		return schema_check_usable(pg, err);
	if (pg_begin(pg, err) != ERR_OK)
		return err->code;
	if (run_steps(pg, state == SCHEMA_EMPTY ? 0 : steps_of(r), err) != ERR_OK) {
		pg_rollback(pg);
		return err->code;
	}
	return pg_commit(pg, err);
}
