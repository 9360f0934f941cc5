#include "lib/catalog/cat_job.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/catalog/cat_rows.h"
#include "lib/catalog/cat_restore.h"
#include "lib/catalog/catalog_internal.h"

#define AHEAD_SECONDS (366 * 86400)

void
cat_jobs_release(struct cat_jobs *jobs)
{
	free(jobs->v);
	*jobs = (struct cat_jobs){ NULL, 0 };
}

/* Columns as all job_* statements select them. */
void
job_from_row(const PGresult *r, int row, struct cat_job *out)
{
	int c = 0;

	*out = (struct cat_job){ .job_id = cell_u32(r, row, c++) };
	cell_text(r, row, c++, out->job, sizeof(out->job));
	cell_text(r, row, c++, out->name, sizeof(out->name));
	out->type = cell_letter(r, row, c++);
	out->level = cell_letter(r, row, c++);
	out->status = cell_letter(r, row, c++);
	out->client_id = cell_u32(r, row, c++);
	out->pool_id = cell_u32(r, row, c++);
	out->file_set_id = cell_u32(r, row, c++);
	out->prior_job_id = cell_u32(r, row, c++);
	out->sched_time = cell_time(r, row, c++);
	out->start_time = cell_time(r, row, c++);
	out->end_time = cell_time(r, row, c++);
	out->real_end_time = cell_time(r, row, c++);
	out->job_tdate = cell_i64(r, row, c++);
	out->vol_session_id = cell_u32(r, row, c++);
	out->vol_session_time = cell_u32(r, row, c++);
	out->job_files = cell_u32(r, row, c++);
	out->job_errors = cell_u32(r, row, c++);
	out->job_bytes = cell_u64(r, row, c++);
	out->read_bytes = cell_u64(r, row, c++);
	out->purged_files = cell_bool(r, row, c++);
	out->has_base = cell_bool(r, row, c++);
}

void
jobs_from_result(const PGresult *r, struct cat_jobs *out)
{
	out->n = (size_t)PQntuples(r);
	out->v = NEW_ARRAY(struct cat_job, out->n + 1);
	for (size_t i = 0; i < out->n; i++)
		job_from_row(r, (int)i, &out->v[i]);
}

static enum err_code
list(struct catalog *c, enum sql_id id, const struct sql_args *a, struct cat_jobs *out,
     struct err *err)
{
	OWNED(pg_clearp) PGresult *r = NULL;

	if (catalog_run(c, id, a, &r, err) != ERR_OK)
		return err->code;
	jobs_from_result(r, out);
	return ERR_OK;
}

enum err_code
cat_job_insert(struct catalog *c, const struct cat_job *job, const char *comment, uint32_t *job_id,
	       struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	arg_text(&a, job->job);
	arg_text(&a, job->name);
	arg_letter(&a, job->type);
	arg_letter(&a, job->level);
	arg_time(&a, job->sched_time);
	arg_i64(&a, job->sched_time);
	arg_u64(&a, job->client_id);
	arg_text(&a, comment);
	if (catalog_run(c, SQL_JOB_INSERT, &a, &r, err) != ERR_OK)
		return err->code;
	*job_id = cell_u32(r, 0, 0);
	return ERR_OK;
}

/* UPDATE of one Job row that must be there; ERR_BUG: it is not, and will not be. */
static enum err_code
update(struct catalog *c, enum sql_id id, const struct sql_args *a, uint32_t job_id,
       struct err *err)
{
	OWNED(pg_clearp) PGresult *r = NULL;

	if (catalog_run(c, id, a, &r, err) != ERR_OK)
		return err->code;
	if (strcmp(PQcmdTuples(r), "1") != 0)
		return err_set(err, ERR_BUG,
			       "job %u has no row in the catalog: it was deleted while it ran",
			       job_id);
	return ERR_OK;
}

enum err_code
cat_job_start(struct catalog *c, const struct cat_job *job, struct err *err)
{
	struct sql_args a = { .n = 0 };

	arg_letter(&a, job->status);
	arg_letter(&a, job->level);
	arg_time(&a, job->start_time);
	arg_u64(&a, job->client_id);
	arg_i64(&a, job->start_time);
	arg_u64(&a, job->pool_id);
	arg_u64(&a, job->file_set_id);
	arg_i64(&a, (int32_t)job->vol_session_id);
	arg_i64(&a, (int32_t)job->vol_session_time);
	arg_u64(&a, job->job_id);
	return update(c, SQL_JOB_START, &a, job->job_id, err);
}

