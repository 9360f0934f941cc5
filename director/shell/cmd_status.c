/* status, .status.  Spec: console.md 6.6, 11 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "director/job/job.h"
#include "director/link/fd_link.h"
#include "director/link/sd_link.h"
#include "director/sched/scheduler.h"
#include "director/shell/command.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/units.h"
#include "lib/catalog/cat_media.h"

#define SHORT_TIME   "%d-%b-%y %H:%M"
#define ISO_TIME     "%Y-%m-%dT%H:%M:%S%z"
#define DAY          86400
#define DAYS_MAX     366
#define LINK_SECONDS 15 /* how long a status waits for a daemon that does not answer */

static const char *
short_time(int64_t t, char out[static 32])
{
	if (t == 0)
		return "";
	return clock_format(t, SHORT_TIME, out, 32);
}

/* ---- header ---- */

static void
status_header(struct shell *sh)
{
	struct out *o = sh->out;
	unsigned run, running;
	char when[32], iso[40];

	job_table_totals(director_jobs(sh->d), &run, &running);
	short_time(director_start_time(sh->d), when);
	out_text(o, "%s Version: %s %s\n", director_name(sh->d), director_version_long(),
		 director_os_text());
	out_text(o, "Daemon started %s. Jobs: run=%u, running=%u db:postgresql\n\n", when, run,
		 running);
	out_open_object(o, "header");
	out_string(o, "director", director_name(sh->d));
	out_string(o, "version", "25.1.0");
	out_string(o, "release_date", "03 August 2026");
	out_string(o, "os", director_os_text());
	out_string(o, "binary_info", director_version_long());
	out_string(o, "daemon_started", when);
	out_string(o, "started_at",
		   clock_format(director_start_time(sh->d), ISO_TIME, iso, sizeof(iso)));
	out_number(o, "jobs_run", run);
	out_number(o, "jobs_running", running);
	out_bool(o, "config_warnings", false);
	out_close(o);
}

/* ---- scheduled ---- */

/* The volume a job of this pool would take now; "*unknown*". */
static void
predict_volume(struct shell *sh, const char *pool_name, char *out, size_t cap)
{
	struct err ignored = ERR_INIT;
	OWNED(cat_media_list_release) struct cat_media_list media = { 0 };
	struct cat_pool pool = { 0 };
	struct catalog *c;
	bool found = false;

	(void)snprintf(out, cap, "*unknown*");
	if (pool_name[0] == '\0' || director_catalog(sh->d, NULL, &c, &ignored) != ERR_OK ||
	    cat_pool_get(c, pool_name, &pool, &found, &ignored) != ERR_OK || !found ||
	    cat_media_list(c, pool.pool_id, &media, &ignored) != ERR_OK)
		return;
	for (size_t i = 0; i < media.n; i++) {
		if (strcmp(media.v[i].status, "Append") == 0 && media.v[i].enabled == 1) {
			(void)snprintf(out, cap, "%s", media.v[i].name);
			return;
		}
	}
}

static enum err_code
days_of(struct shell *sh, int64_t *from, int64_t *to, struct err *err)
{
	const char *v = args_value(&sh->args, "days");
	int64_t a, b;

	if (v == NULL)
		return ERR_OK;
	const char *comma = strchr(v, ',');
	OWNED(freep) char *first = str_ndup(v, comma == NULL ? strlen(v) : (size_t)(comma - v));
	if (units_i64(first, -DAYS_MAX, DAYS_MAX, &a, err) != ERR_OK)
		return err_ctx(err, "days=%s", v);
	b = a;
	a = 0;
	if (comma != NULL) {
		a = b;
		if (units_i64(comma + 1, -DAYS_MAX, DAYS_MAX, &b, err) != ERR_OK)
			return err_ctx(err, "days=%s", v);
	}
	*from = clock_now() + (a < b ? a : b) * DAY;
	*to = clock_now() + (a < b ? b : a) * DAY;
	return ERR_OK;
}

