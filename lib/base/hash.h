/*
 * lib/base/hash.h - hash tables and lists: uthash and utlist with our hash function
 */
#ifndef TERCET_BASE_HASH_H
#define TERCET_BASE_HASH_H

#include <xxhash.h>

#include "lib/base/mem.h"

#define uthash_malloc(size) mem_zalloc(1, (size))
#define HASH_FUNCTION(key, len, out)                                                               \
	do {                                                                                       \
		(out) = (unsigned)XXH3_64bits((key), (len));                                       \
	} while (0)

#include <uthash.h>
#include <utlist.h>

#endif
