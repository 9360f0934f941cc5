/*
 * lib/files/rebuild_check.h - for the tests of lib/files/rebuild*.c: a target directory, records
 * made by hand, and what was reported
 *
 * Included by test programs only.
 */
#ifndef TERCET_FILES_REBUILD_CHECK_H
#define TERCET_FILES_REBUILD_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/fd.h"
#include "lib/base/own.h"
#include "lib/files/rebuild.h"
#include "lib/proto/stream.h"

/* ---- a target directory and what was reported ---- */

struct fixture {
	char dir[64], out[80];
	struct rebuild *r;
	size_t events[4];
	char last[1024]; /* text of the last report that had one, and of which file */
	char last_name[256];
	int32_t index;
	int64_t nlink; /* of the next records; 0: 1 */
	int64_t blocks;
	int64_t uid; /* of them, and their group; 0: this process's */
};

static inline void
take_report(void *user, const struct rebuild_report *rep)
{
	struct fixture *f = user;

	f->events[rep->event]++;
	if (rep->err == NULL)
		return;
	(void)snprintf(f->last, sizeof(f->last), "%s", rep->err->text);
	(void)snprintf(f->last_name, sizeof(f->last_name), "%.*s", BYTES_ARG(rep->name));
}

static inline int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/rebuild-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->out, sizeof(f->out), "%s/out", f->dir);
	*state = f;
	return 0;
}

static inline int
remove_tree(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	if (d == NULL)
		return unlinkat(dir_fd, name, 0);
	while ((e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			(void)remove_tree(fd, e->d_name);
	(void)closedir(d);
	return unlinkat(dir_fd, name, AT_REMOVEDIR);
}

static inline int
teardown(void **state)
{
	struct fixture *f = *state;

	rebuild_free(f->r);
	(void)remove_tree(AT_FDCWD, f->dir);
	free(f);
	return 0;
}

static inline void
begin(struct fixture *f, struct rebuild_options o)
{
	struct err err = ERR_INIT;

	if (o.where == NULL && o.regexwhere == NULL)
		o.where = f->out;
	rebuild_freep(&f->r);
	memset(f->events, 0, sizeof(f->events));
	f->last[0] = '\0';
	f->index = 0;
	f->nlink = 0;
	f->blocks = 0;
	f->uid = 0;
	if (rebuild_new(&o, take_report, f, &f->r, &err) != ERR_OK)
		fail_msg("%s", err.text);
}

static inline void
finish(struct fixture *f)
{
	struct err err = ERR_INIT;

	assert_int_equal(rebuild_finish(f->r, &err), ERR_OK);
}

static inline void
put(struct fixture *f, uint32_t session, int32_t index, int32_t stream, struct bytes data)
{
	struct rebuild_record rec = { .session_id = session,
				      .session_time = 7,
				      .file_index = index,
				      .stream = stream,
				      .data = data };
	struct err err = ERR_INIT;

	if (rebuild_record(f->r, &rec, &err) != ERR_OK)
		fail_msg("%s", err.text);
}

struct entry {
	const char *name;
	int type;
	mode_t mode;
	int64_t size, mtime;
	const char *link;
	int data_stream;
};

static inline void
attr_in(struct fixture *f, uint32_t session, int32_t index, struct entry e)
{
	struct lstat_fields st = { .mode = (int64_t)e.mode,
				   .nlink = f->nlink != 0 ? f->nlink : 1,
				   .uid = f->uid != 0 ? f->uid : (int64_t)geteuid(),
				   .gid = f->uid != 0 ? f->uid : (int64_t)getegid(),
				   .size = e.size,
				   .blocks = f->blocks,
				   .atime = e.mtime + 1,
				   .mtime = e.mtime,
				   .data_stream = e.data_stream != 0 ? e.data_stream : 2 };
	char text[LSTAT_TEXT_MAX];
	struct attr_record a = { .file_index = index, .type = e.type, .name = bytes_str(e.name) };
	OWNED(buf_release) struct buf b = BUF_INIT(1 << 20);
	struct err err = ERR_INIT;

	a.lstat = bytes_of(text, lstat_emit(&st, text));
	a.link = bytes_str(e.link != NULL ? e.link : "");
	assert_int_equal(attr_record_emit(&a, &b, &err), ERR_OK);
	put(f, session, index, STREAM_UNIX_ATTRIBUTES, buf_bytes(&b));
}

static inline void
attr(struct fixture *f, struct entry e)
{
	attr_in(f, 1, ++f->index, e);
}

static inline void
data(struct fixture *f, const char *text)
{
	put(f, 1, f->index, STREAM_FILE_DATA, bytes_str(text));
}

static inline void
regular(struct fixture *f, const char *name, const char *text)
{
	attr(f,
	     (struct entry){ name, FT_REG, S_IFREG | 0640, (int64_t)strlen(text), 1000, NULL, 0 });
	if (*text != '\0')
		data(f, text);
}

static inline const char *
path_in(const struct fixture *f, const char *name, char out[256])
{
	(void)snprintf(out, 256, "%s%s", f->out, name);
	return out;
}

static inline void
assert_content(const struct fixture *f, const char *name, const char *want)
{
	OWNED(buf_release) struct buf b = BUF_INIT(1 << 20);
	struct err err = ERR_INIT;
	char path[256];

	if (fd_read_file(path_in(f, name, path), &b, &err) != ERR_OK)
		fail_msg("%s", err.text);
	assert_string_equal(buf_str(&b), want);
}

static inline struct stat
stat_of(const struct fixture *f, const char *name)
{
	struct stat st = { 0 };
	char path[256];

	if (lstat(path_in(f, name, path), &st) != 0)
		fail_msg("%s is not there", name);
	return st;
}

static inline bool
exists(const struct fixture *f, const char *name)
{
	struct stat st;
	char path[256];

	return lstat(path_in(f, name, path), &st) == 0;
}

static inline void
put_link(const struct fixture *f, const char *to, const char *name)
{
	char path[256];

	(void)unlink(path_in(f, name, path));
	assert_int_equal(symlink(to, path), 0);
}

static inline const char *
full(const struct fixture *f, const char *name)
{
	static char path[256];

	return path_in(f, name, path);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
