/* delete, purge.  Spec: console.md 9.4; catalog.md 10 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "director/job/job.h"
#include "director/shell/command.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/catalog/cat_purge.h"

#define NOTHING_DONE     "Nothing done."
#define DEPENDENTS_NAMED 20

static const char *const volume_keys[] = { "volume", "media", NULL };

/* ---- rights ---- */

static enum err_code
need_full(const struct shell *sh, enum acl_kind kind, const char *word, struct err *err)
{
	if (acl_unrestricted(sh, kind))
		return ERR_OK;
	return err_set(err, ERR_CONFIG, "Permission denied: need full %s permission.", word);
}

static enum err_code
need_all(const struct shell *sh, struct err *err)
{
	if (need_full(sh, ACL_CLIENT, "client", err) != ERR_OK ||
	    need_full(sh, ACL_JOB, "job", err) != ERR_OK ||
	    need_full(sh, ACL_POOL, "pool", err) != ERR_OK)
		return err->code;
	return need_full(sh, ACL_STORAGE, "storage", err);
}

/* ---- shared ---- */

/* A word that is not understood might have spared something. */
static enum err_code
judge_words(const struct shell *sh, const char *const *known, struct err *err)
{
	const char *word = args_unknown(&sh->args, 1, known);

	return word == NULL ? ERR_OK : err_set(err, ERR_CONFIG, "Invalid keyword: %s", word);
}

static enum err_code
refuse_in_use(struct shell *sh, const char *volume, struct err *err)
{
	if (job_uses_volume(director_jobs(sh->d), volume))
		return err_set(err, ERR_CONFIG, "Volume \"%s\" is in use by a running job.",
			       volume);
	return ERR_OK;
}

/* Jobs that this console may not see are not removed with a volume that it may. */
static enum err_code
refuse_hidden(struct shell *sh, const char *volume, struct err *err)
{
	OWNED(cat_table_release) struct cat_table all = { 0 };
	OWNED(table_release) struct table t = { 0 };
	struct cat_arg arg = { "volume", volume };
	struct catalog *c;

	/* All of them first: what is not listed is counted. */
	if (shell_catalog(sh, &c, err) != ERR_OK ||
	    cat_query(c, "list_jobs", &arg, 1, &all, err) != ERR_OK)
		return err->code;
	shell_table_from(&all, &t);
	shell_filter(sh, "list_jobs", &t);
	if (t.filtered > 0)
		return err_set(err, ERR_CONFIG,
			       "Volume \"%s\" holds %zu jobs that this console may not see: not "
			       "deleted.",
			       volume, t.filtered);
	return ERR_OK;
}

/* What is to go may be the ground that others stand on. */
static enum err_code
name_dependents(struct shell *sh, struct catalog *c, const uint32_t *ids, size_t n, struct err *err)
{
	OWNED(cat_jobs_release) struct cat_jobs jobs = { 0 };
	OWNED(buf_release) struct buf list = BUF_INIT(SIZE_MAX);

	if (n == 0)
		return ERR_OK;
	if (cat_purge_dependents(c, ids, n, &jobs, err) != ERR_OK)
		return err->code;
	for (size_t i = 0; i < jobs.n && i < DEPENDENTS_NAMED; i++)
		buf_text(&list, "%s%u", i > 0 ? ", " : "", jobs.v[i].job_id);
	if (jobs.n > DEPENDENTS_NAMED)
		buf_text(&list, " and %zu more", jobs.n - DEPENDENTS_NAMED);
	if (jobs.n > 0)
		out_info(sh->out,
			 "JobId %s %s saved on top of what is to be removed: without it only an "
			 "incomplete state can be restored. The next backup will not be based on "
			 "%s, and a restore takes %s only by jobid=.\n",
			 buf_str(&list), jobs.n == 1 ? "was" : "were", jobs.n == 1 ? "it" : "them",
			 jobs.n == 1 ? "it" : "them");
	return ERR_OK;
}

