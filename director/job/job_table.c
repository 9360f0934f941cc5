/*
 * director/job/job_table.c - the jobs this process knows, and the thread that gives them workers
 *
 * The table is a list in order of arrival under RANK_JOBS.  One thread ("queue") examines it when
 * something changed (a job came, ended, was cancelled) or when the start time of a job comes: it
 * gives workers, joins ended ones and forgets their jobs.  A second thread ("watch") looks once a
 * minute, or when woken, at time limits, and starts a thread ("teller") for each cancelled job
 * whose daemons are still to be told.  Only tellers wait for the network: a daemon that hangs keeps
 * neither the limits of other jobs nor their daemons waiting.
 */
#include "director/job/job_history.h"
#include "director/job/job_internal.h"
#include "director/job/queue_rules.h"

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/own.h"

#include <stdio.h>
#include <utlist.h>

#define WATCH_SECONDS  60
#define ABORT_SECONDS  30 /* after a cancel conversations are cut (wire.md 12) */
#define EXAMINE_MAX_MS 60000
#define STOPPING_TEXT  "The director is stopping. Job canceled."

struct job_table {
	struct director *d;
	struct job_clock *clock;     /* owned */
	struct job_history *history; /* owned; the queue thread stores it */
	struct mutex lock;           /* RANK_JOBS */
	struct cond wake;            /* work for the queue: changed */
	struct cond watch_wake;
	struct cond ended; /* a job has ended */
	struct job *jobs GUARDED_BY(&lock);
	bool changed GUARDED_BY(&lock), watch_changed GUARDED_BY(&lock);
	bool stop GUARDED_BY(&lock), stop_watch GUARDED_BY(&lock);
	uint64_t serial GUARDED_BY(&lock);
	unsigned run GUARDED_BY(&lock);
	struct thread queue_thread, watch_thread;
};

/* ---- the list ---- */

struct job_table *
job_table_new(struct director *d)
{
	struct job_table *t = NEW(struct job_table);
	OWNED(freep) char *clock_path = director_file(d, "clock");
	OWNED(freep) char *state_path = director_file(d, "state");

	t->d = d;
	t->clock = job_clock_new(clock_path);
	t->history = job_history_new(state_path);
	mutex_init(&t->lock, RANK_JOBS);
	cond_init(&t->wake);
	cond_init(&t->watch_wake);
	cond_init(&t->ended);
	return t;
}

void
job_table_record_end(struct job_table *t, const struct job_info *info)
{
	job_history_add(t->history, info); /* the queue is woken when the worker is done */
}

struct job_clock *
job_table_clock(struct job_table *t)
{
	return t->clock;
}

static void
wake_locked(struct job_table *t) REQUIRES(&t->lock)
{
	t->changed = t->watch_changed = true;
	cond_broadcast(&t->wake);
	cond_broadcast(&t->watch_wake);
}

void
job_table_wake(struct job_table *t)
{
	mutex_lock(&t->lock);
	wake_locked(t);
	mutex_unlock(&t->lock);
}

void
job_table_add(struct job_table *t, struct job *j)
{
	(void)job_ref(j);
	mutex_lock(&t->lock);
	j->serial = ++t->serial;
	j->setting_up = true;
	DL_APPEND(t->jobs, j);
	mutex_unlock(&t->lock);
	/* After job_table_cancel_all nobody else would. */
	if (cancel_asked(director_stop(t->d)))
		(void)job_mark_canceled(j, MSG_FATAL, STOPPING_TEXT);
}

void
job_table_ready(struct job_table *t, struct job *j)
{
	mutex_lock(&t->lock);
	j->setting_up = false;
	wake_locked(t);
	mutex_unlock(&t->lock);
}

size_t
job_table_refs(struct job_table *t, struct job ***out)
{
	struct job *j;
	size_t n = 0;

	mutex_lock(&t->lock);
	DL_FOREACH (t->jobs, j)
		n++;
	*out = NEW_ARRAY(struct job *, n + 1);
	n = 0;
	DL_FOREACH (t->jobs, j)
		(*out)[n++] = job_ref(j);
	mutex_unlock(&t->lock);
	return n;
}

static void
unref_all(struct job **jobs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		job_unref(jobs[i]);
	free(jobs);
}

struct job *
job_table_get(struct job_table *t, uint32_t job_id)
{
	struct job *j, *found = NULL;

	mutex_lock(&t->lock);
	DL_FOREACH (t->jobs, j)
		if (j->id == job_id && found == NULL)
			found = job_ref(j);
	mutex_unlock(&t->lock);
	return found;
}

