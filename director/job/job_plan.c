#include "director/job/job_internal.h"

#include "lib/base/clock.h"

/* ---- pool; director.md 3.4 ---- */

/* Pools that a level chooses, the run entry's before the job's. */
struct level_pool {
	int level;
	size_t job_at, request_at; /* offsets of struct dir_pool * and char * */
	const char *job_source, *run_source;
};

static const struct level_pool level_pools[] = {
	{ LEVEL_FULL, offsetof(struct dir_job, full_backup_pool),
	  offsetof(struct job_request, full_pool), "Job FullPool override",
	  "Run FullPool override" },
	{ LEVEL_INCREMENTAL, offsetof(struct dir_job, incremental_backup_pool),
	  offsetof(struct job_request, inc_pool), "Job IncPool override", "Run IncPool override" },
	{ LEVEL_DIFFERENTIAL, offsetof(struct dir_job, differential_backup_pool),
	  offsetof(struct job_request, diff_pool), "Job DiffPool override",
	  "Run DiffPool override" },
	{ LEVEL_VIRTUAL_FULL, offsetof(struct dir_job, virtual_full_backup_pool),
	  offsetof(struct job_request, vfull_pool), "Job VFullPool override",
	  "Run VFullPool override" },
};

static bool
has_level_pool(const struct job_request *r)
{
	return r->full_pool != NULL || r->inc_pool != NULL || r->diff_pool != NULL ||
	       r->vfull_pool != NULL;
}

static enum err_code
resolve_pool(const struct dir_conf *conf, const char *name, struct dir_pool **out, struct err *err)
{
	struct dir_pool *p = dir_conf_find_pool(conf, name);

	if (p == NULL)
		return err_set(err, ERR_CONFIG, "Pool \"%s\" not found", name);
	*out = p;
	return ERR_OK;
}

/* Step 2 of 3.4. */
static enum err_code
choose_level_pool(const struct dir_conf *conf, const struct job_request *req, struct job_plan *p,
		  struct err *err)
{
	for (size_t i = 0; i < sizeof(level_pools) / sizeof(level_pools[0]); i++) {
		const struct level_pool *row = &level_pools[i];
		char *const *name;
		struct dir_pool *const *pool;

		if (row->level != p->level)
			continue;
		name = (char *const *)(const void *)((const char *)req + row->request_at);
		pool = (struct dir_pool *const *)(const void *)((const char *)p->job + row->job_at);
		if (*name != NULL) {
			p->pool_source = row->run_source;
			return resolve_pool(conf, *name, &p->pool, err);
		}
		if (*pool != NULL) {
			p->pool = *pool;
			p->pool_source = row->job_source;
		}
	}
	return ERR_OK;
}

static enum err_code
choose_pool(const struct dir_conf *conf, const struct job_request *req, bool force,
	    struct job_plan *p, struct err *err)
{
	bool by_level = force || req->pool == NULL || (req->from_run_entry && has_level_pool(req));

	p->pool = p->job->pool;
	p->pool_source = "Job resource";
	if (req->pool != NULL) {
		if (resolve_pool(conf, req->pool, &p->pool, err) != ERR_OK)
			return err->code;
		p->pool_source = req->from_run_entry ? "Run Pool override" : "command line";
	}
	if (p->type != JOB_BACKUP || !by_level)
		return ERR_OK;
	return choose_level_pool(conf, req, p, err);
}

static enum err_code
choose_next_pool(const struct dir_conf *conf, const struct job_request *req, struct job_plan *p,
		 struct err *err)
{
	p->next_pool = NULL;
	p->next_pool_source = "unknown source";
	if (req->next_pool != NULL) {
		p->next_pool_source = req->from_run_entry ? "Run NextPool override"
							  : "command line";
		return resolve_pool(conf, req->next_pool, &p->next_pool, err);
	}
	if (p->job->next_pool != NULL) {
		p->next_pool = p->job->next_pool;
		p->next_pool_source = "Job's NextPool resource";
	} else if (p->pool != NULL && p->pool->next_pool != NULL) {
		p->next_pool = p->pool->next_pool;
		p->next_pool_source = "Job Pool's NextPool resource";
	}
	return ERR_OK;
}

/* ---- storage, catalog; director.md 3.5 ---- */

static enum err_code
choose_storage(const struct dir_conf *conf, const struct job_request *req, struct job_plan *p,
	       struct err *err)
{
	struct dir_storage *st = NULL;

	p->storage_source = "unknown source";
	if (req->storage != NULL) {
		st = dir_conf_find_storage(conf, req->storage);
		if (st == NULL)
			return err_set(err, ERR_CONFIG, "Storage \"%s\" not found", req->storage);
		p->storage_source = req->from_run_entry ? "run override" : "command line";
	} else if (p->type == JOB_BACKUP && p->pool != NULL && p->pool->n_storage > 0) {
		st = p->pool->storage[0];
		p->storage_source = "Pool resource";
	} else if (p->job->n_storage > 0) {
		st = p->job->storage[0];
		p->storage_source = "Job resource";
	} else if (p->pool != NULL && p->pool->n_storage > 0) {
		st = p->pool->storage[0];
		p->storage_source = "Pool resource";
	}
	p->write_storage = p->type == JOB_BACKUP ? st : NULL;
	p->read_storage = p->type == JOB_RESTORE || p->type == JOB_VERIFY ? st : NULL;
	return ERR_OK;
}

