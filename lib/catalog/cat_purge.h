/*
 * lib/catalog/cat_purge.h - removing: files of jobs, jobs, what is on a volume
 *
 * Purpose: each call is one transaction with the Job row last; a purge cut short is finished by
 *          catalog_maintain.  The choice of what to prune is the director's.
 * Threads: any.
 * Spec:    catalog.md 10; director.md 13
 */
#ifndef TERCET_CATALOG_CAT_PURGE_H
#define TERCET_CATALOG_CAT_PURGE_H

#include "lib/catalog/cat_job.h"

/* PurgedFiles = 1, File and BaseFiles rows removed. */
MUST_CHECK enum err_code cat_purge_files(struct catalog *c, const uint32_t *job_ids, size_t n,
					 struct err *err);
/* Whole jobs, with promotion of copies. */
MUST_CHECK enum err_code cat_purge_jobs(struct catalog *c, const uint32_t *job_ids, size_t n,
					struct err *err);
/* Jobs with data on the volume; before: only JobTDate less than this (0: all), with the control
 * and worker jobs that belong to them. */
MUST_CHECK enum err_code cat_purge_jobs_of_volume(struct catalog *c, uint32_t media_id,
						  int64_t before, struct cat_jobs *out,
						  struct err *err);
/* Good jobs that restore an incomplete state without these. */
MUST_CHECK enum err_code cat_purge_dependents(struct catalog *c, const uint32_t *job_ids, size_t n,
					      struct cat_jobs *out, struct err *err);
/* Purged if no job is left on it and it was ever written (or force); moved to its RecyclePool. */
MUST_CHECK enum err_code cat_purge_mark_volume(struct catalog *c, uint32_t media_id, bool force,
					       bool *purged, struct err *err);
/*
 * The row of the volume and, before it, all jobs with data on it: *n_jobs.
 * ERR_CONFIG  a job that has not ended is on it: nothing is removed
 */
MUST_CHECK enum err_code cat_purge_delete_volume(struct catalog *c, uint32_t media_id,
						 size_t *n_jobs, struct err *err);

#endif
