/*
 * storage-daemon/session/cmd_run.c - the job itself, from `run` to 3099
 *
 * Spec: wire.md 6.3, 12
 */
#include "storage-daemon/session/sd_conversation.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/thread.h"
#include "lib/net/beat.h"
#include "lib/proto/dir_sd.h"
#include "lib/proto/fd_sd.h"
#include "lib/proto/job_code.h"
#include "lib/proto/scan.h"
#include "storage-daemon/session/ask_director.h"
#include "storage-daemon/session/data_commands.h"
#include "storage-daemon/session/sd.h"

#define CLIENT_WAIT_S 1800 /* when Client Connect Wait is 0 */
#define DIAL_RETRY_S  10

/* What a failure means for the status of the job. */
static int
status_of(enum err_code code, uint32_t errors)
{
	switch (code) {
	case ERR_OK:
		return errors > 0 ? STATUS_ERROR : STATUS_OK;
	case ERR_CANCELED:
		return STATUS_CANCELED;
	case ERR_EOF:
	case ERR_FULL:
	case ERR_ABSENT:
	case ERR_SYS:
	case ERR_LIMIT:
	case ERR_FORMAT:
	case ERR_PEER:
	case ERR_PROTO:
	case ERR_AUTH:
	case ERR_CATALOG:
	case ERR_CONFIG:
	case ERR_BUG:
		return STATUS_FATAL;
	}
	return STATUS_FATAL;
}

void
cmd_end_session(struct conversation *v)
{
	struct session *s = v->session;

	if (s == NULL)
		return;
	v->session = NULL;
	session_close_fd(s);
	if (s->append_device != NULL)
		reserve_drop(&v->sd->media, TAKE_PTR(s->append_device), true);
	if (s->read_device != NULL)
		reserve_drop(&v->sd->media, TAKE_PTR(s->read_device), false);
	conn_set_wait(v->c, &v->sd->stop, LAST_WORDS_S, "the director");
	if (atomic_load(&s->status) == STATUS_CREATED)
		atomic_store(&s->status, cancel_asked(&s->cancel) ? STATUS_CANCELED : STATUS_ERROR);
	atomic_store(&s->errors, job_msg_errors(v->msg));
	session_set_msg(s, NULL);
	session_end(v->sd->sessions, s);
	job_msg_set_job(v->msg, 0, "");
	session_put(s);
}

/* EOD TERMINATE EOD TERMINATE, as the peer does. */
static enum err_code
say_goodbye(struct conversation *v, struct err *err)
{
	static const enum frame_signal tail[] = { FRAME_EOD, FRAME_TERMINATE, FRAME_EOD };
	enum err_code code = ERR_OK;

	for (size_t i = 0; i < sizeof(tail) / sizeof(tail[0]) && code == ERR_OK; i++)
		code = conn_signal(v->c, tail[i], err);
	v->over = true; /* conversation_serve adds the last TERMINATE */
	return code;
}

static int64_t
patience(const struct conversation *v)
{
	int64_t absolute = v->sd->conf->storage->absolute_job_timeout;

	return absolute > 0 ? absolute : DIRECTOR_ANSWER_S;
}

static void
tell_what_is_not_in_force(struct conversation *v)
{
	if (v->session->job.spool_data && v->session->append_wish != NULL)
		job_report(v->msg, MSG_INFO,
			   "SpoolData = yes: data spooling is not in force in this version; the "
			   "data goes to the volume at once.\n");
}

static enum err_code
serve_client(struct conversation *v, struct err *err)
{
	struct session *s = v->session;
	enum err_code code = conn_printf(v->c, err, DIR_SD_JOB_START, s->job.job);

	if (code == ERR_OK) {
		ask_tell_status(s, STATUS_RUNNING);
		job_report(v->msg, MSG_INFO, "%s\n", SD_VERSION_TEXT);
		tell_what_is_not_in_force(v);
		code = conn_flush(v->c, err);
	}
	if (code != ERR_OK)
		return code;
	conn_set_job_wait(s->data, &s->cancel, v->sd->conf->storage->absolute_job_timeout,
			  "the client");
	conn_set_wait(v->c, &s->cancel, patience(v), "the director's answer");
	return data_serve(s, err);
}

