/*
 * lib/crypto/crypto_internal.h - what tls.c and tls_ctx.c share
 */
#ifndef TERCET_CRYPTO_CRYPTO_INTERNAL_H
#define TERCET_CRYPTO_CRYPTO_INTERNAL_H

#include "lib/crypto/tls.h"

#include <openssl/ssl.h>

enum tls_role { TLS_CLIENT, TLS_SERVER };

/* A context with everything of conf (NULL: the defaults) that does not depend on the peer. */
MUST_CHECK enum err_code tls_ctx_new(enum tls_role role, const struct tls_conf *conf, SSL_CTX **out,
				     struct err *err);
static inline void
ssl_ctx_freep(SSL_CTX **ctx)
{
	SSL_CTX_free(*ctx);
}

/* Record OpenSSL's first queued error and empty its queue. */
MUST_CHECK enum err_code tls_err(struct err *err, enum err_code code, const char *what);

/* Whom a peer's certificate must name; a copy, because the configuration may go. */
struct tls_names {
	char *host; /* owned; NULL: any */
	char **cn;  /* owned strings; allowed common names */
	size_t n_cn;
};
void tls_names_release(struct tls_names *n);
/* After a handshake with Verify Peer: is the certificate for one of the names? */
MUST_CHECK enum err_code tls_names_check(const struct tls_names *n, enum tls_role role,
					 const SSL *ssl, struct err *err);

#endif
