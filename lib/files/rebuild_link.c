/*
 * A hard link is made to the name that its file got first.  Is that not a file of this restore,
 * by the replace rule or because only the other name was chosen, then it may have changed since it
 * was saved, and a link to it would not be what the volume has.
 */
#include "lib/files/rebuild_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/own.h"
#include "lib/base/path.h"

/* To the file that was looked at, whatever has its name by now. */
static int
make_hard_link(struct making *m)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", m->first);
	return linkat(AT_FDCWD, name, m->at->dir_fd, m->at->name, AT_SYMLINK_FOLLOW);
}

void
rebuild_link_known(struct rebuild *r, const struct rebuild_file *f)
{
	struct inode_row *row;
	struct stat st;

	if (f->st.nlink < 2 || f->into != INTO_NEW || fstat(f->fd, &st) != 0)
		return;
	row = inodes_add(&r->linked, &st);
	row->names = f->st.nlink - 1;
	row->damaged = f->damaged;
}

/* As far as can be told without its content: the rule by which backups see changes, too.  Its time
 * and size anybody can give a file of his own. */
static bool
is_as_saved(const struct rebuild *r, const struct stat *st, const struct lstat_fields *saved)
{
	bool owner_is_set = r->is_root && !r->o.no_owner;

	return (!owner_is_set || st->st_uid == (uid_t)saved->uid) &&
	       (st->st_mode & S_IFMT) == ((mode_t)saved->mode & S_IFMT) &&
	       (int64_t)st->st_mtime == saved->mtime &&
	       (!S_ISREG(st->st_mode) || st->st_size == saved->size);
}

/* *fd replaces what it was. */
static enum err_code
find_first(struct making *m, int *fd, struct stat *st, struct err *err)
{
	struct rebuild *r = m->r;
	struct bytes first = m->f->attr.link;
	OWNED(buf_release) struct buf mapped = BUF_INIT(PATH_BYTES_MAX);
	struct place_at at;

	if (first.n == 0)
		return err_set(err, ERR_FORMAT, "hard link without the first file's name");
	if (r->rules != NULL) {
		if (rename_apply(r->rules, first, &mapped, err) != ERR_OK)
			return err->code;
		first = buf_bytes(&mapped);
	}
	if (place_find(r->place, PLACE_LINK, first, PLACE_MUST_EXIST, &at, err) != ERR_OK)
		return err_ctx(err, "cannot link to %s", PATH_PRINT(m->f->attr.link));
	closep(fd);
	*fd = openat(at.dir_fd, at.name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (*fd < 0 || fstat(*fd, st) != 0)
		return err_errno(err, ERR_SYS, "cannot link to %s", PATH_PRINT(m->f->attr.link));
	return ERR_OK;
}

static bool
is_linked(const struct place_at *at, const struct stat *first)
{
	struct stat st;

	return fstatat(at->dir_fd, at->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_dev == first->st_dev && st.st_ino == first->st_ino;
}

/* Another name of a file of this restore is there. */
static void
count_name(struct making *m, struct inode_row *row)
{
	struct err e = ERR_INIT;

	if (row->damaged) {
		(void)err_set(&e, ERR_FORMAT, "it is a link to %s, which is damaged",
			      PATH_PRINT(m->f->attr.link));
		rebuild_say(m->r, m->f, REBUILD_ERROR, &e);
		m->f->damaged = true;
	}
	if (--row->names == 0)
		inodes_drop(&m->r->linked, row);
}

/* By name: FileIndexes change in copies and virtual fulls.  Spec: volume.md 7.3 */
enum err_code
rebuild_make_hard(struct making *m, struct err *err)
{
	OWNED(closep) int fd = -1;
	struct rebuild *r = m->r;
	struct inode_row *row;
	struct stat first;
	bool there;

	if (find_first(m, &fd, &first, err) != ERR_OK)
		return err->code;
	row = inodes_find(&r->linked, &first);
	if (row == NULL) { /* may it be of this restore, its time is set then */
		settle_wait(r->settle);
		if (find_first(m, &fd, &first, err) != ERR_OK)
			return err->code;
	}
	m->first = fd;
	there = is_linked(m->at, &first);
	if (row == NULL && there && rebuild_keep_existing(r, m->f, &first))
		return ERR_OK;
	if (row == NULL && !is_as_saved(r, &first, &m->f->st))
		return err_set(err, ERR_FORMAT,
			       "not linked to %s: that is not the file that was saved",
			       PATH_PRINT(m->f->attr.link));
	if (there)
		m->f->state = FILE_LINKED;
	else if (rebuild_make_new(m, make_hard_link, FILE_LINKED, "cannot make hard link", err) !=
		 ERR_OK)
		return err_ctx(err, "to %s", PATH_PRINT(m->f->attr.link));
	if (row != NULL && m->f->state == FILE_LINKED)
		count_name(m, row);
	return ERR_OK;
}
