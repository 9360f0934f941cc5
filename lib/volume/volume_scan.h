/*
 * lib/volume/volume_scan.h - blocks of a disk volume in order, past damage
 *
 * Purpose: finds block after block in the bytes a callback reads; a damaged place is reported as
 *          one range and reading goes on at the next good block.  Each block is checked, so that
 *          damage never makes it jump over a good one.  No I/O of its own.
 * Owns:    a window of the volume.
 * Threads: one at a time.
 * Errors:  ERR_EOF     the end of the volume
 *          ERR_FORMAT  a damaged range; *out.at and .end say which, call again to go on
 *          ERR_CANCELED, and what the callback answers (reading cannot go on)
 * Spec:    volume.md 2.5 "Do better (data loss)"
 */
#ifndef TERCET_VOLUME_VOLUME_SCAN_H
#define TERCET_VOLUME_VOLUME_SCAN_H

#include "lib/base/wait.h"
#include "lib/volume/block.h"

/* Up to n bytes at position at; *got < n only at the end of the volume. */
typedef enum err_code volume_pread_fn(void *user, void *p, size_t n, uint64_t at, size_t *got,
				      struct err *err);

struct volume_block {
	struct block_head head; /* of a damaged range: of its first block if head_known */
	struct bytes bytes;     /* whole block, borrowed until the next call; empty if damaged */
	uint64_t at, end;       /* first byte, and the byte behind the last */
	bool head_known; /* damaged range: only this one block is lost, its header is sound */
};

struct volume_scan;

struct volume_scan *volume_scan_new(volume_pread_fn *pread, void *user);
void volume_scan_free(struct volume_scan *s);
void volume_scan_freep(struct volume_scan **s);
/* What ends a long search; borrowed, NULL: nothing. */
void volume_scan_set_cancel(struct volume_scan *s, struct cancel *cancel);
/* Bytes that the medium refuses (ERR_SYS with EIO) count as zeros, so that only the blocks they
 * belong to are damaged; when it has refused some thousand times, the volume cannot be read. */
void volume_scan_read_past_errors(struct volume_scan *s);

/* The next block; see Errors. */
MUST_CHECK enum err_code volume_scan_next(struct volume_scan *s, struct volume_block *out,
					  struct err *err);
/* Where the next block is looked for. */
uint64_t volume_scan_at(const struct volume_scan *s);
void volume_scan_seek(struct volume_scan *s, uint64_t at);

#endif
