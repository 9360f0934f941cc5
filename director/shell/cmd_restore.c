/* restore: from the jobs and files chosen to a bootstrap and a job.  Spec: console.md 8 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <stdatomic.h>

#include "director/shell/command.h"
#include "director/shell/restore.h"
#include "director/shell/run_request.h"
#include "lib/base/fd.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/catalog/cat_client.h"
#include "lib/catalog/cat_restore.h"
#include "lib/proto/bootstrap.h"

/* Runs of FileIndexes that are named; each has one file at least, and the statement ends there. */
#define UNMARKED_MAX 100u

static atomic_uint next_bootstrap = 1; /* number in the names of bootstrap files */

/* Words that restore knows. */
static const char *const known[] = {
	"jobid",      "current",       "before",        "file",    "directory",    "select",
	"pool",       "all",           "fileregex",     "client",  "storage",      "fileset",
	"where",      "yes",           "bootstrap",     "done",    "strip_prefix", "add_prefix",
	"add_suffix", "regexwhere",    "restoreclient", "copies",  "comment",      "restorejob",
	"replace",    "pluginoptions", "archive",       "catalog", "backupformat", "fd",
	"sd",         "job",           "priority",      "when",    NULL,
};
static const char *const storage_keys[] = { "storage", "sd", NULL };

static enum err_code
judge_words(struct shell *sh, struct err *err)
{
	const char *word = args_unknown(&sh->args, 1, known);

	return word == NULL ? ERR_OK : err_set(err, ERR_CONFIG, "Unknown keyword: %s", word);
}

/* ---- the bootstrap: director.md 14.6 ---- */

struct writer {
	struct shell *sh;
	struct restore *r;
	struct buf text;
	struct str_list volumes, storages; /* as shown, each volume once */
};

static void
note_volume(struct writer *w, const struct cat_bsr_row *row, const char *storage)
{
	if (str_list_has(&w->volumes, row->volume))
		return;
	str_list_add(&w->volumes, row->volume);
	str_list_add(&w->storages, storage);
}

static const char *
storage_of(const struct writer *w, const struct cat_bsr_row *row)
{
	const char *given = args_value_of(&w->sh->args, storage_keys);

	if (given != NULL && given[0] != '\0')
		return given;
	if (row->storage[0] != '\0' && dir_conf_find_storage(w->sh->conf, row->storage) != NULL)
		return row->storage;
	for (size_t i = 0; i < w->sh->conf->n_storage; i++) {
		const struct dir_storage *s = w->sh->conf->storage[i];

		if (s->media_type != NULL && strcmp(s->media_type, row->media_type) == 0)
			return s->name;
	}
	return row->storage;
}

/* One section: the runs that lie within the stretch. */
static enum err_code
write_section(struct writer *w, const struct cat_bsr_row *row, const struct tree_run *runs,
	      size_t n, struct err *err)
{
	OWNED(bsr_record_release) struct bsr_record rec = { 0 };
	const char *storage = storage_of(w, row);
	uint64_t count = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t first = (uint64_t)runs[i].first, last = (uint64_t)runs[i].last;

		if (last < row->first_index || first > row->last_index)
			continue;
		if (first < row->first_index)
			first = row->first_index;
		if (last > row->last_index)
			last = row->last_index;
		bsr_ranges_add(&rec.file_index, first, last);
		count += last - first + 1;
	}
	if (count == 0)
		return ERR_OK;
	if (!acl_allows(w->sh, ACL_STORAGE, storage))
		return err_set(err, ERR_CONFIG, "No authorization. Storage \"%s\".", storage);
	if (storage[0] != '\0')
		rec.storage = str_dup(storage);
	rec.media_type = str_dup(row->media_type);
	bsr_names_add(&rec.volumes, row->volume);
	if (row->slot > 0 && row->in_changer)
		rec.slot = row->slot;
	bsr_ranges_add(&rec.session_id, row->vol_session_id, row->vol_session_id);
	bsr_ranges_add(&rec.session_time, row->vol_session_time, row->vol_session_time);
	bsr_ranges_add(&rec.addr, row->start_addr, row->end_addr);
	if (!u32_from_u64(count, &rec.count))
		rec.count = 0;
	note_volume(w, row, storage);
	return bsr_record_emit(&rec, &w->text, err);
}

static enum err_code
write_job(struct writer *w, uint32_t job_id, const struct tree_run *runs, size_t n, struct err *err)
{
	OWNED(cat_bsr_rows_release) struct cat_bsr_rows rows = { 0 };

	if (cat_jobmedia_list(w->r->c, &job_id, 1, &rows, err) != ERR_OK)
		return err->code;
	if (rows.n == 0)
		return err_set(err, ERR_CONFIG,
			       "JobId %u: the catalog names no volume that holds its files",
			       job_id);
	for (size_t i = 0; i < rows.n; i++)
		if (write_section(w, &rows.v[i], runs, n, err) != ERR_OK)
			return err->code;
	return ERR_OK;
}

