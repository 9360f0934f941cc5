/*
 * storage-daemon/device/dev_file.c - volumes as files of one directory
 *
 * Layout:  the file is named like the volume and holds its blocks back to back; an address is a
 *          byte offset.  Mode 0640.
 * Spec:    volume.md 2.3 "Disk"
 */
#include "storage-daemon/device/device_internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/fd.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"

/*
 * Write-back is asked for in steps of this many bytes and waited for this far behind, so that the
 * sync at the end has that much to wait for and no more, however large the memory.
 */
#define FLUSH_STEP (8u * MIB)
#define FLUSH_LAG  (64u * MIB)

static bool
is_empty(const char *where)
{
	OWNED(closedirp) DIR *dir = opendir(where);
	const struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			return false;
	return dir != NULL;
}

/*
 * The file is not there.  Without its directory, or with nothing else in it, that says nothing
 * about the volume: the archive's file system may not be mounted.
 */
static enum err_code
no_such_file(const struct dev *d, const char *where, struct err *err)
{
	if (access(where, F_OK) != 0)
		return err_errno(err, ERR_ABSENT, "Archive Device %s", where);
	if (is_empty(where))
		return err_set(err, ERR_ABSENT, "Archive Device %s is empty", where);
	return err_set(err, ERR_EOF, "open %s: No such file or directory", d->path);
}

