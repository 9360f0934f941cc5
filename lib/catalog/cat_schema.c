#include "lib/catalog/cat_schema.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/catalog/catalog_internal.h"
#include "lib/catalog/schema.h"

/* A connection without an open catalog; with managed the cluster runs meanwhile. */
struct session {
	struct pg_info info;
	struct managed *managed;
	struct pg *pg;
};

static void
session_close(struct session *s)
{
	pg_close(s->pg);
	managed_stop(s->managed);
	pg_info_release(&s->info);
}

static bool
no_such_database(const struct pg_info *info)
{
	char state[6];

	pg_why_refused(info, state);
	return strcmp(state, "3D000") == 0;
}

static enum err_code
session_open(const struct catalog_options *o, struct session *s, struct err *err)
{
	if (catalog_prepare(o, &s->info, &s->managed, err) != ERR_OK)
		return err->code;
	if (pg_open(&s->info, &s->pg, err) == ERR_OK)
		return ERR_OK;
	if (no_such_database(&s->info))
		return err_set(err, ERR_CATALOG,
			       "database \"%s\" does not exist: run tercet-catalog create",
			       s->info.db_name);
	return err->code;
}

/* --- create, upgrade ------------------------------------------------------------------------ */

static enum err_code
create_database(const struct pg_info *info, struct err *err)
{
	struct pg_info admin = *info;
	OWNED(pg_closep) struct pg *pg = NULL;
	OWNED(freep) char *sql = NULL;
	char *name;

	admin.db_name = (char[]){ "postgres" };
	if (pg_open(&admin, &pg, err) != ERR_OK)
		return err->code;
	name = PQescapeIdentifier(pg->conn, info->db_name, strlen(info->db_name));
	sql = sql_put_in(SQL_DATABASE_CREATE, "{database}", name);
	PQfreemem(name);
	if (pg_run_text(pg, sql, NULL, err) != ERR_OK)
		return err->code;
	free(TAKE_PTR(sql));
	name = PQescapeIdentifier(pg->conn, info->db_name, strlen(info->db_name));
	sql = sql_put_in(SQL_DATABASE_DATESTYLE, "{database}", name);
	PQfreemem(name);
	return pg_run_text(pg, sql, NULL, err);
}

static enum err_code
open_or_create(const struct catalog_options *o, struct session *s, struct buf *lines,
	       struct err *err)
{
	struct err why = ERR_INIT;

	if (session_open(o, s, err) == ERR_OK)
		return ERR_OK;
	if (!no_such_database(&s->info))
		return err->code;
	if (create_database(&s->info, &why) != ERR_OK)
		return err_set(
			err, ERR_CATALOG,
			"database \"%s\" does not exist and role \"%s\" cannot make it (%s); "
			"as PostgreSQL's administrator: createdb --owner=%s "
			"--template=template0 --encoding=SQL_ASCII --locale=C %s",
			s->info.db_name, s->info.user, why.text, s->info.user, s->info.db_name);
	buf_text(lines, "database \"%s\" created\n", s->info.db_name);
	return pg_open(&s->info, &s->pg, err);
}

enum err_code
cat_schema_create(const struct catalog_options *o, struct buf *lines, struct err *err)
{
	OWNED(session_close) struct session s = { .pg = NULL };
	enum schema_state state;

	if (open_or_create(o, &s, lines, err) != ERR_OK ||
	    schema_state_read(s.pg, &state, err) != ERR_OK)
		return err->code;
	if (state == SCHEMA_READY) {
		buf_text(lines, "database \"%s\" has the tables of version %d already\n",
			 s.info.db_name, CAT_SCHEMA_VERSION);
		return schema_check_usable(s.pg, err);
	}
	if (state != SCHEMA_EMPTY)
		return schema_check_usable(s.pg, err);
	if (schema_install(s.pg, err) != ERR_OK)
		return err->code;
	buf_text(lines, "tables of version %d created in database \"%s\"\n", CAT_SCHEMA_VERSION,
		 s.info.db_name);
	return ERR_OK;
}

