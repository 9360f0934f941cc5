#include "director/job/peer.h"

#include "director/job/lost_files.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/path.h"
#include "lib/proto/dir_fd.h"
#include "lib/proto/dir_sd.h"
#include "lib/proto/scan.h"

#include <ctype.h>

void
peer_release(struct peer *p)
{
	free(p->last_why);
	p->last_why = NULL;
}

void
peer_attach(struct peer *p, struct conn *conn)
{
	p->conn = conn;
	conn_set_job_wait(conn, &p->job->abort, p->job->conf->director->absolute_job_timeout,
			  p->who);
}

/*
 * Whether a line that names a job names ours.  Anything else is said in the daemon log and
 * dropped: a peer speaks for the job it was given and for no other.
 */
static bool
is_ours(struct peer *p, const char *unique, const char *what)
{
	if (strcmp(unique, p->job->unique) == 0)
		return true;
	log_warn("%s: %s of %s arrived in the conversation of %s and was dropped", p->who, what,
		 unique[0] != '\0' ? unique : "no job", p->job->unique);
	return false;
}

/* The text behind the n-th blank of a frame. */
static struct bytes
behind_blanks(struct bytes in, int n)
{
	for (; n > 0; n--) {
		const uint8_t *blank = in.n > 0 ? memchr(in.p, ' ', in.n) : NULL;

		if (blank == NULL)
			return bytes_of(NULL, 0);
		in = bytes_skip(in, (size_t)(blank - in.p) + 1);
	}
	return in;
}

static void
take_message(struct peer *p, struct bytes line)
{
	char unique[JOB_NAME_SIZE], *text;
	struct bytes rest = behind_blanks(line, 4);
	int64_t level;
	int type;

	if (!wire_scan(line, JOB_MSG_SCAN, unique, &type, &level) || type < 1 ||
	    type > MSG_TYPE_MAX || rest.p == NULL) {
		job_say(p->job, MSG_ERROR, "%s: Malformed message: %s", p->who, PATH_PRINT(line));
		return;
	}
	if (!is_ours(p, unique, "a message"))
		return;
	text = str_ndup((const char *)rest.p, rest.n);
	msg_sink_put(p->job->sink, (enum msg_type)type, level, text);
	if (p->is_storage)
		lost_files_name(p->job, text);
	free(text);
}

static const char *
wait_text(int letter)
{
	switch (letter) {
	case STATUS_WAIT_MEDIA:
		return "the storage daemon waits for an appendable Volume";
	case STATUS_WAIT_MOUNT:
		return "the storage daemon waits for a mount";
	default:
		return "the storage daemon waits for a device";
	}
}

/*
 * Storage daemons send heartbeats while they look for a device or wait for a volume, and many do so
 * only then: a job that runs may be silent for hours.  Spec: wire.md 12
 */
static void
begin_phase(struct peer *p)
{
	if (p->is_storage)
		conn_forget_beats(p->conn);
}

static void
take_status(struct peer *p, struct bytes line)
{
	char unique[JOB_NAME_SIZE];
	struct job *j = p->job;
	int letter;

	if (!wire_scan(line, JOB_STATUS_SCAN, unique, &letter)) {
		job_say(j, MSG_ERROR, "%s: Malformed message: %s", p->who, PATH_PRINT(line));
		return;
	}
	if (!is_ours(p, unique, "a status"))
		return;
	begin_phase(p);
	mutex_lock(&j->lock);
	if (p->is_storage)
		j->sd_status = letter;
	else
		j->fd_status = letter;
	mutex_unlock(&j->lock);
	if (letter == STATUS_INCOMPLETE || letter == STATUS_FATAL)
		job_set_status(j, letter);
	else if (letter == STATUS_WAIT_MEDIA || letter == STATUS_WAIT_MOUNT ||
		 letter == STATUS_WAIT_MAX)
		job_set_wait(j, letter, wait_text(letter));
	else if (letter == STATUS_RUNNING)
		job_set_status(j, letter);
}

