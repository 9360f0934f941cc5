/* list jobs, and what belongs to one job.  Spec: console.md 6.1, 6.2 */
#include "director/shell/list_internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/base/clock.h"
#include "lib/base/own.h"

/* ---- values of filters: console.md 6.2 ---- */

struct word_letter {
	const char *word;
	char letter;
};

static const struct word_letter status_words[] = {
	{ "terminated", 'T' }, { "warnings", 'W' }, { "canceled", 'A' },
	{ "running", 'R' },    { "error", 'E' },    { "fatal", 'f' },
};
static const struct word_letter level_words[] = {
	{ "Full", 'F' },
	{ "Differential", 'D' },
	{ "Incremental", 'I' },
	{ "VirtualFull", 'f' },
};
static const struct word_letter type_words[] = {
	{ "Backup", 'B' },  { "Admin", 'D' },   { "Archive", 'A' }, { "Verify", 'V' },
	{ "Restore", 'R' }, { "Migrate", 'g' }, { "Copy", 'c' },    { "Consolidate", 'O' },
};

/* "Full,i" to "F,I"; false: a word that is none. */
static bool
letters_of(const char *list, const struct word_letter *words, size_t n_words, const char *letters,
	   struct buf *out)
{
	for (const char *p = list;;) {
		size_t n = strcspn(p, ",");
		char letter = 0;

		if (n == 1 && strchr(letters, p[0]) != NULL)
			letter = p[0];
		for (size_t i = 0; letter == 0 && n > 1 && i < n_words; i++)
			if (strncasecmp(p, words[i].word, n) == 0 && strlen(words[i].word) == n)
				letter = words[i].letter;
		if (letter == 0)
			return false;
		buf_text(out, "%s%c", out->len > 0 ? "," : "", letter);
		p += n;
		if (*p++ != ',')
			return true;
	}
}

#define LETTERS(list, words, letters, out)                                                         \
	letters_of(list, words, sizeof(words) / sizeof((words)[0]), letters, out)

static enum err_code
filter_letters(struct shell *sh, struct list_params *p, struct err *err)
{
	static const char *const status_keys[] = { "jobstatus", NULL };
	static const char *const level_keys[] = { "joblevel", "level", NULL };
	OWNED(buf_release)
	struct buf status = BUF_INIT(SIZE_MAX), level = BUF_INIT(SIZE_MAX),
		   type = BUF_INIT(SIZE_MAX);
	const char *v = args_value_of(&sh->args, status_keys);

	if (v != NULL && v[0] != '\0') {
		if (!LETTERS(v, status_words, "CRBTEefDAIFSmMsjcdtpaiLlqW", &status))
			return err_set(err, ERR_CONFIG, "invalid jobstatus parameter");
		list_param(p, "status", buf_str(&status));
	}
	v = args_value_of(&sh->args, level_keys);
	if (v != NULL && v[0] != '\0') {
		if (!LETTERS(v, level_words, "FDISBfCVOdA", &level))
			return err_set(err, ERR_CONFIG, "invalid joblevel parameter");
		list_param(p, "level", buf_str(&level));
	}
	v = args_value(&sh->args, "jobtype");
	if (v != NULL && v[0] != '\0') {
		if (!LETTERS(v, type_words, "BMVRDACcgOSUI", &type)) {
			out_error(sh->out, "Illegal jobtype %s\n", v);
			return err_set(err, ERR_CONFIG, "invalid jobtype parameter");
		}
		list_param(p, "type", buf_str(&type));
	}
	return ERR_OK;
}

/* days= and hours= as a time of SchedTime. */
static enum err_code
filter_since(struct shell *sh, const char *name, struct list_params *p, struct err *err)
{
	static const struct {
		const char *key;
		int64_t seconds;
	} spans[] = { { "days", 86400 }, { "hours", 3600 } };

	for (size_t i = 0; i < 2; i++) {
		const char *v = args_value(&sh->args, spans[i].key);
		char text[32];
		uint64_t n;

		if (v == NULL || v[0] == '\0')
			continue;
		if (!shell_number(v, &n) || n > 1000000)
			return err_set(err, ERR_CONFIG, "%s=%s: expected a number", spans[i].key,
				       v);
		list_param(p, name,
			   clock_format(clock_now() - (int64_t)n * spans[i].seconds,
					"%Y-%m-%d %H:%M:%S", text, sizeof(text)));
		break;
	}
	return ERR_OK;
}

