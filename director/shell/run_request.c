#include "director/shell/run_request.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/units.h"
#include "lib/files/rename.h"

/* ---- keywords: one row each ---- */

enum value_kind {
	VAL_TEXT,     /* any text */
	VAL_RESOURCE, /* a name that must resolve */
	VAL_LEVEL,
	VAL_REPLACE,
	VAL_WHEN,
	VAL_PRIORITY,
	VAL_JOB_ID,
	VAL_CHOICE,
	VAL_FILES,
	VAL_RELOCATE, /* regexwhere */
	VAL_FORMAT,   /* of the backup: there is one */
	VAL_YES,
	VAL_IGNORED, /* accepted without effect */
};

struct keyword {
	const char *word;
	enum value_kind kind;
	enum res_kind res; /* VAL_RESOURCE */
	size_t offset;     /* of the member */
};

#define AT(member) offsetof(struct job_request, member)

/* clang-format off */
static const struct keyword keywords[] = {
	{ "job",                  VAL_RESOURCE, RES_JOB,      AT(job) },
	{ "client",               VAL_RESOURCE, RES_CLIENT,   AT(client) },
	{ "fd",                   VAL_RESOURCE, RES_CLIENT,   AT(client) },
	{ "restoreclient",        VAL_RESOURCE, RES_CLIENT,   AT(client) },
	{ "fileset",              VAL_RESOURCE, RES_FILESET,  AT(fileset) },
	{ "storage",              VAL_RESOURCE, RES_STORAGE,  AT(storage) },
	{ "sd",                   VAL_RESOURCE, RES_STORAGE,  AT(storage) },
	{ "pool",                 VAL_RESOURCE, RES_POOL,     AT(pool) },
	{ "nextpool",             VAL_RESOURCE, RES_POOL,     AT(next_pool) },
	{ "catalog",              VAL_RESOURCE, RES_CATALOG,  AT(catalog) },
	{ "verifyjob",            VAL_RESOURCE, RES_JOB,      AT(verify_job) },
	{ "level",                VAL_LEVEL,    RES_JOB,      AT(level) },
	{ "replace",              VAL_REPLACE,  RES_JOB,      AT(replace) },
	{ "when",                 VAL_WHEN,     RES_JOB,      AT(when) },
	{ "priority",             VAL_PRIORITY, RES_JOB,      AT(priority) },
	{ "jobid",                VAL_JOB_ID,   RES_JOB,      AT(job_id) },
	{ "where",                VAL_TEXT,     RES_JOB,      AT(where) },
	{ "regexwhere",           VAL_RELOCATE, RES_JOB,      AT(regex_where) },
	{ "bootstrap",            VAL_TEXT,     RES_JOB,      AT(bootstrap) },
	{ "pluginoptions",        VAL_TEXT,     RES_JOB,      AT(plugin_options) },
	{ "comment",              VAL_TEXT,     RES_JOB,      AT(comment) },
	{ "since",                VAL_TEXT,     RES_JOB,      AT(since) },
	{ "backupformat",         VAL_FORMAT,   RES_JOB,      AT(backup_format) },
	{ "spooldata",            VAL_CHOICE,   RES_JOB,      AT(spool_data) },
	{ "accurate",             VAL_CHOICE,   RES_JOB,      AT(accurate) },
	{ "files",                VAL_FILES,    RES_JOB,      AT(expected_files) },
	{ "yes",                  VAL_YES,      RES_JOB,      0 },
	{ "ignoreduplicatecheck", VAL_IGNORED,  RES_JOB,      0 },
	{ "backupclient",         VAL_IGNORED,  RES_JOB,      0 },
	{ "verifylist",           VAL_IGNORED,  RES_JOB,      0 },
};
/* clang-format on */

static const struct {
	const char *word;
	int letter;
} replaces[] = {
	{ "always", REPLACE_ALWAYS },
	{ "ifnewer", REPLACE_IF_NEWER },
	{ "ifolder", REPLACE_IF_OLDER },
	{ "never", REPLACE_NEVER },
};

static const struct {
	const char *word;
	int letter;
} levels[] = {
	{ "Full", LEVEL_FULL },
	{ "Incremental", LEVEL_INCREMENTAL },
	{ "Differential", LEVEL_DIFFERENTIAL },
	{ "Since", LEVEL_SINCE },
	{ "VirtualFull", LEVEL_VIRTUAL_FULL },
	{ "Base", LEVEL_BASE },
	{ "Catalog", LEVEL_VERIFY_CATALOG },
	{ "InitCatalog", LEVEL_VERIFY_INIT },
	{ "VolumeToCatalog", LEVEL_VERIFY_VOLUME },
	{ "DiskToCatalog", LEVEL_VERIFY_DISK },
};

