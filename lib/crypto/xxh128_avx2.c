/*
 * The header of libxxhash as code of this file, for AVX2.  Everything of a state is done here:
 * its layout is the header's, which need not be that of the library at hand.
 */
#include "lib/crypto/xxh128.h"

#if defined(__x86_64__)

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#endif

#define XXH_INLINE_ALL
#define XXH_VECTOR 2 /* XXH_AVX2, which the header names only later */
#include "lib/crypto/xxh128_functions.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

const struct xxh128 *
xxh128_avx2(void)
{
	return __builtin_cpu_supports("avx2") != 0 ? &functions : NULL;
}

#else

const struct xxh128 *
xxh128_avx2(void)
{
	return NULL;
}

#endif
