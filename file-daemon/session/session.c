/* file-daemon/session/session.c - one conversation: accept, commands, end */
#include "file-daemon/session/session_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/own.h"

/* Spec: wire.md 3.1 (bounds), 12 (authentication) */
#define HELLO_MIN      25u
#define HELLO_MAX      500u
#define ACCEPT_SECONDS 120u

/* ---- accepting ---- */

static int
ssl_policy(const struct tls_conf *t)
{
	if (!t->enable)
		return 0;
	return t->require ? 2 : 1;
}

static bool
find_peer(void *arg, enum peer_kind kind, const char *name, struct peer_policy *out)
{
	struct fd_daemon *d = arg;
	OWNED(fd_conf_unrefp) struct fd_conf *conf = fd_daemon_conf(d);
	const struct fd_director *dir;

	if (kind == PEER_JOB) {
		out->cleartext_ok = !conf->client->tls.enable || !conf->client->tls.require;
		out->ssl = ssl_policy(&conf->client->tls);
		return fd_job_copy_key(d, name, &out->key);
	}
	if (kind != PEER_DIRECTOR)
		return false;
	dir = fd_conf_find_director(conf, name);
	if (dir == NULL || !dir->connection_from_director_to_client)
		return false;
	secret_set(&out->key, secret_bytes(&dir->password));
	out->cleartext_ok = !dir->tls.enable;
	out->ssl = ssl_policy(&dir->tls);
	return true;
}

static enum err_code
accept_peer(struct fd_daemon *d, const struct fd_conf *conf, int fd, struct hello *who,
	    struct conn **out, struct err *err)
{
	char own[JOB_NAME_MAX + 16];
	struct acceptor a = { .own_name = own,
			      .tls = &conf->client->tls,
			      .find_peer = find_peer,
			      .arg = d,
			      .hello_min = HELLO_MIN,
			      .hello_max = HELLO_MAX,
			      .deadline_seconds = ACCEPT_SECONDS,
			      .heartbeat_seconds = (unsigned)conf->client->heartbeat_interval };

	(void)snprintf(own, sizeof(own), "R_CLIENT::%s", conf->client->name);
	wire_bash(own);
	return conn_accept(fd, &a, &d->stop, who, out, err);
}

/* ---- the end of a session ---- */

static int
final_status(const struct fd_job *j)
{
	int status = fd_job_status(j);

	if (status == STATUS_OK && job_msg_errors(j->msg) + job_msg_warnings(j->msg) > 0)
		return STATUS_WARNINGS;
	return status == STATUS_RUNNING ? STATUS_ERROR : status;
}

/* Spec: wire.md 5.1 "Session end, always in this order" */
static void
end_job(struct session *s)
{
	struct fd_job *j = s->job;
	struct err e = ERR_INIT;

	sd_close(j);
	if (!s->in_table)
		return;
	(void)scripts_run(j, DIR_FD_RUN_AFTER);
	beat_stop(j);
	fd_job_set_status(j, final_status(j));
	fd_job_leave(j);
	s->in_table = false;
	if (j->job_id != 0 && conn_printf(s->dir, &e, DIR_FD_END_JOB, final_status(j),
					  atomic_load(&j->progress.files),
					  (uint64_t)atomic_load(&j->progress.read_bytes),
					  (uint64_t)atomic_load(&j->progress.bytes),
					  job_msg_errors(j->msg), 0, 0) != ERR_OK)
		log_warn("job %s: the director did not get its end: %s", j->job, e.text);
}

static void
session_release(struct session *s)
{
	struct err e = ERR_INIT;

	if (s->job != NULL)
		end_job(s);
	if (s->dir != NULL && conn_signal(s->dir, FRAME_TERMINATE, &e) == ERR_OK)
		(void)!conn_flush(s->dir, &e);
	fd_job_free(s->job); /* out of the table before its conversation goes */
	conn_free(s->dir);
	fd_conf_unref(s->conf);
}

enum err_code
session_refuse(struct session *s, struct err *err, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	struct err e = ERR_INIT;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (conn_printf(s->dir, &e, "%s", text) != ERR_OK)
		return err_set(err, ERR_PEER, "%s", e.text);
	return err_set(err, ERR_EOF, "refused: %s", text);
}

/* ---- commands ---- */

static void
serve_director(struct session *s)
{
	struct err e = ERR_INIT;
	enum err_code rc = ERR_OK;
	struct frame f;

	if (conn_printf(s->dir, &e, DIR_FD_OK_HELLO, FD_PROTO_VERSION) != ERR_OK)
		return;
	conn_set_wait(s->dir, NULL, s->conf->client->absolute_job_timeout,
		      "the director's next command");
	while (rc == ERR_OK) {
		rc = conn_recv(s->dir, &f, &e);
		if (rc != ERR_OK)
			break;
		if (f.signal != FRAME_DATA) /* wire.md 1.1: any signal ends the session */
			break;
		rc = session_command(s, f.data, &e);
	}
	if (rc != ERR_OK && rc != ERR_EOF && s->in_table)
		fd_job_fatal(s->job, &e);
	if (rc != ERR_OK && rc != ERR_EOF)
		log_warn("director %s at %s: %s", s->director->name, conn_peer(s->dir), e.text);
}

static void
serve_storage(struct fd_daemon *d, struct hello *who, struct conn **c)
{
	if (!fd_job_give_sd(d, who->name, c))
		log_warn("storage daemon at %s calls for job %s, which does not wait for one",
			 conn_peer(*c), who->name);
}

void
session_serve(void *arg, int fd)
{
	struct fd_daemon *d = arg;
	OWNED(session_release) struct session s = { .daemon = d, .conf = fd_daemon_conf(d) };
	OWNED(conn_freep) struct conn *c = NULL;
	struct hello who;
	struct err e = ERR_INIT;

	if (accept_peer(d, s.conf, fd, &who, &c, &e) != ERR_OK)
		return; /* it is in the log */
	if (who.storage_calling) {
		serve_storage(d, &who, &c);
		return;
	}
	s.director = fd_conf_find_director(s.conf, who.name);
	if (s.director == NULL) {
		log_warn("connection refused: director %s is no longer configured", who.name);
		return;
	}
	s.dir = TAKE_PTR(c);
	s.job = fd_job_new(d, s.dir, s.director, s.conf);
	serve_director(&s);
}

const char *
os_text(char *out, size_t cap)
{
	OWNED(fclosep) FILE *f = fopen("/etc/os-release", "re");
	char line[256];

	(void)snprintf(out, cap, "Linux");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "PRETTY_NAME=\"", 13) == 0)
			(void)snprintf(out, cap, "%.*s", (int)strcspn(line + 13, "\"\n"),
				       line + 13);
	return out;
}
