/*
 * A lane keeps the directories of its last path open, one descriptor per level.  The next path
 * shares nearly always all of them (files of one directory) or all but the last few, so finding a
 * place costs no system call or one per changed level, and no path is ever handed to the kernel
 * whole: length does not matter, and no link is followed unseen.
 */
#include "lib/files/place.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/files/meta.h"
#include "lib/files/mounts.h"
#include "lib/files/names.h"
#include "lib/proto/attr_record.h"

#define LANE_FDS_MAX 64   /* deeper levels are closed again; reopened when needed */
#define ANCHOR       2048 /* from one of these levels, not from the root */
#define LINKS_MAX    40   /* as the kernel follows in one path */
#define TRAIL_MAX    (PATH_BYTES_MAX + LINKS_MAX * PATH_MAX)
#define OPEN_DIR     (O_PATH | O_DIRECTORY | O_CLOEXEC)
#define OPEN_ITSELF  (O_PATH | O_NOFOLLOW | O_CLOEXEC)

/* Has a directory an ACL that what is made in it gets? */
enum inherits { INHERITS_ASK, INHERITS_NO, INHERITS_YES };

struct level {
	int fd;     /* owned; -1: closed to save descriptors */
	size_t end; /* length of the lane's text up to this component */
	dev_t dev;  /* its file system */
	enum inherits inherits;
};

struct lane {
	struct buf text;      /* "a/b/c" of the open directories, then "/name" of the last result */
	struct level *levels; /* owned */
	size_t depth, cap;
	struct buf raw_dir; /* directory part of the last path as it was given */
	bool valid;         /* raw_dir is what is open */
	char name[NAME_MAX + 1];
};

struct place {
	struct level root;
	bool whole_system;
	char *name; /* owned: the root's, for messages */
	struct lane lanes[PLACE_LANES];
	struct names planted; /* symbolic links, by struct planted_key */
	struct mounts mounts;
	place_made_fn *made, *entered;
	void *user;
};

enum err_code
place_refusal(int e)
{
	return e == ENOSPC || e == EDQUOT ? ERR_FULL : ERR_SYS;
}

int
place_root_fd(const struct place *p)
{
	return p->root.fd;
}

static void
pop_levels(struct lane *l, size_t depth)
{
	while (l->depth > depth)
		closep(&l->levels[--l->depth].fd);
	l->valid = false;
}

void
place_free(struct place *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < PLACE_LANES; i++) {
		pop_levels(&p->lanes[i], 0);
		free(p->lanes[i].levels);
		buf_release(&p->lanes[i].text);
		buf_release(&p->lanes[i].raw_dir);
	}
	names_release(&p->planted);
	mounts_release(&p->mounts);
	closep(&p->root.fd);
	free(p->name);
	free(p);
}

void
place_freep(struct place **p)
{
	place_free(*p);
	*p = NULL;
}

void
place_on(struct place *p, place_made_fn *made, place_made_fn *entered, void *user)
{
	p->made = made;
	p->entered = entered;
	p->user = user;
}

/* What a link is, whatever happens to its name. */
struct planted_key {
	uint64_t dev, ino;
};

void
place_planted(struct place *p, const struct stat *link)
{
	struct planted_key key = { link->st_dev, link->st_ino };

	names_add(&p->planted, bytes_of(&key, sizeof(key)));
}

static bool
is_planted(const struct place *p, const struct stat *link)
{
	struct planted_key key = { link->st_dev, link->st_ino };

	return names_has(&p->planted, bytes_of(&key, sizeof(key)));
}

void
place_forget(struct place *p, struct bytes path)
{
	for (size_t i = 0; i < PLACE_LANES; i++) {
		struct lane *l = &p->lanes[i];
		size_t n = l->depth > 0 ? l->levels[l->depth - 1].end : 0;

		if (n >= path.n && memcmp(l->text.p, path.p, path.n) == 0)
			pop_levels(l, 0);
	}
}

static struct bytes
level_path(const struct lane *l, size_t depth)
{
	return bytes_of(l->text.p, depth > 0 ? l->levels[depth - 1].end : 0);
}

