/* status scheduler: schedules and what comes.  Spec: console.md 6.6.4 */
#include "director/shell/status_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "director/job/job.h"
#include "director/sched/scheduler.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/units.h"

#define DAY      86400
#define DAYS_MAX 366

enum err_code
status_days(struct shell *sh, int64_t *from, int64_t *to, struct err *err)
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

/* The Run lines that were printed for a minute: each once, however many jobs it starts. */
struct minute {
	int64_t time;
	const struct dir_run **shown; /* owned */
	size_t n, cap;
};

static bool
is_new_line(struct minute *m, const struct sched_run *r)
{
	if (m->time != r->time)
		m->n = 0;
	m->time = r->time;
	for (size_t i = 0; i < m->n; i++)
		if (m->shown[i] == r->run)
			return false;
	m->shown = mem_grow(m->shown, m->n, &m->cap, sizeof(m->shown[0]));
	m->shown[m->n++] = r->run;
	return true;
}

static void
add_override(struct buf *b, const char *key, const char *value)
{
	if (value != NULL)
		buf_text(b, "%s%s=%s", b->len > 0 ? " " : "", key, value);
}

static const char *
yes_or_no(int choice)
{
	return choice < 0 ? NULL : choice > 0 ? "yes" : "no";
}

static void
put_overrides(struct shell *sh, const struct run_spec *s)
{
	OWNED(buf_release) struct buf b = BUF_INIT(1u << 16);
	char priority[16];

	add_override(&b, "Level", s->level != 0 ? job_level_text(s->level) : NULL);
	add_override(&b, "Pool", s->pool);
	add_override(&b, "FullPool", s->full_pool);
	add_override(&b, "IncrementalPool", s->incremental_pool);
	add_override(&b, "DifferentialPool", s->differential_pool);
	add_override(&b, "VirtualFullPool", s->virtual_full_pool);
	add_override(&b, "NextPool", s->next_pool);
	add_override(&b, "Storage", s->storage);
	add_override(&b, "Messages", s->messages);
	(void)snprintf(priority, sizeof(priority), "%u", s->priority);
	add_override(&b, "Priority", s->priority != 0 ? priority : NULL);
	add_override(&b, "SpoolData", yes_or_no(s->spool_data));
	add_override(&b, "Accurate", yes_or_no(s->accurate));
	out_text(sh->out, "%s\n", buf_str(&b));
}

static void
preview_line(struct shell *sh, const struct sched_run *r)
{
	const struct run_spec *s = &r->run->spec;
	const char *schedule = r->job->schedule->name;
	char when[40];

	clock_format(r->time, "%a %d-%b-%Y %H:%M", when, sizeof(when));
	out_text(sh->out, "%-21s  %-22s  ", when, schedule);
	put_overrides(sh, s);
	out_open_object(sh->out, NULL);
	out_string(sh->out, "datetime", when);
	out_number(sh->out, "runtime", r->time);
	out_string(sh->out, "schedule", schedule);
	if (s->level != 0)
		out_string(sh->out, "level", job_level_text(s->level));
	if (s->priority != 0)
		out_number(sh->out, "priority", s->priority);
	if (s->pool != NULL)
		out_string(sh->out, "pool", s->pool);
	if (s->storage != NULL)
		out_string(sh->out, "storage", s->storage);
	if (s->messages != NULL)
		out_string(sh->out, "messages", s->messages);
	if (s->spool_data >= 0)
		out_bool(sh->out, "spool_data", s->spool_data > 0);
	if (s->accurate >= 0)
		out_bool(sh->out, "accurate", s->accurate > 0);
	out_close(sh->out);
}

enum err_code
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
	struct minute minute = { .time = 0 };
	struct named *r = NULL;
	size_t n = 0;

	if ((what.job != NULL && res_resolve(sh, RES_JOB, what.job, &r, err) != ERR_OK) ||
	    (what.client != NULL && res_resolve(sh, RES_CLIENT, what.client, &r, err) != ERR_OK) ||
	    (what.schedule != NULL &&
	     res_resolve(sh, RES_SCHEDULE, what.schedule, &r, err) != ERR_OK))
		return err->code;
	if (status_days(sh, &what.from, &what.to, err) != ERR_OK ||
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
		if (acl_allows(sh, ACL_JOB, runs[i].job->name) &&
		    acl_allows(sh, ACL_SCHEDULE, runs[i].job->schedule->name) &&
		    is_new_line(&minute, &runs[i]))
			preview_line(sh, &runs[i]);
	}
	free(minute.shown);
	out_close(sh->out);
	out_text(sh->out, "====\n");
	return ERR_OK;
}
