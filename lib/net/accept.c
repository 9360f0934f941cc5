/*
 * conn_accept: tell TLS from clear text, TLS, Hello, CRAM both ways.
 *
 * Whatever goes wrong ends in refuse(): the peer gets TERMINATE (or what CRAM said already) and
 * is kept waiting for a moment if it guessed at passwords; the reason goes to the log with the
 * peer's address.  Until it is through, a peer is a stranger (lib/net/origin): it may send frames
 * of a Hello's size only, and may have to give way.
 */
#include "lib/net/conn.h"

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/own.h"
#include "lib/net/addr.h"
#include "lib/net/auth.h"
#include "lib/net/frame.h"
#include "lib/net/hello.h"
#include "lib/net/net_internal.h"
#include "lib/net/origin.h"

#include <stdio.h>

#define STRANGER_FRAME 1024 /* Hello, challenge, answer, capabilities: all are shorter */
#define PEEK_LEN       10   /* what tells a Hello from TLS; wire.md 3.1 */
#define FIRST_SECONDS  10   /* for those bytes and the whole Hello */
#define AUTH_SECONDS   180  /* silence in one step */
#define HELLO_AT       4
#define TLS_HANDSHAKE  0x16 /* content type of a ClientHello's record */
/* Bacula FDs from 12 on (213 and 214 are older) expect this before the challenge; bacula.md 3.3 */
#define BACULA_CAPS                                                                                \
	"sdcaps: dedup=0 hash=1 dedup_block=65536 min_dedup_block=4096 max_dedup_block=66560\n"

struct visit {
	const struct acceptor *a;
	struct cancel *cancel;
	struct conn *c;    /* owned */
	struct chan *chan; /* owned until c is */
	struct hello who;
	struct peer_policy policy; /* owned key */
	bool has_policy;
	enum peer_kind tls_kind; /* who the PSK identity says it is */
	char tls_name[128];
	struct stranger stranger;
	bool guessed; /* it tried to prove itself and failed */
};

static void
visit_release(struct visit *v)
{
	conn_free(v->c);
	chan_free(v->chan);
	secret_release(&v->policy.key);
}

static enum err_code
look_up(struct visit *v, enum peer_kind kind, const char *name, struct err *err)
{
	secret_release(&v->policy.key);
	v->policy = (struct peer_policy){ 0 };
	if (!v->a->find_peer(v->a->arg, kind, name, &v->policy) || v->policy.key.n == 0)
		return err_set(err, ERR_AUTH, "unknown %s \"%s\"", hello_kind_text(kind), name);
	v->has_policy = true;
	return ERR_OK;
}

/* TLS asks for the key of an identity. */
static bool
find_key(void *arg, struct bytes identity, struct secret *out)
{
	struct visit *v = (struct visit *)arg;
	struct err err = ERR_INIT;

	if (!hello_identity_parse(identity, &v->tls_kind, v->tls_name, sizeof(v->tls_name)) ||
	    look_up(v, v->tls_kind, v->tls_name, &err) != ERR_OK)
		return false;
	v->guessed = true; /* until the handshake proves otherwise */
	secret_set(out, secret_bytes(&v->policy.key));
	return true;
}

/* The first bytes decide; in clear they must also be a Hello of a length allowed. */
static enum err_code
classify(struct visit *v, bool *tls, struct err *err)
{
	uint8_t head[PEEK_LEN];
	struct err peeking = ERR_INIT;
	size_t got = 0, len;
	enum frame_signal signal;
	enum err_code rc;

	rc = chan_peek(v->chan, head, sizeof(head), sizeof(head), &got, &peeking);
	if (rc == ERR_EOF && got == 0)
		return err_set(err, ERR_EOF, "closed without a word");
	if (rc != ERR_OK && got > 0)
		return err_set(err, ERR_PROTO, "sent %zu bytes and no Hello", got);
	if (rc != ERR_OK) {
		*err = peeking;
		return rc;
	}
	*tls = memcmp(head + HELLO_AT, "Hello ", 6) != 0;
	if (*tls && (head[0] != TLS_HANDSHAKE || head[1] != 3))
		return err_set(err, ERR_PROTO,
			       "neither a Hello nor TLS: it begins with %02x %02x %02x %02x %02x "
			       "%02x",
			       head[0], head[1], head[2], head[3], head[4], head[5]);
	if (*tls)
		return ERR_OK;
	rc = frame_head_parse(head, &signal, &len, err);
	if (rc == ERR_OK && (len < v->a->hello_min || len > v->a->hello_max))
		return err_set(err, ERR_PROTO, "a Hello of %zu bytes is outside %zu..%zu", len,
			       v->a->hello_min, v->a->hello_max);
	return rc;
}