/* The data of a hard link come back under the name that held them, which nobody marked: it may be
 * of another file today. */
static enum err_code
say_unmarked(struct writer *w, struct tree *t, uint32_t job_id, struct err *err)
{
	OWNED(buf_release) struct buf text = BUF_INIT(64u * UNMARKED_MAX);
	OWNED(table_release) struct table names = { 0 };
	char id[16];
	size_t n;
	OWNED(freep) struct tree_run *runs = tree_unmarked_runs(t, job_id, &n);

	for (size_t i = 0; i < n && i < UNMARKED_MAX; i++)
		buf_text(&text, "%s%d-%d", i > 0 ? "," : "", runs[i].first, runs[i].last);
	if (n == 0)
		return ERR_OK;
	(void)snprintf(id, sizeof(id), "%u", job_id);
	struct cat_arg args[] = { { "jobid", id }, { "runs", buf_str(&text) } };
	if (shell_query(w->sh, "restore_names_of_indexes", args, 2, &names, err) != ERR_OK)
		return err->code;
	for (size_t i = 0; i < table_rows(&names); i++)
		out_warning(w->sh->out,
			    "Also restored: %s of JobId %u: it holds the data of a hard link that "
			    "is selected\n",
			    table_at(&names, i, "filename"), job_id);
	if (n > UNMARKED_MAX)
		out_warning(w->sh->out, "Also restored: more such files of JobId %u\n", job_id);
	return ERR_OK;
}

/* Oldest job first: what is written last stays. */
static enum err_code
write_marked(struct writer *w, struct tree *t, struct err *err)
{
	OWNED(freep) uint32_t *jobs = NEW_ARRAY(uint32_t, w->r->n_ids + 1);
	size_t n_jobs = tree_marked_jobs(t, jobs, w->r->n_ids);

	w->r->files = 0;
	for (size_t i = 0; i < n_jobs; i++) {
		size_t n;
		OWNED(freep) struct tree_run *runs = tree_marked_runs(t, jobs[i], &n);

		if (write_job(w, jobs[i], runs, n, err) != ERR_OK ||
		    say_unmarked(w, t, jobs[i], err) != ERR_OK)
			return err->code;
		for (size_t k = 0; k < n; k++)
			w->r->files += (uint64_t)(runs[k].last - runs[k].first) + 1;
	}
	return ERR_OK;
}

static int
by_time(const void *a, const void *b)
{
	const struct cat_job *x = a, *y = b;

	if (x->job_tdate != y->job_tdate)
		return x->job_tdate < y->job_tdate ? -1 : 1;
	return (x->job_id > y->job_id) - (x->job_id < y->job_id);
}

/* No file rows: every FileIndex of every job. */
static enum err_code
write_whole(struct writer *w, struct err *err)
{
	OWNED(freep) struct cat_job *jobs = NEW_ARRAY(struct cat_job, w->r->n_ids + 1);

	for (size_t i = 0; i < w->r->n_ids; i++) {
		bool found = false;

		if (cat_job_get(w->r->c, w->r->ids[i], &jobs[i], &found, err) != ERR_OK)
			return err->code;
		if (!found)
			return err_set(err, ERR_CONFIG, "JobId %u was deleted meanwhile.",
				       w->r->ids[i]);
	}
	qsort(jobs, w->r->n_ids, sizeof(jobs[0]), by_time);
	for (size_t i = 0; i < w->r->n_ids; i++) {
		struct tree_run run = { 1, INT32_MAX };

		if (jobs[i].job_files == 0)
			continue;
		if (write_job(w, jobs[i].job_id, &run, 1, err) != ERR_OK)
			return err->code;
		w->r->files += jobs[i].job_files;
	}
	return ERR_OK;
}

/* The storage of all volumes; with several, each record's own is asked. */
static void
note_only_storage(struct writer *w)
{
	for (size_t i = 1; i < w->storages.n; i++)
		if (strcmp(w->storages.v[i], w->storages.v[0]) != 0)
			return;
	(void)snprintf(w->r->storage, sizeof(w->r->storage), "%s", w->storages.v[0]);
}

static void
show_volumes(struct writer *w)
{
	struct out *o = w->sh->out;

	out_text(o, "The job will require the following\n"
		    "   Volume(s)                 Storage(s)                SD Device(s)\n"
		    "======================================================================"
		    "=====\n   \n");
	for (size_t i = 0; i < w->volumes.n; i++) {
		const struct dir_storage *s = dir_conf_find_storage(w->sh->conf, w->storages.v[i]);

		out_text(o, "    %-25s %-25s %-25s\n", w->volumes.v[i], w->storages.v[i],
			 s != NULL && s->device.n > 0 ? s->device.v[0] : "");
	}
	out_text(o, "\nVolumes marked with \"*\" are online.\n\n\n");
}