struct job *
job_table_find_same(struct job_table *t, const struct job *mine)
{
	struct job *j, *found = NULL, *ending = NULL;

	mutex_lock(&t->lock);
	DL_FOREACH (t->jobs, j) {
		struct job **place = job_is_stopped(j) ? &ending : &found;

		if (*place == NULL && j->serial < mine->serial && !j->req.ignore_duplicates &&
		    !j->left && !j->worker_done && strcmp(j->req.job, mine->req.job) == 0)
			*place = j;
	}
	found = found != NULL ? found : ending;
	if (found != NULL)
		(void)job_ref(found);
	mutex_unlock(&t->lock);
	return found;
}

size_t
job_table_list(struct job_table *t, struct job_info **out)
{
	struct job **jobs;
	size_t n = job_table_refs(t, &jobs);

	*out = NEW_ARRAY(struct job_info, n + 1);
	for (size_t i = 0; i < n; i++)
		job_fill_info(jobs[i], &(*out)[i]);
	unref_all(jobs, n);
	return n;
}

size_t
job_table_terminated(struct job_table *t, struct job_info **out)
{
	return job_history_list(t->history, out);
}

void
job_table_totals(struct job_table *t, unsigned *run, unsigned *running)
{
	struct job *j;

	mutex_lock(&t->lock);
	*run = t->run;
	*running = 0;
	DL_FOREACH (t->jobs, j)
		*running += j->has_worker && !j->worker_done;
	mutex_unlock(&t->lock);
}

bool
job_find_id(struct job_table *t, uint32_t job_id, struct job_info *out)
{
	OWNED(job_unrefp) struct job *j = job_table_get(t, job_id);

	if (j == NULL)
		return job_history_find(t->history, job_id, NULL, out);
	job_fill_info(j, out);
	return true;
}

bool
job_find_unique(struct job_table *t, const char *unique, struct job_info *out)
{
	struct job *j;
	uint32_t id = 0;

	mutex_lock(&t->lock);
	DL_FOREACH (t->jobs, j)
		if (strcmp(j->unique, unique) == 0)
			id = j->id;
	mutex_unlock(&t->lock);
	return id != 0 ? job_find_id(t, id, out) : job_history_find(t->history, 0, unique, out);
}

/* ---- waiting for jobs ---- */

static bool
is_known_locked(struct job_table *t, uint32_t job_id) REQUIRES(&t->lock)
{
	struct job *j;

	DL_FOREACH (t->jobs, j)
		if (job_id == 0 || j->id == job_id)
			return true;
	return false;
}

bool
job_is_alive(struct job_table *t, uint32_t job_id)
{
	bool alive;

	mutex_lock(&t->lock);
	alive = job_id != 0 && is_known_locked(t, job_id);
	mutex_unlock(&t->lock);
	return alive;
}

bool
job_uses_volume(struct job_table *t, const char *volume)
{
	struct job **jobs;
	size_t n = job_table_refs(t, &jobs);
	bool used = false;

	for (size_t i = 0; i < n; i++) {
		mutex_lock(&jobs[i]->lock);
		used = used || str_list_has(&jobs[i]->volumes, volume);
		mutex_unlock(&jobs[i]->lock);
	}
	unref_all(jobs, n);
	return used;
}

/* Slices, because the wait's cancel is an eventfd and not our condition. */
#define WAIT_SLICE_MS 200

enum err_code
job_wait(struct job_table *t, uint32_t job_id, const struct wait *wait, struct job_info *out,
	 struct err *err)
{
	struct job_info info;
	enum err_code code = ERR_OK;

	if (job_id != 0 && !job_find_id(t, job_id, &info))
		return err_set(err, ERR_CONFIG, "JobId %u is not known", job_id);
	mutex_lock(&t->lock);
	while (code == ERR_OK && is_known_locked(t, job_id)) {
		if (wait != NULL && cancel_asked(wait->cancel))
			code = ERR_CANCELED;
		else if (wait != NULL && wait->deadline_ms != 0 &&
			 clock_mono_ms() >= wait->deadline_ms)
			code = ERR_PEER;
		else
			(void)cond_wait_ms(&t->ended, &t->lock, WAIT_SLICE_MS);
	}
	mutex_unlock(&t->lock);
	if (code != ERR_OK)
		return err_set(err, code, "waiting for JobId %u was given up", job_id);
	if (out != NULL && job_id != 0 && !job_find_id(t, job_id, out))
		return err_set(err, ERR_CONFIG, "JobId %u is not known any more", job_id);
	return ERR_OK;
}

