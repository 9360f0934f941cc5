/*
 * A lane keeps the directories of its last path open, one descriptor per level.  The next path
 * shares nearly always all of them (files of one directory) or all but the last few, so finding a
 * place costs no system call or one per changed level, and no path is ever handed to the kernel
 * whole: length does not matter, and no link is followed unseen.
 */
#include "lib/files/place.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/base/fd.h"
#include "lib/base/hash.h"
#include "lib/base/own.h"
#include "lib/base/path.h"

#define PLACE_PATH_MAX (64u * 1024) /* longer ones no file system can hold usefully */
#define LANE_FDS_MAX   64           /* deeper levels are closed again; reopened when needed */
#define OPEN_DIR       (O_PATH | O_DIRECTORY | O_CLOEXEC)

struct level {
	int fd;     /* owned; -1: closed to save descriptors */
	size_t end; /* length of the lane's text up to this component */
};

struct lane {
	struct buf text;      /* "a/b/c" of the open directories, then "/name" of the last result */
	struct level *levels; /* owned */
	size_t depth, cap;
	struct buf raw_dir; /* directory part of the last path as it was given */
	bool valid;         /* raw_dir is what is open */
	char name[NAME_MAX + 1];
};

struct inode {
	dev_t dev;
	ino_t ino;
};

struct planted {
	struct inode key;
	UT_hash_handle hh;
};

struct place {
	int root_fd; /* owned */
	bool whole_system;
	char *root; /* owned, for messages */
	struct lane lanes[PLACE_LANES];
	struct planted *planted; /* owned */
	place_made_fn *made;
	void *user;
};

enum err_code
place_new(const char *root, struct place **out, struct err *err)
{
	OWNED(place_freep) struct place *p = NEW(struct place);

	p->root_fd = -1;
	if (root == NULL || *root == '\0')
		root = "/";
	p->whole_system = root[strspn(root, "/")] == '\0';
	p->root = str_dup(root);
	for (size_t i = 0; i < PLACE_LANES; i++) {
		p->lanes[i].text.max = PLACE_PATH_MAX;
		p->lanes[i].raw_dir.max = PLACE_PATH_MAX;
	}
	if (!p->whole_system && fd_make_dirs(root, 0755, err) != ERR_OK)
		return err_ctx(err, "target directory");
	if (fd_open(root, OPEN_DIR, 0, &p->root_fd, err) != ERR_OK)
		return err_ctx(err, "target directory");
	*out = TAKE_PTR(p);
	return ERR_OK;
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
	struct planted *e, *next;

	if (p == NULL)
		return;
	for (size_t i = 0; i < PLACE_LANES; i++) {
		pop_levels(&p->lanes[i], 0);
		free(p->lanes[i].levels);
		buf_release(&p->lanes[i].text);
		buf_release(&p->lanes[i].raw_dir);
	}
	HASH_ITER (hh, p->planted, e, next) {
		HASH_DEL(p->planted, e);
		free(e);
	}
	closep(&p->root_fd);
	free(p->root);
	free(p);
}

void
place_freep(struct place **p)
{
	place_free(*p);
	*p = NULL;
}

void
place_on_made(struct place *p, place_made_fn *made, void *user)
{
	p->made = made;
	p->user = user;
}

