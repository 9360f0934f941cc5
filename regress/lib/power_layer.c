/*
 * regress/lib/power_layer.c - a disk's journal, for tests of power loss
 *
 * Purpose: preloaded into daemons, it writes down in order what they ask of files below the
 *          directories that POWER_ROOTS names (separated by ':'): creations, writes, truncations,
 *          renames, and each sync.  regress/lib/power_disk.py makes of that what a disk may hold
 *          when the power goes at any point.  Nothing is really synced: no power will be lost.
 *          Without POWER_JOURNAL that is all it does.
 * Layout:  struct journal, then records, each as long as it says; the file is mapped by all
 *          processes, and the position of a record is its moment.  An operation is written down
 *          when it is done and before its caller knows: what the caller then does comes behind.  A
 *          sync covers what was written down before it began.
 * Not seen: what stdio and memory maps write.  The test compares the journal's end with the real
 *          files, so that nothing that matters escapes.
 * Threads: any, of any process; the system calls are made directly, before any sanitizer.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind {
	MADE = 1, /* path; mode */
	WRITTEN,  /* at off, n bytes: the payload, or zeros when there is none */
	CUT,      /* to off bytes */
	GROWN,    /* to at least off bytes */
	SYNCED,   /* what was written down before off */
	SYNCED_ALL,
	RENAMED, /* path, NUL, new path */
	LINKED,  /* likewise */
	REMOVED, /* path */
	MADE_DIR,
	MADE_LINK, /* path, NUL, target */
	MARK,      /* words of the test */
};

struct journal {
	_Atomic uint64_t head; /* where the next record goes */
	_Atomic uint64_t over; /* the journal was too small: nothing is written down any more */
	uint64_t max;
	uint64_t reserved;
};

struct record {
	uint32_t len; /* with payload and padding */
	uint8_t kind;
	char who; /* first letter behind "tercet-", or of the program's name */
	uint16_t reserved;
	uint64_t ino, off, n;
	uint32_t payload;
	uint32_t mode, uid, gid;
	_Atomic uint32_t ready;
	uint32_t padding;
};

static struct journal *journal; /* NULL: nothing is written down */
static char roots[2 * PATH_MAX];
static char who;

/* For the test: go to the journal that the environment names now; put a mark into it. */
void power_begin(void);
void power_mark(const char *words);

int __open_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);

/* The same function, for callers that were built for large files. */
#define ALSO_CALLED(other, name) extern __typeof__(name) other __attribute__((alias(#name)))

__attribute__((constructor)) void
power_begin(void)
{
	const char *path = getenv("POWER_JOURNAL"), *below = getenv("POWER_ROOTS");
	const char *name = program_invocation_short_name;
	struct stat st;
	void *map;
	int fd;

	if (path == NULL || below == NULL || strlen(below) >= sizeof(roots))
		return;
	memcpy(roots, below, strlen(below) + 1);
	who = strncmp(name, "tercet-", 7) == 0 ? name[7] : name[0];
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_fstat, fd, &st) != 0)
		abort(); /* a process that is not seen would spoil the test */
	map = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		abort();
	(void)syscall(SYS_close, fd);
	if (journal != NULL)
		(void)munmap(journal, journal->max);
	journal = map;
}

/* ---- writing down ---- */

static void
put(struct record r, const void *payload, size_t n)
{
	uint64_t len = (sizeof(r) + n + 7) / 8 * 8, at;
	struct record *to;

	if (journal == NULL || atomic_load(&journal->over) != 0)
		return;
	at = atomic_fetch_add(&journal->head, len);
	if (at + len > journal->max) {
		atomic_store(&journal->over, 1);
		return;
	}
	to = (struct record *)((char *)journal + at);
	r.len = (uint32_t)len;
	r.payload = (uint32_t)n;
	r.who = who;
	*to = r;
	if (n > 0)
		memcpy(to + 1, payload, n);
	atomic_store(&to->ready, 1);
}

static struct record
record_of(enum kind kind, const struct stat *st)
{
	return (struct record){ .kind = (uint8_t)kind,
				.ino = st->st_ino,
				.mode = st->st_mode,
				.uid = st->st_uid,
				.gid = st->st_gid };
}

void
power_mark(const char *words)
{
	put((struct record){ .kind = MARK }, words, strlen(words));
}