static enum err_code
status_scheduled(struct shell *sh, struct err *err)
{
	static const struct column cols[] = {
		{ "level", SHOW_TEXT, 0 },
		{ "type", SHOW_TEXT, 0 },
		{ "priority", SHOW_ID, 0 },
		{ "scheduled", SHOW_TEXT, 0 },
		{ "name", SHOW_TEXT, 0 },
		{ "volume", SHOW_TEXT, 0 },
		{ "pool", SHOW_TEXT, COL_IF_SET },
		{ "storage", SHOW_TEXT, COL_IF_SET },
		{ "schedule", SHOW_TEXT, COL_IF_SET | COL_JSON_ONLY },
	};
	struct table_style style = {
		.face = FACE_LAYOUT,
		.layout =
			"{level:-14} {type:-8} {priority:3}  {scheduled:-18} {name:-18} {volume}\n",
		.key = "scheduled",
	};
	OWNED(freep) struct sched_run *runs = NULL;
	OWNED(table_release) struct table t;
	struct sched_preview what = { clock_now(), clock_now() + DAY, NULL, NULL, NULL };
	size_t n = 0;
	char when[32], volume[128];

	table_init(&t, cols, sizeof(cols) / sizeof(cols[0]));
	t.typed = true;
	if (days_of(sh, &what.from, &what.to, err) != ERR_OK ||
	    scheduler_preview(sh->d, sh->conf, &what, &runs, &n, err) != ERR_OK)
		return err->code;
	for (size_t i = 0; i < n; i++) {
		if (!acl_allows(sh, ACL_JOB, runs[i].job))
			continue;
		volume[0] = '\0';
		if (runs[i].type == JOB_BACKUP)
			predict_volume(sh, runs[i].pool, volume, sizeof(volume));
		table_put(&t, job_level_text(runs[i].level));
		table_put(&t, job_type_text(runs[i].type));
		table_putf(&t, "%d", runs[i].priority);
		table_put(&t, short_time(runs[i].time, when));
		table_put(&t, runs[i].job);
		table_put(&t, volume);
		table_put(&t, runs[i].pool);
		table_put(&t, runs[i].storage);
		table_put(&t, runs[i].schedule);
	}
	if (table_rows(&t) == 0) {
		out_text(sh->out, "No Scheduled Jobs.\n");
		style.layout = "";
	} else {
		out_text(sh->out,
			 "\nScheduled Jobs:\n"
			 "Level          Type     Pri  Scheduled          Name               "
			 "Volume\n"
			 "========================================================================="
			 "==========\n");
	}
	out_table(sh->out, &t, &style);
	out_text(sh->out, "====\n\n");
	return ERR_OK;
}

/* ---- running ---- */

static void
status_phrase(const struct job_info *j, char *out, size_t cap)
{
	static const struct {
		int letter;
		const char *text;
	} phrases[] = {
		{ 'C', "is waiting execution" },
		{ 'R', "is running" },
		{ 'B', "is blocked" },
		{ 'T', "has terminated" },
		{ 'W', "has terminated with warnings" },
		{ 'E', "has erred" },
		{ 'e', "has errors" },
		{ 'f', "has a fatal error" },
		{ 'D', "has verify differences" },
		{ 'A', "has been canceled" },
		{ 's', "is waiting on max Storage jobs" },
		{ 'c', "is waiting on max Client jobs" },
		{ 'j', "is waiting on max Job jobs" },
		{ 'd', "is waiting on max total jobs" },
		{ 'p', "is waiting for higher priority jobs to finish" },
		{ 'm', "is waiting for an appendable Volume" },
		{ 'M', "is waiting for a mount request" },
		{ 'L', "SD committing Data" },
		{ 'l', "SD despooling Data" },
		{ 'a', "SD despooling Attributes" },
		{ 'i', "Dir inserting Attributes" },
	};
	char when[32];

	switch (j->status) {
	case STATUS_WAIT_FD:
		(void)snprintf(out, cap, "is waiting on Client %s", j->client);
		return;
	case STATUS_WAIT_SD:
		(void)snprintf(out, cap, "is waiting on Storage \"%s\"", j->storage);
		return;
	case STATUS_WAIT_START:
		(void)snprintf(out, cap, "is waiting for its start time at %s",
			       short_time(j->sched_time, when));
		return;
	default:
		break;
	}
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
		if (phrases[i].letter == j->status) {
			(void)snprintf(out, cap, "%s", phrases[i].text);
			return;
		}
	}
	(void)snprintf(out, cap, "is in unknown state %c", j->status);
}

