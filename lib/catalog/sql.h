/*
 * lib/catalog/sql.h - the embedded statements and schema of catalog-sql/
 *
 * Purpose: an id per named statement, its text with $n parameters and their names.
 * Threads: constants.
 */
#ifndef TERCET_CATALOG_SQL_H
#define TERCET_CATALOG_SQL_H

#include <stdbool.h>
#include <stddef.h>

#define SQL_PARAMS_MAX 48

enum sql_id {
#include "lib/catalog/sql_ids.h"
	SQL_COUNT
};

struct sql_row {
	const char *name;
	const char *text;
	const char *params[SQL_PARAMS_MAX + 1]; /* NULL-terminated */
	size_t n_params;
	bool repeatable; /* run twice it does what it does when run once */
};

struct sql_step {
	const char *name; /* file name, "0001-tables.sql" */
	const char *text;
};

const struct sql_row *sql_get(enum sql_id id);
/* SQL_COUNT when there is none. */
enum sql_id sql_find(const char *name);
/* The text of a statement with {name}, as written there, replaced; owned.  For what cannot be a
 * parameter: names of tables, statements of COPY. */
char *sql_put_in(enum sql_id id, const char *name, const char *text);
/* Schema steps in order; NULL behind the last. */
const struct sql_step *sql_step(size_t i);

#endif
