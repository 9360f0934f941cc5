#include "director/attrs/attr_recv.h"
#include "director/job/job_internal.h"

#include "lib/base/clock.h"
#include "lib/base/num.h"
#include "lib/base/own.h"

#include <stdarg.h>
#include <stdio.h>

#define CATALOG_AWAY_SECONDS  600 /* product.md: a catalog away for ten minutes fails no job */
#define CATALOG_RETRY_SECONDS 2

static const char *const trigger_texts[] = {
#define X(name, word) word,
	JOB_TRIGGERS(X)
#undef X
};

const char *
job_trigger_text(enum job_trigger t)
{
	return trigger_texts[t];
}

struct job *
job_ref(struct job *j)
{
	(void)atomic_fetch_add_explicit(&j->refs, 1, memory_order_relaxed);
	return j;
}

static void
job_free(struct job *j)
{
	msg_sink_free(j->sink);
	job_request_release(&j->req);
	str_list_release(&j->volumes);
	director_conf_put(j->d, j->conf);
	cancel_release(&j->cancel);
	cancel_release(&j->abort);
	cancel_release(&j->script_stop);
	mutex_release(&j->lock);
	free(j);
}

void
job_unref(struct job *j)
{
	if (j != NULL && atomic_fetch_sub_explicit(&j->refs, 1, memory_order_acq_rel) == 1)
		job_free(j);
}

void
job_unrefp(struct job **j)
{
	job_unref(*j);
}

static void
fill_plan_locked(struct job *j, struct job_info *out) REQUIRES(&j->lock)
{
	const struct job_plan *p = &j->plan;
	const struct dir_storage *st = p->write_storage != NULL ? p->write_storage
								: p->read_storage;

	out->type = p->type;
	out->level = p->level;
	out->priority = p->priority;
	str_copy(out->name, sizeof(out->name), p->job->name);
	str_copy(out->client, sizeof(out->client), p->client != NULL ? p->client->name : NULL);
	str_copy(out->fileset, sizeof(out->fileset), p->fileset != NULL ? p->fileset->name : NULL);
	str_copy(out->pool, sizeof(out->pool), p->pool != NULL ? p->pool->name : NULL);
	str_copy(out->storage, sizeof(out->storage), st != NULL ? st->name : NULL);
	str_copy(out->catalog, sizeof(out->catalog), p->catalog != NULL ? p->catalog->name : NULL);
}

static void
join_volumes_locked(struct job *j, char *out, size_t cap) REQUIRES(&j->lock)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < j->volumes.n && used < cap; i++)
		used += (size_t)snprintf(out + used, cap - used, "%s%s", i > 0 ? "|" : "",
					 j->volumes.v[i]);
}

void
job_fill_info(struct job *j, struct job_info *out)
{
	*out = (struct job_info){ .job_id = j->id, .trigger = j->trigger };
	str_copy(out->unique, sizeof(out->unique), j->unique);
	str_copy(out->comment, sizeof(out->comment), j->req.comment);
	mutex_lock(&j->lock);
	fill_plan_locked(j, out);
	out->status = j->status;
	out->fd_status = j->fd_status;
	out->sd_status = j->sd_status;
	out->queued = j->queued;
	out->sched_time = j->sched_time;
	out->start_time = j->start_time;
	out->end_time = j->end_time;
	out->errors = j->errors + j->fd.errors + j->sd.errors;
	out->warnings = j->warnings;
	if (j->live != NULL) {
		j->live_files = atomic_load_explicit(&j->live->files, memory_order_relaxed);
		j->live_bytes = atomic_load_explicit(&j->live->bytes, memory_order_relaxed);
	}
	out->files = j->fd.seen ? j->fd.files : j->live_files;
	/* A large file counts among the live ones at its end only. */
	out->bytes = j->fd.seen ? j->fd.bytes : u64_max(j->live_bytes, j->checkpoint_bytes);
	out->read_bytes = j->fd.read_bytes;
	out->expected_files = j->expected_files;
	out->expected_bytes = j->expected_bytes;
	str_copy(out->level_text, sizeof(out->level_text), j->level_text);
	str_copy(out->wait_reason, sizeof(out->wait_reason), j->wait_reason);
	str_copy(out->device, sizeof(out->device), j->device);
	join_volumes_locked(j, out->volumes, sizeof(out->volumes));
	mutex_unlock(&j->lock);
}

int64_t
job_late(const struct job *j)
{
	return j->made_late + (clock_mono_ms() - j->made_ms) / 1000;
}

