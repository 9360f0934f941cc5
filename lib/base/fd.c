#include "lib/base/fd.h"

#include "lib/base/mem.h"
#include "lib/base/own.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void
fd_open_standard(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd);
}

enum err_code
fd_open(const char *path, int flags, mode_t mode, int *out, struct err *err)
{
	int fd;

	do {
		fd = open(path, flags | O_CLOEXEC, mode);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return err_errno(err, ERR_SYS, "open %s", path);
	*out = fd;
	return ERR_OK;
}

/* For file systems without O_TMPFILE (NFS, some FUSE): a name for a moment. */
static enum err_code
open_and_unlink(const char *directory, int *out, struct err *err)
{
	OWNED(freep) char *path = str_printf("%s/unnamed-XXXXXX", directory);
	OWNED(closep) int fd = mkostemp(path, O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, ERR_SYS, "create %s", path);
	if (unlink(path) != 0)
		return err_errno(err, ERR_SYS, "unlink %s", path);
	*out = TAKE_FD(fd);
	return ERR_OK;
}

enum err_code
fd_open_unnamed(const char *directory, int *out, struct err *err)
{
	struct err refused = ERR_INIT;

	if (fd_open(directory, O_TMPFILE | O_RDWR, 0600, out, &refused) == ERR_OK)
		return ERR_OK;
	return open_and_unlink(directory, out, err);
}

enum err_code
fd_read_full(int fd, const char *path, void *p, size_t n, struct err *err)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = read(fd, (char *)p + got, n - got);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_errno(err, ERR_SYS, "read %s", path);
		if (r == 0)
			return got == 0 ? err_set(err, ERR_EOF, "end of %s", path)
					: err_set(err, ERR_FORMAT, "%s ends after %zu of %zu bytes",
						  path, got, n);
		got += (size_t)r;
	}
	return ERR_OK;
}

enum err_code
fd_pread_full(int fd, const char *path, void *p, size_t n, uint64_t at, struct err *err)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = pread(fd, (char *)p + got, n - got, (off_t)(at + got));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_errno(err, ERR_SYS, "read %s at %llu", path,
					 (unsigned long long)at);
		if (r == 0)
			return got == 0 ? err_set(err, ERR_EOF, "end of %s", path)
					: err_set(err, ERR_FORMAT,
						  "%s ends %zu bytes into the %zu at %llu", path,
						  got, n, (unsigned long long)at);
		got += (size_t)r;
	}
	return ERR_OK;
}

enum err_code
fd_write_full(int fd, const char *path, const void *p, size_t n, struct err *err)
{
	size_t done = 0;

	while (done < n) {
		ssize_t w = write(fd, (const char *)p + done, n - done);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return err_errno(err, ERR_SYS, "write %s", path);
		done += (size_t)w;
	}
	return ERR_OK;
}

enum err_code
fd_pwrite_full(int fd, const char *path, const void *p, size_t n, uint64_t at, struct err *err)
{
	size_t done = 0;

	while (done < n) {
		ssize_t w = pwrite(fd, (const char *)p + done, n - done, (off_t)(at + done));

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return err_errno(err, ERR_SYS, "write %s at %llu", path,
					 (unsigned long long)at);
		done += (size_t)w;
	}
	return ERR_OK;
}

enum err_code
fd_fsync(int fd, const char *path, struct err *err)
{
	if (fsync(fd) < 0)
		return err_errno(err, ERR_SYS, "fsync %s", path);
	return ERR_OK;
}

enum err_code
fd_close(int *fd, const char *path, struct err *err)
{
	int old = TAKE_FD(*fd);

	if (old >= 0 && close(old) < 0 && errno != EINTR)
		return err_errno(err, ERR_SYS, "close %s", path);
	return ERR_OK;
}

enum err_code
fd_read_file(const char *path, struct buf *out, struct err *err)
{
	OWNED(closep) int fd = -1;
	enum err_code rc = fd_open(path, O_RDONLY, 0, &fd, err);

	while (rc == ERR_OK) {
		ssize_t r;
		size_t want = 64 * 1024;

		if (want > out->max - out->len)
			want = out->max - out->len;
		rc = buf_reserve(out, want > 0 ? want : 1, err);
		if (rc != ERR_OK)
			return err_ctx(err, "%s", path);
		r = read(fd, out->p + out->len, want);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_errno(err, ERR_SYS, "read %s", path);
		if (r == 0)
			return ERR_OK;
		out->len += (size_t)r;
	}
	return rc;
}

enum err_code
fd_fsync_dir_of(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	OWNED(freep)
	char *dir = slash == NULL   ? str_dup(".")
		    : slash == path ? str_dup("/")
				    : str_ndup(path, (size_t)(slash - path));
	OWNED(closep) int fd = -1;
	enum err_code rc = fd_open(dir, O_RDONLY | O_DIRECTORY, 0, &fd, err);

	return rc == ERR_OK ? fd_fsync(fd, dir, err) : rc;
}

enum err_code
fd_replace_file(const char *path, struct bytes content, mode_t mode, struct err *err)
{
	OWNED(freep) char *tmp = str_printf("%s.new", path);
	OWNED(closep) int fd = -1;
	enum err_code rc;

	rc = fd_open(tmp, O_WRONLY | O_CREAT | O_TRUNC, mode, &fd, err);
	if (rc == ERR_OK)
		rc = fd_write_full(fd, tmp, content.p, content.n, err);
	if (rc == ERR_OK)
		rc = fd_fsync(fd, tmp, err);
	if (rc == ERR_OK)
		rc = fd_close(&fd, tmp, err);
	if (rc != ERR_OK)
		return rc;
	if (rename(tmp, path) < 0)
		return err_errno(err, ERR_SYS, "rename %s to %s", tmp, path);
	return fd_fsync_dir_of(path, err);
}

enum err_code
fd_make_dirs(const char *path, mode_t mode, struct err *err)
{
	OWNED(freep) char *p = str_dup(path);

	for (char *s = p + 1; *s != '\0'; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		if (mkdir(p, mode) < 0 && errno != EEXIST)
			return err_errno(err, ERR_SYS, "make directory %s", p);
		*s = '/';
	}
	if (mkdir(p, mode) < 0 && errno != EEXIST)
		return err_errno(err, ERR_SYS, "make directory %s", p);
	return ERR_OK;
}