static enum err_code
name_dependents_of_volume(struct shell *sh, struct catalog *c, uint32_t media_id, struct err *err)
{
	OWNED(cat_jobs_release) struct cat_jobs jobs = { 0 };

	if (cat_purge_jobs_of_volume(c, media_id, 0, &jobs, err) != ERR_OK)
		return err->code;
	OWNED(freep) uint32_t *ids = NEW_ARRAY(uint32_t, jobs.n + 1);
	for (size_t i = 0; i < jobs.n; i++)
		ids[i] = jobs.v[i].job_id;
	return name_dependents(sh, c, ids, jobs.n, err);
}

static enum err_code
purge_of_volume(struct catalog *c, const struct cat_media *m, size_t *n, struct err *err)
{
	OWNED(cat_jobs_release) struct cat_jobs jobs = { 0 };

	if (cat_purge_jobs_of_volume(c, m->media_id, 0, &jobs, err) != ERR_OK)
		return err->code;
	OWNED(freep) uint32_t *ids = NEW_ARRAY(uint32_t, jobs.n + 1);
	for (size_t i = 0; i < jobs.n; i++)
		ids[i] = jobs.v[i].job_id;
	*n = jobs.n;
	return jobs.n == 0 ? ERR_OK : cat_purge_jobs(c, ids, jobs.n, err);
}

/* ---- delete ---- */

static enum err_code
delete_volume(struct shell *sh, const char *name, struct err *err)
{
	static const char *const known[] = { "volume", "media", "pool", "catalog", "yes", NULL };
	OWNED(freep) char *asked = NULL;
	struct cat_media m;
	struct catalog *c;
	bool yes = false;
	size_t n = 0;

	if (judge_words(sh, known, err) != ERR_OK)
		return err->code;
	if (name == NULL && shell_ask_volume(sh, &asked, err) != ERR_OK)
		return err->code;
	if (shell_catalog(sh, &c, err) != ERR_OK ||
	    shell_find_volume(sh, name != NULL ? name : asked, &m, NULL, err) != ERR_OK ||
	    refuse_in_use(sh, m.name, err) != ERR_OK || refuse_hidden(sh, m.name, err) != ERR_OK)
		return err->code;
	if (sh->batch && !args_has(&sh->args, "yes"))
		return err_set(err, ERR_CONFIG, "delete volume=%s: say yes in batch mode", m.name);
	if (name_dependents_of_volume(sh, c, m.media_id, err) != ERR_OK)
		return err->code;
	out_text(sh->out,
		 "\nThis command will delete volume %s\n"
		 "and all Jobs saved on that volume from the Catalog\n",
		 m.name);
	if (ask_confirm(sh, &yes, err, "Are you sure you want to delete Volume \"%s\"? (yes/no): ",
			m.name) != ERR_OK)
		return err->code;
	if (!yes)
		return err_set(err, ERR_CANCELED, NOTHING_DONE);
	/* A job may have come to it while the person thought. */
	if (refuse_in_use(sh, m.name, err) != ERR_OK)
		return err->code;
	if (cat_purge_delete_volume(c, m.media_id, &n, err) != ERR_OK)
		return err_ctx(err, "Volume \"%s\" is not deleted", m.name);
	if (n > 0)
		out_text(sh->out, "%zu Job%s removed from the catalog.\n", n, n == 1 ? "" : "s");
	out_info(sh->out, "Volume %s deleted.\n", m.name);
	out_open_object(sh->out, "deleted");
	out_open_array(sh->out, "volumes");
	out_string(sh->out, NULL, m.name);
	out_close(sh->out);
	out_close(sh->out);
	return ERR_OK;
}

/* Jobs that exist, may be seen, and do not run. */
static enum err_code
judge_jobs(struct shell *sh, struct catalog *c, uint32_t *ids, size_t *n, struct err *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++) {
		struct cat_job job;
		bool found = false;

		if (cat_job_get(c, ids[i], &job, &found, err) != ERR_OK)
			return err->code;
		if (!found || !acl_allows(sh, ACL_JOB, job.name)) {
			out_error(sh->out, "Illegal JobId %u ignored\n", ids[i]);
			continue;
		}
		if (job_is_alive(director_jobs(sh->d), ids[i])) {
			out_error(sh->out, "JobId %u is running: not deleted\n", ids[i]);
			continue;
		}
		ids[kept++] = ids[i];
	}
	*n = kept;
	return ERR_OK;
}