/* Bytes per second since the start; 0 before the first second. */
static uint64_t
rate_of(const struct job_info *j)
{
	int64_t seconds = clock_now() - j->start_time;

	return j->start_time == 0 || seconds <= 0 ? 0 : j->bytes / (uint64_t)seconds;
}

struct progress {
	uint64_t rate;
	int percent; /* -1 unknown */
	int64_t eta; /* seconds; -1 unknown */
};

static struct progress
progress_of(const struct job_info *j)
{
	struct progress p = { rate_of(j), -1, -1 };

	if (j->expected_bytes > 0) {
		uint64_t done = j->bytes < j->expected_bytes ? j->bytes : j->expected_bytes;

		p.percent = (int)((double)done * 100.0 / (double)j->expected_bytes);
		if (p.rate > 0)
			p.eta = (int64_t)((j->expected_bytes - done) / p.rate);
	} else if (j->expected_files > 0) {
		uint64_t done = j->files < j->expected_files ? j->files : j->expected_files;

		p.percent = (int)((double)done * 100.0 / (double)j->expected_files);
	}
	return p;
}

static void
progress_text(const struct job_info *j, const struct progress *p, char *out, size_t cap)
{
	char eta[32] = "", percent[16] = "";

	if (p->percent >= 0)
		(void)snprintf(percent, sizeof(percent), " %d%%", p->percent);
	if (p->eta >= 0)
		(void)snprintf(eta, sizeof(eta), " ETA %02d:%02d:%02d", (int)(p->eta / 3600),
			       (int)(p->eta / 60 % 60), (int)(p->eta % 60));
	(void)snprintf(out, cap, "               Files=%s Bytes=%sB Rate=%sB/s%s%s\n",
		       U64_COMMAS(j->files), U64_SHORT(j->bytes), U64_SHORT(p->rate), percent, eta);
}

static const struct column running_cols[] = {
	{ "jobid", SHOW_ID, 0 },
	{ "level", SHOW_TEXT, 0 },
	{ "name", SHOW_TEXT, 0 },
	{ "status", SHOW_TEXT, 0 },
	{ "type", SHOW_TEXT, 0 },
	{ "start_time", SHOW_TEXT, 0 },
	{ "files", SHOW_ID, 0 },
	{ "bytes", SHOW_ID, 0 },
	{ "rate", SHOW_ID, 0 },
	{ "percent", SHOW_ID, COL_IF_SET },
	{ "eta", SHOW_ID, COL_IF_SET },
	{ "client", SHOW_TEXT, COL_IF_SET },
	{ "storage", SHOW_TEXT, COL_IF_SET },
	{ "waits_for", SHOW_TEXT, COL_IF_SET },
	{ "comment", SHOW_TEXT, COL_IF_SET },
	{ "started_at", SHOW_TEXT, COL_IF_SET },
	{ "more", SHOW_TEXT, COL_TEXT_ONLY },
};

static void
running_row(struct table *t, const struct job_info *j)
{
	struct progress p = progress_of(j);
	char phrase[256], when[32], line[256], more[1200];
	size_t n = 0;

	status_phrase(j, phrase, sizeof(phrase));
	const char *level = job_level_text(j->level);
	table_putf(t, "%u", j->job_id);
	table_putf(t, "%-6s", j->level == LEVEL_NONE || j->type == JOB_RESTORE ? "" : level);
	table_put(t, j->unique);
	table_put(t, phrase);
	table_put(t, job_type_text(j->type));
	table_put(t, short_time(j->start_time != 0 ? j->start_time : j->sched_time, when));
	table_put_u64(t, j->files);
	table_put_u64(t, j->bytes);
	table_put_u64(t, p.rate);
	table_putf(t, p.percent >= 0 ? "%d" : "", p.percent);
	table_putf(t, p.eta >= 0 ? "%lld" : "", (long long)p.eta);
	table_put(t, j->client);
	table_put(t, j->storage);
	table_put(t, j->wait_reason);
	table_put(t, j->comment);
	table_put(t, j->start_time == 0
			     ? ""
			     : clock_format(j->start_time, ISO_TIME, line, sizeof(line)));
	more[0] = '\0';
	if (j->comment[0] != '\0')
		n += (size_t)snprintf(more, sizeof(more), "               %-30s\n", j->comment);
	if (j->wait_reason[0] != '\0')
		n += (size_t)snprintf(more + n, sizeof(more) - n, "               %s\n",
				      j->wait_reason);
	if (!j->queued) {
		progress_text(j, &p, line, sizeof(line));
		(void)snprintf(more + n, sizeof(more) - n, "%s", line);
	}
	table_put(t, more);
}

