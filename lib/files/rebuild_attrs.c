#include "lib/files/rebuild_internal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/own.h"
#include "lib/base/path.h"

#define IMPLIED_DIR_MODE 0755 /* of directories that were not among the records */

/* ---- ACLs and extended attributes wait for the end of their file ---- */

static void
keep(struct buf *b, bool *has, struct bytes data)
{
	buf_clear(b);
	buf_put(b, data.p, data.n); /* a record is within the buf's bound */
	*has = true;
}

void
rebuild_keep_meta(struct rebuild_file *f, uint32_t stream, struct bytes data)
{
	switch (stream) {
	case STREAM_ACL_LINUX_ACCESS:
	case STREAM_UNIX_ACCESS_ACL:
		keep(&f->acl_access, &f->has_acl_access, data);
		break;
	case STREAM_ACL_LINUX_DEFAULT:
	case STREAM_UNIX_DEFAULT_ACL:
		keep(&f->acl_default, &f->has_acl_default, data);
		break;
	case STREAM_XATTR_LINUX:
		keep(&f->xattr, &f->has_xattr, data);
		break;
	}
}

/* ---- setting ---- */

/* What is to be set, on what; the file is for reports. */
struct attrs {
	struct rebuild *r;
	struct rebuild_file *f;
	struct meta_at at; /* fd < 0: by name */
	const struct lstat_fields *st;
	struct bytes acl_access, acl_default, xattr; /* p NULL: none */
	bool try;                                    /* nothing is told, and nothing of r changed */
	bool failed;                                 /* of a try */
};

static void
warn(struct attrs *a, const struct err *err)
{
	a->failed = true;
	if (!a->try)
		rebuild_say(a->r, a->f, REBUILD_WARNING, err);
}

static void
warn_errno(struct attrs *a, const char *what)
{
	struct err e = ERR_INIT;

	(void)err_errno(&e, ERR_SYS, "%s", what);
	warn(a, &e);
}

static void
warn_part(void *user, const struct err *err)
{
	struct attrs *a = user;

	if (err->sys == EOPNOTSUPP && !a->try) {
		if (a->r->warned_xattr)
			return;
		a->r->warned_xattr = true;
	}
	warn(a, err);
}

static void
set_owner(struct attrs *a)
{
	uid_t uid = (uid_t)a->st->uid;
	gid_t gid = (gid_t)a->st->gid;
	int rc;

	if (a->r->o.no_owner)
		return;
	rc = a->at.fd >= 0 ? fchown(a->at.fd, uid, gid)
			   : fchownat(a->at.dir_fd, a->at.name, uid, gid, AT_SYMLINK_NOFOLLOW);
	if (rc == 0 || (!a->r->is_root && errno == EPERM && uid == geteuid() && gid == getegid()))
		return;
	warn_errno(a, "owner cannot be set");
}

static void
set_mode(struct attrs *a)
{
	mode_t mode = (mode_t)a->st->mode & 07777;

	/* A file that could not be given away must not run as who restored it. */
	if (a->r->o.no_owner || !a->r->is_root)
		mode &= a->st->uid == (int64_t)geteuid() ? 07777u : 01777u;
	if ((a->at.fd >= 0 ? fchmod(a->at.fd, mode)
			   : fchmodat(a->at.dir_fd, a->at.name, mode, 0)) != 0)
		warn_errno(a, "mode cannot be set");
}

static void
set_times(struct attrs *a)
{
	struct timespec ts[2] = { { .tv_sec = (time_t)a->st->atime },
				  { .tv_sec = (time_t)a->st->mtime } };

	if ((a->at.fd >= 0 ? futimens(a->at.fd, ts)
			   : utimensat(a->at.dir_fd, a->at.name, ts, AT_SYMLINK_NOFOLLOW)) != 0)
		warn_errno(a, "times cannot be set");
}

static void
set_acl(struct attrs *a, enum meta_acl_kind kind, struct bytes text)
{
	struct err e = ERR_INIT;

	if (text.p == NULL || meta_write_acl(&a->at, kind, text, warn_part, a, &e) == ERR_OK)
		return;
	if (e.sys == EOPNOTSUPP && !a->try) {
		if (a->r->warned_acl)
			return;
		a->r->warned_acl = true;
	}
	warn(a, &e);
}

/* Owner first: a change of owner clears mode bits and capabilities.  Times last. */
static void
set_all(struct attrs *a)
{
	struct err e = ERR_INIT;

	set_owner(a);
	if (!S_ISLNK((mode_t)a->st->mode))
		set_mode(a);
	set_acl(a, META_ACL_ACCESS, a->acl_access);
	set_acl(a, META_ACL_DEFAULT, a->acl_default);
	if (a->xattr.p != NULL && meta_write_xattr(&a->at, a->xattr, warn_part, a, &e) != ERR_OK)
		warn(a, &e);
	set_times(a);
}

static struct bytes
if_has(bool has, const struct buf *b)
{
	return has ? bytes_of(b->p != NULL ? b->p : (const uint8_t *)"", b->len)
		   : bytes_of(NULL, 0);
}

static struct attrs
attrs_of(struct rebuild *r, struct rebuild_file *f)
{
	return (struct attrs){
		.r = r,
		.f = f,
		.at = { .fd = f->fd },
		.st = &f->st,
		.acl_access = if_has(f->has_acl_access, &f->acl_access),
		.acl_default = if_has(f->has_acl_default, &f->acl_default),
		.xattr = if_has(f->has_xattr, &f->xattr),
	};
}

