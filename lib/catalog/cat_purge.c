#include "lib/catalog/cat_purge.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/catalog/cat_rows.h"
#include "lib/catalog/catalog_internal.h"

/* Spec: catalog.md 10 */
static const enum sql_id files_steps[] = { SQL_PURGE_FILES, SQL_PURGE_FILE_RANGES,
					   SQL_PURGE_BASEFILES, SQL_PURGE_MARK_FILES };
static const enum sql_id jobs_steps[] = {
	SQL_PURGE_MARK_DEPENDENTS, SQL_PURGE_LOST_BASE, SQL_PURGE_FILES,    SQL_PURGE_FILE_RANGES,
	SQL_PURGE_BASEFILES,       SQL_PURGE_JOBMEDIA,  SQL_PURGE_LOG,      SQL_PURGE_RESTOREOBJECT,
	SQL_PURGE_PATHVISIBILITY,  SQL_PURGE_NDMP,      SQL_PURGE_JOBSTATS, SQL_PURGE_INGEST,
	SQL_PURGE_PROMOTE,         SQL_PURGE_JOBS,
};

struct purge_call {
	const enum sql_id *steps;
	size_t n_steps;
	const char *ids;
};

static enum err_code
run_steps(struct pg *pg, const struct purge_call *call, struct err *err)
{
	struct sql_args a = { .n = 0 };

	arg_text(&a, call->ids);
	for (size_t i = 0; i < call->n_steps; i++)
		if (pg_run(pg, call->steps[i], &a, NULL, err) != ERR_OK)
			return err->code;
	return ERR_OK;
}

static enum err_code
purge(struct pg *pg, void *ctx, struct err *err)
{
	return run_steps(pg, ctx, err);
}

enum err_code
cat_purge_files(struct catalog *c, const uint32_t *job_ids, size_t n, struct err *err)
{
	OWNED(freep) char *ids = ids_text(job_ids, n);
	struct purge_call call = { files_steps, sizeof(files_steps) / sizeof(files_steps[0]), ids };

	return catalog_tx(c, purge, &call, err);
}

enum err_code
cat_purge_jobs(struct catalog *c, const uint32_t *job_ids, size_t n, struct err *err)
{
	OWNED(freep) char *ids = ids_text(job_ids, n);
	struct purge_call call = { jobs_steps, sizeof(jobs_steps) / sizeof(jobs_steps[0]), ids };

	return catalog_tx(c, purge, &call, err);
}

enum err_code
cat_purge_jobs_of_volume(struct catalog *c, uint32_t media_id, int64_t before, struct cat_jobs *out,
			 struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	arg_u64(&a, media_id);
	arg_i64(&a, before);
	if (catalog_run(c, SQL_PURGE_JOBS_OF_VOLUME, &a, &r, err) != ERR_OK)
		return err->code;
	jobs_from_result(r, out);
	return ERR_OK;
}

enum err_code
cat_purge_dependents(struct catalog *c, const uint32_t *job_ids, size_t n, struct cat_jobs *out,
		     struct err *err)
{
	OWNED(freep) char *ids = ids_text(job_ids, n);
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	arg_text(&a, ids);
	if (catalog_run(c, SQL_PURGE_DEPENDENTS, &a, &r, err) != ERR_OK)
		return err->code;
	jobs_from_result(r, out);
	return ERR_OK;
}

struct mark_call {
	uint32_t media_id;
	bool force;
	bool *purged;
};

static bool
may_be_purged(const char *status)
{
	static const char *const states[] = { "Append", "Full", "Used", "Error" };

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(status, states[i]) == 0)
			return true;
	return false;
}

static enum err_code
mark(struct pg *pg, void *ctx, struct err *err)
{
	const struct mark_call *call = ctx;
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	*call->purged = false;
	arg_u64(&a, call->media_id);
	if (pg_run(pg, SQL_PURGE_VOLUME_STATE, &a, &r, err) != ERR_OK)
		return err->code;
	if (PQntuples(r) == 0 || !may_be_purged(PQgetvalue(r, 0, 0)) || cell_bool(r, 0, 3) ||
	    (!cell_bool(r, 0, 1) && !call->force))
		return ERR_OK;
	if (pg_run(pg, SQL_PURGE_VOLUME_MARK, &a, NULL, err) != ERR_OK)
		return err->code;
	*call->purged = true;
	return ERR_OK;
}

enum err_code
cat_purge_mark_volume(struct catalog *c, uint32_t media_id, bool force, bool *purged,
		      struct err *err)
{
	struct mark_call call = { media_id, force, purged };

	return catalog_tx(c, mark, &call, err);
}

/* --- a volume with all that is on it --------------------------------------------------------- */

struct delete_call {
	uint32_t media_id;
	size_t *n_jobs;
};

static char *
ids_of_jobs(const struct cat_jobs *jobs)
{
	OWNED(freep) uint32_t *ids = NEW_ARRAY(uint32_t, jobs->n + 1);

	for (size_t i = 0; i < jobs->n; i++)
		ids[i] = jobs->v[i].job_id;
	return ids_text(ids, jobs->n);
}

static enum err_code
delete_volume(struct pg *pg, void *ctx, struct err *err)
{
	const struct delete_call *call = ctx;
	struct purge_call jobs = { jobs_steps, sizeof(jobs_steps) / sizeof(jobs_steps[0]), NULL };
	struct sql_args a = { .n = 0 }, all = { .n = 0 };
	OWNED(cat_jobs_release) struct cat_jobs found = { 0 };
	OWNED(pg_clearp) PGresult *locked = NULL, *on_it = NULL, *left = NULL;

	arg_u64(&a, call->media_id);
	arg_u64(&all, call->media_id);
	arg_i64(&all, 0);
	if (pg_run(pg, SQL_PURGE_VOLUME_STATE, &a, &locked, err) != ERR_OK ||
	    pg_run(pg, SQL_PURGE_JOBS_OF_VOLUME, &all, &on_it, err) != ERR_OK)
		return err->code;
	jobs_from_result(on_it, &found);
	OWNED(freep) char *ids = ids_of_jobs(&found);
	jobs.ids = ids;
	if (run_steps(pg, &jobs, err) != ERR_OK ||
	    pg_run(pg, SQL_PURGE_VOLUME_STATE, &a, &left, err) != ERR_OK)
		return err->code;
	if (PQntuples(left) > 0 && cell_bool(left, 0, 3))
		return err_set(err, ERR_CONFIG, "a job that has not ended is on the volume");
	*call->n_jobs = found.n;
	return pg_run(pg, SQL_MEDIA_DELETE, &a, NULL, err);
}

enum err_code
cat_purge_delete_volume(struct catalog *c, uint32_t media_id, size_t *n_jobs, struct err *err)
{
	struct delete_call call = { media_id, n_jobs };

	return catalog_tx(c, delete_volume, &call, err);
}
