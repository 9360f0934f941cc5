/* file-daemon/session/status.c - status and .status.  Spec: wire.md 5.9, console.md 6.6.3 */
#include <inttypes.h>
#include <stdio.h>

#include "file-daemon/session/listing.h"
#include "file-daemon/session/session_internal.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/own.h"

#define STATUS_MAX 262144u
#define DAY_FORMAT "%d-%b-%y %H:%M"

/* Every line travels as a frame of its own, with a NUL at its end (wire.md 2). */
static enum err_code
send_lines(struct session *s, struct buf *text, struct err *err)
{
	size_t at = 0;

	while (at < text->len) {
		char *lf = memchr(text->p + at, '\n', text->len - at);
		size_t n = lf != NULL ? (size_t)(lf - (char *)(text->p + at)) + 1 : text->len - at;
		OWNED(buf_release) struct buf frame = BUF_INIT(STATUS_MAX + 1);

		buf_put(&frame, text->p + at, n);
		buf_put(&frame, "", 1);
		if (conn_send(s->dir, buf_bytes(&frame), err) != ERR_OK)
			return err->code;
		at += n;
	}
	return ERR_OK;
}

static unsigned
running_locked(const struct fd_daemon *d) REQUIRES(d->lock)
{
	unsigned n = 0;

	for (const struct fd_job *j = d->jobs; j != NULL; j = j->next)
		if (j->job_id != 0 && !j->ended)
			n++;
	return n;
}

static void
header_locked(const struct session *s, struct buf *b) REQUIRES(s->daemon->lock)
{
	const struct fd_daemon *d = s->daemon;
	char os[128], when[32];

	buf_text(b, "%s Version: %s (21 November 2026) %s\n", s->conf->client->name, TERCET_VERSION,
		 os_text(os, sizeof(os)));
	buf_text(b, "Daemon started %s. Jobs: run=%u running=%u, self-compiled binary\n",
		 clock_format(d->started, DAY_FORMAT, when, sizeof(when)), d->jobs_run,
		 running_locked(s->daemon));
	buf_text(b, " Sizeof: boffset_t=%zu size_t=%zu debug=%d trace=0 bwlimit=%" PRIu64 "kB/s\n",
		 sizeof(off_t), sizeof(size_t), atomic_load(&log_trace_level), d->bandwidth / 1024);
}

/* Which part of the job works, and which waits for the others. */
static void
stages_line(struct fd_job *j, struct buf *b)
{
	OWNED(buf_release) struct buf text = BUF_INIT(1024);
	char memory[32];

	stage_text(&j->progress.stages, &text);
	if (text.len == 0)
		return;
	buf_text(b, "    Stages: %s\n", buf_str(&text));
	if (atomic_load(&j->progress.memory_peak) > 0)
		buf_text(b, "    Pipeline Memory=%s\n",
			 number_with_commas(atomic_load(&j->progress.memory), memory));
}

static void
one_running(struct fd_job *j, struct buf *b)
{
	char when[32], a[32], c[32], e[32], x[32], current[512];
	int64_t seconds = clock_now() - j->start;
	uint64_t bytes = atomic_load(&j->progress.bytes) + atomic_load(&j->progress.streaming);
	const char *waits_for = atomic_load(&j->waits_for);

	buf_text(b, "JobId %u Job %s is %s.\n", j->job_id, j->job,
		 fd_job_status(j) == STATUS_CANCELED ? "being canceled" : "running");
	buf_text(b, "    %s %s Job started: %s\n", job_level_text(atomic_load(&j->level)),
		 job_type_text(atomic_load(&j->type)),
		 clock_format(j->start, DAY_FORMAT, when, sizeof(when)));
	buf_text(b, "    Files=%s Bytes=%s Bytes/sec=%s Errors=%u\n",
		 number_with_commas(atomic_load(&j->progress.files), a),
		 number_with_commas(bytes, c),
		 number_with_commas(bytes / (uint64_t)(seconds > 0 ? seconds : 1), e),
		 job_msg_errors(j->msg));
	if (j->bandwidth > 0)
		buf_text(b, "    Bwlimit=%s\n", number_with_commas(j->bandwidth, e));
	buf_text(b, "    Files Examined=%s\n", number_with_commas(atomic_load(&j->examined), x));
	stages_line(j, b);
	pipe_progress_current(&j->progress, current, sizeof(current));
	if (waits_for != NULL)
		buf_text(b, "    Waiting for %s\n", waits_for);
	else if (current[0] != '\0')
		buf_text(b, "    Processing file: %s\n", current);
	buf_text(b, "    Storage daemon: %s\n", j->sd != NULL ? conn_peer(j->sd) : "not connected");
}

static void
running_list_locked(const struct session *s, struct buf *b) REQUIRES(s->daemon->lock)
{
	char when[32];
	unsigned n = 0;

	buf_text(b, "\nRunning Jobs:\n");
	for (struct fd_job *j = s->daemon->jobs; j != NULL && b->len < STATUS_MAX / 2; j = j->next)
		if (j->job_id != 0 && !j->ended) {
			one_running(j, b);
			n++;
		}
	if (n == 0)
		buf_text(b, "No Jobs running.\n");
	buf_text(b, "%s (director) connected at: %s\n====\n", s->director->name,
		 clock_format(clock_now(), DAY_FORMAT, when, sizeof(when)));
}