static enum err_code
delete_jobs(struct shell *sh, const char *list, struct err *err)
{
	static const char *const known[] = { "jobid", "catalog", "yes", NULL };
	OWNED(freep) char *asked = NULL;
	OWNED(freep) uint32_t *ids = NULL;
	struct catalog *c;
	bool yes = sh->batch;
	size_t n = 0;

	if (judge_words(sh, known, err) != ERR_OK)
		return err->code;
	if (list == NULL && ask_text(sh, &asked, err, "Enter JobId to delete: ") != ERR_OK)
		return err->code;
	if (list == NULL)
		list = asked;
	if (!shell_job_ids(list, &ids, &n))
		return err_set(err, ERR_CONFIG, "Illegal JobId %s ignored", list);
	if (shell_catalog(sh, &c, err) != ERR_OK || judge_jobs(sh, c, ids, &n, err) != ERR_OK)
		return err->code;
	if (name_dependents(sh, c, ids, n, err) != ERR_OK)
		return err->code;
	if (n > 0 && !yes &&
	    ask_confirm(sh, &yes, err,
			"Are you sure you want to delete %zu JobIds ? (yes/no): ", n) != ERR_OK)
		return err->code;
	if (n > 0 && !yes)
		return err_set(err, ERR_CANCELED, NOTHING_DONE);
	if (n > 0 && cat_purge_jobs(c, ids, n, err) != ERR_OK)
		return err->code;
	out_open_object(sh->out, "deleted");
	out_open_array(sh->out, "jobids");
	for (size_t i = 0; i < n; i++) {
		char text[16];

		(void)snprintf(text, sizeof(text), "%u", ids[i]);
		out_text(sh->out, "Jobid %s and associated records deleted from the catalog.\n",
			 text);
		out_string(sh->out, NULL, text);
	}
	out_close(sh->out);
	out_close(sh->out);
	return ERR_OK;
}

enum err_code
cmd_delete(struct shell *sh, struct err *err)
{
	static const char *const items[] = { "volume", "jobid" };
	static const struct ask_list ask = { .kind = "item",
					     .header = "In general it is not a good idea to delete "
						       "either a\nPool or a Volume since they may "
						       "contain data.\n\nYou have the following "
						       "choices:",
					     .question = "Choose catalog item to delete",
					     .items = items,
					     .n = 2 };
	const char *volume = args_value_of(&sh->args, volume_keys);
	size_t at;

	if (volume != NULL || args_has(&sh->args, "volume"))
		return delete_volume(sh, volume, err);
	if (args_has(&sh->args, "jobid"))
		return delete_jobs(sh, args_value(&sh->args, "jobid"), err);
	if (args_has(&sh->args, "pool") || args_has(&sh->args, "storage"))
		return err_set(err, ERR_CONFIG, "delete %s: is not available in this version yet",
			       args_has(&sh->args, "pool") ? "pool" : "storage");
	if (ask_select(sh, &ask, &at, err) != ERR_OK)
		return err->code;
	return at == 0 ? delete_volume(sh, NULL, err) : delete_jobs(sh, NULL, err);
}

/* ---- purge ---- */

static enum err_code
confirm_purge(struct shell *sh, const char *what, size_t n, struct err *err)
{
	bool yes = false;

	out_text(sh->out,
		 "\nThis command can be DANGEROUS!!!\n\n"
		 "It purges (deletes) records of %zu Job%s (%s)\n"
		 "without regard to retention periods.\n",
		 n, n == 1 ? "" : "s", what);
	if (sh->batch && !args_has(&sh->args, "yes"))
		return err_set(err, ERR_CONFIG, "purge: say yes in batch mode");
	if (ask_confirm(sh, &yes, err, "Purge (yes/no)? ") != ERR_OK)
		return err->code;
	return yes ? ERR_OK : err_set(err, ERR_CANCELED, "Purge canceled.");
}

