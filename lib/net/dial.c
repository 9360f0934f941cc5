/*
 * conn_dial: resolve, connect, TLS, Hello, CRAM both ways.
 */
#include "lib/net/conn.h"

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/own.h"
#include "lib/net/addr.h"
#include "lib/net/auth.h"
#include "lib/net/hello.h"
#include "lib/net/net_internal.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#define AUTH_SECONDS   180 /* silence in one step of the set-up; wire.md 12 */
#define FAILED_WORD_MS (300 * 1000)
#define ONE_CONNECT_MS 15000 /* for one address at most */

static enum err_code
bind_source(int fd, const struct dial *d, int family, struct err *err)
{
	struct addr list[ADDR_LIST_MAX];
	enum err_code rc;
	size_t n;

	if (d->source_address == NULL)
		return ERR_OK;
	rc = addr_resolve(d->source_address, 0, ADDR_BIND, list, &n, err);
	if (rc == ERR_ABSENT)
		err->code = ERR_PEER; /* as any failure of one attempt */
	if (rc != ERR_OK)
		return err_ctx(err, "source address");
	for (size_t i = 0; i < n; i++) {
		if (list[i].sa.ss_family != family)
			continue;
		if (bind(fd, (const struct sockaddr *)&list[i].sa, list[i].len) == 0)
			return ERR_OK;
		return err_errno(err, ERR_PEER, "source address %s", d->source_address);
	}
	return err_set(err, ERR_PEER, "source address %s is of another family than the peer's",
		       d->source_address);
}

static enum err_code
connect_now(int fd, const struct addr *to, const struct dial *d, int64_t deadline_ms,
	    struct err *err)
{
	struct wait w = { d->cancel, deadline_ms, "a connection" };
	int failed = 0;
	socklen_t len = sizeof(failed);
	enum err_code rc;

	if (connect(fd, (const struct sockaddr *)&to->sa, to->len) == 0)
		return ERR_OK;
	if (errno != EINPROGRESS)
		return err_errno(err, ERR_PEER, "connect to %s", to->text);
	rc = wait_fd(&w, fd, POLLOUT, err);
	if (rc != ERR_OK)
		return err_ctx(err, "connect to %s", to->text);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &len) != 0 || failed != 0) {
		errno = failed;
		return err_errno(err, ERR_PEER, "connect to %s", to->text);
	}
	return ERR_OK;
}

static enum err_code
connect_one(const struct addr *to, const struct dial *d, int64_t deadline_ms, int *out,
	    struct err *err)
{
	OWNED(closep)
	int fd = socket(to->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	enum err_code rc;

	if (fd < 0)
		return err_errno(err, ERR_PEER, "socket for %s", to->text);
	chan_keepalive(fd, d->heartbeat_seconds);
	rc = bind_source(fd, d, to->sa.ss_family, err);
	if (rc == ERR_OK)
		rc = connect_now(fd, to, d, deadline_ms, err);
	if (rc == ERR_OK)
		*out = TAKE_FD(fd);
	return rc;
}

/* When to leave the first of n addresses: one that is dead leaves time for the others. */
static int64_t
turn_end(int64_t deadline_ms, size_t n)
{
	int64_t now = clock_mono_ms(), share = (deadline_ms - now) / (int64_t)n;

	return now + (share < ONE_CONNECT_MS ? share : ONE_CONNECT_MS);
}

/* All addresses of the host in turn; *final: its name has none. */
static enum err_code
connect_any(const struct dial *d, int64_t deadline_ms, bool *final, struct chan **out,
	    struct err *err)
{
	struct addr list[ADDR_LIST_MAX];
	char peer[CHAN_PEER_MAX];
	enum err_code rc;
	int fd = -1;
	size_t n;