/* The next component of *path that means something; empty at the end. */
static struct bytes
take_component(struct bytes *path)
{
	for (;;) {
		const uint8_t *slash;
		struct bytes c;

		while (path->n > 0 && *path->p == '/')
			*path = bytes_skip(*path, 1);
		if (path->n == 0)
			return *path;
		slash = (const uint8_t *)memchr(path->p, '/', path->n);
		c = bytes_of(path->p, slash != NULL ? (size_t)(slash - path->p) : path->n);
		*path = bytes_skip(*path, c.n);
		if (c.n != 1 || *c.p != '.')
			return c;
	}
}

/* ---- symbolic links that were there before ---- */

/* The way to where links lead: from the root on, since a link says something only where nobody
 * else can change the way to it. */
struct trail {
	const struct place *p;
	int at;          /* owned: the directory reached */
	struct stat dir; /* of it */
	bool safe;       /* nobody but root and this process's user can move what was passed */
	struct buf left; /* of the way */
	unsigned links;  /* met */
	enum place_missing missing;
};

#define BY_OTHERS ((mode_t)(S_IWGRP | S_IWOTH))

/* Can only its owner move what is in it, and is that root or this process's user? */
static bool
keeps_names(const struct stat *dir)
{
	return (dir->st_uid == 0 || dir->st_uid == geteuid()) &&
	       (!(dir->st_mode & BY_OTHERS) || (dir->st_mode & S_ISVTX));
}

/* Who can rename in a directory chooses which link has which name there, root's among them. */
static enum err_code
judge_link(const struct trail *t, const struct stat *link, const char *name, struct err *err)
{
	if (is_planted(t->p, link))
		return err_set(err, ERR_LIMIT,
			       "%s is a symbolic link restored before and is not followed", name);
	if (link->st_uid != 0 && link->st_uid != geteuid())
		return err_set(err, ERR_LIMIT,
			       "%s is a symbolic link of user %u and is not followed", name,
			       (unsigned)link->st_uid);
	if (!t->safe || (t->dir.st_mode & BY_OTHERS))
		return err_set(err, ERR_LIMIT,
			       "%s is a symbolic link that others can move and is not followed",
			       name);
	return ERR_OK;
}

/* What stands under this name itself, not what it leads to. */
static enum err_code
open_itself(int dir, const char *name, enum place_missing missing, int *out, struct stat *st,
	    struct err *err)
{
	OWNED(closep) int fd = openat(dir, name, OPEN_ITSELF);

	if (fd < 0 && errno == ENOENT && missing == PLACE_MAKE &&
	    (mkdirat(dir, name, 0755) == 0 || errno == EEXIST))
		fd = openat(dir, name, OPEN_ITSELF);
	if (fd < 0 || fstat(fd, st) != 0)
		return err_errno(err, place_refusal(errno), "%s", PATH_PRINT(bytes_str(name)));
	*out = TAKE_FD(fd);
	return ERR_OK;
}

/* The link's text and what is to come behind it. */
static enum err_code
put_in_front(int link, struct bytes rest, struct buf *left, struct err *err)
{
	OWNED(buf_release) struct buf next = BUF_INIT(TRAIL_MAX);
	char text[PATH_MAX];
	ssize_t n = readlinkat(link, "", text, sizeof(text));

	if (n < 0)
		return err_errno(err, ERR_SYS, "symbolic link");
	if (buf_append(&next, text, (size_t)n, err) != ERR_OK ||
	    buf_append(&next, "/", 1, err) != ERR_OK ||
	    buf_append(&next, rest.p, rest.n, err) != ERR_OK)
		return err->code;
	buf_release(left);
	*left = next;
	next = (struct buf)BUF_INIT(0);
	return ERR_OK;
}

/* The place where the trail must stay; not while the root itself is looked for. */
static bool
has_floor(const struct place *p)
{
	return p->root.fd >= 0 && !p->whole_system;
}

static enum err_code
leads_out(const struct trail *t, struct err *err)
{
	return err_set(err, ERR_LIMIT, "it leads out of %s", t->p->name);
}

static void
trail_enter(struct trail *t, int *fd)
{
	closep(&t->at);
	t->at = TAKE_FD(*fd);
	t->safe &= keeps_names(&t->dir);
}

