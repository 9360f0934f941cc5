/*
 * lib/crypto/xxh128_functions.h - the table of functions, in the instructions of its includer
 *
 * For the two files that make a table of them; it has no use elsewhere.
 */
#ifndef TERCET_CRYPTO_XXH128_FUNCTIONS_H
#define TERCET_CRYPTO_XXH128_FUNCTIONS_H

#include "lib/crypto/xxh128.h"

#include <assert.h>
#include <string.h>
#include <xxhash.h>

static void
put(XXH128_hash_t hash, uint8_t out[XXH128_BYTES])
{
	XXH128_canonical_t canonical;

	XXH128_canonicalFromHash(&canonical, hash);
	memcpy(out, canonical.digest, XXH128_BYTES);
}

static void *
state_new(void)
{
	XXH3_state_t *state = XXH3_createState();

	assert(state != NULL);
	return state;
}

static void
state_free(void *state)
{
	(void)XXH3_freeState((XXH3_state_t *)state);
}

static void
begin(void *state)
{
	(void)XXH3_128bits_reset((XXH3_state_t *)state);
}

static void
update(void *state, const void *p, size_t n)
{
	(void)XXH3_128bits_update((XXH3_state_t *)state, p, n);
}

static void
end(const void *state, uint8_t out[XXH128_BYTES])
{
	put(XXH3_128bits_digest((const XXH3_state_t *)state), out);
}

static void
whole(const void *p, size_t n, uint8_t out[XXH128_BYTES])
{
	put(XXH3_128bits(p, n), out);
}

static const struct xxh128 functions = { .state_new = state_new,
					 .state_free = state_free,
					 .begin = begin,
					 .update = update,
					 .end = end,
					 .whole = whole };

#endif
