/*
 * lib/catalog/attr_batch.h - some thousand File rows on their way into one COPY
 *
 * Purpose: rows are built once, as the tuples COPY BINARY wants, with two blanks that the loader
 *          fills: FileId, and PathId, which until then holds the index of the path in the batch.
 * Layout:  tuple: fields u16 = 8, then each field with its length i32: fileid i64, fileindex i32,
 *          jobid i32, pathid i32, deltaseq i16, lstat, md5, name.  All big-endian.
 * Owns:    its memory.
 * Threads: one at a time.
 * Spec:    catalog.md 4.2, 16.4
 */
#ifndef TERCET_CATALOG_ATTR_BATCH_H
#define TERCET_CATALOG_ATTR_BATCH_H

#include "lib/base/buf.h"
#include "lib/catalog/path_cache.h"

#define BATCH_ROWS  8192u
#define BATCH_BYTES (1024u * 1024u)

struct batch_path {
	struct path_hash hash;
	uint32_t at, n; /* in names */
	uint32_t files; /* rows with a name */
	uint64_t bytes; /* st_size of them */
};

struct batch {
	struct batch *next;
	struct buf tuples;
	struct buf names;         /* bytes of the paths */
	struct batch_path *paths; /* owned, n_paths; neighbours differ, repeats are possible */
	size_t n_paths, cap_paths;
	uint32_t rows;
	uint32_t deleted;   /* of them with FileIndex 0 */
	uint64_t first_id;  /* FileId of the first row; 0: blanks not filled yet */
	uint64_t spool_at;  /* where it lies in the spool file */
	uint64_t spool_len; /* 0: in memory */
};

struct batch_row {
	int32_t file_index; /* 0: deleted */
	int32_t job_id;
	int16_t delta_seq;
	struct bytes path, name, lstat, md5;
};

struct batch *batch_new(void);
void batch_free(struct batch *b);
static inline void
batch_freep(struct batch **b)
{
	batch_free(*b);
}
void batch_clear(struct batch *b);
/* ERR_LIMIT: longer than a row may be. */
MUST_CHECK enum err_code batch_add(struct batch *b, const struct batch_row *row, struct err *err);
static inline bool
batch_is_full(const struct batch *b)
{
	return b->rows >= BATCH_ROWS || b->tuples.len + b->names.len >= BATCH_BYTES;
}
/* Write ids into the blanks; path_ids has one per batch path. */
void batch_fill(struct batch *b, uint64_t first_id, const uint32_t *path_ids);

/* The batch as bytes, and back; out is appended to.  Only this process reads them. */
MUST_CHECK enum err_code batch_emit(const struct batch *b, struct buf *out, struct err *err);
MUST_CHECK enum err_code batch_parse(struct bytes in, struct batch *b, struct err *err);

#endif