static enum err_code
trail_begin(struct trail *t, int from, struct err *err)
{
	const char *start = t->left.len > 0 && *t->left.p == '/' ? "/" : ".";
	int fd = openat(from, start, OPEN_DIR);

	if (fd < 0 || fstat(fd, &t->dir) != 0) {
		(void)err_errno(err, ERR_SYS, "%s", start);
		closep(&fd);
		return err->code;
	}
	trail_enter(t, &fd);
	return ERR_OK;
}

/* ".." goes to where the directory is, which must be where it was passed. */
static enum err_code
judge_up(const struct trail *t, struct err *err)
{
	struct stat root;

	if (t->links > 0 && !t->safe)
		return err_set(err, ERR_LIMIT, "its way goes up where others can move directories");
	if (!has_floor(t->p))
		return ERR_OK;
	if (fstat(t->p->root.fd, &root) != 0)
		return err_errno(err, ERR_SYS, "%s", t->p->name);
	return root.st_ino == t->dir.st_ino && root.st_dev == t->dir.st_dev ? leads_out(t, err)
									    : ERR_OK;
}

/* Its text takes the link's place on the way. */
static enum err_code
trail_link(struct trail *t, int link, const struct stat *st, const char *name, struct bytes rest,
	   struct err *err)
{
	if (judge_link(t, st, PATH_PRINT(bytes_str(name)), err) != ERR_OK)
		return err->code;
	errno = ELOOP;
	if (++t->links > LINKS_MAX)
		return err_errno(err, ERR_SYS, "%s", PATH_PRINT(bytes_str(name)));
	if (put_in_front(link, rest, &t->left, err) != ERR_OK)
		return err->code;
	if (*t->left.p != '/')
		return ERR_OK;
	return has_floor(t->p) ? leads_out(t, err) : trail_begin(t, t->at, err);
}

/* One component of the way; its name is in c, behind it comes rest. */
static enum err_code
trail_step(struct trail *t, struct bytes c, struct bytes rest, struct err *err)
{
	OWNED(closep) int fd = -1;
	char name[NAME_MAX + 1];
	struct stat st;

	if (c.n > NAME_MAX)
		return err_set(err, ERR_LIMIT, "name part of %zu bytes is longer than %d", c.n,
			       NAME_MAX);
	memcpy(name, c.p, c.n);
	name[c.n] = '\0';
	if (strcmp(name, "..") == 0 && judge_up(t, err) != ERR_OK)
		return err->code;
	if (open_itself(t->at, name, t->missing, &fd, &st, err) != ERR_OK)
		return err->code;
	if (S_ISLNK(st.st_mode))
		return trail_link(t, fd, &st, name, rest, err);
	t->dir = st;
	trail_enter(t, &fd);
	buf_consume(&t->left, t->left.len - rest.n);
	return ERR_OK;
}

static enum err_code
trail_walk(struct trail *t, int from, struct bytes path, int *out, struct err *err)
{
	struct bytes rest, c;
	int fd;

	if (buf_append(&t->left, path.p, path.n, err) != ERR_OK ||
	    trail_begin(t, from, err) != ERR_OK)
		return err->code;
	for (rest = buf_bytes(&t->left); (c = take_component(&rest)).n > 0;
	     rest = buf_bytes(&t->left))
		if (trail_step(t, c, rest, err) != ERR_OK)
			return err->code;
	fd = openat(t->at, ".", OPEN_DIR);
	if (fd < 0)
		return err_errno(err, ERR_SYS, "directory");
	*out = fd;
	return ERR_OK;
}

/* The directory that path leads to, looking at every link on the way.
 * Spec: product.md "Security" */
static enum err_code
follow(const struct place *p, int from, struct bytes path, enum place_missing missing, int *out,
       struct err *err)
{
	struct trail t = {
		.p = p, .at = -1, .safe = true, .left = BUF_INIT(TRAIL_MAX), .missing = missing
	};
	enum err_code code = trail_walk(&t, from, path, out, err);

	closep(&t.at);
	buf_release(&t.left);
	return code;
}