static enum err_code
accept_tls(struct visit *v, struct err *err)
{
	struct tls_server tls = { .conf = v->a->tls, .find_key = find_key, .arg = v };
	enum err_code rc = chan_start_tls_server(v->chan, &tls, err);

	if (rc == ERR_OK)
		v->guessed = false;
	return rc;
}

static enum err_code
read_hello(struct visit *v, struct err *err)
{
	struct bytes line;
	enum err_code rc = conn_recv_line(v->c, &line, NULL, err);

	if (rc == ERR_EOF)
		return err_set(err, ERR_PROTO, "ended before its Hello");
	if (rc != ERR_OK)
		return rc;
	if (line.n < v->a->hello_min || line.n > v->a->hello_max)
		return err_set(err, ERR_PROTO, "a Hello of %zu bytes is outside %zu..%zu", line.n,
			       v->a->hello_min, v->a->hello_max);
	return hello_parse(line, &v->who, err);
}

/* Is what the Hello says allowed on this connection? */
static enum err_code
judge_hello(struct visit *v, struct err *err)
{
	const struct tls *tls = conn_chan(v->c)->tls;
	const struct hello *who = &v->who;
	enum err_code rc;

	if (tls != NULL && tls_is_psk(tls)) {
		if (v->tls_kind != who->kind || strcmp(v->tls_name, who->name) != 0)
			return err_set(err, ERR_AUTH,
				       "says it is %s \"%s\" but proved to be %s \"%s\"",
				       hello_kind_text(who->kind), who->name,
				       hello_kind_text(v->tls_kind), v->tls_name);
		return ERR_OK; /* looked up in the handshake */
	}
	rc = look_up(v, who->kind, who->name, err);
	if (rc == ERR_OK && tls == NULL && !v->policy.cleartext_ok)
		return err_set(err, ERR_AUTH,
			       "%s \"%s\" speaks in clear, which the configuration does not allow",
			       hello_kind_text(who->kind), who->name);
	return rc;
}

static enum err_code
exchange_bacula_caps(struct visit *v, struct err *err)
{
	struct bytes line;
	enum err_code rc;

	if (!v->who.bacula || v->who.kind != PEER_JOB || v->who.version < 12 ||
	    v->who.version == 213 || v->who.version == 214)
		return ERR_OK;
	rc = conn_printf(v->c, err, "%s", BACULA_CAPS);
	if (rc == ERR_OK)
		rc = conn_recv_line(v->c, &line, NULL, err);
	if (rc == ERR_OK && !bytes_starts(line, "fdcaps:"))
		return err_set(err, ERR_PROTO, "gave no capabilities");
	return rc;
}

static enum err_code
authenticate(struct visit *v, struct err *err)
{
	struct bytes key = secret_bytes(&v->policy.key);
	bool clear = conn_chan(v->c)->tls == NULL;
	int ssl = AUTH_SSL_MISSING;
	enum err_code rc;

	/* In clear TLS will not follow, so none is announced. */
	rc = auth_challenge_peer(v->c, key, v->a->own_name, clear ? 0 : v->policy.ssl, err);
	if (rc == ERR_OK)
		rc = auth_answer_peer(v->c, key, v->a->own_name, &ssl, err);
	if (rc == ERR_AUTH)
		v->guessed = true;
	if (rc == ERR_OK && clear && ssl >= 2)
		return err_set(err, ERR_AUTH, "requires TLS, but came in clear");
	return rc;
}

