/*
 * director/conf/dir_validate.c - what several values or resources must agree on
 *
 * Only resources that parsed without error are judged.  Spec: config.md 7.3
 */
#include "director/conf/dir_conf_internal.h"

#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/files/rename.h"

#include <string.h>
#include <strings.h>

static bool
is_copying(const struct dir_job *job)
{
	return job->type == JOB_COPY || job->type == JOB_MIGRATE;
}

static void
missing(struct conf_diag *d, const struct dir_job *job, const char *what)
{
	conf_error(d, &job->res.end, "Job \"%s\" has no %s", job->name, what);
	conf_also(d, "it was opened at %s:%u; a JobDefs may give it", job->res.pos.file,
		  job->res.pos.line);
}

static bool
level_fits(const struct dir_job *job, int level)
{
	switch (job->type) {
	case JOB_BACKUP:
		return strchr("FIDfB", level) != NULL;
	case JOB_VERIFY:
		return strchr("VCOdA", level) != NULL;
	default:
		return true;
	}
}

/* Verify jobs often have the Schedule of the backups that they follow. */
static void
check_schedule(struct conf_diag *d, const struct dir_job *job)
{
	size_t n = job->type == JOB_BACKUP && job->schedule != NULL ? job->schedule->n_run : 0;

	for (size_t i = 0; i < n; i++) {
		const struct dir_run *run = job->schedule->run[i];

		if (run->spec.level == 0 || level_fits(job, run->spec.level))
			continue;
		conf_warn(d, CONF_W_NONE, &run->pos,
			  "this level does not fit the %s job \"%s\", which has this Schedule",
			  job_type_text((int)job->type), job->name);
		return;
	}
}

static void
check_copy(struct conf_diag *d, const struct dir_job *job)
{
	const struct dir_pool *to = job->next_pool != NULL ? job->next_pool
				    : job->pool != NULL    ? job->pool->next_pool
							   : NULL;

	if (job->selection_type == SELECT_NONE)
		missing(d, job, "SelectionType");
	if (to == NULL) {
		conf_error(d, &job->res.end, "Job \"%s\" has no pool to write to", job->name);
		conf_help(d, "set NextPool in the Job or in Pool \"%s\"", job->pool->name);
	} else if (to == job->pool) {
		conf_error(d, conf_res_pos(&job->res, "Pool"),
			   "Job \"%s\" reads from and writes to the same Pool \"%s\"", job->name,
			   to->name);
	}
	if (job->type == JOB_MIGRATE && job->selection_type == SELECT_POOL_UNCOPIED_JOBS)
		conf_error(d, conf_res_pos(&job->res, "SelectionType"),
			   "PoolUncopiedJobs is for Copy jobs");
}

static void
check_always_incremental(struct conf_diag *d, const struct dir_job *job)
{
	static const char *const names[] = { "AlwaysIncremental", "AlwaysIncrementalJobRetention",
					     "AlwaysIncrementalKeepNumber",
					     "AlwaysIncrementalMaxFullAge" };

	for (size_t i = 0; job->type != JOB_BACKUP && i < 4; i++)
		if (conf_res_has(&job->res, names[i]))
			conf_error(d, conf_res_pos(&job->res, names[i]),
				   "%s belongs to Backup jobs only", names[i]);
	if (job->type != JOB_CONSOLIDATE && conf_res_has(&job->res, "MaxFullConsolidations"))
		conf_error(d, conf_res_pos(&job->res, "MaxFullConsolidations"),
			   "MaxFullConsolidations belongs to Consolidate jobs only");
}

/* What does not run, or not as it says. */
static void
check_in_force(struct conf_diag *d, const struct dir_job *job)
{
	bool backup = job->type == JOB_BACKUP;

	if (!backup && job->type != JOB_RESTORE && job->type != JOB_ADMIN)
		conf_warn(d, CONF_W_NONE, conf_res_pos(&job->res, "Type"),
			  "Job \"%s\": %s jobs are not in force yet, each run fails", job->name,
			  job_type_text((int)job->type));
	else if (backup && job->level == LEVEL_VIRTUAL_FULL)
		conf_warn(d, CONF_W_NONE, conf_res_pos(&job->res, "Level"),
			  "Job \"%s\": level %s is not in force yet, each run fails", job->name,
			  job_level_text((int)job->level));
	else if (backup && job->level == LEVEL_BASE)
		conf_warn(d, CONF_W_NONE, conf_res_pos(&job->res, "Level"),
			  "Job \"%s\": base jobs are not supported, each run is a Full", job->name);
}

