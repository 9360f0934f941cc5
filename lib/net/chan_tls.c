#include "lib/net/net_internal.h"

#include "lib/base/num.h"

#include <poll.h>
#include <sys/socket.h>

static const struct bytes nothing;

/* Cipher bytes that are there now, into the session; *got = 0: none. */
static enum err_code
feed(struct chan *c, size_t *got, struct err *err)
{
	struct tls_room room = tls_in_room(c->tls);
	enum err_code rc = chan_recv_now(c, room.p, room.n, got, err);

	if (rc == ERR_OK && *got > 0)
		tls_in_added(c->tls, *got);
	return rc;
}

static enum err_code
tls_try_read(struct chan *c, void *p, size_t n, size_t *got, struct err *err)
{
	enum err_code rc;
	size_t fed;

	for (;;) {
		rc = tls_read(c->tls, p, n, got, err);
		if (rc != ERR_OK)
			return err_ctx(err, "%s", c->peer);
		if (*got > 0)
			return ERR_OK;
		rc = feed(c, &fed, err);
		if (rc == ERR_EOF)
			tls_in_added(c->tls, 0); /* tell whether a record was cut */
		if (rc != ERR_OK || fed == 0)
			return rc;
	}
}

/* Encrypt and send: what does not fit one step of the session goes in several. */
static enum err_code
tls_send_all(struct chan *c, struct bytes a, struct bytes b, struct err *err)
{
	do {
		struct bytes *from = a.n > 0 ? &a : &b;
		size_t n = size_min(from->n, TLS_WRITE_MAX);
		enum err_code rc = tls_write(c->tls, bytes_of(from->p, n), err);

		if (rc == ERR_OK)
			rc = chan_send_all(c, tls_out_take(c->tls), nothing, err);
		if (rc != ERR_OK)
			return rc;
		*from = bytes_skip(*from, n);
	} while (a.n + b.n > 0);
	return ERR_OK;
}

static bool
tls_ready(struct chan *c)
{
	struct err err = ERR_INIT;
	size_t fed;

	if (tls_has_input(c->tls))
		return true;
	if (feed(c, &fed, &err) != ERR_OK)
		return true; /* the end can be had without waiting */
	return fed > 0 && tls_has_input(c->tls);
}

/* close_notify if the socket takes it at once; nobody waits for it. */
static void
tls_goodbye(struct chan *c)
{
	struct bytes out;

	tls_close(c->tls);
	out = tls_out_take(c->tls);
	if (out.n > 0)
		(void)!send(c->fd, out.p, out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

const struct chan_ops chan_tls_ops = {
	.try_read = tls_try_read,
	.write = tls_send_all,
	.has_input = tls_ready,
	.say_goodbye = tls_goodbye,
};

static enum err_code
handshake_step(struct chan *c, bool *done, struct err *err)
{
	struct err sending = ERR_INIT;
	enum err_code rc = tls_handshake(c->tls, done, err);
	enum err_code sent = chan_send_all(c, tls_out_take(c->tls), nothing, &sending);

	if (rc != ERR_OK)
		return err_ctx(err, "%s", c->peer);
	if (sent != ERR_OK)
		*err = sending;
	return sent;
}

static enum err_code
handshake(struct chan *c, struct err *err)
{
	enum err_code rc;
	bool done = false;
	size_t fed;

	for (;;) {
		rc = handshake_step(c, &done, err);
		if (rc != ERR_OK || done)
			return rc;
		rc = feed(c, &fed, err);
		if (rc == ERR_EOF)
			return err_set(err, ERR_AUTH,
				       "%s hung up during the TLS handshake: it does not speak "
				       "TLS here, or does not know our name",
				       c->peer);
		if (rc == ERR_PEER)
			return err_ctx(err, "during the TLS handshake");
		if (rc == ERR_OK && fed == 0)
			rc = chan_wait(c, POLLIN, err);
		if (rc != ERR_OK)
			return rc;
	}
}

enum err_code
chan_start_tls_client(struct chan *c, const struct tls_client *tls, struct err *err)
{
	enum err_code rc = tls_new_client(tls, &c->tls, err);

	if (rc == ERR_OK)
		rc = handshake(c, err);
	if (rc == ERR_OK)
		c->ops = &chan_tls_ops;
	return rc;
}

enum err_code
chan_start_tls_server(struct chan *c, const struct tls_server *tls, struct err *err)
{
	enum err_code rc = tls_new_server(tls, &c->tls, err);

	if (rc == ERR_OK)
		rc = handshake(c, err);
	if (rc == ERR_OK)
		c->ops = &chan_tls_ops;
	return rc;
}
