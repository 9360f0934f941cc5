/* cancel, wait, estimate.  Spec: console.md 7.3-7.5 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "director/job/job.h"
#include "director/link/fd_link.h"
#include "director/link/sd_link.h"
#include "director/shell/command.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/base/units.h"
#include "lib/catalog/cat_job.h"
#include "lib/catalog/cat_client.h"
#include "lib/catalog/cat_fileset.h"
#include "lib/proto/scan.h"

#define LINK_SECONDS 30

/* ---- cancel ---- */

/* Jobs of this director that the console may cancel; owned. */
static size_t
own_jobs(struct shell *sh, struct job_info **out, size_t *all)
{
	size_t n = job_table_list(director_jobs(sh->d), out), k = 0;

	*all = n;
	for (size_t i = 0; i < n; i++)
		if (acl_allows(sh, ACL_JOB, (*out)[i].name))
			(*out)[k++] = (*out)[i];
	return k;
}

static enum err_code
cancel_one(struct shell *sh, uint32_t job_id, struct err *err)
{
	char by[512];
	struct job_info info;

	if (!job_is_alive(director_jobs(sh->d), job_id) ||
	    !job_find_id(director_jobs(sh->d), job_id, &info))
		return err_set(err, ERR_CONFIG,
			       "JobId %u is not running. Use Job name to cancel inactive jobs.",
			       job_id);
	if (!acl_allows(sh, ACL_JOB, info.name))
		return err_set(err, ERR_CONFIG, "Unauthorized command from this console.");
	(void)snprintf(by, sizeof(by), "console %s from %s", sh->name, sh->peer);
	return job_cancel(sh->d, job_id, by, shell_relay, sh, err);
}

static enum err_code
cancel_list(struct shell *sh, const struct job_info *jobs, size_t n, bool ask, struct err *err)
{
	bool yes = sh->batch;

	if (n == 0)
		return err_set(err, ERR_CONFIG, "No Jobs selected.");
	for (size_t i = 0; i < n; i++)
		out_info(sh->out, "Selected Job %u for cancelling\n", jobs[i].job_id);
	if (ask && !yes && ask_confirm(sh, &yes, err, "Confirm cancel (yes/no): ") != ERR_OK)
		return err->code;
	if (ask && !yes)
		return err_set(err, ERR_CANCELED, "Nothing done.");
	for (size_t i = 0; i < n; i++) {
		struct err e = ERR_INIT;

		/* One that ended meanwhile does not keep the others alive. */
		if (cancel_one(sh, jobs[i].job_id, &e) != ERR_OK)
			out_warning(sh->out, "%s\n", e.text);
	}
	return ERR_OK;
}

static enum err_code
cancel_by_menu(struct shell *sh, const struct job_info *jobs, size_t n, size_t all, struct err *err)
{
	size_t at;

	if (n == 0) {
		out_info(sh->out,
			 all == 0 ? "No Jobs running.\n" : "None of your jobs are running.\n");
		return ERR_OK;
	}
	OWNED(freep) char **items = NEW_ARRAY(char *, n);
	for (size_t i = 0; i < n; i++)
		items[i] = str_printf("JobId=%u Job=%s", jobs[i].job_id, jobs[i].unique);
	struct ask_list ask = { .kind = "Job",
				.header = "Select Job:",
				.question = "Choose Job to cancel",
				.items = (const char *const *)(void *)items,
				.n = n };
	enum err_code rc = sh->batch ? err_set(err, ERR_CONFIG,
					       "cancel needs jobid=, job=, ujobid=, state= or all "
					       "in batch mode")
				     : ask_select(sh, &ask, &at, err);
	for (size_t i = 0; i < n; i++)
		free(items[i]);
	if (rc != ERR_OK)
		return rc;
	bool yes = n > 1;
	if (!yes && ask_confirm(sh, &yes, err, "Confirm cancel (yes/no): ") != ERR_OK)
		return err->code;
	return yes ? cancel_one(sh, jobs[at].job_id, err) : ERR_OK;
}

static bool
in_state(const struct job_info *j, const char *state)
{
	if (strcasecmp(state, "created") == 0)
		return j->status == STATUS_CREATED;
	if (strcasecmp(state, "blocked") == 0)
		return j->status == STATUS_BLOCKED;
	if (strcasecmp(state, "waiting") == 0)
		return strchr("FSmMsjcdtpq", j->status) != NULL;
	return !j->queued && strchr("FSmMsjcdtpqB", j->status) == NULL;
}