/* ---- jobs ---- */

/* current, enabled, disabled: the names of the jobs whose resource is there, and is so. */
static void
filter_resources(struct shell *sh, struct list_params *p)
{
	bool on = args_has(&sh->args, "enabled"), off = args_has(&sh->args, "disabled");
	OWNED(buf_release) struct buf names = BUF_INIT(SIZE_MAX);

	if (!on && !off && !args_has(&sh->args, "current"))
		return;
	for (size_t i = 0; i < sh->conf->n_job; i++) {
		const char *name = sh->conf->job[i]->name;
		bool enabled = director_is_enabled(sh->d, SWITCH_JOB, name);

		if ((!on || enabled) && (!off || !enabled))
			buf_text(&names, "%s%s", names.len > 0 ? "\n" : "", name);
	}
	list_param(p, "names", buf_str(&names));
}

/* jobid=: one, or a list in which ranges may stand. */
static enum err_code
filter_ids(const char *text, struct list_params *p, struct err *err)
{
	OWNED(buf_release) struct buf list = BUF_INIT(SIZE_MAX);
	OWNED(freep) uint32_t *ids = NULL;
	size_t n = 0;

	if (!shell_job_ids(text, &ids, &n))
		return err_set(err, ERR_CONFIG, "invalid jobid argument: %s", text);
	for (size_t i = 0; i < n; i++)
		if (ids[i] <= INT32_MAX)
			buf_text(&list, "%s%u", list.len > 0 ? "," : "", ids[i]);
	list_param(p, "jobids", buf_str(&list));
	return ERR_OK;
}

/* client=: one this console may see, of the configuration or of the catalog. */
static enum err_code
judge_client(struct shell *sh, const char *client, struct err *err)
{
	OWNED(table_release) struct table t = { 0 };
	struct cat_arg arg = { "name", client };

	if (res_find(sh, RES_CLIENT, client) != NULL)
		return ERR_OK;
	if (acl_allows(sh, ACL_CLIENT, client)) {
		if (shell_query(sh, "list_clients", &arg, 1, &t, err) != ERR_OK)
			return err->code;
		if (table_rows(&t) > 0)
			return ERR_OK;
	}
	return err_set(err, ERR_CONFIG, "invalid client argument: %s", client);
}

enum err_code
list_jobs(struct lister *l, struct err *err)
{
	static const char *const names[] = { "jobname", "job", NULL };
	struct shell *sh = l->sh;
	OWNED(list_params_release) struct list_params p = { 0 };
	OWNED(table_release) struct table t = { 0 };
	const char *jobid = args_value(&sh->args, "jobid");
	const char *ujobid = args_value(&sh->args, "ujobid");
	const char *client = args_value(&sh->args, "client");
	bool count = args_has(&sh->args, "count");

	if (client != NULL && client[0] != '\0') {
		if (judge_client(sh, client, err) != ERR_OK)
			return err->code;
		list_param(&p, "client", client);
	}
	if (jobid != NULL && filter_ids(jobid, &p, err) != ERR_OK)
		return err->code;
	list_param(&p, "ujobid", ujobid);
	const char *name = args_value_of(&sh->args, names);
	if (name != NULL && name[0] != '\0')
		list_param(&p, "name", name);
	static const char *const plain[] = { "volume", "pool" };
	for (size_t i = 0; i < 2; i++) {
		const char *v = args_value(&sh->args, plain[i]);

		if (v != NULL && v[0] != '\0')
			list_param(&p, plain[i], v);
	}
	if (args_has(&sh->args, "last"))
		list_param(&p, "last", "1");
	filter_resources(sh, &p);
	if (filter_letters(sh, &p, err) != ERR_OK || filter_since(sh, "since", &p, err) != ERR_OK)
		return err->code;
	bool single = jobid != NULL || ujobid != NULL;
	if (count) {
		if (shell_query(sh, "count_jobs", p.v, p.n, &t, err) != ERR_OK)
			return err->code;
		list_print(l, &t, "jobs", false);
		return ERR_OK;
	}
	if (args_has(&sh->args, "reverse"))
		list_param(&p, "reverse", "1");
	if (list_take_page(l, &p, err) != ERR_OK || list_query(l, "jobs", &p, &t, err) != ERR_OK)
		return err->code;
	bool none = single && table_rows(&t) == 0;
	if (none)
		t.filtered = 0;
	list_print(l, &t, "jobs", none);
	if (none)
		out_warning(sh->out, "No job %s that this console may see.\n",
			    jobid != NULL ? jobid : ujobid);
	return ERR_OK;
}

