/*
 * The record of a directory comes behind what is in it: then root sets its owner, mode, times and
 * the rest, and forgets it but for a few bytes, by which it is known when something is made in it
 * once more.  That changes its times: they are set again at the end.  Who is not root sets all at
 * the end only, since he may lose the right to make something in it.  The target directory, and
 * those that were made on the way to others, have to wait for the end, too.
 *
 * Those to be set yet are kept as a tree, each with its own name only: below a chain of directories
 * the paths themselves would be as much as the square of its length.  Each row is found by a digest
 * of its path, cryptographic since names are chosen by others, and two must not be taken for one.
 * All directories above one that is remembered have a row, too.
 */
#include "lib/files/rebuild_internal.h"

#include <fcntl.h>
#include <unistd.h>

#include "lib/base/own.h"

#define IMPLIED_DIR_MODE 0755 /* of directories that were not among the records */
#define KEY_KIND         DIGEST_SHA256
#define KEY_LEN          32u

struct rebuild_dir {
	struct rebuild_dir *parent, *child, *sibling; /* borrowed of the table */
	struct rebuild_dir **from;                    /* what points to it: child or sibling */
	bool made;                                    /* by this restore, as this one: */
	dev_t dev;
	ino_t ino;
	bool recorded; /* its record came: the rest is set */
	int32_t file_index;
	struct lstat_fields st;
	struct rebuild_meta meta; /* owned copies */
	uint8_t key[KEY_LEN];     /* of its path */
	UT_hash_handle hh;
	size_t n;
	uint8_t name[]; /* last component */
};

/* ---- the tree ---- */

static struct bytes
last_name(struct bytes path)
{
	size_t n = path.n;

	while (n > 0 && path.p[n - 1] != '/')
		n--;
	return bytes_skip(path, n);
}

static struct bytes
parent_path(struct bytes path)
{
	size_t n = path.n - last_name(path).n;

	return bytes_of(path.p, n > 0 ? n - 1 : 0);
}

static struct rebuild_dir *
find_dir(const struct rebuild *r, struct bytes path)
{
	uint8_t key[DIGEST_MAX];
	struct rebuild_dir *d;

	(void)digest_once(KEY_KIND, path, key);
	HASH_FIND(hh, r->dirs, key, KEY_LEN, d);
	return d;
}

static struct rebuild_dir *
add_dir(struct rebuild *r, struct bytes path)
{
	struct bytes name = last_name(path);
	struct rebuild_dir *d = (struct rebuild_dir *)mem_zalloc(1, sizeof(*d) + name.n);
	uint8_t key[DIGEST_MAX];

	d->n = name.n;
	if (name.n > 0)
		memcpy(d->name, name.p, name.n);
	(void)digest_once(KEY_KIND, path, key);
	memcpy(d->key, key, KEY_LEN);
	HASH_ADD(hh, r->dirs, key, KEY_LEN, d);
	if (path.n == 0)
		r->top = d;
	return d;
}

/* As its parent's first. */
static void
hang_in(struct rebuild_dir *d)
{
	d->from = &d->parent->child;
	d->sibling = *d->from;
	if (d->sibling != NULL)
		d->sibling->from = &d->sibling;
	*d->from = d;
}

/* The row of path, made with those above it when missing. */
static struct rebuild_dir *
get_dir(struct rebuild *r, struct bytes path)
{
	struct rebuild_dir *d = find_dir(r, path);
	struct rebuild_dir *wanted = d != NULL ? d : add_dir(r, path);

	for (struct rebuild_dir *child = wanted; d == NULL && path.n > 0; child = child->parent) {
		path = parent_path(path);
		d = find_dir(r, path);
		child->parent = d != NULL ? d : add_dir(r, path);
		hang_in(child);
	}
	return wanted;
}

/* Its path, in r->dir_path until the next call. */
static struct bytes
path_of(struct rebuild *r, const struct rebuild_dir *d)
{
	struct err none = ERR_INIT; /* paths are within place's bound */
	size_t n = 0;
	uint8_t *p;

	for (const struct rebuild_dir *e = d; e->parent != NULL; e = e->parent)
		n += e->n + (e->parent->parent != NULL);
	buf_clear(&r->dir_path);
	if (buf_reserve(&r->dir_path, n, &none) != ERR_OK)
		return bytes_of(NULL, 0);
	for (p = r->dir_path.p + n; d->parent != NULL; d = d->parent) {
		p -= d->n;
		memcpy(p, d->name, d->n);
		if (d->parent->parent != NULL)
			*--p = '/';
	}
	r->dir_path.len = n;
	return buf_bytes(&r->dir_path);
}

static void
free_bytes(struct bytes *b)
{
	union {
		const uint8_t *borrowed;
		void *owned;
	} p = { .borrowed = b->p };

	free(p.owned);
	*b = bytes_of(NULL, 0);
}

static void
release_meta(struct rebuild_meta *m)
{
	free_bytes(&m->acl_access);
	free_bytes(&m->acl_default);
	free_bytes(&m->xattr);
}

/* The first below d that has nothing below itself. */
static struct rebuild_dir *
deepest(struct rebuild_dir *d)
{
	while (d != NULL && d->child != NULL)
		d = d->child;
	return d;
}

/* Nothing is below d.  Returns the parent. */
static struct rebuild_dir *
drop_dir(struct rebuild *r, struct rebuild_dir *d)
{
	struct rebuild_dir *parent = d->parent;

	if (parent == NULL)
		r->top = NULL;
	else
		*d->from = d->sibling;
	if (d->sibling != NULL)
		d->sibling->from = d->from;
	HASH_DEL(r->dirs, d);
	release_meta(&d->meta);
	free(d);
	return parent;
}