/* ---- examination ---- */

/* Limits are those of the current configuration: a reload may free a job that waits.  newer: that
 * one, NULL when it is the job's own. */
static struct queue_counter
counter_of_storage(const struct dir_conf *newer, const struct dir_storage *mine)
{
	const struct dir_storage *s = NULL;

	if (mine == NULL)
		return (struct queue_counter){ NULL, 0 };
	if (newer != NULL)
		s = dir_conf_find_storage(newer, mine->name);
	return (struct queue_counter){ mine->name,
				       (s != NULL ? s : mine)->maximum_concurrent_jobs };
}

static struct queue_counter
counter_of_client(const struct dir_conf *newer, const struct dir_client *mine)
{
	const struct dir_client *c = NULL;

	if (mine == NULL)
		return (struct queue_counter){ NULL, 0 };
	if (newer != NULL)
		c = dir_conf_find_client(newer, mine->name);
	return (struct queue_counter){ mine->name,
				       (c != NULL ? c : mine)->maximum_concurrent_jobs };
}

static struct queue_counter
counter_of_job(const struct dir_conf *newer, const struct dir_job *mine)
{
	const struct dir_job *r = newer != NULL ? dir_conf_find_job(newer, mine->name) : NULL;

	return (struct queue_counter){ mine->name,
				       (r != NULL ? r : mine)->maximum_concurrent_jobs };
}

static void
describe(const struct dir_conf *conf, struct job *j, struct queue_item *it)
{
	const struct job_plan plan = job_plan_copy(j), *p = &plan;
	const struct dir_conf *newer = conf != j->conf ? conf : NULL;
	bool counted = !j->left &&
		       (p->type == JOB_BACKUP || p->type == JOB_RESTORE || p->type == JOB_VERIFY);

	*it = (struct queue_item){ .job_id = j->id,
				   .priority = p->priority,
				   .allow_mixed = p->job->allow_mixed_priority,
				   .running = j->has_worker,
				   .over = !j->has_worker && job_is_stopped(j) };
	if (counted) {
		it->read_storage = counter_of_storage(newer, p->read_storage);
		it->write_storage = counter_of_storage(newer, p->write_storage);
		it->client = counter_of_client(newer, p->client);
	}
	it->job = counter_of_job(newer, p->job);
}

/* Running first, then by priority, then age. */
static int
compare_jobs(const void *pa, const void *pb)
{
	const struct job *a = *(struct job *const *)pa, *b = *(struct job *const *)pb;

	if (a->has_worker != b->has_worker)
		return a->has_worker ? -1 : 1;
	if (!a->has_worker && a->plan.priority != b->plan.priority)
		return a->plan.priority < b->plan.priority ? -1 : 1;
	return a->serial < b->serial ? -1 : 1;
}

/* What the daemons are told now changes nothing any more. */
static void
end_teller(struct job_table *t, struct job *j)
{
	cancel_now(&j->abort);
	mutex_lock(&t->lock);
	j->closing = true;
	mutex_unlock(&t->lock);
	thread_join(&j->teller);
}

static void
be_queued(struct job *j)
{
	job_set_status(j, STATUS_CREATED);
	mutex_lock(&j->lock);
	j->queued = true;
	mutex_unlock(&j->lock);
}

static void
worker_main(void *arg)
{
	struct job *j = arg;
	struct job_table *t = director_jobs(j->d);
	bool ended;

	thread_set_job(j->id);
	thread_set_cancel(&j->abort);
	ended = job_run(j);
	if (ended)
		end_teller(t, j);
	else
		be_queued(j);
	mutex_lock(&t->lock);
	if (ended) {
		j->worker_done = true;
	} else {
		j->has_worker = false;
		t->run--;
	}
	wake_locked(t);
	mutex_unlock(&t->lock);
}

static void
give_worker_locked(struct job_table *t, struct job *j) REQUIRES(&t->lock)
{
	struct err err = ERR_INIT;
	char name[16];

	(void)snprintf(name, sizeof(name), "job-%u", j->id);
	thread_join(&j->worker); /* one that gave the job back does nothing more */
	mutex_lock(&j->lock);
	j->queued = false;
	mutex_unlock(&j->lock);
	j->has_worker = true;
	t->run++;
	if (thread_start(&j->worker, name, worker_main, j, &err) != ERR_OK) {
		log_error("JobId %u: %s", j->id, err.text);
		mutex_lock(&j->lock);
		j->queued = true;
		mutex_unlock(&j->lock);
		j->has_worker = false;
		t->run--;
	}
}

