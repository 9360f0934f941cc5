/* update volume and pool, create pool.  Spec: console.md 9.3, 9.5 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "director/job/job_setup.h"
#include "director/shell/command.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/units.h"
#include "lib/catalog/cat_purge.h"

/* ---- one row per thing of a volume that can be changed ---- */

struct change {
	struct shell *sh;
	struct catalog *c;
	struct cat_media *m;
	struct cat_pool *pool; /* of the volume */
};

typedef enum err_code change_fn(struct change *ch, const char *value, struct err *err);

/* The catalog asks again when it stores the word; here nothing is said that is not done. */
static enum err_code
judge_status(struct change *ch, const char *word, struct err *err)
{
	OWNED(cat_jobs_release) struct cat_jobs jobs = { 0 };

	if (strcmp(word, ch->m->status) == 0 ||
	    (strcmp(word, "Purged") != 0 && strcmp(word, "Recycle") != 0))
		return ERR_OK;
	if (cat_purge_jobs_of_volume(ch->c, ch->m->media_id, 0, &jobs, err) != ERR_OK)
		return err->code;
	if (jobs.n == 0)
		return ERR_OK;
	return err_set(err, ERR_CONFIG,
		       "Volume \"%s\" still holds %zu jobs, it cannot be %s: purge volume=%s "
		       "removes them from the catalog",
		       ch->m->name, jobs.n, word, ch->m->name);
}

static enum err_code
set_status(struct change *ch, const char *value, struct err *err)
{
	static const char *const words[] = {
		"Append",   "Archive", "Disabled",  "Full",  "Used",
		"Cleaning", "Recycle", "Read-Only", "Error", "Purged"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(value, words[i]) != 0)
			continue;
		if (judge_status(ch, words[i], err) != ERR_OK)
			return err->code;
		(void)snprintf(ch->m->status, sizeof(ch->m->status), "%s", words[i]);
		out_info(ch->sh->out, "New Volume status is: %s\n", words[i]);
		return ERR_OK;
	}
	return err_set(err, ERR_CONFIG, "Invalid VolStatus specified: %s", value);
}

static enum err_code
take_time(const char *what, const char *value, int64_t *out, struct err *err)
{
	if (units_time(value, out, err) != ERR_OK)
		return err_set(err, ERR_CONFIG, "Invalid %s specified: %s", what, value);
	return ERR_OK;
}

static enum err_code
set_retention(struct change *ch, const char *value, struct err *err)
{
	char text[UNITS_TEXT_MAX];

	if (take_time("retention period", value, &ch->m->vol_retention, err) != ERR_OK)
		return err->code;
	out_info(ch->sh->out, "New retention period is: %s\n",
		 units_time_text(ch->m->vol_retention, text));
	return ERR_OK;
}

static enum err_code
set_use(struct change *ch, const char *value, struct err *err)
{
	char text[UNITS_TEXT_MAX];

	if (take_time("use duration", value, &ch->m->vol_use_duration, err) != ERR_OK)
		return err->code;
	out_info(ch->sh->out, "New use duration is: %s\n",
		 units_time_text(ch->m->vol_use_duration, text));
	return ERR_OK;
}

static enum err_code
take_number(const char *what, const char *value, uint64_t max, uint64_t *out, struct err *err)
{
	if (!shell_number(value, out) || *out > max)
		return err_set(err, ERR_CONFIG, "Invalid %s specified: %s", what, value);
	return ERR_OK;
}

static enum err_code
set_max_jobs(struct change *ch, const char *value, struct err *err)
{
	uint64_t n;

	if (take_number("max jobs", value, INT32_MAX, &n, err) != ERR_OK)
		return err->code;
	ch->m->max_vol_jobs = (uint32_t)n;
	out_info(ch->sh->out, "New max jobs is: %s\n", value);
	return ERR_OK;
}

