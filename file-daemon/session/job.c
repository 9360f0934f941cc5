/* file-daemon/session/job.c - the daemon, its running jobs, and one job */
#include "file-daemon/session/job.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/thread.h"

/* ---- the daemon ---- */

/* Nobody else knows it yet. */
NO_ANALYSIS void
fd_daemon_init(struct fd_daemon *d, struct fd_conf **conf)
{
	mutex_init(&d->lock, RANK_JOBS);
	cond_init(&d->changed);
	d->conf = TAKE_PTR(*conf);
	d->bandwidth = d->conf->client->maximum_bandwidth_per_job;
	d->stop.event = -1;
	d->started = clock_now();
}

/* All sessions have ended. */
NO_ANALYSIS void
fd_daemon_release(struct fd_daemon *d)
{
	fd_conf_unref(d->conf);
	d->conf = NULL;
	cancel_release(&d->stop);
	cond_release(&d->changed);
	mutex_release(&d->lock);
}

struct fd_conf *
fd_daemon_conf(struct fd_daemon *d)
{
	struct fd_conf *c;

	mutex_lock(&d->lock);
	c = fd_conf_ref(d->conf);
	mutex_unlock(&d->lock);
	return c;
}

void
fd_daemon_set_conf(struct fd_daemon *d, struct fd_conf **conf)
{
	struct fd_conf *old;

	mutex_lock(&d->lock);
	old = d->conf;
	if (old->client->maximum_bandwidth_per_job != (*conf)->client->maximum_bandwidth_per_job)
		d->bandwidth = (*conf)->client->maximum_bandwidth_per_job;
	d->conf = TAKE_PTR(*conf);
	mutex_unlock(&d->lock);
	fd_conf_unref(old);
}

static void
cancel_locked(struct fd_job *j)
{
	fd_job_set_status(j, STATUS_CANCELED);
	cancel_now(&j->cancel);
	cond_broadcast(&j->daemon->changed);
}

void
fd_daemon_stop(struct fd_daemon *d)
{
	cancel_now(&d->stop);
	mutex_lock(&d->lock);
	d->stopping = true;
	for (struct fd_job *j = d->jobs; j != NULL; j = j->next) {
		cancel_locked(j);
		conn_shutdown(j->dir);
	}
	mutex_unlock(&d->lock);
}

/* ---- one job ---- */

static void
send_to_director(void *arg, const char *frame, size_t n)
{
	struct fd_job *j = arg;
	struct err e = ERR_INIT;

	if (conn_send(j->dir, bytes_of(frame, n), &e) != ERR_OK)
		job_msg_mute(j->msg);
}

/* What the Messages resource wants sent to a director; without one, all but the two noisy ones. */
static uint32_t
wanted_types(const struct fd_client *own)
{
	uint32_t types = 0;

	if (own->messages == NULL)
		return CONF_MSG_ALL & ~(CONF_MSG_BIT(MSG_SKIPPED) | CONF_MSG_BIT(MSG_RESTORED));
	for (size_t i = 0; i < own->messages->n_dest; i++)
		if (own->messages->dest[i].kind == CONF_DEST_DIRECTOR)
			types |= own->messages->dest[i].types;
	return types;
}

struct fd_job *
fd_job_new(struct fd_daemon *d, struct conn *dir, const struct fd_director *director,
	   struct fd_conf *conf)
{
	struct fd_job *j = NEW(struct fd_job);
	struct err e = ERR_INIT;

	j->daemon = d;
	j->dir = dir;
	j->director = director;
	j->conf = fd_conf_ref(conf);
	j->start = clock_now();
	j->cancel.event = -1;
	atomic_init(&j->type, JOB_SYSTEM);
	atomic_init(&j->level, LEVEL_NONE);
	atomic_init(&j->status, STATUS_RUNNING);
	pipe_progress_init(&j->progress);
	mutex_init(&j->beat.lock, RANK_LEAF);
	cond_init(&j->beat.wake);
	j->msg = job_msg_new(conf->client->name, send_to_director, j);
	j->wanted = wanted_types(conf->client);
	job_msg_set_filter(j->msg, j->wanted);
	if (cancel_init(&j->cancel, &e) != ERR_OK)
		job_report_err(j->msg, MSG_WARNING, &e); /* the flag alone still works */
	mutex_lock(&d->lock);
	atomic_store(&j->bandwidth, d->bandwidth);
	j->next = d->jobs;
	d->jobs = j;
	if (d->stopping) {
		cancel_locked(j);
		conn_shutdown(j->dir);
	}
	mutex_unlock(&d->lock);
	if (director->maximum_bandwidth_per_job != 0)
		atomic_store(&j->bandwidth, director->maximum_bandwidth_per_job);
	return j;
}

void
fd_job_enter(struct fd_job *j, uint32_t job_id, const char *job)
{
	thread_set_job(job_id);
	mutex_lock(&j->daemon->lock);
	j->job_id = job_id;
	(void)snprintf(j->job, sizeof(j->job), "%s", job);
	mutex_unlock(&j->daemon->lock);
}

static void
remember_locked(struct fd_daemon *d, struct fd_job *j) REQUIRES(d->lock)
{
	struct ended_job e = { .job_id = j->job_id,
			       .level = atomic_load(&j->level),
			       .type = atomic_load(&j->type),
			       .status = fd_job_status(j),
			       .files = atomic_load(&j->progress.files),
			       .errors = job_msg_errors(j->msg),
			       .bytes = atomic_load(&j->progress.bytes),
			       .end = clock_now() };

	(void)snprintf(e.job, sizeof(e.job), "%s", j->job);
	if (d->n_ended < ENDED_KEPT)
		d->n_ended++;
	memmove(&d->ended[1], &d->ended[0], (d->n_ended - 1) * sizeof(d->ended[0]));
	d->ended[0] = e;
	d->jobs_run++;
}

