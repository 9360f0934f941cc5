/* file-daemon/session/sd_link.c - the conversation with the storage daemon.  Spec: wire.md 5.5, 7
 */
#include <stdio.h>

#include "file-daemon/session/session_internal.h"
#include "lib/base/own.h"

#define RETRY_SECONDS 10u /* wire.md 12 */

enum err_code
sd_line(struct fd_job *j, struct bytes *line, struct err *err)
{
	bool eod = false;

	if (conn_recv_line(j->sd, line, &eod, err) != ERR_OK)
		return err_ctx(err, "storage daemon at %s", conn_peer(j->sd));
	if (eod)
		return err_set(err, ERR_PROTO, "storage daemon at %s: unexpected end of data",
			       conn_peer(j->sd));
	return ERR_OK;
}

enum err_code
sd_expect(struct fd_job *j, const char *want, struct err *err)
{
	struct bytes line;

	if (sd_line(j, &line, err) != ERR_OK)
		return err_ctx(err, "no \"%.*s\"", (int)strcspn(want, "\n"), want);
	if (bytes_eq(line, bytes_str(want)))
		return ERR_OK;
	while (line.n > 0 && line.p[line.n - 1] <= ' ')
		line.n--;
	return err_set(err, ERR_PROTO, "the storage daemon said: %.*s", BYTES_ARG(line));
}

void
sd_close(struct fd_job *j)
{
	struct err e = ERR_INIT;
	struct conn *sd;

	mutex_lock(&j->daemon->lock);
	sd = TAKE_PTR(j->sd);
	mutex_unlock(&j->daemon->lock);
	if (sd == NULL)
		return;
	if (!cancel_asked(&j->cancel) && conn_signal(sd, FRAME_TERMINATE, &e) == ERR_OK)
		(void)!conn_flush(sd, &e);
	conn_free(sd);
}

void
sd_report(struct fd_job *j)
{
	job_report(j->msg, MSG_INFO, "Connected Storage daemon at %s, encryption: %s",
		   conn_peer(j->sd), conn_encryption(j->sd));
}

static void
say_failed(void *arg, const char *why, int64_t seconds)
{
	const struct fd_job *j = arg;
	struct err e = ERR_INIT;

	job_report(j->msg, MSG_INFO,
		   "Could not connect to Storage daemon: %s. Retrying for up to %lld seconds.", why,
		   (long long)seconds);
	if (conn_flush(j->dir, &e) != ERR_OK)
		job_msg_mute(j->msg);
}

static enum err_code
dial(struct fd_job *j, const char *host, uint16_t port, int ssl, struct err *err)
{
	const struct fd_client *own = j->conf->client;
	char name[JOB_NAME_MAX + 16], hello[JOB_NAME_MAX + 32];
	struct dial d = { .host = host,
			  .port = port,
			  .source_address = own->source_address,
			  .security = ssl == DIR_FD_SSL_FIRST ? DIAL_TLS : DIAL_CLEAR,
			  .psk_kind = PEER_JOB,
			  .psk_name = j->job,
			  .key = secret_bytes(&j->key),
			  .tls = &own->tls,
			  .hello = hello,
			  .own_name = name,
			  .retry_seconds = RETRY_SECONDS,
			  .timeout_seconds = own->sd_connect_timeout,
			  .heartbeat_seconds = (unsigned)own->heartbeat_interval,
			  .cancel = &j->cancel,
			  .failed = say_failed,
			  .failed_arg = j };
	struct conn *c = NULL;

	if (ssl != DIR_FD_SSL_FIRST && ssl != DIR_FD_SSL_NONE)
		return err_set(
			err, ERR_AUTH,
			"the director asks for TLS after the password (ssl=%d), which is not "
			"supported: reach this client with TLS",
			ssl);
	if (ssl == DIR_FD_SSL_NONE && own->tls.enable && own->tls.require)
		return err_set(err, ERR_AUTH,
			       "the director asks for plain text to the storage daemon, but TLS "
			       "Require is yes here");
	(void)snprintf(name, sizeof(name), "R_CLIENT::%s", own->name);
	wire_bash(name);
	(void)snprintf(hello, sizeof(hello), FD_SD_HELLO, j->job);
	if (conn_dial(&d, &c, err) != ERR_OK)
		return err->code;
	mutex_lock(&j->daemon->lock);
	j->sd = c;
	secret_release(&j->key); /* single use; wire.md 9 */
	mutex_unlock(&j->daemon->lock);
	conn_set_wait(j->sd, &j->cancel, 0, "the storage daemon");
	return ERR_OK;
}

/* A key behind "Authorization=": the second one of a session. */
static void
take_key(struct fd_job *j, const char *key)
{
	if (key[0] == '\0')
		return;
	mutex_lock(&j->daemon->lock);
	secret_set(&j->key, bytes_str(key));
	j->key_given_twice = true;
	mutex_unlock(&j->daemon->lock);
}

enum err_code
cmd_storage(struct session *s, struct bytes line, struct err *err)
{
	struct fd_job *j = s->job;
	char host[256], key[WIRE_NAME_MAX + 1] = "";
	int port, ssl;

	if (!wire_scan(line, DIR_FD_STORAGE_AUTH_SCAN, host, &port, &ssl, key)) {
		key[0] = '\0';
		if (!wire_scan(line, DIR_FD_STORAGE_SCAN, host, &port, &ssl))
			return session_refuse(s, err, DIR_FD_BAD_STORAGE);
	}
	take_key(j, key);
	explicit_bzero(key, sizeof(key));
	if (port <= 0 || port > 65535)
		return session_refuse(s, err, DIR_FD_BAD_STORAGE);
	sd_close(j);
	if (dial(j, host, (uint16_t)port, ssl, err) != ERR_OK) {
		(void)err_ctx(err, "Storage daemon at %s:%d", host, port);
		fd_job_fatal(j, err);
		return session_refuse(s, err, DIR_FD_BAD_STORAGE);
	}
	return conn_printf(s->dir, err, DIR_FD_OK_STORAGE);
}

enum err_code
cmd_setauthorization(struct session *s, struct bytes line, struct err *err)
{
	char key[WIRE_NAME_MAX + 1];

	if (!wire_scan(line, DIR_FD_AUTHORIZATION_SCAN, key))
		return session_refuse(s, err, DIR_FD_BAD_AUTHORIZATION);
	take_key(s->job, key);
	explicit_bzero(key, sizeof(key));
	return conn_printf(s->dir, err, DIR_FD_OK_AUTHORIZATION);
}