static enum err_code
cancel_ids(struct shell *sh, struct err *err)
{
	for (int i = args_find(&sh->args, 1, "jobid"); i >= 0;
	     i = args_find(&sh->args, (size_t)i + 1, "jobid")) {
		const char *v = sh->args.v[i].value;
		OWNED(freep) uint32_t *ids = NULL;
		size_t n = 0;

		if (v == NULL || !shell_job_ids(v, &ids, &n))
			return err_set(err, ERR_CONFIG, "jobid=%s: expected a JobId",
				       v == NULL ? "" : v);
		for (size_t k = 0; k < n; k++) {
			struct err e = ERR_INIT;

			/* One that does not run does not keep the others alive. */
			if (cancel_one(sh, ids[k], &e) == ERR_OK)
				continue;
			out_error(sh->out, "%s\n", e.text);
			(void)err_set(err, e.code, "%s", "");
		}
	}
	return err->code;
}

/* A word that cancel does not know, or says nothing, may not become all that is left: any job. */
static enum err_code
judge_cancel_words(struct shell *sh, struct err *err)
{
	static const char *const known[] = { "jobid",   "job", "ujobid", "state",
					     "storage", "all", "yes",    NULL };
	const char *word = args_unknown(&sh->args, 1, known);

	if (word != NULL)
		return err_set(err, ERR_CONFIG,
			       "Unknown keyword: %s. Name the job as jobid=, job= or ujobid=",
			       word);
	for (size_t i = 1; i < sh->args.n; i++) {
		const struct arg *a = &sh->args.v[i];
		bool bare = strcasecmp(a->key, "all") == 0 || strcasecmp(a->key, "yes") == 0;

		if (!bare && (a->value == NULL || a->value[0] == '\0'))
			return err_set(err, ERR_CONFIG, "Value missing for keyword %s", a->key);
	}
	return ERR_OK;
}

/* cancel storage=X jobid=N: only the storage daemon knows the job any more. */
static enum err_code
cancel_at_storage(struct shell *sh, const char *name, struct err *err)
{
	const char *jobid = args_value(&sh->args, "jobid");
	struct sd_link_options o = { .timeout_seconds = LINK_SECONDS, .cancel = sh->stop };
	OWNED(sd_link_freep) struct sd_link *link = NULL;
	struct named *s = NULL;

	if (jobid == NULL)
		return err_set(err, ERR_CONFIG, "Missing jobid=JobId specification");
	uint64_t id;
	if (!shell_number(jobid, &id) || id == 0 || id > UINT32_MAX)
		return err_set(err, ERR_CONFIG, "jobid=%s: expected a JobId", jobid);
	if (!shell_sees_job(sh, (uint32_t)id))
		return err_set(err, ERR_CONFIG, "Unauthorized command from this console.");
	if (res_resolve(sh, RES_STORAGE, name, &s, err) != ERR_OK ||
	    sd_link_open(sh->d, sh->conf, (struct dir_storage *)(void *)s, &o, &link, err) !=
		    ERR_OK)
		return err->code;
	OWNED(freep) char *command = str_printf("cancel Job=%s\n", jobid);
	return sd_link_command(link, command, shell_relay, sh, err);
}

