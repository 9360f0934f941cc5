#include "director/shell/run_internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/base/units.h"
#include "lib/files/rename.h"

/* ---- keywords: one row each ---- */

enum value_kind {
	VAL_TEXT,      /* any text */
	VAL_HOST_FILE, /* a file on the director's host */
	VAL_RESOURCE,  /* a name that must resolve */
	VAL_LEVEL,
	VAL_REPLACE,
	VAL_WHEN,
	VAL_DATE, /* a time as text */
	VAL_PRIORITY,
	VAL_JOB_ID,
	VAL_CHOICE,
	VAL_FILES,
	VAL_WHERE,    /* the directory to restore into */
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
	{ "where",                VAL_WHERE,    RES_JOB,      AT(where) },
	{ "regexwhere",           VAL_RELOCATE, RES_JOB,      AT(regex_where) },
	{ "bootstrap",            VAL_HOST_FILE, RES_JOB,     AT(bootstrap) },
	{ "pluginoptions",        VAL_TEXT,     RES_JOB,      AT(plugin_options) },
	{ "comment",              VAL_TEXT,     RES_JOB,      AT(comment) },
	{ "since",                VAL_DATE,     RES_JOB,      AT(since) },
	{ "backupformat",         VAL_FORMAT,   RES_JOB,      AT(backup_format) },
	{ "spooldata",            VAL_CHOICE,   RES_JOB,      AT(spool_data) },
	{ "accurate",             VAL_CHOICE,   RES_JOB,      AT(accurate) },
	{ "files",                VAL_FILES,    RES_JOB,      AT(expected_files) },
	{ "yes",                  VAL_YES,      RES_JOB,      0 },
	{ "ignoreduplicatecheck", VAL_IGNORED,  RES_JOB,      0 },
	{ "backupclient",         VAL_TEXT,     RES_JOB,      AT(backup_client) },
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

void
run_set_text(struct job_request *req, size_t offset, const char *value)
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
judge_time(const char *text, int64_t *out, struct err *err)
{
	if (!shell_time(text, out))
		return err_set(err, ERR_CONFIG, "Invalid time \"%s\": expected YYYY-MM-DD HH:MM:SS",
			       text);
	return ERR_OK;
}

static enum err_code
take_value(struct shell *sh, const struct keyword *k, const char *v, struct job_request *req,
	   struct err *err)
{
	uint64_t n;
	int64_t t;
	bool on;

	switch (k->kind) {
	case VAL_RESOURCE:
		if (unknown_resource(sh, k, v, err) != ERR_OK)
			return err->code;
		run_set_text(req, k->offset, v);
		break;
	case VAL_HOST_FILE:
		if (acl_need_whole_site(sh, "bootstrap=", err) != ERR_OK)
			return err->code;
		/* Not the one that restore wrote any more: it is the person's, and stays. */
		req->delete_bootstrap = false;
		run_set_text(req, k->offset, v);
		break;
	case VAL_TEXT:
		run_set_text(req, k->offset, v);
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
		if (judge_time(v, &t, err) != ERR_OK)
			return err->code;
		req->when = t;
		break;
	case VAL_DATE:
		if (judge_time(v, &t, err) != ERR_OK)
			return err->code;
		run_set_text(req, k->offset, v);
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
	case VAL_WHERE:
		if (v[0] != '\0' && !path_is_whole(v))
			return err_set(err, ERR_CONFIG,
				       "Invalid where \"%s\": a whole path is needed, like /tmp/%s",
				       v, v);
		run_set_text(req, k->offset, v);
		break;
	case VAL_RELOCATE:
		if (v[0] != '\0' && judge_relocation(v, err) != ERR_OK)
			return err->code;
		run_set_text(req, k->offset, v);
		break;
	case VAL_FORMAT:
		if (strcasecmp(v, "Native") != 0)
			return err_set(
				err, ERR_CONFIG,
				"Backup Format \"%s\" is not available; the format is Native", v);
		run_set_text(req, k->offset, "Native");
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
				run_set_text(req, AT(job), a->key);
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
		    keywords[k].kind != VAL_HOST_FILE && keywords[k].kind != VAL_WHERE &&
		    keywords[k].kind != VAL_RELOCATE)
			continue;
		if (take_value(sh, &keywords[k], a->value, req, err) != ERR_OK)
			return err->code;
	}
	return ERR_OK;
}

enum err_code
run_take_word(struct shell *sh, const char *word, const char *value, struct job_request *req,
	      struct err *err)
{
	for (size_t k = 0; k < sizeof(keywords) / sizeof(keywords[0]); k++)
		if (strcasecmp(word, keywords[k].word) == 0)
			return take_value(sh, &keywords[k], value, req, err);
	return err_set(err, ERR_CONFIG, "Invalid keyword: %s", word);
}

/* What nobody would find again.  Levels of Verify jobs are as they are configured, mostly. */
static enum err_code
check_level(const struct job_request *req, const struct job_plan *p, struct err *err)
{
	bool fits = req->level == 0 || strchr("FIDfB", req->level) != NULL ||
		    (req->level == LEVEL_SINCE && req->since != NULL);

	if (p->type != JOB_BACKUP || fits)
		return ERR_OK;
	return err_set(err, ERR_CONFIG, "Level %s does not fit a Backup job%s",
		       job_level_text(req->level),
		       req->level == LEVEL_SINCE ? " without since=" : "");
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
	/* What a restore reads from, the bootstrap says; it was judged when that was written. */
	if (p->read_storage != NULL && p->type != JOB_RESTORE &&
	    !acl_allows(sh, ACL_STORAGE, p->read_storage->name))
		return err_set(err, ERR_CONFIG, "No authorization. Storage \"%s\".",
			       p->read_storage->name);
	if (p->fileset != NULL && p->type != JOB_RESTORE &&
	    !acl_allows(sh, ACL_FILESET, p->fileset->name))
		return err_set(err, ERR_CONFIG, "No authorization. FileSet \"%s\".",
			       p->fileset->name);
	if (p->pool != NULL && p->type != JOB_RESTORE && !acl_allows(sh, ACL_POOL, p->pool->name))
		return err_set(err, ERR_CONFIG, "No authorization. Pool \"%s\".", p->pool->name);
	if (req->where != NULL && !acl_allows_where(sh, req->where))
		return err_set(err, ERR_CONFIG, "No authorization for \"where\" specification.");
	if (req->regex_where != NULL && !acl_allows_rewrite(sh, req->regex_where))
		return err_set(err, ERR_CONFIG,
			       "No authorization for \"regexwhere\" specification.");
	if (req->plugin_options != NULL && !acl_allows(sh, ACL_PLUGIN, req->plugin_options))
		return err_set(err, ERR_CONFIG,
			       "No authorization for \"PluginOptions\" specification.");
	return ERR_OK;
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
	if (run_modify(sh, req, p, &e) == ERR_OK)
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
		    check_access(sh, req, &p, err) != ERR_OK || check_level(req, &p, err) != ERR_OK)
			return err->code;
		if (yes || sh->batch)
			break;
		if (answer == ANSWER_BLOCK)
			run_block_show(sh, &p, req);
		if (one_question(sh, req, &p, &answer, err) != ERR_OK)
			return err->code;
	}
	return start(sh, req, err);
}
