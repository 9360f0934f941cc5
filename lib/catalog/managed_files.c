/*
 * Files and directories of the managed cluster, touched by root.
 *
 * What the server's account owns it may replace at any moment: by a link to /etc/shadow, a second
 * name of another file, a pipe.  So nothing there is opened, changed or given away by its path
 * alone: a directory is opened without following a link and its owner is judged; a file is read
 * only if it is a plain one; a new one is made beside the old and put in its place.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/fd.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/catalog/managed_internal.h"

static enum err_code
judge_owner(const struct managed *m, const char *path, const struct stat *st, struct err *err)
{
	if (st->st_uid == 0 || st->st_uid == geteuid() || st->st_uid == m->uid)
		return ERR_OK;
	return err_set(err, ERR_SYS, "%s belongs to user %u, who has no business there", path,
		       (unsigned)st->st_uid);
}

/* Root's to give, and ours to keep as we want it. */
static enum err_code
hand_over(int fd, const char *path, const struct stat *st, const struct managed_owner *to,
	  struct err *err)
{
	if (geteuid() == 0 && (st->st_uid != to->uid || st->st_gid != to->gid) &&
	    fchown(fd, to->uid, to->gid) != 0)
		return err_errno(err, ERR_SYS, "%s: cannot give it to user %u", path,
				 (unsigned)to->uid);
	if ((st->st_mode & 07777) != to->mode && (geteuid() == 0 || geteuid() == st->st_uid) &&
	    fchmod(fd, to->mode) != 0)
		return err_errno(err, ERR_SYS, "%s", path);
	return ERR_OK;
}

enum err_code
managed_open_dir(const struct managed *m, const char *path, int *out, struct err *err)
{
	OWNED(closep) int fd = -1;
	struct stat st;

	if (fd_open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &fd, err) != ERR_OK)
		return err->sys != ENOTDIR ? err->code
					   : err_set(err, ERR_SYS,
						     "%s is not a directory; no link is followed "
						     "here, mount what is to be elsewhere",
						     path);
	if (fstat(fd, &st) != 0)
		return err_errno(err, ERR_SYS, "%s", path);
	if (judge_owner(m, path, &st, err) != ERR_OK)
		return err->code;
	*out = TAKE_FD(fd);
	return ERR_OK;
}

enum err_code
managed_make_dir(const struct managed *m, const char *path, const struct managed_owner *owner,
		 struct err *err)
{
	OWNED(closep) int fd = -1;
	struct stat st;

	if (fd_make_dirs(path, owner->mode, err) != ERR_OK ||
	    managed_open_dir(m, path, &fd, err) != ERR_OK)
		return err->code;
	if (fstat(fd, &st) != 0)
		return err_errno(err, ERR_SYS, "%s", path);
	return hand_over(fd, path, &st, owner, err);
}

/* Nothing but bytes, and not a second name of a file that the account could not read itself. */
static enum err_code
judge_file(const struct managed *m, const char *path, const struct stat *st, struct err *err)
{
	if (!S_ISREG(st->st_mode) || (st->st_uid != m->uid && st->st_nlink > 1))
		return err_set(err, ERR_SYS, "%s is not a plain file of its own", path);
	return judge_owner(m, path, st, err);
}

enum err_code
managed_open_lock(const struct managed *m, const char *path, int *out, struct err *err)
{
	const struct managed_owner account = { m->uid, m->gid, 0600 };
	OWNED(closep) int fd = -1;
	struct stat st;

	if (fd_open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600, &fd, err) != ERR_OK)
		return err->code;
	if (fstat(fd, &st) != 0)
		return err_errno(err, ERR_SYS, "%s", path);
	if (judge_file(m, path, &st, err) != ERR_OK ||
	    hand_over(fd, path, &st, &account, err) != ERR_OK)
		return err->code;
	*out = TAKE_FD(fd);
	return ERR_OK;
}

enum err_code
managed_read_file(const struct managed *m, const char *dir, const char *name, struct buf *out,
		  struct err *err)
{
	OWNED(freep) char *path = str_printf("%s/%s", dir, name);
	OWNED(closep) int at = -1;
	OWNED(closep) int fd = -1;
	struct stat st;

	if (managed_open_dir(m, dir, &at, err) != ERR_OK)
		return err->code;
	fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		return err_errno(err, ERR_SYS, "open %s", path);
	if (judge_file(m, path, &st, err) != ERR_OK ||
	    buf_reserve(out, (size_t)st.st_size, err) != ERR_OK ||
	    (st.st_size > 0 &&
	     fd_read_full(fd, path, out->p + out->len, (size_t)st.st_size, err) != ERR_OK))
		return err->code;
	out->len += (size_t)st.st_size;
	return ERR_OK;
}

enum err_code
managed_replace_file(const struct managed *m, const char *dir, const char *name,
		     struct bytes content, struct err *err)
{
	const struct managed_owner account = { m->uid, m->gid, 0600 };
	OWNED(freep) char *path = str_printf("%s/%s", dir, name);
	OWNED(freep) char *fresh = str_printf("%s.new", name);
	OWNED(closep) int at = -1;
	OWNED(closep) int fd = -1;
	struct stat st;

	if (managed_open_dir(m, dir, &at, err) != ERR_OK)
		return err->code;
	(void)unlinkat(at, fresh, 0); /* of a start that was killed */
	fd = openat(at, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fstat(fd, &st) != 0)
		return err_errno(err, ERR_SYS, "open %s.new", path);
	if (hand_over(fd, path, &st, &account, err) != ERR_OK ||
	    fd_write_full(fd, path, content.p, content.n, err) != ERR_OK ||
	    fd_fsync(fd, path, err) != ERR_OK || fd_close(&fd, path, err) != ERR_OK)
		return err->code;
	if (renameat(at, fresh, at, name) != 0)
		return err_errno(err, ERR_SYS, "rename %s.new", path);
	return fd_fsync(at, dir, err);
}
