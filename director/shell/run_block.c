/* The block that shows a job before it is started.  Spec: console.md 7.1 */
#include "director/shell/run_internal.h"

#include <stdio.h>

#include "lib/base/clock.h"

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

const char *
run_or_none(const char *s)
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
		(void)snprintf(text, sizeof(text), "%s", run_or_none(name));
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
	line(b, "Client:", run_or_none(NAME_OF(p->client)));
	line(b, "Format:", req->backup_format != NULL ? req->backup_format : "Native");
	line(b, "FileSet:", run_or_none(NAME_OF(p->fileset)));
	line_from(b, "Pool:", NAME_OF(p->pool), p->pool_source);
	if (p->level == LEVEL_VIRTUAL_FULL)
		line_from(b, "NextPool:", NAME_OF(p->next_pool), p->next_pool_source);
	line_from(b, "Storage:", NAME_OF(p->write_storage), p->storage_source);
}

static void
block_restore(struct block *b, const struct job_plan *p, const struct job_request *req)
{
	line(b, "JobName:", p->job->name);
	line(b, "Bootstrap:", run_or_none(p->bootstrap));
	if (p->regex_where != NULL)
		line(b, "RegexWhere:", p->regex_where);
	else
		line(b, "Where:", run_or_none(p->where));
	line(b, "Replace:", replace_word(p->replace));
	line(b, "FileSet:", run_or_none(NAME_OF(p->fileset)));
	line(b, "Backup Client:",
	     req->backup_client != NULL ? req->backup_client : run_or_none(NAME_OF(p->client)));
	line(b, "Restore Client:", run_or_none(NAME_OF(p->client)));
	line(b, "Format:", req->backup_format != NULL ? req->backup_format : "Native");
	line(b, "Storage:", run_or_none(NAME_OF(p->read_storage)));
}

static void
block_verify(struct block *b, const struct job_plan *p, const struct job_request *req)
{
	line(b, "JobName:", p->job->name);
	line(b, "Level:", job_level_text(p->level));
	line(b, "Client:", run_or_none(NAME_OF(p->client)));
	line(b, "FileSet:", run_or_none(NAME_OF(p->fileset)));
	line_from(b, "Pool:", NAME_OF(p->pool), p->pool_source);
	line_from(b, "Storage:", NAME_OF(p->read_storage), p->storage_source);
	line(b, "Verify Job:", run_or_none(req->verify_job));
	line(b, "Verify List:", run_or_none(p->job->write_verify_list));
}

static void
block_copy(struct block *b, const struct job_plan *p, const struct job_request *req)
{
	char id[16];

	line(b, "JobName:", p->job->name);
	line(b, "Bootstrap:", run_or_none(p->bootstrap));
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
	line(b, "FileSet:", run_or_none(NAME_OF(p->fileset)));
	line(b, "Client:", run_or_none(NAME_OF(p->client)));
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

void
run_block_show(struct shell *sh, const struct job_plan *p, const struct job_request *req)
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
		line(&b, "Plugin Options:", run_or_none(req->plugin_options));
}
