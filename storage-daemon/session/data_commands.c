#include "storage-daemon/session/data_commands.h"

#include "lib/net/beat.h"
#include "lib/proto/fd_sd.h"
#include "lib/proto/job_code.h"
#include "storage-daemon/session/append.h"
#include "storage-daemon/session/read.h"
#include "storage-daemon/session/sd.h"

#define PARTING_S 10

enum data_state { IDLE, OPEN_APPEND, APPENDED, OPEN_READ, CLOSED };

struct data {
	struct session *s;
	enum data_state state;
	struct append *append; /* owned */
};

/* Refuse with the line the file daemon knows, then with the reason for the director. */
static enum err_code
refuse(struct data *d, const char *line, struct err *err, const char *why)
{
	struct err lost = ERR_INIT;

	if (conn_printf(d->s->data, &lost, "%s", line) == ERR_OK)
		(void)!conn_signal(d->s->data, FRAME_TERMINATE, &lost);
	return err_set(err, ERR_PROTO, "%s", why);
}

static enum err_code
append_open(struct data *d, struct err *err)
{
	if (d->state != IDLE)
		return refuse(d, FD_SD_BAD_OPEN, err, "the client opened a second session");
	if (d->s->append_wish == NULL)
		return refuse(d, FD_SD_BAD_NOT_OPEN, err,
			      "the client wants to write, but the director named no storage to "
			      "write to");
	d->append = append_new(d->s);
	d->state = OPEN_APPEND;
	return conn_printf(d->s->data, err, FD_SD_OK_OPEN, (int)d->s->job.session_id);
}

static enum err_code
append_data(struct data *d, struct err *err)
{
	enum err_code code, sent;
	struct err lost = ERR_INIT;
	struct beat beat = { .conn = NULL };

	if (d->state != OPEN_APPEND)
		return refuse(d, FD_SD_BAD_NOT_OPEN, err,
			      "the client sends data without a session");
	code = conn_printf(d->s->data, err, FD_SD_OK_DATA);
	if (code != ERR_OK)
		return code;
	beat_begin(&beat, d->s->data, d->s->sd->conf->storage->heartbeat_interval);
	code = append_run(d->append, err);
	beat_end(&beat);
	if (code == ERR_OK) {
		d->state = APPENDED;
		return conn_printf(d->s->data, err, FD_SD_OK_APPEND);
	}
	sent = conn_printf(d->s->data, &lost, FD_SD_FAILED_APPEND);
	if (sent == ERR_OK)
		sent = conn_signal(d->s->data, FRAME_TERMINATE, &lost);
	return sent == ERR_OK ? code : err->code; /* the client may be what failed */
}

static enum err_code
append_end(struct data *d, struct err *err)
{
	if (d->state != APPENDED)
		return refuse(d, FD_SD_BAD_NOT_OPEN, err, "the client ends a session without data");
	return conn_printf(d->s->data, err, FD_SD_OK_END);
}

static enum err_code
close_session(struct data *d, int status, struct err *err)
{
	enum err_code code = conn_printf(d->s->data, err, FD_SD_OK_CLOSE, status);

	if (code == ERR_OK)
		code = conn_signal(d->s->data, FRAME_EOD, err);
	if (code == ERR_OK)
		code = conn_flush(d->s->data, err);
	d->state = CLOSED;
	return code;
}

static enum err_code
append_close(struct data *d, struct err *err)
{
	if (d->state != APPENDED)
		return refuse(d, FD_SD_BAD_NOT_OPEN, err,
			      "the client closes a session without data");
	return close_session(d, STATUS_OK, err);
}

static enum err_code
read_open(struct data *d, struct err *err)
{
	enum err_code code;
	struct err why = ERR_INIT;

	if (d->state != IDLE)
		return refuse(d, FD_SD_BAD_OPEN, err, "the client opened a second session");
	code = read_check(d->s, &why);
	if (code != ERR_OK)
		return refuse(d, FD_SD_READ_ERROR, err, why.text);
	d->state = OPEN_READ;
	return conn_printf(d->s->data, err, FD_SD_OK_OPEN, (int)d->s->job.session_id);
}

static enum err_code
read_data(struct data *d, struct err *err)
{
	enum err_code code;

	if (d->state != OPEN_READ)
		return refuse(d, FD_SD_BAD_NOT_OPEN, err, "the client reads without a session");
	if (d->s->read_device == NULL)
		return refuse(d, FD_SD_READ_ERROR, err, "no device is reserved for reading");
	code = conn_printf(d->s->data, err, FD_SD_OK_DATA);
	return code == ERR_OK ? read_run(d->s, err) : code;
}

static enum err_code
read_close(struct data *d, struct err *err)
{
	if (d->state != OPEN_READ)
		return refuse(d, FD_SD_BAD_NOT_OPEN, err, "the client closes what it did not open");
	return close_session(d, job_msg_errors(d->s->msg) > 0 ? STATUS_ERROR : STATUS_OK, err);
}

/* Spec: wire.md 7.1, 7.3 */
static const struct data_row {
	const char *prefix;
	enum err_code (*serve)(struct data *d, struct err *err);
} rows[] = {
	{ "append open session", append_open }, { "append data ", append_data },
	{ "append end session ", append_end },  { "append close session ", append_close },
	{ "read open session = ", read_open },  { "read data ", read_data },
	{ "read close session ", read_close },
};

static enum err_code
serve_line(struct data *d, struct bytes line, struct err *err)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (bytes_starts(line, rows[i].prefix))
			return rows[i].serve(d, err);
	return refuse(d, FD_SD_BAD_COMMAND, err, "the client sent an unknown data command");
}

/* Lines until the file daemon says goodbye.  Signals and empty frames in between mean nothing. */
static enum err_code
serve_lines(struct data *d, struct err *err)
{
	while (d->state != CLOSED) {
		struct bytes line = { NULL, 0 };
		bool eod = false;
		enum err_code code = conn_recv_line(d->s->data, &line, &eod, err);

		if (code == ERR_EOF || code == ERR_PEER) {
			err->code = ERR_PEER;
			return err_ctx(err, "the client hung up in the middle of its session");
		}
		if (code == ERR_OK && !eod && line.n > 0)
			code = serve_line(d, line, err);
		if (code != ERR_OK)
			return code;
	}
	return ERR_OK;
}

/* The file daemon's TERMINATE, then ours: closing earlier could take its last lines from it. */
static void
part(struct session *s)
{
	struct err gone = ERR_INIT;
	struct frame f = { .signal = FRAME_DATA };

	conn_set_wait(s->data, &s->cancel, PARTING_S, "the client's goodbye");
	while (f.signal != FRAME_TERMINATE && conn_recv(s->data, &f, &gone) == ERR_OK)
		continue;
	(void)!conn_signal(s->data, FRAME_TERMINATE, &gone);
}

enum err_code
data_serve(struct session *s, struct err *err)
{
	struct data d = { .s = s };
	enum err_code code = serve_lines(&d, err);

	if (code == ERR_OK)
		part(s);
	append_free(d.append);
	return code;
}