/* ---- remembering ---- */

void
rebuild_dir_made(void *user, struct bytes path, const struct stat *st)
{
	struct rebuild_dir *d = get_dir((struct rebuild *)user, path);

	d->made = true;
	d->dev = st->st_dev;
	d->ino = st->st_ino;
}

static struct bytes
copy_of(struct bytes b)
{
	uint8_t *p;

	if (b.p == NULL)
		return b;
	p = (uint8_t *)mem_zalloc(1, b.n + 1);
	if (b.n > 0)
		memcpy(p, b.p, b.n);
	return bytes_of(p, b.n);
}

/* Something may change in one that is set. */
void
rebuild_dir_entered(void *user, struct bytes path, const struct stat *st)
{
	struct rebuild *r = (struct rebuild *)user;
	struct rebuild_dir *d;

	if (r->ended || !names_has(&r->dirs_set, path))
		return;
	d = get_dir(r, path);
	if (d->recorded)
		return;
	d->made = d->recorded = true;
	d->dev = st->st_dev;
	d->ino = st->st_ino;
	lstat_from_stat(st, 0, 0, &d->st);
}

/* Did an earlier restore of this job make it, on the way to others? */
static bool
was_implied(struct rebuild *r, struct bytes path)
{
	struct err none = ERR_INIT;
	struct place_at at;
	struct stat st;

	return r->o.implied != NULL &&
	       place_find(r->place, PLACE_LINK, path, PLACE_MUST_EXIST, &at, &none) == ERR_OK &&
	       fstatat(at.dir_fd, at.name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       inodes_find(r->o.implied, &st) != NULL;
}

/* ---- setting ---- */

/* Who may rename in the directory above may have put another's in its place. */
static enum err_code
judge_dir(const struct rebuild_dir *d, int fd, struct stat *st, struct err *err)
{
	if (fstat(fd, st) != 0)
		return err_errno(err, ERR_SYS, "attributes of the directory cannot be set");
	if (d->made && (st->st_ino != d->ino || st->st_dev != d->dev))
		return err_set(err, ERR_SYS,
			       "someone put another directory in its place: its owner and mode "
			       "are not touched");
	return ERR_OK;
}

static enum err_code
set_dir(struct rebuild *r, const struct rebuild_dir *d, struct rebuild_file *named, struct err *err)
{
	OWNED(closep) int fd = -1;
	struct place_at at;
	struct stat st;

	if (place_find(r->place, PLACE_FILE, named->attr.name, PLACE_MUST_EXIST, &at, err) !=
	    ERR_OK)
		return err->code;
	fd = openat(at.dir_fd, at.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, ERR_SYS, "attributes of the directory cannot be set");
	if (judge_dir(d, fd, &st, err) != ERR_OK)
		return err->code;
	place_writes(r->place, named->attr.name, fd, st.st_dev);
	if (d->recorded) {
		rebuild_attrs_dir(r, named, fd, &d->meta);
		return ERR_OK;
	}
	if (r->o.implied != NULL)
		(void)inodes_add(r->o.implied, &st);
	return fchmod(fd, IMPLIED_DIR_MODE) == 0 ? ERR_OK
						 : err_errno(err, ERR_SYS, "mode cannot be set");
}

/* The record itself is long gone: reports get what is left of it. */
static void
finish_dir(struct rebuild *r, struct rebuild_dir *d)
{
	struct rebuild_file named = { .state = FILE_DIR,
				      .file_index = d->file_index,
				      .st = d->st,
				      .target.max = REBUILD_TARGET_MAX };
	struct err e = ERR_INIT;

	if (!d->recorded && (!d->made || r->broken))
		return;
	named.attr.name = path_of(r, d);
	buf_put(&named.target, r->where, strlen(r->where));
	buf_put(&named.target, "/", 1);
	buf_put(&named.target, named.attr.name.p, named.attr.name.n);
	if (set_dir(r, d, &named, &e) != ERR_OK)
		rebuild_say(r, &named, REBUILD_WARNING, &e);
	buf_release(&named.target);
}

/* ---- recorded ---- */

/* A directory that was there already keeps what it has, unless all is replaced. */
void
rebuild_dir_recorded(struct rebuild *r, struct rebuild_file *f)
{
	struct bytes path = buf_bytes(&f->path);
	struct rebuild_dir *d = find_dir(r, path);
	struct rebuild_meta meta = rebuild_meta_of(f);

	if ((d == NULL || !d->made) && r->o.replace != REPLACE_ALWAYS &&
	    !names_has(&r->dirs_set, path) && !was_implied(r, path))
		return;
	if (d == NULL)
		d = get_dir(r, path);
	release_meta(&d->meta);
	d->recorded = true;
	d->file_index = f->file_index;
	d->st = f->st;
	d->meta = (struct rebuild_meta){ copy_of(meta.acl_access), copy_of(meta.acl_default),
					 copy_of(meta.xattr) };
	if (r->is_root && d->child == NULL && d->parent != NULL) {
		names_add(&r->dirs_set, path);
		finish_dir(r, d);
		(void)drop_dir(r, d);
	}
}

void
rebuild_dirs_finish(struct rebuild *r)
{
	struct rebuild_dir *d = deepest(r->top);

	while (d != NULL) {
		finish_dir(r, d);
		d = deepest(drop_dir(r, d));
	}
}

void
rebuild_dirs_free(struct rebuild *r)
{
	struct rebuild_dir *d = deepest(r->top);

	while (d != NULL)
		d = deepest(drop_dir(r, d));
}
