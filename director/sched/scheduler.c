/*
 * director/sched/scheduler.c - due times to queued jobs
 *
 * One thread keeps, for every (job, Run line) of the current generation, the next time it is due
 * (due.h).  It sleeps until the earliest (at most a minute, to notice a stepped clock), and hands
 * what is due to the starter thread through a queue: starting a job writes to the catalog, which
 * may be slow. An entry fires once for any number of times that a clock step or a suspended machine
 * skipped.
 */
#include "director/sched/scheduler.h"

#include "director/conf/dir_conf.h"
#include "director/job/job_start.h"
#include "director/sched/calendar.h"
#include "director/sched/due.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/queue.h"
#include "lib/base/sync.h"
#include "lib/base/thread.h"
#include "lib/catalog/catalog.h"

#include <stdio.h>

#define LOOK_MS       60000
#define STARTER_SLOTS 4096
#define STEP_BACK     3600 /* seconds; a clock set back further makes all times be found anew */

struct scheduler {
	struct director *d;
	struct thread thread, starter;
	struct queue *due; /* owned; of struct job_request * */
	struct mutex lock; /* RANK_SCHED */
	struct cond wake;
	bool rebuild GUARDED_BY(&lock), stop GUARDED_BY(&lock);
	/* the thread's own */
	struct dir_conf *conf;
	struct due_list due_list;
};

/* ---- overrides of a Run line ---- */

static char *
name_of_pool(const struct dir_pool *p)
{
	return p != NULL ? str_dup(p->name) : NULL;
}

static struct job_request *
request_of(const struct due_entry *e)
{
	const struct dir_run *run = e->run;
	const struct run_spec *s = &run->spec;
	struct job_request *r = NEW(struct job_request);

	r->job = str_dup(e->job->name);
	r->trigger = TRIGGER_SCHEDULER;
	r->from_run_entry = true;
	r->level = s->level;
	r->pool = name_of_pool(run->pool);
	r->full_pool = name_of_pool(run->full_pool);
	r->inc_pool = name_of_pool(run->incremental_pool);
	r->diff_pool = name_of_pool(run->differential_pool);
	r->vfull_pool = name_of_pool(run->virtual_full_pool);
	r->next_pool = name_of_pool(run->next_pool);
	r->storage = run->storage != NULL ? str_dup(run->storage->name) : NULL;
	r->messages = run->messages != NULL ? str_dup(run->messages->name) : NULL;
	r->priority = (int)s->priority;
	r->spool_data = s->spool_data < 0 ? CHOICE_UNSET : s->spool_data ? CHOICE_YES : CHOICE_NO;
	r->accurate = s->accurate < 0 ? CHOICE_UNSET : s->accurate ? CHOICE_YES : CHOICE_NO;
	r->max_run_sched_time = s->max_run_sched_time > 0 ? s->max_run_sched_time : 0;
	r->when = e->next;
	return r;
}

static void
request_free(struct job_request *r)
{
	if (r == NULL)
		return;
	job_request_release(r);
	free(r);
}

static bool
is_on(struct director *d, const struct dir_job *job)
{
	return director_is_enabled(d, SWITCH_JOB, job->name) &&
	       (job->client == NULL || director_is_enabled(d, SWITCH_CLIENT, job->client->name)) &&
	       director_is_enabled(d, SWITCH_SCHEDULE, job->schedule->name);
}

/* ---- the thread ---- */

static void
hand_over(void *arg, const struct due_entry *e)
{
	struct scheduler *s = arg;
	struct job_request *r;
	struct err err = ERR_INIT;

	if (!is_on(s->d, e->job))
		return;
	r = request_of(e);
	if (queue_push(s->due, r, &err) != ERR_OK)
		request_free(r);
}

/* Start what is due; anew: go on with the configuration of now. */
static void
look(struct scheduler *s, bool anew, int64_t now)
{
	struct dir_conf *old = NULL;

	if (anew) {
		old = s->conf;
		s->conf = director_conf_get(s->d);
	}
	due_look(&s->due_list, anew ? s->conf : NULL, now, hand_over, s);
	director_conf_put(s->d, old);
}

static int64_t
ms_to_next(const struct scheduler *s)
{
	int64_t now_us = clock_now_us(), ms = LOOK_MS;

	int64_t next = due_next(&s->due_list);

	if (next != 0 && (next * 1000000 - now_us) / 1000 + 1 < ms)
		ms = (next * 1000000 - now_us) / 1000 + 1;
	return ms < 1 ? 1 : ms;
}

static void
scheduler_main(void *arg)
{
	struct scheduler *s = arg;
	int64_t last = clock_now();
	bool stop = false, anew = false;

	/* What came due while the catalog's server recovered is not lost. */
	look(s, true, director_start_time(s->d));
	while (!stop) {
		int64_t now = clock_now();

		look(s, anew || now < last - STEP_BACK, now);
		last = now;
		mutex_lock(&s->lock);
		if (!s->rebuild && !s->stop)
			(void)cond_wait_ms(&s->wake, &s->lock, ms_to_next(s));
		anew = s->rebuild;
		stop = s->stop;
		s->rebuild = false;
		mutex_unlock(&s->lock);
	}
}