/* Seconds until the job may be looked at; 0: now. */
static int64_t
not_before(struct job *j, int64_t now)
{
	if (j->has_worker || job_is_stopped(j) || j->plan.when <= now)
		return 0;
	return j->plan.when - now;
}

/* Examine the queue once; returns ms after which to look again. */
static int64_t
examine_locked(struct job_table *t, const struct dir_conf *conf) REQUIRES(&t->lock)
{
	int64_t now = clock_now(), next_ms = EXAMINE_MAX_MS;
	struct job *j, **list;
	struct queue_item *items;
	size_t n = 0, total = 0;

	DL_FOREACH (t->jobs, j)
		total++;
	list = NEW_ARRAY(struct job *, total + 1);
	items = NEW_ARRAY(struct queue_item, total + 1);
	DL_FOREACH (t->jobs, j) {
		int64_t wait;

		if (j->setting_up || j->worker_done)
			continue;
		wait = not_before(j, now);
		if (wait > 0) {
			if (wait * 1000 < next_ms)
				next_ms = wait * 1000;
			continue;
		}
		list[n++] = j;
	}
	qsort(list, n, sizeof(struct job *), compare_jobs);
	for (size_t i = 0; i < n; i++)
		describe(conf, list[i], &items[i]);
	queue_examine(items, n, conf->director->maximum_concurrent_jobs);
	for (size_t i = 0; i < n; i++) {
		if (items[i].running)
			continue;
		if (items[i].start)
			give_worker_locked(t, list[i]);
		else
			job_set_wait(list[i], items[i].status, items[i].reason);
	}
	free(items);
	free(list);
	return next_ms;
}

/* Take jobs whose worker has ended off the list; an owned array of references. */
static size_t
take_ended_locked(struct job_table *t, struct job ***out) REQUIRES(&t->lock)
{
	struct job *j, *next;
	size_t n = 0, total = 0;

	DL_FOREACH (t->jobs, j)
		total++;
	*out = NEW_ARRAY(struct job *, total + 1);
	DL_FOREACH_SAFE (t->jobs, j, next) {
		if (!j->worker_done)
			continue;
		DL_DELETE(t->jobs, j);
		(*out)[n++] = j;
	}
	if (n > 0)
		cond_broadcast(&t->ended);
	return n;
}

static void
queue_main(void *arg)
{
	struct job_table *t = arg;
	bool stop = false;

	while (!stop) {
		struct dir_conf *conf = director_conf_get(t->d);
		struct job **ended;
		size_t n;
		int64_t ms;

		mutex_lock(&t->lock);
		t->changed = false;
		ms = examine_locked(t, conf);
		n = take_ended_locked(t, &ended);
		/* stop may have been asked for before this thread's first look. */
		if (n == 0 && !t->changed && !(t->stop && t->jobs == NULL))
			(void)cond_wait_ms(&t->wake, &t->lock, ms);
		stop = t->stop && t->jobs == NULL;
		mutex_unlock(&t->lock);
		director_conf_put(t->d, conf);
		job_history_store(t->history);
		for (size_t i = 0; i < n; i++) {
			thread_join(&ended[i]->worker);
			job_unref(ended[i]);
		}
		free(ended);
	}
}

/* ---- the watch: time limits and cancels; director.md 5.2, 5.3 ---- */

static int64_t
run_limit(const struct job_plan *p)
{
	switch (p->level) {
	case LEVEL_FULL:
		if (p->job->full_max_runtime > 0)
			return p->job->full_max_runtime;
		break;
	case LEVEL_INCREMENTAL:
		if (p->job->incremental_max_runtime > 0)
			return p->job->incremental_max_runtime;
		break;
	case LEVEL_DIFFERENTIAL:
		if (p->job->differential_max_runtime > 0)
			return p->job->differential_max_runtime;
		break;
	default:
		break;
	}
	return p->job->max_run_time;
}

static const char *
limit_reached(struct job *j)
{
	const struct job_plan plan = job_plan_copy(j);
	const struct dir_job *res = plan.job;
	int64_t sched = j->req.max_run_sched_time > 0 ? j->req.max_run_sched_time
						      : res->max_run_sched_time;
	int64_t now_ms = clock_mono_ms(), waited, client_start_ms;

	mutex_lock(&j->lock);
	client_start_ms = j->client_start_ms;
	waited = j->waited;
	if (j->wait_since != 0 && j->status != STATUS_WAIT_START)
		waited += now_ms / 1000 - j->wait_since;
	mutex_unlock(&j->lock);
	if (sched > 0 && job_late(j) > sched)
		return "Max run sched time exceeded. Job canceled.";
	if (run_limit(&plan) > 0 && client_start_ms != 0 &&
	    (now_ms - client_start_ms) / 1000 > run_limit(&plan))
		return "Max run time exceeded. Job canceled.";
	if (res->max_wait_time > 0 && waited > res->max_wait_time)
		return "Max wait time exceeded. Job canceled.";
	return NULL;
}