static void
trace_stages(struct fd_job *j)
{
	OWNED(buf_release) struct buf text = BUF_INIT(1024);

	stage_text(&j->progress.stages, &text);
	trace(50, "job %s: stages: %s; pipeline memory at most %zu bytes", j->job, buf_str(&text),
	      atomic_load(&j->progress.memory_peak));
}

void
fd_job_leave(struct fd_job *j)
{
	struct fd_daemon *d = j->daemon;

	if (j->job_id != 0)
		trace_stages(j);

	mutex_lock(&d->lock);
	if (j->job_id != 0)
		remember_locked(d, j);
	j->ended = true;
	mutex_unlock(&d->lock);
	thread_set_job(0);
}

static void
unlink_job(struct fd_job *j)
{
	struct fd_job **at;

	mutex_lock(&j->daemon->lock);
	for (at = &j->daemon->jobs; *at != NULL && *at != j; at = &(*at)->next)
		;
	if (*at == j)
		*at = j->next;
	mutex_unlock(&j->daemon->lock);
}

void
fd_job_free(struct fd_job *j)
{
	if (j == NULL)
		return;
	unlink_job(j);
	conn_free(j->sd);
	job_msg_free(j->msg);
	fileset_release(&j->fileset);
	secret_release(&j->key);
	for (size_t i = 0; i < j->n_scripts; i++)
		free(j->scripts[i].command);
	free(j->scripts);
	pipe_progress_release(&j->progress);
	inodes_release(&j->implied);
	cond_release(&j->beat.wake);
	mutex_release(&j->beat.lock);
	cancel_release(&j->cancel);
	fd_conf_unref(j->conf);
	free(j);
}

static struct fd_job *
find_locked(struct fd_daemon *d, const char *job) REQUIRES(d->lock)
{
	for (struct fd_job *j = d->jobs; j != NULL; j = j->next)
		if (!j->ended && j->job[0] != '\0' && strcmp(j->job, job) == 0)
			return j;
	return NULL;
}

bool
fd_job_cancel(struct fd_daemon *d, const char *job)
{
	struct fd_job *j;

	mutex_lock(&d->lock);
	j = find_locked(d, job);
	if (j != NULL)
		cancel_locked(j);
	mutex_unlock(&d->lock);
	return j != NULL;
}

bool
fd_job_limit(struct fd_daemon *d, const char *job, uint64_t bandwidth)
{
	struct fd_job *j;

	mutex_lock(&d->lock);
	j = find_locked(d, job);
	if (j != NULL)
		atomic_store(&j->bandwidth, bandwidth);
	mutex_unlock(&d->lock);
	return j != NULL;
}

void
fd_job_set_status(struct fd_job *j, int status)
{
	int old = atomic_load(&j->status);

	while (!job_status_is_canceled(old) &&
	       !atomic_compare_exchange_weak(&j->status, &old, status))
		;
}

int
fd_job_status(const struct fd_job *j)
{
	return atomic_load_explicit(&((struct fd_job *)(uintptr_t)j)->status, memory_order_acquire);
}

void
fd_job_fatal(struct fd_job *j, const struct err *e)
{
	if (e->code == ERR_CANCELED || fd_job_status(j) == STATUS_CANCELED) {
		fd_job_set_status(j, STATUS_CANCELED);
		return;
	}
	job_report_err(j->msg, MSG_FATAL, e);
	fd_job_set_status(j, STATUS_FATAL);
}

void
fd_job_report_links(struct fd_job *j, struct link_table *t)
{
	struct err why = ERR_INIT;

	if (link_table_failed(t, &why))
		job_report(j->msg, MSG_WARNING,
			   "Not all files that have several names could be told apart; those are "
			   "treated as files of their own: %s",
			   why.text);
}

/* ---- a storage daemon that calls in (passive client) ---- */

bool
fd_job_copy_key(struct fd_daemon *d, const char *job, struct secret *out)
{
	struct fd_job *j;
	bool ok;

	mutex_lock(&d->lock);
	j = find_locked(d, job);
	ok = j != NULL && j->sd == NULL && j->key.n > 0;
	if (ok)
		secret_set(out, secret_bytes(&j->key));
	mutex_unlock(&d->lock);
	return ok;
}

bool
fd_job_give_sd(struct fd_daemon *d, const char *job, struct conn **c)
{
	struct fd_job *j;
	bool ok;

	mutex_lock(&d->lock);
	j = find_locked(d, job);
	ok = j != NULL && j->sd == NULL && j->key.n > 0;
	if (ok) {
		j->sd = TAKE_PTR(*c);
		secret_release(&j->key); /* single use; wire.md 9 */
		cond_broadcast(&d->changed);
	}
	mutex_unlock(&d->lock);
	return ok;
}

enum err_code
fd_job_await_sd(struct fd_job *j, int64_t seconds, struct err *err)
{
	int64_t until = clock_mono_ms() + seconds * 1000;
	bool there;

	mutex_lock(&j->daemon->lock);
	while (j->sd == NULL && !cancel_asked(&j->cancel) && clock_mono_ms() < until)
		(void)cond_wait_ms(&j->daemon->changed, &j->daemon->lock, 1000);
	there = j->sd != NULL;
	mutex_unlock(&j->daemon->lock);
	if (there)
		return ERR_OK;
	if (cancel_asked(&j->cancel))
		return err_set(err, ERR_CANCELED, "canceled");
	return err_set(err, ERR_PEER, "no storage daemon called within %lld seconds",
		       (long long)seconds);
}
