/*
 * director/job/job_setup.c - the rows a job needs, its level, pool and storage
 */
#include "director/job/job_internal.h"

#include "lib/base/clock.h"
#include "lib/base/num.h"
#include "lib/catalog/cat_client.h"
#include "lib/catalog/cat_fileset.h"
#include "lib/catalog/cat_storage.h"
#include "lib/proto/scan.h"

#include <stdio.h>

/* ---- unique names; director.md 3.1 ---- */

#define NAMES_PER_SECOND 60u

/* The counter of unique names of this process. */
static struct {
	struct mutex lock; /* RANK_LEAF */
	unsigned next;     /* 0..59 */
	int64_t second;    /* of the last name */
	unsigned used;     /* names made in it */
} names = { .lock = { .m = PTHREAD_MUTEX_INITIALIZER, .rank = RANK_LEAF } };

/* False: this second is used up. */
static bool
next_number(int64_t now, unsigned *out)
{
	bool ok;

	mutex_lock(&names.lock);
	if (names.second != now) {
		names.second = now;
		names.used = 0;
	}
	ok = names.used < NAMES_PER_SECOND;
	if (ok) {
		names.used++;
		*out = names.next;
		names.next = (names.next + 1) % NAMES_PER_SECOND;
	}
	mutex_unlock(&names.lock);
	return ok;
}

void
job_make_name(const char *resource, char out[JOB_NAME_SIZE])
{
	char stamp[40];
	unsigned n = 0;
	int64_t now;
	size_t room;

	while (!next_number(now = clock_now(), &n))
		clock_pause_ms(100);
	clock_format(now, "%Y-%m-%d_%H.%M.%S", stamp, sizeof(stamp));
	room = JOB_NAME_SIZE - 1 - strlen(stamp) - 4; /* a dot, "_" and the number */
	(void)snprintf(out, JOB_NAME_SIZE, "%.*s.%s_%02u", (int)room, resource, stamp, n);
	for (char *p = out; *p != '\0'; p++)
		if (*p == ' ')
			*p = '_';
}

/* ---- pool rows ---- */

void
cat_pool_of(const struct dir_pool *pool, struct cat_pool *out)
{
	*out = (struct cat_pool){ 0 };
	str_copy(out->name, sizeof(out->name), pool->name);
	str_copy(out->type, sizeof(out->type), dir_pool_type_text(pool->pool_type));
	str_copy(out->label_format, sizeof(out->label_format), pool->label_format);
	str_copy(out->recycle_pool, sizeof(out->recycle_pool),
		 pool->recycle_pool != NULL ? pool->recycle_pool->name : NULL);
	str_copy(out->scratch_pool, sizeof(out->scratch_pool),
		 pool->scratch_pool != NULL ? pool->scratch_pool->name : NULL);
	out->max_vols = pool->maximum_volumes;
	out->use_catalog = pool->use_catalog;
	out->recycle = pool->recycle;
	out->auto_prune = pool->auto_prune;
	out->action_on_purge = pool->action_on_purge;
	out->vol_retention = pool->volume_retention;
	out->vol_use_duration = pool->volume_use_duration;
	out->max_vol_jobs = pool->maximum_volume_jobs;
	out->max_vol_files = pool->maximum_volume_files;
	out->max_vol_bytes = pool->maximum_volume_bytes;
	out->min_block_size = (uint32_t)u64_min(pool->minimum_block_size, UINT32_MAX);
	out->max_block_size = (uint32_t)u64_min(pool->maximum_block_size, UINT32_MAX);
	out->label_type = (uint32_t)pool->label_type;
}

enum err_code
job_pool_row(struct job *j, struct dir_pool *pool, struct cat_pool *out, struct err *err)
{
	bool found;
	enum err_code code = cat_pool_get(j->catalog, pool->name, out, &found, err);

	/* The row is that of the configuration in use, which may be younger than the job's. */
	if (code == ERR_OK && !found) {
		cat_pool_of(pool, out);
		code = cat_pool_sync(j->catalog, out, err);
	}
	return code == ERR_OK ? ERR_OK : err_ctx(err, "pool %s", pool->name);
}

static enum err_code
await_pool_row(struct job *j, struct dir_pool *pool, struct cat_pool *out, struct err *err)
{
	int64_t since = 0;
	enum err_code code;

	do {
		code = job_pool_row(j, pool, out, err);
	} while (code != ERR_OK && job_catalog_again(j, &since, err));
	return code;
}

/* ---- the job's row ---- */

void
job_row(struct job *j, struct cat_job *out)
{
	*out = (struct cat_job){ .job_id = j->id };
	str_copy(out->job, sizeof(out->job), j->unique);
	str_copy(out->name, sizeof(out->name), j->plan.job->name);
	out->type = (char)j->plan.type;
	out->level = (char)j->plan.level;
	out->client_id = j->client_id;
	out->pool_id = j->pool_id;
	out->file_set_id = j->file_set_id;
	out->prior_job_id = j->req.prior_job_id;
	out->vol_session_id = j->vol_session_id;
	out->vol_session_time = j->vol_session_time;
	mutex_lock(&j->lock);
	out->status = (char)j->status;
	out->sched_time = j->sched_time;
	out->start_time = j->start_time;
	out->end_time = j->end_time;
	out->job_files = j->fd.files;
	out->job_bytes = j->fd.bytes;
	out->read_bytes = j->fd.read_bytes;
	out->job_errors = j->errors + j->fd.errors + j->sd.errors;
	mutex_unlock(&j->lock);
	/* A restore's row holds level F.  Spec: director.md 14.7 */
	if (j->plan.type == JOB_RESTORE)
		out->level = LEVEL_FULL;
}