static void
starter_main(void *arg)
{
	struct scheduler *s = arg;
	struct err err = ERR_INIT;
	void *item;

	/* A run that comes due while the catalog is away waits with it. */
	catalog_be_patient();
	thread_set_cancel(director_stop(s->d));
	while (queue_pop(s->due, &item, &err) == ERR_OK) {
		struct job_request *r = item;
		uint32_t id;

		if (job_start(s->d, r, &id, &err) != ERR_OK)
			log_error("scheduled job %s was not started: %s", r->job, err.text);
		request_free(r);
	}
}

enum err_code
scheduler_start(struct director *d, struct scheduler **out, struct err *err)
{
	struct scheduler *s = NEW(struct scheduler);

	s->d = d;
	s->due = queue_new(STARTER_SLOTS);
	s->conf = director_conf_get(d);
	mutex_init(&s->lock, RANK_SCHED);
	cond_init(&s->wake);
	*out = s; /* freed by scheduler_free, also when a thread is missing */
	if (thread_start(&s->starter, "starter", starter_main, s, err) != ERR_OK)
		return err->code;
	return thread_start(&s->thread, "scheduler", scheduler_main, s, err);
}

void
scheduler_rebuild(struct scheduler *s)
{
	if (s == NULL)
		return;
	mutex_lock(&s->lock);
	s->rebuild = true;
	cond_broadcast(&s->wake);
	mutex_unlock(&s->lock);
}

void
scheduler_free(struct scheduler *s)
{
	void *item;

	if (s == NULL)
		return;
	mutex_lock(&s->lock);
	s->stop = true;
	cond_broadcast(&s->wake);
	mutex_unlock(&s->lock);
	thread_join(&s->thread);
	queue_close(s->due);
	thread_join(&s->starter);
	while ((item = queue_try_pop(s->due)) != NULL)
		request_free(item);
	queue_free(s->due);
	due_release(&s->due_list);
	director_conf_put(s->d, s->conf);
	cond_release(&s->wake);
	mutex_release(&s->lock);
	free(s);
}

/* ---- preview; director.md 2.4 ---- */

/* The same for all times of the line. */
static void
fill_run(struct dir_conf *conf, const struct due_entry *e, struct sched_run *out)
{
	struct job_request *r = request_of(e);
	struct job_plan plan = { .job = e->job };
	struct err err = ERR_INIT;

	*out = (struct sched_run){ .job = e->job,
				   .run = e->run,
				   .level = r->level != 0 ? r->level : (int)e->job->level,
				   .priority = due_priority(e) };
	if (job_plan_make(conf, r, &plan, &err) == ERR_OK) {
		out->pool = plan.pool;
		out->storage = plan.write_storage;
	}
	request_free(r);
}

static bool
is_wanted(struct director *d, const struct dir_job *job, const struct sched_preview *w)
{
	if (job->schedule == NULL || !is_on(d, job))
		return false;
	if (w->job != NULL && strcmp(w->job, job->name) != 0)
		return false;
	if (w->client != NULL && (job->client == NULL || strcmp(w->client, job->client->name) != 0))
		return false;
	return w->schedule == NULL || strcmp(w->schedule, job->schedule->name) == 0;
}

static int
compare_runs(const void *pa, const void *pb)
{
	const struct sched_run *a = pa, *b = pb;

	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	return strcmp(a->job->name, b->job->name);
}

#define PREVIEW_MAX 200000u /* a year of hourly runs of 22 jobs; bounds what a console can ask */

enum err_code
scheduler_preview(struct director *d, struct dir_conf *conf, const struct sched_preview *what,
		  struct sched_run **out, size_t *n, struct err *err)
{
	OWNED(freep) struct sched_run *runs = NULL;
	size_t used = 0, cap = 0;

	for (size_t i = 0; i < conf->n_job; i++) {
		struct dir_job *job = conf->job[i];

		for (size_t k = 0; is_wanted(d, job, what) && k < job->schedule->n_run; k++) {
			struct due_entry e = { job, job->schedule->run[k], what->from - 1 };
			struct sched_run run;

			fill_run(conf, &e, &run);
			while ((e.next = calendar_next(&e.run->spec, e.next)) != 0 &&
			       e.next < what->to) {
				if (used == PREVIEW_MAX)
					return err_set(err, ERR_LIMIT,
						       "more than %u runs in that time; ask for "
						       "fewer days",
						       PREVIEW_MAX);
				if (used == cap)
					runs = mem_grow(runs, used, &cap, sizeof(*runs));
				run.time = e.next;
				runs[used++] = run;
			}
		}
	}
	if (used > 0)
		qsort(runs, used, sizeof(*runs), compare_runs);
	*n = used;
	*out = TAKE_PTR(runs);
	return ERR_OK;
}