static int
level_letter(const char *word)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcasecmp(word, levels[i].word) == 0)
			return levels[i].letter;
	return 0;
}

static void
set_text(struct job_request *req, size_t offset, const char *value)
{
	char **member = (char **)(void *)((char *)req + offset);

	free(*member);
	*member = value == NULL ? NULL : str_dup(value);
}

static void
set_int(struct job_request *req, size_t offset, int value)
{
	*(int *)(void *)((char *)req + offset) = value;
}

/* "Job" is said in the words of run. */
static enum err_code
unknown_resource(struct shell *sh, const struct keyword *k, const char *name, struct err *err)
{
	struct named *ignored = NULL;

	if (res_resolve(sh, k->res, name, &ignored, err) == ERR_OK)
		return ERR_OK;
	static const char before[] = "; did you mean ";
	const char *near = strstr(err->text, before);
	OWNED(freep)
	char *hint = near == NULL ? str_dup("")
				  : str_printf("\nDid you mean %s", near + sizeof(before) - 1);
	return err_set(err, ERR_CONFIG, "%s \"%s\" not found%s%s", res_facts(k->res)->singular,
		       name, k->res == RES_JOB ? "" : ".", hint);
}

static enum err_code
judge_relocation(const char *regex, struct err *err)
{
	OWNED(rename_rules_freep) struct rename_rules *rules = NULL;

	return rename_rules_new(regex, &rules, err);
}

static enum err_code
take_value(struct shell *sh, const struct keyword *k, const char *v, struct job_request *req,
	   struct err *err)
{
	uint64_t n;
	bool on;

	switch (k->kind) {
	case VAL_RESOURCE:
		if (unknown_resource(sh, k, v, err) != ERR_OK)
			return err->code;
		set_text(req, k->offset, v);
		break;
	case VAL_TEXT:
		set_text(req, k->offset, v);
		break;
	case VAL_LEVEL:
		if (level_letter(v) == 0)
			return err_set(err, ERR_CONFIG, "Level \"%s\" not valid.", v);
		set_int(req, k->offset, level_letter(v));
		break;
	case VAL_REPLACE:
		for (size_t i = 0; i < 4; i++) {
			if (strcasecmp(v, replaces[i].word) == 0) {
				set_int(req, k->offset, replaces[i].letter);
				return ERR_OK;
			}
		}
		return err_set(err, ERR_CONFIG, "Invalid replace option: %s", v);
	case VAL_WHEN:
		if (!shell_time(v, &req->when)) {
			out_warning(sh->out, "Invalid time, using current time.\n");
			req->when = 0;
		}
		break;
	case VAL_PRIORITY:
		if (!shell_number(v, &n) || n == 0 || n > 100000)
			return err_set(err, ERR_CONFIG,
				       "Invalid priority \"%s\": expected 1 to 100000", v);
		set_int(req, k->offset, (int)n);
		break;
	case VAL_JOB_ID:
		if (!shell_number(v, &n) || n == 0 || n > UINT32_MAX)
			return err_set(err, ERR_CONFIG, "JobId %s not found in catalog. ", v);
		req->job_id = (uint32_t)n;
		break;
	case VAL_CHOICE:
		if (!units_bool(v, &on))
			return err_set(err, ERR_CONFIG, "Invalid %s flag.", k->word);
		*(enum job_choice *)(void *)((char *)req + k->offset) = on ? CHOICE_YES : CHOICE_NO;
		break;
	case VAL_FILES:
		if (shell_number(v, &n))
			req->expected_files = n;
		break;
	case VAL_RELOCATE:
		if (v[0] != '\0' && judge_relocation(v, err) != ERR_OK)
			return err->code;
		set_text(req, k->offset, v);
		break;
	case VAL_FORMAT:
		if (strcasecmp(v, "Native") != 0)
			return err_set(
				err, ERR_CONFIG,
				"Backup Format \"%s\" is not available; the format is Native", v);
		set_text(req, k->offset, "Native");
		break;
	case VAL_YES:
	case VAL_IGNORED:
		break;
	}
	return ERR_OK;
}

