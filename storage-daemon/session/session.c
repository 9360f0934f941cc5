#include "storage-daemon/session/session.h"

#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/hash.h"
#include "lib/base/own.h"
#include "lib/crypto/mac.h"
#include "lib/proto/job_code.h"
#include "storage-daemon/session/sd.h"

struct sessions {
	struct mutex lock; /* RANK_JOBS */
	struct session *list GUARDED_BY(&lock);
	uint32_t last_id GUARDED_BY(&lock);
	uint32_t run GUARDED_BY(&lock), running GUARDED_BY(&lock);
	struct session_past past[SESSIONS_PAST] GUARDED_BY(&lock); /* ring; n_past counts all */
	size_t n_past GUARDED_BY(&lock);
};

struct sessions *
sessions_new(void)
{
	struct sessions *t = NEW(struct sessions);

	mutex_init(&t->lock, RANK_JOBS);
	return t;
}

void
sessions_free(struct sessions *t)
{
	if (t == NULL)
		return;
	mutex_release(&t->lock);
	free(t);
}

static void
session_free(struct session *s) NO_ANALYSIS /* nobody else knows it any more */
{
	bootstrap_free(s->bsr);
	free(s->append_wish);
	free(s->read_wish);
	conn_free(s->fd);
	secret_release(&s->key);
	cancel_release(&s->cancel);
	cond_release(&s->changed);
	mutex_release(&s->lock);
	free(s);
}

void
session_put(struct session *s)
{
	if (s != NULL && atomic_fetch_sub(&s->refs, 1) == 1)
		session_free(s);
}

void
session_putp(struct session **s)
{
	session_put(*s);
}

static struct session *
find_locked(struct sessions *t, const char *job) REQUIRES(&t->lock)
{
	struct session *s;
	char digits[16];

	DL_FOREACH (t->list, s) {
		(void)snprintf(digits, sizeof(digits), "%u", s->job.job_id);
		if (strcmp(s->job.job, job) == 0 || strcmp(digits, job) == 0)
			return s;
	}
	return NULL;
}

struct session *
session_find(struct sessions *t, const char *job)
{
	struct session *s;

	mutex_lock(&t->lock);
	s = find_locked(t, job);
	if (s != NULL)
		atomic_fetch_add(&s->refs, 1);
	mutex_unlock(&t->lock);
	return s;
}

static void
unlist_locked(struct sessions *t, struct session *s) REQUIRES(&t->lock)
{
	if (!s->listed)
		return;
	DL_DELETE(t->list, s);
	s->listed = false;
	t->running--;
}

static void
list_locked(struct sessions *t, struct session *s) REQUIRES(&t->lock)
{
	if (!s->job.rerunning || s->job.session_id == 0) {
		s->job.session_id = ++t->last_id;
		s->job.session_time = (uint32_t)s->sd->started;
	}
	DL_APPEND(t->list, s);
	s->listed = true;
	t->run++;
	t->running++;
}

/* A rescheduled job comes under its old name: its unserved former self is dropped. */
static enum err_code
make_room(struct sessions *t, const char *job, struct err *err)
{
	OWNED(session_putp) struct session *old = session_find(t, job);
	bool taken;

	if (old == NULL || strcmp(old->job.job, job) != 0)
		return ERR_OK;
	mutex_lock(&old->lock);
	taken = old->fd_taken;
	mutex_unlock(&old->lock);
	if (taken && !cancel_asked(&old->cancel))
		return err_set(err, ERR_PROTO, "job %s is already running here", job);
	session_cancel(old);
	mutex_lock(&t->lock);
	unlist_locked(t, old);
	mutex_unlock(&t->lock);
	return ERR_OK;
}

enum err_code
session_new(struct sd *sd, const struct session_job *job, const char *director,
	    struct session **out, struct err *err)
{
	struct session *s;
	char key[JOB_KEY_LEN + 1];
	enum err_code code = make_room(sd->sessions, job->job, err);

