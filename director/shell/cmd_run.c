/* run, rerun.  Spec: console.md 7.1, 7.2 */
#include <stdio.h>
#include <string.h>

#include "director/shell/command.h"
#include "director/shell/run_request.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/catalog/cat_job.h"

enum err_code
cmd_run(struct shell *sh, struct err *err)
{
	OWNED(job_request_release) struct job_request req = { 0 };
	bool yes = false;

	if (run_request_take(sh, &sh->args, 1, &req, &yes, err) != ERR_OK)
		return err->code;
	if (req.job == NULL) {
		struct named *job = NULL;

		out_text(sh->out, "A job name must be specified.\n");
		if (sh->batch)
			return err_set(err, ERR_CONFIG, "A job name must be specified.");
		if (res_select(sh, RES_JOB, &job, err) != ERR_OK)
			return err->code;
		req.job = str_dup(job->name);
	}
	return run_request_confirm(sh, &req, yes, err);
}

/* ---- rerun ---- */

static enum err_code
rerun_one(struct shell *sh, uint32_t job_id, bool yes, struct err *err)
{
	OWNED(job_request_release) struct job_request req = { 0 };
	OWNED(table_release) struct table t = { 0 };
	char id[16];

	(void)snprintf(id, sizeof(id), "%u", job_id);
	struct cat_arg arg = { "jobid", id };
	if (shell_query(sh, "llist_jobs", &arg, 1, &t, err) != ERR_OK)
		return err->code;
	if (table_rows(&t) == 0)
		return err_set(err, ERR_CONFIG, "JobId %u not found in catalog. ", job_id);
	out_info(sh->out, "rerunning jobid %u\n", job_id);
	static const struct {
		const char *column;
		enum res_kind kind;
		size_t offset;
		bool may_go; /* one that left the configuration: the job's own */
	} taken[] = {
		{ "name", RES_JOB, offsetof(struct job_request, job), false },
		{ "client", RES_CLIENT, offsetof(struct job_request, client), false },
		{ "fileset", RES_FILESET, offsetof(struct job_request, fileset), false },
		{ "poolname", RES_POOL, offsetof(struct job_request, pool), true },
	};
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		const char *v = table_at(&t, 0, taken[i].column);

		if (res_find(sh, taken[i].kind, v) != NULL)
			*(char **)(void *)((char *)&req + taken[i].offset) = str_dup(v);
		else if (v[0] != '\0' && !taken[i].may_go)
			return err_set(err, ERR_CONFIG, "%s \"%s\" not found",
				       res_facts(taken[i].kind)->singular, v);
	}
	req.level = table_at(&t, 0, "level")[0];
	if (req.level == LEVEL_NONE)
		req.level = 0;
	return run_request_confirm(sh, &req, yes, err);
}

/* Failed jobs of a span. */
static enum err_code
failed_since(struct shell *sh, uint32_t **ids, size_t *n, struct err *err)
{
	static const struct {
		const char *key;
		int64_t seconds;
	} spans[] = { { "days", 86400 }, { "hours", 3600 } };
	const char *first = args_value(&sh->args, "since_jobid"),
		   *last = args_value(&sh->args, "until_jobid");
	OWNED(table_release) struct table t = { 0 };
	struct cat_arg args[2] = { { "status", "f" }, { NULL, NULL } };
	uint64_t from = 0, to = UINT32_MAX, v = 0;
	size_t n_args = 1;
	char when[32];

	if ((first != NULL && !shell_number(first, &from)) ||
	    (last != NULL && !shell_number(last, &to)))
		return err_set(err, ERR_CONFIG, "since_jobid and until_jobid must be numbers");
	for (size_t i = 0; i < 2; i++) {
		const char *span = args_value(&sh->args, spans[i].key);

		if (span == NULL)
			continue;
		if (!shell_number(span, &v) || v > 100000)
			return err_set(err, ERR_CONFIG, "%s=%s: expected a number", spans[i].key,
				       span);
		clock_format(clock_now() - (int64_t)v * spans[i].seconds, "%Y-%m-%d %H:%M:%S", when,
			     sizeof(when));
		args[n_args++] = (struct cat_arg){ "since", when };
		break;
	}
	if (shell_query(sh, "list_jobs", args, n_args, &t, err) != ERR_OK)
		return err->code;
	*ids = NEW_ARRAY(uint32_t, table_rows(&t) + 1);
	for (size_t r = 0; r < table_rows(&t); r++)
		if (shell_number(table_at(&t, r, "jobid"), &v) && v >= from && v <= to)
			(*ids)[(*n)++] = (uint32_t)v;
	return ERR_OK;
}

static enum err_code
confirm_span(struct shell *sh, const uint32_t *ids, size_t n, bool *yes, struct err *err)
{
	OWNED(buf_release) struct buf list = BUF_INIT(1u << 24);

	for (size_t i = 0; i < n; i++)
		buf_text(&list, "%s%u", i > 0 ? "," : "", ids[i]);
	out_info(sh->out, "The following ids were selected for rerun:\n%s\n", buf_str(&list));
	if (*yes || sh->batch)
		return ERR_OK;
	if (ask_yesno(sh, yes, err, "rerun these jobids? (yes/no): ") != ERR_OK)
		return err->code;
	return *yes ? ERR_OK : err_set(err, ERR_CANCELED, "Job not run.");
}

enum err_code
cmd_rerun(struct shell *sh, struct err *err)
{
	OWNED(freep) uint32_t *ids = NULL;
	const char *jobid = args_value(&sh->args, "jobid");
	bool yes = args_has(&sh->args, "yes");
	size_t n = 0;

	static const char *const known[] = { "jobid", "since_jobid", "until_jobid", "days",
					     "hours", "catalog",     "yes",         NULL };
	const char *word = args_unknown(&sh->args, 1, known);
	if (word != NULL)
		return err_set(err, ERR_CONFIG, "Invalid keyword: %s", word);
	if (jobid != NULL) {
		if (!shell_job_ids(jobid, &ids, &n))
			return err_set(err, ERR_CONFIG, "invalid jobid argument: %s", jobid);
	} else if (args_has(&sh->args, "since_jobid") || args_has(&sh->args, "days") ||
		   args_has(&sh->args, "hours")) {
		if (failed_since(sh, &ids, &n, err) != ERR_OK)
			return err->code;
		if (n > 0 && confirm_span(sh, ids, n, &yes, err) != ERR_OK)
			return err->code;
	} else {
		return err_set(err, ERR_CONFIG,
			       "rerun needs one of jobid=, since_jobid=, days= or hours=");
	}
	if (n == 0)
		return err_set(err, ERR_CONFIG, "No jobids with the specified options were found.");
	for (size_t i = 0; i < n; i++)
		if (rerun_one(sh, ids[i], yes, err) != ERR_OK)
			return err->code;
	return ERR_OK;
}
