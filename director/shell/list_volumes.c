/* list volumes, and the next one.  Spec: console.md 6.3, 6.4 */
#include "director/shell/list_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "director/sched/scheduler.h"
#include "director/shell/command.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/catalog/cat_media.h"

static enum err_code
query_volumes(struct lister *l, const char *pool, bool count, struct table *t, struct err *err)
{
	OWNED(list_params_release) struct list_params p = { 0 };

	if (pool != NULL && pool[0] != '\0')
		list_param(&p, "pool", pool);
	if (count)
		return shell_query(l->sh, "count_volumes", p.v, p.n, t, err);
	if (list_take_page(l, &p, err) != ERR_OK)
		return err->code;
	return list_query(l, "volumes", &p, t, err);
}

static void
lower(char *s)
{
	for (; *s != '\0'; s++)
		*s = (char)tolower((unsigned char)*s);
}

/* Another pool's name differs only by case. */
static bool
collides(const struct table *pools, size_t at)
{
	for (size_t i = 0; i < table_rows(pools); i++)
		if (i != at && strcasecmp(table_cell(pools, i, 0), table_cell(pools, at, 0)) == 0)
			return true;
	return false;
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
		if (!collides(&pools, i))
			lower(key);
		style.key = key;
		out_table(sh->out, &t, &style);
	}
	out_close(sh->out);
	return ERR_OK;
}

enum err_code
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
	list_print(l, &t, "volumes", false);
	return ERR_OK;
}

enum err_code
list_volume(struct lister *l, struct err *err)
{
	static const char *const names[] = { "volume", "media", NULL }, *const ids[] = { "mediaid",
											 "volumeid",
											 NULL };
	OWNED(list_params_release) struct list_params p = { 0 };
	OWNED(table_release) struct table t = { 0 };

	list_param(&p, "name", args_value_of(&l->sh->args, names));
	const char *id = args_value_of(&l->sh->args, ids);
	uint64_t n;
	if (id != NULL && (!shell_number(id, &n) || n > INT32_MAX))
		return err_set(err, ERR_CONFIG, "mediaid=%s: expected a number", id);
	list_param(&p, "mediaid", id);
	if (list_query(l, "volumes", &p, &t, err) != ERR_OK)
		return err->code;
	list_print(l, &t, "volume", true);
	if (table_rows(&t) == 0)
		out_warning(l->sh->out, "No Volume \"%s\" that this console may see.\n",
			    p.n > 0 ? p.v[0].value : "");
	return ERR_OK;
}

/* ---- nextvol ---- */

enum err_code
shell_foresee_volume(struct catalog *c, const struct sched_run *run,
		     char volume[static CAT_NAME_MAX], bool *room, struct err *err)
{
	struct cat_media_want want = { .pool_id = 0 };
	struct cat_pool pool;
	struct cat_media m;
	bool found = false;

	volume[0] = '\0';
	*room = false;
	if (run->pool == NULL || run->storage == NULL)
		return ERR_OK;
	if (cat_pool_get(c, run->pool->name, &pool, &found, err) != ERR_OK)
		return err->code;
	if (!found)
		return ERR_OK;
	*room = run->pool->label_format != NULL &&
		(run->pool->maximum_volumes == 0 || pool.num_vols < run->pool->maximum_volumes);
	want.pool_id = pool.pool_id;
	want.media_type = run->storage->media_type;
	if (cat_media_foresee(c, &want, &m, &found, err) != ERR_OK)
		return err->code;
	if (found)
		(void)snprintf(volume, CAT_NAME_MAX, "%s", m.name);
	return ERR_OK;
}

enum err_code
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
	const struct dir_pool *pool = n > 0 ? runs[0].pool : NULL;
	if (pool == NULL || !acl_allows(sh, ACL_POOL, pool->name))
		return err_set(err, ERR_CONFIG, "Could not find next Volume for Job %s.", name);
	if (shell_catalog(sh, &c, err) != ERR_OK)
		return err->code;
	char volume[CAT_NAME_MAX];
	bool room;
	if (shell_foresee_volume(c, &runs[0], volume, &room, err) != ERR_OK)
		return err->code;
	if (volume[0] == '\0' && !room)
		return err_set(err, ERR_CONFIG, "Could not find next Volume for Job %s.", name);
	out_text(sh->out, "The next Volume to be used by Job \"%s\" (Pool=%s, Level=%s) will be ",
		 name, pool->name, job_level_text(runs[0].level));
	if (volume[0] != '\0')
		out_text(sh->out, "%s\n", volume);
	else
		out_text(sh->out, "a new one, labeled by \"%s\"\n", pool->label_format);
	out_open_object(sh->out, "nextvol");
	out_string(sh->out, "job", name);
	out_string(sh->out, "pool", pool->name);
	out_string(sh->out, "volume", volume);
	out_bool(sh->out, "new", volume[0] == '\0');
	out_close(sh->out);
	return ERR_OK;
}
