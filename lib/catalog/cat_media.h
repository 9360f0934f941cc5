/*
 * lib/catalog/cat_media.h - rows of table Media: choosing, creating, updating, recycling volumes
 *
 * Purpose: the catalog's half of director.md 11 and 12.  A choice that changes the volume
 *          (recycle, from scratch) is made and marked in one statement, so that two jobs never
 *          get the same one.
 * Threads: any.
 * Spec:    catalog.md 4.5, 8.5, 8.7; director.md 11, 12
 */
#ifndef TERCET_CATALOG_CAT_MEDIA_H
#define TERCET_CATALOG_CAT_MEDIA_H

#include "lib/base/buf.h"
#include "lib/catalog/cat_pool.h"

#define CAT_STATUS_MAX 20

struct cat_media {
	uint32_t media_id;
	char name[CAT_NAME_MAX];
	char media_type[CAT_NAME_MAX];
	char status[CAT_STATUS_MAX]; /* VolStatus: "Append" ...  Spec: catalog.md 5.4 */
	uint32_t pool_id;
	int32_t slot;
	bool in_changer, recycle;
	int enabled; /* 0 no, 1 yes, 2 archived */
	uint32_t storage_id;
	uint32_t label_type, action_on_purge;
	int64_t first_written, last_written, label_date, initial_write;
	uint32_t vol_jobs, vol_files, vol_blocks, vol_mounts, vol_errors, vol_writes;
	uint64_t vol_bytes, vol_capacity_bytes;
	int64_t vol_retention, vol_use_duration; /* seconds */
	uint32_t max_vol_jobs, max_vol_files;
	uint64_t max_vol_bytes;
	int64_t vol_read_time, vol_write_time; /* microseconds */
	uint32_t end_file, end_block;
	uint32_t recycle_count, min_block_size, max_block_size;
	uint32_t scratch_pool_id, recycle_pool_id;
	char encryption_key[256];
};

MUST_CHECK enum err_code cat_media_get(struct catalog *c, const char *name, struct cat_media *out,
				       bool *found, struct err *err);
MUST_CHECK enum err_code cat_media_get_by_id(struct catalog *c, uint32_t media_id,
					     struct cat_media *out, bool *found, struct err *err);

/* A new volume with limits and retention of the pool; status "Append" or "Unlabeled". */
void cat_media_from_pool(const struct cat_pool *pool, const char *name, const char *media_type,
			 const char *status, struct cat_media *out);
/* Insert; sets media_id.  *exists (nothing done): the name is taken.  ERR_LIMIT: the pool has its
 * Maximum Volumes.  Slots are kept unique, NumVols follows. */
MUST_CHECK enum err_code cat_media_create(struct catalog *c, struct cat_media *m, bool *exists,
					  struct err *err);
/* Highest number behind prefix among all volume names, 0 if none: "Full-0007" -> 7. */
MUST_CHECK enum err_code cat_media_highest(struct catalog *c, const char *prefix, uint64_t *number,
					   struct err *err);

struct cat_media_want {
	uint32_t pool_id;
	const char *media_type;
	uint32_t index;       /* FindMedia=: 1 first proposal, 2 the next ...; 0 is 1 */
	const char *unwanted; /* comma list of names, may be NULL */
	uint32_t storage_id;  /* with in_changer */
	bool in_changer;      /* only volumes in the changer of storage_id */
};
/*
 * Attempts 1-4: Append, Unlabeled, Recycle, Purged (marked Recycle).  An Append volume over one
 * of its limits becomes Full or Used and is passed over; each such message is a line in notes.
 *   recycled  out: it was Purged and has just been recycled
 */
MUST_CHECK enum err_code cat_media_find_next(struct catalog *c, const struct cat_media_want *want,
					     struct cat_media *out, bool *found, bool *recycled,
					     struct buf *notes, struct err *err);
/* What cat_media_find_next would propose first now; nothing is changed. */
MUST_CHECK enum err_code cat_media_foresee(struct catalog *c, const struct cat_media_want *want,
					   struct cat_media *out, bool *found, struct err *err);
/* One line per volume of the pool saying why it is not appendable; empty pool: one line. */
MUST_CHECK enum err_code cat_media_why_not(struct catalog *c, const struct cat_media_want *want,
					   struct buf *lines, struct err *err);
/* Attempt 6: move one volume of the scratch pool here.  Serialised by the statement. */
MUST_CHECK enum err_code cat_media_from_scratch(struct catalog *c, uint32_t scratch_pool_id,
						const struct cat_pool *to, const char *media_type,
						struct cat_media *out, bool *found,
						struct err *err);
/* What UpdateMedia carries; vol_first_written 0: job_start is taken. */
struct cat_media_update {
	const char *name;
	uint32_t vol_jobs, vol_files, vol_blocks, vol_mounts, vol_errors, vol_writes;
	uint64_t vol_bytes, max_vol_bytes;
	int64_t end_time, vol_first_written;
	const char *status;
	int32_t slot;
	bool relabel, in_changer;
	int64_t vol_read_time, vol_write_time;
	int64_t job_start;
	uint32_t storage_id; /* write storage of the job */
};
/* The guards and limits of catalog.md 8.7 in one transaction; out: the row as it is now; notes:
 * one line per message for the job ("Ignoring Volume Files at ...", "Max Volume bytes=..."). */
MUST_CHECK enum err_code cat_media_update(struct catalog *c, const struct cat_media_update *u,
					  struct cat_media *out, bool *found, struct buf *notes,
					  struct err *err);

/* Which limit an Append volume has reached: the new status and a message, or NULL.  Pure.
 * Spec: director.md 12.2 */
const char *cat_media_over_limit(const struct cat_media *m, int64_t now, struct buf *message);
/* Test the limits, store the new status if any; *changed. */
MUST_CHECK enum err_code cat_media_apply_limits(struct catalog *c, struct cat_media *m,
						bool *changed, struct buf *notes, struct err *err);
/* To Recycle, counters reset, if it still is Purged (*done).  Spec: catalog.md 8.5 */
MUST_CHECK enum err_code cat_media_recycle(struct catalog *c, uint32_t media_id,
					   struct cat_media *out, bool *done, struct err *err);
/* update volume: what of the columns that an operator may change differs between was and now; the
 * others stay as a job has left them meanwhile.  *found: there is such a volume still.
 * ERR_CONFIG: it would be Purged or Recycle while jobs are on it. */
MUST_CHECK enum err_code cat_media_store(struct catalog *c, const struct cat_media *was,
					 const struct cat_media *now, bool *found, struct err *err);

#endif
