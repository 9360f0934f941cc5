/* Dot commands: lists for completion and programs.  Spec: console.md 11 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "director/shell/command.h"
#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"

static const struct table_style lines_of_names = { .face = FACE_LAYOUT, .layout = "{name}\n" };

static void
print_names(struct shell *sh, const struct table *t, const char *key)
{
	struct table_style style = lines_of_names;

	style.key = key;
	out_table(sh->out, t, &style);
}

/* [{name}] of a resource kind. */
static enum err_code
names_of(struct shell *sh, enum res_kind kind, const char *key)
{
	static const struct column cols[] = { { "name", SHOW_TEXT, 0 } };
	OWNED(table_release) struct table t;
	OWNED(freep) struct named **list = NULL;
	size_t n = res_list(sh, kind, &list);

	table_init(&t, cols, 1);
	if (kind == RES_CONSOLE && acl_allows(sh, ACL_COMMAND, "configure"))
		table_put(&t, "*UserAgent*");
	for (size_t i = 0; i < n; i++)
		table_put(&t, list[i]->name);
	print_names(sh, &t, key);
	return ERR_OK;
}

/* [{name, enabled}] with the words enabled, disabled as filters. */
static bool
enabled_of(struct shell *sh, enum res_kind kind, const struct named *r)
{
	switch (kind) {
	case RES_JOB:
		return director_is_enabled(sh->d, SWITCH_JOB, r->name);
	case RES_CLIENT:
		return director_is_enabled(sh->d, SWITCH_CLIENT, r->name);
	case RES_SCHEDULE:
		return director_is_enabled(sh->d, SWITCH_SCHEDULE, r->name);
	case RES_STORAGE:
		return ((const struct dir_storage *)(const void *)r)->enabled;
	default:
		return true;
	}
}

static enum err_code
switchable(struct shell *sh, enum res_kind kind, const char *key)
{
	static const struct column cols[] = { { "name", SHOW_TEXT, 0 },
					      { "enabled", SHOW_BOOL, 0 } };
	bool only_on = args_has(&sh->args, "enabled"), only_off = args_has(&sh->args, "disabled");
	const char *type = args_value(&sh->args, "type");
	OWNED(table_release) struct table t;
	OWNED(freep) struct named **list = NULL;
	size_t n = res_list(sh, kind, &list);

	table_init(&t, cols, 2);
	t.typed = true;
	for (size_t i = 0; i < n; i++) {
		bool on = enabled_of(sh, kind, list[i]);
		const struct dir_job *job = (const struct dir_job *)(const void *)list[i];

		if ((only_on && !on) || (only_off && on))
			continue;
		if (kind == RES_JOB && type != NULL && type[0] != '\0' && (int)job->type != type[0])
			continue;
		table_put(&t, list[i]->name);
		table_put(&t, on ? "1" : "0");
	}
	print_names(sh, &t, key);
	return ERR_OK;
}

#define NAMES(handler, kind, key)                                                                  \
	enum err_code handler(struct shell *sh, UNUSED struct err *err)                            \
	{                                                                                          \
		return names_of(sh, kind, key);                                                    \
	}
#define SWITCHABLE(handler, kind, key)                                                             \
	enum err_code handler(struct shell *sh, UNUSED struct err *err)                            \
	{                                                                                          \
		return switchable(sh, kind, key);                                                  \
	}

/* clang-format off */
SWITCHABLE(cmd_dot_jobs,     RES_JOB,      "jobs")
SWITCHABLE(cmd_dot_clients,  RES_CLIENT,   "clients")
SWITCHABLE(cmd_dot_storages, RES_STORAGE,  "storages")
SWITCHABLE(cmd_dot_schedule, RES_SCHEDULE, "schedules")
NAMES(cmd_dot_filesets,      RES_FILESET,  "filesets")
NAMES(cmd_dot_catalogs,      RES_CATALOG,  "catalogs")
NAMES(cmd_dot_profiles,      RES_PROFILE,  "profiles")
NAMES(cmd_dot_consoles,      RES_CONSOLE,  "consoles")
NAMES(cmd_dot_users,         RES_USER,     "users")
NAMES(cmd_dot_jobdefs,       RES_JOBDEFS,  "jobdefs")
/* clang-format on */

enum err_code
cmd_dot_pools(struct shell *sh, UNUSED struct err *err)
{
	static const struct column cols[] = { { "name", SHOW_TEXT, 0 } };
	const char *type = args_value(&sh->args, "type");
	OWNED(table_release) struct table t;
	OWNED(freep) struct named **list = NULL;
	size_t n = res_list(sh, RES_POOL, &list);

	table_init(&t, cols, 1);
	for (size_t i = 0; i < n; i++) {
		const struct dir_pool *p = (const struct dir_pool *)(const void *)list[i];

		if (type == NULL || type[0] == '\0' ||
		    strcasecmp(type, dir_pool_type_text(p->pool_type)) == 0)
			table_put(&t, p->name);
	}
	print_names(sh, &t, "pools");
	return ERR_OK;
}

