/*
 * lib/crypto/tls.h - one TLS session, in memory: cipher bytes in, cipher bytes out
 *
 * Purpose: the TLS of a conversation without its socket.  lib/net moves the cipher bytes; so
 *          no system call is made under the lock that OpenSSL needs, and 256 KiB of records
 *          leave in one write.
 * Modes:   PSK (TLS 1.3 psk_dhe_ke, or ECDHE-PSK in 1.2) and certificates.
 * Owns:    its contexts and both buffers; borrows the configuration only during tls_new_*.
 * Threads: one receiver (tls_in_*, tls_read) and one sender (tls_write, tls_out_*) at once;
 *          RANK_TLS inside, but not in tls_handshake: it is one thread's, and find_key may lock
 *          what it likes.  Nothing blocks.
 * Errors:  ERR_CONFIG  a file or setting of tls_conf is unusable
 *          ERR_AUTH    the handshake failed: wrong key, unknown identity, bad certificate
 *          ERR_PROTO   bytes that are not TLS, a record with a wrong MAC
 *          ERR_EOF     tls_read: the peer closed the session in order
 * Spec:    wire.md 3.2, 3.3
 */
#ifndef TERCET_CRYPTO_TLS_H
#define TERCET_CRYPTO_TLS_H

#include "lib/base/bytes.h"
#include "lib/base/err.h"
#include "lib/base/secret.h"
#include "lib/base/tls_conf.h"

#define TLS_IDENTITY_MAX 127 /* bytes of a PSK identity; wire.md 3.2 */
#define TLS_KEY_MAX      256 /* bytes of a PSK */

struct tls;

struct tls_client {
	const struct tls_conf *conf; /* or NULL: PSK only */
	const char *identity;        /* PSK identity; NULL: no PSK is offered */
	struct bytes key;
	const char *host; /* name or address the certificate must be for */
};

struct tls_server {
	const struct tls_conf *conf; /* or NULL: PSK only */
	/* The key of an identity; false: unknown. */
	bool (*find_key)(void *arg, struct bytes identity, struct secret *out);
	void *arg;
};

/* With Verify Peer no PSK is offered: a PSK session shows no certificate. */
MUST_CHECK enum err_code tls_new_client(const struct tls_client *c, struct tls **out,
					struct err *err);
MUST_CHECK enum err_code tls_new_server(const struct tls_server *s, struct tls **out,
					struct err *err);
void tls_free(struct tls *t);
void tls_freep(struct tls **t);

/*
 * One step of the handshake.  Afterwards send what tls_out_take gives; while *done is false
 * feed cipher bytes and call again.  With ERR_AUTH there may be an alert to send as well.
 */
MUST_CHECK enum err_code tls_handshake(struct tls *t, bool *done, struct err *err);

/* Room for cipher bytes from the peer, then how many came (0: the peer closed). */
struct tls_room {
	uint8_t *p;
	size_t n;
};
struct tls_room tls_in_room(struct tls *t);
void tls_in_added(struct tls *t, size_t n);

/* Plain bytes into p; *got = 0: more cipher bytes are needed. */
MUST_CHECK enum err_code tls_read(struct tls *t, void *p, size_t n, size_t *got, struct err *err);
/* Does tls_read have something to give without more cipher bytes? */
bool tls_has_input(struct tls *t);
/* Encrypt all of data (at most TLS_WRITE_MAX) into the out buffer. */
#define TLS_WRITE_MAX (64u * 1024)
MUST_CHECK enum err_code tls_write(struct tls *t, struct bytes data, struct err *err);
/* Say goodbye (close_notify) into the out buffer. */
void tls_close(struct tls *t);
/*
 * Cipher bytes to send; empty when there are none.  Valid until the next tls_out_take; the
 * caller must send them all, in order.
 */
struct bytes tls_out_take(struct tls *t);

/* "TLS_AES_128_GCM_SHA256 TLSv1.3"; borrowed, for the life of t. */
const char *tls_description(const struct tls *t);
/* The PSK identity the session was made with, "" in certificate mode. */
const char *tls_identity(const struct tls *t);
/* Was it PSK? */
bool tls_is_psk(const struct tls *t);

#endif