enum err_code
list_backups(struct lister *l, struct err *err)
{
	OWNED(list_params_release) struct list_params p = { 0 };
	struct shell *sh = l->sh;
	const char *client = args_value(&sh->args, "client");
	const char *fileset = args_value(&sh->args, "fileset");
	const char *order = args_value(&sh->args, "order");

	if (client == NULL || client[0] == '\0')
		return err_set(err, ERR_CONFIG, "missing parameter: client");
	if (judge_client(sh, client, err) != ERR_OK)
		return err->code;
	list_param(&p, "client", client);
	if (fileset != NULL && strcasecmp(fileset, "any") != 0 && fileset[0] != '\0')
		list_param(&p, "fileset", fileset);
	if (filter_letters(sh, &p, err) != ERR_OK || filter_since(sh, "since", &p, err) != ERR_OK)
		return err->code;
	if (args_value(&sh->args, "jobstatus") == NULL)
		list_param(&p, "status", "T,W");
	if (order != NULL && strcasecmp(order, "desc") == 0)
		list_param(&p, "reverse", "1");
	if (list_take_page(l, &p, err) != ERR_OK)
		return err->code;
	return list_plain(l, "backups", &p, "backups", false, err);
}

enum err_code
list_jobtotals(struct lister *l, struct err *err)
{
	OWNED(table_release) struct table t = { 0 }, sum = { 0 };
	struct table_style style = { .face = FACE_GRID, .key = "jobs", .empty_text = true };

	if (shell_query(l->sh, "list_jobtotals", NULL, 0, &t, err) != ERR_OK ||
	    shell_query(l->sh, "sum_jobtotals", NULL, 0, &sum, err) != ERR_OK)
		return err->code;
	out_table(l->sh->out, &t, &style);
	style = (struct table_style){ .face = FACE_GRID, .key = "jobtotals", .single = true };
	if (t.filtered == 0)
		out_table(l->sh->out, &sum, &style);
	return ERR_OK;
}

/* ---- things of one job ---- */

/* The job of jobid= or ujobid=, if this console may see it. */
enum err_code
list_the_job(struct lister *l, char id[static 16], struct err *err)
{
	struct shell *sh = l->sh;
	const char *jobid = args_value(&sh->args, "jobid"),
		   *ujobid = args_value(&sh->args, "ujobid");
	OWNED(table_release) struct table t = { 0 };
	struct cat_arg arg = { jobid != NULL ? "jobid" : "ujobid", jobid != NULL ? jobid : ujobid };
	uint64_t n;

	if (arg.value == NULL)
		return err_set(err, ERR_CONFIG, "Missing jobid parameter");
	if (jobid != NULL && (!shell_number(jobid, &n) || n == 0 || n > INT32_MAX))
		return err_set(err, ERR_CONFIG, "invalid jobid argument: %s", jobid);
	if (shell_query(sh, "list_jobs", &arg, 1, &t, err) != ERR_OK)
		return err->code;
	if (table_rows(&t) == 0)
		return err_set(err, ERR_CONFIG,
			       "jobid not found in db, access to job or client denied by ACL, or "
			       "client not found in db");
	(void)snprintf(id, 16, "%s", table_at(&t, 0, "jobid"));
	return ERR_OK;
}

