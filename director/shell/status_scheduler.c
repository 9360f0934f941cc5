/* status scheduler: schedules and what comes.  Spec: console.md 6.6.4 */
#include "director/shell/status_internal.h"

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