static enum err_code
take_attributes(struct peer *p, struct bytes line, struct err *err)
{
	struct err why = ERR_INIT;

	if (p->attrs == NULL)
		return err_set(err, ERR_PROTO, "%s sent attributes that nobody asked for", p->who);
	if (p->attr_err.code != ERR_OK)
		return ERR_OK; /* the job has failed; the rest is read and dropped */
	switch (attr_recv_frame(p->attrs, line, &why)) {
	case ERR_OK:
		return ERR_OK;
	case ERR_FORMAT:
		job_say(p->job, MSG_ERROR, "%s: %s", p->who, why.text);
		return ERR_OK;
	case ERR_PROTO:
		*err = why;
		return ERR_PROTO;
	default:
		p->attr_err = why;
		job_fail(p->job, &why);
		job_stop_daemons_soon(p->job); /* nothing that is still sent can be kept */
		return ERR_OK;
	}
}

/* Serve what is no reply; *reply: the line is one. */
static enum err_code
dispatch(struct peer *p, struct bytes line, bool *reply, struct err *err)
{
	char word[32], unique[JOB_NAME_SIZE];

	*reply = false;
	switch (line.n > 0 ? line.p[0] : 0) {
	case 'U':
		return take_attributes(p, line, err);
	case 'J':
		take_message(p, line);
		return ERR_OK;
	case 'S':
		take_status(p, line);
		return ERR_OK;
	case 'C':
		if (!p->is_storage)
			break;
		/* Answered all the same: the storage daemon waits for it. */
		if (wire_scan(line, "%20s Job=%127s ", word, unique) &&
		    is_ours(p, unique, "a catalog request"))
			return cat_request_serve(p, line, err);
		return conn_printf(p->conn, err, CATREQ_BAD, "another job's\n");
	case 'B':
		/* The path would be ours to open: never.  Spec: wire.md 6.6 */
		return conn_send(p->conn, bytes_str(BLAST_ATTR_NO), err);
	default:
		break;
	}
	if (line.n > 0 && isdigit(line.p[0])) {
		begin_phase(p);
		*reply = true;
		return ERR_OK;
	}
	if (wire_scan(line, "%20s Job=%127s ", word, unique)) {
		*reply = true;
		return ERR_OK;
	}
	if (bytes_starts(line, JOB_PROGRESS_PREFIX))
		return ERR_OK;
	job_say(p->job, MSG_ERROR, "%s: Malformed message: %s", p->who, PATH_PRINT(line));
	return ERR_OK;
}

enum err_code
peer_reply(struct peer *p, struct bytes *line, bool *eod, struct err *err)
{
	bool reply = false;

	while (!reply) {
		enum err_code code = conn_recv_line(p->conn, line, eod, err);

		if (code != ERR_OK)
			return code == ERR_EOF
				       ? err_set(err, ERR_EOF, "%s ended the conversation", p->who)
				       : err_ctx(err, "%s", p->who);
		if (eod != NULL && *eod)
			return ERR_OK;
		if (dispatch(p, *line, &reply, err) != ERR_OK)
			return err_ctx(err, "%s", p->who);
	}
	return ERR_OK;
}

enum err_code
peer_refused(struct peer *p, const char *what, struct bytes line, struct err *err)
{
	while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\0'))
		line.n--;
	return err_set(err, ERR_PROTO, "%s refused %s: %s", p->who, what, PATH_PRINT(line));
}

enum err_code
peer_expect(struct peer *p, const char *exact, struct err *err)
{
	struct bytes line;
	char what[64];
	bool eod;

	do { /* lists end with EOD before the answer (clock comparison) */
		eod = false;
		if (peer_reply(p, &line, &eod, err) != ERR_OK)
			return err_ctx(err, "no \"%.*s\"", (int)strcspn(exact, "\n"), exact);
	} while (eod);
	if (bytes_eq(line, bytes_str(exact)))
		return ERR_OK;
	(void)snprintf(what, sizeof(what), "\"%.*s\"", (int)strcspn(exact, "\n"), exact);
	return peer_refused(p, what, line, err);
}
