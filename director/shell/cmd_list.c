/* list, llist: objects of the catalog.  Spec: console.md 6.1-6.4 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "director/sched/scheduler.h"
#include "director/shell/command.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/catalog/cat_job.h"
#include "lib/catalog/cat_media.h"

#define LIST_ARGS_MAX 20

/* Parameters of a statement, their texts owned here. */
struct params {
	struct cat_arg v[LIST_ARGS_MAX];
	char *owned[LIST_ARGS_MAX];
	size_t n;
};

static void
params_release(struct params *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->owned[i]);
	p->n = 0;
}

static void
param(struct params *p, const char *name, const char *value)
{
	if (value == NULL || p->n == LIST_ARGS_MAX)
		return;
	p->owned[p->n] = str_dup(value);
	p->v[p->n] = (struct cat_arg){ name, p->owned[p->n] };
	p->n++;
}

struct lister {
	struct shell *sh;
	bool all;              /* llist */
	int64_t limit, offset; /* -1 not given */
};

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
filter_letters(struct shell *sh, struct params *p, struct err *err)
{
	static const char *const status_keys[] = { "jobstatus", NULL };
	static const char *const level_keys[] = { "joblevel", "level", NULL };
	OWNED(buf_release)
	struct buf status = BUF_INIT(512), level = BUF_INIT(512), type = BUF_INIT(512);
	const char *v = args_value_of(&sh->args, status_keys);

	if (v != NULL && v[0] != '\0') {
		if (!LETTERS(v, status_words, "CRBTEefDAIFSmMsjcdtpaiLlqW", &status))
			return err_set(err, ERR_CONFIG, "invalid jobstatus parameter");
		param(p, "status", buf_str(&status));
	}
	v = args_value_of(&sh->args, level_keys);
	if (v != NULL && v[0] != '\0') {
		if (!LETTERS(v, level_words, "FDISBfCVOdA", &level))
			return err_set(err, ERR_CONFIG, "invalid joblevel parameter");
		param(p, "level", buf_str(&level));
	}
	v = args_value(&sh->args, "jobtype");
	if (v != NULL && v[0] != '\0') {
		if (!LETTERS(v, type_words, "BMVRDACcgOSUI", &type)) {
			out_error(sh->out, "Illegal jobtype %s\n", v);
			return err_set(err, ERR_CONFIG, "invalid jobtype parameter");
		}
		param(p, "type", buf_str(&type));
	}
	return ERR_OK;
}

/* days= and hours= as a time of SchedTime. */
static enum err_code
filter_since(struct shell *sh, const char *name, struct params *p, struct err *err)
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
		param(p, name,
		      clock_format(clock_now() - (int64_t)n * spans[i].seconds, "%Y-%m-%d %H:%M:%S",
				   text, sizeof(text)));
		break;
	}
	return ERR_OK;
}

static enum err_code
filter_page(struct lister *l, struct params *p, struct err *err)
{
	static const char *const keys[] = { "limit", "offset" };
	int64_t *const into[] = { &l->limit, &l->offset };

	for (size_t i = 0; i < 2; i++) {
		const char *v = args_value(&l->sh->args, keys[i]);
		uint64_t n;

		if (v == NULL || v[0] == '\0')
			continue;
		if (!shell_number(v, &n) || n > INT32_MAX)
			return err_set(err, ERR_CONFIG, "%s=%s: expected a number", keys[i], v);
		*into[i] = (int64_t)n;
		if (p != NULL)
			param(p, keys[i], v);
	}
	return ERR_OK;
}

/* ---- printing ---- */

static void
print_list(struct lister *l, const struct table *t, const char *key, bool single)
{
	struct table_style style = { .face = l->all ? FACE_VERTICAL : FACE_GRID,
				     .key = key,
				     .single = single,
				     .empty_text = !single };

	out_table(l->sh->out, t, &style);
	if (l->limit >= 0 || l->offset >= 0 || (t->filtered > 0 && !single))
		out_meta(l->sh->out, l->limit, l->offset, t->filtered);
}