enum err_code
cmd_cancel(struct shell *sh, struct err *err)
{
	OWNED(freep) struct job_info *jobs = NULL;
	const char *job = args_value(&sh->args, "job"), *ujobid = args_value(&sh->args, "ujobid"),
		   *state = args_value(&sh->args, "state"),
		   *storage = args_value(&sh->args, "storage");
	size_t all, n = own_jobs(sh, &jobs, &all), k = 0;

	if (judge_cancel_words(sh, err) != ERR_OK)
		return err->code;
	if (storage != NULL)
		return cancel_at_storage(sh, storage, err);
	if (args_has(&sh->args, "jobid"))
		return cancel_ids(sh, err);
	if (ujobid != NULL || job != NULL) {
		const char *want = ujobid != NULL ? ujobid : job;

		for (size_t i = 0; i < n; i++)
			if (ujobid != NULL ? strcmp(jobs[i].unique, want) == 0
					   : strncmp(jobs[i].unique, want, strlen(want)) == 0 ||
						     strcmp(jobs[i].name, want) == 0)
				jobs[k++] = jobs[i];
		if (k == 0)
			return err_set(err, ERR_CONFIG, "Job %s is not running.", want);
		return k == 1 ? cancel_one(sh, jobs[0].job_id, err)
			      : cancel_list(sh, jobs, k, true, err);
	}
	if (args_has(&sh->args, "all"))
		return cancel_list(sh, jobs, n, true, err);
	if (state != NULL) {
		static const char *const states[] = { "created", "blocked", "waiting", "running" };
		bool good = false;

		for (size_t i = 0; i < 4; i++)
			good |= strcasecmp(state, states[i]) == 0;
		if (!good)
			return err_set(err, ERR_CONFIG,
				       "Illegal state either created, blocked, waiting or running");
		for (size_t i = 0; i < n; i++)
			if (in_state(&jobs[i], state))
				jobs[k++] = jobs[i];
		return cancel_list(sh, jobs, k, true, err);
	}
	return cancel_by_menu(sh, jobs, n, all, err);
}

/* ---- wait ---- */

static void
print_waited(struct shell *sh, uint32_t job_id, int status)
{
	int exit = status == STATUS_OK ? 0 : status == STATUS_WARNINGS ? 1 : status == '?' ? 3 : 2;
	char letter[2] = { (char)status, '\0' };

	out_text(sh->out, "JobId=%u\nJobStatus=%s (%c)\n", job_id, job_status_end(status), status);
	out_open_object(sh->out, "job");
	out_number(sh->out, "jobid", job_id);
	out_string(sh->out, "jobstatuslong", job_status_end(status));
	out_string(sh->out, "jobstatus", letter);
	out_number(sh->out, "exitstatus", exit);
	out_close(sh->out);
}

/* A job that ended is known by its unique name, still. */
static enum err_code
ended_job(struct shell *sh, uint32_t *id, struct err *err)
{
	struct cat_arg arg = { "ujobid", args_value(&sh->args, "ujobid") };
	OWNED(table_release) struct table t = { 0 };
	uint64_t v;

	if (arg.value == NULL)
		return ERR_OK;
	if (shell_query(sh, "list_jobs", &arg, 1, &t, err) != ERR_OK)
		return err->code;
	if (table_rows(&t) > 0 && shell_number(table_at(&t, 0, "jobid"), &v))
		*id = (uint32_t)v;
	return ERR_OK;
}

/* The job that the words name; 0: every job. */
static enum err_code
wait_target(struct shell *sh, uint32_t *id, struct err *err)
{
	static const char *const names[] = { "job", "jobname", "ujobid", NULL };
	const char *jobid = args_value(&sh->args, "jobid"), *name = args_value_of(&sh->args, names);
	OWNED(freep) struct job_info *jobs = NULL;
	uint64_t v;

	if (jobid != NULL) {
		if (!shell_number(jobid, &v) || v == 0 || v > UINT32_MAX)
			return err_set(err, ERR_CONFIG, "ERR: Job was not found");
		if (!shell_sees_job(sh, (uint32_t)v)) {
			print_waited(sh, (uint32_t)v, '?');
			return err_set(err, ERR_CONFIG, "ERR: Job was not found");
		}
		*id = (uint32_t)v;
		return ERR_OK;
	}
	*id = 0;
	if (name == NULL)
		return ERR_OK;
	size_t n = job_table_list(director_jobs(sh->d), &jobs);
	for (size_t i = n; i > 0 && *id == 0; i--)
		if (acl_allows(sh, ACL_JOB, jobs[i - 1].name) &&
		    (strcmp(jobs[i - 1].unique, name) == 0 || strcmp(jobs[i - 1].name, name) == 0))
			*id = jobs[i - 1].job_id;
	if (*id == 0 && ended_job(sh, id, err) != ERR_OK)
		return err->code;
	return *id != 0 ? ERR_OK : err_set(err, ERR_CONFIG, "ERR: Job was not found");
}