/* A component is something else than a directory. */
static enum err_code
open_odd(const struct place *p, int parent, const char *name, struct bytes path, int *out,
	 struct err *err)
{
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return err_errno(err, ERR_SYS, "directory %s", PATH_PRINT(path));
	if (!S_ISLNK(st.st_mode))
		return err_set(err, ERR_SYS, "%s is in the way: it is not a directory",
			       PATH_PRINT(path));
	/* Looks at this link once more: another may stand there by now. */
	if (follow(p, p->root.fd, path, PLACE_MUST_EXIST, out, err) != ERR_OK)
		return err_ctx(err, "symbolic link %s", PATH_PRINT(path));
	return ERR_OK;
}

enum place_link
place_judge_link(const struct place *p, const struct place_at *link, struct err *why)
{
	OWNED(closep) int fd = -1;
	struct stat st;

	if (fstatat(link->dir_fd, link->name, &st, AT_SYMLINK_NOFOLLOW) != 0 || is_planted(p, &st))
		return PLACE_LINK_IN_WAY;
	if (open_odd(p, link->dir_fd, link->name, link->path, &fd, why) == ERR_OK)
		return PLACE_LINK_STANDS;
	return why->sys == ENOENT || why->sys == ENOTDIR || why->sys == ELOOP ? PLACE_LINK_IN_WAY
									      : PLACE_LINK_REFUSED;
}

/* ---- file systems ---- */

void
place_writes(struct place *p, struct bytes path, int dir, dev_t dev)
{
	OWNED(buf_release) struct buf name = BUF_INIT(2u * TRAIL_MAX);

	if (mounts_have(&p->mounts, dev))
		return;
	buf_text(&name, "%s/%.*s", p->whole_system ? "" : p->name, BYTES_ARG(path));
	mounts_add(&p->mounts, dev, dir, buf_str(&name));
}

enum err_code
place_sync(struct place *p, struct err *err)
{
	return mounts_sync(&p->mounts, err);
}

/* ---- opening ---- */

enum err_code
place_new(const char *root, struct place **out, struct err *err)
{
	OWNED(place_freep) struct place *p = NEW(struct place);
	struct stat st;

	p->root.fd = -1;
	if (root == NULL || *root == '\0')
		root = "/";
	p->whole_system = root[strspn(root, "/")] == '\0';
	p->name = str_dup(root);
	for (size_t i = 0; i < PLACE_LANES; i++) {
		p->lanes[i].text.max = PATH_BYTES_MAX + 1;
		p->lanes[i].raw_dir.max = PATH_BYTES_MAX + 1;
	}
	if (follow(p, AT_FDCWD, bytes_str(root), PLACE_MAKE, &p->root.fd, err) != ERR_OK)
		return err_ctx(err, "target directory %s", root);
	if (fstat(p->root.fd, &st) != 0)
		return err_errno(err, ERR_SYS, "target directory %s", root);
	p->root.dev = st.st_dev;
	*out = TAKE_PTR(p);
	return ERR_OK;
}

static bool
ask_inherits(struct level *dir)
{
	if (dir->inherits == INHERITS_ASK)
		dir->inherits = meta_is_inherited_from(dir->fd) ? INHERITS_YES : INHERITS_NO;
	return dir->inherits == INHERITS_YES;
}

bool
place_is_unfinished(const struct stat *st)
{
	mode_t mode = st->st_mode & 07777;

	return S_ISDIR(st->st_mode) ? (mode & ~(mode_t)S_ISGID) == PLACE_UNFINISHED_DIR
				    : mode == PLACE_UNFINISHED;
}

/* What it inherited is not what was saved. */
static void
drop_acls(int parent, const char *name)
{
	OWNED(closep)
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct meta_at at = { .fd = fd };
	struct err none = ERR_INIT;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || !place_is_unfinished(&st))
		return;
	(void)!meta_write_acl(&at, META_ACL_ACCESS, bytes_str(""), NULL, NULL, &none);
	(void)!meta_write_acl(&at, META_ACL_DEFAULT, bytes_str(""), NULL, NULL, &none);
}