static void
status_running(struct shell *sh)
{
	struct table_style style = {
		.face = FACE_LAYOUT,
		.layout = "{jobid:6} {level:-6}  {name:-20} {status}\n{more}",
		.key = "running",
	};
	OWNED(freep) struct job_info *jobs = NULL;
	OWNED(table_release) struct table t;
	size_t n = job_table_list(director_jobs(sh->d), &jobs);
	char when[32];

	table_init(&t, running_cols, sizeof(running_cols) / sizeof(running_cols[0]));
	t.typed = true;
	for (size_t i = 0; i < n; i++)
		if (acl_allows(sh, ACL_JOB, jobs[i].name))
			running_row(&t, &jobs[i]);
	out_text(sh->out, "\nRunning Jobs:\nConsole connected at %s\n",
		 short_time(clock_now(), when));
	if (table_rows(&t) == 0) {
		out_text(sh->out, "No Jobs running.\n====\n");
		style.layout = "";
	} else {
		out_text(sh->out, " JobId Level   Name                       Status\n"
				  "==============================================================="
				  "=======\n");
	}
	out_table(sh->out, &t, &style);
	if (table_rows(&t) > 0)
		out_text(sh->out, "====\n");
}

/* ---- terminated ---- */

static const char *
end_word(int letter)
{
	switch (letter) {
	case STATUS_OK:
		return "OK";
	case STATUS_WARNINGS:
		return "OK -- with warnings";
	case STATUS_ERROR:
	case STATUS_FATAL:
		return "Error";
	case STATUS_DIFFERENCES:
		return "Diffs";
	case STATUS_CANCELED:
		return "Cancel";
	case STATUS_CREATED:
		return "Created";
	default:
		return "Other";
	}
}

static void
status_terminated(struct shell *sh)
{
	static const struct column cols[] = {
		{ "jobid", SHOW_ID, 0 },
		{ "name", SHOW_TEXT, 0 },
		{ "level", SHOW_CUT4, 0 },
		{ "type", SHOW_TEXT, 0 },
		{ "status", SHOW_TEXT, 0 },
		{ "files", SHOW_NUMBER, 0 },
		{ "bytes", SHOW_SHORT, 0 },
		{ "finished", SHOW_TEXT, 0 },
		{ "finished_at", SHOW_TEXT, COL_JSON_ONLY },
	};
	struct table_style style = {
		.face = FACE_LAYOUT,
		.layout = "{jobid:6}  {level:-6} {files:8} {bytes:10}  {status:-7}  {finished:-8} "
			  "{name}\n",
		.key = "terminated",
	};
	OWNED(freep) struct job_info *jobs = NULL;
	OWNED(table_release) struct table t;
	size_t n = job_table_terminated(director_jobs(sh->d), &jobs);
	char when[40];

	table_init(&t, cols, sizeof(cols) / sizeof(cols[0]));
	t.typed = true;
	for (size_t i = 0; i < n; i++) {
		const struct job_info *j = &jobs[i];

		if (!acl_allows(sh, ACL_JOB, j->name))
			continue;
		bool level = j->level != LEVEL_NONE && j->type == JOB_BACKUP;
		table_putf(&t, "%u", j->job_id);
		table_put(&t, j->name);
		table_put(&t, level ? job_level_text(j->level) : "    ");
		table_put(&t, job_type_text(j->type));
		table_put(&t, end_word(j->status));
		table_put_u64(&t, j->files);
		table_put_u64(&t, j->bytes);
		table_put(&t, short_time(j->end_time, when));
		table_put(&t, clock_format(j->end_time, ISO_TIME, when, sizeof(when)));
	}
	if (table_rows(&t) == 0)
		out_text(sh->out, "\nNo Terminated Jobs.\n");
	else
		out_text(sh->out,
			 "\nTerminated Jobs:\n"
			 " JobId  Level    Files      Bytes   Status   Finished        Name \n"
			 "====================================================================\n");
	if (table_rows(&t) == 0)
		style.layout = "";
	out_table(sh->out, &t, &style);
	if (table_rows(&t) > 0)
		out_text(sh->out, "====\n");
}

