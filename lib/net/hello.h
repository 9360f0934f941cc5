/*
 * lib/net/hello.h - the first line of a conversation, for every pair
 *
 * Purpose: line <-> struct hello; pure.
 * Errors:  ERR_PROTO  not a Hello that this version knows; the text quotes it
 * Spec:    wire.md 3.1, 3.6, 13; bacula.md 1.3, 3.3
 */
#ifndef TERCET_NET_HELLO_H
#define TERCET_NET_HELLO_H

#include "lib/net/conn.h"

MUST_CHECK enum err_code hello_parse(struct bytes line, struct hello *out, struct err *err);

/* "R_DIRECTOR": the resource type in PSK identities and qualified names. */
const char *hello_kind_resource(enum peer_kind kind);
/* "director", for messages. */
const char *hello_kind_text(enum peer_kind kind);
/* "R_DIRECTOR" 1E name; false: longer than TLS_IDENTITY_MAX. */
MUST_CHECK bool hello_identity_emit(enum peer_kind kind, const char *name, char *out, size_t cap);
/* The other way; name may be of any length up to cap - 1. */
MUST_CHECK bool hello_identity_parse(struct bytes identity, enum peer_kind *kind, char *name,
				     size_t cap);

#endif
