/*
 * lib/net/auth.h - CRAM-MD5 in both roles
 *
 * Wire:    wire.md 3.4; bacula.md 3.1
 * Errors:  ERR_AUTH   one side does not know the key
 *          ERR_PROTO  something else came where a challenge or a response belongs
 */
#ifndef TERCET_NET_AUTH_H
#define TERCET_NET_AUTH_H

#include "lib/net/conn.h"

#define AUTH_TEXT_MAX    255 /* bytes of a challenge, brackets included */
#define AUTH_SSL_MISSING (-1)

struct auth_challenge {
	char text[AUTH_TEXT_MAX + 1]; /* "<123.456@R_DIRECTOR::dir>" */
	bool standard_base64;         /* "cram-md5c" */
	int ssl;                      /* the peer's TLS policy; AUTH_SSL_MISSING: not told */
};

/* Pure. */
MUST_CHECK enum err_code auth_challenge_parse(struct bytes line, struct auth_challenge *out,
					      struct err *err);
/* Is it our own challenge sent back (a name equal to ours that is not a storage daemon's)? */
bool auth_challenge_is_ours(const struct auth_challenge *c, const char *own_name);

/* Challenge the peer and judge the response; the verdict is sent and, if bad, flushed. */
MUST_CHECK enum err_code auth_challenge_peer(struct conn *c, struct bytes key, const char *own_name,
					     int ssl, struct err *err);
/* Answer the peer's challenge; *ssl is its policy. */
MUST_CHECK enum err_code auth_answer_peer(struct conn *c, struct bytes key, const char *own_name,
					  int *ssl, struct err *err);

#endif