enum err_code
cmd_wait(struct shell *sh, struct err *err)
{
	const char *timeout = args_value(&sh->args, "timeout");
	struct job_info info;
	uint64_t seconds = 0;
	uint32_t id;

	static const char *const known[] = { "jobid", "job",     "jobname", "ujobid", "timeout",
					     "mount", "catalog", "yes",     NULL };
	const char *word = args_unknown(&sh->args, 1, known);

	if (word != NULL)
		return err_set(err, ERR_CONFIG, "Unknown keyword: %s", word);
	if (args_has(&sh->args, "mount"))
		return err_set(err, ERR_CONFIG, "wait mount: is not available in this version yet");
	if (timeout != NULL && (!shell_number(timeout, &seconds) || seconds > 100000000))
		return err_set(err, ERR_CONFIG, "timeout=%s: expected seconds", timeout);
	if (wait_target(sh, &id, err) != ERR_OK)
		return err->code;
	struct wait wait = wait_for(sh->stop, (int64_t)seconds, "the end of the job");
	out_flush(sh->out);
	struct err e = ERR_INIT;
	if (job_wait(director_jobs(sh->d), id, &wait, id == 0 ? NULL : &info, &e) == ERR_OK) {
		if (id != 0)
			print_waited(sh, info.job_id, info.status);
		return ERR_OK;
	}
	if (e.code == ERR_PEER)
		return id == 0 ? err_set(err, ERR_PEER, "Jobs still run after %s seconds.", timeout)
			       : err_set(err, ERR_PEER, "JobId %u still runs after %s seconds.", id,
					 timeout);
	if (e.code != ERR_CONFIG) {
		*err = e;
		return err->code;
	}
	/* Ended long ago: the catalog knows. */
	struct cat_job job;
	struct catalog *c;
	bool found = false;
	if (shell_catalog(sh, &c, err) != ERR_OK || cat_job_get(c, id, &job, &found, err) != ERR_OK)
		return err->code;
	print_waited(sh, id, found ? job.status : '?');
	return found ? ERR_OK : err_set(err, ERR_CONFIG, "ERR: Job was not found");
}

/* ---- estimate ---- */

struct estimate {
	struct shell *sh;
	bool json;
	char last[256]; /* the last line: the sum */
};

static void
estimate_line(void *arg, const char *line)
{
	struct estimate *e = (struct estimate *)arg;

	out_text(e->sh->out, "%s\n", line);
	(void)snprintf(e->last, sizeof(e->last), "%s", line);
}

/* "1,000,026" to a number; one that is too large is none. */
static int64_t
number_with_commas(const char *text, const char *key)
{
	const char *p = strstr(text, key);
	uint64_t v = 0;

	for (p = p == NULL ? "" : p + strlen(key); (*p >= '0' && *p <= '9') || *p == ','; p++)
		if (*p != ',' && (!u64_mul(v, 10, &v) || !u64_add(v, (uint64_t)(*p - '0'), &v)))
			return 0;
	return v <= INT64_MAX ? (int64_t)v : 0;
}

/* The time from which a smaller level counts, from the last good jobs. */
static enum err_code
since_of(struct shell *sh, const struct dir_job *job, const char *client, const char *fileset,
	 int *level, int64_t *since, struct err *err)
{
	struct cat_level_key key = { .type = 'B', .name = job->name };
	OWNED(table_release) struct table t = { 0 };
	struct cat_level_facts facts;
	struct catalog *c;
	uint64_t id = 0;

	*since = 0;
	if (*level != LEVEL_INCREMENTAL && *level != LEVEL_DIFFERENTIAL)
		return ERR_OK;
	if (shell_catalog(sh, &c, err) != ERR_OK ||
	    cat_client_find(c, client, &key.client_id, err) != ERR_OK ||
	    shell_query(sh, "list_filesets", NULL, 0, &t, err) != ERR_OK)
		return err->code;
	for (size_t r = 0; r < table_rows(&t); r++)
		if (strcmp(table_at(&t, r, "fileset"), fileset) == 0)
			(void)shell_number(table_at(&t, r, "filesetid"), &id);
	key.file_set_id = (uint32_t)id;
	if (cat_job_level_facts(c, &key, &facts, err) != ERR_OK)
		return err->code;
	*since = *level == LEVEL_DIFFERENTIAL ? facts.full_start : facts.newest_start;
	if (facts.full_start == 0) {
		out_info(sh->out, "No prior Full backup: estimating a Full.\n");
		*level = LEVEL_FULL;
		*since = 0;
	}
	return ERR_OK;
}