static enum err_code
status_director(struct shell *sh, struct err *err)
{
	status_header(sh);
	if (status_scheduled(sh, err) != ERR_OK)
		return err->code;
	status_running(sh);
	status_terminated(sh);
	out_open_array(sh->out, "client-connection");
	out_close(sh->out);
	return ERR_OK;
}

/* ---- client and storage ---- */

struct relay {
	struct shell *sh;
	bool first;
};

/* The daemon's text unchanged, also as lines in JSON. */
static void
relay_line(void *arg, const char *line)
{
	struct relay *r = (struct relay *)arg;

	out_text(r->sh->out, "%s\n", line);
	out_string(r->sh->out, NULL, line);
}

static enum err_code
ask_client(struct shell *sh, struct dir_client *client, const char *command, struct err *err)
{
	struct fd_link_options o = { .timeout_seconds = LINK_SECONDS, .cancel = sh->stop };
	OWNED(fd_link_freep) struct fd_link *link = NULL;
	struct relay r = { sh, true };
	struct err e = ERR_INIT;

	if (!director_is_enabled(sh->d, SWITCH_CLIENT, client->name)) {
		out_text(sh->out, "Client \"%s\" is disabled; skipping status call\n",
			 client->name);
		return ERR_OK;
	}
	out_text(sh->out, "Connecting to Client %s at %s:%u\n", client->name, client->address,
		 client->port);
	out_flush(sh->out);
	if (fd_link_open(sh->d, sh->conf, client, &o, &link, &e) != ERR_OK) {
		out_text(sh->out, "\nFailed to connect to Client %s.\n====\n", client->name);
		return err_set(err, ERR_PEER, "%s", e.text);
	}
	out_text(sh->out, " Handshake: %s, Encryption: %s\n", fd_link_handshake(link),
		 conn_encryption(fd_link_conn(link)));
	return fd_link_command(link, command, relay_line, &r, err);
}

static enum err_code
ask_storage(struct shell *sh, struct dir_storage *storage, const char *command, struct err *err)
{
	struct sd_link_options o = { .timeout_seconds = LINK_SECONDS, .cancel = sh->stop };
	OWNED(sd_link_freep) struct sd_link *link = NULL;
	struct relay r = { sh, true };
	struct err e = ERR_INIT;

	out_text(sh->out, "Connecting to Storage daemon %s at %s:%u\n", storage->name,
		 storage->address, storage->port);
	out_flush(sh->out);
	if (sd_link_open(sh->d, sh->conf, storage, &o, &link, &e) != ERR_OK) {
		out_text(sh->out, "\nFailed to connect to Storage daemon %s.\n====\n",
			 storage->name);
		return err_set(err, ERR_PEER, "%s", e.text);
	}
	out_text(sh->out, " Encryption: %s\n", conn_encryption(sd_link_conn(link)));
	return sd_link_command(link, command, relay_line, &r, err);
}

/* {"client":{"<name>":[lines]}} */
static void
open_lines(struct shell *sh, const char *kind, const char *name)
{
	out_open_object(sh->out, kind);
	out_string(sh->out, "name", name);
	out_open_array(sh->out, "status");
}

static void
close_lines(struct shell *sh)
{
	out_close(sh->out);
	out_close(sh->out);
}

static enum err_code
status_client(struct shell *sh, struct dir_client *client, struct err *err)
{
	open_lines(sh, "client", client->name);
	enum err_code rc = ask_client(sh, client, "status", err);
	close_lines(sh);
	return rc;
}

static enum err_code
status_storage(struct shell *sh, struct dir_storage *storage, struct err *err)
{
	if (args_has(&sh->args, "slots"))
		return err_set(err, ERR_CONFIG,
			       "status storage=%s slots: autochangers are not available in this "
			       "version yet",
			       storage->name);
	open_lines(sh, "storage", storage->name);
	enum err_code rc = ask_storage(sh, storage, "status", err);
	close_lines(sh);
	return rc;
}

/* ---- scheduler ---- */