/* ---- what is watched ---- */

static bool
is_below_roots(const char *path)
{
	for (const char *r = roots; *r != '\0';) {
		size_t n = strcspn(r, ":");

		if (strncmp(path, r, n) == 0 && (path[n] == '/' || path[n] == '\0'))
			return true;
		r += n + (r[n] == ':');
	}
	return false;
}

static bool
path_of_fd(int fd, char *out)
{
	char link[32];
	long n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = syscall(SYS_readlinkat, AT_FDCWD, link, out, PATH_MAX - 1);
	out[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* A watched file or directory: its attributes. */
static bool
is_watched(int fd, struct stat *st)
{
	char path[PATH_MAX];

	return journal != NULL && syscall(SYS_fstat, fd, st) == 0 &&
	       (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode)) && path_of_fd(fd, path) &&
	       is_below_roots(path);
}

/* Without "." , ".." and empty parts, in place. */
static void
tidy(char *path)
{
	char *to = path;

	for (const char *p = path; *p != '\0';) {
		size_t n = strcspn(p + 1, "/") + 1; /* with the slash in front */

		if (n == 3 && p[1] == '.' && p[2] == '.') {
			while (to > path && *--to != '/')
				;
		} else if (n > 1 && !(n == 2 && p[1] == '.')) {
			memmove(to, p, n);
			to += n;
		}
		p += n;
	}
	*to = '\0';
}

/* The whole path, if it is watched. */
static bool
resolve(int dir, const char *path, char *out)
{
	size_t n = 0;

	if (journal == NULL)
		return false;
	if (path[0] != '/') {
		if (dir == AT_FDCWD ? syscall(SYS_getcwd, out, PATH_MAX) < 0
				    : !path_of_fd(dir, out))
			return false;
		n = strlen(out);
		out[n++] = '/';
	}
	if (n + strlen(path) >= PATH_MAX)
		return false;
	memcpy(out + n, path, strlen(path) + 1);
	tidy(out);
	return is_below_roots(out);
}

static void
saw_path(enum kind kind, int dir, const char *path)
{
	char full[PATH_MAX];
	int keep = errno;
	struct stat st = { .st_ino = 0 };

	if (!resolve(dir, path, full))
		return;
	(void)syscall(SYS_newfstatat, dir, path, &st, AT_SYMLINK_NOFOLLOW);
	put(record_of(kind, &st), full, strlen(full));
	errno = keep;
}

/* Of two paths; the second may be any text. */
static void
saw_pair(enum kind kind, const char *one, const char *two)
{
	char both[2 * PATH_MAX];
	size_t n = strlen(one), m = strlen(two);

	memcpy(both, one, n + 1);
	memcpy(both + n + 1, two, m);
	put((struct record){ .kind = (uint8_t)kind }, both, n + 1 + m);
}

static void
saw_size(enum kind kind, int fd, uint64_t size)
{
	struct stat st;
	int keep = errno;

	if (is_watched(fd, &st)) {
		struct record r = record_of(kind, &st);

		r.off = size;
		put(r, NULL, 0);
	}
	errno = keep;
}

static void
saw_sync(const struct stat *st, uint64_t began)
{
	struct record r = record_of(SYNCED, st);

	r.off = began;
	put(r, NULL, 0);
}

static bool
is_zero(const char *p, size_t n)
{
	return n >= 512 && p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

/* One piece at the offset; a file opened so is synced with each write. */
static void
saw_write(int fd, const struct stat *st, const void *p, size_t n, uint64_t at)
{
	struct record r = record_of(WRITTEN, st);

	r.off = at;
	r.n = n;
	put(r, p, is_zero(p, n) ? 0 : n);
	if ((syscall(SYS_fcntl, fd, F_GETFL) & O_DSYNC) != 0)
		saw_sync(st, UINT64_MAX);
}

/* done bytes were written, the last at the end of them the offset of fd; at < 0: there. */
static ssize_t
saw_vector(int fd, const struct iovec *v, int n, off_t at, ssize_t done)
{
	struct stat st;
	int keep = errno;

	if (done > 0 && is_watched(fd, &st) && S_ISREG(st.st_mode)) {
		size_t left = (size_t)done;

		if (at < 0)
			at = syscall(SYS_lseek, fd, 0, SEEK_CUR) - done;
		for (int i = 0; i < n && left > 0; i++) {
			size_t now = v[i].iov_len < left ? v[i].iov_len : left;

			if (now > 0)
				saw_write(fd, &st, v[i].iov_base, now, (uint64_t)at);
			at += (off_t)now;
			left -= now;
		}
	}
	errno = keep;
	return done;
}

/* ---- opening ---- */

/* As the caller wants it, and whether it was made by that. */
static int
open_or_make(int dir, const char *path, int flags, mode_t mode, bool *made)
{
	int fd;

	*made = (flags & O_CREAT) != 0;
	if (!*made || (flags & O_EXCL) != 0)
		return (int)syscall(SYS_openat, dir, path, flags, mode);
	fd = (int)syscall(SYS_openat, dir, path, flags | O_EXCL, mode);
	if (fd >= 0 || errno != EEXIST)
		return fd;
	*made = false;
	fd = (int)syscall(SYS_openat, dir, path, flags & ~O_CREAT, mode);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	*made = true; /* removed just now */
	return (int)syscall(SYS_openat, dir, path, flags, mode);
}

static int
open_at(int dir, const char *path, int flags, mode_t mode)
{
	char full[PATH_MAX];
	bool made;
	int fd;

	if ((flags & (O_CREAT | O_TRUNC)) == 0 || (flags & O_TMPFILE) == O_TMPFILE ||
	    !resolve(dir, path, full))
		return (int)syscall(SYS_openat, dir, path, flags, mode);
	fd = open_or_make(dir, path, flags, mode, &made);
	if (fd >= 0 && made)
		saw_path(MADE, dir, path);
	else if (fd >= 0 && (flags & O_TRUNC) != 0)
		saw_size(CUT, fd, 0);
	return fd;
}

int
open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if ((flags & (O_CREAT | O_TMPFILE)) != 0)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return open_at(AT_FDCWD, path, flags, mode);
}

int
openat(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if ((flags & (O_CREAT | O_TMPFILE)) != 0)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return open_at(dir, path, flags, mode);
}

/* What FORTIFY calls when there is no mode. */
int
__open_2(const char *path, int flags)
{
	return open_at(AT_FDCWD, path, flags, 0);
}

int
__openat_2(int dir, const char *path, int flags)
{
	return open_at(dir, path, flags, 0);
}

int
creat(const char *path, mode_t mode)
{
	return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

ALSO_CALLED(open64, open);
ALSO_CALLED(openat64, openat);
ALSO_CALLED(__open64_2, __open_2);
ALSO_CALLED(__openat64_2, __openat_2);
ALSO_CALLED(creat64, creat);

/* ---- writing ---- */

ssize_t
write(int fd, const void *p, size_t n)
{
	struct iovec one = { .iov_base = (void *)(uintptr_t)p, .iov_len = n };

	return saw_vector(fd, &one, 1, -1, syscall(SYS_write, fd, p, n));
}

ssize_t
writev(int fd, const struct iovec *v, int n)
{
	return saw_vector(fd, v, n, -1, syscall(SYS_writev, fd, v, n));
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	struct iovec one = { .iov_base = (void *)(uintptr_t)p, .iov_len = n };

	return saw_vector(fd, &one, 1, at, syscall(SYS_pwrite64, fd, p, n, at));
}

ssize_t
pwritev(int fd, const struct iovec *v, int n, off_t at)
{
	return saw_vector(fd, v, n, at, syscall(SYS_pwritev, fd, v, n, at, 0));
}

int
ftruncate(int fd, off_t size)
{
	int rc = (int)syscall(SYS_ftruncate, fd, size);

	if (rc == 0)
		saw_size(CUT, fd, (uint64_t)size);
	return rc;
}

int
truncate(const char *path, off_t size)
{
	int fd = open_at(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
	int rc = fd < 0 ? -1 : ftruncate(fd, size);

	if (fd >= 0)
		(void)syscall(SYS_close, fd);
	return rc;
}

int
fallocate(int fd, int mode, off_t at, off_t n)
{
	int rc = (int)syscall(SYS_fallocate, fd, mode, at, n);

	if (rc == 0 && mode == 0)
		saw_size(GROWN, fd, (uint64_t)(at + n));
	return rc;
}

int
posix_fallocate(int fd, off_t at, off_t n)
{
	return fallocate(fd, 0, at, n) == 0 ? 0 : errno;
}

ALSO_CALLED(pwrite64, pwrite);
ALSO_CALLED(pwritev64, pwritev);
ALSO_CALLED(ftruncate64, ftruncate);
ALSO_CALLED(truncate64, truncate);
ALSO_CALLED(fallocate64, fallocate);
ALSO_CALLED(posix_fallocate64, posix_fallocate);

/* Its callers fall back to reading and writing. */
ssize_t
copy_file_range(int in, off_t *in_at, int out, off_t *out_at, size_t n, unsigned flags)
{
	(void)in;
	(void)in_at;
	(void)out;
	(void)out_at;
	(void)n;
	(void)flags;
	errno = ENOSYS;
	return -1;
}

/* ---- syncing ---- */

static int
sync_fd(int fd)
{
	struct stat st;
	uint64_t began = journal != NULL ? atomic_load(&journal->head) : 0;

	if (syscall(SYS_fstat, fd, &st) != 0)
		return -1;
	if (is_watched(fd, &st))
		saw_sync(&st, began);
	return 0;
}

int
fsync(int fd)
{
	return sync_fd(fd);
}

int
fdatasync(int fd)
{
	return sync_fd(fd);
}

/* Starts writing, and promises nothing. */
int
sync_file_range(int fd, off_t at, off_t n, unsigned flags)
{
	(void)fd;
	(void)at;
	(void)n;
	(void)flags;
	return 0;
}

static void
sync_all(void)
{
	struct record r = { .kind = SYNCED_ALL };

	r.off = journal != NULL ? atomic_load(&journal->head) : 0;
	put(r, NULL, 0);
}

void
sync(void)
{
	sync_all();
}

int
syncfs(int fd)
{
	struct stat st;

	if (is_watched(fd, &st))
		sync_all();
	return 0;
}

/* ---- names ---- */

static int
rename_at(int dir, const char *from, int new_dir, const char *to, unsigned flags)
{
	char one[PATH_MAX], two[PATH_MAX];
	bool seen = resolve(dir, from, one) && resolve(new_dir, to, two);
	int rc = (int)syscall(SYS_renameat2, dir, from, new_dir, to, flags);

	if (rc == 0 && seen)
		saw_pair(RENAMED, one, two);
	return rc;
}

int
rename(const char *from, const char *to)
{
	return rename_at(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
renameat(int dir, const char *from, int new_dir, const char *to)
{
	return rename_at(dir, from, new_dir, to, 0);
}

int
renameat2(int dir, const char *from, int new_dir, const char *to, unsigned flags)
{
	return rename_at(dir, from, new_dir, to, flags);
}

int
linkat(int dir, const char *from, int new_dir, const char *to, int flags)
{
	char one[PATH_MAX], two[PATH_MAX];
	int rc = (int)syscall(SYS_linkat, dir, from, new_dir, to, flags);

	if (rc == 0 && resolve(dir, from, one) && resolve(new_dir, to, two))
		saw_pair(LINKED, one, two);
	return rc;
}

int
link(const char *from, const char *to)
{
	return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
symlinkat(const char *target, int dir, const char *path)
{
	char full[PATH_MAX];
	int rc = (int)syscall(SYS_symlinkat, target, dir, path);

	if (rc == 0 && strlen(target) < PATH_MAX && resolve(dir, path, full))
		saw_pair(MADE_LINK, full, target);
	return rc;
}

int
symlink(const char *target, const char *path)
{
	return symlinkat(target, AT_FDCWD, path);
}

int
unlinkat(int dir, const char *path, int flags)
{
	char full[PATH_MAX];
	bool seen = resolve(dir, path, full);
	int rc = (int)syscall(SYS_unlinkat, dir, path, flags);

	if (rc == 0 && seen)
		put((struct record){ .kind = REMOVED }, full, strlen(full));
	return rc;
}

int
unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int
rmdir(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int
remove(const char *path)
{
	int rc = unlinkat(AT_FDCWD, path, 0);

	return rc != 0 && errno == EISDIR ? rmdir(path) : rc;
}

int
mkdirat(int dir, const char *path, mode_t mode)
{
	int rc = (int)syscall(SYS_mkdirat, dir, path, mode);

	if (rc == 0)
		saw_path(MADE_DIR, dir, path);
	return rc;
}

int
mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}
