/* list, llist: objects of the catalog.  Spec: console.md 6.1-6.4 */
#include "director/shell/list_internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "director/shell/command.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"

void
list_params_release(struct list_params *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->owned[i]);
	p->n = 0;
}

void
list_param(struct list_params *p, const char *name, const char *value)
{
	if (value == NULL || p->n == LIST_ARGS_MAX)
		return;
	p->owned[p->n] = str_dup(value);
	p->v[p->n] = (struct cat_arg){ name, p->owned[p->n] };
	p->n++;
}

enum err_code
list_take_page(struct lister *l, struct list_params *p, struct err *err)
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
			list_param(p, keys[i], v);
	}
	return ERR_OK;
}

/* ---- printing ---- */

void
list_print(struct lister *l, const struct table *t, const char *key, bool single)
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
enum err_code
list_query(struct lister *l, const char *what, const struct list_params *p, struct table *t,
	   struct err *err)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%s%s", l->all ? "llist_" : "list_", what);
	return shell_query(l->sh, name, p->v, p->n, t, err);
}

enum err_code
list_plain(struct lister *l, const char *what, struct list_params *p, const char *key, bool single,
	   struct err *err)
{
	OWNED(table_release) struct table t = { 0 };

	if (list_query(l, what, p, &t, err) != ERR_OK)
		return err->code;
	list_print(l, &t, key, single);
	return ERR_OK;
}

/* ---- small tables ---- */

static bool
is_fileset(const void *name, const struct table *t, size_t row)
{
	return strcmp(table_at(t, row, "fileset"), (const char *)name) == 0;
}

static enum err_code
list_filesets(struct lister *l, struct err *err)
{
	OWNED(list_params_release) struct list_params p = { 0 };
	OWNED(table_release) struct table t = { 0 };
	char id[16];

	list_param(&p, "filesetid", args_value(&l->sh->args, "filesetid"));
	if (args_has(&l->sh->args, "jobid") || args_has(&l->sh->args, "ujobid")) {
		if (list_the_job(l, id, err) != ERR_OK)
			return err->code;
		list_param(&p, "jobid", id);
	}
	if (shell_query(l->sh, "list_filesets", p.v, p.n, &t, err) != ERR_OK)
		return err->code;
	const char *name = args_value(&l->sh->args, "fileset");
	if (name != NULL && name[0] != '\0')
		(void)table_keep(&t, is_fileset, name);
	list_print(l, &t, "filesets", false);
	return ERR_OK;
}

static enum err_code
list_pools(struct lister *l, struct err *err)
{
	OWNED(list_params_release) struct list_params p = { 0 };
	OWNED(table_release) struct table t = { 0 };

	list_param(&p, "name", args_value(&l->sh->args, "pool"));
	list_param(&p, "poolid", args_value(&l->sh->args, "poolid"));
	if (list_query(l, "pools", &p, &t, err) != ERR_OK)
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
	OWNED(list_params_release) struct list_params p = { 0 };

	list_param(&p, "name", args_value(&l->sh->args, "client"));
	return list_plain(l, "clients", &p, "clients", false, err);
}

static enum err_code
list_storages(struct lister *l, struct err *err)
{
	OWNED(table_release) struct table t = { 0 };

	if (shell_query(l->sh, "list_storages", NULL, 0, &t, err) != ERR_OK)
		return err->code;
	list_print(l, &t, "storages", false);
	return ERR_OK;
}

static enum err_code
list_copies(struct lister *l, struct err *err)
{
	OWNED(list_params_release) struct list_params p = { 0 };
	OWNED(table_release) struct table t = { 0 };
	struct table_style style = { .face = FACE_GRID, .key = "copies" };
	const char *ids = args_value(&l->sh->args, "jobid");

	list_param(&p, "jobids", ids);
	if (shell_query(l->sh, "list_copies", p.v, p.n, &t, err) != ERR_OK)
		return err->code;
	if (table_rows(&t) == 0)
		return ERR_OK;
	out_text(l->sh->out, "%s as follows:\n",
		 ids != NULL ? "These JobIds have copies" : "The catalog contains copies");
	out_table(l->sh->out, &t, &style);
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

/* What some list takes, besides the words for what is listed. */
/* clang-format off */
static const char *const keywords[] = {
	"ujobid",   "jobstatus", "level",   "joblevel", "jobtype",  "days",     "hours",
	"limit",    "offset",    "order",   "catalog",  "storage",  "count",    "reverse",
	"last",     "current",   "enabled", "disabled", "all",      "yes",
};
/* clang-format on */

static bool
is_known(const char *word)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (strcasecmp(word, keywords[i]) == 0)
			return true;
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		if (strcasecmp(word, objects[i].word) == 0)
			return true;
	return false;
}

/* A word that no list knows filters nothing: whoever mistyped it should know. */
static void
warn_unknown(struct shell *sh)
{
	for (size_t i = 1; i < sh->args.n; i++)
		if (!is_known(sh->args.v[i].key))
			out_warning(sh->out, "Unknown keyword: %s is ignored\n", sh->args.v[i].key);
}

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
		warn_unknown(sh);
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