static enum err_code
choose_catalog(const struct dir_conf *conf, const struct job_request *req, struct job_plan *p,
	       struct err *err)
{
	const struct dir_client *cl = p->client;

	if (req->catalog != NULL) {
		p->catalog = dir_conf_find_catalog(conf, req->catalog);
		p->catalog_source = "user input";
		if (p->catalog == NULL)
			return err_set(err, ERR_CONFIG, "Catalog \"%s\" not found", req->catalog);
	} else if (p->pool != NULL && p->pool->catalog != NULL) {
		p->catalog = p->pool->catalog;
		p->catalog_source = "Pool resource";
	} else if (p->job->catalog != NULL) {
		p->catalog = p->job->catalog;
		p->catalog_source = "Job resource";
	} else if (cl != NULL && cl->catalog != NULL) {
		p->catalog = cl->catalog;
		p->catalog_source = "Client resource";
	} else {
		p->catalog = conf->n_catalog > 0 ? conf->catalog[0] : NULL;
		p->catalog_source = "Default catalog";
	}
	return ERR_OK;
}

/* ---- the rest ---- */

static enum err_code
choose_names(const struct dir_conf *conf, const struct job_request *req, struct job_plan *p,
	     struct err *err)
{
	p->client = p->job->client;
	if (p->type == JOB_RESTORE && p->job->restore_client != NULL)
		p->client = p->job->restore_client;
	if (req->client != NULL)
		p->client = dir_conf_find_client(conf, req->client);
	if (req->client != NULL && p->client == NULL)
		return err_set(err, ERR_CONFIG, "Client \"%s\" not found", req->client);
	p->fileset = p->job->file_set;
	if (req->fileset != NULL)
		p->fileset = dir_conf_find_fileset(conf, req->fileset);
	if (req->fileset != NULL && p->fileset == NULL)
		return err_set(err, ERR_CONFIG, "FileSet \"%s\" not found", req->fileset);
	p->messages = p->job->messages;
	if (req->messages != NULL)
		p->messages = dir_conf_find_messages(conf, req->messages);
	if (req->messages != NULL && p->messages == NULL)
		return err_set(err, ERR_CONFIG, "Messages \"%s\" not found", req->messages);
	return ERR_OK;
}

static void
choose_values(const struct job_request *req, struct job_plan *p)
{
	const struct dir_job *job = p->job;

	p->level = req->level != 0 ? req->level : (int)job->level;
	p->replace = req->replace != 0 ? req->replace : (int)job->replace;
	p->priority = req->priority != 0 ? req->priority : (int)job->priority;
	p->when = req->when != 0 ? req->when : clock_now();
	p->bootstrap = req->bootstrap != NULL ? req->bootstrap : job->bootstrap;
	p->where = req->where;
	p->regex_where = req->regex_where;
	if (req->where == NULL && req->regex_where == NULL) {
		p->regex_where = job->regex_where;
		p->where = job->regex_where == NULL ? job->where : NULL;
	}
	p->spool_data = req->spool_data == CHOICE_UNSET ? job->spool_data
							: req->spool_data == CHOICE_YES;
	p->accurate = req->accurate == CHOICE_UNSET ? job->accurate : req->accurate == CHOICE_YES;
}

enum err_code
job_plan_make(struct dir_conf *conf, const struct job_request *req, struct job_plan *out,
	      struct err *err)
{
	struct job_plan p = { .job = NULL };

	if (req->job == NULL)
		return err_set(err, ERR_CONFIG, "A job name must be specified");
	p.job = dir_conf_find_job(conf, req->job);
	if (p.job == NULL)
		return err_set(err, ERR_CONFIG, "Job \"%s\" not found", req->job);
	p.type = (int)p.job->type;
	choose_values(req, &p);
	if (choose_names(conf, req, &p, err) != ERR_OK ||
	    choose_pool(conf, req, false, &p, err) != ERR_OK ||
	    choose_next_pool(conf, req, &p, err) != ERR_OK ||
	    choose_storage(conf, req, &p, err) != ERR_OK ||
	    choose_catalog(conf, req, &p, err) != ERR_OK)
		return err_ctx(err, "job %s", req->job);
	if (p.type == JOB_BACKUP &&
	    (p.client == NULL || p.fileset == NULL || p.pool == NULL || p.write_storage == NULL))
		return err_set(err, ERR_CONFIG,
			       "job %s: a backup needs a Client, a FileSet, a Pool and a Storage",
			       req->job);
	if (p.type == JOB_RESTORE && p.client == NULL)
		return err_set(err, ERR_CONFIG, "job %s: a restore needs a Client", req->job);
	*out = p;
	return ERR_OK;
}

enum err_code
job_plan_relevel(struct dir_conf *conf, const struct job_request *req, int level,
		 struct job_plan *plan, struct err *err)
{
	struct job_plan p = *plan;

	p.level = level;
	if (choose_pool(conf, req, true, &p, err) != ERR_OK ||
	    choose_next_pool(conf, req, &p, err) != ERR_OK ||
	    choose_storage(conf, req, &p, err) != ERR_OK)
		return err->code;
	*plan = p;
	return ERR_OK;
}