/* A restore would fail with it when all is chosen. */
static void
check_relocation(struct conf_diag *d, const struct dir_job *job)
{
	OWNED(rename_rules_freep) struct rename_rules *rules = NULL;
	struct err why = ERR_INIT;

	if (job->regex_where != NULL && rename_rules_new(job->regex_where, &rules, &why) != ERR_OK)
		conf_error(d, conf_res_pos(&job->res, "RegexWhere"), "Job \"%s\": %s", job->name,
			   why.text);
}

static void
check_job(struct conf_diag *d, const struct dir_job *job)
{
	bool storage;

	if (!conf_res_is_good(&job->res))
		return;
	check_always_incremental(d, job);
	if (is_copying(job)) {
		check_copy(d, job);
	} else {
		storage = job->n_storage > 0 || (job->pool != NULL && job->pool->n_storage > 0);
		if (job->client == NULL && job->type != JOB_ADMIN && job->type != JOB_CONSOLIDATE)
			missing(d, job, "Client");
		if (job->file_set == NULL && job->type != JOB_ADMIN)
			missing(d, job, "FileSet");
		if (!storage && job->type != JOB_ADMIN)
			missing(d, job, "Storage, and neither has its Pool");
	}
	if (job->type == JOB_RESTORE && job->where != NULL && job->where[0] != '\0' &&
	    !path_is_whole(job->where)) {
		conf_error(d, conf_res_pos(&job->res, "Where"),
			   "Where = %s of Job \"%s\" is no whole path", job->where, job->name);
		conf_help(d, "write it from the root, like /%s; / restores to the original place",
			  job->where);
	}
	check_relocation(d, job);
	check_schedule(d, job);
	if (!level_fits(job, (int)job->level))
		conf_warn(d, CONF_W_NONE, conf_res_pos(&job->res, "Level"),
			  "level %s does not fit a %s job", job_level_text((int)job->level),
			  job_type_text((int)job->type));
	check_in_force(d, job);
}

static bool
is_loopback(const char *address)
{
	return strcasecmp(address, "localhost") == 0 || strncmp(address, "127.", 4) == 0 ||
	       strcmp(address, "::1") == 0;
}

static void
check_storages(struct dir_conf *c, struct conf_diag *d)
{
	for (size_t i = 0; i < c->n_storage; i++) {
		const struct dir_storage *s = c->storage[i];

		if (!conf_res_is_good(&s->res) || !is_loopback(s->address))
			continue;
		for (size_t k = 0; k < c->n_client; k++) {
			const struct dir_client *cl = c->client[k];

			if (!conf_res_is_good(&cl->res) || is_loopback(cl->address))
				continue;
			conf_warn(d, CONF_W_NONE, conf_res_pos(&s->res, "Address"),
				  "Client \"%s\" is told to reach Storage \"%s\" at %s, which is "
				  "the client itself",
				  cl->name, s->name, s->address);
			conf_help(d, "use the name or address that clients know");
			break;
		}
	}
}

static void
check_pools(struct dir_conf *c, struct conf_diag *d)
{
	for (size_t i = 0; i < c->n_pool; i++) {
		const struct dir_pool *p = c->pool[i];

		if (!conf_res_is_good(&p->res))
			continue;
		if (p->purge_oldest_volume)
			conf_warn(d, CONF_W_NONE, conf_res_pos(&p->res, "PurgeOldestVolume"),
				  "PurgeOldestVolume destroys backups before their retention ends");
		if (p->label_type != CONF_LABEL_BAREOS)
			conf_error(d, conf_res_pos(&p->res, "LabelType"),
				   "ANSI and IBM labels are not supported");
	}
}