bool
rebuild_attrs_try(struct rebuild *r, struct rebuild_file *f)
{
	struct attrs a = attrs_of(r, f);

	a.try = true;
	set_all(&a);
	return !a.failed;
}

void
rebuild_attrs(struct rebuild *r, struct rebuild_file *f)
{
	struct attrs a = attrs_of(r, f);
	struct err e = ERR_INIT;
	struct place_at at;

	if (f->fd < 0) {
		if (place_find(r->place, PLACE_FILE, buf_bytes(&f->mapped), PLACE_MUST_EXIST, &at,
			       &e) != ERR_OK) {
			warn(&a, &e);
			return;
		}
		a.at.dir_fd = at.dir_fd;
		a.at.name = at.name;
	}
	set_all(&a);
}

/* ---- directories ---- */

static struct rebuild_dir *
find_dir(struct rebuild *r, struct bytes path)
{
	struct rebuild_dir *d;

	HASH_FIND(hh, r->dirs, path.p, path.n, d);
	if (d != NULL)
		return d;
	d = (struct rebuild_dir *)mem_zalloc(1, sizeof(*d) + path.n + 1);
	d->n = path.n;
	if (path.n > 0)
		memcpy(d->path, path.p, path.n);
	HASH_ADD_KEYPTR(hh, r->dirs, d->path, d->n, d);
	return d;
}

void
rebuild_dir_made(void *user, struct bytes path)
{
	(void)find_dir((struct rebuild *)user, path);
}

static struct bytes
copy_of(bool has, const struct buf *b)
{
	uint8_t *p;

	if (!has)
		return bytes_of(NULL, 0);
	p = (uint8_t *)mem_zalloc(1, b->len + 1);
	if (b->len > 0)
		memcpy(p, b->p, b->len);
	return bytes_of(p, b->len);
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
release_meta(struct rebuild_dir *d)
{
	free_bytes(&d->acl_access);
	free_bytes(&d->acl_default);
	free_bytes(&d->xattr);
}

/* A directory that was there already keeps what it has when nothing may be replaced. */
void
rebuild_dir_recorded(struct rebuild *r, struct rebuild_file *f)
{
	struct bytes path = buf_bytes(&f->path);
	struct rebuild_dir *d;

	HASH_FIND(hh, r->dirs, path.p, path.n, d);
	if (d == NULL && r->o.replace == REPLACE_NEVER)
		return;
	d = find_dir(r, path);
	release_meta(d);
	d->recorded = true;
	d->file_index = f->file_index;
	d->st = f->st;
	d->acl_access = copy_of(f->has_acl_access, &f->acl_access);
	d->acl_default = copy_of(f->has_acl_default, &f->acl_default);
	d->xattr = copy_of(f->has_xattr, &f->xattr);
}

static int
deepest_first(const struct rebuild_dir *a, const struct rebuild_dir *b)
{
	int c = memcmp(b->path, a->path, a->n < b->n ? a->n : b->n);

	return c != 0 ? c : (a->n < b->n) - (a->n > b->n);
}

static void
finish_named(struct rebuild *r, struct rebuild_dir *d, struct rebuild_file *named)
{
	struct attrs a = { .r = r,
			   .st = &d->st,
			   .acl_access = d->acl_access,
			   .acl_default = d->acl_default,
			   .xattr = d->xattr };
	struct bytes path = bytes_of(d->path, d->n);
	struct err e = ERR_INIT;
	struct place_at at;
	OWNED(closep) int fd = -1;

	a.f = named;
	if (place_find(r->place, PLACE_FILE, path, PLACE_MUST_EXIST, &at, &e) != ERR_OK) {
		warn(&a, &e);
		return;
	}
	fd = openat(at.dir_fd, at.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		warn_errno(&a, "attributes of the directory cannot be set");
		return;
	}
	a.at.fd = fd;
	if (d->recorded)
		set_all(&a);
	else if (fchmod(fd, IMPLIED_DIR_MODE) != 0)
		warn_errno(&a, "mode cannot be set");
}

/* The record itself is long gone: reports get what is left of it. */
static void
finish_dir(struct rebuild *r, struct rebuild_dir *d)
{
	struct rebuild_file named = { .state = FILE_DIR, .file_index = d->file_index };

	named.target.max = REBUILD_TARGET_MAX;
	buf_put(&named.target, r->where, strlen(r->where));
	buf_put(&named.target, "/", 1);
	buf_put(&named.target, d->path, d->n);
	named.attr.name = bytes_of(d->path, d->n);
	named.st = d->st;
	finish_named(r, d, &named);
	buf_release(&named.target);
}

void
rebuild_dirs_finish(struct rebuild *r)
{
	HASH_SORT(r->dirs, deepest_first);
	for (struct rebuild_dir *d = r->dirs; d != NULL; d = d->hh.next)
		finish_dir(r, d);
	rebuild_dirs_free(r);
}

void
rebuild_dirs_free(struct rebuild *r)
{
	struct rebuild_dir *d, *next;

	HASH_ITER (hh, r->dirs, d, next) {
		HASH_DEL(r->dirs, d);
		release_meta(d);
		free(d);
	}
}
