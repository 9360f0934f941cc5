/*
 * director/tree/tree.h - the restore tree: which files of which jobs, and what is marked
 *
 * Purpose: takes the newest version of every file of a chain of jobs (lib/catalog/cat_restore.h
 *          has chosen them) and lets a person or a script mark what is to be restored.
 * Layout:  packed arrays, one entry of fixed size per file, texts in one arena; a million files
 *          take about 100 bytes each.  Directories get a node each, with the last component of
 *          their name; files of one directory are neighbours in one index array once tree_finish
 *          has run, sorted when they are looked at.
 * Rules:   marking one name of a hard link also marks the name that holds the data.  What has no
 *          directory (a name without '/') stands below the root.
 * Owns:    everything; borrows nothing after a call returns.
 * Threads: one thread.
 * Errors:  ERR_LIMIT   more rows or text than the 32-bit numbers can hold
 *          ERR_FORMAT  a row that cannot be: names its values
 * Spec:    director.md 14.4, console.md 8.4, catalog.md 16.6
 */
#ifndef TERCET_DIRECTOR_TREE_TREE_H
#define TERCET_DIRECTOR_TREE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"

struct tree;

/* One File row. */
struct tree_row {
	uint32_t job_id;
	int32_t file_index; /* > 0 */
	uint32_t path_slot; /* small number of the path: the same path has the same one */
	struct bytes path;  /* ends in '/', or is a name of its own */
	struct bytes name;  /* empty: the directory itself */
	struct bytes lstat; /* text */
};

struct tree *tree_new(void);
void tree_free(struct tree *t);
void tree_freep(struct tree **t);

/* ---- filling: every row once, newest job first, then finish ---- */

/* Not ERR_OK: this row has no place and was left out; others may follow. */
MUST_CHECK enum err_code tree_add(struct tree *t, const struct tree_row *row, struct err *err);
/* Build the directories. */
MUST_CHECK enum err_code tree_finish(struct tree *t, struct err *err);

/* ---- looking ---- */

#define TREE_NONE UINT32_MAX

/* Files and directories that were saved. */
uint32_t tree_count(const struct tree *t);
uint32_t tree_files(const struct tree *t);  /* not directories */
uint32_t tree_marked(const struct tree *t); /* files and directories */
/* The bytes of marked regular files. */
uint64_t tree_marked_bytes(const struct tree *t);

/* A place in the tree: a directory node, or a file in one. */
struct tree_item {
	uint32_t dir;   /* node of the directory itself, or of the one that holds the file */
	uint32_t entry; /* row; TREE_NONE: a directory known only by what is in it */
	bool is_dir;
};

uint32_t tree_root(const struct tree *t);
/* The directory that path names from cwd ("..", ".", absolute); TREE_NONE if there is none. */
uint32_t tree_cd(const struct tree *t, uint32_t cwd, struct bytes path);
/* Full text of a directory with its final '/', appended to out. */
void tree_dir_path(const struct tree *t, uint32_t dir, struct buf *out);
/* Last component; directories without '/'.  The root is "/". */
struct bytes tree_item_name(const struct tree *t, const struct tree_item *item);
/* "/a/b", "/a/b/" for directories, appended to out. */
void tree_item_path(const struct tree *t, const struct tree_item *item, struct buf *out);
struct bytes tree_item_lstat(const struct tree *t, const struct tree_item *item);

enum tree_tag { TREE_TAG_NONE = ' ', TREE_TAG_MARKED = '*', TREE_TAG_INSIDE = '+' };
enum tree_tag tree_item_tag(struct tree *t, const struct tree_item *item);

/* Called for each match; false ends the walk. */
typedef bool tree_visit(void *arg, const struct tree_item *item);
/* What stands directly in dir, by name, directories and files mixed. */
void tree_list(struct tree *t, uint32_t dir, tree_visit *visit, void *arg);
/*
 * What a pattern names from cwd: shell wildcards * ? [...] per component, ** over directories.
 * A pattern without '/' looks in cwd only; with deep set it looks at every level below.
 */
void tree_match(struct tree *t, uint32_t cwd, struct bytes pattern, bool deep, tree_visit *visit,
		void *arg);
/* Everything below dir (not dir itself), depth first, by name. */
void tree_walk(struct tree *t, uint32_t dir, tree_visit *visit, void *arg);

/* ---- marking ---- */

enum tree_scope {
	TREE_ALL_BELOW, /* the item and everything in it */
	TREE_SELF,      /* only the entry */
	TREE_FILES_IN,  /* a directory's own entry and the files directly in it */
};

/* Mark or unmark; how many entries changed. */
uint32_t tree_mark(struct tree *t, const struct tree_item *item, bool on, enum tree_scope scope);
uint32_t tree_mark_all(struct tree *t);

/* ---- result ---- */

/* A run of FileIndexes, first..last, of one job. */
struct tree_run {
	int32_t first, last;
};

/* Job ids with marked entries, oldest job first; n <= max written to out, the number returned. */
size_t tree_marked_jobs(struct tree *t, uint32_t *out, size_t max);
/*
 * Marked FileIndexes of a job as joined runs, ascending; owned array, *n of them.  With the data of
 * marked hard links that stand under a name which the tree no longer shows, or is not marked.
 */
struct tree_run *tree_marked_runs(struct tree *t, uint32_t job_id, size_t *n);
/* Only these data: what is restored though nobody marked it. */
struct tree_run *tree_unmarked_runs(struct tree *t, uint32_t job_id, size_t *n);

#endif