static enum err_code
estimate_level(struct shell *sh, const struct dir_job *job, int *level, struct err *err)
{
	static const struct {
		const char *word;
		int letter;
	} words[] = { { "Full", 'F' }, { "Differential", 'D' }, { "Incremental", 'I' } };
	const char *v = args_value(&sh->args, "level");

	*level = (int)job->level;
	if (v == NULL)
		return ERR_OK;
	for (size_t i = 0; i < 3; i++) {
		if (strcasecmp(v, words[i].word) == 0) {
			*level = words[i].letter;
			return ERR_OK;
		}
	}
	return err_set(err, ERR_CONFIG, "Level \"%s\" not valid.", v);
}

enum err_code
cmd_estimate(struct shell *sh, struct err *err)
{
	static const char *const job_keys[] = { "job", NULL },
				 *const client_keys[] = { "client", "fd", NULL },
				 *const set_keys[] = { "fileset", NULL };
	/* The last is the name of a job without its keyword. */
	const char *known[] = { "listing",  "job",     "client", "fd", "fileset", "level",
				"accurate", "catalog", "yes",    NULL, NULL };
#define N_KNOWN (sizeof(known) / sizeof(known[0]))
	struct named *r = NULL;
	struct estimate e = { .sh = sh };
	struct fd_link_options o = { .timeout_seconds = LINK_SECONDS, .cancel = sh->stop };
	OWNED(fd_link_freep) struct fd_link *link = NULL;
	int64_t since;
	int level;

	const char *name = args_value(&sh->args, "job");
	if (name == NULL)
		known[N_KNOWN - 2] = name = args_unknown_bare(&sh->args, 1, known);
	const char *unknown = args_unknown(&sh->args, 1, known);
	if (unknown != NULL)
		return err_set(err, ERR_CONFIG, "Invalid keyword: %s", unknown);
	if (name != NULL && strcmp(name, "?") != 0) {
		r = res_find(sh, RES_JOB, name);
		if (r == NULL)
			return err_set(err, ERR_CONFIG, "Job \"%s\" not found.", name);
	} else if (res_pick(sh, RES_JOB, job_keys, &r, err) != ERR_OK) {
		return err->code;
	}
	struct dir_job *job = (struct dir_job *)(void *)r;
	struct dir_client *client = job->client;
	struct dir_fileset *fileset = job->file_set;
	if (args_value_of(&sh->args, client_keys) != NULL) {
		if (res_pick(sh, RES_CLIENT, client_keys, &r, err) != ERR_OK)
			return err->code;
		client = (struct dir_client *)(void *)r;
	}
	if (args_value_of(&sh->args, set_keys) != NULL) {
		if (res_pick(sh, RES_FILESET, set_keys, &r, err) != ERR_OK)
			return err->code;
		fileset = (struct dir_fileset *)(void *)r;
	}
	if (client == NULL || fileset == NULL)
		return err_set(err, ERR_CONFIG, "Job \"%s\" has no client or no fileset",
			       job->name);
	if (job->type != JOB_BACKUP)
		return err_set(err, ERR_CONFIG,
			       "Job \"%s\" is a %s job: only backups are estimated", job->name,
			       job_type_text((int)job->type));
	if (estimate_level(sh, job, &level, err) != ERR_OK ||
	    since_of(sh, job, client->name, ((struct named *)(void *)fileset)->name, &level, &since,
		     err) != ERR_OK)
		return err->code;
	out_text(sh->out, "Connecting to Client %s at %s:%u\n", client->name, client->address,
		 client->port);
	out_flush(sh->out);
	if (fd_link_open(sh->d, sh->conf, client, &o, &link, err) != ERR_OK)
		return err->code;
	if (fd_link_estimate(link, sh->conf, fileset, level, since, args_has(&sh->args, "listing"),
			     estimate_line, &e, err) != ERR_OK)
		return err->code;
	if (strstr(e.last, "2000 OK estimate") == NULL)
		return err_set(err, ERR_PROTO, "Client %s: %s", client->name, e.last);
	out_open_object(sh->out, "estimate");
	out_number(sh->out, "files", number_with_commas(e.last, "files="));
	out_number(sh->out, "bytes", number_with_commas(e.last, "bytes="));
	out_close(sh->out);
	return ERR_OK;
}
