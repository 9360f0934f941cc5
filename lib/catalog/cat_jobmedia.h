/*
 * lib/catalog/cat_jobmedia.h - rows of table JobMedia: stretches of a job on volumes
 *
 * Purpose: insert what the storage daemon reports; list what a bootstrap is made from.
 * Threads: any.
 * Spec:    catalog.md 4.4, 6.4, 8.6; director.md 10.3, 14.6
 */
#ifndef TERCET_CATALOG_CAT_JOBMEDIA_H
#define TERCET_CATALOG_CAT_JOBMEDIA_H

#include "lib/catalog/catalog.h"

struct cat_jobmedia {
	uint32_t job_id, media_id;
	uint32_t first_index, last_index;
	uint32_t start_file, end_file, start_block, end_block; /* address = file << 32 | block */
};

/* VolIndex is max + 1; Media.EndFile/EndBlock follow, in the same transaction.  A placeholder
 * (last_index 0) is accepted and not stored. */
MUST_CHECK enum err_code cat_jobmedia_insert(struct catalog *c, const struct cat_jobmedia *jm,
					     struct err *err);
/* DeleteNullJobmediaRecords. */
MUST_CHECK enum err_code cat_jobmedia_delete_null(struct catalog *c, uint32_t job_id,
						  struct err *err);

/* One stretch with what a bootstrap section says about it. */
struct cat_bsr_row {
	uint32_t job_id;
	uint32_t vol_session_id, vol_session_time;
	uint32_t media_id;
	char volume[CAT_NAME_MAX], media_type[CAT_NAME_MAX];
	char storage[CAT_NAME_MAX]; /* "" when the volume names none */
	uint32_t slot;
	bool in_changer;
	int enabled; /* 0 no, 1 yes, 2 archived */
	uint32_t first_index, last_index;
	uint64_t start_addr, end_addr;
};
struct cat_bsr_rows {
	struct cat_bsr_row *v; /* owned */
	size_t n;
};
void cat_bsr_rows_release(struct cat_bsr_rows *rows);

/* Stretches of the jobs without placeholders, ordered by JobId, VolIndex. */
MUST_CHECK enum err_code cat_jobmedia_list(struct catalog *c, const uint32_t *job_ids, size_t n,
					   struct cat_bsr_rows *out, struct err *err);

/* Up to which FileIndex the stretches of one job hold every file.  Pure. */
uint32_t cat_bsr_rows_reach(const struct cat_bsr_rows *rows);

#endif
