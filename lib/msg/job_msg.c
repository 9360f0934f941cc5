/*
 * Lines are made and counted under one lock and handed to send() in order, outside of it, by
 * whichever thread finds that nobody is sending: send() may block, and it is never called by
 * two threads at once.
 */
#include "lib/msg/job_msg.h"

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/base/sync.h"
#include "lib/proto/dir_fd.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What waits for a slow director; more is counted and dropped. */
#define LINES_MAX 10000
#define BYTES_MAX (16u * MIB) /* a path alone may have half a million */

struct line {
	char *frame; /* owned */
	size_t n;
	struct line *next;
};

struct job_msg {
	struct mutex lock; /* RANK_MSG */
	char *daemon;      /* owned; immutable */
	void (*send)(void *arg, const char *frame, size_t n);
	void *arg;
	uint32_t job_id GUARDED_BY(&lock);
	char job[128] GUARDED_BY(&lock);
	uint32_t wanted GUARDED_BY(&lock); /* bit n: type n */
	struct line *first GUARDED_BY(&lock), **last GUARDED_BY(&lock);
	size_t n_queued GUARDED_BY(&lock), bytes_queued GUARDED_BY(&lock);
	size_t n_dropped GUARDED_BY(&lock);
	bool sending GUARDED_BY(&lock);
	bool muted GUARDED_BY(&lock);
	uint32_t errors GUARDED_BY(&lock), warnings GUARDED_BY(&lock);
	bool fatal GUARDED_BY(&lock);
};

struct job_msg *
job_msg_new(const char *daemon, void (*send)(void *arg, const char *frame, size_t n),
	    void *arg) NO_ANALYSIS
{
	struct job_msg *m = NEW(struct job_msg);

	mutex_init(&m->lock, RANK_MSG);
	m->daemon = str_dup(daemon);
	m->send = send;
	m->arg = arg;
	m->wanted = UINT32_MAX;
	m->last = &m->first;
	return m;
}

static void
line_free(struct line *l)
{
	if (l == NULL)
		return;
	free(l->frame);
	free(l);
}

void
job_msg_free(struct job_msg *m) NO_ANALYSIS
{
	struct line *l, *next;

	if (m == NULL)
		return;
	LL_FOREACH_SAFE(m->first, l, next)
	{
		line_free(l);
	}
	free(m->daemon);
	mutex_release(&m->lock);
	free(m);
}

void
job_msg_set_job(struct job_msg *m, uint32_t job_id, const char *job)
{
	mutex_lock(&m->lock);
	m->job_id = job_id;
	(void)snprintf(m->job, sizeof(m->job), "%s", job);
	mutex_unlock(&m->lock);
}

void
job_msg_set_filter(struct job_msg *m, uint32_t wanted)
{
	mutex_lock(&m->lock);
	m->wanted = wanted;
	mutex_unlock(&m->lock);
}

static void
count_locked(struct job_msg *m, enum msg_type type) REQUIRES(m->lock)
{
	switch (type) {
	case MSG_ABORT:
	case MSG_FATAL:
	case MSG_ERROR_TERM:
		m->fatal = true;
		m->errors++;
		return;
	case MSG_ERROR:
	case MSG_NOTSAVED:
		m->errors++;
		return;
	case MSG_WARNING:
		m->warnings++;
		return;
	case MSG_DEBUG:
	case MSG_INFO:
	case MSG_SAVED:
	case MSG_SKIPPED:
	case MSG_MOUNT:
	case MSG_TERM:
	case MSG_RESTORED:
	case MSG_SECURITY:
	case MSG_ALERT:
	case MSG_VOLMGMT:
	case MSG_AUDIT:
	case MSG_CONFIG:
		return;
	}
}

