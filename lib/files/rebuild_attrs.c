#include "lib/files/rebuild_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* What is to be set, on what. */
struct attrs {
	struct rebuild *r;
	struct rebuild_file *f; /* its stat; for reports */
	struct meta_at at;      /* fd < 0: dir_fd is the file, O_PATH */
	struct rebuild_meta meta;
	bool owned;  /* it has the owner and group that were saved */
	bool try;    /* nothing is told, and nothing of r changed */
	bool failed; /* of a try */
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
	uid_t uid = (uid_t)a->f->st.uid;
	gid_t gid = (gid_t)a->f->st.gid;
	int rc;

	a->owned = false;
	if (a->r->o.no_owner)
		return;
	rc = a->at.fd >= 0 ? fchown(a->at.fd, uid, gid)
			   : fchownat(a->at.dir_fd, "", uid, gid, AT_EMPTY_PATH);
	a->owned = rc == 0;
	if (rc == 0 || (!a->r->is_root && errno == EPERM && uid == a->r->uid && gid == getegid()))
		return;
	warn_errno(a, "owner cannot be set");
}

/* fchmod takes no O_PATH descriptor; its name below /proc leads to what it holds, whatever stands
 * under the file's own name by now. */
static int
chmod_held(int fd, mode_t mode)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return chmod(name, mode);
}

/* A file that could not be given away must not run as who restored it. */
static mode_t
mode_of(const struct attrs *a)
{
	mode_t mode = (mode_t)a->f->st.mode & 07777;
	struct stat st;

	if (a->owned || !(mode & (S_ISUID | S_ISGID)))
		return mode;
	if (fstatat(a->at.fd >= 0 ? a->at.fd : a->at.dir_fd, "", &st, AT_EMPTY_PATH) != 0)
		return mode & 01777;
	if (st.st_uid != (uid_t)a->f->st.uid)
		mode &= ~(mode_t)S_ISUID;
	if (st.st_gid != (gid_t)a->f->st.gid)
		mode &= ~(mode_t)S_ISGID;
	return mode;
}

static void
set_mode(struct attrs *a)
{
	mode_t mode = mode_of(a);

	if ((a->at.fd >= 0 ? fchmod(a->at.fd, mode) : chmod_held(a->at.dir_fd, mode)) != 0)
		warn_errno(a, "mode cannot be set");
}

static void
set_times(struct attrs *a)
{
	struct timespec ts[2] = { { .tv_sec = (time_t)a->f->st.atime },
				  { .tv_sec = (time_t)a->f->st.mtime } };

	if ((a->at.fd >= 0 ? futimens(a->at.fd, ts)
			   : utimensat(a->at.dir_fd, "", ts, AT_EMPTY_PATH)) != 0)
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

/* Owner first: a change of owner clears mode bits and capabilities.  An inherited ACL goes before
 * the mode, which would open its mask.  The mode last: until then the file is known as unfinished,
 * and it is that of the ACL, whose mask it holds. */
static void
set_all(struct attrs *a)
{
	struct err e = ERR_INIT;

	set_owner(a);
	if (a->f->inherits && a->meta.acl_access.p == NULL)
		set_acl(a, META_ACL_ACCESS, bytes_str(""));
	set_acl(a, META_ACL_ACCESS, a->meta.acl_access);
	set_acl(a, META_ACL_DEFAULT, a->meta.acl_default);
	if (a->meta.xattr.p != NULL &&
	    meta_write_xattr(&a->at, a->meta.xattr, warn_part, a, &e) != ERR_OK)
		warn(a, &e);
	set_times(a);
	if (!S_ISLNK((mode_t)a->f->st.mode))
		set_mode(a);
}

static struct bytes
if_has(bool has, const struct buf *b)
{
	return has ? bytes_of(b->p != NULL ? b->p : (const uint8_t *)"", b->len)
		   : bytes_of(NULL, 0);
}

struct rebuild_meta
rebuild_meta_of(const struct rebuild_file *f)
{
	return (struct rebuild_meta){
		.acl_access = if_has(f->has_acl_access, &f->acl_access),
		.acl_default = if_has(f->has_acl_default, &f->acl_default),
		.xattr = if_has(f->has_xattr, &f->xattr),
	};
}

static struct attrs
attrs_of(struct rebuild *r, struct rebuild_file *f)
{
	bool held = f->state == FILE_MADE;

	return (struct attrs){
		.r = r,
		.f = f,
		.at = { .fd = held ? -1 : f->fd, .dir_fd = f->fd },
		.meta = rebuild_meta_of(f),
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

	set_all(&a);
}

void
rebuild_attrs_dir(struct rebuild *r, struct rebuild_file *f, int fd,
		  const struct rebuild_meta *meta)
{
	struct attrs a = { .r = r, .f = f, .at = { .fd = fd }, .meta = *meta };

	set_all(&a);
}
