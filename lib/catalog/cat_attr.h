/*
 * lib/catalog/cat_attr.h - attributes of a running job into File, Path and the directory cache
 *
 * Purpose: take attribute and digest records in the order the storage daemon sends them and
 *          have them in the catalog, each exactly once, while the job runs.  Outlives a
 *          restart of PostgreSQL: records wait in memory, then in a file in work_dir, and are
 *          loaded when the server is back.
 * Owns:    a loader thread, two connections of its own, a spool file while one is needed.
 * Threads: one pusher at a time per struct cat_attr.
 * Errors:  ERR_FORMAT   this record is not usable; it was left out, the text says why, go on
 *          ERR_CATALOG  the catalog refused for good: fatal for the job
 *          ERR_SYS      the spool file could not be written: fatal for the job
 *          ERR_CANCELED
 * Spec:    catalog.md 9.1, 16.4, 16.5
 */
#ifndef TERCET_CATALOG_CAT_ATTR_H
#define TERCET_CATALOG_CAT_ATTR_H

#include "lib/base/wait.h"
#include "lib/catalog/catalog.h"

struct cat_attr_options {
	uint32_t job_id;          /* rows belong to it */
	uint32_t previous_job_id; /* its paths are preloaded into the cache; 0: none */
	bool no_files;            /* Catalog Files = no: count only, store nothing */
	struct cancel *cancel;    /* of the job; borrowed; may be NULL */
};

struct cat_attr;

MUST_CHECK enum err_code cat_attr_open(struct catalog *c, const struct cat_attr_options *o,
				       struct cat_attr **out, struct err *err);
/*
 * One record of an UpdCat message: its header's file_index and stream, and the record itself.
 * An attribute record is held back until its digest, the next attribute record or the end.
 * Records of other streams (restore objects) are refused with ERR_FORMAT.  Blocks when the loader
 * is behind and the server is there.
 */
MUST_CHECK enum err_code cat_attr_push(struct cat_attr *a, int32_t file_index, int32_t stream,
				       struct bytes record, struct err *err);
/* Everything pushed so far, but a last record whose digest may follow, is committed when it
 * returns ERR_OK (UpdateFileList); ERR_OK as well when the server is away and the records are on
 * disk in the spool file. */
MUST_CHECK enum err_code cat_attr_flush(struct cat_attr *a, struct err *err);

struct cat_attr_count {
	uint64_t rows;    /* File rows committed, as the database counted them */
	uint64_t files;   /* of them with FileIndex > 0 */
	uint64_t deleted; /* of them with FileIndex 0 */
	uint64_t objects; /* restore objects: none are stored by this version */
	uint64_t refused; /* records left out with ERR_FORMAT */
	uint64_t spooled; /* rows that went through the spool file */
};
/*
 * Wait until all is committed; sets HasCache.  w: cancel and deadline for a server that is away.
 * On failure rows loaded so far stay (a partly good job can be restored by JobId).
 */
MUST_CHECK enum err_code cat_attr_finish(struct cat_attr *a, const struct wait *w,
					 struct cat_attr_count *out, struct err *err);
/* Live figures for status. */
void cat_attr_progress(struct cat_attr *a, struct cat_attr_count *out);
/* Remove what a killed process left in the spool file of this job: without the rest of the job it
 * is of no use. */
void cat_attr_forget(struct catalog *c, uint32_t job_id);
/* Stops the loader, drops what is not committed. */
void cat_attr_free(struct cat_attr *a);
void cat_attr_freep(struct cat_attr **a);

#endif
