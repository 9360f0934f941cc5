#include "director/job/duplicate.h"
#include "director/job/job_internal.h"

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/own.h"
#include "lib/catalog/cat_client.h"
#include "lib/catalog/cat_log.h"

#include <inttypes.h>
#include <stdio.h>

static char *
dup_or_null(const char *s)
{
	return s != NULL ? str_dup(s) : NULL;
}

static void
copy_request(const struct job_request *from, struct job_request *to)
{
	*to = *from;
#define X(name) to->name = dup_or_null(from->name);
	JOB_REQUEST_STRINGS(X)
#undef X
}

/* Log rows of this job's messages. */
static void
log_row(void *arg, uint32_t job_id, int64_t time, const char *text)
{
	struct job *j = arg;
	OWNED(freep) char *line = str_printf("%s\n", text);

	if (!j->logged)
		cat_log_add(j->catalog, job_id, time, bytes_str(line));
}

static char *
expand_word(void *arg, const char *word, const char *recipients)
{
	return job_expand(arg, word, recipients);
}

static void
open_messages(struct job *j)
{
	const struct msg_sink_options o = {
		.messages = j->plan.messages,
		.daemon = director_name(j->d),
		.working_directory = director_working_directory(j->d),
		.timestamp_format = j->conf->director->log_timestamp_format,
		.console = director_messages(j->d),
		.catalog = log_row,
		.catalog_arg = j,
		.expand = expand_word,
		.expand_arg = j,
	};

	j->sink = msg_sink_new(&o);
}

static enum err_code
insert_rows(struct job *j, struct err *err)
{
	struct dir_client *cl = j->plan.client;
	struct cat_job row;

	if (cl != NULL) {
		struct cat_client client = { .name = cl->name,
					     .auto_prune = cl->auto_prune,
					     .file_retention = cl->file_retention,
					     .job_retention = cl->job_retention };

		if (cat_client_ensure(j->catalog, &client, err) != ERR_OK)
			return err_ctx(err, "client %s", cl->name);
		j->client_id = client.client_id;
	}
	job_row(j, &row);
	return cat_job_insert(j->catalog, &row, j->req.comment, &j->id, err);
}

/* A job with everything but its row.  c: NULL is that of its plan.  On failure *out is untouched.
 */
static enum err_code
make_job(struct director *d, const struct job_request *req, struct catalog *c, struct job **out,
	 struct err *err) NO_ANALYSIS /* nobody else knows the job yet */
{
	OWNED(job_unrefp) struct job *j = NEW(struct job);

	atomic_store_explicit(&j->refs, 1, memory_order_relaxed);
	j->d = d;
	j->catalog = c;
	j->conf = director_conf_get(d);
	j->cancel.event = j->abort.event = j->script_stop.event = -1;
	mutex_init(&j->lock, RANK_JOB);
	copy_request(req, &j->req);
	j->trigger = req->trigger;
	j->status = STATUS_CREATED;
	j->queued = true;
	if (cancel_init(&j->cancel, err) != ERR_OK || cancel_init(&j->abort, err) != ERR_OK ||
	    cancel_init(&j->script_stop, err) != ERR_OK ||
	    job_plan_make(j->conf, &j->req, &j->plan, err) != ERR_OK)
		return err->code;
	if (c == NULL && director_catalog(d, j->plan.catalog != NULL ? j->plan.catalog->name : NULL,
					  &j->catalog, err) != ERR_OK)
		return err->code;
	j->sched_time = j->plan.when;
	j->made_ms = clock_mono_ms();
	j->made_late = clock_now() - j->plan.when;
	j->expected_files = req->expected_files;
	job_make_name(j->plan.job->name, j->unique);
	*out = TAKE_PTR(j);
	return ERR_OK;
}

/*
 * The other one loses, or we do.  Waits for no daemon: schedules wait for this thread.
 * Spec: director.md 5.1
 */