static void
check_consoles(struct dir_conf *c, struct conf_diag *d)
{
	for (size_t i = 0; i < c->n_console; i++) {
		const struct dir_console *con = c->console[i];
		bool lists = con->n_profile > 0;

		for (size_t k = 0; k < ACL_KINDS; k++)
			lists = lists || con->acl[k].entry.n > 0;
		if (!conf_res_is_good(&con->res))
			continue;
		if (con->use_pam_authentication && lists)
			conf_error(d, conf_res_pos(&con->res, "UsePamAuthentication"),
				   "a Console with UsePamAuthentication has no access lists and no "
				   "Profile; they belong to its Users");
		else if (!con->use_pam_authentication && !lists)
			conf_warn(d, CONF_W_NONE, &con->res.pos,
				  "Console \"%s\" has no access list and no Profile: it may do "
				  "nothing",
				  con->name);
	}
}

/* What stands behind *all* in an access list is never asked. */
static void
check_acl_order(struct conf_diag *d, const struct conf_res *res, const struct conf_acl *acl)
{
	static const char *const names[] = {
#define X(name, directive) directive,
		ACL_LIST(X)
#undef X
	};

	for (size_t k = 0; k < ACL_KINDS; k++)
		for (size_t i = 0; i + 1 < acl[k].entry.n; i++) {
			if (strcasecmp(acl[k].entry.v[i], "*all*") != 0)
				continue;
			conf_warn(d, CONF_W_SURPRISE, conf_res_pos(res, names[k]),
				  "%s: what follows *all* is never looked at", names[k]);
			conf_help(d, "put *all* last");
			break;
		}
}

static void
check_catalogs(struct dir_conf *c, struct conf_diag *d)
{
	for (size_t i = 0; i < c->n_catalog; i++) {
		const struct dir_catalog *cat = c->catalog[i];

		if (!conf_res_is_good(&cat->res) || cat->managed)
			continue;
		if (cat->db_name == NULL)
			conf_error(d, &cat->res.end, "Catalog \"%s\" has no DbName", cat->name);
		if (cat->db_user == NULL)
			conf_error(d, &cat->res.end, "Catalog \"%s\" has no DbUser", cat->name);
	}
	if (c->n_catalog == 0)
		conf_error(d, NULL, "the director needs a Catalog resource");
}

/* One file lies below another one of the same block. */
static void
check_nested(struct conf_diag *d, const struct dir_fileset *fs, const struct fileset_block *b)
{
	for (size_t i = 0; i < b->n_item; i++)
		for (size_t k = 0; k < b->n_item; k++) {
			const char *up = b->item[i].text, *down = b->item[k].text;
			size_t n = strlen(up);

			if (i == k || b->item[i].is_plugin || b->item[k].is_plugin ||
			    up[0] != '/' || n < 2 || strncmp(up, down, n) != 0 || down[n] != '/')
				continue;
			conf_note(d, &b->pos, "FileSet \"%s\": %s lies below %s", fs->name, down,
				  up);
		}
}

static void
check_main(struct dir_conf *c, struct conf_diag *d)
{
	size_t n;
	struct dir_director **v = (struct dir_director **)conf_gen_array(c->gen, "Director", &n);

	if (n == 0)
		conf_error(d, NULL, "the director needs a Director resource, its own");
	for (size_t i = 1; i < n; i++) {
		conf_error(d, &v[i]->res.pos, "a second Director resource");
		conf_also(d, "the first one is at %s:%u", v[0]->res.pos.file, v[0]->res.pos.line);
	}
	if (c->n_job == 0)
		conf_error(d, NULL, "the director needs at least one Job resource");
	if (n > 0)
		conf_check_directory(d, &v[0]->res, "WorkingDirectory", v[0]->working_directory);
}

void
dir_conf_validate(struct dir_conf *c, struct conf_diag *d)
{
	check_main(c, d);
	check_catalogs(c, d);
	for (size_t i = 0; i < c->n_job; i++)
		check_job(d, c->job[i]);
	check_pools(c, d);
	check_storages(c, d);
	check_consoles(c, d);
	for (size_t i = 0; i < c->n_console; i++)
		check_acl_order(d, &c->console[i]->res, c->console[i]->acl);
	for (size_t i = 0; i < c->n_profile; i++)
		check_acl_order(d, &c->profile[i]->res, c->profile[i]->acl);
	for (size_t i = 0; i < c->n_fileset; i++)
		for (size_t k = 0; k < c->fileset[i]->n_block; k++)
			if (!c->fileset[i]->block[k].exclude)
				check_nested(d, c->fileset[i], &c->fileset[i]->block[k]);
	conf_check_modes(c->gen, d);
	conf_note_not_in_force(c->gen, d);
}
