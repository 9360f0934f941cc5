/*
 * lib/files/inodes.h - files remembered by what they are, whatever happens to their names
 *
 * Owns:    its rows.  All-zero is an empty set.
 * Threads: one at a time.
 */
#ifndef TERCET_FILES_INODES_H
#define TERCET_FILES_INODES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "lib/base/hash.h"

struct inode_row {
	struct inode_key {
		dev_t dev;
		ino_t ino;
	} key;
	int64_t names; /* the caller's: names of it that are still to come */
	bool damaged;  /* the caller's */
	UT_hash_handle hh;
};

struct inodes {
	struct inode_row *rows; /* owned */
};

void inodes_release(struct inodes *s);
/* The row of this file, made when it is not there. */
struct inode_row *inodes_add(struct inodes *s, const struct stat *st);
/* NULL: it is not there. */
struct inode_row *inodes_find(const struct inodes *s, const struct stat *st);
void inodes_drop(struct inodes *s, struct inode_row *row);

#endif