enum err_code
restore_write_bootstrap(struct shell *sh, struct restore *r, struct tree *t, struct err *err)
{
	struct writer w = { .sh = sh, .r = r, .text = BUF_INIT(BSR_TEXT_MAX) };
	enum err_code rc = t != NULL ? write_marked(&w, t, err) : write_whole(&w, err);

	if (rc == ERR_OK && w.text.len == 0)
		rc = err_set(err, ERR_CONFIG,
			     "The catalog has no volume positions for the selected files");
	if (rc == ERR_OK) {
		note_only_storage(&w);
		OWNED(freep)
		char *what = str_printf("restore.%u.bsr", atomic_fetch_add(&next_bootstrap, 1));
		r->bootstrap = director_file(sh->d, what);
		rc = fd_replace_file(r->bootstrap, buf_bytes(&w.text), 0600, err);
	}
	if (rc == ERR_OK) {
		out_text(sh->out, "Bootstrap records written to %s\n\n", r->bootstrap);
		show_volumes(&w);
	}
	buf_release(&w.text);
	str_list_release(&w.volumes);
	str_list_release(&w.storages);
	return rc;
}

/* ---- the job ---- */

static enum err_code
pick_restore_job(struct shell *sh, struct job_request *req, struct err *err)
{
	static const char *const keys[] = { "restorejob", "job", NULL };
	OWNED(freep) struct named **list = NULL;
	size_t n = res_list(sh, RES_RESTORE_JOB, &list);
	struct named *job = NULL;

	if (args_value_of(&sh->args, keys) == NULL && n == 1)
		job = list[0];
	else if (n == 0)
		return err_set(err, ERR_CONFIG,
			       "No Restore Job resource found: the configuration needs a Job with "
			       "Type = Restore");
	else if (res_pick(sh, RES_RESTORE_JOB, keys, &job, err) != ERR_OK)
		return err->code;
	req->job = str_dup(job->name);
	return ERR_OK;
}

/* Words that go to the job as they are. */
static enum err_code
pass_words(struct shell *sh, struct job_request *req, struct err *err)
{
	static const char *const passed[] = { "where",   "regexwhere",    "replace",
					      "comment", "pluginoptions", "backupformat",
					      "catalog", "priority",      "when" };
	OWNED(args_release) struct args words = { 0 };
	bool ignored = false;

	args_add(&words, "run", NULL);
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
		const char *v = args_value(&sh->args, passed[i]);

		if (v != NULL && v[0] != '\0')
			args_add(&words, passed[i], v);
	}
	if (run_request_take(sh, &words, 1, req, &ignored, err) != ERR_OK)
		return err->code;
	OWNED(freep)
	char *relocation = dir_relocation(args_value(&sh->args, "strip_prefix"),
					  args_value(&sh->args, "add_prefix"),
					  args_value(&sh->args, "add_suffix"));
	if (relocation != NULL && (req->regex_where != NULL || req->where != NULL))
		return err_set(err, ERR_CONFIG,
			       "strip_prefix, add_prefix and add_suffix exclude where= and "
			       "regexwhere=");
	if (relocation != NULL)
		req->regex_where = TAKE_PTR(relocation);
	if (req->where != NULL && req->regex_where != NULL)
		return err_set(err, ERR_CONFIG, "where= and regexwhere= exclude each other");
	if (req->where != NULL && !acl_allows_where(sh, req->where))
		return err_set(err, ERR_CONFIG, "\"where\" specification not authorized.");
	if (req->regex_where != NULL && !acl_allows_rewrite(sh, req->regex_where))
		return err_set(err, ERR_CONFIG, "\"RegexWhere\" specification not authorized.");
	return ERR_OK;
}

static enum err_code
target_client(struct shell *sh, const struct restore *r, struct job_request *req, struct err *err)
{
	const char *name = args_value(&sh->args, "restoreclient");
	struct named *client = NULL;

	if (name == NULL || name[0] == '\0')
		name = r->client;
	if (name[0] == '\0')
		return ERR_OK;
	if (res_resolve(sh, RES_CLIENT, name, &client, err) != ERR_OK) {
		if (args_value(&sh->args, "restoreclient") != NULL)
			return err->code;
		return err_ctx(err,
			       "The files are of a client that is not configured any more; say "
			       "restoreclient=");
	}
	req->client = str_dup(client->name);
	return ERR_OK;
}

