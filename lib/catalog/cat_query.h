/*
 * lib/catalog/cat_query.h - named statements with text parameters, typed result tables
 *
 * Purpose: what list and llist print, as text and as JSON, from one result.  The statements are
 *          catalog-sql/queries/; each begins with "-- name: <name>" and has its parameters
 *          written as :parameter.  A parameter that is not given is NULL, and the statements of
 *          the list commands take NULL as "no filter".
 * Threads: any.
 * Spec:    catalog.md 12, console.md 5, 6
 *
 * Statements of the list commands, with their parameters (l = list columns, ll = llist columns):
 *
 *   list_jobs, llist_jobs    jobid jobids ujobid name client status level type volume pool
 *                            since last limit offset reverse
 *                            (jobids, status, level, type: comma lists, "T,W"; since: "2026-11-21
 *                            02:00:00" compared with SchedTime as the spec says for days/hours;
 *                            last: 1 newest of each name; reverse: 1)
 *   count_jobs               as list_jobs without limit, offset, reverse
 *   list_backups             client fileset status level since limit offset reverse
 *   llist_backups            the same
 *   list_jobtotals           (none)    jobs files bytes job
 *   sum_jobtotals            (none)    jobs files bytes
 *   list_joblog              jobid limit offset     time logtext
 *   count_joblog             jobid
 *   list_log                 client limit offset reverse     logid jobname clientname time logtext
 *   list_jobmedia, llist_jobmedia   jobid
 *   list_files               jobid     filename
 *   list_basefiles           jobid     filename
 *   list_filesets            filesetid jobid
 *   list_pools, llist_pools  name poolid
 *   list_clients, llist_clients     name
 *   list_storages            name
 *   list_volumes, llist_volumes     pool poolid name mediaid limit offset
 *   count_volumes            pool
 *   list_volumes_of_job, llist_volumes_of_job    jobid
 *   list_copies              jobids
 *   list_jobstatistics       jobid
 *   restore_chain_table      jobids    jobid level jobfiles jobbytes starttime volumename
 *   restore_last_jobs        client type limit    jobid client starttime joblevel jobfiles jobbytes
 *   restore_jobs_of_file     client name          jobid name starttime jobtype jobstatus jobfiles
 *                                                 jobbytes
 *   restore_names_of_files   session_id session_time runs ("3-7,9-9")    name
 *   restore_names_of_indexes jobid runs          filename
 *   restore_filesets         client    fileset: distinct names this client has good jobs for
 *   names_jobs names_clients names_pools names_volumes names_storages names_filesets   (none) name
 *   catalog_health           (none)    key value
 */
#ifndef TERCET_CATALOG_CAT_QUERY_H
#define TERCET_CATALOG_CAT_QUERY_H

#include "lib/catalog/catalog.h"

enum cat_type {
	CAT_TEXT,
	CAT_INT, /* any whole number: right-aligned, thousands separated in text lists */
	CAT_TIME,
};

struct cat_column {
	char *name; /* owned; lower case, as in the JSON */
	enum cat_type type;
};

/* rows x columns cells; a cell is NUL-terminated bytes or NULL (SQL NULL). */
struct cat_table {
	size_t n_columns, n_rows;
	struct cat_column *columns; /* owned */
	const char **cells;         /* owned array; row * n_columns + column; the bytes below */
	void *store;                /* owned: the bytes of the cells */
};
void cat_table_release(struct cat_table *t);

static inline const char *
cat_cell(const struct cat_table *t, size_t row, size_t column)
{
	return t->cells[row * t->n_columns + column];
}
/* Column by name, -1 when there is none. */
int cat_table_find(const struct cat_table *t, const char *name);

struct cat_arg {
	const char *name;  /* as in the statement, without ':' */
	const char *value; /* NULL: SQL NULL */
};

/* The statement has this parameter. */
bool cat_query_takes(const char *statement, const char *param);
/* ERR_BUG: no such statement or parameter.  ERR_CATALOG: the server's words. */
MUST_CHECK enum err_code cat_query(struct catalog *c, const char *statement,
				   const struct cat_arg *args, size_t n, struct cat_table *out,
				   struct err *err);

/* Row by row, for lists that may be large; t has the columns and one row, borrowed for the call.
 * A result of row() other than ERR_OK ends it. */
struct cat_row_reader {
	enum err_code (*row)(void *ctx, const struct cat_table *t, struct err *err);
	void *ctx;
};
MUST_CHECK enum err_code cat_query_each(struct catalog *c, const char *statement,
					const struct cat_arg *args, size_t n,
					const struct cat_row_reader *r, struct err *err);

/*
 * sqlquery, and item 4 of the restore menu: the user's own text, one statement, in a read-only
 * transaction of a session of its own.  Bounded in time, rows and bytes.
 * ERR_CANCELED  thread_cancel was asked
 * ERR_LIMIT     the result is too large
 */
MUST_CHECK enum err_code cat_query_text(struct catalog *c, const char *sql, struct cat_table *out,
					struct err *err);

#endif
