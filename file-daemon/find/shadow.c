/* file-daemon/find/shadow.c - File entries that lie below other File entries */
#include "file-daemon/find/shadow.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "file-daemon/find/match.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/path.h"

enum shadowing { SHADOW_NONE, LOCAL_WARN, LOCAL_REMOVE, GLOBAL_WARN, GLOBAL_REMOVE };

struct entry {
	char **file; /* its place in the block's list; *file is NULL once it is left out */
	size_t n;    /* bytes of the name without final '/' */
	const struct fileset_block *block;
};

static enum shadowing
mode_of(const struct fileset_block *b)
{
	unsigned mode = SHADOW_NONE;

	for (size_t i = 0; i < b->n_options; i++)
		if (b->options[i].shadowing != SHADOW_NONE)
			mode = b->options[i].shadowing;
	return (enum shadowing)mode;
}

/* By name, what is below a directory right behind it. */
static int
by_path(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	const char *p = *x->file, *q = *y->file;

	for (size_t i = 0;; i++) {
		int u = i < x->n ? (p[i] == '/' ? 1 : (unsigned char)p[i] + 1) : 0;
		int v = i < y->n ? (q[i] == '/' ? 1 : (unsigned char)q[i] + 1) : 0;

		if (u != v || u == 0)
			return u - v;
	}
}

static bool
is_below(const struct entry *e, const struct entry *outer)
{
	const char *p = *e->file;

	if (e->n < outer->n || memcmp(p, *outer->file, outer->n) != 0)
		return false;
	return e->n == outer->n || p[outer->n] == '/' || (outer->n == 1 && p[0] == '/');
}

/* Nothing that another block may take is left out by this one. */
static bool
takes_all(const struct fileset_block *b)
{
	static const uint32_t leaves_out = OPT_EXCLUDE | OPT_NO_RECURSE | OPT_NO_DUMP;

	for (size_t i = 0; i < b->n_options; i++)
		if ((b->options[i].flags & leaves_out) != 0 || b->options[i].size.kind != SIZE_ANY)
			return false;
	return b->ignore_dirs.n == 0;
}

/* No file system ends a walk of this block. */
static bool
crosses_all(const struct fileset_block *b)
{
	for (size_t i = 0; i < b->n_options; i++)
		if ((b->options[i].flags & OPT_CROSS_FS) == 0 || b->options[i].fstypes.n > 0)
			return false;
	return b->n_options > 0;
}

/* A walk of outer that comes to path, on the device it began on, takes it and goes into it.  It is
 * the options of path itself that count, as in the walk. */
static bool
goes_into(const struct fileset *fs, const struct entry *outer, dev_t dev, const char *path,
	  struct stat *st, const struct file_options **options)
{
	struct match m;

	if (lstat(path, st) != 0 || (st->st_dev != dev && !crosses_all(outer->block)))
		return false;
	m = fileset_match(fs, outer->block, path, S_ISDIR(st->st_mode));
	*options = m.options;
	return m.take && (m.options->flags & (OPT_NO_RECURSE | OPT_NO_DUMP)) == 0;
}

/* The content of e, which is not a directory, is saved as that of a file found on the way, too. */
static bool
is_same_below(const struct entry *e, const char *path, const struct stat *st,
	      const struct file_options *found)
{
	const struct file_options *own = fileset_top_options(e->block, path, false);

	switch (st->st_mode & S_IFMT) {
	case S_IFBLK: /* saved as a node there, with all it holds when it is an entry */
		return false;
	case S_IFIFO:
		return (own->flags & OPT_READ_FIFO) == 0;
	case S_IFREG:
		return size_match_takes(&found->size, (uint64_t)st->st_size);
	default:
		return true;
	}
}

/* The options of the two entries alone say that one walk cannot do for the other. */
static bool
is_ruled_out(const struct entry *outer, const struct file_options *outer_options,
	     const struct entry *e, const struct file_options *own)
{
	if (outer->block != e->block && !takes_all(outer->block))
		return true;
	if (e->n == outer->n)
		return false;
	return outer->block->ignore_dirs.n > 0 ||
	       (outer_options->flags & (OPT_NO_RECURSE | OPT_NO_DUMP)) != 0 ||
	       (outer_options->fstypes.n > 0 && outer_options != own);
}