	if (code != ERR_OK)
		return code;
	s = NEW(struct session);
	code = cancel_init(&s->cancel, err);
	if (code != ERR_OK) {
		free(s);
		return code;
	}
	s->sd = sd;
	s->job = *job;
	(void)snprintf(s->director, sizeof(s->director), "%s", director);
	s->start = clock_now();
	mutex_init(&s->lock, RANK_JOB);
	cond_init(&s->changed);
	job_key_new(key);
	secret_set(&s->key, bytes_str(key));
	explicit_bzero(key, sizeof(key));
	atomic_store(&s->status, STATUS_CREATED);
	atomic_store(&s->last_ms, clock_mono_ms());
	atomic_store(&s->bandwidth, sd->conf->storage->maximum_bandwidth_per_job);
	atomic_store(&s->refs, 1);
	mutex_lock(&sd->sessions->lock);
	list_locked(sd->sessions, s);
	mutex_unlock(&sd->sessions->lock);
	/* The daemon may have cancelled all it knew a moment ago. */
	if (cancel_asked(&sd->stop))
		session_cancel(s);
	*out = s;
	return ERR_OK;
}

void
session_end(struct sessions *t, struct session *s)
{
	struct session_past *p;

	mutex_lock(&t->lock);
	unlist_locked(t, s);
	p = &t->past[t->n_past++ % SESSIONS_PAST];
	*p = (struct session_past){ .job_id = s->job.job_id,
				    .type = s->job.type,
				    .level = s->job.level,
				    .status = atomic_load(&s->status),
				    .files = atomic_load(&s->files),
				    .bytes = atomic_load(&s->bytes),
				    .errors = atomic_load(&s->errors),
				    .end = clock_now() };
	memcpy(p->job_name, s->job.job_name, sizeof(p->job_name));
	mutex_unlock(&t->lock);
}

void
session_cancel(struct session *s)
{
	cancel_now(&s->cancel);
	mutex_lock(&s->lock);
	cond_broadcast(&s->changed);
	mutex_unlock(&s->lock);
	media_wake(&s->sd->media);
}

static void
cancel_one(void *arg UNUSED, struct session *s)
{
	session_cancel(s);
}

void
sessions_cancel_all(struct sessions *t)
{
	sessions_each(t, cancel_one, NULL);
}

bool
session_key(struct sessions *t, const char *job, struct secret *out)
{
	OWNED(session_putp) struct session *s = session_find(t, job);
	bool is;

	if (s == NULL || strcmp(s->job.job, job) != 0)
		return false;
	mutex_lock(&s->lock);
	is = s->key.n > 0;
	if (is)
		secret_set(out, secret_bytes(&s->key));
	mutex_unlock(&s->lock);
	return is;
}

void
session_key_text(struct session *s, char out[JOB_KEY_LEN + 1])
{
	mutex_lock(&s->lock);
	(void)snprintf(out, JOB_KEY_LEN + 1, "%s", s->key.n > 0 ? s->key.p : "");
	mutex_unlock(&s->lock);
}

enum err_code
session_offer_fd(struct session *s, struct conn **c, struct err *err)
{
	bool taken;

	mutex_lock(&s->lock);
	taken = s->fd_taken;
	if (!taken) {
		s->fd_taken = true;
		s->fd = TAKE_PTR(*c);
		secret_release(&s->key); /* single use; wire.md 9 */
		cond_broadcast(&s->changed);
	}
	mutex_unlock(&s->lock);
	if (taken)
		return err_set(err, ERR_AUTH, "JobId %u Job %s is already authenticated",
			       s->job.job_id, s->job.job);
	return ERR_OK;
}

enum err_code
session_wait_fd(struct session *s, int64_t seconds, struct conn **out, struct err *err)
{
	int64_t end_ms = clock_mono_ms() + seconds * 1000;
	struct conn *fd;

	mutex_lock(&s->lock);
	/* Predicate: the file daemon is here, cancel, director gone or deadline. */
	while (s->fd == NULL && !cancel_asked(&s->cancel) && !conn_has_hung_up(s->dir) &&
	       clock_mono_ms() < end_ms)
		(void)cond_wait_ms(&s->changed, &s->lock, 1000);
	fd = s->fd;
	mutex_unlock(&s->lock);
	if (cancel_asked(&s->cancel))
		return err_set(err, ERR_CANCELED, "canceled while waiting for the client");
	if (fd == NULL && conn_has_hung_up(s->dir))
		return err_set(err, ERR_PEER,
			       "the director hung up while job %s waited for its "
			       "client",
			       s->job.job);
	if (fd == NULL)
		return err_set(err, ERR_PEER,
			       "client \"%s\" did not connect within %lld seconds (Client Connect "
			       "Wait)",
			       s->job.client, (long long)seconds);
	*out = fd;
	return ERR_OK;
}