enum err_code
run_request_take(struct shell *sh, const struct args *args, size_t at, struct job_request *req,
		 bool *yes, struct err *err)
{
	const size_t n_keywords = sizeof(keywords) / sizeof(keywords[0]);
	bool given[sizeof(keywords) / sizeof(keywords[0])] = { false };

	for (size_t i = at; i < args->n; i++) {
		const struct arg *a = &args->v[i];
		size_t k = 0;

		while (k < n_keywords && strcasecmp(a->key, keywords[k].word) != 0)
			k++;
		if (k == n_keywords) {
			/* A first word without value is the job. */
			if (i == 1 && a->value == NULL && req->job == NULL) {
				if (unknown_resource(sh, &keywords[0], a->key, err) != ERR_OK)
					return err->code;
				set_text(req, AT(job), a->key);
				continue;
			}
			return err_set(err, ERR_CONFIG, "Invalid keyword: %s", a->key);
		}
		if (keywords[k].kind == VAL_YES) {
			*yes = true;
			continue;
		}
		if (keywords[k].kind == VAL_IGNORED) {
			req->ignore_duplicates |= strcmp(keywords[k].word,
							 "ignoreduplicatecheck") == 0;
			continue;
		}
		if (a->value == NULL)
			return err_set(err, ERR_CONFIG, "Value missing for keyword %s", a->key);
		if (given[k])
			return err_set(err, ERR_CONFIG, "%s specified twice.", a->key);
		given[k] = true;
		if (a->value[0] == '\0' && keywords[k].kind != VAL_TEXT &&
		    keywords[k].kind != VAL_RELOCATE)
			continue;
		if (take_value(sh, &keywords[k], a->value, req, err) != ERR_OK)
			return err->code;
	}
	return ERR_OK;
}

/* ---- access ---- */

static enum err_code
check_access(struct shell *sh, const struct job_request *req, const struct job_plan *p,
	     struct err *err)
{
	if (!acl_allows(sh, ACL_JOB, p->job->name))
		return err_set(err, ERR_CONFIG, "Job \"%s\" not found", p->job->name);
	if (p->client != NULL && !acl_allows(sh, ACL_CLIENT, p->client->name))
		return err_set(err, ERR_CONFIG, "No authorization. Client \"%s\".",
			       p->client->name);
	if (p->write_storage != NULL && !acl_allows(sh, ACL_STORAGE, p->write_storage->name))
		return err_set(err, ERR_CONFIG, "No authorization. Storage \"%s\".",
			       p->write_storage->name);
	if (p->fileset != NULL && p->type != JOB_RESTORE &&
	    !acl_allows(sh, ACL_FILESET, p->fileset->name))
		return err_set(err, ERR_CONFIG, "No authorization. FileSet \"%s\".",
			       p->fileset->name);
	if (p->pool != NULL && p->type != JOB_RESTORE && !acl_allows(sh, ACL_POOL, p->pool->name))
		return err_set(err, ERR_CONFIG, "No authorization. Pool \"%s\".", p->pool->name);
	if (req->where != NULL && !acl_allows(sh, ACL_WHERE, req->where))
		return err_set(err, ERR_CONFIG, "No authorization for \"where\" specification.");
	if (req->regex_where != NULL && !acl_allows(sh, ACL_WHERE, req->regex_where))
		return err_set(err, ERR_CONFIG,
			       "No authorization for \"regexwhere\" specification.");
	if (req->plugin_options != NULL && !acl_allows(sh, ACL_PLUGIN, req->plugin_options))
		return err_set(err, ERR_CONFIG,
			       "No authorization for \"PluginOptions\" specification.");
	return ERR_OK;
}

/* ---- the confirmation block ---- */

static const char *
replace_word(int letter)
{
	switch (letter) {
	case REPLACE_IF_NEWER:
		return "IfNewer";
	case REPLACE_IF_OLDER:
		return "IfOlder";
	case REPLACE_NEVER:
		return "Never";
	default:
		return "Always";
	}
}

static const char *
or_none(const char *s)
{
	return s == NULL || s[0] == '\0' ? "*None*" : s;
}

struct block {
	struct shell *sh;
	int column;
};

static void
line(struct block *b, const char *label, const char *value)
{
	out_text(b->sh->out, "%-*s%s\n", b->column - 1, label, value);
}

static void
line_from(struct block *b, const char *label, const char *name, const char *source)
{
	char text[320];

	if (name == NULL || source == NULL || source[0] == '\0' || out_mode(b->sh->out) != API_TEXT)
		(void)snprintf(text, sizeof(text), "%s", or_none(name));
	else
		(void)snprintf(text, sizeof(text), "%s (From %s)", name, source);
	line(b, label, text);
}

#define NAME_OF(p) ((p) == NULL ? NULL : (p)->name)

static void
block_backup(struct block *b, const struct job_plan *p, const struct job_request *req)
{
	line(b, "JobName:", p->job->name);
	line(b, "Level:", job_level_text(p->level));
	line(b, "Client:", or_none(NAME_OF(p->client)));
	line(b, "Format:", req->backup_format != NULL ? req->backup_format : "Native");
	line(b, "FileSet:", or_none(NAME_OF(p->fileset)));
	line_from(b, "Pool:", NAME_OF(p->pool), p->pool_source);
	if (p->level == LEVEL_VIRTUAL_FULL)
		line_from(b, "NextPool:", NAME_OF(p->next_pool), p->next_pool_source);
	line_from(b, "Storage:", NAME_OF(p->write_storage), p->storage_source);
}

