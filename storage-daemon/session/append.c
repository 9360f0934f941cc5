#include "storage-daemon/session/append_internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/proto/fd_sd.h"
#include "lib/proto/job_code.h"
#include "storage-daemon/media/mount.h"
#include "storage-daemon/session/sd.h"

struct append *
append_new(struct session *s)
{
	struct append *a = NEW(struct append);

	a->s = s;
	a->job = ask_media_job(s);
	a->device = TAKE_PTR(s->append_device); /* reserved early, or NULL */
	a->checkpoint_ms = clock_mono_ms();
	append_attrs_init(a);
	return a;
}

void
append_free(struct append *a)
{
	if (a == NULL)
		return;
	append_leave_volume(a);
	if (a->device != NULL)
		reserve_drop(&a->s->sd->media, a->device, true);
	attr_spool_free(a->spool);
	buf_release(&a->attrs);
	append_queue_release(a);
	recode_free(a->recode);
	free(a);
}

/* ---- receiving ---- */

/* "FileIndex stream info"; the two numbers are all that matters.  By hand: it comes per stream. */
static bool
parse_stream_head(struct bytes line, int32_t *file_index, int32_t *stream)
{
	int64_t v[2] = { 0, 0 };
	size_t i = 0;

	for (size_t k = 0; k < 2; k++) {
		bool negative = i < line.n && line.p[i] == '-';
		size_t first = i += negative;

		for (; i < line.n && line.p[i] >= '0' && line.p[i] <= '9' && i - first < 10; i++)
			v[k] = v[k] * 10 + (line.p[i] - '0');
		if (i == first || v[k] > INT32_MAX)
			return false;
		if (negative)
			v[k] = -v[k];
		if (k == 0 && (i >= line.n || line.p[i++] != ' '))
			return false;
	}
	*file_index = (int32_t)v[0];
	*stream = (int32_t)v[1];
	return true;
}

static enum err_code
begin_stream(struct append *a, struct bytes line, int32_t *stream, struct err *err)
{
	int32_t fi = 0;
	bool first = a->file_index == 0;

	if (!parse_stream_head(line, &fi, stream))
		return err_set(err, ERR_PROTO, "the client sent a malformed stream header: %.*s",
			       (int)(line.n > 80 ? 80 : line.n), (const char *)line.p);
	/* A negative one would be a continuation on the volume. */
	if (*stream <= 0)
		return err_set(err, ERR_PROTO, "the client sent stream %d of file %d", *stream, fi);
	if (fi == a->file_index && fi > 0)
		return ERR_OK;
	if (fi <= 0 || (first ? fi != 1 && !a->s->job.rerunning : fi - 1 != a->file_index))
		return err_set(err, ERR_PROTO, FD_SD_BAD_INDEX, fi, a->file_index);
	append_attrs_new_file(a);
	a->file_index = fi;
	a->files++;
	return ERR_OK;
}

/* The next frame that is not a sign of life; large data where there are n bytes of room. */
static enum err_code
next_frame(struct append *a, uint8_t *there, size_t n, struct frame *f, struct err *err)
{
	enum err_code code;

	do {
		code = append_writer_state(a, err);
		if (code != ERR_OK)
			return code;
		code = conn_recv_into(a->s->data, there, n, f, err);
	} while (code == ERR_OK && (f->signal == FRAME_HEARTBEAT || f->signal == FRAME_UNKNOWN));
	if (code == ERR_EOF) {
		err->code = ERR_PEER;
		code = ERR_PEER;
	}
	if (code != ERR_OK && code != ERR_CANCELED)
		return err_ctx(err, "Error reading data from client \"%s\"", a->s->job.client);
	return code;
}

static enum err_code
receive_stream(struct append *a, int32_t stream, struct err *err)
{
	for (;;) {
		struct frame f;
		size_t room;
		uint8_t *there = append_there(a, stream, &room);
		enum err_code code = next_frame(a, there, room, &f, err);

		if (code != ERR_OK)
			return code;
		if (f.signal == FRAME_EOD)
			return ERR_OK;
		if (f.signal != FRAME_DATA)
			return err_set(err, ERR_PROTO, "the client sent signal %d inside a stream",
				       (int)f.signal);
		if (there != NULL && f.data.p == there)
			append_put_there(a, a->file_index, stream, f.data.n);
		else
			code = append_put(a, a->file_index, stream, f.data, err);
		if (code == ERR_OK)
			code = append_attrs_keep(a, a->file_index, stream, f.data, err);
		if (code != ERR_OK)
			return code;
	}
}

