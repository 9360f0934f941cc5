/*
 * file-daemon/find/hardlink.h - inodes met before in this job
 *
 * Purpose: tells the first name of an inode from the later ones, across directories.  The walker
 *          meets; the writer settles under which name and FileIndex the first one was saved, and
 *          looks that up for the later ones.
 *          An inode that is of another size, time or kind than before counts as a new one: its
 *          number may be used again after a file is removed, and a file that is saved twice does
 *          no harm.
 * Owns:    what it remembers: a few MiB in memory whatever the tree, the rest in unnamed files.
 * Threads: any.
 * Errors:  when it can remember no more (the disk is full), every name counts as a first one;
 *          link_table_failed says why.
 * Spec:    volume.md 6.1 "Hard links after the first", 7.1 (link field)
 */
#ifndef TERCET_FILE_DAEMON_FIND_HARDLINK_H
#define TERCET_FILE_DAEMON_FIND_HARDLINK_H

#include <sys/stat.h>

#include "lib/base/buf.h"
#include "lib/crypto/digest.h"

/* What the later names of a file need to know of the one that has the data. */
struct link_saved {
	uint32_t file_index;    /* 0: none was saved */
	uint32_t digest_stream; /* 0: none */
	uint32_t digest_n;
	uint32_t name_n; /* the table's */
	uint8_t digest[DIGEST_MAX];
};

struct link_table;

/* directory: for what is too much for memory; copied. */
struct link_table *link_table_new(const char *directory);
void link_table_free(struct link_table *t);
void link_table_freep(struct link_table **t);
/* The number of this inode's link, 0 when it can not be remembered; *first: it was not met before.
 */
uint64_t link_table_meet(struct link_table *t, const struct stat *st, bool *first);
/* The file of this link was saved, on the volume under this name. */
void link_table_settle(struct link_table *t, uint64_t link, const struct link_saved *saved,
		       struct bytes name);
/* What was settled last; name is replaced.  Its name may have up to PATH_BYTES_MAX bytes. */
void link_table_look(struct link_table *t, uint64_t link, struct link_saved *out, struct buf *name);
/* It could not remember all: *why. */
bool link_table_failed(struct link_table *t, struct err *why);

#endif
