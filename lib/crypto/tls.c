/*
 * A TLS session between two memory buffers.
 *
 *   socket -> in -> (BIO) -> SSL_read -> caller        caller -> SSL_write -> (BIO) -> out ->
 * socket
 *
 * "in" is filled by the receiver behind in_end without the lock (nobody else looks there) and
 * published by tls_in_added under it.  "out" is two buffers: OpenSSL appends to one while the
 * sender sends the other, so a reader that must answer (a key update) never waits for the
 * network.
 */
#include "lib/crypto/crypto_internal.h"

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/sync.h"

#include <assert.h>
#include <openssl/err.h>

#define IN_CAP  (96u * 1024)
#define OUT_MAX (8u * 1024 * 1024) /* far above TLS_WRITE_MAX with its record heads */
/* Bytes after which the sending key changes; AES-GCM may see 2^24.5 records (RFC 8446 5.5). */
#define REKEY_BYTES (64ull * 1024 * 1024 * 1024)

struct tls {
	struct mutex lock; /* RANK_TLS */
	enum tls_role role;
	SSL_CTX *ctx;    /* owned */
	SSL *ssl;        /* owned; calls under lock */
	BIO_METHOD *bio; /* owned */
	uint8_t *in;     /* owned, IN_CAP bytes */
	size_t in_at GUARDED_BY(&lock);
	size_t in_end GUARDED_BY(&lock);
	bool in_eof GUARDED_BY(&lock);
	struct buf out[2] GUARDED_BY(&lock);
	unsigned filling GUARDED_BY(&lock);     /* index of the out that OpenSSL appends to */
	uint64_t keyed_bytes GUARDED_BY(&lock); /* sent under the present key */

	/* client */
	char own_identity[TLS_IDENTITY_MAX + 1];
	struct secret key; /* owned */
	/* server */
	bool (*find_key)(void *arg, struct bytes identity, struct secret *out);
	void *find_arg;
	bool unknown_identity; /* find_key said no */

	bool verify;
	struct tls_names names;
	char identity[TLS_IDENTITY_MAX + 1]; /* of the session */
	char description[96];
	bool is_psk;
};

/* ---- the BIO between OpenSSL and the buffers; always called under the lock ---- */

static int
bio_read(BIO *b, char *p, int n) NO_ANALYSIS
{
	struct tls *t = (struct tls *)BIO_get_data(b);
	size_t have = t->in_end - t->in_at;

	BIO_clear_retry_flags(b);
	if (have == 0 && !t->in_eof) {
		BIO_set_retry_read(b);
		return -1;
	}
	if (have > (size_t)n)
		have = (size_t)n;
	memcpy(p, t->in + t->in_at, have);
	t->in_at += have;
	return (int)have;
}

static int
bio_write(BIO *b, const char *p, int n) NO_ANALYSIS
{
	struct tls *t = (struct tls *)BIO_get_data(b);
	struct err err = ERR_INIT;

	BIO_clear_retry_flags(b);
	return buf_append(&t->out[t->filling], p, (size_t)n, &err) == ERR_OK ? n : -1;
}

static long
bio_ctrl(BIO *b, int cmd, long num UNUSED, void *ptr UNUSED) NO_ANALYSIS
{
	struct tls *t = (struct tls *)BIO_get_data(b);

	if (cmd == BIO_CTRL_FLUSH)
		return 1;
	if (cmd == BIO_CTRL_EOF)
		return t->in_eof && t->in_at == t->in_end;
	return 0;
}

/* ---- PSK callbacks; called by SSL_do_handshake ---- */

static unsigned
psk_client(SSL *ssl, const char *hint UNUSED, char *identity, unsigned identity_cap,
	   unsigned char *key, unsigned key_cap)
{
	struct tls *t = (struct tls *)SSL_get_app_data(ssl);
	size_t n = strlen(t->own_identity);

	if (n + 1 > identity_cap || t->key.n > key_cap)
		return 0;
	memcpy(identity, t->own_identity, n + 1);
	memcpy(key, t->key.p, t->key.n);
	return (unsigned)t->key.n;
}

static unsigned
psk_server(SSL *ssl, const char *identity, unsigned char *key, unsigned key_cap)
{
	struct tls *t = (struct tls *)SSL_get_app_data(ssl);
	OWNED(secret_release) struct secret found = { 0 };

	if (identity == NULL || strlen(identity) > TLS_IDENTITY_MAX)
		return 0;
	(void)snprintf(t->identity, sizeof(t->identity), "%s", identity);
	if (!t->find_key(t->find_arg, bytes_str(identity), &found) || found.n == 0 ||
	    found.n > key_cap) {
		t->unknown_identity = true;
		return 0;
	}
	memcpy(key, found.p, found.n);
	return (unsigned)found.n;
}