int
place_make_dir(const struct place *p, const struct place_at *at)
{
	struct stat st;

	if (mkdirat(at->dir_fd, at->name, PLACE_UNFINISHED_DIR) != 0)
		return -1;
	if (at->inherits)
		drop_acls(at->dir_fd, at->name);
	if (p->made != NULL && fstatat(at->dir_fd, at->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    place_is_unfinished(&st))
		p->made(p->user, at->path, &st);
	return 0;
}

/* A component that is missing; made: not by another meanwhile. */
static enum err_code
make_component(struct place *p, struct level *parent, const char *name, struct bytes path,
	       bool *made, struct err *err)
{
	struct place_at at = {
		.dir_fd = parent->fd, .name = name, .path = path, .inherits = ask_inherits(parent)
	};

	*made = place_make_dir(p, &at) == 0;
	if (!*made && errno != EEXIST)
		return err_errno(err, place_refusal(errno), "cannot make directory %s",
				 PATH_PRINT(path));
	return ERR_OK;
}

/* Open one component below parent; path is where it lies, for messages.  Sets out's fd. */
static enum err_code
open_component(struct place *p, struct level *parent, const char *name, struct bytes path,
	       enum place_missing missing, struct level *out, struct err *err)
{
	int fd = openat(parent->fd, name, OPEN_DIR | O_NOFOLLOW);
	bool made = false;
	struct stat st;

	if (fd < 0 && errno == ENOENT && missing == PLACE_MAKE) {
		if (make_component(p, parent, name, path, &made, err) != ERR_OK)
			return err->code;
		fd = openat(parent->fd, name, OPEN_DIR | O_NOFOLLOW);
	}
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP)) {
		if (open_odd(p, parent->fd, name, path, &fd, err) != ERR_OK)
			return err->code;
	} else if (fd < 0) {
		return err_errno(err, ERR_SYS, "directory %s", PATH_PRINT(path));
	}
	out->fd = fd;
	out->dev = parent->dev;
	if (made) {
		out->inherits = INHERITS_NO;
		return ERR_OK;
	}
	if (fstat(fd, &st) != 0)
		return err_errno(err, ERR_SYS, "directory %s", PATH_PRINT(path));
	out->dev = st.st_dev;
	if (p->entered != NULL)
		p->entered(p->user, path, &st);
	return ERR_OK;
}

/* Component i of the lane's text as a C string. */
static void
component_name(const struct lane *l, size_t i, char out[NAME_MAX + 1])
{
	size_t from = i > 0 ? l->levels[i - 1].end + 1 : 0;
	size_t n = l->levels[i].end - from;

	memcpy(out, l->text.p + from, n);
	out[n] = '\0';
}

/* The lane is open up to depth: the level that is now too far away need not be. */
static void
close_far(struct lane *l, size_t depth)
{
	size_t far = depth - 1 - LANE_FDS_MAX;

	if (depth <= LANE_FDS_MAX || far % ANCHOR == 0)
		return;
	closep(&l->levels[far].fd);
	l->levels[far].fd = -1;
}

/* The lane's first depth components; reopens those closed to save descriptors. */
static enum err_code
ensure_open(struct place *p, struct lane *l, size_t depth, struct level **out, struct err *err)
{
	size_t have = depth;
	char name[NAME_MAX + 1];

	while (have > 0 && l->levels[have - 1].fd < 0)
		have--;
	for (; have < depth; have++) {
		struct level *parent = have > 0 ? &l->levels[have - 1] : &p->root;

		component_name(l, have, name);
		if (open_component(p, parent, name, level_path(l, have + 1), PLACE_MUST_EXIST,
				   &l->levels[have], err) != ERR_OK)
			return err->code;
		close_far(l, have + 1);
	}
	*out = depth > 0 ? &l->levels[depth - 1] : &p->root;
	return ERR_OK;
}

static enum err_code
push_component(struct place *p, struct lane *l, struct bytes name, enum place_missing missing,
	       struct err *err)
{
	struct level *parent, level = { .fd = -1 };
	char text[NAME_MAX + 1];

	if (ensure_open(p, l, l->depth, &parent, err) != ERR_OK)
		return err->code;
	l->text.len = level_path(l, l->depth).n;
	if ((l->depth > 0 && buf_append(&l->text, "/", 1, err) != ERR_OK) ||
	    buf_append(&l->text, name.p, name.n, err) != ERR_OK)
		return err->code;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	if (open_component(p, parent, text, buf_bytes(&l->text), missing, &level, err) != ERR_OK)
		return err->code;
	level.end = l->text.len;
	l->levels = (struct level *)mem_grow(l->levels, l->depth, &l->cap, sizeof(*l->levels));
	l->levels[l->depth++] = level;
	close_far(l, l->depth);
	return ERR_OK;
}

