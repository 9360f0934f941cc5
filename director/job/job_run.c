/*
 * director/job/job_run.c - the life of a job from its worker to its report, and its cancel
 *
 * Spec: director.md 1, 5.2, 5.3
 */
#include "director/job/job_internal.h"
#include "director/link/fd_link.h"
#include "director/link/sd_link.h"

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/own.h"
#include "lib/catalog/cat_log.h"
#include "lib/proto/dir_fd.h"
#include "lib/proto/dir_sd.h"

#include <inttypes.h>
#include <stdio.h>

#define REDECIDE_SECONDS 60  /* director.md 1, Do better */
#define CATALOG_SECONDS  600 /* for the final row of a job when the catalog is away */
#define CATALOG_PAUSE    2
#define CANCEL_SECONDS   15 /* for a daemon's answer to a cancel */

static const struct job_kind {
	int type;
	void (*run)(struct job *j);
} kinds[] = {
	{ JOB_BACKUP, backup_run },
	{ JOB_RESTORE, restore_run },
	{ JOB_ADMIN, admin_run },
};

void
admin_run(struct job *j)
{
	job_say(j, MSG_INFO, "Start Admin JobId %u, Job=%s", j->id, j->unique);
	if (!job_is_stopped(j))
		job_set_status(j, STATUS_OK);
}

/* ---- start ---- */

static void
check_start_limits(struct job *j)
{
	const struct dir_job *res = j->plan.job;
	int64_t sched = j->req.max_run_sched_time > 0 ? j->req.max_run_sched_time
						      : res->max_run_sched_time;
	int64_t late = job_late(j);

	if (res->max_start_delay > 0 && late > res->max_start_delay)
		(void)job_mark_canceled(j, MSG_FATAL,
					"Job canceled because max start delay time exceeded.");
	else if (sched > 0 && late > sched)
		(void)job_mark_canceled(j, MSG_FATAL,
					"Job canceled because max run sched time exceeded.");
}

/*
 * The decision of the set-up may be hours old.  True: it is another storage now.  The counters we
 * hold are not of that one, and the new level's pool belongs to it: the job goes back to the queue.
 */
static bool
decide_again(struct job *j)
{
	struct level_choice old = j->choice;
	struct dir_storage *storage = j->plan.write_storage;
	struct err err = ERR_INIT;

	if (j->plan.type != JOB_BACKUP || clock_mono_ms() - j->decided_ms < REDECIDE_SECONDS * 1000)
		return false;
	if (job_decide(j, &err) != ERR_OK) {
		job_say(j, MSG_FATAL, "%s", err.text);
		return false;
	}
	if (old.level != j->choice.level)
		job_say(j, MSG_INFO, "Level decided again at the start: %s instead of %s",
			job_level_text(j->choice.level), job_level_text(old.level));
	if (storage == j->plan.write_storage)
		return false;
	job_say(j, MSG_INFO,
		"Level %s uses Storage \"%s\" (From %s) and not Storage \"%s\", which the job was "
		"queued for: it is queued again",
		job_level_text(j->choice.level), j->plan.write_storage->name,
		j->plan.storage_source, storage->name);
	return true;
}

static void
run_type(struct job *j)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].type == j->plan.type) {
			kinds[i].run(j);
			return;
		}
	job_say(j, MSG_FATAL, "%s jobs are not supported by this version of the director",
		job_type_text(j->plan.type));
}

static void
run_steps(struct job *j)
{
	struct err err = ERR_INIT;

	if (job_is_stopped(j))
		return;
	if (j->plan.type == JOB_BACKUP &&
	    (j->plan.level == LEVEL_VIRTUAL_FULL || j->plan.level == LEVEL_BASE)) {
		job_say(j, MSG_FATAL,
			"backups of level %s are not supported by this version of the director",
			job_level_text(j->plan.level));
		return;
	}
	if (j->plan.type == JOB_BACKUP && j->plan.accurate)
		job_say(j, MSG_INFO,
			"Accurate = yes is not in force yet: files are chosen by their times");
	if (job_store_start(j, &err) != ERR_OK || script_run_before(j, &err) != ERR_OK ||
	    job_store_start(j, &err) != ERR_OK) {
		job_fail(j, &err);
		return;
	}
	if (!job_is_stopped(j))
		run_type(j);
}

/* ---- end ---- */

/* A job that did not end well has its reason in the log before its row says so. */
static enum err_code
store_reason(struct job *j, struct err *err)
{
	return job_status_is_ok(job_status_now(j)) ? ERR_OK : cat_log_flush(j->catalog, err);
}