static const char *
short_status(int status)
{
	switch (status) {
	case STATUS_OK:
		return "OK";
	case STATUS_WARNINGS:
		return "OK -- with warnings";
	case STATUS_DIFFERENCES:
		return "Diffs";
	case STATUS_CANCELED:
		return "Cancel";
	case STATUS_CREATED:
		return "Created";
	case STATUS_FATAL:
	case STATUS_ERROR:
		return "Error";
	default:
		return "Other";
	}
}

/* "223.9 K", four digits. */
static const char *
short_bytes(uint64_t v, char *out, size_t cap)
{
	static const char *const units[] = { "", " K", " M", " G", " T", " P" };
	double d = (double)v;
	size_t u = 0;

	while (d >= 1000.0 && u < sizeof(units) / sizeof(units[0]) - 1) {
		d /= 1000.0;
		u++;
	}
	if (u == 0)
		(void)snprintf(out, cap, "%" PRIu64, v);
	else
		(void)snprintf(out, cap, "%.*f%s", d < 10.0 ? 3 : d < 100.0 ? 2 : 1, d, units[u]);
	return out;
}

/* The name without ".2026-11-21_02.32.26_05". */
static int
base_name_len(const char *job)
{
	const char *p = job + strlen(job);

	for (int dots = 0; dots < 3 && p > job;)
		if (*--p == '.')
			dots++;
	return p > job ? (int)(p - job) : (int)strlen(job);
}

static void
ended_list_locked(const struct session *s, struct buf *b) REQUIRES(s->daemon->lock)
{
	const struct fd_daemon *d = s->daemon;

	buf_text(b, "\nTerminated Jobs:\n");
	if (d->n_ended == 0) {
		buf_text(b, "No Terminated Jobs.\n");
		return;
	}
	buf_text(b, " JobId  Level    Files      Bytes   Status   Finished        Name \n");
	buf_text(b, "======================================================================\n");
	for (size_t i = d->n_ended; i > 0; i--) {
		const struct ended_job *e = &d->ended[i - 1];
		char files[32], bytes[32], when[32];
		const char *level = e->type == JOB_BACKUP ? job_level_text(e->level) : "";

		buf_text(b, "%6u  %-6.4s %8s %10s  %-7s  %-8s %.*s\n", e->job_id, level,
			 number_with_commas(e->files, files),
			 short_bytes(e->bytes, bytes, sizeof(bytes)), short_status(e->status),
			 clock_format(e->end, DAY_FORMAT, when, sizeof(when)),
			 base_name_len(e->job), e->job);
	}
	buf_text(b, "====\n");
}

enum err_code
cmd_status(struct session *s, struct bytes line, struct err *err)
{
	OWNED(buf_release) struct buf b = BUF_INIT(STATUS_MAX);

	(void)line;
	mutex_lock(&s->daemon->lock);
	header_locked(s, &b);
	running_list_locked(s, &b);
	ended_list_locked(s, &b);
	mutex_unlock(&s->daemon->lock);
	if (conn_printf(s->dir, err, "\n") != ERR_OK || send_lines(s, &b, err) != ERR_OK)
		return err->code;
	return conn_signal(s->dir, FRAME_EOD, err);
}

/* ---- .status ---- */

static void
dot_current_locked(const struct session *s, struct buf *b) REQUIRES(s->daemon->lock)
{
	buf_text(b, DIR_FD_OK_DOT_STATUS);
	for (struct fd_job *j = s->daemon->jobs; j != NULL && b->len < STATUS_MAX / 2; j = j->next)
		if (j->job_id != 0 && !j->ended)
			buf_text(b, DIR_FD_DOT_STATUS_JOB, j->job_id, fd_job_status(j),
				 job_msg_errors(j->msg));
}

static void
dot_last_locked(const struct session *s, struct buf *b) REQUIRES(s->daemon->lock)
{
	const struct ended_job *e = &s->daemon->ended[0];

	buf_text(b, DIR_FD_OK_DOT_STATUS);
	if (s->daemon->n_ended > 0)
		buf_text(b, DIR_FD_DOT_STATUS_JOB, e->job_id, e->status, e->errors);
}

static const struct {
	const char *word;
	void (*list_locked)(const struct session *s, struct buf *b);
} dot_rows[] = {
	{ "current", dot_current_locked },   { "last", dot_last_locked },
	{ "header", header_locked },         { "running", running_list_locked },
	{ "terminated", ended_list_locked },
};

enum err_code
cmd_dot_status(struct session *s, struct bytes line, struct err *err)
{
	OWNED(buf_release) struct buf b = BUF_INIT(STATUS_MAX);
	char word[WIRE_NAME_MAX + 1];

	if (!wire_scan(line, DIR_FD_DOT_STATUS_SCAN, word))
		word[0] = '\0';
	for (size_t i = 0; i < sizeof(dot_rows) / sizeof(dot_rows[0]); i++) {
		if (strcmp(dot_rows[i].word, word) != 0)
			continue;
		mutex_lock(&s->daemon->lock);
		dot_rows[i].list_locked(s, &b);
		mutex_unlock(&s->daemon->lock);
		if (send_lines(s, &b, err) != ERR_OK)
			return err->code;
		return conn_signal(s->dir, FRAME_EOD, err);
	}
	if (conn_printf(s->dir, err, DIR_FD_BAD_DOT_STATUS) != ERR_OK ||
	    conn_signal(s->dir, FRAME_EOD, err) != ERR_OK)
		return err->code;
	return err_set(err, ERR_EOF, "unknown .status word");
}
