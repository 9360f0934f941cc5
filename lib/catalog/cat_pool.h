/*
 * lib/catalog/cat_pool.h - rows of table Pool
 *
 * Threads: any.
 * Spec:    catalog.md 4.6, 8.2
 */
#ifndef TERCET_CATALOG_CAT_POOL_H
#define TERCET_CATALOG_CAT_POOL_H

#include "lib/catalog/catalog.h"

struct cat_pool {
	uint32_t pool_id; /* out */
	char name[CAT_NAME_MAX];
	char type[32];                   /* Backup, Copy, Scratch ...; only used at insert */
	char label_format[CAT_NAME_MAX]; /* "" is stored as "*" and read as "" */
	char recycle_pool[CAT_NAME_MAX], scratch_pool[CAT_NAME_MAX]; /* by name, "" none; in */
	uint32_t recycle_pool_id, scratch_pool_id;                   /* out */
	uint32_t num_vols;                                           /* out, recounted from Media */
	uint32_t max_vols;
	bool use_catalog, recycle, auto_prune;
	uint32_t action_on_purge;                /* 1: truncate */
	int64_t vol_retention, vol_use_duration; /* seconds */
	uint32_t max_vol_jobs, max_vol_files;
	uint64_t max_vol_bytes;
	uint32_t min_block_size, max_block_size;
	uint32_t label_type; /* 0 native, 1 ANSI, 2 IBM */
};

/* Insert if missing, else update all columns that follow the configuration; sets the outs.
 * A recycle or scratch pool that has no row yet counts as none: run it twice over all pools at
 * start (pools first, then references), or use cat_pool_sync_all. */
MUST_CHECK enum err_code cat_pool_sync(struct catalog *c, struct cat_pool *pool, struct err *err);
/* Every pool of the configuration, references resolved. */
MUST_CHECK enum err_code cat_pool_sync_all(struct catalog *c, struct cat_pool *pools, size_t n,
					   struct err *err);
/* NumVols is recounted and corrected. */
MUST_CHECK enum err_code cat_pool_get(struct catalog *c, const char *name, struct cat_pool *out,
				      bool *found, struct err *err);
MUST_CHECK enum err_code cat_pool_get_by_id(struct catalog *c, uint32_t pool_id,
					    struct cat_pool *out, bool *found, struct err *err);

#endif