enum err_code
job_store_start(struct job *j, struct err *err)
{
	struct cat_job row;
	int64_t since = 0;
	int64_t now = job_clock_now(job_table_clock(director_jobs(j->d)));
	enum err_code code;

	mutex_lock(&j->lock);
	j->start_time = now;
	mutex_unlock(&j->lock);
	do {
		job_row(j, &row);
		if (!job_status_is_canceled(row.status))
			row.status = STATUS_RUNNING;
		code = cat_job_start(j->catalog, &row, err);
	} while (code != ERR_OK && job_catalog_again(j, &since, err));
	return code;
}

/* ---- level, pool, storage ---- */

static enum err_code
decide_fileset(struct job *j, struct err *err)
{
	struct buf text = BUF_INIT(16u * 1024 * 1024);
	struct dir_fileset *fs = j->plan.fileset;
	struct cat_fileset row = { .name = fs->name, .md5 = fs->md5 };
	enum err_code code;

	fileset_text(fs, &text);
	row.text = buf_str(&text);
	code = fs->ignore_file_set_changes ? cat_fileset_ensure_latest(j->catalog, &row, err)
					   : cat_fileset_ensure(j->catalog, &row, err);
	buf_release(&text);
	if (code != ERR_OK)
		return err_ctx(err, "FileSet %s", fs->name);
	j->file_set_id = row.file_set_id;
	j->fileset_created = row.create_time;
	return ERR_OK;
}

/* "2026-11-21 02:23:44" */
static bool
parse_since(const char *text, int64_t *out)
{
	struct tm tm = { .tm_isdst = -1 };

	if (!wire_scan(bytes_str(text), "%d-%d-%d %d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		       &tm.tm_hour, &tm.tm_min, &tm.tm_sec))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*out = clock_from_local(&tm);
	return true;
}

static void
say_reason(struct job *j, const struct level_choice *c)
{
	const char *text = level_reason_text(c->reason);

	if (c->reason == LEVEL_NO_PRIOR) {
		job_say(j, MSG_INFO, "%s", text);
		text = level_reason_text(LEVEL_FULL_NEEDED);
	}
	if (c->reason == LEVEL_PRIOR_FAILED)
		job_say(j, MSG_INFO, "Prior failed job found in catalog. Upgrading to %s.",
			job_level_text(c->level));
	else if (text != NULL)
		job_say(j, c->reason == LEVEL_UNFIT ? MSG_WARNING : MSG_INFO, "%s", text);
}

static enum err_code
decide_level(struct job *j, struct err *err)
{
	const struct dir_job *job = j->plan.job;
	const struct level_rules rules = {
		.level = j->req.level != 0 ? j->req.level : (int)job->level,
		.now = clock_now(),
		.max_full_interval = job->max_full_interval,
		.max_virtual_full_interval = job->max_virtual_full_interval,
		.max_diff_interval = job->max_diff_interval,
		.rerun_failed_levels = job->rerun_failed_levels,
	};
	const struct cat_level_key key = { .type = (char)j->plan.type,
					   .name = job->name,
					   .client_id = j->client_id,
					   .file_set_id = j->file_set_id };
	struct cat_level_facts facts = { 0 };
	struct level_choice old = j->choice;
	int64_t since;
	char when[32];

	if (j->req.since != NULL && parse_since(j->req.since, &j->choice.since)) {
		j->choice.level = rules.level;
		job_say(j, MSG_INFO, "Using since time from command line %s (%s)", j->req.since,
			clock_format(j->choice.since, "%Y-%m-%d %H:%M:%S", when, sizeof(when)));
		return ERR_OK;
	}
	if (rules.level == LEVEL_INCREMENTAL || rules.level == LEVEL_DIFFERENTIAL)
		if (cat_job_level_facts(j->catalog, &key, &facts, err) != ERR_OK)
			return err->code;
	level_choose(&rules, &facts, &j->choice);
	since = job_clock_since(job_table_clock(director_jobs(j->d)), j->choice.since);
	if (since != j->choice.since) {
		j->choice.since = since;
		job_say(j, MSG_INFO,
			"The clock was set back after JobId %u: files are chosen since %s.",
			j->choice.previous_job_id,
			clock_format(since, "%Y-%m-%d %H:%M:%S", when, sizeof(when)));
	}
	if (old.level != j->choice.level || old.reason != j->choice.reason)
		say_reason(j, &j->choice);
	return ERR_OK;
}

static enum err_code
decide_backup(struct job *j, struct err *err)
{
	struct job_plan plan;
	struct cat_pool row;
	char text[64];

	if (decide_fileset(j, err) != ERR_OK || decide_level(j, err) != ERR_OK ||
	    job_plan_make(j->conf, &j->req, &plan, err) != ERR_OK)
		return err->code;
	plan.when = j->plan.when;
	level_text(&j->choice, text, sizeof(text));
	if (j->choice.upgraded_from != 0 &&
	    job_plan_relevel(j->conf, &j->req, j->choice.level, &plan, err) != ERR_OK)
		return err->code;
	if (await_pool_row(j, plan.pool, &row, err) != ERR_OK)
		return err->code;
	j->pool_id = row.pool_id;
	mutex_lock(&j->lock);
	j->plan = plan;
	(void)snprintf(j->level_text, sizeof(j->level_text), "%s", text);
	mutex_unlock(&j->lock);
	return ERR_OK;
}

enum err_code
job_decide(struct job *j, struct err *err)
{
	j->decided_ms = clock_mono_ms();
	if (j->plan.type == JOB_BACKUP)
		return decide_backup(j, err);
	mutex_lock(&j->lock);
	(void)snprintf(j->level_text, sizeof(j->level_text), "%s",
		       j->plan.level == LEVEL_NONE ? "" : job_level_text(j->plan.level));
	mutex_unlock(&j->lock);
	return ERR_OK;
}