static void
block_restore(struct block *b, const struct job_plan *p, const struct job_request *req)
{
	line(b, "JobName:", p->job->name);
	line(b, "Bootstrap:", or_none(p->bootstrap));
	if (p->regex_where != NULL)
		line(b, "RegexWhere:", p->regex_where);
	else
		line(b, "Where:", or_none(p->where));
	line(b, "Replace:", replace_word(p->replace));
	line(b, "FileSet:", or_none(NAME_OF(p->fileset)));
	line(b, "Backup Client:", or_none(NAME_OF(p->client)));
	line(b, "Restore Client:", or_none(NAME_OF(p->client)));
	line(b, "Format:", req->backup_format != NULL ? req->backup_format : "Native");
	line(b, "Storage:", or_none(NAME_OF(p->read_storage)));
}

static void
block_verify(struct block *b, const struct job_plan *p, const struct job_request *req)
{
	line(b, "JobName:", p->job->name);
	line(b, "Level:", job_level_text(p->level));
	line(b, "Client:", or_none(NAME_OF(p->client)));
	line(b, "FileSet:", or_none(NAME_OF(p->fileset)));
	line_from(b, "Pool:", NAME_OF(p->pool), p->pool_source);
	line_from(b, "Storage:", NAME_OF(p->read_storage), p->storage_source);
	line(b, "Verify Job:", or_none(req->verify_job));
	line(b, "Verify List:", or_none(p->job->write_verify_list));
}

static void
block_copy(struct block *b, const struct job_plan *p, const struct job_request *req)
{
	char id[16];

	line(b, "JobName:", p->job->name);
	line(b, "Bootstrap:", or_none(p->bootstrap));
	line_from(b, "Read Storage:", NAME_OF(p->read_storage), NULL);
	line_from(b, "Pool:", NAME_OF(p->pool), p->pool_source);
	line_from(b, "Write Storage:", NAME_OF(p->write_storage), p->storage_source);
	line_from(b, "NextPool:", NAME_OF(p->next_pool), p->next_pool_source);
	(void)snprintf(id, sizeof(id), "%u", req->job_id);
	line(b, "JobId:", req->job_id == 0 ? "*None*" : id);
}

static void
block_other(struct block *b, const struct job_plan *p, UNUSED const struct job_request *req)
{
	line(b, "JobName:", p->job->name);
	line(b, "FileSet:", or_none(NAME_OF(p->fileset)));
	line(b, "Client:", or_none(NAME_OF(p->client)));
	line_from(b, "Storage:", NAME_OF(p->write_storage), NULL);
}

/* clang-format off */
static const struct {
	int type;
	const char *title;
	int column;
	bool catalog, plugin; /* lines behind When */
	void (*lines)(struct block *b, const struct job_plan *p, const struct job_request *req);
} blocks[] = {
	{ JOB_BACKUP,      "Run Backup job",      11, false, false, block_backup },
	{ JOB_VERIFY,      "Run Verify Job",      14, false, false, block_verify },
	{ JOB_RESTORE,     "Run Restore job",     18, true,  true,  block_restore },
	{ JOB_COPY,        "Run Copy job",        16, true,  false, block_copy },
	{ JOB_MIGRATE,     "Run Migration job",   16, true,  false, block_copy },
	{ JOB_ADMIN,       "Run Admin Job",       11, false, false, block_other },
	{ JOB_ARCHIVE,     "Run Archive Job",     11, false, false, block_other },
	{ JOB_CONSOLIDATE, "Run Consolidate Job", 11, false, false, block_other },
};
/* clang-format on */

static void
show_block(struct shell *sh, const struct job_plan *p, const struct job_request *req)
{
	size_t k = 0, n = sizeof(blocks) / sizeof(blocks[0]);
	char when[32], priority[16];

	while (k < n - 1 && blocks[k].type != p->type)
		k++;
	struct block b = { sh, blocks[k].column };
	if (out_mode(sh->out) == API_TEXT) {
		out_text(sh->out, "%s\n", blocks[k].title);
	} else {
		out_signal(sh->out, FRAME_RUN_CMD);
		out_text(sh->out, "Type: %s\nTitle: Run %s Job\n", job_type_text(p->type),
			 job_type_text(p->type));
	}
	blocks[k].lines(&b, p, req);
	int64_t t = p->when != 0 ? p->when : clock_now();
	line(&b, "When:", clock_format(t, "%Y-%m-%d %H:%M:%S", when, sizeof(when)));
	if (blocks[k].catalog)
		line(&b, "Catalog:",
		     p->catalog != NULL        ? p->catalog->name
		     : sh->conf->n_catalog > 0 ? sh->conf->catalog[0]->name
					       : "*None*");
	(void)snprintf(priority, sizeof(priority), "%d", p->priority);
	line(&b, "Priority:", priority);
	if (blocks[k].plugin)
		line(&b, "Plugin Options:", or_none(req->plugin_options));
}