static enum err_code
set_max_files(struct change *ch, const char *value, struct err *err)
{
	uint64_t n;

	if (take_number("max files", value, INT32_MAX, &n, err) != ERR_OK)
		return err->code;
	ch->m->max_vol_files = (uint32_t)n;
	out_info(ch->sh->out, "New max files is: %s\n", value);
	return ERR_OK;
}

static enum err_code
set_max_bytes(struct change *ch, const char *value, struct err *err)
{
	if (units_size(value, &ch->m->max_vol_bytes, err) != ERR_OK)
		return err_set(err, ERR_CONFIG, "Invalid max. bytes specification: %s", value);
	out_info(ch->sh->out, "New Max bytes is: %s\n", U64_COMMAS(ch->m->max_vol_bytes));
	return ERR_OK;
}

static enum err_code
take_bool(const char *what, const char *value, bool *out, struct err *err)
{
	if (!units_bool(value, out))
		return err_set(err, ERR_CONFIG, "Invalid %s value: %s; expected yes or no", what,
			       value);
	return ERR_OK;
}

static enum err_code
set_recycle(struct change *ch, const char *value, struct err *err)
{
	if (take_bool("recycle", value, &ch->m->recycle, err) != ERR_OK)
		return err->code;
	out_info(ch->sh->out, "New Recycle flag is: %s\n", ch->m->recycle ? "yes" : "no");
	return ERR_OK;
}

static enum err_code
set_in_changer(struct change *ch, const char *value, struct err *err)
{
	if (take_bool("InChanger", value, &ch->m->in_changer, err) != ERR_OK)
		return err->code;
	out_info(ch->sh->out, "New InChanger flag is: %s\n", ch->m->in_changer ? "yes" : "no");
	return ERR_OK;
}

static enum err_code
set_slot(struct change *ch, const char *value, struct err *err)
{
	uint64_t n;

	if (take_number("slot", value, 100000, &n, err) != ERR_OK)
		return err->code;
	ch->m->slot = (int32_t)n;
	out_info(ch->sh->out, "New Slot is: %d\n", ch->m->slot);
	return ERR_OK;
}

static enum err_code
set_pool(struct change *ch, const char *value, struct err *err)
{
	struct cat_pool pool = { 0 };
	bool found = false;

	if (!acl_allows(ch->sh, ACL_POOL, value))
		return err_set(err, ERR_CONFIG, "Pool resource \"%s\": not found", value);
	if (cat_pool_get(ch->c, value, &pool, &found, err) != ERR_OK)
		return err->code;
	if (!found)
		return err_set(err, ERR_CONFIG, "Pool resource \"%s\": not found", value);
	ch->m->pool_id = pool.pool_id;
	*ch->pool = pool;
	out_info(ch->sh->out, "New Pool is: %s\n", value);
	return ERR_OK;
}

static enum err_code
set_recycle_pool(struct change *ch, const char *value, struct err *err)
{
	struct cat_pool pool = { 0 };
	bool found = false;

	if (!acl_allows(ch->sh, ACL_POOL, value))
		return err_set(err, ERR_CONFIG, "Pool resource \"%s\": not found", value);
	if (cat_pool_get(ch->c, value, &pool, &found, err) != ERR_OK)
		return err->code;
	if (!found)
		return err_set(err, ERR_CONFIG, "Pool resource \"%s\": not found", value);
	ch->m->recycle_pool_id = pool.pool_id;
	out_info(ch->sh->out, "New RecyclePool is: %s\n", value);
	return ERR_OK;
}

static enum err_code
set_enabled(struct change *ch, const char *value, struct err *err)
{
	bool on = false;

	if (strcasecmp(value, "archived") == 0 || strcmp(value, "2") == 0)
		ch->m->enabled = 2;
	else if (take_bool("Enabled", value, &on, err) != ERR_OK)
		return err->code;
	else
		ch->m->enabled = on ? 1 : 0;
	out_info(ch->sh->out, "New Enabled is: %d\n", ch->m->enabled);
	return ERR_OK;
}

