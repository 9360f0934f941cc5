/*
 * OpenSSL 3 looks an algorithm up by name whenever a context begins with EVP_md5() and its
 * kin; that costs more than hashing a small file.  So each struct digest fetches what it uses
 * once and keeps it.
 */
#include "lib/crypto/digest.h"

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/crypto/xxh128.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>

struct row {
	enum digest_kind kind;
	int stream;
	size_t bytes;
	const char *name;
};

static const struct row rows[] = { { DIGEST_NONE, 0, 0, "none" },
#define X(kind, stream, bytes, text) { kind, stream, bytes, text },
				   DIGESTS(X)
#undef X
};
#define KINDS (sizeof(rows) / sizeof(rows[0]))

struct digest {
	enum digest_kind kind;
	EVP_MD_CTX *ctx;           /* owned; made at the first OpenSSL kind */
	EVP_MD *md[KINDS];         /* owned; fetched at the first use of a kind */
	const struct xxh128 *fast; /* immutable */
	void *xxh;                 /* owned; made at the first XXH128 */
};

enum digest_kind
digest_of_stream(int stream)
{
	for (size_t i = 1; i < KINDS; i++)
		if (rows[i].stream == stream)
			return rows[i].kind;
	return DIGEST_NONE;
}

int
digest_stream(enum digest_kind k)
{
	return rows[k].stream;
}

size_t
digest_size(enum digest_kind k)
{
	return rows[k].bytes;
}

const char *
digest_name(enum digest_kind k)
{
	return rows[k].name;
}

struct digest *
digest_new(void)
{
	struct digest *d = NEW(struct digest);

	d->fast = xxh128_best();
	return d;
}

void
digest_free(struct digest *d)
{
	if (d == NULL)
		return;
	EVP_MD_CTX_free(d->ctx);
	for (size_t i = 0; i < KINDS; i++)
		EVP_MD_free(d->md[i]);
	d->fast->state_free(d->xxh);
	free(d);
}

void
digest_freep(struct digest **d)
{
	digest_free(*d);
}

static void
begin_xxh(struct digest *d)
{
	if (d->xxh == NULL)
		d->xxh = d->fast->state_new();
	d->fast->begin(d->xxh);
}

static void
begin_evp(struct digest *d)
{
	int ok;

	if (d->ctx == NULL)
		d->ctx = EVP_MD_CTX_new();
	if (d->md[d->kind] == NULL)
		d->md[d->kind] = EVP_MD_fetch(NULL, rows[d->kind].name, NULL);
	assert(d->ctx != NULL);
	assert(d->md[d->kind] != NULL);
	ok = EVP_DigestInit_ex2(d->ctx, d->md[d->kind], NULL);
	assert(ok == 1);
}

void
digest_begin(struct digest *d, enum digest_kind k)
{
	d->kind = k;
	if (k == DIGEST_XXH128)
		begin_xxh(d);
	else if (k != DIGEST_NONE)
		begin_evp(d);
}

void
digest_update(struct digest *d, struct bytes data)
{
	int ok;

	if (data.n == 0 || d->kind == DIGEST_NONE)
		return;
	if (d->kind == DIGEST_XXH128) {
		d->fast->update(d->xxh, data.p, data.n);
		return;
	}
	ok = EVP_DigestUpdate(d->ctx, data.p, data.n);
	assert(ok == 1);
}

size_t
digest_end(struct digest *d, uint8_t out[DIGEST_MAX])
{
	enum digest_kind k = d->kind;
	int ok;

	if (k == DIGEST_XXH128) {
		d->fast->end(d->xxh, out);
	} else if (k != DIGEST_NONE) {
		ok = EVP_DigestFinal_ex(d->ctx, out, NULL);
		assert(ok == 1);
	}
	d->kind = DIGEST_NONE;
	return rows[k].bytes;
}

size_t
digest_whole(struct digest *d, enum digest_kind k, struct bytes data, uint8_t out[DIGEST_MAX])
{
	if (k == DIGEST_XXH128) {
		d->fast->whole(data.p, data.n, out);
		return rows[k].bytes;
	}
	digest_begin(d, k);
	digest_update(d, data);
	return digest_end(d, out);
}

size_t
digest_once(enum digest_kind k, struct bytes data, uint8_t out[DIGEST_MAX])
{
	OWNED(digest_freep) struct digest *d = digest_new();

	return digest_whole(d, k, data, out);
}

void
digest_pw_hash(struct bytes password, char out[DIGEST_PW_HASH_LEN + 1])
{
	uint8_t md[DIGEST_MAX];
	size_t n = digest_once(DIGEST_MD5, password, md);

	for (size_t i = 0; i < n; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", md[i]);
	explicit_bzero(md, sizeof(md));
}