/* ---- the mod menu: one row per thing that can be changed ---- */

typedef enum err_code modify_fn(struct shell *sh, struct job_request *req, const struct job_plan *p,
				struct err *err);

static enum err_code
mod_resource(struct shell *sh, struct job_request *req, enum res_kind kind, size_t offset,
	     struct err *err)
{
	struct named *r = NULL;

	if (res_select(sh, kind, &r, err) != ERR_OK)
		return err->code;
	set_text(req, offset, r->name);
	return ERR_OK;
}

static enum err_code
mod_level(struct shell *sh, struct job_request *req, const struct job_plan *p, struct err *err)
{
	static const char *const backup[] = { "Full", "Incremental", "Differential", "Since",
					      "VirtualFull" };
	static const char *const verify[] = { "Initialize Catalog", "Verify Catalog",
					      "Verify Volume to Catalog",
					      "Verify Disk to Catalog" };
	static const int backup_letters[] = { 'F', 'I', 'D', 'S', 'f' },
			 verify_letters[] = { 'V', 'C', 'O', 'd' };
	bool is_backup = p->type == JOB_BACKUP;
	size_t at;

	if (!is_backup && p->type != JOB_VERIFY) {
		out_text(sh->out, "Level not appropriate for this Job. Cannot be changed.\n");
		return ERR_OK;
	}
	struct ask_list ask = { .kind = "Level",
				.header = "Levels:",
				.question = "Select level",
				.items = is_backup ? backup : verify,
				.n = is_backup ? 5 : 4 };
	if (ask_select(sh, &ask, &at, err) != ERR_OK)
		return err->code;
	req->level = is_backup ? backup_letters[at] : verify_letters[at];
	return ERR_OK;
}

#define MOD_RESOURCE(name, kind, member)                                                           \
	static enum err_code name(struct shell *sh, struct job_request *req,                       \
				  UNUSED const struct job_plan *p, struct err *err)                \
	{                                                                                          \
		return mod_resource(sh, req, kind, AT(member), err);                               \
	}
MOD_RESOURCE(mod_storage, RES_STORAGE, storage)
MOD_RESOURCE(mod_job, RES_JOB, job)
MOD_RESOURCE(mod_fileset, RES_FILESET, fileset)
MOD_RESOURCE(mod_client, RES_CLIENT, client)
MOD_RESOURCE(mod_pool, RES_POOL, pool)
MOD_RESOURCE(mod_next_pool, RES_POOL, next_pool)
MOD_RESOURCE(mod_verify_job, RES_JOB, verify_job)

#define MOD_TEXT(name, member, question)                                                           \
	static enum err_code name(struct shell *sh, struct job_request *req,                       \
				  UNUSED const struct job_plan *p, struct err *err)                \
	{                                                                                          \
		OWNED(freep) char *v = NULL;                                                       \
		if (ask_text(sh, &v, err, question) != ERR_OK)                                     \
			return err->code;                                                          \
		set_text(req, AT(member), v[0] == '\0' ? NULL : v);                                \
		return ERR_OK;                                                                     \
	}
MOD_TEXT(mod_plugin, plugin_options, "Please enter Plugin Options string: ")

static enum err_code
mod_format(struct shell *sh, struct job_request *req, UNUSED const struct job_plan *p,
	   struct err *err)
{
	static const struct keyword format = { "backupformat", VAL_FORMAT, RES_JOB,
					       AT(backup_format) };
	OWNED(freep) char *v = NULL;

	if (ask_text(sh, &v, err, "Please enter Backup Format: ") != ERR_OK)
		return err->code;
	return v[0] == '\0' ? ERR_OK : take_value(sh, &format, v, req, err);
}

static enum err_code
mod_when(struct shell *sh, struct job_request *req, UNUSED const struct job_plan *p,
	 struct err *err)
{
	OWNED(freep) char *v = NULL;

	if (ask_text(sh, &v, err,
		     "Please enter desired start time as YYYY-MM-DD HH:MM:SS (return for now): ") !=
	    ERR_OK)
		return err->code;
	req->when = 0;
	if (v[0] != '\0' && !shell_time(v, &req->when))
		out_info(sh->out, "Invalid time, using current time.\n");
	return ERR_OK;
}

static enum err_code
mod_priority(struct shell *sh, struct job_request *req, UNUSED const struct job_plan *p,
	     struct err *err)
{
	OWNED(freep) char *v = NULL;
	uint64_t n;