/* Waits for nothing.  True: its conversations are to be cut soon. */
static bool
watch_limits(struct job *j)
{
	const char *why = NULL;
	int64_t canceled_ms;

	if (!job_is_stopped(j) && (why = limit_reached(j)) != NULL &&
	    job_mark_canceled(j, MSG_FATAL, why)) {
		mutex_lock(&j->lock);
		j->watch_stop = true;
		mutex_unlock(&j->lock);
	}
	mutex_lock(&j->lock);
	canceled_ms = j->canceled_ms;
	mutex_unlock(&j->lock);
	if (canceled_ms == 0 || cancel_asked(&j->abort))
		return false;
	if (clock_mono_ms() - canceled_ms > ABORT_SECONDS * 1000)
		cancel_now(&j->abort);
	return true;
}

static void
teller_main(void *arg)
{
	struct job *j = arg;

	thread_set_job(j->id);
	thread_set_cancel(&j->abort);
	job_stop_daemons(j, NULL, NULL);
}

static bool
is_to_be_told(struct job *j)
{
	bool tell;

	mutex_lock(&j->lock);
	tell = j->watch_stop && !j->stop_sent;
	mutex_unlock(&j->lock);
	return tell;
}

static void
start_tellers_locked(struct job_table *t) REQUIRES(&t->lock)
{
	struct err err = ERR_INIT;
	struct job *j;

	DL_FOREACH (t->jobs, j)
		if (j->has_worker && !j->closing && !j->teller.running && is_to_be_told(j) &&
		    thread_start(&j->teller, "teller", teller_main, j, &err) != ERR_OK)
			log_error("cancel of %s: %s", j->unique, err.text);
}

static void
watch_main(void *arg)
{
	struct job_table *t = arg;
	bool stop = false;

	while (!stop) {
		struct job **jobs;
		size_t n = job_table_refs(t, &jobs);
		int64_t ms = WATCH_SECONDS * 1000;

		job_clock_look(t->clock);
		for (size_t i = 0; i < n; i++)
			if (watch_limits(jobs[i]))
				ms = 1000;
		unref_all(jobs, n);
		mutex_lock(&t->lock);
		start_tellers_locked(t);
		if (!t->watch_changed && !t->stop_watch)
			(void)cond_wait_ms(&t->watch_wake, &t->lock, ms);
		t->watch_changed = false;
		stop = t->stop_watch;
		mutex_unlock(&t->lock);
	}
}

/* ---- start, stop ---- */

enum err_code
job_table_start(struct job_table *t, struct err *err)
{
	if (thread_start(&t->queue_thread, "queue", queue_main, t, err) != ERR_OK)
		return err->code;
	return thread_start(&t->watch_thread, "watch", watch_main, t, err);
}

void
job_table_cancel_all(struct job_table *t)
{
	struct job **jobs;
	size_t n = job_table_refs(t, &jobs);

	for (size_t i = 0; i < n; i++) {
		(void)job_mark_canceled(jobs[i], MSG_FATAL, STOPPING_TEXT);
		job_stop_daemons_soon(jobs[i]);
		(void)job_stop_script(jobs[i]);
	}
	unref_all(jobs, n);
}

/* Those that no queue ran for. */
static void
drop_all(struct job_table *t) NO_ANALYSIS /* no other thread runs */
{
	struct job *j, *next;

	DL_FOREACH_SAFE (t->jobs, j, next) {
		DL_DELETE(t->jobs, j);
		job_unref(j);
	}
}

void
job_table_free(struct job_table *t)
{
	if (t == NULL)
		return;
	mutex_lock(&t->lock);
	t->stop = true;
	wake_locked(t);
	mutex_unlock(&t->lock);
	thread_join(&t->queue_thread);
	mutex_lock(&t->lock);
	t->stop_watch = true;
	wake_locked(t);
	mutex_unlock(&t->lock);
	thread_join(&t->watch_thread);
	drop_all(t);
	cond_release(&t->wake);
	cond_release(&t->watch_wake);
	cond_release(&t->ended);
	mutex_release(&t->lock);
	job_clock_free(t->clock);
	job_history_free(t->history);
	free(t);
}