/* One frame: "Jmsg ..." of a job, the text alone in a session without one; wire.md 4. */
static struct line *
line_new_locked(struct job_msg *m, enum msg_type type, const char *text) REQUIRES(m->lock)
{
	struct line *l = NEW(struct line);
	size_t n = strlen(text);
	char *body = str_printf("%s JobId %u: %s%s%s", m->daemon, m->job_id, msg_type_prefix(type),
				text, n > 0 && text[n - 1] == '\n' ? "" : "\n");

	if (m->job_id == 0) {
		l->frame = body;
	} else {
		l->frame = str_printf(JOB_MSG, m->job, (int)type, clock_now(), body);
		free(body);
	}
	l->n = strlen(l->frame);
	return l;
}

static void
enqueue_locked(struct job_msg *m, enum msg_type type, const char *text) REQUIRES(m->lock)
{
	struct line *l;

	count_locked(m, type);
	if (m->muted || (m->wanted & 1u << type) == 0)
		return;
	if (m->n_queued >= LINES_MAX || m->bytes_queued >= BYTES_MAX) {
		m->n_dropped++;
		return;
	}
	l = line_new_locked(m, type, text);
	*m->last = l;
	m->last = &l->next;
	m->n_queued++;
	m->bytes_queued += l->n;
}

/* The next line, or NULL when there is none or another thread is sending. */
static struct line *
take_locked(struct job_msg *m, bool own_turn) REQUIRES(m->lock)
{
	struct line *l = m->first;

	if (m->sending && !own_turn)
		return NULL;
	if (l == NULL && m->n_dropped > 0) {
		char text[96];

		(void)snprintf(text, sizeof(text), "%zu messages came too fast and are not shown",
			       m->n_dropped);
		m->n_dropped = 0;
		enqueue_locked(m, MSG_WARNING, text);
		l = m->first;
	}
	m->sending = l != NULL;
	if (l == NULL)
		return NULL;
	m->first = l->next;
	if (m->first == NULL)
		m->last = &m->first;
	m->n_queued--;
	m->bytes_queued -= l->n;
	return l;
}

static struct line *
take(struct job_msg *m, bool own_turn)
{
	struct line *l;

	mutex_lock(&m->lock);
	l = take_locked(m, own_turn);
	mutex_unlock(&m->lock);
	return l;
}

static void
report(struct job_msg *m, enum msg_type type, const char *text)
{
	struct line *l;

	mutex_lock(&m->lock);
	enqueue_locked(m, type, text);
	mutex_unlock(&m->lock);
	for (l = take(m, false); l != NULL; l = take(m, true)) {
		m->send(m->arg, l->frame, l->n);
		line_free(l);
	}
}

void
job_report(struct job_msg *m, enum msg_type type, const char *fmt, ...)
{
	OWNED(freep) char *big = NULL;
	char small[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(small)) {
		report(m, type, small);
		return;
	}
	va_start(ap, fmt);
	n = vasprintf(&big, fmt, ap);
	va_end(ap);
	report(m, type, n >= 0 ? big : small);
}

void
job_report_err(struct job_msg *m, enum msg_type type, const struct err *err)
{
	if (err->code == ERR_BUG)
		job_report(m, type, "%s (%s:%d)", err->text, err->file, err->line);
	else
		job_report(m, type, "%s", err->text);
}

void
job_msg_mute(struct job_msg *m)
{
	mutex_lock(&m->lock);
	m->muted = true;
	mutex_unlock(&m->lock);
}

uint32_t
job_msg_errors(const struct job_msg *cm)
{
	struct job_msg *m = (struct job_msg *)(uintptr_t)cm;
	uint32_t n;

	mutex_lock(&m->lock);
	n = m->errors;
	mutex_unlock(&m->lock);
	return n;
}

uint32_t
job_msg_warnings(const struct job_msg *cm)
{
	struct job_msg *m = (struct job_msg *)(uintptr_t)cm;
	uint32_t n;

	mutex_lock(&m->lock);
	n = m->warnings;
	mutex_unlock(&m->lock);
	return n;
}

bool
job_msg_has_fatal(const struct job_msg *cm)
{
	struct job_msg *m = (struct job_msg *)(uintptr_t)cm;
	bool fatal;

	mutex_lock(&m->lock);
	fatal = m->fatal;
	mutex_unlock(&m->lock);
	return fatal;
}
