/*
 * lib/crypto/xxh128.h - XXH3 128-bit in the instructions this processor has
 *
 * Purpose: Debian's libxxhash is built for every x86-64 processor; its header compiled for AVX2 is
 *          nearly twice as fast.  One table of functions for each, chosen when the program runs.
 * Owns:    a state belongs to who asked for it.
 * Threads: one thread per state.
 */
#ifndef TERCET_CRYPTO_XXH128_H
#define TERCET_CRYPTO_XXH128_H

#include <stddef.h>
#include <stdint.h>

#define XXH128_BYTES 16

struct xxh128 {
	void *(*state_new)(void);
	void (*state_free)(void *state);
	void (*begin)(void *state);
	void (*update)(void *state, const void *p, size_t n);
	/* Canonical form: big-endian, high half first. */
	void (*end)(const void *state, uint8_t out[XXH128_BYTES]);
	void (*whole)(const void *p, size_t n, uint8_t out[XXH128_BYTES]);
};

/* The best one for this processor. */
const struct xxh128 *xxh128_best(void);

/* Each on its own, for tests; avx2 is NULL where it cannot run. */
const struct xxh128 *xxh128_plain(void);
const struct xxh128 *xxh128_avx2(void);

#endif
