#include "storage-daemon/session/ask_director.h"

#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/proto/dir_fd.h"
#include "lib/proto/dir_sd.h"
#include "lib/proto/job_code.h"
#include "lib/proto/scan.h"
#include "storage-daemon/session/sd.h"

/* name with blanks as on the wire, in a fresh array on the stack */
#define BASHED(name) bashed((name), (char[WIRE_NAME_MAX + 1]){ 0 })

static const char *
bashed(const char *name, char *out)
{
	(void)snprintf(out, WIRE_NAME_MAX + 1, "%s", name);
	return wire_bash(out);
}

/*
 * The answer to the request just sent; borrowed until the next recv.  Who was cancelled did not
 * wait for his: it comes before ours and is for nobody any more.
 */
static enum err_code
answer(struct session *s, struct bytes *line, struct err *err)
{
	bool eod = false;
	enum err_code code = ERR_OK;

	for (s->answers_owed++; code == ERR_OK && s->answers_owed > 0;) {
		code = conn_recv_line(s->dir, line, &eod, err);
		if (code == ERR_OK && eod)
			code = err_set(err, ERR_PROTO,
				       "the director ended a list instead of answering");
		if (code == ERR_OK)
			s->answers_owed--;
	}
	if (code == ERR_OK || code == ERR_CANCELED)
		return code;
	s->director_gone = true;
	err->code = ERR_PEER; /* however it ended: to the job the director is gone */
	return err_ctx(err, "waiting for the director's answer");
}

static enum err_code
sent(struct session *s, enum err_code code)
{
	if (code != ERR_OK)
		s->director_gone = true;
	return code;
}

static enum err_code
volume_answer(struct session *s, struct vol_info *out, struct err *err)
{
	struct bytes line;
	enum err_code code = answer(s, &line, err);

	return code == ERR_OK ? vol_info_parse(line, out, err) : code;
}

static enum err_code
find_media(void *arg, unsigned index, const char *pool, const char *media_type,
	   const char *unwanted, struct vol_info *out, struct err *err)
{
	struct session *s = (struct session *)arg;
	char bashed_list[8192];
	enum err_code code;
	struct bytes line;

	(void)snprintf(bashed_list, sizeof(bashed_list), "%s", unwanted);
	wire_bash(bashed_list);
	code = sent(s, conn_printf(s->dir, err, CATREQ_FIND_MEDIA, s->job.job, (int)index,
				   BASHED(pool), BASHED(media_type), bashed_list));
	if (code == ERR_OK)
		code = answer(s, &line, err);
	if (code != ERR_OK)
		return code;
	if (bytes_starts(line, "1901"))
		return err_set(err, ERR_EOF,
			       "the director has no volume for pool \"%s\", Media Type \"%s\"",
			       pool, media_type);
	return vol_info_parse(line, out, err);
}

static enum err_code
get_volume(void *arg, const char *name, bool write, struct vol_info *out, struct err *err)
{
	struct session *s = (struct session *)arg;
	enum err_code code = sent(s, conn_printf(s->dir, err, CATREQ_GET_VOL, s->job.job,
						 BASHED(name), write));

	return code == ERR_OK ? volume_answer(s, out, err) : code;
}

static enum err_code
update_volume(void *arg, const struct vol_info *v, bool relabel, struct vol_info *out,
	      struct err *err)
{
	struct session *s = (struct session *)arg;
	enum err_code code;

	code = sent(s, conn_printf(s->dir, err, CATREQ_UPDATE_MEDIA, s->job.job, BASHED(v->name),
				   v->jobs, v->files, v->blocks, v->bytes, v->mounts, v->errors,
				   v->writes, v->max_bytes, clock_now(), v->status, v->slot,
				   relabel, v->in_changer, v->read_us, v->write_us, (int64_t)0));
	return code == ERR_OK ? volume_answer(s, out, err) : code;
}

static void
report(void *arg, enum msg_type type, const char *text)
{
	struct session *s = (struct session *)arg;

	job_report(s->msg, type, "%s\n", text);
}

