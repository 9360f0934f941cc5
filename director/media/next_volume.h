/*
 * director/media/next_volume.h - the volume a job writes to next
 *
 * Purpose: the attempts of director.md 11.1 in order; reasons are written down, not printed.
 *          Never takes a volume that holds unexpired data.
 * Threads: any.
 * Errors:  ERR_CATALOG, ERR_CONFIG (Label Format)
 * Spec:    director.md 11, 12; catalog.md 8.7
 */
#ifndef TERCET_DIRECTOR_MEDIA_NEXT_VOLUME_H
#define TERCET_DIRECTOR_MEDIA_NEXT_VOLUME_H

#include "director/media/volume_name.h"
#include "lib/catalog/cat_media.h"

struct dir_pool;

struct volume_search {
	struct catalog *catalog;
	const struct dir_pool *pool;
	struct cat_pool pool_row; /* as synchronised */
	uint32_t scratch_pool_id; /* the pool's, else the one named Scratch; 0 none */
	const char *media_type;
	uint32_t storage_id;
	bool autochanger;
	uint32_t index;       /* FindMedia= */
	const char *unwanted; /* comma list */
	struct volume_name_facts names;
};

/*
 * notes: one line per message of type info for the job ("Created new Volume ...").
 * why:   when none is found, one line per candidate saying why not.
 */
MUST_CHECK enum err_code next_volume_find(struct volume_search *s, struct cat_media *out,
					  bool *found, struct buf *notes, struct buf *why,
					  struct err *err);

/*
 * May the volume that is in the drive be written?  *reason is NULL when it may (m is then the row
 * as it is now: it may have been recycled), else the text of the refusal.
 * Spec: director.md 11.6
 */
MUST_CHECK enum err_code next_volume_judge(const struct volume_search *s, struct cat_media *m,
					   const char **reason, struct buf *notes, struct err *err);

#endif
