/*
 * lib/catalog/path_cache.h - hash of a directory's name to its PathId, one per process
 *
 * Purpose: spare the database nearly all look-ups of paths.  Two generations: a full young one
 *          becomes the old one, and what is used again moves back to the young.
 * Layout:  open addressing, 24 bytes per entry: 128-bit hash, id.  Two names with one hash are
 *          taken for one: at 10^9 directories the chance is 10^-21.
 * Threads: any (RANK_PATHS inside); use the batch calls.
 * Spec:    catalog.md 16.4 (1)
 */
#ifndef TERCET_CATALOG_PATH_CACHE_H
#define TERCET_CATALOG_PATH_CACHE_H

#include "lib/base/bytes.h"

#define PATH_CACHE_BYTES_DEFAULT (256ull << 20)

struct path_hash {
	uint64_t lo, hi;
};

struct path_cache;

struct path_cache *path_cache_new(uint64_t max_bytes);
void path_cache_free(struct path_cache *p);

struct path_hash path_hash_of(struct bytes path);
/* ids[i] of hashes[i], 0 where it is not known; returns how many are not. */
size_t path_cache_find(struct path_cache *p, const struct path_hash *hashes, size_t n,
		       uint32_t *ids);
void path_cache_add(struct path_cache *p, const struct path_hash *hashes, const uint32_t *ids,
		    size_t n);
/* After rows of Path were removed. */
void path_cache_clear(struct path_cache *p);

#endif