/* The end lines of a job that was started. */
static enum err_code
report_end(struct conversation *v, enum err_code code, const struct err *why, struct err *err)
{
	struct session *s = v->session;
	int status;

	conn_set_wait(v->c, &v->sd->stop, LAST_WORDS_S, "the director");
	if (code != ERR_OK)
		job_report_err(v->msg, code == ERR_CANCELED ? MSG_INFO : MSG_FATAL, why);
	atomic_store(&s->errors, job_msg_errors(v->msg));
	status = cancel_asked(&s->cancel) ? STATUS_CANCELED
					  : status_of(code, job_msg_errors(v->msg));
	atomic_store(&s->status, status);
	if (s->director_gone) {
		log_warn("job %s: the director is gone, the job ends with status %c", s->job.job,
			 status);
		v->over = true;
		return ERR_OK;
	}
	ask_tell_status(s, status);
	code = conn_printf(v->c, err, DIR_SD_JOB_END, s->job.job, status, atomic_load(&s->files),
			   atomic_load(&s->bytes), atomic_load(&s->errors));
	return code == ERR_OK ? say_goodbye(v, err) : code;
}

enum err_code
cmd_run(struct conversation *v, struct bytes line, struct err *err)
{
	struct session *s = v->session;
	int64_t wait_s = v->sd->conf->storage->client_connect_wait;
	struct beat beat = { .conn = NULL };
	struct err why = ERR_INIT;
	enum err_code code;
	bool came;

	if (s == NULL) {
		v->over = true;
		return conn_printf(v->c, err, DIR_SD_BAD_COMMAND, (const char *)line.p);
	}
	ask_tell_status(s, STATUS_WAIT_FD);
	beat_begin(&beat, v->c, v->sd->conf->storage->heartbeat_interval);
	code = session_wait_fd(s, wait_s > 0 ? wait_s : CLIENT_WAIT_S, &s->data, &why);
	came = code == ERR_OK;
	if (came)
		code = serve_client(v, &why);
	beat_end(&beat);
	if (!came) {
		/* Never started: no 3010, no 3099. */
		job_report_err(v->msg, code == ERR_CANCELED ? MSG_INFO : MSG_FATAL, &why);
		atomic_store(&s->status, status_of(code, 1));
		return say_goodbye(v, err);
	}
	s->data = NULL;
	session_close_fd(s);
	return report_end(v, code, &why, err);
}

/* ---- passive clients: we connect ---- */

static void
say_failed(void *arg, const char *why, int64_t seconds)
{
	const struct conversation *v = arg;

	job_report(v->msg, MSG_INFO,
		   "Could not connect to Client: %s. Retrying for up to %lld seconds.", why,
		   (long long)seconds);
}

static enum err_code
dial_client(struct conversation *v, const char *host, int port, int ssl, struct err *err)
{
	struct session *s = v->session;
	struct secret key = { .p = NULL };
	OWNED(freep) char *hello = NULL;
	OWNED(conn_freep) struct conn *c = NULL;
	struct dial d = { .host = host,
			  .port = (uint16_t)port,
			  .source_address = v->sd->conf->storage->source_address,
			  .security = ssl != 0 ? DIAL_TLS : DIAL_CLEAR,
			  .psk_kind = PEER_JOB,
			  .psk_name = s->job.job,
			  .tls = &v->sd->conf->storage->tls,
			  .own_name = SD_FD_OWN_NAME,
			  .retry_seconds = DIAL_RETRY_S,
			  .timeout_seconds = v->sd->conf->storage->fd_connect_timeout,
			  .heartbeat_seconds = (unsigned)v->sd->conf->storage->heartbeat_interval,
			  .cancel = &s->cancel,
			  .failed = say_failed,
			  .failed_arg = v };
	enum err_code code;

	if (ssl == 0 && v->sd->conf->storage->tls.enable && v->sd->conf->storage->tls.require)
		return err_set(err, ERR_CONFIG,
			       "TLS Require is on here, and the director asks for "
			       "a connection in clear to the client");
	if (!session_key(v->sd->sessions, s->job.job, &key))
		return err_set(err, ERR_AUTH, "job %s has a client already", s->job.job);
	hello = str_printf(SD_FD_HELLO, s->job.job);
	d.key = secret_bytes(&key);
	d.hello = hello;
	code = conn_dial(&d, &c, err);
	secret_release(&key);
	return code == ERR_OK ? session_offer_fd(s, &c, err) : code;
}

enum err_code
cmd_passive(struct conversation *v, struct bytes line, struct err *err)
{
	char host[256];
	int port = 0, ssl = 0;
	struct err why = ERR_INIT;

	if (v->session == NULL || !wire_scan(line, DIR_SD_PASSIVE_SCAN, host, &port, &ssl) ||
	    port <= 0 || port > 65535) {
		v->over = true;
		return conn_printf(v->c, err, DIR_SD_BAD_PASSIVE, (const char *)line.p);
	}
	if (dial_client(v, host, port, ssl, &why) != ERR_OK) {
		job_report_err(v->msg, MSG_FATAL, &why);
		v->over = true;
		return conn_printf(v->c, err, DIR_SD_BAD_PASSIVE, why.text);
	}
	return conn_printf(v->c, err, DIR_SD_OK_PASSIVE);
}
