/*
 * director/tree/tree_internal.h - the arrays of the restore tree, shared by the files of this
 * folder
 *
 * Layout:  entries are rows as they came; order[] holds their indexes grouped by directory.  A
 *          directory's parent always has a smaller index, so that sums run backwards in one pass.
 *          All texts stand in one block, each with a NUL behind it.
 */
#ifndef TERCET_DIRECTOR_TREE_TREE_INTERNAL_H
#define TERCET_DIRECTOR_TREE_TREE_INTERNAL_H

#include "director/tree/tree.h"

enum { ENTRY_MARKED = 1, ENTRY_SEEN = 2 };

struct tree_entry {
	uint32_t name_at; /* in text */
	uint32_t lstat_at;
	uint32_t dir; /* node */
	int32_t file_index;
	uint16_t name_len;
	uint16_t lstat_len;
	uint16_t job; /* slot in jobs */
	uint16_t flags;
};

struct tree_dir {
	uint32_t name_at, name_len; /* last component, in text */
	uint32_t parent;            /* TREE_NONE at the root */
	uint32_t first_child, next_sibling;
	uint32_t own;        /* entry of the directory itself, or TREE_NONE */
	uint32_t first, n;   /* in order[]: files directly in it */
	uint32_t marked;     /* in and below; valid unless sums_stale */
	uint32_t depth : 31; /* of the root 0 */
	uint32_t bare : 1;   /* below the root, but without a '/' before the name: "C:" */
	uint64_t hash;       /* of parent and name */
};

struct tree_job {
	uint32_t id;
	uint32_t max_index;
	uint32_t *by_index; /* owned: FileIndex -> entry + 1; NULL until a hard link asks */
};

struct tree {
	char *text; /* owned */
	size_t text_len, text_cap;
	struct tree_entry *entry; /* owned */
	size_t n_entries, cap_entries;
	struct tree_dir *dir; /* owned */
	size_t n_dirs, cap_dirs;
	uint32_t *table; /* owned: open addressing, node + 1 by parent and name */
	size_t table_cap;
	uint32_t *slot; /* owned: path slot -> node */
	size_t n_slots, cap_slots;
	struct tree_job *job; /* owned */
	size_t n_jobs, cap_jobs;
	uint32_t *order; /* owned; NULL until tree_finish */
	uint32_t marked, n_dir_entries;
	bool sums_stale;
};

/* The directory of that name in dir, or TREE_NONE. */
uint32_t tree_child(const struct tree *t, uint32_t dir, struct bytes name, bool bare);
/* FileIndex of the first name of a hard link; 0: none, or it is that name. */
int64_t tree_link_index(const struct tree *t, const struct tree_entry *e);
/* The entry of a FileIndex of a job, or TREE_NONE. */
uint32_t tree_entry_of(struct tree *t, size_t job, int64_t file_index);
/* Bring the sums of marks up to date. */
void tree_sums(struct tree *t);

#endif