void
ask_tell_status(struct session *s, int letter)
{
	struct err err = ERR_INIT;

	atomic_store(&s->status, letter);
	if (s->director_gone)
		return;
	if (sent(s, conn_printf(s->dir, &err, JOB_STATUS, s->job.job, letter)) == ERR_OK)
		(void)!sent(s, conn_flush(s->dir, &err));
}

void
ask_tell_checkpoint(struct session *s, uint32_t files, uint64_t bytes)
{
	struct err err = ERR_INIT;

	if (s->director_gone)
		return;
	if (sent(s, conn_printf(s->dir, &err, CATREQ_CHECKPOINT_JOB, s->job.job, files, bytes)) ==
	    ERR_OK)
		(void)!sent(s, conn_flush(s->dir, &err));
}

static void
show_status(void *arg, int letter, const char *why)
{
	struct session *s = (struct session *)arg;

	session_show_waiting(s, why);
	if (atomic_load(&s->status) != letter)
		ask_tell_status(s, letter);
}

/* Without heartbeats a peer would take the one of a wait for the promise of more. */
static enum err_code
look_for_peers(struct session *s, struct err *err)
{
	if (s->data != NULL && conn_has_hung_up(s->data))
		return err_set(err, ERR_PEER, "the client is gone");
	if (!conn_has_hung_up(s->dir))
		return ERR_OK;
	s->director_gone = true;
	return err_set(err, ERR_PEER, "the director is gone");
}

/* One heartbeat each way, file daemon first; wire.md 12. */
static enum err_code
alive(void *arg, struct err *err)
{
	struct session *s = (struct session *)arg;
	struct err fd_err = ERR_INIT;
	enum err_code code;

	if (s->sd->conf->storage->heartbeat_interval == 0)
		return look_for_peers(s, err);
	if (s->data != NULL) {
		code = conn_signal(s->data, FRAME_HEARTBEAT, &fd_err);
		if (code == ERR_OK)
			code = conn_flush(s->data, &fd_err);
		if (code != ERR_OK) {
			*err = fd_err;
			return err_ctx(err, "the client is gone");
		}
	}
	code = sent(s, conn_signal(s->dir, FRAME_HEARTBEAT, err));
	if (code == ERR_OK)
		code = sent(s, conn_flush(s->dir, err));
	return code == ERR_OK ? ERR_OK : err_ctx(err, "the director is gone");
}

const struct media_job_ops ask_director_ops = {
	.find_media = find_media,
	.get_volume = get_volume,
	.update_volume = update_volume,
	.report = report,
	.status = show_status,
	.alive = alive,
};

struct media_job
ask_media_job(struct session *s)
{
	return (struct media_job){ .ops = &ask_director_ops,
				   .arg = s,
				   .cancel = &s->cancel,
				   .daemon = s->sd->conf->storage->name,
				   .job = s->job.job,
				   .session_id = s->job.session_id,
				   .session_time = s->job.session_time,
				   .heartbeat_s = s->sd->conf->storage->heartbeat_interval };
}

/* The answer must begin with "1000 OK"; what else it says is the reason. */
static enum err_code
expect_ok(struct session *s, const char *what, struct err *err)
{
	struct bytes line;
	enum err_code code = answer(s, &line, err);

	if (code != ERR_OK)
		return code;
	if (bytes_starts(line, "1000"))
		return ERR_OK;
	return err_set(err, ERR_CATALOG, "the director refused to %s: %.*s", what, BYTES_ARG(line));
}

enum err_code
ask_create_jobmedia(struct session *s, const struct job_piece *p, struct err *err)
{
	enum err_code code;

	code = sent(s, conn_printf(s->dir, err, CATREQ_JOBMEDIA, s->job.job, (unsigned)p->first,
				   (unsigned)p->last, (unsigned)(p->start >> 32),
				   (unsigned)(p->end >> 32), (unsigned)p->start, (unsigned)p->end,
				   0, 0, p->media_id));
	return code == ERR_OK ? expect_ok(s, "record where the job lies (JobMedia)", err) : code;
}

enum err_code
ask_delete_null_jobmedia(struct session *s, struct err *err)
{
	enum err_code code = sent(s, conn_printf(s->dir, err, CATREQ_DELETE_NULL, s->job.job,
						 s->job.job_id));

	return code == ERR_OK ? expect_ok(s, "delete the job's placeholder", err) : code;
}