static enum err_code
purge_volume(struct shell *sh, const char *name, struct err *err)
{
	static const char *const known[] = { "volume", "media", "jobs", "catalog", "yes", NULL };
	OWNED(cat_jobs_release) struct cat_jobs jobs = { 0 };
	struct cat_media m;
	struct catalog *c;
	bool purged = false;
	size_t n = 0;

	if (args_value(&sh->args, "action") != NULL)
		return err_set(err, ERR_CONFIG,
			       "purge action=: is not available in this version yet");
	if (judge_words(sh, known, err) != ERR_OK || shell_catalog(sh, &c, err) != ERR_OK ||
	    shell_find_volume(sh, name, &m, NULL, err) != ERR_OK ||
	    refuse_in_use(sh, m.name, err) != ERR_OK ||
	    cat_purge_jobs_of_volume(c, m.media_id, 0, &jobs, err) != ERR_OK)
		return err->code;
	OWNED(freep) char *what = str_printf("volume %s", m.name);
	if (name_dependents_of_volume(sh, c, m.media_id, err) != ERR_OK ||
	    confirm_purge(sh, what, jobs.n, err) != ERR_OK ||
	    refuse_in_use(sh, m.name, err) != ERR_OK)
		return err->code;
	if (jobs.n == 0)
		out_info(sh->out, "No Jobs found for media %s to purge from catalog.\n", m.name);
	if (purge_of_volume(c, &m, &n, err) != ERR_OK ||
	    cat_purge_mark_volume(c, m.media_id, true, &purged, err) != ERR_OK)
		return err->code;
	if (n > 0)
		out_info(sh->out, "%zu Job%s on volume \"%s\" purged from catalog.\n", n,
			 n == 1 ? "" : "s", m.name);
	if (purged)
		out_info(sh->out,
			 "There are no more Jobs associated with Volume \"%s\". Marking it "
			 "purged.\n",
			 m.name);
	return ERR_OK;
}

/* Ids of the jobs that a list with these parameters names. */
static enum err_code
jobs_by(struct shell *sh, const struct cat_arg *args, size_t n_args, uint32_t **ids, size_t *n,
	struct err *err)
{
	OWNED(table_release) struct table t = { 0 };
	uint64_t v;

	if (shell_query(sh, "list_jobs", args, n_args, &t, err) != ERR_OK)
		return err->code;
	*ids = NEW_ARRAY(uint32_t, table_rows(&t) + 1);
	for (size_t r = 0; r < table_rows(&t); r++) {
		if (!shell_number(table_at(&t, r, "jobid"), &v) || v > UINT32_MAX)
			continue;
		if (job_is_alive(director_jobs(sh->d), (uint32_t)v))
			continue;
		(*ids)[(*n)++] = (uint32_t)v;
	}
	return ERR_OK;
}

/* "3,5-7" as the lists take it; owned. */
static enum err_code
id_list(const char *text, char **out, struct err *err)
{
	OWNED(buf_release) struct buf list = BUF_INIT(SIZE_MAX);
	OWNED(freep) uint32_t *ids = NULL;
	size_t n = 0;

	if (!shell_job_ids(text, &ids, &n))
		return err_set(err, ERR_CONFIG, "Illegal JobId %s ignored", text);
	for (size_t i = 0; i < n; i++)
		if (ids[i] <= INT32_MAX)
			buf_text(&list, "%s%u", list.len > 0 ? "," : "", ids[i]);
	*out = buf_take_str(&list);
	return ERR_OK;
}

/* What the words select, for the list of jobs and for people. */
struct selection {
	struct cat_arg args[5];
	size_t n;
	char *ids;             /* owned, of args */
	struct buf what, said; /* "client a pool b"; " on client "a" in pool "b"" */
};

static void
selection_release(struct selection *s)
{
	free(s->ids);
	buf_release(&s->what);
	buf_release(&s->said);
}