void
session_close_fd(struct session *s)
{
	struct conn *fd;

	mutex_lock(&s->lock);
	fd = TAKE_PTR(s->fd);
	mutex_unlock(&s->lock);
	conn_free(fd);
}

void
session_set_msg(struct session *s, struct job_msg *msg)
{
	s->msg = msg;
	mutex_lock(&s->lock);
	s->shared_msg = msg;
	/* Predicate: nobody has the former one in hand. */
	while (s->reporters > 0)
		cond_wait(&s->changed, &s->lock);
	mutex_unlock(&s->lock);
}

static struct job_msg *
begin_report(struct session *s)
{
	struct job_msg *msg;

	mutex_lock(&s->lock);
	msg = s->shared_msg;
	s->reporters += msg != NULL;
	mutex_unlock(&s->lock);
	return msg;
}

/* Without the lock: the director may be slow to read. */
void
session_report(struct session *s, enum msg_type type, const char *text)
{
	struct job_msg *msg = begin_report(s);

	if (msg == NULL)
		return;
	job_report(msg, type, "%s\n", text);
	mutex_lock(&s->lock);
	s->reporters--;
	cond_broadcast(&s->changed);
	mutex_unlock(&s->lock);
}

uint32_t
session_errors(struct session *s)
{
	uint32_t n;

	mutex_lock(&s->lock);
	n = s->shared_msg != NULL ? job_msg_errors(s->shared_msg) : atomic_load(&s->errors);
	mutex_unlock(&s->lock);
	return n;
}

void
session_show(struct session *s, const char *volume, const char *device, const char *pool,
	     bool reading)
{
	mutex_lock(&s->lock);
	(void)snprintf(s->volume, sizeof(s->volume), "%s", volume);
	(void)snprintf(s->device, sizeof(s->device), "%s", device);
	(void)snprintf(s->pool, sizeof(s->pool), "%s", pool);
	s->reading = reading;
	mutex_unlock(&s->lock);
}

void
session_show_waiting(struct session *s, const char *what)
{
	mutex_lock(&s->lock);
	(void)snprintf(s->waiting, sizeof(s->waiting), "%s", what);
	mutex_unlock(&s->lock);
}

void
sessions_each(struct sessions *t, void (*fn)(void *arg, struct session *s), void *arg)
{
	OWNED(freep) struct session **all = NULL;
	struct session *s;
	size_t n = 0, i = 0;

	mutex_lock(&t->lock);
	DL_FOREACH (t->list, s)
		n++;
	all = NEW_ARRAY(struct session *, n + 1);
	DL_FOREACH (t->list, s) {
		atomic_fetch_add(&s->refs, 1);
		all[i++] = s;
	}
	mutex_unlock(&t->lock);
	for (i = 0; i < n; i++) {
		fn(arg, all[i]);
		session_put(all[i]);
	}
}

size_t
sessions_past(struct sessions *t, struct session_past out[SESSIONS_PAST])
{
	size_t n, first;

	mutex_lock(&t->lock);
	n = t->n_past < SESSIONS_PAST ? t->n_past : SESSIONS_PAST;
	first = t->n_past - n;
	for (size_t i = 0; i < n; i++)
		out[i] = t->past[(first + i) % SESSIONS_PAST];
	mutex_unlock(&t->lock);
	return n;
}

void
sessions_count(struct sessions *t, uint32_t *run, uint32_t *running)
{
	mutex_lock(&t->lock);
	*run = t->run;
	*running = t->running;
	mutex_unlock(&t->lock);
}