enum err_code
cmd_dot_msgs(struct shell *sh, UNUSED struct err *err)
{
	static const struct column cols[] = { { "text", SHOW_TEXT, 0 } };
	OWNED(table_release) struct table t;
	struct table_style style = { .face = FACE_LAYOUT, .layout = "{text}\n", .key = "messages" };

	table_init(&t, cols, 1);
	for (size_t i = 0; i < sh->conf->n_messages; i++)
		table_put(&t, sh->conf->messages[i]->name);
	out_table(sh->out, &t, &style);
	return ERR_OK;
}

/* ---- words of the specification ---- */

static enum err_code
fixed_words(struct shell *sh, const char *const *words, const char *key)
{
	static const struct column cols[] = { { "name", SHOW_TEXT, 0 } };
	OWNED(table_release) struct table t;

	table_init(&t, cols, 1);
	for (; *words != NULL; words++)
		table_put(&t, *words);
	print_names(sh, &t, key);
	return ERR_OK;
}

enum err_code
cmd_dot_types(struct shell *sh, UNUSED struct err *err)
{
	static const char *const words[] = { "Backup",  "Admin", "Archive",     "Verify", "Restore",
					     "Migrate", "Copy",  "Consolidate", NULL };

	return fixed_words(sh, words, "jobtypes");
}

enum err_code
cmd_dot_volstatus(struct shell *sh, UNUSED struct err *err)
{
	static const char *const words[] = { "Unlabeled", "Append",   "Full",     "Used",
					     "Recycle",   "Purged",   "Cleaning", "Error",
					     "Archive",   "Disabled", NULL };

	return fixed_words(sh, words, "volstatus");
}

enum err_code
cmd_actiononpurge(struct shell *sh, UNUSED struct err *err)
{
	static const char *const words[] = { "None", "Truncate", NULL };

	return fixed_words(sh, words, "actiononpurge");
}

static const struct {
	const char *name, *of; /* of: the job type's word */
	int level, type;
} levels[] = {
	{ "Incremental", "Backup", LEVEL_INCREMENTAL, JOB_BACKUP },
	{ "Full", "Backup", LEVEL_FULL, JOB_BACKUP },
	{ "Differential", "Backup", LEVEL_DIFFERENTIAL, JOB_BACKUP },
	{ "VirtualFull", "Backup", LEVEL_VIRTUAL_FULL, JOB_BACKUP },
	{ "Catalog", "Verify", LEVEL_VERIFY_CATALOG, JOB_VERIFY },
	{ "InitCatalog", "Verify", LEVEL_VERIFY_INIT, JOB_VERIFY },
	{ "VolumeToCatalog", "Verify", LEVEL_VERIFY_VOLUME, JOB_VERIFY },
	{ "DiskToCatalog", "Verify", LEVEL_VERIFY_DISK, JOB_VERIFY },
};

enum err_code
cmd_dot_levels(struct shell *sh, UNUSED struct err *err)
{
	static const struct column cols[] = { { "name", SHOW_TEXT, 0 },
					      { "level", SHOW_ID, 0 },
					      { "jobtype", SHOW_ID, 0 } };
	OWNED(table_release) struct table t;
	const char *of = sh->args.n > 1 ? sh->args.v[1].key : NULL;

	table_init(&t, cols, 3);
	t.typed = true;
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (of != NULL && strcasecmp(of, levels[i].of) != 0)
			continue;
		table_put(&t, levels[i].name);
		table_putf(&t, "%d", levels[i].level);
		table_putf(&t, "%d", levels[i].type);
	}
	print_names(sh, &t, "levels");
	return ERR_OK;
}

static const struct {
	int letter, severity;
	const char *text;
} statuses[] = {
	{ 'C', 15, "Created, not yet running" },
	{ 'R', 15, "Running" },
	{ 'B', 15, "Blocked" },
	{ 'T', 10, "Completed successfully" },
	{ 'E', 25, "Terminated with errors" },
	{ 'e', 20, "Non-fatal error" },
	{ 'f', 100, "Fatal error" },
	{ 'D', 15, "Verify found differences" },
	{ 'A', 90, "Canceled by user" },
	{ 'I', 15, "Incomplete job" },
	{ 'F', 15, "Waiting for Client" },
	{ 'W', 20, "Terminated with warnings" },
	{ 'l', 15, "Doing data despooling" },
	{ 'S', 15, "Waiting for Storage daemon" },
	{ 'm', 15, "Waiting for new media" },
	{ 'M', 15, "Waiting for media mount" },
	{ 's', 15, "Waiting for storage resource" },
	{ 'j', 15, "Waiting for job resource" },
	{ 'c', 15, "Waiting for client resource" },
	{ 'd', 15, "Waiting on maximum jobs" },
	{ 't', 15, "Waiting on start time" },
	{ 'p', 15, "Waiting on higher priority jobs" },
	{ 'a', 15, "SD despooling attributes" },
	{ 'i', 15, "Doing batch insert file records" },
	{ 'L', 15, "Committing data" },
	{ 'q', 15, "Queued waiting for device" },
};