/* ---- life ---- */

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	SSL_free(t->ssl);
	SSL_CTX_free(t->ctx);
	BIO_meth_free(t->bio);
	free(t->in);
	buf_release(&t->out[0]);
	buf_release(&t->out[1]);
	secret_release(&t->key);
	tls_names_release(&t->names);
	mutex_release(&t->lock);
	free(t);
}

void
tls_freep(struct tls **t)
{
	tls_free(*t);
}

static enum err_code
attach_bio(struct tls *t, struct err *err)
{
	BIO *b;

	t->bio = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "conversation");
	if (t->bio == NULL || BIO_meth_set_read(t->bio, bio_read) != 1 ||
	    BIO_meth_set_write(t->bio, bio_write) != 1 || BIO_meth_set_ctrl(t->bio, bio_ctrl) != 1)
		return tls_err(err, ERR_SYS, "TLS buffers");
	b = BIO_new(t->bio);
	if (b == NULL)
		return tls_err(err, ERR_SYS, "TLS buffers");
	BIO_set_data(b, t);
	BIO_set_init(b, 1);
	SSL_set_bio(t->ssl, b, b);
	return ERR_OK;
}

static void
copy_names(struct tls *t, const struct tls_conf *conf, const char *host)
{
	t->verify = conf != NULL && conf->verify_peer;
	if (!t->verify)
		return;
	t->names.host = host != NULL ? str_dup(host) : NULL;
	t->names.cn = NEW_ARRAY(char *, conf->n_allowed_cn + 1);
	for (size_t i = 0; i < conf->n_allowed_cn; i++)
		t->names.cn[i] = str_dup(conf->allowed_cn[i]);
	t->names.n_cn = conf->n_allowed_cn;
}

static enum err_code
new_session(enum tls_role role, const struct tls_conf *conf, const char *host, struct tls **out,
	    struct err *err) NO_ANALYSIS
{
	OWNED(tls_freep) struct tls *t = NEW(struct tls);
	enum err_code rc;

	mutex_init(&t->lock, RANK_TLS);
	t->role = role;
	t->in = NEW_ARRAY(uint8_t, IN_CAP);
	t->out[0].max = OUT_MAX;
	t->out[1].max = OUT_MAX;
	copy_names(t, conf, host);
	rc = tls_ctx_new(role, conf, &t->ctx, err);
	if (rc != ERR_OK)
		return rc;
	t->ssl = SSL_new(t->ctx);
	if (t->ssl == NULL)
		return tls_err(err, ERR_SYS, "TLS session");
	SSL_set_app_data(t->ssl, t);
	rc = attach_bio(t, err);
	if (rc == ERR_OK)
		*out = TAKE_PTR(t);
	return rc;
}

/* SSL_set_tlsext_host_name, whose macro casts const away. */
static void
set_server_name(SSL *ssl, const char *host)
{
	(void)SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
		       (void *)(uintptr_t)host);
}

enum err_code
tls_new_client(const struct tls_client *c, struct tls **out, struct err *err)
{
	OWNED(tls_freep) struct tls *t = NULL;
	enum err_code rc;

	if (c->identity != NULL && strlen(c->identity) > TLS_IDENTITY_MAX)
		return err_set(err, ERR_LIMIT, "a TLS identity of %zu bytes is longer than %d",
			       strlen(c->identity), TLS_IDENTITY_MAX);
	if (c->identity != NULL && (c->key.n == 0 || c->key.n > TLS_KEY_MAX))
		return err_set(err, ERR_LIMIT, "a TLS key of %zu bytes is outside 1..%d", c->key.n,
			       TLS_KEY_MAX);
	rc = new_session(TLS_CLIENT, c->conf, c->host, &t, err);
	if (rc != ERR_OK)
		return rc;
	if (c->identity != NULL && !t->verify) {
		(void)snprintf(t->own_identity, sizeof(t->own_identity), "%s", c->identity);
		secret_set(&t->key, c->key);
		SSL_set_psk_client_callback(t->ssl, psk_client);
	}
	if (c->host != NULL && strchr(c->host, ':') == NULL &&
	    c->host[strspn(c->host, "0123456789.")] != '\0')
		set_server_name(t->ssl, c->host);
	SSL_set_connect_state(t->ssl);
	*out = TAKE_PTR(t);
	return ERR_OK;
}