void
place_planted(struct place *p, const struct place_at *link)
{
	struct stat st;
	struct planted *e;

	if (fstatat(link->dir_fd, link->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	e = NEW(struct planted);
	e->key.dev = st.st_dev;
	e->key.ino = st.st_ino;
	HASH_ADD(hh, p->planted, key, sizeof(e->key), e);
}

static bool
is_planted(const struct place *p, const struct stat *st)
{
	struct inode key = { 0 };
	struct planted *e;

	key.dev = st->st_dev;
	key.ino = st->st_ino;
	HASH_FIND(hh, p->planted, &key, sizeof(key), e);
	return e != NULL;
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

/* A component is a symbolic link that was there before.  Spec: product.md "Security" */
static enum err_code
follow_link(const struct place *p, int parent, const char *name, struct bytes path, int *out,
	    struct err *err)
{
	struct open_how how = { .flags = OPEN_DIR,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	char text[PATH_MAX];

	if (p->whole_system) {
		*out = openat(parent, name, OPEN_DIR);
	} else {
		if (path.n >= sizeof(text))
			return err_set(err, ERR_LIMIT,
				       "%s: a symbolic link this deep is not followed",
				       PATH_PRINT(path));
		memcpy(text, path.p, path.n);
		text[path.n] = '\0';
		*out = (int)syscall(SYS_openat2, p->root_fd, text, &how, sizeof(how));
	}
	if (*out >= 0)
		return ERR_OK;
	if (errno == EXDEV)
		return err_set(err, ERR_LIMIT, "symbolic link %s leads out of %s", PATH_PRINT(path),
			       p->root);
	return err_errno(err, ERR_SYS, "symbolic link %s", PATH_PRINT(path));
}

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
	if (is_planted(p, &st))
		return err_set(err, ERR_LIMIT,
			       "%s is a symbolic link restored before and is not followed",
			       PATH_PRINT(path));
	/* Whoever may write a directory may turn it into a link to another's before the restore. */
	if (p->whole_system && st.st_uid != 0 && st.st_uid != geteuid())
		return err_set(err, ERR_LIMIT,
			       "%s is a symbolic link of user %u and is not followed",
			       PATH_PRINT(path), (unsigned)st.st_uid);
	return follow_link(p, parent, name, path, out, err);
}

/* Open one component below parent; path is where it lies, for messages. */
static enum err_code
open_component(const struct place *p, int parent, const char *name, struct bytes path,
	       enum place_missing missing, int *out, struct err *err)
{
	int fd = openat(parent, name, OPEN_DIR | O_NOFOLLOW);

	if (fd < 0 && errno == ENOENT && missing == PLACE_MAKE) {
		if (mkdirat(parent, name, 0700) == 0) {
			if (p->made != NULL)
				p->made(p->user, path);
		} else if (errno != EEXIST) {
			return err_errno(err,
					 errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_SYS,
					 "cannot make directory %s", PATH_PRINT(path));
		}
		fd = openat(parent, name, OPEN_DIR | O_NOFOLLOW);
	}
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return open_odd(p, parent, name, path, out, err);
	if (fd < 0)
		return err_errno(err, ERR_SYS, "directory %s", PATH_PRINT(path));
	*out = fd;
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

/* The descriptor of the lane's first depth components; reopens those closed to save descriptors. */
static enum err_code
ensure_fd(struct place *p, struct lane *l, size_t depth, int *out, struct err *err)
{
	size_t have = depth;
	char name[NAME_MAX + 1];

	while (have > 0 && l->levels[have - 1].fd < 0)
		have--;
	for (; have < depth; have++) {
		int parent = have > 0 ? l->levels[have - 1].fd : p->root_fd;

		component_name(l, have, name);
		if (open_component(p, parent, name, level_path(l, have + 1), PLACE_MUST_EXIST,
				   &l->levels[have].fd, err) != ERR_OK)
			return err->code;
		if (have >= LANE_FDS_MAX)
			closep(&l->levels[have - LANE_FDS_MAX].fd),
				l->levels[have - LANE_FDS_MAX].fd = -1;
	}
	*out = depth > 0 ? l->levels[depth - 1].fd : p->root_fd;
	return ERR_OK;
}

static enum err_code
push_component(struct place *p, struct lane *l, struct bytes name, enum place_missing missing,
	       struct err *err)
{
	char text[NAME_MAX + 1];
	int parent, fd;

	if (ensure_fd(p, l, l->depth, &parent, err) != ERR_OK)
		return err->code;
	l->text.len = level_path(l, l->depth).n;
	if ((l->depth > 0 && buf_append(&l->text, "/", 1, err) != ERR_OK) ||
	    buf_append(&l->text, name.p, name.n, err) != ERR_OK)
		return err->code;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	if (open_component(p, parent, text, buf_bytes(&l->text), missing, &fd, err) != ERR_OK)
		return err->code;
	l->levels = (struct level *)mem_grow(l->levels, l->depth, &l->cap, sizeof(*l->levels));
	l->levels[l->depth++] = (struct level){ fd, l->text.len };
	if (l->depth > LANE_FDS_MAX) {
		closep(&l->levels[l->depth - 1 - LANE_FDS_MAX].fd);
		l->levels[l->depth - 1 - LANE_FDS_MAX].fd = -1;
	}
	return ERR_OK;
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
	size_t depth = 0;
	struct bytes left = dir;
	int fd;

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
	if (ensure_fd(p, l, l->depth, &fd, err) != ERR_OK)
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

	path = trim_end(path);
	if (path.n == 0) {
		*out = (struct place_at){ p->root_fd, ".", { NULL, 0 } };
		return ERR_OK;
	}
	if (path.n >= PLACE_PATH_MAX)
		return err_set(err, ERR_LIMIT, "path of %zu bytes is longer than %u", path.n,
			       PLACE_PATH_MAX);
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
	*out = (struct place_at){ l->depth > 0 ? l->levels[l->depth - 1].fd : p->root_fd, l->name,
				  buf_bytes(&l->text) };
	return ERR_OK;
}
