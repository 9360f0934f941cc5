/*
 * storage-daemon/spool/attr_spool.h - attribute frames kept on disk until the job's data is safe
 *
 * Purpose: with SpoolAttr=1 the frames for the director wait in an unnamed file of the working
 *          directory, so that a slow catalog does not slow the medium; it vanishes with the
 *          process.
 * Threads: one at a time.
 * Spec:    wire.md 6.6
 */
#ifndef TERCET_STORAGE_DAEMON_SPOOL_ATTR_SPOOL_H
#define TERCET_STORAGE_DAEMON_SPOOL_ATTR_SPOOL_H

#include "lib/base/bytes.h"
#include "lib/base/err.h"

struct attr_spool;

MUST_CHECK enum err_code attr_spool_new(const char *directory, struct attr_spool **out,
					struct err *err);
void attr_spool_free(struct attr_spool *s);
MUST_CHECK enum err_code attr_spool_add(struct attr_spool *s, struct bytes frames, struct err *err);
uint64_t attr_spool_size(const struct attr_spool *s);
/* Give everything in order to send(arg, piece); pieces may end inside a frame. */
MUST_CHECK enum err_code attr_spool_replay(struct attr_spool *s,
					   enum err_code (*send)(void *arg, struct bytes piece,
								 struct err *err),
					   void *arg, struct err *err);

#endif