static enum err_code
receive_all(struct append *a, struct err *err)
{
	for (;;) {
		struct frame f;
		int32_t stream = 0;
		enum err_code code = next_frame(a, NULL, 0, &f, err);

		if (code != ERR_OK)
			return code;
		if (f.signal == FRAME_EOD)
			return ERR_OK;
		if (f.signal != FRAME_DATA)
			return err_set(err, ERR_PROTO,
				       "the client sent signal %d in place of a stream header",
				       (int)f.signal);
		code = begin_stream(a, f.data, &stream, err);
		if (code == ERR_OK)
			code = receive_stream(a, stream, err);
		if (code != ERR_OK)
			return code;
	}
}

/* ---- the end ---- */

/* EOS, the last block, sync, attributes, JobMedia, counters: in this order. */
static enum err_code
finish(struct append *a, int status, struct err *err)
{
	enum err_code code = append_put_session_label(a, true, status, err);

	if (code == ERR_OK)
		code = append_pass_block(a, err);
	if (code == ERR_OK)
		code = append_attrs_finish(a, status == STATUS_OK, err);
	if (code == ERR_OK)
		code = append_end_piece(a, err);
	if (code == ERR_OK)
		code = mount_tell(a->device, &a->job, a->on.generation, err);
	if (code == ERR_OK)
		code = ask_delete_null_jobmedia(a->s, err);
	return code;
}

/* One last step; the first failure is reported, later ones follow from it. */
static void
try_step(struct append *a, enum err_code code, const struct err *err, bool *failed)
{
	if (code == ERR_OK)
		return;
	if (!*failed && code != ERR_PEER)
		job_report_err(a->s->msg, MSG_ERROR, err);
	*failed = true;
}

/*
 * After a failure: what is on the volume stays usable, and known as far as the director can be
 * told.  Without it the end is written and synced all the same; nothing is claimed.
 */
static void
finish_failed(struct append *a, const struct err *why)
{
	struct err err = ERR_INIT;
	int status = why->code == ERR_CANCELED ? STATUS_CANCELED : STATUS_FATAL;
	bool failed = a->ended;

	if (a->block == NULL || !a->joined || a->no_more_volumes)
		return;
	a->job.cancel = NULL; /* cancelled or not, the end is written */
	conn_set_wait(a->s->dir, NULL, LAST_WORDS_S, "the director's last answers");
	if (!failed)
		try_step(a, append_put_session_label(a, true, status, &err), &err, &failed);
	if (!failed)
		try_step(a, append_pass_block(a, &err), &err, &failed);
	if (a->s->director_gone) {
		if (a->piece_any && a->joined &&
		    device_sync(a->device, a->on.generation, &err) != ERR_OK)
			log_error("job %s: volume \"%s\": %s", a->s->job.job, a->on.volume,
				  err.text);
		return;
	}
	if (!failed)
		try_step(a, append_attrs_finish(a, false, &err), &err, &failed);
	if (!a->joined)
		return; /* the last block did not get another volume */
	failed = false;
	try_step(a, append_end_piece(a, &err), &err, &failed);
	if (!failed)
		try_step(a, mount_tell(a->device, &a->job, a->on.generation, &err), &err, &failed);
	if (!failed)
		try_step(a, ask_delete_null_jobmedia(a->s, &err), &err, &failed);
}

static void
report_rate(const struct append *a)
{
	int64_t ms = clock_mono_ms() - a->started_ms, s = (ms + 500) / 1000;
	double rate = ms > 0 ? (double)a->bytes * 1000.0 / (double)ms : (double)a->bytes;
	const char *unit = "";

	if (rate >= 1e6) {
		rate /= 1e6;
		unit = "M ";
	} else if (rate >= 1e3) {
		rate /= 1e3;
		unit = "K ";
	}
	job_report(a->s->msg, MSG_INFO,
		   "Elapsed time=%02" PRId64 ":%02" PRId64 ":%02" PRId64
		   ", Transfer rate=%.1f %sBytes/second\n",
		   s / 3600, s / 60 % 60, s % 60, rate, unit);
}

enum err_code
append_run(struct append *a, struct err *err)
{
	enum err_code code = ERR_OK, written;
	struct err writing = ERR_INIT;

	a->started_ms = clock_mono_ms();
	if (a->s->job.spool_attr && !a->s->job.no_attr)
		code = attr_spool_new(a->s->sd->conf->storage->working_directory, &a->spool, err);
	if (code == ERR_OK)
		code = receive_all(a, err);
	written = append_drain(a, &writing);
	if (written != ERR_OK) { /* then receiving failed for that reason, or later */
		*err = writing;
		code = written;
	}
	if (code == ERR_OK && a->block != NULL)
		code = finish(a, STATUS_OK, err);
	if (code != ERR_OK)
		finish_failed(a, err);
	else
		report_rate(a);
	atomic_store(&a->s->files, a->files);
	atomic_store(&a->s->bytes, a->bytes);
	append_leave_volume(a);
	return code;
}
