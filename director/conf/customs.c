/*
 * director/conf/customs.c - directives whose value maps to another one
 *
 * Spec: config.md 1.3 (ActionOnPurge), 3.5, 3.6, 10
 */
#include "director/conf/dir_conf_internal.h"

#include "lib/base/units.h"
#include "lib/conf/show.h"

#include <string.h>
#include <strings.h>

/* yes, no, or Bacula's name of an Autochanger, which counts as yes. */
static bool
parse_auto_changer(struct conf_parser *p, struct conf_res *res, const struct conf_row *row,
		   void *slot)
{
	struct dir_storage *s = (struct dir_storage *)res;
	const struct conf_token *t = conf_take_value(p, row->name, "yes or no");

	(void)slot;
	if (t == NULL)
		return false;
	if (!units_bool(t->text, &s->auto_changer)) {
		s->auto_changer = true;
		conf_note(p->diag, &t->pos, "AutoChanger = %s is taken as yes", t->text);
	}
	conf_end_value(p, row->name, false);
	return true;
}

static void
show_auto_changer(struct conf_show *show, const struct conf_res *res, const struct conf_row *row,
		  const void *slot)
{
	const struct dir_storage *s = (const struct dir_storage *)res;

	(void)slot;
	if (s->auto_changer || conf_show_is_verbose(show))
		conf_show_bool(show, row->name, s->auto_changer);
}

/* Repeated values add up. */
static bool
parse_action(struct conf_parser *p, struct conf_res *res, const struct conf_row *row, void *slot)
{
	struct dir_pool *pool = (struct dir_pool *)res;
	const struct conf_token *t = conf_take_value(p, row->name, "None or Truncate");

	(void)slot;
	if (t == NULL)
		return false;
	if (strcasecmp(t->text, "Truncate") == 0) {
		pool->action_on_purge |= ACTION_ON_PURGE_TRUNCATE;
	} else if (strcasecmp(t->text, "None") != 0) {
		conf_error(p->diag, &t->pos,
			   "bad value \"%s\" for %s in %s: accepted: None, Truncate", t->text,
			   row->name, p->where);
		return false;
	}
	conf_end_value(p, row->name, false);
	return true;
}

static void
show_action(struct conf_show *show, const struct conf_res *res, const struct conf_row *row,
	    const void *slot)
{
	const struct dir_pool *pool = (const struct dir_pool *)res;

	(void)slot;
	if (pool->action_on_purge != 0)
		conf_show_raw(show, row->name, "Truncate", CONF_SHOW_ONE);
	else if (conf_show_is_verbose(show))
		conf_show_raw(show, row->name, "None", CONF_SHOW_ONE);
}

static bool
parse_use_once(struct conf_parser *p, struct conf_res *res, const struct conf_row *row, void *slot)
{
	struct dir_pool *pool = (struct dir_pool *)res;
	struct conf_pos pos = conf_tok(p)->pos;
	bool yes = false;

	(void)slot;
	if (!conf_take_bool(p, row->name, &yes))
		return false;
	if (yes) {
		pool->maximum_volume_jobs = 1;
		conf_res_mark_set(res, "MaximumVolumeJobs", &pos);
		conf_note(p->diag, &pos, "UseVolumeOnce is taken as MaximumVolumeJobs = 1");
	}
	return true;
}

/* The first entry as NextPool, if none is set. */
static bool
parse_copy_pool(struct conf_parser *p, struct conf_res *res, const struct conf_row *row, void *slot)
{
	struct dir_pool *pool = (struct dir_pool *)res;
	const struct conf_token *t = conf_take_value(p, row->name, "the name of a Pool");

	(void)slot;
	if (t == NULL)
		return false;
	if (pool->next_pool == NULL && !conf_res_has(res, "NextPool"))
		conf_want_ref(p, res, "NextPool", "Pool", t->text, t->pos, &pool->next_pool);
	conf_note(p->diag, &t->pos, "CopyPool is taken as NextPool");
	conf_skip_directive(p);
	return true;
}

static bool
parse_db_driver(struct conf_parser *p, struct conf_res *res, const struct conf_row *row, void *slot)
{
	const struct conf_token *t = conf_take_value(p, row->name, "the name of a driver");

	(void)res;
	(void)slot;
	if (t == NULL)
		return false;
	if (strcasecmp(t->text, "postgresql") != 0 && strcasecmp(t->text, "dbi:postgresql") != 0) {
		conf_error(p->diag, &t->pos,
			   "the catalog is kept in PostgreSQL only, not in \"%s\"", t->text);
		return false;
	}
	conf_end_value(p, row->name, false);
	return true;
}

const struct conf_custom auto_changer = { .words = "yes or no",
					  .schema = "BOOLEAN",
					  .parse = parse_auto_changer,
					  .show = show_auto_changer };
const struct conf_custom action_on_purge = { .words = "None or Truncate",
					     .schema = "ACTION_ON_PURGE",
					     .parse = parse_action,
					     .show = show_action };
const struct conf_custom use_volume_once = { .words = "yes or no",
					     .schema = "BOOLEAN",
					     .parse = parse_use_once };
const struct conf_custom copy_pool = { .words = "the name of a Pool",
				       .schema = "RES",
				       .parse = parse_copy_pool };
const struct conf_custom db_driver = { .words = "postgresql",
				       .schema = "STRING",
				       .parse = parse_db_driver };