static void
jobs_of_schedule(struct shell *sh, const struct dir_schedule *s)
{
	for (size_t i = 0; i < sh->conf->n_job; i++) {
		const struct dir_job *j = sh->conf->job[i];

		if (j->schedule != s || !acl_allows(sh, ACL_JOB, j->name))
			continue;
		bool on = director_is_enabled(sh->d, SWITCH_JOB, j->name);
		out_text(sh->out, "                       %s%s\n", j->name,
			 on ? "" : " (disabled)");
		out_open_object(sh->out, NULL);
		out_string(sh->out, "name", j->name);
		out_bool(sh->out, "enabled", on);
		out_close(sh->out);
	}
}

static void
list_schedules(struct shell *sh, const char *only)
{
	OWNED(freep) struct named **list = NULL;
	size_t n = res_list(sh, RES_SCHEDULE, &list);

	out_text(sh->out, "Scheduler Jobs:\n\nSchedule               Jobs Triggered\n"
			  "===========================================================\n");
	out_open_array(sh->out, "schedules");
	for (size_t i = 0; i < n; i++) {
		bool on = director_is_enabled(sh->d, SWITCH_SCHEDULE, list[i]->name);

		if (only != NULL && strcmp(only, list[i]->name) != 0)
			continue;
		out_text(sh->out, "%s%s\n", list[i]->name, on ? "" : " (disabled)");
		out_open_object(sh->out, NULL);
		out_string(sh->out, "name", list[i]->name);
		out_bool(sh->out, "enabled", on);
		out_open_array(sh->out, "jobs");
		jobs_of_schedule(sh, (const struct dir_schedule *)(const void *)list[i]);
		out_close(sh->out);
		out_close(sh->out);
		out_text(sh->out, "\n");
	}
	out_close(sh->out);
	out_text(sh->out, "====\n\n");
}

/* One line per minute and schedule. */
static bool
same_line(const struct sched_run *a, const struct sched_run *b)
{
	return a->time == b->time && strcmp(a->schedule, b->schedule) == 0 &&
	       strcmp(a->overrides, b->overrides) == 0;
}

static void
preview_line(struct shell *sh, const struct sched_run *r)
{
	char when[40];

	clock_format(r->time, "%a %d-%b-%Y %H:%M", when, sizeof(when));
	out_text(sh->out, "%-21s  %-22s  %s\n", when, r->schedule, r->overrides);
	out_open_object(sh->out, NULL);
	out_string(sh->out, "datetime", when);
	out_number(sh->out, "runtime", r->time);
	out_string(sh->out, "schedule", r->schedule);
	if (strstr(r->overrides, "Level=") != NULL)
		out_string(sh->out, "level", job_level_text(r->level));
	if (strstr(r->overrides, "Priority=") != NULL)
		out_number(sh->out, "priority", r->priority);
	if (strstr(r->overrides, "Pool=") != NULL)
		out_string(sh->out, "pool", r->pool);
	if (strstr(r->overrides, "Storage=") != NULL)
		out_string(sh->out, "storage", r->storage);
	out_close(sh->out);
}

static enum err_code
status_scheduler(struct shell *sh, struct err *err)
{
	OWNED(freep) struct sched_run *runs = NULL;
	struct sched_preview what = {
		.from = clock_now(),
		.to = clock_now() + 7 * DAY,
		.job = args_value(&sh->args, "job"),
		.client = args_value(&sh->args, "client"),
		.schedule = args_value(&sh->args, "schedule"),
	};
	struct named *r = NULL;
	size_t n = 0;

	if ((what.job != NULL && res_resolve(sh, RES_JOB, what.job, &r, err) != ERR_OK) ||
	    (what.client != NULL && res_resolve(sh, RES_CLIENT, what.client, &r, err) != ERR_OK) ||
	    (what.schedule != NULL &&
	     res_resolve(sh, RES_SCHEDULE, what.schedule, &r, err) != ERR_OK))
		return err->code;
	if (days_of(sh, &what.from, &what.to, err) != ERR_OK ||
	    scheduler_preview(sh->d, sh->conf, &what, &runs, &n, err) != ERR_OK)
		return err->code;
	list_schedules(sh, what.schedule);
	out_text(sh->out,
		 "Scheduler Preview for %lld days:\n\n"
		 "Date                   Schedule                Overrides\n"
		 "==============================================================\n",
		 (long long)((what.to - what.from + DAY / 2) / DAY));
	out_open_array(sh->out, "preview");
	for (size_t i = 0; i < n; i++) {
		if (!acl_allows(sh, ACL_JOB, runs[i].job) ||
		    !acl_allows(sh, ACL_SCHEDULE, runs[i].schedule))
			continue;
		if (i > 0 && same_line(&runs[i - 1], &runs[i]))
			continue;
		preview_line(sh, &runs[i]);
	}
	out_close(sh->out);
	out_text(sh->out, "====\n");
	return ERR_OK;
}