enum err_code
tls_new_server(const struct tls_server *s, struct tls **out, struct err *err)
{
	OWNED(tls_freep) struct tls *t = NULL;
	enum err_code rc = new_session(TLS_SERVER, s->conf, NULL, &t, err);

	if (rc != ERR_OK)
		return rc;
	t->find_key = s->find_key;
	t->find_arg = s->arg;
	if (!t->verify)
		SSL_set_psk_server_callback(t->ssl, psk_server);
	SSL_set_accept_state(t->ssl);
	*out = TAKE_PTR(t);
	return ERR_OK;
}

/* ---- handshake ---- */

/* What OpenSSL's reason means to the people who run the two ends; NULL: nothing better. */
static const char *
explain(const struct tls *t, int reason)
{
	switch (reason) {
	case SSL_R_SSLV3_ALERT_ILLEGAL_PARAMETER:
	case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
		return t->role == TLS_CLIENT ? "the two ends have different passwords" : NULL;
	case SSL_R_BINDER_DOES_NOT_VERIFY:
		return "the two ends have different passwords";
	case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
		return t->role == TLS_CLIENT
			       ? "the peer does not know our name, or has no key or certificate "
				 "in common with us"
			       : NULL;
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_HTTP_REQUEST:
	case SSL_R_UNKNOWN_PROTOCOL:
		return "the peer does not speak TLS here";
	}
	return NULL;
}

