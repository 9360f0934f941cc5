/*
 * file-daemon/find/walk.c - walk the trees of a fileset
 *
 * The stack of levels is explicit: level i is a directory being listed, level i+1 the one entered
 * from it.  A level keeps its names (a slab) in memory, so its descriptor is needed only to look
 * at its files; when the stack grows deep, levels far above give their descriptor back and are
 * opened again through ".." of the level below, whose device and inode must then be the same.  When
 * the level below was moved, the way down from the File entry still leads there.
 */
#include "file-daemon/find/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "file-daemon/find/fstype.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/base/path.h"

#define SLAB_BYTES     (1024u * 1024u) /* names read at once; fewer in deep levels */
#define SLAB_MIN       (4u * 1024u)
#define GETDENTS_BYTES (64u * 1024u)
#define OPEN_DEFAULT   256u

struct name {
	uint64_t ino;
	uint32_t at; /* in the slab's text */
};

struct slab {
	char *text; /* owned: names, each with its NUL */
	size_t len, cap;
	struct name *names; /* owned */
	size_t n, names_cap, next;
};

struct level {
	struct walk_dir *dir; /* NULL: given back for now */
	struct slab slab;
	struct stat st;
	const struct file_options *options;
	size_t path_n; /* of this directory's path */
	size_t name_at;
	off64_t cookie; /* where listing goes on */
	bool more;      /* names are left behind the slab */
	bool wanted;    /* yield the directory itself at its end */
};

struct walk {
	const struct fileset *fs;
	const struct fileset_block *include;
	const struct walk_options *o;
	const struct walk_sink *sink;
	struct level *levels; /* owned, cap entries; the first depth are in use */
	size_t depth, cap;
	char *path; /* owned: the path being looked at */
	size_t path_cap;
	uint8_t *dents; /* owned */
	dev_t top_dev;
	size_t max_open;
};

/* ---- open directories ---- */

static struct walk_dir *
dir_new(int fd, bool readable)
{
	struct walk_dir *d = NEW(struct walk_dir);

	atomic_init(&d->refs, 1);
	d->fd = fd;
	d->readable = readable;
	return d;
}

struct walk_dir *
walk_dir_get(struct walk_dir *d)
{
	if (d != NULL)
		(void)atomic_fetch_add_explicit(&d->refs, 1, memory_order_relaxed);
	return d;
}

void
walk_dir_put(struct walk_dir *d)
{
	if (d == NULL || atomic_fetch_sub_explicit(&d->refs, 1, memory_order_acq_rel) != 1)
		return;
	close(d->fd);
	free(d);
}

static void
walk_dir_putp(struct walk_dir **d)
{
	walk_dir_put(*d);
}

/* ---- paths and notes ---- */

static struct bytes
path_bytes(const struct walk *w, size_t n)
{
	return bytes_of(w->path, n);
}

static void
note(const struct walk *w, enum msg_type type, const struct err *e)
{
	w->sink->note(w->sink->arg, type, e);
}

/* "path: what: the system's words" as a note of type. */
static void
note_errno(const struct walk *w, enum msg_type type, size_t path_n, const char *what)
{
	struct err e = ERR_INIT;

	(void)err_errno(&e, ERR_SYS, "%s: %s", PATH_PRINT(path_bytes(w, path_n)), what);
	note(w, type, &e);
}

static void
note_text(const struct walk *w, enum msg_type type, size_t path_n, const char *what)
{
	struct err e = ERR_INIT;

	(void)err_set(&e, ERR_SYS, "%s: %s", PATH_PRINT(path_bytes(w, path_n)), what);
	note(w, type, &e);
}

/* Put name behind the first dir_n bytes of the path; 0: it would be too long. */
static size_t
path_join(struct walk *w, size_t dir_n, const char *name, size_t name_n)
{
	size_t slash = dir_n > 0 && w->path[dir_n - 1] == '/' ? 0 : 1;
	size_t n = dir_n + slash + name_n;

	if (n > PATH_BYTES_MAX)
		return 0;
	if (n + 1 > w->path_cap) {
		w->path_cap = (n + 1) * 2;
		w->path = mem_resize(w->path, w->path_cap, 1);
	}
	if (slash == 1)
		w->path[dir_n] = '/';
	memcpy(w->path + dir_n + slash, name, name_n);
	w->path[n] = '\0';
	return n;
}