static void
check_duplicate(struct job *j)
{
	const struct dir_job *res = j->plan.job;
	const struct duplicate_rules rules = {
		.allow = res->allow_duplicate_jobs || j->req.ignore_duplicates,
		.cancel_lower = res->cancel_lower_level_duplicates,
		.cancel_queued = res->cancel_queued_duplicates,
		.cancel_running = res->cancel_running_duplicates,
	};
	OWNED(job_unrefp) struct job *old = NULL;
	OWNED(freep) char *why = str_printf("Job canceled by its duplicate JobId=%u.", j->id);
	struct duplicate_pair pair;
	struct job_info info;

	if (rules.allow)
		return;
	old = job_table_find_same(director_jobs(j->d), j);
	if (old == NULL)
		return;
	job_fill_info(old, &info);
	pair = (struct duplicate_pair){ j->plan.type, j->plan.level, info.type, info.level,
					info.status };
	switch (duplicate_judge(&rules, &pair)) {
	case DUPLICATE_ALLOW:
		break;
	case DUPLICATE_CANCEL_OLD:
		job_say(j, MSG_INFO, "Cancelling duplicate JobId=%u.", old->id);
		(void)job_mark_canceled(old, MSG_INFO, why);
		job_stop_daemons_soon(old);
		break;
	case DUPLICATE_CANCEL_NEW:
		job_say(j, MSG_FATAL, "JobId %u already running. Duplicate job not allowed.",
			old->id);
		break;
	}
}

static void
say_start_wait(struct job *j)
{
	int64_t seconds = j->plan.when - clock_now();

	if (seconds <= 0 || job_is_stopped(j))
		return;
	job_set_wait(j, STATUS_WAIT_START, "its start time has not come");
	job_say(j, MSG_INFO, "Job %s waiting %" PRId64 " seconds for scheduled start time.",
		j->unique, seconds);
}

enum err_code
job_start(struct director *d, const struct job_request *req, uint32_t *job_id, struct err *err)
{
	OWNED(job_unrefp) struct job *j = NULL;
	struct err why = ERR_INIT;

	if (cancel_asked(director_stop(d)))
		return err_set(err, ERR_CANCELED, "the director is stopping: no new jobs");
	if (make_job(d, req, NULL, &j, err) != ERR_OK || insert_rows(j, err) != ERR_OK)
		return err->code;
	open_messages(j);
	msg_sink_set_job(j->sink, j->id, j->unique);
	*job_id = j->id;
	/* Known first: two of one resource that come at once would not see each other. */
	job_table_add(director_jobs(d), j);
	/* A job whose set-up fails goes through the queue too: its worker writes row and report. */
	if (job_decide(j, &why) != ERR_OK)
		job_say(j, MSG_FATAL, "%s", why.text);
	else
		check_duplicate(j);
	say_start_wait(j);
	job_table_ready(director_jobs(d), j);
	return ERR_OK;
}

/* What the row says of it. */
static void
take_row(struct job *j, const struct cat_job *row) NO_ANALYSIS /* nobody else knows the job yet */
{
	j->left = true;
	j->id = row->job_id;
	str_copy(j->unique, sizeof(j->unique), row->job);
	j->client_id = row->client_id;
	j->vol_session_id = row->vol_session_id;
	j->vol_session_time = row->vol_session_time;
	j->sched_time = row->sched_time;
	j->start_time = row->start_time;
	str_copy(j->level_text, sizeof(j->level_text), job_level_text(j->plan.level));
}

enum err_code
job_take_left(struct director *d, struct catalog *c, const struct cat_job *row, struct err *err)
{
	char name[CAT_NAME_MAX], client[CAT_NAME_MAX];
	struct job_request req = { .job = name, .level = row->type == JOB_BACKUP ? row->level : 0 };
	OWNED(job_unrefp) struct job *j = NULL;

	str_copy(name, sizeof(name), row->name);
	if (cat_client_name(c, row->client_id, client, err) != ERR_OK)
		return err->code;
	if (client[0] != '\0')
		req.client = client;
	if (make_job(d, &req, c, &j, err) != ERR_OK)
		return err->code;
	take_row(j, row);
	open_messages(j);
	msg_sink_set_job(j->sink, j->id, j->unique);
	job_table_add(director_jobs(d), j);
	job_set_status(j, STATUS_FATAL);
	job_table_ready(director_jobs(d), j);
	return ERR_OK;
}