	if (ask_text(sh, &v, err, "Enter new Priority: ") != ERR_OK)
		return err->code;
	if (shell_number(v, &n) && n > 0 && n <= 100000)
		req->priority = (int)n;
	else
		out_info(sh->out, "Expected a positive integer, got: %s\n", v);
	return ERR_OK;
}

static enum err_code
mod_bootstrap(struct shell *sh, struct job_request *req, UNUSED const struct job_plan *p,
	      struct err *err)
{
	OWNED(freep) char *v = NULL;

	if (ask_text(sh, &v, err, "Please enter the Bootstrap file name: ") != ERR_OK)
		return err->code;
	if (v[0] != '\0' && access(v, R_OK) != 0) {
		struct err e = ERR_INIT;

		(void)err_errno(&e, ERR_SYS, "Warning cannot open %s: ERR=", v);
		out_info(sh->out, "%s\n", e.text);
	}
	set_text(req, AT(bootstrap), v[0] == '\0' ? NULL : v);
	req->delete_bootstrap = false;
	return ERR_OK;
}

static enum err_code
mod_where(struct shell *sh, struct job_request *req, UNUSED const struct job_plan *p,
	  struct err *err)
{
	OWNED(freep) char *v = NULL;

	if (ask_text(sh, &v, err, "Please enter the full path prefix for restore (/ for none): ") !=
	    ERR_OK)
		return err->code;
	set_text(req, AT(where), v[0] == '\0' ? "/" : v);
	set_text(req, AT(regex_where), NULL);
	return ERR_OK;
}

static enum err_code
mod_replace(struct shell *sh, struct job_request *req, UNUSED const struct job_plan *p,
	    struct err *err)
{
	static const char *const items[] = { "Always", "IfNewer", "IfOlder", "Never" };
	static const struct ask_list ask = { .kind = "Replace",
					     .header = "Replace:",
					     .question = "Select replace option",
					     .items = items,
					     .n = 4 };
	size_t at;

	if (ask_select(sh, &ask, &at, err) != ERR_OK)
		return err->code;
	req->replace = replaces[at].letter;
	return ERR_OK;
}

static enum err_code
mod_job_id(struct shell *sh, struct job_request *req, const struct job_plan *p, struct err *err)
{
	OWNED(freep) char *v = NULL;
	uint64_t n;

	if (p->bootstrap != NULL) {
		out_info(sh->out, "You must set the bootstrap file to NULL to be able to specify "
				  "a JobId.\n");
		return ERR_OK;
	}
	if (ask_text(sh, &v, err, "Please enter a JobId for restore: ") != ERR_OK)
		return err->code;
	if (shell_number(v, &n) && n > 0 && n <= UINT32_MAX)
		req->job_id = (uint32_t)n;
	else
		out_info(sh->out, "Expected a positive integer, got: %s\n", v);
	return ERR_OK;
}

/* ---- file relocation ---- */

/* The separator inside a value is escaped. */
static void
put_escaped(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '!' || *s == '\\')
			buf_put(b, "\\", 1);
		buf_put(b, s, 1);
	}
}

char *
run_relocation(const char *strip, const char *prefix, const char *suffix)
{
	struct buf b = BUF_INIT(65536);

	if (strip != NULL && strip[0] != '\0') {
		buf_text(&b, "!^");
		put_escaped(&b, strip);
		buf_text(&b, "!!");
	}
	if (suffix != NULL && suffix[0] != '\0') {
		buf_text(&b, "%s!([^/])$!$1", b.len > 0 ? "," : "");
		put_escaped(&b, suffix);
		buf_text(&b, "!");
	}
	if (prefix != NULL && prefix[0] != '\0') {
		buf_text(&b, "%s!^!", b.len > 0 ? "," : "");
		put_escaped(&b, prefix);
		buf_text(&b, "!");
	}
	if (b.len == 0)
		return NULL;
	return buf_take_str(&b);
}

/* Items of the relocation menu behind the four values. */
enum { RELOCATION_TEST = 4, RELOCATION_USE };

/* The expression of what was entered; owned, NULL: nothing was. */
static char *
relocation_of(char *const parts[static 4])
{
	if (parts[3] != NULL && parts[3][0] != '\0')
		return str_dup(parts[3]);
	return run_relocation(parts[0], parts[1], parts[2]);
}