static enum err_code
judge_component(struct bytes c, struct err *err)
{
	if (c.n == 2 && memcmp(c.p, "..", 2) == 0)
		return err_set(err, ERR_LIMIT, "name has a \"..\" in it");
	if (c.n > NAME_MAX)
		return err_set(err, ERR_LIMIT, "name part of %zu bytes is longer than %d", c.n,
			       NAME_MAX);
	return ERR_OK;
}

static bool
level_is(const struct lane *l, size_t i, struct bytes c)
{
	size_t from = i > 0 ? l->levels[i - 1].end + 1 : 0;

	return bytes_eq(c, bytes_of(l->text.p + from, l->levels[i].end - from));
}

static enum err_code
walk(struct place *p, struct lane *l, struct bytes dir, enum place_missing missing, struct err *err)
{
	struct level *last;
	size_t depth = 0;
	struct bytes left = dir;

	l->valid = false;
	for (struct bytes c = take_component(&left); c.n > 0; c = take_component(&left), depth++) {
		if (judge_component(c, err) != ERR_OK)
			return err->code;
		if (depth < l->depth && level_is(l, depth, c))
			continue;
		pop_levels(l, depth);
		if (push_component(p, l, c, missing, err) != ERR_OK)
			return err->code;
	}
	pop_levels(l, depth);
	if (ensure_open(p, l, l->depth, &last, err) != ERR_OK)
		return err->code;
	buf_clear(&l->raw_dir);
	if (buf_append(&l->raw_dir, dir.p, dir.n, err) != ERR_OK)
		return err->code;
	l->valid = true;
	return ERR_OK;
}

/* Without slashes and "/." at the end. */
static struct bytes
trim_end(struct bytes path)
{
	for (;;) {
		if (path.n > 0 && path.p[path.n - 1] == '/')
			path.n--;
		else if (path.n > 0 && path.p[path.n - 1] == '.' &&
			 (path.n == 1 || path.p[path.n - 2] == '/'))
			path.n--;
		else
			return path;
	}
}

static void
split(struct bytes path, struct bytes *dir, struct bytes *name)
{
	size_t n = path.n;

	while (n > 0 && path.p[n - 1] != '/')
		n--;
	*dir = bytes_of(path.p, n);
	*name = bytes_skip(path, n);
}

enum err_code
place_find(struct place *p, enum place_lane lane, struct bytes path, enum place_missing missing,
	   struct place_at *out, struct err *err)
{
	struct lane *l = &p->lanes[lane];
	struct bytes dir, name;
	struct level *at;

	path = trim_end(path);
	if (path.n == 0) {
		*out = (struct place_at){ .dir_fd = p->root.fd, .name = "." };
		return ERR_OK;
	}
	if (path.n > PATH_BYTES_MAX)
		return err_set(err, ERR_LIMIT, "path of %zu bytes is longer than %u", path.n,
			       PATH_BYTES_MAX);
	split(path, &dir, &name);
	if (judge_component(name, err) != ERR_OK)
		return err->code;
	if ((!l->valid || !bytes_eq(dir, buf_bytes(&l->raw_dir))) &&
	    walk(p, l, dir, missing, err) != ERR_OK)
		return err->code;
	memcpy(l->name, name.p, name.n);
	l->name[name.n] = '\0';
	l->text.len = level_path(l, l->depth).n;
	if ((l->depth > 0 && buf_append(&l->text, "/", 1, err) != ERR_OK) ||
	    buf_append(&l->text, name.p, name.n, err) != ERR_OK)
		return err->code;
	at = l->depth > 0 ? &l->levels[l->depth - 1] : &p->root;
	if (missing == PLACE_MAKE)
		place_writes(p, level_path(l, l->depth), at->fd, at->dev);
	*out = (struct place_at){ .dir_fd = at->fd,
				  .name = l->name,
				  .path = buf_bytes(&l->text),
				  .inherits = missing == PLACE_MAKE && ask_inherits(at) };
	return ERR_OK;
}