enum err_code
list_of_job(struct lister *l, const char *statement, const char *key, enum table_face face,
	    bool paged, struct err *err)
{
	OWNED(list_params_release) struct list_params p = { 0 };
	OWNED(table_release) struct table t = { 0 };
	struct table_style style = { .face = face, .key = key };
	char id[16];

	if (list_the_job(l, id, err) != ERR_OK)
		return err->code;
	list_param(&p, "jobid", id);
	if (list_take_page(l, paged ? &p : NULL, err) != ERR_OK)
		return err->code;
	if (shell_query(l->sh, statement, p.v, p.n, &t, err) != ERR_OK)
		return err->code;
	style.empty_text = face == FACE_GRID || face == FACE_VERTICAL;
	out_table(l->sh->out, &t, &style);
	if (l->limit >= 0 || l->offset >= 0)
		out_meta(l->sh->out, l->limit, l->offset, t.filtered);
	return ERR_OK;
}

enum err_code
list_joblog(struct lister *l, struct err *err)
{
	if (args_has(&l->sh->args, "count"))
		return list_of_job(l, "count_joblog", "joblog", FACE_GRID, false, err);
	return list_of_job(l, "list_joblog", "joblog", FACE_RAW, true, err);
}

static enum err_code
one_file(void *ctx, const struct cat_table *ct, struct err *err)
{
	struct out *o = ((struct shell *)ctx)->out;
	const char *name = cat_cell(ct, 0, 0);

	if (name == NULL)
		name = "";
	out_text(o, " ");
	out_name(o, bytes_str(name));
	out_text(o, "\n");
	if (out_add_text(o, "filename", name, err) != ERR_OK)
		return err_ctx(err, "too many files for one answer in JSON");
	if (out_broken(o))
		return err_set(err, ERR_CANCELED, "List stopped.");
	return ERR_OK;
}

enum err_code
list_files(struct lister *l, struct err *err)
{
	struct shell *sh = l->sh;
	struct cat_row_reader reader = { one_file, sh };
	struct catalog *c;
	char id[16];

	if (list_the_job(l, id, err) != ERR_OK || shell_catalog(sh, &c, err) != ERR_OK)
		return err->code;
	struct cat_arg arg = { "jobid", id };
	out_open_texts(sh->out, "filenames");
	enum err_code rc = cat_query_each(c, "list_files", &arg, 1, &reader, err);
	out_close_texts(sh->out);
	return rc;
}

enum err_code
list_jobmedia(struct lister *l, struct err *err)
{
	OWNED(list_params_release) struct list_params p = { 0 };

	if (args_has(&l->sh->args, "jobid") || args_has(&l->sh->args, "ujobid"))
		return list_of_job(l, l->all ? "llist_jobmedia" : "list_jobmedia", "jobmedia",
				   l->all ? FACE_VERTICAL : FACE_GRID, true, err);
	if (list_take_page(l, &p, err) != ERR_OK)
		return err->code;
	return list_plain(l, "jobmedia", &p, "jobmedia", false, err);
}

enum err_code
list_jobstatistics(struct lister *l, struct err *err)
{
	return list_of_job(l, "list_jobstatistics", "jobstats", FACE_GRID, false, err);
}

enum err_code
list_basefiles(struct lister *l, struct err *err)
{
	return list_of_job(l, "list_basefiles", "files", FACE_RAW, false, err);
}

/* ---- log: the newest entries, oldest first ---- */

enum err_code
list_log(struct lister *l, struct err *err)
{
	OWNED(list_params_release) struct list_params p = { 0 };
	OWNED(table_release) struct table t = { 0 };
	struct table_style style = { .face = FACE_LAYOUT, .layout = " {logtext}", .key = "log" };
	const char *client = args_value(&l->sh->args, "client");

	if (client != NULL && client[0] != '\0')
		list_param(&p, "client", client);
	if (args_has(&l->sh->args, "reverse"))
		list_param(&p, "reverse", "1");
	if (list_take_page(l, &p, err) != ERR_OK)
		return err->code;
	if (l->limit < 0)
		list_param(&p, "limit", "5");
	if (shell_query(l->sh, "list_log", p.v, p.n, &t, err) != ERR_OK)
		return err->code;
	out_table(l->sh->out, &t, &style);
	out_meta(l->sh->out, l->limit, l->offset, t.filtered);
	return ERR_OK;
}