/* What would stop the restore behind the selection is said before it. */
static enum err_code
judge_names(struct shell *sh, struct err *err)
{
	static const struct {
		const char *key;
		enum res_kind kind;
	} names[] = {
		{ "restoreclient", RES_CLIENT },
		{ "restorejob", RES_RESTORE_JOB },
		{ "job", RES_RESTORE_JOB },
		{ "storage", RES_STORAGE },
		{ "pool", RES_POOL },
		{ "sd", RES_STORAGE },
	};
	OWNED(job_request_release) struct job_request req = { 0 };
	const char *client = args_value(&sh->args, "client");
	struct named *ignored = NULL;
	struct catalog *c;
	uint32_t id = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *v = args_value(&sh->args, names[i].key);

		if (v != NULL && v[0] != '\0' && strcmp(v, "?") != 0 &&
		    res_resolve(sh, names[i].kind, v, &ignored, err) != ERR_OK)
			return err->code;
	}
	/* A client of old backups need not be configured any more. */
	if (client != NULL && client[0] != '\0' && strcmp(client, "?") != 0 &&
	    res_find(sh, RES_CLIENT, client) == NULL) {
		if (shell_catalog(sh, &c, err) != ERR_OK)
			return err->code;
		if (acl_allows(sh, ACL_CLIENT, client) &&
		    cat_client_find(c, client, &id, err) != ERR_OK)
			return err->code;
		if (id == 0)
			return res_resolve(sh, RES_CLIENT, client, &ignored, err);
	}
	return pass_words(sh, &req, err);
}

static enum err_code
make_request(struct shell *sh, struct restore *r, struct job_request *req, struct err *err)
{
	if (pick_restore_job(sh, req, err) != ERR_OK || pass_words(sh, req, err) != ERR_OK ||
	    target_client(sh, r, req, err) != ERR_OK)
		return err->code;
	if (r->storage[0] != '\0' && dir_conf_find_storage(sh->conf, r->storage) != NULL)
		req->storage = str_dup(r->storage);
	if (dir_conf_find_fileset(sh->conf, r->fileset) != NULL)
		req->fileset = str_dup(r->fileset);
	req->bootstrap = str_dup(r->bootstrap);
	if (r->client[0] != '\0')
		req->backup_client = str_dup(r->client);
	req->expected_files = r->files;
	return ERR_OK;
}

static enum err_code
from_bootstrap(struct shell *sh, struct restore *r, struct err *err)
{
	const char *path = args_value(&sh->args, "bootstrap");

	if (acl_need_whole_site(sh, "bootstrap=", err) != ERR_OK)
		return err->code;
	if (access(path, R_OK) != 0)
		return err_errno(err, ERR_SYS, "bootstrap=%s", path);
	r->bootstrap = str_dup(path);
	const char *client = args_value(&sh->args, "client");
	if (client != NULL)
		(void)snprintf(r->client, sizeof(r->client), "%s", client);
	const char *storage = args_value_of(&sh->args, storage_keys);
	if (storage != NULL)
		(void)snprintf(r->storage, sizeof(r->storage), "%s", storage);
	return ERR_OK;
}

static enum err_code
select_all_of_it(struct shell *sh, struct restore *r, struct err *err)
{
	OWNED(tree_freep) struct tree *t = NULL;

	if (restore_choose_jobs(sh, r, err) != ERR_OK || restore_show_jobs(sh, r, err) != ERR_OK ||
	    restore_choose_files(sh, r, &t, err) != ERR_OK ||
	    restore_write_bootstrap(sh, r, t, err) != ERR_OK)
		return err->code;
	out_text(sh->out, "%s file%s selected to be restored.\n\n", U64_COMMAS(r->files),
		 r->files == 1 ? "" : "s");
	return ERR_OK;
}

enum err_code
cmd_restore(struct shell *sh, struct err *err)
{
	OWNED(restore_release) struct restore r = { 0 };
	OWNED(job_request_release) struct job_request req = { 0 };
	bool own = args_value(&sh->args, "bootstrap") == NULL;

	if (judge_words(sh, err) != ERR_OK || judge_names(sh, err) != ERR_OK ||
	    shell_catalog(sh, &r.c, err) != ERR_OK)
		return err->code;
	enum err_code rc = own ? select_all_of_it(sh, &r, err) : from_bootstrap(sh, &r, err);
	if (rc == ERR_OK)
		rc = make_request(sh, &r, &req, err);
	req.delete_bootstrap = own;
	if (rc == ERR_OK)
		rc = run_request_confirm(sh, &req, args_has(&sh->args, "yes"), err);
	/* The job removes its bootstrap at its end; without a job we do. */
	if (rc != ERR_OK && own && r.bootstrap != NULL)
		(void)unlink(r.bootstrap);
	return rc;
}
