/* Which jobs a restore reads.  Spec: console.md 8.2, 8.3; director.md 14.1-14.3 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "director/shell/restore.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/catalog/cat_client.h"
#include "lib/catalog/cat_restore.h"

void
restore_release(struct restore *r)
{
	free(r->ids);
	free(r->bootstrap);
	str_list_release(&r->paths);
	str_list_release(&r->dirs);
	*r = (struct restore){ 0 };
}

/* ---- one job's facts, and whether this console may read it ---- */

static enum err_code
job_row(struct shell *sh, uint32_t id, struct table *t, struct err *err)
{
	char text[16];
	struct cat_arg arg = { "jobid", text };
	OWNED(cat_table_release) struct cat_table ct = { 0 };
	struct catalog *c;

	(void)snprintf(text, sizeof(text), "%u", id);
	if (shell_catalog(sh, &c, err) != ERR_OK ||
	    cat_query(c, "llist_jobs", &arg, 1, &ct, err) != ERR_OK)
		return err->code;
	shell_table_from(&ct, t);
	if (table_rows(t) == 0)
		return err_set(err, ERR_CONFIG, "JobId %u not found in catalog.", id);
	return ERR_OK;
}

static bool
has_id(const uint32_t *ids, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* What a job that the console may not read does to the selection. */
enum hidden {
	HIDDEN_LEFT_OUT, /* of a list that the person typed */
	HIDDEN_REFUSED,  /* of a chain: without it the rest is not the state that was asked for */
};

/* A script cannot be asked what it means. */
static bool
nobody_decides(const struct shell *sh)
{
	return sh->batch || args_has(&sh->args, "yes");
}

/* What two clients have under one name is one file in the tree, and all of it goes to one. */
static enum err_code
judge_clients(struct shell *sh, const struct restore *r, uint32_t other, const char *client,
	      struct err *err)
{
	out_warning(
		sh->out,
		"JobId %u is of client \"%s\", not of \"%s\": all is restored to one client, and "
		"of files with the same name only the newest\n",
		other, client, r->client);
	if (!nobody_decides(sh) || args_value(&sh->args, "restoreclient") != NULL)
		return ERR_OK;
	return err_set(err, ERR_CONFIG,
		       "These are files of several clients: say with restoreclient= where they are "
		       "to be restored.");
}

/* The ids: exist, are allowed, are backups, each once; the client is theirs. */
static enum err_code
judge_ids(struct shell *sh, struct restore *r, enum hidden hidden, struct err *err)
{
	bool mixed = false;
	size_t kept = 0;

	for (size_t i = 0; i < r->n_ids; i++) {
		OWNED(table_release) struct table t = { 0 };

		if (has_id(r->ids, kept, r->ids[i]))
			continue;
		if (job_row(sh, r->ids[i], &t, err) != ERR_OK)
			return err->code;
		const char *name = table_at(&t, 0, "name"), *client = table_at(&t, 0, "client");
		const char *type = table_at(&t, 0, "type");
		if (!acl_allows(sh, ACL_JOB, name) || !acl_allows(sh, ACL_CLIENT, client) ||
		    !acl_allows(sh, ACL_FILESET, table_at(&t, 0, "fileset"))) {
			if (hidden == HIDDEN_REFUSED)
				return err_set(err, ERR_CONFIG,
					       "Access to JobId=%u (Job \"%s\") not authorized: it "
					       "is part of the backup to be restored.",
					       r->ids[i], name);
			out_error(sh->out,
				  "Access to JobId=%u (Job \"%s\") not authorized. Not selected.\n",
				  r->ids[i], name);
			continue;
		}
		if (strchr("BAMC", type[0]) == NULL)
			return err_set(err, ERR_CONFIG,
				       "JobId %u is a %s job: it holds no files to restore",
				       r->ids[i], job_type_text(type[0]));
		if (r->client[0] == '\0')
			(void)snprintf(r->client, sizeof(r->client), "%s", client);
		if (!mixed && strcmp(r->client, client) != 0) {
			mixed = true;
			if (judge_clients(sh, r, r->ids[i], client, err) != ERR_OK)
				return err->code;
		}
		if (strchr("TW", table_at(&t, 0, "jobstatus")[0]) == NULL)
			out_warning(
				sh->out,
				"JobId %u has not ended well (status %s): its files may not be all "
				"there\n",
				r->ids[i], table_at(&t, 0, "jobstatus"));
		if (r->fileset[0] == '\0')
			(void)snprintf(r->fileset, sizeof(r->fileset), "%s",
				       table_at(&t, 0, "fileset"));
		r->ids[kept++] = r->ids[i];
	}
	r->n_ids = kept;
	if (kept == 0)
		return err_set(err, ERR_CONFIG, "No Jobs selected.");
	return ERR_OK;
}

static enum err_code
take_ids(struct shell *sh, struct restore *r, const char *text, struct err *err)
{
	free(r->ids);
	r->ids = NULL;
	r->n_ids = 0;
	if (!shell_job_ids(text, &r->ids, &r->n_ids))
		return err_set(err, ERR_CONFIG, "\"%s\" is no list of JobIds like 12,15", text);
	return judge_ids(sh, r, HIDDEN_LEFT_OUT, err);
}

/* ---- newest chain of a client and fileset ---- */

static void
choose_anew(struct restore *r)
{
	free(r->ids);
	r->ids = NULL;
	r->n_ids = 0;
	r->before = 0;
	r->last = 0;
	r->client[0] = r->fileset[0] = '\0';
}

static enum err_code
choose_client(struct shell *sh, struct restore *r, struct err *err)
{
	const char *name = args_value(&sh->args, "client");
	OWNED(table_release) struct table t = { 0 };
	uint32_t id = 0;
	size_t at;

	if (r->client[0] != '\0')
		return ERR_OK;
	if (name != NULL && name[0] != '\0') {
		if (!acl_allows(sh, ACL_CLIENT, name) ||
		    (cat_client_find(r->c, name, &id, err) == ERR_OK && id == 0)) {
			struct named *ignored = NULL;

			if (res_resolve(sh, RES_CLIENT, name, &ignored, err) != ERR_OK)
				return err->code;
			return err_set(err, ERR_CONFIG, "Client \"%s\" has no backups yet", name);
		}
		if (id == 0)
			return err->code;
		(void)snprintf(r->client, sizeof(r->client), "%s", name);
		return ERR_OK;
	}
	if (shell_query(sh, "names_clients", NULL, 0, &t, err) != ERR_OK)
		return err->code;
	OWNED(freep) const char **items = NEW_ARRAY(const char *, table_rows(&t) + 1);
	for (size_t i = 0; i < table_rows(&t); i++)
		items[i] = table_cell(&t, i, 0);
	struct ask_list ask = { .kind = "Client",
				.header = "Defined Clients:",
				.question = "Select the Client",
				.items = items,
				.n = table_rows(&t) };
	if (ask_select(sh, &ask, &at, err) != ERR_OK)
		return err->code;
	(void)snprintf(r->client, sizeof(r->client), "%s", items[at]);
	return ERR_OK;
}

static enum err_code
choose_fileset(struct shell *sh, struct restore *r, struct err *err)
{
	const char *name = args_value(&sh->args, "fileset");
	OWNED(table_release) struct table t = { 0 };
	struct cat_arg arg = { "client", r->client };
	size_t at, n = 0;

	if (r->fileset[0] != '\0')
		return ERR_OK;
	if (shell_query(sh, "restore_filesets", &arg, 1, &t, err) != ERR_OK)
		return err->code;
	OWNED(freep) const char **items = NEW_ARRAY(const char *, table_rows(&t) + 1);
	for (size_t i = 0; i < table_rows(&t); i++) {
		const char *f = table_cell(&t, i, 0);

		if (acl_allows(sh, ACL_FILESET, f) && (name == NULL || strcmp(name, f) == 0))
			items[n++] = f;
	}
	if (n == 0 && name != NULL)
		return err_set(err, ERR_CONFIG,
			       "No backup of client \"%s\" with FileSet \"%s\" found.", r->client,
			       name);
	if (n == 0)
		return err_set(err, ERR_CONFIG, "No FileSet found for client \"%s\".", r->client);
	struct ask_list ask = { .kind = "FileSet",
				.header = "The defined FileSet resources are:",
				.question = "Select FileSet resource",
				.items = items,
				.n = n };
	if (ask_select(sh, &ask, &at, err) != ERR_OK)
		return err->code;
	(void)snprintf(r->fileset, sizeof(r->fileset), "%s", items[at]);
	return ERR_OK;
}

/* One job that the chain lacks, with the volume that is the reason. */
static enum err_code
say_left_out(struct shell *sh, uint32_t id, struct err *err)
{
	OWNED(table_release) struct table t = { 0 };
	char text[16];
	struct cat_arg arg = { "jobid", text };

	(void)snprintf(text, sizeof(text), "%u", id);
	if (shell_query(sh, "restore_locked_volumes", &arg, 1, &t, err) != ERR_OK)
		return err->code;
	for (size_t i = 0; i < table_rows(&t); i++) {
		const char *volume = table_at(&t, i, "volumename"), *why = table_at(&t, i, "why");

		if (strcmp(why, "base") == 0)
			out_warning(sh->out,
				    "JobId %u is left out: a job that it was saved on top of has "
				    "been removed\n",
				    id);
		else if (volume[0] == '\0')
			out_warning(sh->out, "JobId %u is left out: a volume of it %s\n", id, why);
		else
			out_warning(sh->out, "JobId %u is left out: its volume \"%s\" %s\n", id,
				    volume, why);
	}
	return ERR_OK;
}

/*
 * Jobs that would be of the chain if their volumes were there and enabled are named: without them
 * it is an older state.  A person decides; for a script it is an error.
 */
static enum err_code
judge_left_out(struct shell *sh, struct restore *r, const struct cat_recent_key *key,
	       struct err *err)
{
	OWNED(cat_jobs_release) struct cat_jobs all = { 0 };
	struct cat_recent_key any = *key;
	size_t n = 0;

	any.locked = true;
	if (cat_restore_recent(r->c, &any, &all, err) != ERR_OK)
		return err->code;
	for (size_t i = 0; i < all.n; i++) {
		if (has_id(r->ids, r->n_ids, all.v[i].job_id))
			continue;
		n++;
		if (say_left_out(sh, all.v[i].job_id, err) != ERR_OK)
			return err->code;
	}
	if (n == 0 || r->n_ids == 0 || !nobody_decides(sh))
		return ERR_OK;
	return err_set(
		err, ERR_CONFIG,
		"Without %zu job%s this is an older state: enable the volumes (update "
		"volume=NAME enabled=yes), or say with jobid= which jobs are to be restored.",
		n, n == 1 ? "" : "s");
}

static enum err_code
newest_chain(struct shell *sh, struct restore *r, struct err *err)
{
	OWNED(cat_jobs_release) struct cat_jobs jobs = { 0 };
	struct cat_recent_key key = { .before = r->before,
				      .last = r->last,
				      .pool = args_value(&sh->args, "pool"),
				      .type = args_has(&sh->args, "archive") ? 'A' : 'B' };
	char when[32];

	if (choose_client(sh, r, err) != ERR_OK || choose_fileset(sh, r, err) != ERR_OK ||
	    cat_client_find(r->c, r->client, &key.client_id, err) != ERR_OK)
		return err->code;
	key.fileset = r->fileset;
	if (cat_restore_recent(r->c, &key, &jobs, err) != ERR_OK)
		return err->code;
	free(r->ids);
	r->ids = NEW_ARRAY(uint32_t, jobs.n + 1);
	for (size_t i = 0; i < jobs.n; i++)
		r->ids[i] = jobs.v[i].job_id;
	r->n_ids = jobs.n;
	if (judge_left_out(sh, r, &key, err) != ERR_OK)
		return err->code;
	if (jobs.n == 0)
		return err_set(err, ERR_CONFIG, "No Full backup before %s found.",
			       clock_format(r->before != 0 ? r->before : clock_now(),
					    "%Y-%m-%d %H:%M:%S", when, sizeof(when)));
	return judge_ids(sh, r, HIDDEN_REFUSED, err);
}

/* "2020" is completed to "2020-01-01 00:00:00". */
static enum err_code
take_date(struct restore *r, const char *text, struct err *err)
{
	if (!shell_time(text, &r->before))
		return err_set(err, ERR_CONFIG, "Improper date format.");
	return ERR_OK;
}

static enum err_code
ask_date(struct shell *sh, struct restore *r, struct err *err)
{
	for (;;) {
		OWNED(freep) char *text = NULL;

		if (ask_text(sh, &text, err, "Enter date as YYYY-MM-DD HH:MM:SS :") != ERR_OK)
			return err->code;
		if (take_date(r, text, err) == ERR_OK)
			return ERR_OK;
		out_info(sh->out, "Improper date format.\n");
	}
}

/* ---- the menu: console.md 8.2 ---- */

enum step { STEP_MENU, STEP_DONE };

typedef enum err_code menu_item(struct shell *sh, struct restore *r, enum step *step,
				struct err *err);

static enum err_code
show_left(struct shell *sh, const struct table *t)
{
	struct table_style style = { .face = FACE_LEFT, .empty_text = true };

	out_table(sh->out, t, &style);
	return ERR_OK;
}

static enum err_code
need_sql(const struct shell *sh, struct err *err)
{
	if (!acl_allows(sh, ACL_COMMAND, "sqlquery"))
		return err_set(err, ERR_CONFIG, "SQL query not authorized.");
	return ERR_OK;
}

static enum err_code
item_last_jobs(struct shell *sh, UNUSED struct restore *r, UNUSED enum step *step, struct err *err)
{
	OWNED(table_release) struct table t = { 0 };
	struct cat_arg args[] = { { "type", args_has(&sh->args, "archive") ? "A" : "B" },
				  { "limit", "20" } };

	if (need_sql(sh, err) != ERR_OK ||
	    shell_query(sh, "restore_last_jobs", args, 2, &t, err) != ERR_OK)
		return err->code;
	return show_left(sh, &t);
}

static enum err_code
item_jobs_of_file(struct shell *sh, struct restore *r, UNUSED enum step *step, struct err *err)
{
	struct restore look = { .c = r->c };
	OWNED(freep) char *name = NULL;
	OWNED(table_release) struct table t = { 0 };

	if (choose_client(sh, &look, err) != ERR_OK ||
	    ask_text(sh, &name, err, "Enter Filename (no path):") != ERR_OK)
		return err->code;
	struct cat_arg args[] = { { "client", look.client }, { "name", name } };
	if (shell_query(sh, "restore_jobs_of_file", args, 2, &t, err) != ERR_OK)
		return err->code;
	return show_left(sh, &t);
}

static enum err_code
item_ids(struct shell *sh, struct restore *r, enum step *step, struct err *err)
{
	OWNED(freep) char *text = NULL;

	if (ask_text(sh, &text, err, "Enter JobId(s), comma separated, to restore: ") != ERR_OK)
		return err->code;
	*step = STEP_DONE;
	return take_ids(sh, r, text, err);
}

static enum err_code
item_sql(struct shell *sh, struct restore *r, UNUSED enum step *step, struct err *err)
{
	OWNED(freep) char *text = NULL;
	OWNED(cat_table_release) struct cat_table ct = { 0 };
	OWNED(table_release) struct table t = { 0 };

	if (need_sql(sh, err) != ERR_OK ||
	    ask_text(sh, &text, err, "Enter SQL list command: ") != ERR_OK ||
	    cat_query_text(r->c, text, &ct, err) != ERR_OK)
		return err->code;
	shell_table_from(&ct, &t);
	return show_left(sh, &t);
}

static enum err_code
item_recent(struct shell *sh, struct restore *r, enum step *step, struct err *err)
{
	*step = STEP_DONE;
	return newest_chain(sh, r, err);
}

static enum err_code
item_recent_before(struct shell *sh, struct restore *r, enum step *step, struct err *err)
{
	*step = STEP_DONE;
	if (ask_date(sh, r, err) != ERR_OK)
		return err->code;
	return newest_chain(sh, r, err);
}

/* Lines of a list file on the director's host. */
static enum err_code
read_list(struct restore *r, const char *path, struct err *err)
{
	OWNED(fclosep) FILE *f = fopen(path, "re");
	OWNED(freep) char *line = NULL;
	size_t cap = 0, before = r->paths.n;
	ssize_t n;

	if (f == NULL)
		return err_errno(err, ERR_SYS, "Cannot open file %s", path);
	while ((n = getline(&line, &cap, f)) > 0) {
		while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
			line[--n] = '\0';
		if (n > 0)
			str_list_add(&r->paths, line);
	}
	if (ferror(f))
		return err_errno(err, ERR_SYS, "Cannot read file %s", path);
	/* Without names it would be all files that are asked for. */
	if (r->paths.n == before)
		return err_set(err, ERR_CONFIG, "File %s names no file to restore", path);
	return ERR_OK;
}

static enum err_code
take_path(const struct shell *sh, struct restore *r, const char *value, struct err *err)
{
	if (value[0] == '<' && acl_need_whole_site(sh, "file=<", err) != ERR_OK)
		return err->code;
	if (value[0] == '<')
		return read_list(r, value + 1, err);
	if (value[0] == '?')
		return err_set(err, ERR_CONFIG,
			       "file=%s: restore tables of .bvfs_restore are not available in this "
			       "version yet",
			       value);
	str_list_add(&r->paths, value);
	return ERR_OK;
}

static enum err_code
ask_paths(struct shell *sh, struct restore *r, const char *question, bool dirs, struct err *err)
{
	for (;;) {
		OWNED(freep) char *text = NULL;

		if (ask_text(sh, &text, err, "%s", question) != ERR_OK)
			return err->code;
		if (text[0] == '\0')
			break;
		if (dirs)
			str_list_add(&r->dirs, text);
		else if (take_path(sh, r, text, err) != ERR_OK)
			out_info(sh->out, "%s\n", err->text);
	}
	if (r->paths.n + r->dirs.n == 0)
		return err_set(err, ERR_CANCELED, "No files selected to be restored.");
	return ERR_OK;
}

static enum err_code
item_files(struct shell *sh, struct restore *r, enum step *step, struct err *err)
{
	*step = STEP_DONE;
	if (newest_chain(sh, r, err) != ERR_OK)
		return err->code;
	return ask_paths(sh, r, "Enter full filename: ", false, err);
}

static enum err_code
item_files_before(struct shell *sh, struct restore *r, enum step *step, struct err *err)
{
	if (ask_date(sh, r, err) != ERR_OK)
		return err->code;
	return item_files(sh, r, step, err);
}

static enum err_code
item_find(struct shell *sh, struct restore *r, UNUSED enum step *step, struct err *err)
{
	if (newest_chain(sh, r, err) != ERR_OK)
		return err->code;
	return restore_show_jobs(sh, r, err);
}

static enum err_code
item_find_before(struct shell *sh, struct restore *r, enum step *step, struct err *err)
{
	if (ask_date(sh, r, err) != ERR_OK)
		return err->code;
	return item_find(sh, r, step, err);
}

static enum err_code
item_directories(struct shell *sh, struct restore *r, enum step *step, struct err *err)
{
	*step = STEP_DONE;
	if (r->n_ids == 0) {
		choose_anew(r);
		if (item_ids(sh, r, step, err) != ERR_OK)
			return err->code;
	}
	OWNED(buf_release) struct buf list = BUF_INIT(1u << 24);
	for (size_t i = 0; i < r->n_ids; i++)
		buf_text(&list, "%s%u", i > 0 ? "," : "", r->ids[i]);
	out_text(sh->out, "You have already selected the following JobIds: %s\n", buf_str(&list));
	return ask_paths(sh, r, "Enter directory name: ", true, err);
}

/* The chain that ends with a job: what was newest when it began, and itself. */
static enum err_code
item_state_of(struct shell *sh, struct restore *r, enum step *step, struct err *err)
{
	OWNED(freep) char *text = NULL;
	struct cat_job job;
	bool found = false;
	uint64_t id;

	*step = STEP_DONE;
	if (ask_text(sh, &text, err, "Enter JobId to get the state to restore: ") != ERR_OK)
		return err->code;
	if (!shell_number(text, &id) || id == 0 || id > UINT32_MAX)
		return err_set(err, ERR_CONFIG, "\"%s\" is no JobId", text);
	if (cat_job_get(r->c, (uint32_t)id, &job, &found, err) != ERR_OK)
		return err->code;
	if (!found)
		return err_set(err, ERR_CONFIG, "JobId %s not found in catalog.", text);
	if (take_ids(sh, r, text, err) != ERR_OK)
		return err->code;
	r->before = job.start_time;
	r->last = job.job_id;
	return newest_chain(sh, r, err);
}

static enum err_code
item_cancel(UNUSED struct shell *sh, UNUSED struct restore *r, UNUSED enum step *step,
	    struct err *err)
{
	return err_set(err, ERR_CANCELED, "%s", "");
}

/* clang-format off */
static const struct {
	const char *text;
	menu_item *run;
	bool anew; /* nothing of what an item before it chose holds */
} menu[] = {
	{ "List last 20 Jobs run",                                               item_last_jobs,     false },
	{ "List Jobs where a given File is saved",                               item_jobs_of_file,  false },
	{ "Enter list of comma separated JobIds to select",                      item_ids,           true },
	{ "Enter SQL list command",                                              item_sql,           false },
	{ "Select the most recent backup for a client",                          item_recent,        true },
	{ "Select backup for a client before a specified time",                  item_recent_before, true },
	{ "Enter a list of files to restore",                                    item_files,         true },
	{ "Enter a list of files to restore before a specified time",            item_files_before,  true },
	{ "Find the JobIds of the most recent backup for a client",              item_find,          true },
	{ "Find the JobIds for a backup for a client before a specified time",   item_find_before,   true },
	{ "Enter a list of directories to restore for found JobIds",             item_directories,   false },
	{ "Select full restore to a specified Job date",                         item_state_of,      true },
	{ "Cancel",                                                              item_cancel,        false },
};
/* clang-format on */
#define N_MENU (sizeof(menu) / sizeof(menu[0]))

static enum err_code
run_menu(struct shell *sh, struct restore *r, struct err *err)
{
	const char *items[N_MENU];
	struct ask_list ask = {
		.kind = "restore method",
		.header = "To select the JobIds, you have the following choices:",
		.question = "Select item: ",
		.items = items,
		.n = N_MENU,
	};
	enum step step = STEP_MENU;

	for (size_t i = 0; i < N_MENU; i++)
		items[i] = menu[i].text;
	out_text(sh->out, "\nFirst you select one or more JobIds that contain files\n"
			  "to be restored. You will be presented several methods\n"
			  "of specifying the JobIds. Then you will be allowed to\n"
			  "select which files from those JobIds are to be restored.\n\n");
	while (step == STEP_MENU) {
		struct err e = ERR_INIT;
		size_t at;

		if (ask_select(sh, &ask, &at, err) != ERR_OK)
			return err->code;
		if (menu[at].anew)
			choose_anew(r);
		enum err_code rc = menu[at].run(sh, r, &step, &e);
		if (rc == ERR_OK)
			continue;
		if (step == STEP_DONE || rc != ERR_CONFIG) {
			*err = e;
			return rc;
		}
		out_info(sh->out, "%s\n", e.text);
	}
	return ERR_OK;
}

/* ---- words of the command ---- */

static enum err_code
take_words(struct shell *sh, struct restore *r, struct err *err)
{
	const struct args *a = &sh->args;

	for (size_t i = 1; i < a->n; i++) {
		if (a->v[i].value == NULL)
			continue;
		if (strcasecmp(a->v[i].key, "file") == 0 &&
		    take_path(sh, r, a->v[i].value, err) != ERR_OK)
			return err->code;
		if (strcasecmp(a->v[i].key, "directory") == 0)
			str_list_add(&r->dirs, a->v[i].value);
	}
	return ERR_OK;
}

enum err_code
restore_choose_jobs(struct shell *sh, struct restore *r, struct err *err)
{
	const char *before = args_value(&sh->args, "before"),
		   *jobid = args_value(&sh->args, "jobid"),
		   *client = args_value(&sh->args, "client");

	if (take_words(sh, r, err) != ERR_OK)
		return err->code;
	if (jobid != NULL) {
		struct named *ignored = NULL;

		if (client != NULL && res_resolve(sh, RES_CLIENT, client, &ignored, err) != ERR_OK)
			return err->code;
		if (client != NULL)
			(void)snprintf(r->client, sizeof(r->client), "%s", client);
		return take_ids(sh, r, jobid, err);
	}
	if (before != NULL && take_date(r, before, err) != ERR_OK)
		return err->code;
	if (before != NULL || args_has(&sh->args, "current") || args_has(&sh->args, "select") ||
	    r->paths.n + r->dirs.n > 0)
		return newest_chain(sh, r, err);
	if (sh->batch)
		return err_set(err, ERR_CONFIG,
			       "restore needs jobid=, or client= with current or before=, in batch "
			       "mode");
	return run_menu(sh, r, err);
}

/* Copies instead of originals, job by job, when the person wants them. */
static enum err_code
offer_copies(struct shell *sh, struct restore *r, const char *list, struct err *err)
{
	OWNED(table_release) struct table t = { 0 };
	struct table_style style = { .face = FACE_GRID };
	struct cat_arg arg = { "jobids", list };
	bool yes = false;
	uint64_t from, to;

	if (shell_query(sh, "list_copies", &arg, 1, &t, err) != ERR_OK)
		return err->code;
	if (table_rows(&t) == 0)
		return ERR_OK;
	out_text(sh->out, "These JobIds have copies as follows:\n");
	out_table(sh->out, &t, &style);
	if (ask_confirm(sh, &yes, err, "\nDo you want to restore from these copies? (yes|no): ") !=
	    ERR_OK)
		return err->code;
	for (size_t row = 0; yes && row < table_rows(&t); row++)
		for (size_t i = 0; i < r->n_ids; i++)
			if (shell_number(table_at(&t, row, "jobid"), &from) && r->ids[i] == from &&
			    shell_number(table_at(&t, row, "copyjobid"), &to))
				r->ids[i] = (uint32_t)to;
	return ERR_OK;
}

enum err_code
restore_show_jobs(struct shell *sh, struct restore *r, struct err *err)
{
	OWNED(buf_release) struct buf list = BUF_INIT(1u << 24);
	OWNED(table_release) struct table t = { 0 };
	struct table_style style = { .face = FACE_GRID, .key = "query" };

	for (size_t i = 0; i < r->n_ids; i++)
		buf_text(&list, "%s%u", i > 0 ? "," : "", r->ids[i]);
	if (args_has(&sh->args, "copies") && offer_copies(sh, r, buf_str(&list), err) != ERR_OK)
		return err->code;
	buf_clear(&list);
	for (size_t i = 0; i < r->n_ids; i++)
		buf_text(&list, "%s%u", i > 0 ? "," : "", r->ids[i]);
	struct cat_arg arg = { "jobids", buf_str(&list) };
	if (shell_query(sh, "restore_chain_table", &arg, 1, &t, err) != ERR_OK)
		return err->code;
	out_table(sh->out, &t, &style);
	out_text(sh->out, "You have selected the following JobId%s: %s\n\n",
		 r->n_ids == 1 ? "" : "s", buf_str(&list));
	return ERR_OK;
}