/* ---- names of one directory ---- */

static int
by_inode(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static void
slab_add(struct slab *s, uint64_t ino, const char *name)
{
	size_t n = strlen(name) + 1;

	while (s->len + n > s->cap) {
		s->cap = s->cap == 0 ? 256 : s->cap * 2;
		s->text = mem_resize(s->text, s->cap, 1);
	}
	s->names = mem_grow(s->names, s->n, &s->names_cap, sizeof(*s->names));
	memcpy(s->text + s->len, name, n);
	s->names[s->n++] = (struct name){ ino, (uint32_t)s->len };
	s->len += n;
}

/* Keep only what is still to be looked at. */
static void
slab_shrink(struct slab *s)
{
	struct slab left = { .text = NULL };

	for (size_t i = s->next; i < s->n; i++)
		slab_add(&left, s->names[i].ino, s->text + s->names[i].at);
	free(s->text);
	free(s->names);
	*s = left;
}

/* Half as much every eight levels: so all levels together hold little, whatever the tree. */
static size_t
slab_bytes(size_t depth)
{
	size_t n = depth < 64 ? SLAB_BYTES >> (depth / 8) : 0;

	return n > SLAB_MIN ? n : SLAB_MIN;
}

static bool
is_dot(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* The next names of l into its slab, sorted; a listing error is noted and ends the directory. */
static void
fill_slab(struct walk *w, struct level *l)
{
	struct slab *s = &l->slab;
	size_t most = slab_bytes(w->depth);

	s->n = s->len = s->next = 0;
	while (l->more && s->len < most) {
		ssize_t got = getdents64(l->dir->fd, w->dents, size_min(most, GETDENTS_BYTES));

		if (got < 0) {
			note_errno(w, MSG_NOTSAVED, l->path_n, "directory cannot be read further");
			l->more = false;
		}
		if (got <= 0) {
			l->more = false;
			break;
		}
		for (ssize_t at = 0; at < got;) {
			const struct dirent64 *d = (const void *)(w->dents + at);

			l->cookie = d->d_off;
			if (!is_dot(d->d_name))
				slab_add(s, d->d_ino, d->d_name);
			at += d->d_reclen;
		}
	}
	if (s->n > 1)
		qsort(s->names, s->n, sizeof(*s->names), by_inode);
}

/* ---- levels ---- */

static struct level *
top_level(struct walk *w)
{
	return &w->levels[w->depth - 1];
}

/* The directory name of dirfd, which has to be that of l; -1 with errno. */
static int
open_same(const struct level *l, int dirfd, const char *name, int flags)
{
	OWNED(closep) int fd = openat(dirfd, name, flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return -1;
	if (st.st_dev != l->st.st_dev || st.st_ino != l->st.st_ino) {
		errno = ENOENT; /* another one is there now */
		return -1;
	}
	return TAKE_FD(fd);
}

/* By the names of the levels above, each of which has to be the directory that was entered. */
static int
open_from_above(const struct walk *w, const struct level *l, int top_parent)
{
	OWNED(closep) int fd = -1;

	for (const struct level *at = w->levels; at <= l; at++) {
		OWNED(freep) char *name = str_ndup(w->path + at->name_at, at->path_n - at->name_at);
		int next = open_same(at, fd >= 0 ? fd : top_parent, *name != '\0' ? name : ".",
				     at == l ? O_RDONLY : O_PATH);

		if (next < 0)
			return -1;
		if (fd >= 0)
			close(fd);
		fd = next;
	}
	return TAKE_FD(fd);
}

/* l's descriptor was given back: open it again as ".." of the level below it (NULL: that one could
 * not be opened either), or else from above.  What is left of it is lost when neither leads there.
 */
static void
reopen(struct walk *w, struct level *l, const struct walk_dir *child, int top_parent)
{
	OWNED(closep) int fd = child != NULL ? open_same(l, child->fd, "..", O_RDONLY) : -1;

	if (fd < 0)
		fd = open_from_above(w, l, top_parent);
	if (fd < 0) {
		note_errno(w, MSG_NOTSAVED, l->path_n,
			   "directory cannot be opened again, the rest of it is not saved");
		l->slab.next = l->slab.n;
		l->more = l->wanted = false;
		return;
	}
	if (l->more && lseek(fd, l->cookie, SEEK_SET) < 0) {
		note_errno(w, MSG_NOTSAVED, l->path_n, "directory cannot be read further");
		l->more = false;
	}
	l->dir = dir_new(TAKE_FD(fd), true);
}

/* Enter the directory dir; takes the reference. */
static void
push(struct walk *w, struct walk_dir **dir, const struct stat *st,
     const struct file_options *options, size_t path_n, size_t name_at, bool wanted)
{
	struct level *l;

	if (w->depth == w->cap) {
		size_t cap = w->cap == 0 ? 16 : w->cap * 2;

		w->levels = mem_resize(w->levels, cap, sizeof(*w->levels));
		memset(w->levels + w->cap, 0, (cap - w->cap) * sizeof(*w->levels));
		w->cap = cap;
	}
	l = &w->levels[w->depth++];
	l->dir = TAKE_PTR(*dir);
	l->st = *st;
	l->options = options;
	l->path_n = path_n;
	l->name_at = name_at;
	l->wanted = wanted;
	l->cookie = 0;
	l->more = l->dir->readable;
	fill_slab(w, l);
	if (w->depth > w->max_open) {
		struct level *far = &w->levels[w->depth - 1 - w->max_open];

		walk_dir_put(far->dir);
		far->dir = NULL;
		slab_shrink(&far->slab);
	}
}

/* ---- one file ---- */

static enum err_code
yield(struct walk *w, struct file_entry *e, struct err *err)
{
	bool counts_links = w->o->links != NULL && e->type != FT_DIREND && e->st.st_nlink > 1 &&
			    (e->options->flags & OPT_NO_HARDLINKS) == 0;

	if (counts_links)
		e->link = link_table_meet(w->o->links, &e->st, &e->link_first);
	return w->sink->entry(w->sink->arg, e, err);
}

static bool
is_wanted(const struct walk *w, const struct file_options *o, const struct stat *st)
{
	if (!w->o->since_counts)
		return true;
	return changed_since(w->o->since, st->st_mtim.tv_sec, st->st_ctim.tv_sec,
			     (o->flags & OPT_MTIME_ONLY) != 0);
}

static bool
has_nodump(int dirfd, const char *name)
{
	struct statx sx;

	return statx(dirfd, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &sx) == 0 &&
	       (sx.stx_attributes & STATX_ATTR_NODUMP) != 0;
}

static enum file_type
type_of(const struct stat *st, const struct file_options *o, bool top)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFREG: /* volume.md 7.2: saved without opening when empty and readable by all */
		return st->st_size == 0 && (st->st_mode & S_IROTH) != 0 ? FT_REGE : FT_REG;
	case S_IFLNK:
		return FT_LNK;
	case S_IFBLK:
		return top ? FT_RAW : FT_SPEC;
	case S_IFIFO:
		return top && (o->flags & OPT_READ_FIFO) != 0 ? FT_FIFO : FT_SPEC;
	default: /* sockets too: their owner and mode are worth keeping; wire.md 7.1 type 6 */
		return FT_SPEC;
	}
}

/* A directory that may not be entered is still saved itself; false with the reason noted. */
static bool
may_enter(struct walk *w, const struct file_options *o, const struct stat *st, int fd,
	  size_t path_n, bool top)
{
	char type[32];

	if (w->depth == WALK_DEPTH_MAX) {
		note_text(w, MSG_NOTSAVED, path_n,
			  "is nested too deep to look into, its contents are not saved");
		return false;
	}
	if (!top && (o->flags & OPT_NO_RECURSE) != 0) {
		note_text(w, MSG_INFO, path_n, "recursion is off, will not descend into it");
		return false;
	}
	if (!top && st->st_dev != w->top_dev && (o->flags & OPT_CROSS_FS) == 0) {
		note_text(w, MSG_INFO, path_n,
			  "is a different file system, will not descend into it");
		return false;
	}
	if (o->fstypes.n == 0 || (!top && st->st_dev == w->top_dev))
		return true;
	fstype_of(fd, st->st_dev, type, sizeof(type));
	for (size_t i = 0; i < o->fstypes.n; i++)
		if (strcmp(o->fstypes.v[i], type) == 0)
			return true;
	note_text(w, MSG_INFO, path_n, "is on a file system that FsType does not name");
	return false;
}

/* Exclude Dir Containing. */
static bool
is_marked(const struct walk *w, int fd)
{
	for (size_t i = 0; i < w->include->ignore_dirs.n; i++)
		if (faccessat(fd, w->include->ignore_dirs.v[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	return false;
}

/* Open the directory name in dirfd, for reading or at least as a place. */
static struct walk_dir *
open_dir(struct walk *w, int dirfd, const char *name, const struct file_options *o, size_t path_n)
{
	int base = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int noatime = (o->flags & (OPT_NO_ATIME | OPT_KEEP_ATIME)) != 0 ? O_NOATIME : 0;
	int fd = openat(dirfd, name, O_RDONLY | base | noatime);

	if (fd < 0 && errno == EPERM && noatime != 0)
		fd = openat(dirfd, name, O_RDONLY | base);
	if (fd >= 0)
		return dir_new(fd, true);
	note_errno(w, MSG_NOTSAVED, path_n,
		   "directory cannot be opened, its contents are not saved");
	fd = openat(dirfd, name, O_PATH | base);
	return fd >= 0 ? dir_new(fd, false) : NULL;
}

static enum err_code
visit_dir(struct walk *w, struct file_entry *e, bool top, struct err *err)
{
	OWNED(walk_dir_putp) struct walk_dir *self = NULL;
	const char *name = top && e->path.n == 1 ? "." : (const char *)e->path.p + e->name_at;
	bool wanted = is_wanted(w, e->options, &e->st);
	struct stat st;

	self = open_dir(w, e->dir->fd, name, e->options, e->path.n);
	if (self == NULL)
		return ERR_OK;
	if (fstat(self->fd, &st) == 0)
		e->st = st; /* a mount or another directory may have come between */
	if (top)
		w->top_dev = e->st.st_dev;
	if (self->readable && is_marked(w, self->fd))
		return ERR_OK;
	e->self = self;
	if (may_enter(w, e->options, &e->st, self->fd, e->path.n, top)) {
		push(w, &self, &e->st, e->options, e->path.n, e->name_at, wanted);
		return ERR_OK;
	}
	return wanted ? yield(w, e, err) : ERR_OK;
}

/* Look at the file whose path is in w->path; dir holds its last component. */
static enum err_code
visit(struct walk *w, struct walk_dir *dir, size_t path_n, size_t name_at, bool top,
      struct err *err)
{
	struct file_entry e = { .path = path_bytes(w, path_n), .name_at = name_at, .dir = dir };
	const char *name = top && path_n == 1 ? "." : w->path + name_at;
	bool is_dir;

	if (w->o->examined != NULL)
		(void)atomic_fetch_add_explicit(w->o->examined, 1, memory_order_relaxed);
	if (fstatat(dir->fd, name, &e.st, AT_SYMLINK_NOFOLLOW) != 0) {
		note_errno(w, MSG_NOTSAVED, path_n, "cannot be examined");
		return ERR_OK;
	}
	is_dir = S_ISDIR(e.st.st_mode);
	if (top) {
		e.options = fileset_top_options(w->include, w->path, is_dir);
	} else {
		struct match m = fileset_match(w->fs, w->include, w->path, is_dir);

		if (!m.take)
			return ERR_OK;
		e.options = m.options;
	}
	if ((e.options->flags & OPT_NO_DUMP) != 0 && has_nodump(dir->fd, name)) {
		note_text(w, MSG_SKIPPED, path_n, "has the nodump flag, skipped");
		return ERR_OK;
	}
	if (is_dir) {
		e.type = FT_DIREND;
		return visit_dir(w, &e, top, err);
	}
	e.type = type_of(&e.st, e.options, top);
	if (S_ISREG(e.st.st_mode) && !size_match_takes(&e.options->size, (uint64_t)e.st.st_size))
		return ERR_OK;
	return is_wanted(w, e.options, &e.st) ? yield(w, &e, err) : ERR_OK;
}

/* The deepest level is done: yield the directory and go back to its parent. */
static enum err_code
leave(struct walk *w, struct walk_dir *top_parent, struct err *err)
{
	OWNED(walk_dir_putp) struct walk_dir *self = NULL;
	struct level *l = top_level(w);
	struct level *up = w->depth > 1 ? l - 1 : NULL;
	struct file_entry e = {
		.type = FT_DIREND, .name_at = l->name_at, .st = l->st, .options = l->options
	};

	self = TAKE_PTR(l->dir);
	w->depth--;
	w->path[l->path_n] = '\0';
	if (up != NULL && up->dir == NULL)
		reopen(w, up, self, top_parent->fd);
	if (!l->wanted)
		return ERR_OK;
	e.path = path_bytes(w, l->path_n);
	e.dir = up != NULL ? up->dir : top_parent;
	e.self = self;
	if (e.dir == NULL) { /* it was moved out of what cannot be opened again */
		e.dir = self;
		e.name_at = l->path_n;
	}
	return yield(w, &e, err);
}

/* All below the File entry on the stack. */
static enum err_code
descend(struct walk *w, struct walk_dir *top_parent, struct err *err)
{
	while (w->depth > 0) {
		struct level *l = top_level(w);
		const char *name;
		size_t n, path_n;

		if (cancel_asked(w->o->cancel))
			return err_set(err, ERR_CANCELED, "canceled");
		if (l->slab.next == l->slab.n && l->more)
			fill_slab(w, l);
		if (l->slab.next == l->slab.n) {
			if (leave(w, top_parent, err) != ERR_OK)
				return err->code;
			continue;
		}
		name = l->slab.text + l->slab.names[l->slab.next++].at;
		n = strlen(name);
		path_n = path_join(w, l->path_n, name, n);
		if (path_n == 0) {
			note_text(w, MSG_NOTSAVED, l->path_n,
				  "holds a path too long for the protocol, not saved");
			continue;
		}
		if (visit(w, l->dir, path_n, path_n - n, false, err) != ERR_OK)
			return err->code;
	}
	return ERR_OK;
}

/* One File entry: an absolute name; its parents may be links, itself is taken as it is. */
static enum err_code
walk_top(struct walk *w, const char *file, struct err *err)
{
	OWNED(walk_dir_putp) struct walk_dir *parent = NULL;
	size_t n = strlen(file), name_at;
	int fd;

	while (n > 1 && file[n - 1] == '/')
		n--;
	if (n == 0 || file[0] != '/' || path_join(w, 0, file + 1, n - 1) != n) {
		struct err e = ERR_INIT;

		(void)err_set(&e, ERR_SYS,
			      "%s: File entry is not an absolute path of at most %u bytes",
			      PATH_PRINT(bytes_str(file)), PATH_BYTES_MAX);
		note(w, MSG_NOTSAVED, &e);
		return ERR_OK;
	}
	for (name_at = n; name_at > 1 && w->path[name_at - 1] != '/'; name_at--)
		;
	{
		OWNED(freep) char *dir = str_ndup(w->path, name_at);

		fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0) {
		note_errno(w, MSG_NOTSAVED, n, "cannot be examined");
		return ERR_OK;
	}
	parent = dir_new(fd, false);
	if (visit(w, parent, n, name_at, true, err) != ERR_OK)
		return err->code;
	return descend(w, parent, err);
}

static void
walk_release(struct walk *w)
{
	for (size_t i = 0; i < w->cap; i++) {
		if (i < w->depth)
			walk_dir_put(w->levels[i].dir);
		free(w->levels[i].slab.text);
		free(w->levels[i].slab.names);
	}
	free(w->levels);
	free(w->path);
	free(w->dents);
}

enum err_code
walk_run(const struct fileset *fs, const struct walk_options *o, const struct walk_sink *sink,
	 struct err *err)
{
	struct walk w = { .fs = fs, .o = o, .sink = sink };
	enum err_code rc = ERR_OK;

	w.dents = mem_zalloc(GETDENTS_BYTES, 1);
	w.max_open = o->max_open > 1 ? o->max_open : OPEN_DEFAULT;
	for (size_t i = 0; i < fs->n && rc == ERR_OK; i++) {
		if (fs->blocks[i].is_exclude)
			continue;
		w.include = &fs->blocks[i];
		for (size_t k = 0; k < w.include->files.n && rc == ERR_OK; k++)
			rc = walk_top(&w, w.include->files.v[k], err);
	}
	walk_release(&w);
	return rc;
}
