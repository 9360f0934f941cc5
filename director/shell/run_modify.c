/* The mod menu: one row per thing that can be changed.  Spec: console.md 7.1 */
#include "director/shell/run_internal.h"

#include "lib/base/own.h"

#define AT(member) offsetof(struct job_request, member)

typedef enum err_code modify_fn(struct shell *sh, struct job_request *req, const struct job_plan *p,
				struct err *err);

static enum err_code
mod_resource(struct shell *sh, struct job_request *req, enum res_kind kind, size_t offset,
	     struct err *err)
{
	struct named *r = NULL;

	if (res_select(sh, kind, &r, err) != ERR_OK)
		return err->code;
	run_set_text(req, offset, r->name);
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
	if (is_backup && backup_letters[at] == LEVEL_SINCE && req->since == NULL)
		return err_set(err, ERR_CONFIG,
			       "Level Since needs its time: run ... level=Since since=\"2026-11-21 "
			       "00:00:00\"");
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
		run_set_text(req, AT(member), v[0] == '\0' ? NULL : v);                            \
		return ERR_OK;                                                                     \
	}
MOD_TEXT(mod_plugin, plugin_options, "Please enter Plugin Options string: ")

static enum err_code
mod_format(struct shell *sh, struct job_request *req, UNUSED const struct job_plan *p,
	   struct err *err)
{
	OWNED(freep) char *v = NULL;

	if (ask_text(sh, &v, err, "Please enter Backup Format: ") != ERR_OK)
		return err->code;
	return v[0] == '\0' ? ERR_OK : run_take_word(sh, "backupformat", v, req, err);
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
	if (v[0] != '\0')
		return run_take_word(sh, "when", v, req, err);
	req->when = 0;
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

	if (acl_need_whole_site(sh, "bootstrap=", err) != ERR_OK ||
	    ask_text(sh, &v, err, "Please enter the Bootstrap file name: ") != ERR_OK)
		return err->code;
	if (v[0] != '\0' && access(v, R_OK) != 0)
		out_info(sh->out, "Warning cannot open %s: ERR=%m\n", v);
	run_set_text(req, AT(bootstrap), v[0] == '\0' ? NULL : v);
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
	if (run_take_word(sh, "where", v[0] == '\0' ? "/" : v, req, err) != ERR_OK)
		return err->code;
	run_set_text(req, AT(regex_where), NULL);
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
	return run_take_word(sh, "replace", items[at], req, err);
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
	{ "File Relocation", FOR_RESTORE,                       false, run_modify_relocation },
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

enum err_code
run_modify(struct shell *sh, struct job_request *req, const struct job_plan *p, struct err *err)
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