/* Show what becomes of names, until a period. */
static enum err_code
test_relocation(struct shell *sh, char *const parts[static 4], struct err *err)
{
	OWNED(freep) char *regex = relocation_of(parts);
	OWNED(rename_rules_freep) struct rename_rules *rules = NULL;
	struct err e = ERR_INIT;

	out_text(sh->out, "regexwhere=%s\n", or_none(regex));
	if (regex != NULL && rename_rules_new(regex, &rules, &e) != ERR_OK) {
		out_info(sh->out, "%s\n", e.text);
		return ERR_OK;
	}
	out_text(sh->out, "Enter a period (.) to stop this test\n");
	for (;;) {
		OWNED(freep) char *name = NULL;
		OWNED(buf_release) struct buf to = BUF_INIT(1u << 20);

		if (ask_line(sh, "Please enter filename to test: ", false, &name, err) != ERR_OK)
			return err->code;
		if (strcmp(name, ".") == 0)
			return ERR_OK;
		if (rules != NULL && rename_apply(rules, bytes_str(name), &to, &e) != ERR_OK)
			out_info(sh->out, "%s\n", e.text);
		else
			out_text(sh->out, "%s -> %s\n", name, rules != NULL ? buf_str(&to) : name);
	}
}

static enum err_code
mod_relocation(struct shell *sh, struct job_request *req, UNUSED const struct job_plan *p,
	       struct err *err)
{
	static const char *const items[] = { "Strip prefix",
					     "Add prefix",
					     "Add file suffix",
					     "Enter a regexp",
					     "Test filename manipulation",
					     "Use this ?" };
	static const char *const questions[] = {
		"Please enter the path prefix to strip: ",
		"Please enter the path prefix to add (/ for none): ",
		"Please enter the file suffix to add: ",
		"Please enter a valid regexp (!from!to!): ",
	};
	char *parts[4] = { NULL, NULL, NULL, NULL };
	enum err_code rc = ERR_OK;
	size_t at = 0;

	while (rc == ERR_OK && at != RELOCATION_USE) {
		struct ask_list ask = { .kind = "File Relocation",
					.header = "This will replace your current Where value",
					.question = "Select parameter to modify",
					.items = items,
					.n = RELOCATION_USE + 1 };
		out_text(sh->out, "strip_prefix=%s add_prefix=%s add_suffix=%s\n",
			 or_none(parts[0]), or_none(parts[1]), or_none(parts[2]));
		rc = ask_select(sh, &ask, &at, err);
		if (rc != ERR_OK || at == RELOCATION_USE)
			break;
		if (at == RELOCATION_TEST) {
			rc = test_relocation(sh, parts, err);
			continue;
		}
		free(parts[at]);
		parts[at] = NULL;
		rc = ask_text(sh, &parts[at], err, "%s", questions[at]);
	}
	if (rc == ERR_OK) {
		OWNED(freep) char *regex = relocation_of(parts);
		if (regex != NULL && judge_relocation(regex, err) != ERR_OK) {
			rc = err->code;
		} else if (regex != NULL) {
			set_text(req, AT(regex_where), regex);
			set_text(req, AT(where), NULL);
		}
	}
	for (size_t i = 0; i < 4; i++)
		free(parts[i]);
	return rc;
}

enum { FOR_BACKUP = 1, FOR_RESTORE = 2, FOR_VERIFY = 4, FOR_COPY = 8, FOR_OTHER = 16 };
#define FOR_ALL 31

/* clang-format off */
static const struct {
	const char *item;
	unsigned types;
	bool virtual_full;
	modify_fn *run;
} mods[] = {
	{ "Level",           FOR_ALL,                           false, mod_level },
	{ "Storage",         FOR_ALL,                           false, mod_storage },
	{ "Job",             FOR_ALL,                           false, mod_job },
	{ "FileSet",         FOR_ALL,                           false, mod_fileset },
	{ "Client",          FOR_ALL & ~FOR_RESTORE,            false, mod_client },
	{ "Restore Client",  FOR_RESTORE,                       false, mod_client },
	{ "Backup Format",   FOR_ALL,                           false, mod_format },
	{ "When",            FOR_ALL,                           false, mod_when },
	{ "Priority",        FOR_ALL,                           false, mod_priority },
	{ "Pool",            FOR_BACKUP | FOR_VERIFY | FOR_COPY, false, mod_pool },
	{ "NextPool",        FOR_COPY,                          false, mod_next_pool },
	{ "NextPool",        FOR_BACKUP,                        true,  mod_next_pool },
	{ "Verify Job",      FOR_VERIFY,                        false, mod_verify_job },
	{ "Bootstrap",       FOR_RESTORE,                       false, mod_bootstrap },
	{ "Where",           FOR_RESTORE,                       false, mod_where },
	{ "File Relocation", FOR_RESTORE,                       false, mod_relocation },
	{ "Replace",         FOR_RESTORE,                       false, mod_replace },
	{ "JobId",           FOR_RESTORE,                       false, mod_job_id },
	{ "Plugin Options",  FOR_BACKUP | FOR_RESTORE,          false, mod_plugin },
};
/* clang-format on */

