/*
 * lib/base/num.h - checked arithmetic and narrowing
 *
 * Purpose: sums, products and narrowings of untrusted numbers.  Each returns false and leaves
 *          *out alone when the result does not fit.
 */
#ifndef TERCET_BASE_NUM_H
#define TERCET_BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KIB 1024u
#define MIB (1024u * 1024u)
#define GIB (1024u * 1024u * 1024u)

#define NUM_CHECKED(name, type, builtin)                                                           \
	static inline bool name(type a, type b, type *out)                                         \
	{                                                                                          \
		type r;                                                                            \
		if (builtin(a, b, &r))                                                             \
			return false;                                                              \
		*out = r;                                                                          \
		return true;                                                                       \
	}

NUM_CHECKED(size_add, size_t, __builtin_add_overflow)
NUM_CHECKED(size_mul, size_t, __builtin_mul_overflow)
NUM_CHECKED(u64_add, uint64_t, __builtin_add_overflow)
NUM_CHECKED(u64_mul, uint64_t, __builtin_mul_overflow)
NUM_CHECKED(i64_add, int64_t, __builtin_add_overflow)
NUM_CHECKED(i64_mul, int64_t, __builtin_mul_overflow)

static inline bool
u32_from_u64(uint64_t v, uint32_t *out)
{
	if (v > UINT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

static inline bool
u32_from_size(size_t v, uint32_t *out)
{
	return u32_from_u64((uint64_t)v, out);
}

static inline uint64_t
u64_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t
u64_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline size_t
size_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

#endif