struct job_plan
job_plan_copy(struct job *j)
{
	struct job_plan p;

	mutex_lock(&j->lock);
	p = j->plan;
	mutex_unlock(&j->lock);
	return p;
}

/* The letters in which a job waits for something.  Spec: director.md 6 */
static bool
is_waiting(int letter)
{
	return strchr("FSmMsjcdpt", letter) != NULL && letter != 0;
}

void
job_set_status_locked(struct job *j, int letter)
{
	int merged = job_status_merge(j->status, letter);
	int64_t now = clock_mono_ms() / 1000;

	if (is_waiting(j->status) && !is_waiting(merged) && j->wait_since != 0)
		j->waited += now - j->wait_since;
	if (!is_waiting(j->status) && is_waiting(merged))
		j->wait_since = now;
	if (!is_waiting(merged)) {
		j->wait_since = 0;
		j->wait_reason[0] = '\0';
	}
	j->status = merged;
}

void
job_set_status(struct job *j, int letter)
{
	mutex_lock(&j->lock);
	job_set_status_locked(j, letter);
	mutex_unlock(&j->lock);
}

void
job_set_wait(struct job *j, int letter, const char *reason)
{
	mutex_lock(&j->lock);
	job_set_status_locked(j, letter);
	if (is_waiting(j->status))
		str_copy(j->wait_reason, sizeof(j->wait_reason), reason);
	mutex_unlock(&j->lock);
}

int
job_status_now(struct job *j)
{
	int letter;

	mutex_lock(&j->lock);
	letter = j->status;
	mutex_unlock(&j->lock);
	return letter;
}

static void
count_message(struct job *j, enum msg_type type)
{
	mutex_lock(&j->lock);
	if (type == MSG_WARNING)
		j->warnings++;
	if (type == MSG_ERROR || type == MSG_FATAL)
		j->errors++;
	mutex_unlock(&j->lock);
}

void
job_say(struct job *j, enum msg_type type, const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	count_message(j, type);
	msg_sink_say(j->sink, type, text);
	if (type == MSG_FATAL)
		job_set_status(j, STATUS_FATAL);
}

void
job_fail(struct job *j, const struct err *err)
{
	int letter = job_status_now(j);

	/* The reason of a cancel was said by whoever asked for it. */
	if (letter == STATUS_CANCELED || (err->code == ERR_CANCELED && job_is_stopped(j)))
		return;
	job_say(j, MSG_FATAL, "%s", err->text);
}

bool
job_is_stopped(struct job *j)
{
	return cancel_asked(&j->cancel) || job_status_is_canceled(job_status_now(j));
}

enum err_code
job_check(struct job *j, struct err *err)
{
	if (job_is_stopped(j))
		return err_set(err, ERR_CANCELED, "the job was asked to stop");
	return ERR_OK;
}

void
job_add_volume(struct job *j, const char *name, uint64_t volume_bytes)
{
	mutex_lock(&j->lock);
	if (!str_list_has(&j->volumes, name))
		str_list_add(&j->volumes, name);
	if (volume_bytes > 0)
		j->last_volume_bytes = volume_bytes;
	mutex_unlock(&j->lock);
}

bool
job_catalog_again(struct job *j, int64_t *since_ms, const struct err *err)
{
	struct err ping = ERR_INIT;
	struct wait w = wait_for(&j->cancel, CATALOG_RETRY_SECONDS, "the catalog");
	bool first = *since_ms == 0;

	if (err->code != ERR_CATALOG)
		return false;
	/* A server that answers has refused; asking again changes nothing. */
	if (first && catalog_ping(j->catalog, &ping) == ERR_OK)
		return false;
	if (first) {
		*since_ms = clock_mono_ms();
		job_say(j, MSG_WARNING, "The catalog is away, waiting for it: %s", err->text);
	}
	while (clock_mono_ms() - *since_ms < CATALOG_AWAY_SECONDS * 1000) {
		if (wait_pause(&w, &ping) != ERR_OK)
			return false;
		w = wait_for(&j->cancel, CATALOG_RETRY_SECONDS, "the catalog");
		if (catalog_ping(j->catalog, &ping) == ERR_OK)
			return true;
	}
	return false;
}

void
job_request_release(struct job_request *r)
{
#define X(name) free(r->name);
	JOB_REQUEST_STRINGS(X)
#undef X
	*r = (struct job_request){ 0 };
}