/* ---- others ---- */

static enum err_code
status_configuration(struct shell *sh, struct err *err)
{
	if (!acl_allows(sh, ACL_COMMAND, "configure"))
		return err_set(err, ERR_CONFIG,
			       "status configuration: is an invalid command or needs access right "
			       "to the \"configure\" command.");
	out_info(sh->out, "No deprecated configuration settings detected.\n");
	return ERR_OK;
}

static enum err_code
status_subscriptions(struct shell *sh, struct err *err)
{
	if (acl_filters(sh, ACL_CLIENT) || acl_filters(sh, ACL_JOB) || acl_filters(sh, ACL_FILESET))
		return err_set(err, ERR_CONFIG,
			       "status subscriptions: needs access to all client, job and fileset "
			       "resources.");
	out_text(sh->out, "Clients configured: %zu. There is no subscription to count.\n",
		 sh->conf->n_client);
	out_string(sh->out, "version", "25.1.0");
	out_string(sh->out, "os", director_os_text());
	out_open_object(sh->out, "unit-summary");
	out_string(sh->out, "accounting_mode", "none");
	out_string(sh->out, "configured", "0");
	OWNED(freep) char *used = str_printf("%zu", sh->conf->n_client);
	out_string(sh->out, "used", used);
	out_string(sh->out, "remaining", "0");
	out_close(sh->out);
	return ERR_OK;
}

static enum err_code
status_all(struct shell *sh, struct err *err)
{
	OWNED(freep) struct named **storages = NULL, **clients = NULL;
	enum err_code worst = status_director(sh, err);
	size_t n = res_list(sh, RES_STORAGE, &storages);

	for (size_t i = 0; i < n; i++) {
		struct err e = ERR_INIT;

		if (status_storage(sh, (struct dir_storage *)(void *)storages[i], &e) != ERR_OK)
			out_warning(sh->out, "%s\n", e.text);
	}
	n = res_list(sh, RES_CLIENT, &clients);
	for (size_t i = 0; i < n; i++) {
		struct err e = ERR_INIT;

		if (status_client(sh, (struct dir_client *)(void *)clients[i], &e) != ERR_OK)
			out_warning(sh->out, "%s\n", e.text);
	}
	return worst;
}

static const char *const client_keys[] = { "client", "fd", NULL };
static const char *const storage_keys[] = { "storage", "sd", NULL };

static enum err_code
pick_client(struct shell *sh, struct err *err)
{
	struct named *r = NULL;

	if (res_pick(sh, RES_CLIENT, client_keys, &r, err) != ERR_OK)
		return err->code;
	return status_client(sh, (struct dir_client *)(void *)r, err);
}

static enum err_code
pick_storage(struct shell *sh, struct err *err)
{
	struct named *r = NULL;

	if (res_pick(sh, RES_STORAGE, storage_keys, &r, err) != ERR_OK)
		return err->code;
	return status_storage(sh, (struct dir_storage *)(void *)r, err);
}

static const struct {
	const char *word;
	size_t min; /* letters that suffice */
	enum err_code (*run)(struct shell *sh, struct err *err);
} targets[] = {
	{ "all", 3, status_all },
	{ "director", 3, status_director },
	{ "scheduler", 3, status_scheduler },
	{ "subscriptions", 3, status_subscriptions },
	{ "configuration", 4, status_configuration },
	{ "client", 2, pick_client },
	{ "fd", 2, pick_client },
	{ "storage", 2, pick_storage },
	{ "sd", 2, pick_storage },
};

