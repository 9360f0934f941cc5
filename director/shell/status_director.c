/* status director: who runs, ran and will run.  Spec: console.md 6.6.1, 6.6.2 */
#include "director/shell/status_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "director/job/job.h"
#include "director/sched/scheduler.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/units.h"

#define SHORT_TIME "%d-%b-%y %H:%M"
#define ISO_TIME   "%Y-%m-%dT%H:%M:%S%z"
#define DAY        86400

static const char *
short_time(int64_t t, char out[static 32])
{
	if (t == 0)
		return "";
	return clock_format(t, SHORT_TIME, out, 32);
}

/* ---- header ---- */

static enum err_code
header(struct shell *sh, UNUSED struct err *err)
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
	return ERR_OK;
}

/* ---- scheduled ---- */

/* What the catalog was asked for already: most runs share their pool and storage. */
struct forecast {
	const struct dir_pool *pool;
	const struct dir_storage *storage;
	char volume[CAT_NAME_MAX]; /* "*unknown*": none is ready, or nobody can say */
};

struct forecasts {
	struct forecast *v; /* owned */
	size_t n, cap;
	bool failed; /* the catalog is away: it is not asked for each of a thousand runs */
};

static const char *
foresee(struct shell *sh, struct forecasts *all, const struct sched_run *r)
{
	const struct dir_catalog *of = dir_job_catalog(sh->conf, r->job, r->pool);
	struct err ignored = ERR_INIT;
	struct catalog *c;
	bool room;

	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].pool == r->pool && all->v[i].storage == r->storage)
			return all->v[i].volume;
	all->v = mem_grow(all->v, all->n, &all->cap, sizeof(all->v[0]));
	struct forecast *f = &all->v[all->n++];
	*f = (struct forecast){ .pool = r->pool, .storage = r->storage };
	if (!all->failed)
		all->failed = of == NULL ||
			      director_catalog(sh->d, of->name, &c, &ignored) != ERR_OK ||
			      shell_foresee_volume(c, r, f->volume, &room, &ignored) != ERR_OK;
	if (f->volume[0] == '\0')
		(void)snprintf(f->volume, sizeof(f->volume), "*unknown*");
	return f->volume;
}

static enum err_code
scheduled(struct shell *sh, struct err *err)
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
	struct forecasts forecasts = { .n = 0 };
	char when[32];

	table_init(&t, cols, sizeof(cols) / sizeof(cols[0]));
	t.typed = true;
	if (status_days(sh, &what.from, &what.to, err) != ERR_OK ||
	    scheduler_preview(sh->d, sh->conf, &what, &runs, &n, err) != ERR_OK)
		return err->code;
	for (size_t i = 0; i < n; i++) {
		const struct sched_run *r = &runs[i];

		if (!acl_allows(sh, ACL_JOB, r->job->name))
			continue;
		table_put(&t, job_level_text(r->level));
		table_put(&t, job_type_text((int)r->job->type));
		table_putf(&t, "%d", r->priority);
		table_put(&t, short_time(r->time, when));
		table_put(&t, r->job->name);
		table_put(&t, r->job->type == JOB_BACKUP ? foresee(sh, &forecasts, r) : "");
		table_put(&t, r->pool != NULL ? r->pool->name : "");
		table_put(&t, r->storage != NULL ? r->storage->name : "");
		table_put(&t, r->job->schedule->name);
	}
	free(forecasts.v);
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

	/* More than the last Full had: nobody knows how much more. */
	if (j->expected_bytes > 0 && j->bytes >= j->expected_bytes)
		return p;
	if (j->expected_bytes > 0) {
		p.percent = (int)((double)j->bytes * 100.0 / (double)j->expected_bytes);
		if (p.rate > 0)
			p.eta = (int64_t)((j->expected_bytes - j->bytes) / p.rate);
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

static enum err_code
running(struct shell *sh, UNUSED struct err *err)
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
	return ERR_OK;
}

void
status_progress(struct shell *sh, const char *client)
{
	OWNED(freep) struct job_info *jobs = NULL;
	size_t n = job_table_list(director_jobs(sh->d), &jobs);
	bool some = false;
	char line[256];

	out_open_array(sh->out, "running");
	for (size_t i = 0; i < n; i++) {
		const struct job_info *j = &jobs[i];
		struct progress p = progress_of(j);

		if (j->queued || strcmp(j->client, client) != 0 ||
		    !acl_allows(sh, ACL_JOB, j->name))
			continue;
		progress_text(j, &p, line, sizeof(line));
		out_text(sh->out, "%sJobId %u Job %s\n%s", some ? "" : "\nSeen by the director:\n",
			 j->job_id, j->unique, line);
		some = true;
		out_open_object(sh->out, NULL);
		out_number(sh->out, "jobid", j->job_id);
		out_number(sh->out, "files", (int64_t)j->files);
		out_number(sh->out, "bytes", (int64_t)j->bytes);
		out_number(sh->out, "rate", (int64_t)p.rate);
		if (p.percent >= 0)
			out_number(sh->out, "percent", p.percent);
		if (p.eta >= 0)
			out_number(sh->out, "eta", p.eta);
		out_close(sh->out);
	}
	out_close(sh->out);
	if (some)
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

static enum err_code
terminated(struct shell *sh, UNUSED struct err *err)
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
	return ERR_OK;
}

/* ---- all of it, or some ---- */

static enum err_code
connections(struct shell *sh, UNUSED struct err *err)
{
	out_open_array(sh->out, "client-connection");
	out_close(sh->out);
	return ERR_OK;
}

static const struct {
	const char *word;
	enum err_code (*print)(struct shell *sh, struct err *err);
} sections[] = {
	{ "header", header },         { "scheduled", scheduled },     { "running", running },
	{ "terminated", terminated }, { "connections", connections },
};

#define N_SECTIONS (sizeof(sections) / sizeof(sections[0]))

bool
status_has_section(const char *word)
{
	size_t i = 0;

	while (i < N_SECTIONS && strcasecmp(word, sections[i].word) != 0)
		i++;
	return i < N_SECTIONS;
}

enum err_code
status_director(struct shell *sh, struct err *err)
{
	const char *known[N_SECTIONS + 2] = { "days" };
	bool some = false;

	for (size_t i = 0; i < N_SECTIONS; i++) {
		known[i + 1] = sections[i].word;
		some = some || args_has(&sh->args, sections[i].word);
	}
	const char *unknown = args_unknown(&sh->args, 2, known);
	if (unknown != NULL)
		return err_set(err, ERR_CONFIG,
			       "Unknown word %s: of status director can be asked header, "
			       "scheduled, running, terminated",
			       unknown);
	for (size_t i = 0; i < N_SECTIONS; i++)
		if ((!some || args_has(&sh->args, sections[i].word)) &&
		    sections[i].print(sh, err) != ERR_OK)
			return err->code;
	return ERR_OK;
}