static unsigned
type_bit(int type)
{
	switch (type) {
	case JOB_BACKUP:
		return FOR_BACKUP;
	case JOB_RESTORE:
		return FOR_RESTORE;
	case JOB_VERIFY:
		return FOR_VERIFY;
	case JOB_COPY:
	case JOB_MIGRATE:
		return FOR_COPY;
	default:
		return FOR_OTHER;
	}
}

static enum err_code
modify(struct shell *sh, struct job_request *req, const struct job_plan *p, struct err *err)
{
	const char *items[sizeof(mods) / sizeof(mods[0])];
	size_t row[sizeof(mods) / sizeof(mods[0])], n = 0, at;

	for (size_t i = 0; i < sizeof(mods) / sizeof(mods[0]); i++) {
		if ((mods[i].types & type_bit(p->type)) == 0 ||
		    (mods[i].virtual_full && p->level != LEVEL_VIRTUAL_FULL))
			continue;
		row[n] = i;
		items[n++] = mods[i].item;
	}
	struct ask_list ask = { .kind = "parameter",
				.header = "Parameters to modify:",
				.question = "Select parameter to modify",
				.items = items,
				.n = n };
	if (ask_select(sh, &ask, &at, err) != ERR_OK)
		return err->code;
	return mods[row[at]].run(sh, req, p, err);
}

/* ---- confirm and start ---- */

static enum err_code
start(struct shell *sh, const struct job_request *req, struct err *err)
{
	uint32_t id = 0;
	char text[16];

	if (job_start(sh->d, req, &id, err) != ERR_OK) {
		out_error(sh->out, "%s\n", err->text);
		return err_set(err, ERR_CONFIG, "Job failed.");
	}
	out_info(sh->out, "Job queued. JobId=%u\n", id);
	(void)snprintf(text, sizeof(text), "%u", id);
	out_open_object(sh->out, "run");
	out_string(sh->out, "jobid", text);
	out_close(sh->out);
	return ERR_OK;
}

enum answer { ANSWER_RUN, ANSWER_AGAIN, ANSWER_BLOCK };

/* "mod key=value ..." applies the words at once. */
static enum err_code
modify_by_words(struct shell *sh, const char *text, struct job_request *req, struct err *err)
{
	OWNED(args_release) struct args words = { 0 };
	struct err e = ERR_INIT;
	bool yes = false;

	if (args_parse(text, &words, &e) != ERR_OK ||
	    run_request_take(sh, &words, 1, req, &yes, &e) != ERR_OK)
		out_info(sh->out, "%s\n", e.text);
	(void)err;
	return ERR_OK;
}

static enum err_code
one_question(struct shell *sh, struct job_request *req, const struct job_plan *p,
	     enum answer *answer, struct err *err)
{
	OWNED(freep) char *text = NULL;

	if (ask_line(sh, "OK to run? (yes/mod/no): ", false, &text, err) != ERR_OK)
		return err->code;
	*answer = ANSWER_AGAIN;
	if (text[0] == '\0')
		return ERR_OK;
	if (strcmp(text, ".") == 0 || args_is_prefix(text, "no"))
		return err_set(err, ERR_CANCELED, "Job not run.");
	if (args_is_prefix(text, "yes")) {
		*answer = ANSWER_RUN;
		return ERR_OK;
	}
	size_t n = strcspn(text, " ");
	OWNED(freep) char *word = str_ndup(text, n);
	if (!args_is_prefix(word, "mod")) {
		out_info(sh->out, "Illegal response %s\n", text);
		return ERR_OK;
	}
	*answer = ANSWER_BLOCK;
	if (text[n] != '\0')
		return modify_by_words(sh, text, req, err);
	struct err e = ERR_INIT;
	if (modify(sh, req, p, &e) == ERR_OK)
		return ERR_OK;
	if (e.code != ERR_CANCELED && e.code != ERR_CONFIG) {
		*err = e;
		return err->code;
	}
	out_info(sh->out, "%s\n", e.text);
	return ERR_OK;
}

enum err_code
run_request_confirm(struct shell *sh, struct job_request *req, bool yes, struct err *err)
{
	enum answer answer = ANSWER_BLOCK;

	req->trigger = TRIGGER_USER;
	while (answer != ANSWER_RUN) {
		struct job_plan p;

		if (job_plan_make(sh->conf, req, &p, err) != ERR_OK ||
		    check_access(sh, req, &p, err) != ERR_OK)
			return err->code;
		if (yes || sh->batch)
			break;
		if (answer == ANSWER_BLOCK)
			show_block(sh, &p, req);
		if (one_question(sh, req, &p, &answer, err) != ERR_OK)
			return err->code;
	}
	return start(sh, req, err);
}