static enum err_code
set_action(struct change *ch, const char *value, struct err *err)
{
	if (strcasecmp(value, "truncate") != 0 && strcasecmp(value, "none") != 0)
		return err_set(err, ERR_CONFIG, "Invalid ActionOnPurge specified: %s", value);
	ch->m->action_on_purge = strcasecmp(value, "truncate") == 0 ? ACTION_ON_PURGE_TRUNCATE : 0;
	out_info(ch->sh->out, "New ActionOnPurge is: %s\n", value);
	return ERR_OK;
}

static enum err_code
set_from_pool(struct change *ch, UNUSED const char *value, UNUSED struct err *err)
{
	const struct cat_pool *p = ch->pool;

	ch->m->recycle = p->recycle;
	ch->m->vol_retention = p->vol_retention;
	ch->m->vol_use_duration = p->vol_use_duration;
	ch->m->max_vol_jobs = p->max_vol_jobs;
	ch->m->max_vol_files = p->max_vol_files;
	ch->m->max_vol_bytes = p->max_vol_bytes;
	ch->m->recycle_pool_id = p->recycle_pool_id;
	ch->m->action_on_purge = p->action_on_purge;
	out_info(ch->sh->out, "Volume defaults updated from \"%s\" Pool record.\n", p->name);
	return ERR_OK;
}

/* clang-format off */
static const struct {
	const char *key;
	bool plain;           /* a word without value */
	const char *item;     /* in the menu; NULL: not there */
	const char *question;
	change_fn *run;
} changes[] = {
	{ "volstatus",     false, "Volume Status",           "Choose new Volume Status: ",       set_status },
	{ "volretention",  false, "Volume Retention Period", "Enter Volume Retention period: ",  set_retention },
	{ "voluse",        false, "Volume Use Duration",     "Enter Volume Use Duration: ",      set_use },
	{ "maxvoljobs",    false, "Maximum Volume Jobs",     "Enter new Maximum Jobs: ",         set_max_jobs },
	{ "maxvolfiles",   false, "Maximum Volume Files",    "Enter new Maximum Files: ",        set_max_files },
	{ "maxvolbytes",   false, "Maximum Volume Bytes",    "Enter new Maximum Bytes: ",        set_max_bytes },
	{ "recycle",       false, "Recycle Flag",            "Enter new Recycle status: ",       set_recycle },
	{ "slot",          false, "Slot",                    "Enter new Slot: ",                 set_slot },
	{ "inchanger",     false, "InChanger Flag",          "Set InChanger flag: yes/no: ",     set_in_changer },
	{ "pool",          false, "Pool",                    "Enter new Pool name: ",            set_pool },
	{ "frompool",      true,  "Volume from Pool",        NULL,                               set_from_pool },
	{ "enabled",       false, "Enabled",                 "Enter new Enabled: ",              set_enabled },
	{ "recyclepool",   false, "RecyclePool",             "Enter new RecyclePool name: ",     set_recycle_pool },
	{ "actiononpurge", false, "Action On Purge",         "Enter new Action On Purge: ",      set_action },
};
/* clang-format on */
#define N_CHANGES (sizeof(changes) / sizeof(changes[0]))

static enum err_code
ask_status(struct change *ch, char **out, struct err *err)
{
	static const char *const items[] = { "Append", "Archive",  "Disabled",  "Full",
					     "Used",   "Cleaning", "Read-Only", "Recycle" };
	/* Only a purged volume may be said to be free for use again. */
	struct ask_list ask = { .kind = "Volume Status",
				.header = "Possible Values are:",
				.question = "Choose new Volume Status",
				.items = items,
				.n = strcmp(ch->m->status, "Purged") == 0 ? 8 : 7 };
	size_t at;

	out_text(ch->sh->out, "Current Volume status is: %s\n", ch->m->status);
	if (ask_select(ch->sh, &ask, &at, err) != ERR_OK)
		return err->code;
	*out = str_dup(items[at]);
	return ERR_OK;
}