static enum err_code
status_menu(struct shell *sh, struct err *err)
{
	static const char *const items[] = { "Director", "Storage", "Client", "Scheduler", "All" };
	static const struct ask_list ask = { .kind = "status",
					     .header = "Status available for:",
					     .question = "Select daemon type for status",
					     .items = items,
					     .n = 5 };
	size_t at;

	if (ask_select(sh, &ask, &at, err) != ERR_OK)
		return err->code;
	switch (at) {
	case 0:
		return status_director(sh, err);
	case 1:
		return pick_storage(sh, err);
	case 2:
		return pick_client(sh, err);
	case 3:
		return status_scheduler(sh, err);
	default:
		return status_all(sh, err);
	}
}

enum err_code
cmd_status(struct shell *sh, struct err *err)
{
	if (sh->args.n < 2)
		return status_menu(sh, err);
	const char *word = sh->args.v[1].key;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (strlen(word) >= targets[i].min && args_is_prefix(word, targets[i].word))
			return targets[i].run(sh, err);
	struct named *r = sh->args.v[1].value == NULL ? res_find(sh, RES_STORAGE, word) : NULL;
	if (r != NULL)
		return status_storage(sh, (struct dir_storage *)(void *)r, err);
	r = sh->args.v[1].value == NULL ? res_find(sh, RES_CLIENT, word) : NULL;
	if (r != NULL)
		return status_client(sh, (struct dir_client *)(void *)r, err);
	return err_set(err, ERR_CONFIG, "Unknown status target: %s", word);
}

/* ---- .status: console.md 11 ---- */

static enum err_code
dot_status_job(struct shell *sh, bool last)
{
	OWNED(freep) struct job_info *jobs = NULL;
	size_t n = last ? job_table_terminated(director_jobs(sh->d), &jobs)
			: job_table_list(director_jobs(sh->d), &jobs);

	out_text(sh->out, ".status %s\n1000 OK .status\n", last ? "last" : "current");
	for (size_t i = last && n > 0 ? n - 1 : 0; i < n; i++)
		if (acl_allows(sh, ACL_JOB, jobs[i].name))
			out_text(sh->out, "JobId=%u JobStatus=%c JobErrors=%u\n", jobs[i].job_id,
				 jobs[i].status, jobs[i].errors);
	return ERR_OK;
}

static enum err_code
dot_status_director(struct shell *sh, const char *what, struct err *err)
{
	if (strcasecmp(what, "current") == 0 || strcasecmp(what, "last") == 0)
		return dot_status_job(sh, strcasecmp(what, "last") == 0);
	if (strcasecmp(what, "header") == 0)
		status_header(sh);
	else if (strcasecmp(what, "scheduled") == 0)
		return status_scheduled(sh, err);
	else if (strcasecmp(what, "running") == 0)
		status_running(sh);
	else if (strcasecmp(what, "terminated") == 0)
		status_terminated(sh);
	else
		return err_set(err, ERR_CONFIG, "1900 Bad .status command, wrong argument.");
	return ERR_OK;
}

enum err_code
cmd_dot_status(struct shell *sh, struct err *err)
{
	struct named *r = NULL;

	if (sh->args.n < 3)
		return err_set(err, ERR_CONFIG, "1900 Bad .status command, missing arguments.");
	const char *who = sh->args.v[1].key, *what = sh->args.v[2].key;
	if (args_is_prefix(who, "director") || strcasecmp(who, "dir") == 0)
		return dot_status_director(sh, what, err);
	OWNED(freep) char *command = str_printf(".status %s", what);
	if (strcasecmp(who, "client") == 0) {
		if (res_pick(sh, RES_CLIENT, client_keys, &r, err) != ERR_OK)
			return err->code;
		open_lines(sh, "client", r->name);
		enum err_code rc = ask_client(sh, (struct dir_client *)(void *)r, command, err);
		close_lines(sh);
		return rc;
	}
	if (strcasecmp(who, "storage") == 0) {
		if (res_pick(sh, RES_STORAGE, storage_keys, &r, err) != ERR_OK)
			return err->code;
		open_lines(sh, "storage", r->name);
		enum err_code rc = ask_storage(sh, (struct dir_storage *)(void *)r, command, err);
		close_lines(sh);
		return rc;
	}
	return err_set(err, ERR_CONFIG, "1900 Bad .status command, wrong argument.");
}