static enum err_code
file_open(struct dev *d, const char *where, const char *volume, enum dev_mode mode, struct err *err)
{
	int flags = (mode == DEV_READ ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOFOLLOW;
	struct stat st;

	if (volume[0] == '\0' || volume[0] == '.' || strchr(volume, '/') != NULL)
		return err_set(err, ERR_SYS, "\"%s\" cannot be the name of a volume file", volume);
	d->path = str_printf("%s/%s", where, volume);
	d->fd = open(d->path, flags);
	if (d->fd < 0 && errno == ENOENT && mode == DEV_CREATE)
		d->fd = open(d->path, flags | O_CREAT | O_EXCL, 0640);
	if (d->fd < 0 && errno == ENOENT)
		return no_such_file(d, where, err);
	if (d->fd < 0)
		return err_errno(err, ERR_SYS, "open %s", d->path);
	if (fstat(d->fd, &st) != 0)
		return err_errno(err, ERR_SYS, "stat %s", d->path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_SYS, "%s is not a regular file", d->path);
	/* Also who created it in an earlier run may have died before the sync. */
	d->entry_unsafe = mode != DEV_READ;
	d->flushed = d->settled = (uint64_t)st.st_size;
	if (mode == DEV_READ)
		(void)posix_fadvise(d->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return ERR_OK;
}

static enum err_code
file_read(struct dev *d, void *p, size_t n, uint64_t at, size_t *got, struct err *err)
{
	size_t have = 0;

	while (have < n) {
		ssize_t r = pread(d->fd, (uint8_t *)p + have, n - have, (off_t)(at + have));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_errno(err, ERR_SYS, "read %s at %llu", d->path,
					 (unsigned long long)(at + have));
		if (r == 0)
			break;
		have += (size_t)r;
	}
	*got = have;
	return ERR_OK;
}

static void
file_read_ahead(struct dev *d, size_t n, uint64_t at)
{
	(void)posix_fadvise(d->fd, (off_t)at, (off_t)n, POSIX_FADV_WILLNEED);
}

static enum err_code
file_truncate(struct dev *d, uint64_t at, struct err *err)
{
	if (ftruncate(d->fd, (off_t)at) != 0)
		return err_errno(err, ERR_SYS, "cut %s at %llu", d->path, (unsigned long long)at);
	d->flushed = u64_min(d->flushed, at);
	d->settled = u64_min(d->settled, at);
	return ERR_OK;
}

/* A write that failed half way leaves a tail: cut it off before anybody sees it. */
static enum err_code
write_failed(struct dev *d, uint64_t at, int why, struct err *err)
{
	struct err cut = ERR_INIT;

	if (file_truncate(d, at, &cut) != ERR_OK)
		return err_set(err, ERR_SYS, "write %s at %llu failed, and %s", d->path,
			       (unsigned long long)at, cut.text);
	errno = why;
	if (why == ENOSPC || why == EDQUOT || why == EFBIG)
		return err_errno(err, ERR_FULL, "write %s at %llu", d->path,
				 (unsigned long long)at);
	return err_errno(err, ERR_SYS, "write %s at %llu", d->path, (unsigned long long)at);
}

static void
start_write_back(struct dev *d, uint64_t end)
{
	if (end < d->flushed + FLUSH_STEP)
		return;
	(void)sync_file_range(d->fd, (off_t)d->flushed, (off_t)(end - d->flushed),
			      SYNC_FILE_RANGE_WRITE);
	d->flushed = end;
}

/* Wait for write-back of n bytes; false: it failed, errno says why. */
static bool
settle(struct dev *d, uint64_t from, uint64_t n)
{
	int why = 0;

	mutex_lock(&d->told);
	if (sync_file_range(d->fd, (off_t)from, (off_t)n,
			    SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
				    SYNC_FILE_RANGE_WAIT_AFTER) != 0 &&
	    (errno == EIO || errno == ENOSPC || errno == EDQUOT)) {
		why = errno;
		d->lost = true;
	} /* any other error: a file system without it; the sync will say all */
	mutex_unlock(&d->told);
	errno = why;
	return why == 0;
}

static enum err_code
await_write_back(struct dev *d, uint64_t at, struct err *err)
{
	uint64_t from = d->settled;

	if (d->flushed < from + FLUSH_LAG + FLUSH_STEP)
		return ERR_OK;
	d->settled = d->flushed - FLUSH_LAG;
	if (settle(d, from, d->settled - from))
		return ERR_OK;
	return err_errno(err, ERR_SYS, "write-back of %s before %llu", d->path,
			 (unsigned long long)at);
}

static enum err_code
file_write(struct dev *d, const void *p, size_t n, uint64_t at, struct err *err)
{
	size_t done = 0;

	if (await_write_back(d, at, err) != ERR_OK)
		return err->code;
	while (done < n) {
		ssize_t w = pwrite(d->fd, (const uint8_t *)p + done, n - done, (off_t)(at + done));

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return write_failed(d, at, w < 0 ? errno : ENOSPC, err);
		done += (size_t)w;
	}
	start_write_back(d, at + n);
	return ERR_OK;
}

static enum err_code
file_size(struct dev *d, uint64_t *out, struct err *err)
{
	struct stat st;

	if (fstat(d->fd, &st) != 0)
		return err_errno(err, ERR_SYS, "stat %s", d->path);
	*out = (uint64_t)st.st_size;
	return ERR_OK;
}

static bool
file_same(const struct dev *a, const struct dev *b)
{
	struct stat at, bt;

	return fstat(a->fd, &at) == 0 && fstat(b->fd, &bt) == 0 && at.st_dev == bt.st_dev &&
	       at.st_ino == bt.st_ino;
}

static enum err_code
sync_data(struct dev *d, struct err *err) REQUIRES(&d->told)
{
	if (d->lost)
		return err_set(err, ERR_SYS, "sync %s: an earlier write-back failed", d->path);
	if (fdatasync(d->fd) == 0)
		return ERR_OK;
	d->lost = true;
	return err_errno(err, ERR_SYS, "sync %s", d->path);
}

static enum err_code
file_sync(struct dev *d, struct err *err)
{
	enum err_code code;

	mutex_lock(&d->told);
	code = sync_data(d, err);
	mutex_unlock(&d->told);
	if (code != ERR_OK || !d->entry_unsafe)
		return code;
	code = fd_fsync_dir_of(d->path, err);
	if (code == ERR_OK)
		d->entry_unsafe = false;
	return code;
}

static enum err_code
file_close(struct dev *d, struct err *err)
{
	if (d->fd < 0)
		return ERR_OK;
	return fd_close(&d->fd, d->path, err);
}

const struct dev_ops dev_file_ops = {
	.kind = "file",
	.random_access = true,
	.open = file_open,
	.read = file_read,
	.read_ahead = file_read_ahead,
	.write = file_write,
	.size = file_size,
	.same = file_same,
	.truncate = file_truncate,
	.sync = file_sync,
	.close = file_close,
};