#define GONE "The Volume was deleted meanwhile."

static enum err_code
store_changes(struct change *ch, const struct cat_media *was, struct err *err)
{
	bool found = false;

	if (cat_media_store(ch->c, was, ch->m, &found, err) != ERR_OK)
		return err->code;
	return found ? ERR_OK : err_set(err, ERR_CONFIG, GONE);
}

/* A question was left; each change before it was stored at once. */
static enum err_code
left_menu(bool changed, struct err *err)
{
	if (changed && err->code == ERR_CANCELED)
		return err_set(err, ERR_CANCELED, "Selection aborted; what was changed stays.");
	return err->code;
}

static enum err_code
change_menu(struct change *ch, struct err *err)
{
	bool changed = false;
	const char *items[N_CHANGES + 1];
	struct ask_list ask = { .kind = "parameter",
				.header = "Parameters to modify:",
				.question = "Select parameter to modify",
				.items = items,
				.n = N_CHANGES + 1 };

	for (size_t i = 0; i < N_CHANGES; i++)
		items[i] = changes[i].item;
	items[N_CHANGES] = "Done";
	for (;;) {
		OWNED(freep) char *value = NULL;
		struct err e = ERR_INIT;
		struct cat_media was;
		bool found = false;
		size_t at;

		if (ask_select(ch->sh, &ask, &at, err) != ERR_OK)
			return left_menu(changed, err);
		if (at == N_CHANGES) {
			out_info(ch->sh->out, "Selection terminated.\n");
			return ERR_OK;
		}
		out_text(ch->sh->out, "Updating Volume \"%s\"\n", ch->m->name);
		if (changes[at].run == set_status) {
			if (ask_status(ch, &value, err) != ERR_OK)
				return left_menu(changed, err);
		} else if (changes[at].question != NULL &&
			   ask_text(ch->sh, &value, err, "%s", changes[at].question) != ERR_OK) {
			return left_menu(changed, err);
		}
		/* A job may have written to the volume while the person thought. */
		if (cat_media_get_by_id(ch->c, ch->m->media_id, ch->m, &found, err) != ERR_OK)
			return err->code;
		if (!found)
			return err_set(err, ERR_CONFIG, GONE);
		was = *ch->m;
		if (changes[at].run(ch, value, &e) != ERR_OK) {
			out_info(ch->sh->out, "%s\n", e.text);
			continue;
		}
		if (store_changes(ch, &was, err) != ERR_OK)
			return err->code;
		changed = true;
	}
}

/* Every word behind "update volume": a change, or the volume itself. */
static enum err_code
judge_words(struct shell *sh, struct err *err)
{
	static const char *const others[] = { "volume", "media", "catalog", "yes" };

	for (size_t i = 1; i < sh->args.n; i++) {
		const char *word = sh->args.v[i].key;
		bool known = false;

		for (size_t k = 0; k < N_CHANGES && !known; k++)
			known = strcasecmp(word, changes[k].key) == 0;
		for (size_t k = 0; k < sizeof(others) / sizeof(others[0]) && !known; k++)
			known = strcasecmp(word, others[k]) == 0;
		if (!known)
			return err_set(err, ERR_CONFIG, "Invalid keyword: %s", word);
	}
	return ERR_OK;
}