	rc = addr_resolve(d->host, d->port, ADDR_CONNECT, list, &n, err);
	*final = rc == ERR_PEER;
	if (rc == ERR_ABSENT)
		err->code = ERR_PEER;
	if (rc != ERR_OK)
		return err->code;
	rc = ERR_PEER;
	for (size_t i = 0; i < n && rc != ERR_OK && rc != ERR_CANCELED; i++)
		rc = connect_one(&list[i], d, turn_end(deadline_ms, n - i), &fd, err);
	if (rc != ERR_OK)
		return rc;
	(void)snprintf(peer, sizeof(peer),
		       strchr(d->host, ':') != NULL ? "[%.127s]:%u" : "%.127s:%u", d->host,
		       d->port);
	return chan_new(fd, peer, out, err);
}

/* Again and again while there is time; a name that does not resolve is final (wire.md 12), though
 * not when no name server answers. */
static enum err_code
connect_patiently(const struct dial *d, int64_t deadline_ms, struct chan **out, struct err *err)
{
	int64_t now_ms, next_word_ms = 0;

	for (;;) {
		bool final;
		enum err_code rc = connect_any(d, deadline_ms, &final, out, err);
		struct err pausing = ERR_INIT;
		struct wait pause = wait_for(d->cancel, d->retry_seconds, "the next attempt");

		if (rc != ERR_PEER || final || d->retry_seconds == 0 ||
		    pause.deadline_ms >= deadline_ms)
			return rc;
		trace(50, "%s; again in %u s", err->text, d->retry_seconds);
		now_ms = clock_mono_ms();
		if (d->failed != NULL && now_ms >= next_word_ms) {
			d->failed(d->failed_arg, err->text, (deadline_ms - now_ms + 999) / 1000);
			next_word_ms = now_ms + FAILED_WORD_MS;
		}
		rc = wait_pause(&pause, &pausing);
		if (rc != ERR_OK) {
			*err = pausing;
			return rc;
		}
	}
}

static enum err_code
start_tls(struct chan *chan, const struct dial *d, struct err *err)
{
	struct tls_client tls = { .conf = d->tls, .key = d->key, .host = d->host };
	char identity[TLS_IDENTITY_MAX + 1];

	if (!hello_identity_emit(d->psk_kind, d->psk_name, identity, sizeof(identity)))
		return err_set(err, ERR_CONFIG, "the name \"%s\" is too long for TLS", d->psk_name);
	if (d->key.n > 0)
		tls.identity = identity;
	return chan_start_tls_client(chan, &tls, err);
}

/* Hello and CRAM: the peer challenges first. */
static enum err_code
introduce(struct conn *c, const struct dial *d, struct err *err)
{
	int ssl = AUTH_SSL_MISSING;
	enum err_code rc = conn_send(c, bytes_str(d->hello), err);

	if (rc == ERR_OK)
		rc = auth_answer_peer(c, d->key, d->own_name, &ssl, err);
	if (rc == ERR_OK)
		rc = auth_challenge_peer(c, d->key, d->own_name, 0, err);
	if (rc == ERR_OK)
		rc = conn_flush(c, err);
	if (rc == ERR_OK && conn_chan(c)->tls == NULL && ssl >= 2)
		return err_set(err, ERR_AUTH,
			       "%s requires TLS, but this connection is to be in clear",
			       conn_peer(c));
	return rc;
}

static enum err_code
dial_once(const struct dial *d, enum dial_security security, int64_t deadline_ms, bool *tls_failed,
	  struct conn **out, struct err *err)
{
	OWNED(chan_freep) struct chan *chan = NULL;
	OWNED(conn_freep) struct conn *c = NULL;
	enum err_code rc = connect_patiently(d, deadline_ms, &chan, err);

	*tls_failed = false;
	if (rc != ERR_OK)
		return rc;
	chan_set_wait(chan, d->cancel, AUTH_SECONDS, "its part of the connection set-up");
	chan_set_deadline(chan, deadline_ms);
	if (security != DIAL_CLEAR) {
		rc = start_tls(chan, d, err);
		*tls_failed = rc == ERR_AUTH || rc == ERR_PEER || rc == ERR_PROTO;
		if (rc != ERR_OK)
			return rc;
	}
	c = conn_new(&chan);
	if (strncmp(d->own_name, "R_DIRECTOR", strlen("R_DIRECTOR")) == 0)
		conn_set_director(c);
	rc = introduce(c, d, err);
	if (rc != ERR_OK)
		return rc;
	chan_set_deadline(conn_chan(c), 0);
	conn_set_wait(c, d->cancel, 0, "the peer");
	*out = TAKE_PTR(c);
	return ERR_OK;
}

enum err_code
conn_dial(const struct dial *d, struct conn **out, struct err *err)
{
	int64_t seconds = d->timeout_seconds > 0 ? d->timeout_seconds : AUTH_SECONDS;
	int64_t deadline_ms = clock_mono_ms() + seconds * 1000;
	bool tls_failed;
	enum err_code rc = dial_once(d, d->security, deadline_ms, &tls_failed, out, err);

	if (rc == ERR_OK || d->security != DIAL_TLS_OR_CLEAR || !tls_failed)
		return rc;
	log_warn("%s; trying once more in clear", err->text);
	return dial_once(d, DIAL_CLEAR, deadline_ms, &tls_failed, out, err);
}