enum err_code
cmd_dot_jobstatus(struct shell *sh, UNUSED struct err *err)
{
	static const struct column cols[] = { { "jobstatus", SHOW_TEXT, 0 },
					      { "jobstatuslong", SHOW_TEXT, 0 },
					      { "severity", SHOW_ID, 0 },
					      { "exitlevel", SHOW_ID, 0 },
					      { "exitstatus", SHOW_ID, 0 } };
	const char *one = sh->args.v[0].value;
	OWNED(table_release) struct table t;
	struct table_style style = { .face = FACE_GRID, .key = "jobstatus" };

	table_init(&t, cols, 5);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		int c = statuses[i].letter;
		int level = c == 'T' ? 0 : c == 'W' ? 1 : strchr("efAE", c) != NULL ? 2 : 3;

		if (one != NULL && one[0] != '\0' && one[0] != c)
			continue;
		table_putf(&t, "%c", c);
		table_put(&t, statuses[i].text);
		table_putf(&t, "%d", statuses[i].severity);
		table_putf(&t, "%d", level);
		table_putf(&t, "%d", level);
	}
	out_table(sh->out, &t, &style);
	return ERR_OK;
}

/* ---- from the catalog ---- */

static enum err_code
names_query(struct shell *sh, const char *statement, const char *key, struct err *err)
{
	OWNED(table_release) struct table t = { 0 };

	sh->catalog_said = true;
	if (shell_query(sh, statement, NULL, 0, &t, err) != ERR_OK)
		return err->code;
	print_names(sh, &t, key);
	return ERR_OK;
}

enum err_code
cmd_dot_media(struct shell *sh, struct err *err)
{
	return names_query(sh, "names_volumes", "media", err);
}

enum err_code
cmd_dot_mediatypes(struct shell *sh, UNUSED struct err *err)
{
	static const struct column cols[] = { { "name", SHOW_TEXT, 0 } };
	OWNED(table_release) struct table t;

	table_init(&t, cols, 1);
	for (size_t i = 0; i < sh->conf->n_storage; i++) {
		const char *type = sh->conf->storage[i]->media_type;
		bool seen = type == NULL;

		for (size_t r = 0; !seen && r < table_rows(&t); r++)
			seen = strcmp(table_cell(&t, r, 0), type) == 0;
		if (!seen)
			table_put(&t, type);
	}
	print_names(sh, &t, "mediatypes");
	return ERR_OK;
}

enum err_code
cmd_dot_locations(struct shell *sh, UNUSED struct err *err)
{
	static const char *const none[] = { NULL };

	return fixed_words(sh, none, "locations");
}

enum err_code
cmd_dot_sql(struct shell *sh, struct err *err)
{
	const char *query = args_value(&sh->args, "query");
	OWNED(cat_table_release) struct cat_table ct = { 0 };
	OWNED(table_release) struct table t = { 0 };
	struct table_style style = { .face = FACE_LEFT, .key = "query", .empty_text = true };
	struct catalog *c;

	if (query == NULL)
		return err_set(err, ERR_CONFIG, "query keyword not found.");
	sh->catalog_said = true;
	if (shell_catalog(sh, &c, err) != ERR_OK || cat_query_text(c, query, &ct, err) != ERR_OK)
		return err->code;
	shell_table_from(&ct, &t);
	out_table(sh->out, &t, &style);
	return ERR_OK;
}

/* ---- .authorized ---- */

static const struct {
	const char *key;
	enum acl_kind acl;
} authorized[] = {
	{ "job", ACL_JOB },           { "client", ACL_CLIENT },   { "storage", ACL_STORAGE },
	{ "schedule", ACL_SCHEDULE }, { "pool", ACL_POOL },       { "cmd", ACL_COMMAND },
	{ "fileset", ACL_FILESET },   { "catalog", ACL_CATALOG },
};

enum err_code
cmd_authorized(struct shell *sh, struct err *err)
{
	bool ok = true, any = false;

	for (size_t i = 0; i < sizeof(authorized) / sizeof(authorized[0]); i++) {
		const char *v = args_value(&sh->args, authorized[i].key);

		if (v == NULL)
			continue;
		any = true;
		ok = ok && acl_allows(sh, authorized[i].acl, v);
	}
	ok = ok && any;
	out_open_object(sh->out, ".authorized");
	out_bool(sh->out, "authorized", ok);
	out_close(sh->out);
	if (ok) {
		out_text(sh->out, "authorized\n");
		return ERR_OK;
	}
	out_text(sh->out, "not authorized\n");
	return err_set(err, ERR_CONFIG, "%s", "");
}