enum err_code
cat_schema_upgrade(const struct catalog_options *o, struct buf *lines, struct err *err)
{
	OWNED(session_close) struct session s = { .pg = NULL };
	enum schema_state state;

	if (session_open(o, &s, err) != ERR_OK || schema_state_read(s.pg, &state, err) != ERR_OK)
		return err->code;
	switch (state) {
	case SCHEMA_READY:
		buf_text(lines, "version %d is current, nothing to do\n", CAT_SCHEMA_VERSION);
		return ERR_OK;
	case SCHEMA_FOREIGN:
		if (schema_install(s.pg, err) != ERR_OK)
			return err->code;
		buf_text(lines,
			 "taken over: File and PathVisibility are partitioned now, no row was "
			 "copied\n");
		return ERR_OK;
	case SCHEMA_BEHIND:
		if (schema_install(s.pg, err) != ERR_OK)
			return err->code;
		buf_text(lines, "the tables of this version of Tercet were added\n");
		return ERR_OK;
	case SCHEMA_OTHER:
		if (schema_check_usable(s.pg, err) == ERR_OK)
			return ERR_OK;
		return err_ctx(err,
			       "only version %d can be taken over by this program; bring the "
			       "database there with its own update scripts first",
			       CAT_SCHEMA_VERSION);
	case SCHEMA_EMPTY:
		break;
	}
	return schema_check_usable(s.pg, err);
}

/* --- check ------------------------------------------------------------------------------------ */

/* Our own tables in a schema that is never committed, compared with what is there.  *whole:
 * every column is there, so that rows can be looked at. */
static enum err_code
compare_tables(struct pg *pg, struct buf *lines, size_t *problems, bool *whole, struct err *err)
{
	OWNED(pg_clearp) PGresult *r = NULL;
	enum err_code code;

	if (pg_begin(pg, err) != ERR_OK)
		return err->code;
	code = pg_run(pg, SQL_CHECK_SCRATCH_SCHEMA, NULL, NULL, err);
	if (code == ERR_OK)
		code = pg_run(pg, SQL_CHECK_SCRATCH_PATH, NULL, NULL, err);
	if (code == ERR_OK)
		code = pg_run_text(pg, sql_step(0)->text, NULL, err);
	if (code == ERR_OK)
		code = pg_run(pg, SQL_CHECK_DIFFERENCES, NULL, &r, err);
	pg_rollback(pg);
	if (code != ERR_OK)
		return code;
	*whole = true;
	for (int i = 0; i < PQntuples(r); i++) {
		buf_text(lines, "MISSING %s\n", PQgetvalue(r, i, 0));
		*whole = *whole && !cell_bool(r, i, 1);
	}
	*problems += (size_t)PQntuples(r);
	if (PQntuples(r) == 0)
		buf_text(lines, "tables, columns, types and indexes of version %d are there\n",
			 CAT_SCHEMA_VERSION);
	return ERR_OK;
}

static enum err_code
count_orphans(struct pg *pg, struct buf *lines, size_t *problems, struct err *err)
{
	OWNED(pg_clearp) PGresult *r = NULL;

	if (pg_run(pg, SQL_CHECK_ORPHANS, NULL, &r, err) != ERR_OK)
		return err->code;
	for (int i = 0; i < PQntuples(r); i++) {
		bool bad = cell_i64(r, i, 1) != 0;

		buf_text(lines, "%s%s: %s\n", bad ? "FOUND " : "", PQgetvalue(r, i, 0),
			 PQgetvalue(r, i, 1));
		*problems += bad;
	}
	return ERR_OK;
}

enum err_code
cat_schema_check(const struct catalog_options *o, struct buf *lines, size_t *problems,
		 struct err *err)
{
	OWNED(session_close) struct session s = { .pg = NULL };
	bool whole = true;

	*problems = 0;
	if (session_open(o, &s, err) != ERR_OK || schema_check_usable(s.pg, err) != ERR_OK)
		return err->code;
	buf_text(lines, "database \"%s\": version %d, encoding SQL_ASCII\n", s.info.db_name,
		 CAT_SCHEMA_VERSION);
	if (compare_tables(s.pg, lines, problems, &whole, err) != ERR_OK)
		return err->code;
	if (!whole) {
		buf_text(lines, "rows were not looked at, because tables or columns are missing; "
				"restore the database from a dump\n");
		return ERR_OK;
	}
	return count_orphans(s.pg, lines, problems, err);
}