/* The final row; waits for a catalog that is away, though not for ever: the report is waited for.
 */
static void
store_end(struct job *j)
{
	int64_t until = clock_mono_ms() + CATALOG_SECONDS * 1000;
	struct err err = ERR_INIT, ignored = ERR_INIT;
	struct cat_job row;
	struct wait w;

	for (;;) {
		job_row(j, &row);
		if (store_reason(j, &err) == ERR_OK &&
		    cat_job_end(j->catalog, &row, &err) == ERR_OK)
			return;
		log_error("final row of %s: %s", j->unique, err.text);
		w = wait_for(director_stop(j->d), CATALOG_PAUSE, "the catalog");
		if (err.code != ERR_CATALOG || clock_mono_ms() >= until ||
		    wait_pause(&w, &ignored) != ERR_OK)
			break;
	}
	job_say(j, MSG_FATAL, "The end of the job is not in the catalog: %s", err.text);
	job_row(j, &row);
	cat_job_end_later(j->catalog, &row);
}

static void
set_end(struct job *j)
{
	int64_t now = job_clock_now(job_table_clock(director_jobs(j->d)));
	bool final;

	mutex_lock(&j->lock);
	if (j->start_time == 0)
		j->start_time = now;
	j->end_time = now;
	final = job_status_is_final(j->status);
	mutex_unlock(&j->lock);
	/* A step that left without a verdict has not ended well. */
	if (!final)
		job_set_status(j, STATUS_ERROR);
}

void
job_finish_messages(struct job *j)
{
	const struct msg_mail mail = { .subject_status = job_status_word(job_status_now(j)),
				       .status = job_status_now(j) };
	struct err err = ERR_INIT;

	if (cat_log_flush(j->catalog, &err) != ERR_OK)
		log_warn("log of %s: %s", j->unique, err.text);
	msg_sink_finish(j->sink, &mail);
}

static void
remove_bootstrap(struct job *j)
{
	if (j->req.delete_bootstrap && j->req.bootstrap != NULL)
		(void)unlink(j->req.bootstrap);
}

static void
tell_end(struct job *j)
{
	struct job_info info;

	report_send(j);
	script_run_after(j);
	remove_bootstrap(j);
	job_fill_info(j, &info);
	job_table_record_end(director_jobs(j->d), &info);
	job_finish_messages(j);
}

/* To those who are not the catalog. */
static void
say_left(struct job *j)
{
	j->logged = true;
	job_say(j, MSG_FATAL, JOB_LEFT_TEXT, j->unique);
	j->logged = false;
}

bool
job_run(struct job *j)
{
	if (j->left) { /* its row has its end already */
		say_left(j);
		set_end(j);
		tell_end(j);
		return true;
	}
	check_start_limits(j);
	if (!job_is_stopped(j)) {
		job_set_status(j, STATUS_RUNNING);
		if (decide_again(j))
			return false;
	}
	run_steps(j);
	set_end(j);
	/* Its row is written after a cancel, too; only a director that stops has no time for a
	 * catalog that is away. */
	thread_set_cancel(director_stop(j->d));
	/* First the way back without the catalog, then the row that calls the job OK: nobody would
	 * put into the file later what a crash in between left out. */
	if (j->plan.type == JOB_BACKUP && job_status_is_ok(job_status_now(j)))
		bootstrap_write(j);
	store_end(j);
	tell_end(j);
	return true;
}

/* ---- cancel ---- */

bool
job_mark_canceled(struct job *j, enum msg_type type, const char *why)
{
	bool first, over;

	mutex_lock(&j->lock);
	over = j->end_time != 0;
	first = !job_status_is_final(j->status) && j->canceled_ms == 0;
	if (!over && j->canceled_ms == 0)
		j->canceled_ms = clock_mono_ms();
	/* At once: its row and its report tell the same letter. */
	if (!over && first)
		job_set_status_locked(j, STATUS_CANCELED);
	mutex_unlock(&j->lock);
	if (over)
		return false;
	if (first)
		job_say(j, type, "%s", why);
	/* One that has failed already may have daemons that work on. */
	cancel_now(&j->cancel);
	return first;
}

/* Its abort ends the telling: by then the daemon has lost the job's conversation. */
static void
say_not_told(struct job *j, const struct err *err)
{
	if (err->code != ERR_OK && err->code != ERR_CANCELED)
		log_warn("cancel of %s: %s", j->unique, err->text);
}