static enum err_code
receive(struct visit *v, struct err *err)
{
	enum err_code rc;
	bool tls = false;

	chan_set_deadline(v->chan, clock_mono_ms() + FIRST_SECONDS * 1000);
	rc = classify(v, &tls, err);
	if (rc == ERR_OK && tls)
		rc = accept_tls(v, err);
	if (rc != ERR_OK)
		return rc;
	v->c = conn_new(&v->chan);
	conn_set_frame_max(v->c, STRANGER_FRAME);
	if (strncmp(v->a->own_name, "R_DIRECTOR", strlen("R_DIRECTOR")) == 0)
		conn_set_director(v->c);
	rc = read_hello(v, err);
	if (rc == ERR_OK)
		rc = judge_hello(v, err);
	if (rc != ERR_OK)
		return rc;
	chan_set_deadline(conn_chan(v->c),
			  v->a->deadline_seconds > 0
				  ? clock_mono_ms() + (int64_t)v->a->deadline_seconds * 1000
				  : 0);
	rc = exchange_bacula_caps(v, err);
	if (rc == ERR_OK)
		rc = authenticate(v, err);
	return rc;
}

/* Say that it is over; a guess at a password waits before it is told. */
static void
refuse(struct visit *v, enum err_code rc)
{
	struct err ignored = ERR_INIT;
	uint8_t head[FRAME_HEAD_LEN];

	/* Until then, or until it has to give way. */
	if (v->guessed && rc != ERR_CANCELED) {
		struct wait pause = { v->cancel, clock_mono_ms() + origin_failed(v->stranger.host),
				      "the next guess" };

		(void)!wait_fd(&pause, v->stranger.fd, 0, &ignored);
	}
	frame_signal_emit(FRAME_TERMINATE, head);
	if (v->c != NULL)
		(void)!conn_signal(v->c, FRAME_TERMINATE, &ignored);
	else if (v->chan->tls == NULL)
		(void)!chan_send_all(v->chan, bytes_of(head, sizeof(head)), bytes_of(NULL, 0),
				     &ignored);
}

/* Why, once; so many lines about one address and about all.  One that closed without a word cost
 * nothing and is no news: health checks do so. */
static void
log_refusal(const struct visit *v, const struct err *err)
{
	unsigned unsaid = 0;

	if (err->code == ERR_EOF || err->code == ERR_CANCELED ||
	    !origin_may_log(v->stranger.host, &unsaid))
		return;
	if (unsaid > 0)
		log_warn("%s (%u more from this address were refused meanwhile)", err->text,
			 unsaid);
	else
		log_warn("%s", err->text);
}

static enum err_code
serve_stranger(struct visit *v, struct err *err)
{
	enum err_code rc = receive(v, err);

	if ((rc == ERR_EOF || rc == ERR_PEER) && atomic_load(&v->stranger.shown_out)) {
		*err = (struct err)ERR_INIT;
		rc = err_set(err, ERR_LIMIT,
			     "it had not said who it is when newer connections needed its place");
	}
	if (rc != ERR_OK)
		refuse(v, rc);
	return rc;
}

enum err_code
conn_accept(int fd, const struct acceptor *a, struct cancel *cancel, struct hello *who,
	    struct conn **out, struct err *err)
{
	OWNED(visit_release) struct visit v = { .a = a, .cancel = cancel };
	struct addr from;
	char host[64];
	enum err_code rc;

	addr_of_peer(fd, &from);
	addr_host(&from, host, sizeof(host));
	chan_keepalive(fd, a->heartbeat_seconds);
	rc = chan_new(fd, from.text, &v.chan, err);
	if (rc != ERR_OK)
		return rc;
	chan_set_wait(v.chan, cancel, AUTH_SECONDS, "its part of the connection set-up");
	origin_enter(&v.stranger, host, fd);
	rc = serve_stranger(&v, err);
	origin_leave(&v.stranger);
	if (rc != ERR_OK) {
		rc = err_ctx(err, "connection from %s refused", from.text);
		log_refusal(&v, err);
		return rc;
	}
	/* Through, and shown out in the same moment: it calls again. */
	if (atomic_load(&v.stranger.shown_out))
		return err_set(err, ERR_EOF, "gave way");
	origin_succeeded(host);
	conn_set_frame_max(v.c, FRAME_MAX);
	chan_set_deadline(conn_chan(v.c), 0);
	conn_set_wait(v.c, cancel, 0, "the peer");
	*who = v.who;
	*out = TAKE_PTR(v.c);
	return ERR_OK;
}
