/*
 * storage-daemon/session/serve.c - accept: who is it, and where does it go
 *
 * Spec: wire.md 3.1, 3.6, 9
 */
#include "storage-daemon/session/sd.h"

#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/own.h"
#include "lib/proto/dir_sd.h"
#include "lib/proto/fd_sd.h"
#include "storage-daemon/session/sd_conversation.h"

/* Spec: wire.md 3.1, 12 */
#define HELLO_MIN 25
#define HELLO_MAX 158
#define ACCEPT_S  600
#define IDLE_BEAT 60 /* TCP keep-alive when Heartbeat Interval is not set */

static bool
find_director(const struct sd *sd, const char *name, struct peer_policy *out)
{
	const struct sd_director *d = sd_conf_find_director(sd->conf, name);

	if (d == NULL)
		return false;
	secret_set(&out->key, secret_bytes(&d->password));
	out->cleartext_ok = !d->tls.enable;
	out->ssl = !d->tls.enable ? 0 : d->tls.require ? 2 : 1;
	return true;
}

/* Our own TLS Require counts for data connections too. */
static bool
find_job(struct sd *sd, const char *job, struct peer_policy *out)
{
	const struct tls_conf *own = &sd->conf->storage->tls;
	OWNED(session_putp) struct session *s = session_find(sd->sessions, job);
	bool taken;

	if (s == NULL)
		return false;
	mutex_lock(&s->lock);
	taken = s->fd_taken;
	mutex_unlock(&s->lock);
	if (taken) {
		char text[256];

		(void)snprintf(text, sizeof(text), "Hey!!!! JobId %u Job %s already authenticated.",
			       s->job.job_id, s->job.job);
		session_report(s, MSG_SECURITY, text);
		return false;
	}
	out->cleartext_ok = !own->enable || !own->require;
	out->ssl = !own->enable ? 0 : own->require ? 2 : 1;
	return session_key(sd->sessions, job, &out->key);
}

static bool
find_peer(void *arg, enum peer_kind kind, const char *name, struct peer_policy *out)
{
	struct sd *sd = (struct sd *)arg;

	switch (kind) {
	case PEER_DIRECTOR:
		return find_director(sd, name, out);
	case PEER_JOB:
		return find_job(sd, name, out);
	case PEER_CONSOLE:
	case PEER_CLIENT:
	case PEER_STORAGE:
		return false;
	}
	return false;
}

/* ---- a file daemon ---- */

static void
serve_data(struct sd *sd, const struct hello *who, struct conn **c)
{
	OWNED(session_putp) struct session *s = session_find(sd->sessions, who->name);
	struct err err = ERR_INIT;

	if (s == NULL) {
		log_warn("%s came for job %s, which has ended meanwhile", conn_peer(*c), who->name);
		return;
	}
	if (who->bacula && (conn_printf(*c, &err, FD_SD_OK_HELLO_BACULA) != ERR_OK ||
			    conn_flush(*c, &err) != ERR_OK)) {
		log_warn("job %s: %s", who->name, err.text);
		return;
	}
	if (session_offer_fd(s, c, &err) != ERR_OK) {
		log_warn("%s", err.text);
		session_report(s, MSG_SECURITY, err.text);
	}
}

/* ---- a director ---- */

/* Job messages go out at once: people wait for them. */
static void
send_message(void *arg, const char *frame, size_t n)
{
	struct conn *c = (struct conn *)arg;
	struct err err = ERR_INIT;

	if (conn_send(c, bytes_of(frame, n), &err) == ERR_OK && conn_flush(c, &err) == ERR_OK)
		return;
	log_warn("a message for %s is lost: %s: %.*s", conn_peer(c), err.text, (int)n, frame);
}

/* The types this daemon's Messages resource wants its director to get. */
static uint32_t
wanted_types(const struct sd *sd, const char *director)
{
	const struct conf_messages *m = sd->conf->storage->messages;
	uint32_t wanted = 0;
	bool any = false;

	for (size_t i = 0; m != NULL && i < m->n_dest; i++) {
		if (m->dest[i].kind != CONF_DEST_DIRECTOR)
			continue;
		any = true;
		if (strcmp(m->dest[i].target, director) == 0)
			wanted |= m->dest[i].types;
	}
	return any ? wanted : UINT32_MAX;
}

static void
serve_director(struct sd *sd, const struct hello *who, struct conn *c)
{
	struct conversation v = { .sd = sd,
				  .director = sd_conf_find_director(sd->conf, who->name),
				  .c = c,
				  .since = clock_now() };
	struct err err = ERR_INIT;

	if (v.director == NULL)
		return;
	v.msg = job_msg_new(sd->conf->storage->name, send_message, c);
	job_msg_set_filter(v.msg, wanted_types(sd, who->name));
	conn_set_wait(c, &sd->stop, 0, "the director's next command");
	if (conn_printf(c, &err, DIR_SD_OK_HELLO) != ERR_OK ||
	    conversation_serve(&v, &err) != ERR_OK)
		log_info("director %s at %s: %s", who->name, conn_peer(c), err.text);
	job_msg_free(v.msg);
}

void
sd_serve(void *arg, int fd)
{
	struct sd *sd = (struct sd *)arg;
	const struct sd_storage *own = sd->conf->storage;
	struct acceptor a = { .own_name = sd->own_name,
			      .tls = &own->tls,
			      .find_peer = find_peer,
			      .arg = sd,
			      .hello_min = HELLO_MIN,
			      .hello_max = HELLO_MAX,
			      .deadline_seconds = ACCEPT_S,
			      .heartbeat_seconds = own->heartbeat_interval > 0
							   ? (unsigned)own->heartbeat_interval
							   : IDLE_BEAT };
	struct hello who = { .name = "" };
	OWNED(conn_freep) struct conn *c = NULL;
	struct err err = ERR_INIT;

	if (conn_accept(fd, &a, &sd->stop, &who, &c, &err) != ERR_OK)
		return; /* it is in the log */
	if (who.kind == PEER_DIRECTOR)
		serve_director(sd, &who, c);
	else
		serve_data(sd, &who, &c);
}