static void
cancel_on_client(struct job *j, const char *command, director_say say, void *arg)
{
	const struct fd_link_options o = { .timeout_seconds = 0, .cancel = &j->abort };
	struct job_plan plan = job_plan_copy(j);
	struct fd_link *link = NULL;
	struct err err = ERR_INIT;

	if (fd_link_open(j->d, j->conf, plan.client, &o, &link, &err) == ERR_OK) {
		conn_set_wait(fd_link_conn(link), &j->abort, CANCEL_SECONDS, "the client's answer");
		(void)!fd_link_command(link, command, say, arg, &err);
	}
	say_not_told(j, &err);
	fd_link_free(link);
}

static void
cancel_on_storage(struct job *j, struct dir_storage *st, const char *command, director_say say,
		  void *arg)
{
	const struct sd_link_options o = { .timeout_seconds = 0, .cancel = &j->abort };
	struct sd_link *link = NULL;
	struct err err = ERR_INIT;

	if (sd_link_open(j->d, j->conf, st, &o, &link, &err) == ERR_OK) {
		conn_set_wait(sd_link_conn(link), &j->abort, CANCEL_SECONDS,
			      "the storage daemon's answer");
		(void)!sd_link_command(link, command, say, arg, &err);
	}
	say_not_told(j, &err);
	sd_link_free(link);
}

void
job_stop_daemons(struct job *j, director_say say, void *arg)
{
	OWNED(freep) char *fd_command = str_printf(DIR_FD_CANCEL, j->unique);
	OWNED(freep) char *sd_command = str_printf(DIR_SD_CANCEL, j->unique);
	struct dir_storage *st;
	bool on_fd, on_sd, sent;

	mutex_lock(&j->lock);
	on_fd = j->on_fd;
	on_sd = j->on_sd;
	st = j->now_storage;
	sent = j->stop_sent;
	j->stop_sent = true;
	if (j->canceled_ms == 0)
		j->canceled_ms = clock_mono_ms();
	mutex_unlock(&j->lock);
	if (sent)
		return;
	job_table_wake(director_jobs(j->d)); /* the watch counts the time to its abort */
	if (on_fd)
		cancel_on_client(j, fd_command, say, arg);
	if (on_sd && st != NULL)
		cancel_on_storage(j, st, sd_command, say, arg);
}

void
job_stop_daemons_soon(struct job *j)
{
	mutex_lock(&j->lock);
	j->watch_stop = true;
	if (j->canceled_ms == 0)
		j->canceled_ms = clock_mono_ms();
	mutex_unlock(&j->lock);
	job_table_wake(director_jobs(j->d));
}

bool
job_stop_script(struct job *j)
{
	bool runs;

	mutex_lock(&j->lock);
	runs = j->in_script;
	if (runs)
		cancel_now(&j->script_stop);
	mutex_unlock(&j->lock);
	return runs;
}

static void
say_job(const struct job *j, const char *what, director_say say, void *arg)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "JobId %u, Job %s %s", j->id, j->unique, what);
	if (say != NULL)
		say(arg, text);
}

enum err_code
job_cancel(struct director *d, uint32_t job_id, const char *by, director_say say, void *arg,
	   struct err *err)
{
	OWNED(job_unrefp) struct job *j = job_table_get(director_jobs(d), job_id);
	OWNED(freep) char *why = str_printf("Job canceled by %s.", by);
	bool queued, over, first, daemons;

	if (j == NULL)
		return err_set(err, ERR_CONFIG, "JobId %u is not running", job_id);
	mutex_lock(&j->lock);
	queued = j->queued;
	daemons = j->on_fd || j->on_sd; /* they answer for themselves */
	over = j->end_time != 0;
	mutex_unlock(&j->lock);
	if (over && !job_stop_script(j))
		return err_set(err, ERR_CONFIG, "JobId %u has ended: nothing of it is left to stop",
			       job_id);
	if (over) {
		job_say(j, MSG_INFO, "The script behind the job is stopped by %s.", by);
		say_job(j, "has ended; the script behind it is stopped.", say, arg);
		return ERR_OK;
	}
	first = job_mark_canceled(j, MSG_INFO, why);
	job_table_wake(director_jobs(d));
	if (queued || !first || !daemons)
		say_job(j, "marked to be canceled.", say, arg);
	if (!queued)
		job_stop_daemons(j, say, arg);
	return ERR_OK;
}
