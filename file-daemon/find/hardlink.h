/*
 * file-daemon/find/hardlink.h - inodes met before in this job
 *
 * Purpose: tells the first name of an inode from the later ones, across directories.  The walker
 *          finds or makes the link; the writer fills in under which FileIndex the first name was
 *          saved, and its digest.
 *          An inode that is of another size, time or kind than before counts as a new one: its
 *          number may be used again after a file is removed, and a file that is saved twice does
 *          no harm.
 * Owns:    all links until link_table_free.
 * Threads: link_table_meet by the walker alone.  A link's path is immutable; its result half
 *          belongs to the writer alone until the table is freed.
 * Spec:    volume.md 6.1 "Hard links after the first", 7.1 (link field)
 */
#ifndef TERCET_FILE_DAEMON_FIND_HARDLINK_H
#define TERCET_FILE_DAEMON_FIND_HARDLINK_H

#include <sys/stat.h>

#include "lib/base/bytes.h"

/* A file as it was met; no padding, it is hashed. */
struct link_key {
	uint64_t dev, ino, size;
	int64_t mtime_s;
	uint32_t mtime_ns, kind;
};

struct link {
	struct link_key key; /* immutable */
	struct bytes path;   /* of the first name; owned by the table */
	/* The writer's: */
	char *saved_as;         /* owned; NULL: path.  The name on the volume: this one took the
				   place of a first name that was gone, or its path is stripped */
	uint32_t file_index;    /* 0: the first name was not saved */
	uint32_t digest_stream; /* 0: none */
	uint8_t *digest;        /* owned, digest_len bytes; NULL: none */
	size_t digest_len;
};

struct link_table;

struct link_table *link_table_new(void);
void link_table_free(struct link_table *t);
void link_table_freep(struct link_table **t);
/* The name later ones point to. */
struct bytes link_saved_name(const struct link *l);
/* Is what has these attributes, at one of its names, still the file that was met? */
bool link_is_of(const struct link *l, const struct stat *st);
/* The link of this inode; *first: it was not met before, and path is now its first name. */
struct link *link_table_meet(struct link_table *t, const struct stat *st, struct bytes path,
			     bool *first);

#endif