static enum err_code
update_volume(struct shell *sh, struct err *err)
{
	static const char *const keys[] = { "volume", "media", NULL };
	const char *name = args_value_of(&sh->args, keys);
	OWNED(freep) char *asked = NULL;
	struct cat_pool pool = { 0 };
	struct cat_media m, was;
	struct change ch = { sh, NULL, &m, &pool };
	bool any = false;

	if (judge_words(sh, err) != ERR_OK || shell_catalog(sh, &ch.c, err) != ERR_OK)
		return err->code;
	if (name == NULL && shell_ask_volume(sh, &asked, err) != ERR_OK)
		return err->code;
	if (shell_find_volume(sh, name != NULL ? name : asked, &m, &pool, err) != ERR_OK)
		return err->code;
	was = m;
	for (size_t i = 0; i < N_CHANGES; i++) {
		const char *value = args_value(&sh->args, changes[i].key);

		if (value == NULL && !(changes[i].plain && args_has(&sh->args, changes[i].key)))
			continue;
		if (changes[i].run(&ch, value, err) != ERR_OK) {
			if (any)
				out_info(sh->out, "Nothing was changed:\n");
			return err->code;
		}
		any = true;
	}
	return any ? store_changes(&ch, &was, err) : change_menu(&ch, err);
}

/* ---- pools ---- */

static const char *const pool_keys[] = { "pool", NULL };

static enum err_code
update_pool(struct shell *sh, struct err *err)
{
	OWNED(table_release) struct table t = { 0 };
	struct table_style style = { .face = FACE_GRID, .key = "query" };
	struct named *r = NULL;
	struct cat_pool pool;
	struct catalog *c;

	if (res_pick(sh, RES_POOL, pool_keys, &r, err) != ERR_OK ||
	    shell_catalog(sh, &c, err) != ERR_OK)
		return err->code;
	cat_pool_of((const struct dir_pool *)(const void *)r, &pool);
	struct cat_arg arg = { "name", r->name };
	if (cat_pool_sync(c, &pool, err) != ERR_OK ||
	    shell_query(sh, "list_pools", &arg, 1, &t, err) != ERR_OK)
		return err->code;
	out_table(sh->out, &t, &style);
	out_info(sh->out, "Pool DB record updated from resource.\n");
	return ERR_OK;
}

enum err_code
cmd_create(struct shell *sh, struct err *err)
{
	struct named *r = NULL;
	struct cat_pool pool;
	struct catalog *c;
	bool found = false;

	if (res_pick(sh, RES_POOL, pool_keys, &r, err) != ERR_OK ||
	    shell_catalog(sh, &c, err) != ERR_OK ||
	    cat_pool_get(c, r->name, &pool, &found, err) != ERR_OK)
		return err->code;
	if (found)
		return err_set(err, ERR_CONFIG,
			       "Error: Pool %s already exists.\nUse update to change it.", r->name);
	cat_pool_of((const struct dir_pool *)(const void *)r, &pool);
	if (cat_pool_sync(c, &pool, err) != ERR_OK)
		return err->code;
	out_info(sh->out, "Pool %s created.\n", r->name);
	return ERR_OK;
}

enum err_code
cmd_update(struct shell *sh, struct err *err)
{
	static const char *const items[] = { "Volume parameters", "Pool from resource" };
	static const struct ask_list ask = { .kind = "item",
					     .header = "Update choice:",
					     .question = "Choose catalog item to update",
					     .items = items,
					     .n = 2 };
	static const char *const later[] = { "slots", "slot", "stats", "jobid" };
	size_t at;

	if (sh->args.n > 1) {
		const char *word = sh->args.v[1].key;

		if (strcasecmp(word, "volume") == 0 || strcasecmp(word, "media") == 0)
			return update_volume(sh, err);
		if (strcasecmp(word, "pool") == 0)
			return update_pool(sh, err);
		for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
			if (strcasecmp(word, later[i]) == 0)
				return err_set(err, ERR_CONFIG,
					       "update %s: is not available in this version yet",
					       word);
		return err_set(err, ERR_CONFIG, "Invalid keyword: %s", word);
	}
	if (ask_select(sh, &ask, &at, err) != ERR_OK)
		return err->code;
	return at == 0 ? update_volume(sh, err) : update_pool(sh, err);
}
