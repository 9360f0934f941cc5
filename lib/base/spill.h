/*
 * lib/base/spill.h - many bytes in little memory: some pages are kept there, the others in a file
 *
 * Purpose: for what grows with somebody's tree and has to be looked up again.  The file has no
 *          name: it vanishes with the process.  It is made when it is needed.
 * Threads: one at a time.
 * Errors:  ERR_SYS  the file cannot be made, written (the disk is full) or read; what was there is
 *          there still
 */
#ifndef TERCET_BASE_SPILL_H
#define TERCET_BASE_SPILL_H

#include "lib/base/bytes.h"
#include "lib/base/err.h"

struct spill;

/* size zero bytes, which cost nothing yet.  At most memory_max bytes stay in memory; directory is
 * copied. */
struct spill *spill_new(const char *directory, size_t memory_max, uint64_t size);
void spill_free(struct spill *s);
uint64_t spill_size(const struct spill *s);
/* Bytes at..at+n, all of them there. */
MUST_CHECK enum err_code spill_read(struct spill *s, uint64_t at, void *p, size_t n,
				    struct err *err);
MUST_CHECK enum err_code spill_write(struct spill *s, uint64_t at, const void *p, size_t n,
				     struct err *err);
/* Behind the end. */
MUST_CHECK enum err_code spill_append(struct spill *s, const void *p, size_t n, struct err *err);

#endif
