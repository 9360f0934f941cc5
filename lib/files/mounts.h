/*
 * lib/files/mounts.h - the file systems that a restore writes to, and whether they keep it
 *
 * Purpose: what write() took may still be lost when the kernel writes it out: a disk that fails, a
 *          thin pool or a server that is full.  syncfs waits for that, once for each file system,
 *          and tells of losses since its descriptor was opened: so that happens before the first
 *          file is made there.
 * Owns:    one descriptor per file system, MOUNTS_MAX at most: the one met first is synced early
 *          when more come.  All-zero is an empty set.
 * Threads: one at a time.
 * Errors:  ERR_FULL, ERR_SYS  a file system lost something; the text has a directory on it
 */
#ifndef TERCET_FILES_MOUNTS_H
#define TERCET_FILES_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/base/err.h"

#define MOUNTS_MAX 64u

struct mount_row {
	dev_t dev;
	int fd;     /* owned */
	char *name; /* owned: of a directory on it */
};

struct mounts {
	struct mount_row v[MOUNTS_MAX];
	size_t n;
	struct err lost; /* of the first that lost something */
};

void mounts_release(struct mounts *m);
/* Is this file system in the set?  The last one that was met is found at once. */
bool mounts_have(const struct mounts *m, dev_t dev);
/* Something will be written into this directory (O_PATH will do), which is on dev.  Who may not
 * read it cannot have it synced: the next one of the same file system is tried, then. */
void mounts_add(struct mounts *m, dev_t dev, int dir, const char *name);
/* Wait until all that was written is on stable storage; the set is empty afterwards. */
MUST_CHECK enum err_code mounts_sync(struct mounts *m, struct err *err);

#endif
