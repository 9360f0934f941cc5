/*
 * lib/crypto/digest.h - digests of file contents: one table, streaming and one-shot
 *
 * Owns:    a struct digest owns its contexts and is used again for file after file: begin,
 *          update ..., end cost no allocation after the first file of a kind.
 * Threads: one thread per struct digest; digest_once and the table are for any thread.
 * Spec:    wire.md 7.1 (streams), 7.2 (payload), volume.md (stream table)
 */
#ifndef TERCET_CRYPTO_DIGEST_H
#define TERCET_CRYPTO_DIGEST_H

#include "lib/base/attr.h"
#include "lib/base/bytes.h"

#define DIGEST_MAX 64 /* bytes of the largest */

/* clang-format off */
/*       name            stream  bytes  text */
#define DIGESTS(X)                                   \
	X(DIGEST_MD5,        3,    16,  "MD5")       \
	X(DIGEST_SHA1,      10,    20,  "SHA1")      \
	X(DIGEST_SHA256,    17,    32,  "SHA256")    \
	X(DIGEST_SHA512,    18,    64,  "SHA512")    \
	X(DIGEST_XXH128,    40,    16,  "XXH128")
/* clang-format on */

enum digest_kind {
	DIGEST_NONE,
#define X(name, stream, bytes, text) name,
	DIGESTS(X)
#undef X
};

/* The kind of a stream (low 11 bits), DIGEST_NONE if it holds none. */
enum digest_kind digest_of_stream(int stream);
int digest_stream(enum digest_kind k);       /* 0 for DIGEST_NONE */
size_t digest_size(enum digest_kind k);      /* bytes; 0 for DIGEST_NONE */
const char *digest_name(enum digest_kind k); /* "SHA256"; "none" */

struct digest;

struct digest *digest_new(void);
void digest_free(struct digest *d);
void digest_freep(struct digest **d);

/* Start a new one; what was begun before is forgotten.  DIGEST_NONE: update and end do nothing. */
void digest_begin(struct digest *d, enum digest_kind k);
void digest_update(struct digest *d, struct bytes data);
/* The result; returns its size (0 for DIGEST_NONE). */
size_t digest_end(struct digest *d, uint8_t out[DIGEST_MAX]);
/* begin, update, end in one call: the way for small files. */
size_t digest_whole(struct digest *d, enum digest_kind k, struct bytes data,
		    uint8_t out[DIGEST_MAX]);

/* Without a struct digest; slower for the OpenSSL kinds. */
size_t digest_once(enum digest_kind k, struct bytes data, uint8_t out[DIGEST_MAX]);

/* "[md5]..." values and PSKs: the 32 lower-case hex digits of MD5(password), NUL-terminated. */
#define DIGEST_PW_HASH_LEN 32
void digest_pw_hash(struct bytes password, char out[DIGEST_PW_HASH_LEN + 1]);

#endif