/* All words together. */
static enum err_code
select_jobs(struct shell *sh, bool files_only, struct selection *s, struct err *err)
{
	static const struct {
		const char *key, *parameter, *said;
	} by[] = {
		{ "jobid", "jobids", "with jobid" },
		{ "client", "client", "on client" },
		{ "job", "name", "named" },
		{ "pool", "pool", "in pool" },
	};
	static const char *const known[] = { "jobid", "client",  "job", "pool", "files",
					     "jobs",  "catalog", "yes", NULL };

	if (judge_words(sh, known, err) != ERR_OK)
		return err->code;
	for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++) {
		const char *v = args_value(&sh->args, by[i].key);

		if (v == NULL)
			continue;
		if (i == 0 && !files_only)
			return err_set(err, ERR_CONFIG, "purge jobs jobid=: use delete jobid=");
		if (i == 0 && id_list(v, &s->ids, err) != ERR_OK)
			return err->code;
		s->args[s->n++] = (struct cat_arg){ by[i].parameter, i == 0 ? s->ids : v };
		buf_text(&s->what, "%s%s %s", s->what.len > 0 ? " " : "", by[i].key, v);
		buf_text(&s->said, " %s \"%s\"", by[i].said, v);
	}
	if (s->n == 0)
		return err_set(err, ERR_CONFIG, "purge %s needs one of %sclient=, job=, pool=",
			       files_only ? "files" : "jobs", files_only ? "jobid=, " : "");
	s->args[s->n++] = (struct cat_arg){ "type", "B,A" };
	return ERR_OK;
}

static enum err_code
purge_selected(struct shell *sh, bool files_only, struct err *err)
{
	OWNED(selection_release)
	struct selection s = { .what = BUF_INIT(SIZE_MAX), .said = BUF_INIT(SIZE_MAX) };
	OWNED(freep) uint32_t *ids = NULL;
	struct catalog *c;
	size_t n = 0;

	if (select_jobs(sh, files_only, &s, err) != ERR_OK ||
	    shell_catalog(sh, &c, err) != ERR_OK ||
	    jobs_by(sh, s.args, s.n, &ids, &n, err) != ERR_OK)
		return err->code;
	if (n == 0) {
		out_info(sh->out, "No Jobs found for %s to purge from the catalog.\n",
			 buf_str(&s.what));
		return ERR_OK;
	}
	if ((!files_only && name_dependents(sh, c, ids, n, err) != ERR_OK) ||
	    confirm_purge(sh, buf_str(&s.what), n, err) != ERR_OK)
		return err->code;
	if ((files_only ? cat_purge_files(c, ids, n, err) : cat_purge_jobs(c, ids, n, err)) !=
	    ERR_OK)
		return err->code;
	out_info(sh->out, "%s%zu Job%s%s purged from catalog.\n", files_only ? "Files of " : "", n,
		 n == 1 ? "" : "s", buf_str(&s.said));
	return ERR_OK;
}

enum err_code
cmd_purge(struct shell *sh, struct err *err)
{
	static const char *const items[] = { "files", "jobs", "volume" };
	static const struct ask_list ask = { .kind = "item",
					     .header = "You have the following choices:",
					     .question = "Choose item to purge",
					     .items = items,
					     .n = 3 };
	const char *volume = args_value_of(&sh->args, volume_keys);
	OWNED(freep) char *asked = NULL;
	size_t at = 3;

	if (need_all(sh, err) != ERR_OK)
		return err->code;
	if (args_has(&sh->args, "files"))
		return purge_selected(sh, true, err);
	if (args_has(&sh->args, "quota"))
		return err_set(err, ERR_CONFIG,
			       "purge quota: is not available in this version yet");
	if (volume != NULL)
		return purge_volume(sh, volume, err);
	if (args_has(&sh->args, "jobs"))
		return purge_selected(sh, false, err);
	if (!args_has(&sh->args, "volume") && ask_select(sh, &ask, &at, err) != ERR_OK)
		return err->code;
	if (at < 2)
		return purge_selected(sh, at == 0, err);
	if (shell_ask_volume(sh, &asked, err) != ERR_OK)
		return err->code;
	return purge_volume(sh, asked, err);
}