static enum err_code
handshake_failed(const struct tls *t, struct err *err)
{
	unsigned long e = ERR_peek_error();
	long verify = SSL_get_verify_result(t->ssl);
	const char *why = explain(t, ERR_GET_REASON(e));
	const char *reason = ERR_reason_error_string(e);
	char who[TLS_IDENTITY_MAX + 1];

	ERR_clear_error();
	(void)snprintf(who, sizeof(who), "%s", t->identity);
	for (char *p = who; *p != '\0'; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	if (t->unknown_identity)
		return err_set(err, ERR_AUTH, "TLS handshake: unknown identity \"%s\"", who);
	if (t->verify && verify != X509_V_OK)
		return err_set(err, ERR_AUTH, "TLS handshake: certificate: %s",
			       X509_verify_cert_error_string(verify));
	if (reason == NULL)
		return err_set(err, ERR_AUTH, "TLS handshake: the peer hung up");
	if (why != NULL)
		return err_set(err, ERR_AUTH, "TLS handshake%s%s: %s (%s)", who[0] ? " with " : "",
			       who, why, reason);
	return err_set(err, ERR_AUTH, "TLS handshake: %s", reason);
}

static void
describe(struct tls *t)
{
	(void)snprintf(t->description, sizeof(t->description), "%s %s", SSL_get_cipher_name(t->ssl),
		       SSL_get_version(t->ssl));
	t->is_psk = SSL_get0_peer_certificate(t->ssl) == NULL && SSL_session_reused(t->ssl) == 1;
	if (SSL_version(t->ssl) < TLS1_3_VERSION)
		t->is_psk = SSL_get_psk_identity(t->ssl) != NULL;
	if (!t->is_psk)
		t->identity[0] = '\0';
	else if (t->role == TLS_CLIENT)
		(void)snprintf(t->identity, sizeof(t->identity), "%s", t->own_identity);
}

/* Not under the lock: nobody else knows t yet, and the key lookup may take its owner's locks. */
enum err_code
tls_handshake(struct tls *t, bool *done, struct err *err) NO_ANALYSIS
{
	int rc;

	ERR_clear_error();
	rc = SSL_do_handshake(t->ssl);
	if (rc == 1) {
		describe(t);
		*done = true;
		return t->verify ? tls_names_check(&t->names, t->role, t->ssl, err) : ERR_OK;
	}
	*done = false;
	if (SSL_get_error(t->ssl, rc) == SSL_ERROR_WANT_READ && !t->in_eof)
		return ERR_OK;
	return handshake_failed(t, err);
}

/* ---- bytes in ---- */

static struct tls_room
in_room_locked(struct tls *t) REQUIRES(t->lock)
{
	size_t left = t->in_end - t->in_at;

	/* What is left is at most a part of one record, so moving it is cheap. */
	if (t->in_at > 0 && IN_CAP - t->in_end < 32 * 1024) {
		memmove(t->in, t->in + t->in_at, left);
		t->in_at = 0;
		t->in_end = left;
	}
	return (struct tls_room){ t->in + t->in_end, IN_CAP - t->in_end };
}

struct tls_room
tls_in_room(struct tls *t)
{
	struct tls_room room;

	mutex_lock(&t->lock);
	if (t->in_at == t->in_end)
		t->in_at = t->in_end = 0;
	room = in_room_locked(t);
	mutex_unlock(&t->lock);
	return room;
}

void
tls_in_added(struct tls *t, size_t n)
{
	mutex_lock(&t->lock);
	assert(n <= IN_CAP - t->in_end);
	if (n == 0)
		t->in_eof = true;
	t->in_end += n;
	mutex_unlock(&t->lock);
}

/* What a call that gave no bytes meant. */
static enum err_code
read_stopped_locked(struct tls *t, int rc, struct err *err) REQUIRES(t->lock)
{
	switch (SSL_get_error(t->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		if (!t->in_eof)
			return ERR_OK;
		return err_set(err, ERR_EOF, "the peer closed the connection");
	case SSL_ERROR_ZERO_RETURN:
		return err_set(err, ERR_EOF, "the peer closed the connection");
	}
	return tls_err(err, ERR_PROTO, "TLS");
}

static enum err_code
read_locked(struct tls *t, uint8_t *p, size_t n, size_t *got, struct err *err) REQUIRES(t->lock)
{
	enum err_code rc = ERR_OK;
	size_t have = 0;

	ERR_clear_error();
	while (have < n && rc == ERR_OK) {
		size_t one = 0;
		int ok = SSL_read_ex(t->ssl, p + have, n - have, &one);

		if (ok != 1) {
			/* What was read before is handed out; the end is met again next time. */
			if (have == 0)
				rc = read_stopped_locked(t, ok, err);
			break;
		}
		have += one;
	}
	*got = have;
	return rc;
}

enum err_code
tls_read(struct tls *t, void *p, size_t n, size_t *got, struct err *err)
{
	enum err_code rc;

	*got = 0;
	mutex_lock(&t->lock);
	rc = read_locked(t, (uint8_t *)p, n, got, err);
	mutex_unlock(&t->lock);
	return rc;
}

bool
tls_has_input(struct tls *t)
{
	uint8_t byte;
	size_t got = 0;
	bool has;

	mutex_lock(&t->lock);
	ERR_clear_error();
	has = SSL_peek_ex(t->ssl, &byte, 1, &got) == 1;
	mutex_unlock(&t->lock);
	return has;
}

/* ---- bytes out ---- */

static enum err_code
write_locked(struct tls *t, struct bytes data, struct err *err) REQUIRES(t->lock)
{
	size_t wrote = 0;

	ERR_clear_error();
	if (t->keyed_bytes > REKEY_BYTES && SSL_version(t->ssl) >= TLS1_3_VERSION) {
		(void)SSL_key_update(t->ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
		t->keyed_bytes = 0;
	}
	if (SSL_write_ex(t->ssl, data.p, data.n, &wrote) != 1)
		return tls_err(err, ERR_PEER, "TLS send");
	t->keyed_bytes += wrote;
	return ERR_OK;
}

enum err_code
tls_write(struct tls *t, struct bytes data, struct err *err)
{
	enum err_code rc;

	assert(data.n <= TLS_WRITE_MAX);
	if (data.n == 0)
		return ERR_OK;
	mutex_lock(&t->lock);
	rc = write_locked(t, data, err);
	mutex_unlock(&t->lock);
	return rc;
}

void
tls_close(struct tls *t)
{
	mutex_lock(&t->lock);
	ERR_clear_error();
	if (SSL_is_init_finished(t->ssl))
		(void)SSL_shutdown(t->ssl);
	mutex_unlock(&t->lock);
}

struct bytes
tls_out_take(struct tls *t)
{
	struct bytes out;

	mutex_lock(&t->lock);
	out = buf_bytes(&t->out[t->filling]);
	t->filling = 1 - t->filling;
	buf_clear(&t->out[t->filling]);
	mutex_unlock(&t->lock);
	return out;
}

const char *
tls_description(const struct tls *t)
{
	return t->description;
}

const char *
tls_identity(const struct tls *t)
{
	return t->identity;
}

bool
tls_is_psk(const struct tls *t)
{
	return t->is_psk;
}