/* Spec: catalog.md 4.1, 8.4 */
enum err_code
cat_job_end(struct catalog *c, const struct cat_job *job, struct err *err)
{
	struct sql_args a = { .n = 0 };
	int64_t now = clock_now();
	int64_t real_end = job->end_time > now ? job->end_time : now;

	if (job->real_end_time != 0)
		real_end = job->real_end_time;
	arg_letter(&a, job->status);
	arg_letter(&a, job->level);
	arg_time(&a, job->end_time != 0 ? job->end_time : real_end);
	arg_u64(&a, job->client_id);
	arg_u64(&a, job->job_bytes);
	arg_u64(&a, job->read_bytes);
	arg_i64(&a, (int32_t)job->job_files);
	arg_i64(&a, (int32_t)job->job_errors);
	arg_i64(&a, (int32_t)job->vol_session_id);
	arg_i64(&a, (int32_t)job->vol_session_time);
	arg_u64(&a, job->pool_id);
	arg_u64(&a, job->file_set_id);
	arg_i64(&a, real_end);
	arg_time(&a, real_end);
	arg_u64(&a, job->prior_job_id);
	arg_bool(&a, job->has_base);
	arg_bool(&a, job->purged_files);
	arg_u64(&a, job->job_id);
	return update(c, SQL_JOB_END, &a, job->job_id, err);
}

static enum err_code
get(struct catalog *c, enum sql_id id, const struct sql_args *a, struct cat_job *out, bool *found,
    struct err *err)
{
	OWNED(pg_clearp) PGresult *r = NULL;

	if (catalog_run(c, id, a, &r, err) != ERR_OK)
		return err->code;
	*found = PQntuples(r) > 0;
	if (*found)
		job_from_row(r, 0, out);
	return ERR_OK;
}

enum err_code
cat_job_get(struct catalog *c, uint32_t job_id, struct cat_job *out, bool *found, struct err *err)
{
	struct sql_args a = { .n = 0 };

	arg_u64(&a, job_id);
	return get(c, SQL_JOB_GET, &a, out, found, err);
}

enum err_code
cat_job_level_facts(struct catalog *c, const struct cat_level_key *key, struct cat_level_facts *out,
		    struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	arg_letter(&a, key->type);
	arg_text(&a, key->name);
	arg_u64(&a, key->client_id);
	arg_u64(&a, key->file_set_id);
	if (catalog_run(c, SQL_JOB_LEVEL_FACTS, &a, &r, err) != ERR_OK)
		return err->code;
	*out = (struct cat_level_facts){ 0 };
	for (int i = 0; i < PQntuples(r); i++) {
		const char *what = PQgetvalue(r, i, 0);
		uint32_t job_id = cell_u32(r, i, 1);
		int64_t start = cell_time(r, i, 3);

		if (strcmp(what, "full") == 0) {
			out->full_job_id = job_id;
			out->full_start = start;
		} else if (strcmp(what, "diff") == 0) {
			out->diff_job_id = job_id;
			out->diff_start = start;
		} else if (strcmp(what, "newest") == 0) {
			out->newest_job_id = job_id;
			out->newest_start = start;
		} else {
			out->failed_job_id = job_id;
			out->failed_level = cell_letter(r, i, 2);
			out->failed_start = start;
		}
	}
	return ERR_OK;
}

/* Without a limit also those that are ahead of a clock that was set back. */
static int64_t
before_or_all(int64_t before)
{
	return before != 0 ? before : clock_now() + AHEAD_SECONDS;
}

enum err_code
cat_restore_recent(struct catalog *c, const struct cat_recent_key *key, struct cat_jobs *out,
		   struct err *err)
{
	struct sql_args a = { .n = 0 };

	arg_u64(&a, key->client_id);
	arg_letter(&a, key->type != 0 ? key->type : 'B');
	arg_time(&a, before_or_all(key->before));
	arg_u64(&a, key->last);
	arg_text(&a, key->fileset);
	arg_bool(&a, key->locked);
	arg_text(&a, key->pool);
	return list(c, SQL_JOB_RESTORE_RECENT, &a, out, err);
}

enum err_code
cat_job_list_running(struct catalog *c, struct cat_jobs *out, struct err *err)
{
	return list(c, SQL_JOB_LIST_RUNNING, NULL, out, err);
}

enum err_code
cat_job_clean_up(struct catalog *c, uint32_t *n, struct err *err)
{
	OWNED(pg_clearp) PGresult *r = NULL;

	if (catalog_run(c, SQL_JOB_CLEAN_UP, NULL, &r, err) != ERR_OK)
		return err->code;
	*n = (uint32_t)strtoul(PQcmdTuples(r), NULL, 10);
	return ERR_OK;
}