/* "list_" or "llist_" and what. */
static enum err_code
query_list(struct lister *l, const char *what, const struct params *p, struct table *t,
	   struct err *err)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%s%s", l->all ? "llist_" : "list_", what);
	return shell_query(l->sh, name, p->v, p->n, t, err);
}

static enum err_code
list_plain(struct lister *l, const char *what, struct params *p, const char *key, bool single,
	   struct err *err)
{
	OWNED(table_release) struct table t = { 0 };

	if (query_list(l, what, p, &t, err) != ERR_OK)
		return err->code;
	print_list(l, &t, key, single);
	return ERR_OK;
}

/* ---- jobs ---- */

/* Rows of jobs whose resource is there, or is enabled, or is not. */
static void
keep_jobs(struct shell *sh, struct table *t)
{
	bool current = args_has(&sh->args, "current"), on = args_has(&sh->args, "enabled"),
	     off = args_has(&sh->args, "disabled");

	if (!current && !on && !off)
		return;
	for (size_t r = 0; r < table_rows(t);) {
		const char *name = table_at(t, r, "name");
		bool there = dir_conf_find_job(sh->conf, name) != NULL;
		bool enabled = there && director_is_enabled(sh->d, SWITCH_JOB, name);

		if (there && (!on || enabled) && (!off || !enabled))
			r++;
		else
			table_drop_row(t, r);
	}
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

static enum err_code
list_jobs(struct lister *l, struct err *err)
{
	static const char *const names[] = { "jobname", "job", NULL };
	struct shell *sh = l->sh;
	OWNED(params_release) struct params p = { 0 };
	OWNED(table_release) struct table t = { 0 };
	const char *jobid = args_value(&sh->args, "jobid");
	const char *ujobid = args_value(&sh->args, "ujobid");
	const char *client = args_value(&sh->args, "client");
	bool count = args_has(&sh->args, "count");

	if (client != NULL && client[0] != '\0') {
		if (judge_client(sh, client, err) != ERR_OK)
			return err->code;
		param(&p, "client", client);
	}
	if (jobid != NULL) {
		OWNED(freep) uint32_t *ids = NULL;
		size_t n = 0;

		if (!shell_job_ids(jobid, &ids, &n))
			return err_set(err, ERR_CONFIG, "invalid jobid argument: %s", jobid);
		param(&p, n == 1 ? "jobid" : "jobids", jobid);
	}
	param(&p, "ujobid", ujobid);
	const char *name = args_value_of(&sh->args, names);
	if (name != NULL && name[0] != '\0')
		param(&p, "name", name);
	static const char *const plain[] = { "volume", "pool" };
	for (size_t i = 0; i < 2; i++) {
		const char *v = args_value(&sh->args, plain[i]);

		if (v != NULL && v[0] != '\0')
			param(&p, plain[i], v);
	}
	if (args_has(&sh->args, "last"))
		param(&p, "last", "1");
	if (filter_letters(sh, &p, err) != ERR_OK || filter_since(sh, "since", &p, err) != ERR_OK)
		return err->code;
	bool single = jobid != NULL || ujobid != NULL;
	if (count) {
		if (shell_query(sh, "count_jobs", p.v, p.n, &t, err) != ERR_OK)
			return err->code;
		print_list(l, &t, "jobs", false);
		return ERR_OK;
	}
	if (args_has(&sh->args, "reverse"))
		param(&p, "reverse", "1");
	if (filter_page(l, &p, err) != ERR_OK || query_list(l, "jobs", &p, &t, err) != ERR_OK)
		return err->code;
	keep_jobs(sh, &t);
	bool none = single && table_rows(&t) == 0;
	if (none)
		t.filtered = 0;
	print_list(l, &t, "jobs", none);
	if (none)
		out_warning(sh->out, "No job %s that this console may see.\n",
			    jobid != NULL ? jobid : ujobid);
	return ERR_OK;
}

static enum err_code
list_backups(struct lister *l, struct err *err)
{
	OWNED(params_release) struct params p = { 0 };
	struct shell *sh = l->sh;
	const char *client = args_value(&sh->args, "client");
	const char *fileset = args_value(&sh->args, "fileset");
	const char *order = args_value(&sh->args, "order");

	if (client == NULL || client[0] == '\0')
		return err_set(err, ERR_CONFIG, "missing parameter: client");
	if (judge_client(sh, client, err) != ERR_OK)
		return err->code;
	param(&p, "client", client);
	if (fileset != NULL && strcasecmp(fileset, "any") != 0 && fileset[0] != '\0')
		param(&p, "fileset", fileset);
	if (filter_letters(sh, &p, err) != ERR_OK || filter_since(sh, "since", &p, err) != ERR_OK)
		return err->code;
	if (args_value(&sh->args, "jobstatus") == NULL)
		param(&p, "status", "T,W");
	if (order != NULL && strcasecmp(order, "desc") == 0)
		param(&p, "reverse", "1");
	if (filter_page(l, &p, err) != ERR_OK)
		return err->code;
	return list_plain(l, "backups", &p, "backups", false, err);
}

static enum err_code
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
static enum err_code
the_job(struct lister *l, char id[static 16], struct err *err)
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

static enum err_code
list_of_job(struct lister *l, const char *statement, const char *key, enum table_face face,
	    bool paged, struct err *err)
{
	OWNED(params_release) struct params p = { 0 };
	OWNED(table_release) struct table t = { 0 };
	struct table_style style = { .face = face, .key = key };
	char id[16];

	if (the_job(l, id, err) != ERR_OK)
		return err->code;
	param(&p, "jobid", id);
	if (filter_page(l, paged ? &p : NULL, err) != ERR_OK)
		return err->code;
	if (shell_query(l->sh, statement, p.v, p.n, &t, err) != ERR_OK)
		return err->code;
	style.empty_text = face == FACE_GRID || face == FACE_VERTICAL;
	out_table(l->sh->out, &t, &style);
	if (l->limit >= 0 || l->offset >= 0)
		out_meta(l->sh->out, l->limit, l->offset, t.filtered);
	return ERR_OK;
}

static enum err_code
list_joblog(struct lister *l, struct err *err)
{
	if (args_has(&l->sh->args, "count"))
		return list_of_job(l, "count_joblog", "joblog", FACE_GRID, false, err);
	return list_of_job(l, "list_joblog", "joblog", FACE_RAW, true, err);
}

struct file_lister {
	struct shell *sh;
	bool json;
};

static enum err_code
one_file(void *ctx, const struct cat_table *ct, struct err *err)
{
	struct file_lister *f = (struct file_lister *)ctx;
	const char *name = cat_cell(ct, 0, 0);

	if (f->json) {
		out_open_object(f->sh->out, NULL);
		out_string(f->sh->out, "filename", name == NULL ? "" : name);
		out_close(f->sh->out);
	} else {
		out_text(f->sh->out, " %s\n", name == NULL ? "" : name);
	}
	if (out_broken(f->sh->out))
		return err_set(err, ERR_CANCELED, "List stopped.");
	return ERR_OK;
}

static enum err_code
list_files(struct lister *l, struct err *err)
{
	struct shell *sh = l->sh;
	struct file_lister f = { sh, out_mode(sh->out) == API_JSON };
	struct cat_row_reader reader = { one_file, &f };
	struct catalog *c;
	char id[16];

	if (the_job(l, id, err) != ERR_OK || shell_catalog(sh, &c, err) != ERR_OK)
		return err->code;
	struct cat_arg arg = { "jobid", id };
	out_open_array(sh->out, "filenames");
	enum err_code rc = cat_query_each(c, "list_files", &arg, 1, &reader, err);
	out_close(sh->out);
	return rc;
}

static enum err_code
list_jobmedia(struct lister *l, struct err *err)
{
	OWNED(params_release) struct params p = { 0 };

	if (args_has(&l->sh->args, "jobid") || args_has(&l->sh->args, "ujobid"))
		return list_of_job(l, l->all ? "llist_jobmedia" : "list_jobmedia", "jobmedia",
				   l->all ? FACE_VERTICAL : FACE_GRID, false, err);
	return list_plain(l, "jobmedia", &p, "jobmedia", false, err);
}

static enum err_code
list_jobstatistics(struct lister *l, struct err *err)
{
	return list_of_job(l, "list_jobstatistics", "jobstats", FACE_GRID, false, err);
}

static enum err_code
list_basefiles(struct lister *l, struct err *err)
{
	return list_of_job(l, "list_basefiles", "files", FACE_RAW, false, err);
}

/* ---- log: the newest entries, oldest first ---- */

static enum err_code
list_log(struct lister *l, struct err *err)
{
	OWNED(params_release) struct params p = { 0 };
	OWNED(table_release) struct table t = { 0 };
	struct table_style style = { .face = FACE_LAYOUT, .layout = " {logtext}", .key = "log" };
	const char *client = args_value(&l->sh->args, "client");

	if (client != NULL && client[0] != '\0')
		param(&p, "client", client);
	if (args_has(&l->sh->args, "reverse"))
		param(&p, "reverse", "1");
	if (filter_page(l, &p, err) != ERR_OK)
		return err->code;
	if (l->limit < 0)
		param(&p, "limit", "5");
	if (shell_query(l->sh, "list_log", p.v, p.n, &t, err) != ERR_OK)
		return err->code;
	out_table(l->sh->out, &t, &style);
	out_meta(l->sh->out, l->limit, l->offset, t.filtered);
	return ERR_OK;
}

/* ---- small tables ---- */

static enum err_code
list_filesets(struct lister *l, struct err *err)
{
	OWNED(params_release) struct params p = { 0 };
	OWNED(table_release) struct table t = { 0 };
	char id[16];

	param(&p, "filesetid", args_value(&l->sh->args, "filesetid"));
	if (args_has(&l->sh->args, "jobid") || args_has(&l->sh->args, "ujobid")) {
		if (the_job(l, id, err) != ERR_OK)
			return err->code;
		param(&p, "jobid", id);
	}
	if (shell_query(l->sh, "list_filesets", p.v, p.n, &t, err) != ERR_OK)
		return err->code;
	print_list(l, &t, "filesets", false);
	return ERR_OK;
}

static enum err_code
list_pools(struct lister *l, struct err *err)
{
	OWNED(params_release) struct params p = { 0 };
	OWNED(table_release) struct table t = { 0 };

	param(&p, "name", args_value(&l->sh->args, "pool"));
	param(&p, "poolid", args_value(&l->sh->args, "poolid"));
	if (query_list(l, "pools", &p, &t, err) != ERR_OK)
		return err->code;
	struct table_style style = { .face = l->all ? FACE_PAIRS : FACE_GRID,
				     .key = "pools",
				     .empty_text = true };
	out_table(l->sh->out, &t, &style);
	return ERR_OK;
}

static enum err_code
list_clients(struct lister *l, struct err *err)
{
	OWNED(params_release) struct params p = { 0 };

	param(&p, "name", args_value(&l->sh->args, "client"));
	return list_plain(l, "clients", &p, "clients", false, err);
}

static enum err_code
list_storages(struct lister *l, struct err *err)
{
	OWNED(table_release) struct table t = { 0 };

	if (shell_query(l->sh, "list_storages", NULL, 0, &t, err) != ERR_OK)
		return err->code;
	print_list(l, &t, "storages", false);
	return ERR_OK;
}

static enum err_code
list_copies(struct lister *l, struct err *err)
{
	OWNED(params_release) struct params p = { 0 };
	OWNED(table_release) struct table t = { 0 };
	struct table_style style = { .face = FACE_GRID, .key = "copies" };
	const char *ids = args_value(&l->sh->args, "jobid");

	param(&p, "jobids", ids);
	if (shell_query(l->sh, "list_copies", p.v, p.n, &t, err) != ERR_OK)
		return err->code;
	if (table_rows(&t) == 0)
		return ERR_OK;
	out_text(l->sh->out, "%s as follows:\n",
		 ids != NULL ? "These JobIds have copies" : "The catalog contains copies");
	out_table(l->sh->out, &t, &style);
	return ERR_OK;
}

/* ---- volumes: console.md 6.3 ---- */

static enum err_code
query_volumes(struct lister *l, const char *pool, bool count, struct table *t, struct err *err)
{
	OWNED(params_release) struct params p = { 0 };

	if (pool != NULL && pool[0] != '\0')
		param(&p, "pool", pool);
	if (count)
		return shell_query(l->sh, "count_volumes", p.v, p.n, t, err);
	if (filter_page(l, &p, err) != ERR_OK)
		return err->code;
	return query_list(l, "volumes", &p, t, err);
}

static void
lower(char *s)
{
	for (; *s != '\0'; s++)
		*s = (char)tolower((unsigned char)*s);
}

static enum err_code
volumes_by_pool(struct lister *l, bool count, struct err *err)
{
	OWNED(table_release) struct table pools = { 0 };
	struct shell *sh = l->sh;

	if (shell_query(sh, "names_pools", NULL, 0, &pools, err) != ERR_OK)
		return err->code;
	out_open_object(sh->out, "volumes");
	for (size_t i = 0; i < table_rows(&pools); i++) {
		OWNED(table_release) struct table t = { 0 };
		OWNED(freep) char *key = str_dup(table_cell(&pools, i, 0));
		struct table_style style = { .face = l->all ? FACE_VERTICAL : FACE_GRID,
					     .empty_text = true };

		if (query_volumes(l, table_cell(&pools, i, 0), count, &t, err) != ERR_OK)
			return err->code;
		out_text(sh->out, "Pool: %s\n", key);
		lower(key);
		style.key = key;
		out_table(sh->out, &t, &style);
	}
	out_close(sh->out);
	return ERR_OK;
}

static enum err_code
list_volumes(struct lister *l, struct err *err)
{
	struct shell *sh = l->sh;
	bool all = args_has(&sh->args, "all"), count = args_has(&sh->args, "count");
	const char *pool = args_value(&sh->args, "pool");
	OWNED(table_release) struct table t = { 0 };

	if (args_has(&sh->args, "jobid") || args_has(&sh->args, "ujobid"))
		return list_of_job(l, l->all ? "llist_volumes_of_job" : "list_volumes_of_job",
				   "volumes", l->all ? FACE_VERTICAL : FACE_GRID, false, err);
	if (all && !l->all && acl_filters(sh, ACL_POOL))
		return err_set(err, ERR_CONFIG,
			       "Restricted permission. Use the commands 'list media' or 'llist "
			       "media all' instead");
	if (!all && pool == NULL)
		return volumes_by_pool(l, count, err);
	if (query_volumes(l, pool, count, &t, err) != ERR_OK)
		return err->code;
	print_list(l, &t, "volumes", false);
	return ERR_OK;
}

static enum err_code
list_volume(struct lister *l, struct err *err)
{
	static const char *const names[] = { "volume", "media", NULL }, *const ids[] = { "mediaid",
											 "volumeid",
											 NULL };
	OWNED(params_release) struct params p = { 0 };
	OWNED(table_release) struct table t = { 0 };

	param(&p, "name", args_value_of(&l->sh->args, names));
	param(&p, "mediaid", args_value_of(&l->sh->args, ids));
	if (query_list(l, "volumes", &p, &t, err) != ERR_OK)
		return err->code;
	print_list(l, &t, "volume", true);
	if (table_rows(&t) == 0)
		out_warning(l->sh->out, "No Volume \"%s\" that this console may see.\n",
			    p.n > 0 ? p.v[0].value : "");
	return ERR_OK;
}

/* ---- nextvol ---- */

static enum err_code
list_nextvol(struct lister *l, struct err *err)
{
	struct shell *sh = l->sh;
	const char *name = args_value(&sh->args, "job"), *days = args_value(&sh->args, "days");
	OWNED(freep) struct sched_run *runs = NULL;
	struct named *job = NULL;
	struct catalog *c;
	uint64_t n_days = 1;
	size_t n = 0;

	if (name == NULL)
		return err_set(err, ERR_CONFIG, "Missing job parameter");
	if (days != NULL && (!shell_number(days, &n_days) || n_days < 1 || n_days > 366))
		return err_set(err, ERR_CONFIG, "days=%s: expected 1 to 366", days);
	if (res_resolve(sh, RES_JOB, name, &job, err) != ERR_OK)
		return err->code;
	struct sched_preview what = { clock_now(), clock_now() + (int64_t)n_days * 86400, name,
				      NULL, NULL };
	if (scheduler_preview(sh->d, sh->conf, &what, &runs, &n, err) != ERR_OK)
		return err->code;
	if (n == 0)
		return err_set(err, ERR_CONFIG, "Could not find next Volume for Job %s.", name);
	if (shell_catalog(sh, &c, err) != ERR_OK)
		return err->code;
	struct cat_pool pool = { 0 };
	bool found = false;
	if (cat_pool_get(c, runs[0].pool, &pool, &found, err) != ERR_OK)
		return err->code;
	OWNED(cat_media_list_release) struct cat_media_list media = { 0 };
	if (found && cat_media_list(c, pool.pool_id, &media, err) != ERR_OK)
		return err->code;
	const char *volume = NULL;
	for (size_t i = 0; i < media.n && volume == NULL; i++)
		if (strcmp(media.v[i].status, "Append") == 0 && media.v[i].enabled == 1)
			volume = media.v[i].name;
	const struct dir_pool *made = dir_conf_find_pool(sh->conf, runs[0].pool);
	OWNED(freep) char *label = NULL;
	if (volume == NULL && made != NULL && made->label_format != NULL &&
	    (made->maximum_volumes == 0 || media.n < made->maximum_volumes))
		label = str_printf("a new one, labeled by \"%s\"", made->label_format);
	if (volume == NULL && label == NULL)
		return err_set(err, ERR_CONFIG, "Could not find next Volume for Job %s.", name);
	out_text(sh->out,
		 "The next Volume to be used by Job \"%s\" (Pool=%s, Level=%s) will be %s\n", name,
		 runs[0].pool, job_level_text(runs[0].level), volume != NULL ? volume : label);
	out_open_object(sh->out, "nextvol");
	out_string(sh->out, "job", name);
	out_string(sh->out, "pool", runs[0].pool);
	out_string(sh->out, "volume", volume != NULL ? volume : "");
	out_bool(sh->out, "new", volume == NULL);
	out_close(sh->out);
	return ERR_OK;
}

/* ---- what is to be listed ---- */

static const struct {
	const char *word;
	enum err_code (*run)(struct lister *l, struct err *err);
} objects[] = {
	{ "joblog", list_joblog },
	{ "log", list_log },
	{ "jobtotals", list_jobtotals },
	{ "jobmedia", list_jobmedia },
	{ "jobstatistics", list_jobstatistics },
	{ "files", list_files },
	{ "basefiles", list_basefiles },
	{ "filesets", list_filesets },
	{ "fileset", list_filesets },
	{ "filesetid", list_filesets },
	{ "volumes", list_volumes },
	{ "volume", list_volume },
	{ "media", list_volumes },
	{ "mediaid", list_volume },
	{ "volumeid", list_volume },
	{ "backups", list_backups },
	{ "pools", list_pools },
	{ "pool", list_pools },
	{ "poolid", list_pools },
	{ "clients", list_clients },
	{ "client", list_clients },
	{ "storages", list_storages },
	{ "nextvol", list_nextvol },
	{ "nextvolume", list_nextvol },
	{ "copies", list_copies },
	{ "jobs", list_jobs },
	{ "job", list_jobs },
	{ "jobname", list_jobs },
	{ "jobid", list_jobs },
	{ "ujobid", list_jobs },
};

static enum err_code
run_list(struct shell *sh, bool all, struct err *err)
{
	struct lister l = { sh, all, -1, -1 };

	if (sh->args.n < 2)
		return err_set(err, ERR_CONFIG, "list command requires a keyword");
	const char *word = sh->args.v[1].key;
	const char *value = sh->args.v[1].value;
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		if (strcasecmp(word, objects[i].word) != 0)
			continue;
		if (value != NULL &&
		    (strcasecmp(word, "media") == 0 || strcasecmp(word, "volumes") == 0))
			return list_volume(&l, err);
		return objects[i].run(&l, err);
	}
	return err_set(err, ERR_CONFIG, "Unknown list keyword: %s", word);
}

enum err_code
cmd_list(struct shell *sh, struct err *err)
{
	return run_list(sh, false, err);
}

enum err_code
cmd_llist(struct shell *sh, struct err *err)
{
	return run_list(sh, true, err);
}