/* Walking from outer comes to e and takes it.  When in doubt it does not. */
static bool
reaches(const struct fileset *fs, const struct entry *outer, const struct entry *e)
{
	OWNED(freep) char *top = str_ndup(*outer->file, outer->n);
	OWNED(freep) char *path = str_ndup(*e->file, e->n);
	const struct file_options *o = fileset_top_options(outer->block, top, true);
	struct stat st, at;

	if (is_ruled_out(outer, o, e, fileset_top_options(e->block, path, true)))
		return false;
	if (e->n == outer->n)
		return true;
	if (lstat(top, &st) != 0 || !S_ISDIR(st.st_mode))
		return false;
	for (size_t i = outer->n + 1; i < e->n; i++) {
		bool on;

		if (path[i] != '/')
			continue;
		path[i] = '\0';
		on = goes_into(fs, outer, st.st_dev, path, &at, &o) && S_ISDIR(at.st_mode);
		path[i] = '/';
		if (!on)
			return false;
	}
	return goes_into(fs, outer, st.st_dev, path, &at, &o) &&
	       (S_ISDIR(at.st_mode) || is_same_below(e, path, &at, o));
}

struct looking {
	struct fileset *fs;
	struct entry *v; /* owned, sorted */
	size_t n, cap;
	const struct entry **above; /* owned: entries the current one is below, outermost first */
	void (*note)(void *arg, enum msg_type type, const struct err *e);
	void *arg;
};

static void
add_block(struct looking *l, const struct fileset_block *b)
{
	for (size_t i = 0; i < b->files.n; i++) {
		size_t n = b->files.v[i] != NULL ? strlen(b->files.v[i]) : 0;

		while (n > 1 && b->files.v[i][n - 1] == '/')
			n--;
		if (n == 0)
			continue;
		l->v = mem_grow(l->v, l->n, &l->cap, sizeof(*l->v));
		l->v[l->n++] = (struct entry){ &b->files.v[i], n, b };
	}
}

static void
tell(struct looking *l, const struct entry *e, const struct entry *outer, bool remove)
{
	struct err text = ERR_INIT;

	(void)err_set(&text, ERR_CONFIG, "File entry %s is below %s: %s",
		      PATH_PRINT(bytes_of(*e->file, e->n)),
		      PATH_PRINT(bytes_of(*outer->file, outer->n)),
		      remove ? "left out, its files are saved there" : "its files are saved twice");
	l->note(l->arg, remove ? MSG_INFO : MSG_WARNING, &text);
}

/* All entries gathered; those whose block has one of these two modes are judged. */
static void
look(struct looking *l, enum shadowing warn, enum shadowing remove)
{
	size_t depth = 0;

	qsort(l->v, l->n, sizeof(*l->v), by_path);
	l->above = mem_zalloc(l->n + 1, sizeof(*l->above));
	for (size_t i = 0; i < l->n; i++) {
		struct entry *e = &l->v[i];
		enum shadowing mode = mode_of(e->block);
		size_t k = 0;

		while (depth > 0 && !is_below(e, l->above[depth - 1]))
			depth--;
		while (k < depth && !reaches(l->fs, l->above[k], e))
			k++;
		if (k < depth && (mode == warn || mode == remove))
			tell(l, e, l->above[k], mode == remove);
		if (k < depth && mode == remove) {
			free(*e->file);
			*e->file = NULL;
		} else {
			l->above[depth++] = e;
		}
	}
	free(l->above);
	free(l->v);
	l->above = NULL;
	l->v = NULL;
	l->n = l->cap = 0;
}

static void
close_gaps(struct text_array *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		if (a->v[i] != NULL)
			a->v[n++] = a->v[i];
	a->n = n;
}

void
fileset_shadow(struct fileset *fs, void (*note)(void *arg, enum msg_type type, const struct err *e),
	       void *arg)
{
	struct looking l = { .fs = fs, .note = note, .arg = arg };
	bool global = false;

	for (size_t i = 0; i < fs->n; i++) {
		enum shadowing mode = fs->blocks[i].is_exclude ? SHADOW_NONE
							       : mode_of(&fs->blocks[i]);

		global = global || mode >= GLOBAL_WARN;
		if (mode != LOCAL_WARN && mode != LOCAL_REMOVE)
			continue;
		add_block(&l, &fs->blocks[i]);
		look(&l, LOCAL_WARN, LOCAL_REMOVE);
	}
	for (size_t i = 0; i < fs->n && global; i++)
		if (!fs->blocks[i].is_exclude)
			add_block(&l, &fs->blocks[i]);
	if (global)
		look(&l, GLOBAL_WARN, GLOBAL_REMOVE);
	for (size_t i = 0; i < fs->n; i++)
		close_gaps(&fs->blocks[i].files);
}
