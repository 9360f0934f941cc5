#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "lib/base/fd.h"
#include "lib/base/own.h"
#include "lib/base/wait.h"
#include "lib/compress/codec.h"
#include "lib/crypto/digest.h"
#include "lib/files/inodes.h"
#include "lib/files/meta.h"
#include "lib/files/rebuild.h"
#include "lib/files/xattr_record.h"
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
};

static void
take_report(void *user, const struct rebuild_report *rep)
{
	struct fixture *f = user;

	f->events[rep->event]++;
	if (rep->err == NULL)
		return;
	(void)snprintf(f->last, sizeof(f->last), "%s", rep->err->text);
	(void)snprintf(f->last_name, sizeof(f->last_name), "%.*s", BYTES_ARG(rep->name));
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/rebuild-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->out, sizeof(f->out), "%s/out", f->dir);
	*state = f;
	return 0;
}

static int
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

static int
teardown(void **state)
{
	struct fixture *f = *state;

	rebuild_free(f->r);
	(void)remove_tree(AT_FDCWD, f->dir);
	free(f);
	return 0;
}

static void
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
	if (rebuild_new(&o, take_report, f, &f->r, &err) != ERR_OK)
		fail_msg("%s", err.text);
}

static void
finish(struct fixture *f)
{
	struct err err = ERR_INIT;

	assert_int_equal(rebuild_finish(f->r, &err), ERR_OK);
}

static void
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

static void
attr_in(struct fixture *f, uint32_t session, int32_t index, struct entry e)
{
	struct lstat_fields st = { .mode = (int64_t)e.mode,
				   .nlink = f->nlink != 0 ? f->nlink : 1,
				   .uid = (int64_t)geteuid(),
				   .gid = (int64_t)getegid(),
				   .size = e.size,
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

static void
attr(struct fixture *f, struct entry e)
{
	attr_in(f, 1, ++f->index, e);
}

static void
data(struct fixture *f, const char *text)
{
	put(f, 1, f->index, STREAM_FILE_DATA, bytes_str(text));
}

static void
regular(struct fixture *f, const char *name, const char *text)
{
	attr(f,
	     (struct entry){ name, FT_REG, S_IFREG | 0640, (int64_t)strlen(text), 1000, NULL, 0 });
	if (*text != '\0')
		data(f, text);
}

static const char *
path_in(const struct fixture *f, const char *name, char out[256])
{
	(void)snprintf(out, 256, "%s%s", f->out, name);
	return out;
}

static void
assert_content(const struct fixture *f, const char *name, const char *want)
{
	OWNED(buf_release) struct buf b = BUF_INIT(1 << 20);
	struct err err = ERR_INIT;
	char path[256];

	if (fd_read_file(path_in(f, name, path), &b, &err) != ERR_OK)
		fail_msg("%s", err.text);
	assert_string_equal(buf_str(&b), want);
}

static struct stat
stat_of(const struct fixture *f, const char *name)
{
	struct stat st = { 0 };
	char path[256];

	if (lstat(path_in(f, name, path), &st) != 0)
		fail_msg("%s is not there", name);
	return st;
}

static bool
exists(const struct fixture *f, const char *name)
{
	struct stat st;
	char path[256];

	return lstat(path_in(f, name, path), &st) == 0;
}

/* ---- what is restored ---- */

static void
files_come_back_with_mode_and_times(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	begin(f, (struct rebuild_options){ 0 });
	regular(f, "/a/b/c.txt", "hello");
	attr(f, (struct entry){ "/a/b/l", FT_LNK, S_IFLNK | 0777, 0, 2000, "c.txt", 0 });
	attr(f, (struct entry){ "/a/b/p", FT_SPEC, S_IFIFO | 0604, 0, 3000, NULL, 0 });
	attr(f, (struct entry){ "/a/b/", FT_DIREND, S_IFDIR | 0510, 0, 4000, NULL, 0 });
	finish(f);
	assert_int_equal(f->events[REBUILD_RESTORED], 4);
	assert_int_equal(f->events[REBUILD_WARNING] + f->events[REBUILD_ERROR], 0);
	st = stat_of(f, "/a/b/c.txt");
	assert_int_equal(st.st_mode, S_IFREG | 0640);
	assert_int_equal(st.st_mtime, 1000);
	assert_int_equal(st.st_atime, 1001);
	assert_content(f, "/a/b/c.txt", "hello");
	assert_int_equal(stat_of(f, "/a/b/l").st_mtime, 2000);
	assert_int_equal(stat_of(f, "/a/b/p").st_mode, S_IFIFO | 0604);
	st = stat_of(f, "/a/b");
	assert_int_equal(st.st_mode, S_IFDIR | 0510);
	assert_int_equal(st.st_mtime, 4000);
	assert_int_equal(stat_of(f, "/a").st_mode, S_IFDIR | 0755);
	assert_int_equal(rebuild_counts(f->r).bytes, 5);
}

static void
directory_times_survive_what_comes_later(void **state)
{
	struct fixture *f = *state;

	begin(f, (struct rebuild_options){ 0 });
	attr(f, (struct entry){ "/", FT_DIREND, S_IFDIR | 0711, 0, 5000, NULL, 0 });
	attr(f, (struct entry){ "/d/", FT_DIREND, S_IFDIR | 0555, 0, 4000, NULL, 0 });
	regular(f, "/d/later", "x");
	finish(f);
	assert_int_equal(stat_of(f, "").st_mtime, 5000);
	assert_int_equal(stat_of(f, "").st_mode, S_IFDIR | 0711);
	assert_int_equal(stat_of(f, "/d").st_mtime, 4000);
	assert_int_equal(stat_of(f, "/d").st_mode, S_IFDIR | 0555);
}

static void
hard_links_are_resolved_by_name(void **state)
{
	struct fixture *f = *state;

	begin(f, (struct rebuild_options){ 0 });
	regular(f, "/x/first", "same");
	attr(f, (struct entry){ "/y/second", FT_LNKSAVED, S_IFREG | 0640, 4, 1000, "/x/first", 0 });
	attr(f, (struct entry){ "/y/third", FT_LNKSAVED, S_IFREG | 0640, 4, 1000, "/x/none", 0 });
	finish(f);
	assert_int_equal(stat_of(f, "/x/first").st_ino, stat_of(f, "/y/second").st_ino);
	assert_int_equal(f->events[REBUILD_ERROR], 1);
	assert_false(exists(f, "/y/third"));
}

static void
a_hole_at_the_end_is_extended(void **state)
{
	struct fixture *f = *state;

	begin(f, (struct rebuild_options){ 0 });
	attr(f, (struct entry){ "/hole", FT_REG, S_IFREG | 0600, 100000, 1, NULL,
				STREAM_SPARSE_DATA });
	attr(f, (struct entry){ "/part", FT_REG, S_IFREG | 0600, 100000, 1, NULL,
				STREAM_SPARSE_DATA });
	put(f, 1, f->index, STREAM_SPARSE_DATA, bytes_of("\0\0\0\0\0\0\x10\0abc", 11));
	finish(f);
	assert_int_equal(stat_of(f, "/hole").st_size, 100000);
	assert_int_equal(stat_of(f, "/part").st_size, 100000);
	assert_int_equal(f->events[REBUILD_RESTORED], 2);
}

static void
digests_are_checked_whatever_was_guessed(void **state)
{
	static const enum digest_kind kinds[] = { DIGEST_MD5, DIGEST_XXH128, DIGEST_SHA512 };
	struct fixture *f = *state;
	uint8_t d[DIGEST_MAX];

	begin(f, (struct rebuild_options){ 0 });
	for (size_t i = 0; i < 3; i++) {
		char name[32];
		size_t n = digest_once(kinds[i], bytes_str("hello"), d);

		(void)snprintf(name, sizeof(name), "/good-%zu", i);
		regular(f, name, "hello");
		put(f, 1, f->index, digest_stream(kinds[i]), bytes_of(d, n));
		(void)snprintf(name, sizeof(name), "/bad-%zu", i);
		regular(f, name, "hallo");
		put(f, 1, f->index, digest_stream(kinds[i]), bytes_of(d, n));
	}
	finish(f);
	assert_int_equal(f->events[REBUILD_RESTORED], 3);
	assert_int_equal(f->events[REBUILD_ERROR], 3);
	assert_non_null(strstr(f->last, "SHA512 digest is not the one saved"));
}

static void
sessions_may_interleave(void **state)
{
	struct fixture *f = *state;

	begin(f, (struct rebuild_options){ 0 });
	for (uint32_t s = 1; s <= 200; s++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "/s%u", s);
		attr_in(f, s, 1, (struct entry){ name, FT_REG, S_IFREG | 0600, 2, 1, NULL, 0 });
		put(f, s, 1, STREAM_FILE_DATA, bytes_str("a"));
		if (s > 1)
			put(f, s - 1, 1, STREAM_FILE_DATA, bytes_str("b"));
	}
	put(f, 200, 1, STREAM_FILE_DATA, bytes_str("b"));
	finish(f);
	assert_int_equal(f->events[REBUILD_RESTORED], 200);
	assert_content(f, "/s1", "ab");
	assert_content(f, "/s200", "ab");
}

/* So many that the settling thread has its part, with something to tell about some. */
static void
many_files_are_settled_and_told_in_order(void **state)
{
	struct xattr_item odd = { bytes_str("nowhere.name"), bytes_str("v") };
	OWNED(buf_release) struct buf record = BUF_INIT(1000);
	struct fixture *f = *state;
	struct err err = ERR_INIT;

	assert_int_equal(xattr_record_append(&record, &odd, &err), ERR_OK);
	begin(f, (struct rebuild_options){ .replace = REPLACE_IF_NEWER });
	for (int i = 0; i < 1000; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "/d%d/f%d", i / 50, i % 300);
		regular(f, name, name);
		if (i % 100 == 7)
			put(f, 1, f->index, STREAM_XATTR_LINUX, buf_bytes(&record));
	}
	regular(f, "/d19/f99", "not newer than the one just restored");
	finish(f);
	assert_int_equal(f->events[REBUILD_RESTORED], 1000);
	assert_int_equal(f->events[REBUILD_SKIPPED], 1);
	assert_int_equal(f->events[REBUILD_WARNING], 1);
	assert_int_equal(f->events[REBUILD_ERROR], 0);
	assert_int_equal(stat_of(f, "/d0/f7").st_mtime, 1000);
	assert_int_equal(stat_of(f, "/d0/f7").st_mode, S_IFREG | 0640);
	assert_content(f, "/d19/f99", "/d19/f99");
}

static void
rules_decide_about_files_that_are_there(void **state)
{
	static const struct {
		enum rebuild_replace mode;
		int64_t there, saved;
		bool replaced;
	} cases[] = {
		{ REPLACE_ALWAYS, 2000, 1000, true },    { REPLACE_NEVER, 1000, 2000, false },
		{ REPLACE_IF_NEWER, 1000, 2000, true },  { REPLACE_IF_NEWER, 2000, 1000, false },
		{ REPLACE_IF_NEWER, 1000, 1000, false }, { REPLACE_IF_OLDER, 2000, 1000, true },
		{ REPLACE_IF_OLDER, 1000, 2000, false },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin(f, (struct rebuild_options){ 0 });
		attr(f, (struct entry){ "/f", FT_REG, S_IFREG | 0600, 3, cases[i].there, NULL, 0 });
		data(f, "old");
		finish(f);
		begin(f, (struct rebuild_options){ .replace = cases[i].mode });
		attr(f, (struct entry){ "/f", FT_REG, S_IFREG | 0600, 3, cases[i].saved, NULL, 0 });
		data(f, "new");
		finish(f);
		assert_content(f, "/f", cases[i].replaced ? "new" : "old");
		assert_int_equal(f->events[REBUILD_SKIPPED], !cases[i].replaced);
	}
}

static void
names_are_mapped_by_regexwhere(void **state)
{
	struct fixture *f = *state;
	char rules[256];

	(void)snprintf(rules, sizeof(rules), "!/src!!i,!([^/])$!$1.bak!,!^!%s!", f->out);
	begin(f, (struct rebuild_options){ .regexwhere = rules });
	regular(f, "/SRC/a.txt", "x");
	attr(f, (struct entry){ "/src/b", FT_LNKSAVED, S_IFREG | 0640, 1, 1000, "/SRC/a.txt", 0 });
	attr(f, (struct entry){ "/src/", FT_DIREND, S_IFDIR | 0750, 0, 4000, NULL, 0 });
	finish(f);
	assert_int_equal(f->events[REBUILD_ERROR], 0);
	assert_content(f, "/a.txt.bak", "x");
	assert_content(f, "/b.bak", "x");
	assert_int_equal(stat_of(f, "").st_mode, S_IFDIR | 0750);
}

static void
prelinks_move_absolute_link_targets_only(void **state)
{
	struct fixture *f = *state;
	char path[256], to[256] = { 0 }, want[256];

	begin(f, (struct rebuild_options){ .prelinks = true });
	attr(f, (struct entry){ "/abs", FT_LNK, S_IFLNK | 0777, 0, 1, "/etc/x", 0 });
	attr(f, (struct entry){ "/rel", FT_LNK, S_IFLNK | 0777, 0, 1, "../x", 0 });
	finish(f);
	assert_true(readlink(path_in(f, "/abs", path), to, sizeof(to) - 1) > 0);
	assert_string_equal(to, path_in(f, "/etc/x", want));
	memset(to, 0, sizeof(to));
	assert_true(readlink(path_in(f, "/rel", path), to, sizeof(to) - 1) > 0);
	assert_string_equal(to, "../x");
}

static void
a_dry_run_creates_nothing(void **state)
{
	struct fixture *f = *state;

	begin(f, (struct rebuild_options){ .dry_run = true });
	regular(f, "/a/b", "x");
	attr(f, (struct entry){ "/a/", FT_DIREND, S_IFDIR | 0750, 0, 4000, NULL, 0 });
	/* What cannot be restored is no more restorable in a dry run. */
	attr(f, (struct entry){ "/base", FT_BASE, S_IFREG | 0640, 5, 4000, NULL, 0 });
	finish(f);
	assert_int_equal(f->events[REBUILD_RESTORED], 2);
	assert_int_equal(f->events[REBUILD_ERROR], 1);
	assert_int_not_equal(access(f->out, F_OK), 0);
}

/* ---- what must not happen ---- */

static void
nothing_is_written_outside(void **state)
{
	static const char *const evil[] = { "/../evil", "/a/../../evil",  "../evil",
					    "/a/..",    "/out-link/evil", "/in-link/evil" };
	struct fixture *f = *state;
	char path[256];

	begin(f, (struct rebuild_options){ 0 });
	attr(f, (struct entry){ "/out-link", FT_LNK, S_IFLNK | 0777, 0, 1, "..", 0 });
	attr(f, (struct entry){ "/in-link", FT_LNK, S_IFLNK | 0777, 0, 1, "a", 0 });
	attr(f, (struct entry){ "/a/", FT_DIREND, S_IFDIR | 0755, 0, 1, NULL, 0 });
	for (size_t i = 0; i < sizeof(evil) / sizeof(*evil); i++)
		regular(f, evil[i], "x");
	/* The content of a file is never written through a link of that name. */
	attr(f, (struct entry){ "/leaf", FT_LNK, S_IFLNK | 0777, 0, 1, "../victim", 0 });
	regular(f, "/leaf", "x");
	finish(f);
	assert_int_equal(f->events[REBUILD_ERROR], 6);
	(void)snprintf(path, sizeof(path), "%s/evil", f->dir);
	assert_int_not_equal(access(path, F_OK), 0);
	(void)snprintf(path, sizeof(path), "%s/victim", f->dir);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_false(exists(f, "/a/evil"));
	assert_int_equal(stat_of(f, "/leaf").st_mode & S_IFMT, S_IFREG);
}

static void
links_that_were_there_are_followed_only_inside(void **state)
{
	struct fixture *f = *state;
	char path[256];

	assert_int_equal(mkdir(f->out, 0755), 0);
	assert_int_equal(mkdir(path_in(f, "/real", path), 0755), 0);
	assert_int_equal(symlink("real", path_in(f, "/inside", path)), 0);
	assert_int_equal(symlink("..", path_in(f, "/outside", path)), 0);
	assert_int_equal(symlink("/tmp", path_in(f, "/absolute", path)), 0);
	begin(f, (struct rebuild_options){ 0 });
	regular(f, "/inside/a", "x");
	regular(f, "/outside/b", "x");
	regular(f, "/absolute/c", "x");
	finish(f);
	assert_content(f, "/real/a", "x");
	assert_int_equal(f->events[REBUILD_RESTORED], 1);
	assert_int_equal(f->events[REBUILD_ERROR], 2);
	assert_non_null(strstr(f->last, "leads out of"));
}

static void
names_of_any_length_and_bytes_are_made(void **state)
{
	struct fixture *f = *state;
	OWNED(buf_release) struct buf name = BUF_INIT(PATH_BYTES_MAX + 100);
	size_t end;

	begin(f, (struct rebuild_options){ 0 });
	for (int i = 0; i < 300; i++)
		buf_text(&name, "/%0250d", i);
	end = name.len;
	buf_text(&name, "/\xff\n");
	regular(f, buf_str(&name), "deep");
	buf_text(&name, "2");
	regular(f, buf_str(&name), "deep");
	name.len = end;
	buf_text(&name, "/");
	attr(f, (struct entry){ buf_str(&name), FT_DIREND, S_IFDIR | 0710, 0, 4, NULL, 0 });
	finish(f);
	assert_int_equal(f->events[REBUILD_RESTORED], 3);
	assert_int_equal(f->events[REBUILD_ERROR] + f->events[REBUILD_WARNING], 0);
	begin(f, (struct rebuild_options){ 0 });
	while (name.len <= PATH_BYTES_MAX)
		buf_text(&name, "/x");
	regular(f, buf_str(&name), "too long");
	finish(f);
	assert_int_equal(f->events[REBUILD_ERROR], 1);
	assert_non_null(strstr(f->last, "is longer than"));
}

static void
lost_and_broken_records_are_told(void **state)
{
	struct fixture *f = *state;
	struct err why = ERR_INIT;

	begin(f, (struct rebuild_options){ 0 });
	/* Content without attributes: once per file. */
	put(f, 1, 1, STREAM_FILE_DATA, bytes_str("x"));
	put(f, 1, 1, STREAM_FILE_DATA, bytes_str("x"));
	assert_int_equal(f->events[REBUILD_ERROR], 1);
	/* Broken attributes, and what follows them. */
	put(f, 1, 2, STREAM_UNIX_ATTRIBUTES, bytes_str("2 3 /x"));
	put(f, 1, 2, STREAM_FILE_DATA, bytes_str("x"));
	assert_int_equal(f->events[REBUILD_ERROR], 2);
	/* A damaged file is there but not called restored. */
	f->index = 2;
	regular(f, "/damaged", "abc");
	(void)err_set(&why, ERR_FORMAT, "block at 5: checksum");
	rebuild_damaged(f->r, 1, 7, 3, &why);
	rebuild_damaged(f->r, 1, 7, 3, &why);
	assert_int_equal(f->events[REBUILD_ERROR], 3);
	/* Files may be missing behind it. */
	f->index = 9;
	regular(f, "/after", "abc");
	assert_int_equal(f->events[REBUILD_ERROR], 4);
	assert_string_equal(f->last, "files with index 4 to 9 may be missing");
	finish(f);
	assert_int_equal(f->events[REBUILD_RESTORED], 1);
	assert_content(f, "/damaged", "abc");
}

/* A record of compressed content, in some way not what it should be; text is in the error. */
static void
expect_refused(struct fixture *f, int32_t stream, struct bytes record, const char *text)
{
	struct entry e = { "/bad", FT_REG, S_IFREG | 0640, 100000, 1000, NULL, stream };

	begin(f, (struct rebuild_options){ 0 });
	attr(f, e);
	put(f, 1, f->index, stream, record);
	put(f, 1, f->index, stream, bytes_str("more of it"));
	regular(f, "/good", "abc");
	finish(f);
	assert_int_equal(f->events[REBUILD_ERROR], 1);
	assert_int_equal(f->events[REBUILD_RESTORED], 1);
	assert_string_equal(f->last_name, "/bad");
	if (strstr(f->last, text) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", f->last, text);
	assert_content(f, "/good", "abc");
}

static void
damaged_and_hostile_compressed_content_is_an_error_of_its_file(void **state)
{
	struct fixture *f = *state;
	OWNED(codec_work_freep) struct codec_work *w = codec_work_new();
	OWNED(buf_release) struct buf good = BUF_INIT(1 << 20), bomb = BUF_INIT(64 << 20);
	OWNED(freep) char *zeros = calloc(1, 30000000);
	struct err err = ERR_INIT;

	assert_int_equal(codec_do(w, codec_find(0x475a4950), 6, bytes_of(zeros, 100000), &good,
				  &err),
			 ERR_OK);
	assert_int_equal(codec_do(w, codec_find(0x475a4950), 6, bytes_of(zeros, 30000000), &bomb,
				  &err),
			 ERR_OK);
	expect_refused(f, STREAM_COMPRESSED_DATA, bytes_of(good.p, good.len - 1),
		       "its header says");
	good.p[7]--; /* the size in the header */
	expect_refused(f, STREAM_COMPRESSED_DATA, bytes_of(good.p, good.len - 1), "damaged");
	good.p[0]++;
	expect_refused(f, STREAM_COMPRESSED_DATA, bytes_of(good.p, good.len - 1), "is not known");
	expect_refused(f, STREAM_GZIP_DATA, bytes_of(good.p + 12, good.len - 13), "damaged");
	expect_refused(f, STREAM_SPARSE_GZIP_DATA, bytes_of(good.p, 5), "sparse record of 5 bytes");
	expect_refused(f, STREAM_COMPRESSED_DATA, buf_bytes(&bomb), "more than 20000000 bytes");
	good.p[20] ^= 1;
	good.p[0]--;
	good.p[7]++;
	expect_refused(f, STREAM_COMPRESSED_DATA, buf_bytes(&good), "damaged");
}

static void
encrypted_files_are_named_and_not_made(void **state)
{
	struct fixture *f = *state;

	begin(f, (struct rebuild_options){ 0 });
	attr(f, (struct entry){ "/e", FT_REG, S_IFREG | 0600, 3, 1, NULL,
				STREAM_ENCRYPTED_FILE_DATA });
	put(f, 1, 1, STREAM_ENCRYPTED_FILE_DATA, bytes_str("0123456789abcdef"));
	finish(f);
	assert_int_equal(f->events[REBUILD_ERROR], 1);
	assert_false(exists(f, "/e"));
}

/* ---- what others do to the target meanwhile ---- */

static void
put_link(const struct fixture *f, const char *to, const char *name)
{
	char path[256];

	(void)unlink(path_in(f, name, path));
	assert_int_equal(symlink(to, path), 0);
}

static void
attributes_go_to_what_was_made_whatever_has_its_name_by_then(void **state)
{
	struct fixture *f = *state;
	char path[256];

	assert_int_equal(mkdir(f->out, 0755), 0);
	begin(f, (struct rebuild_options){ 0 });
	assert_int_equal(close(open(path_in(f, "/victim", path), O_CREAT | O_WRONLY, 0600)), 0);
	attr(f, (struct entry){ "/fifo", FT_SPEC, S_IFIFO | 0666, 0, 3000, NULL, 0 });
	put_link(f, "victim", "/fifo");
	attr(f, (struct entry){ "/socket", FT_SPEC, S_IFSOCK | 0666, 0, 3000, NULL, 0 });
	put_link(f, "victim", "/socket");
	attr(f, (struct entry){ "/link", FT_LNK, S_IFLNK | 0777, 0, 3000, "x", 0 });
	put_link(f, "victim", "/link");
	finish(f);
	assert_int_equal(stat_of(f, "/victim").st_mode, S_IFREG | 0600);
	assert_int_not_equal(stat_of(f, "/link").st_mtime, 3000);
	assert_int_equal(f->events[REBUILD_WARNING] + f->events[REBUILD_ERROR], 0);
}

static void
a_link_to_a_directory_stays_in_place_of_the_one_saved(void **state)
{
	struct fixture *f = *state;
	char path[256];

	assert_int_equal(mkdir(f->out, 0755), 0);
	assert_int_equal(mkdir(path_in(f, "/real", path), 0700), 0);
	put_link(f, "real", "/d");
	put_link(f, "..", "/outside");
	put_link(f, "nowhere", "/dangling");
	begin(f, (struct rebuild_options){ 0 });
	regular(f, "/d/a", "x");
	regular(f, "/d/sub/b", "y");
	attr(f, (struct entry){ "/d/sub/", FT_DIREND, S_IFDIR | 0510, 0, 4000, NULL, 0 });
	attr(f, (struct entry){ "/d/", FT_DIREND, S_IFDIR | 0555, 0, 4000, NULL, 0 });
	assert_int_equal(f->events[REBUILD_WARNING], 1);
	assert_non_null(strstr(f->last, "symbolic link"));
	attr(f, (struct entry){ "/outside/", FT_DIREND, S_IFDIR | 0555, 0, 4000, NULL, 0 });
	assert_int_equal(f->events[REBUILD_ERROR], 1);
	assert_non_null(strstr(f->last, "leads out of"));
	/* These lead to no directory, or are the volume's own: files in the way. */
	attr(f, (struct entry){ "/dangling/", FT_DIREND, S_IFDIR | 0555, 0, 4000, NULL, 0 });
	attr(f, (struct entry){ "/own", FT_LNK, S_IFLNK | 0777, 0, 1, "real", 0 });
	attr(f, (struct entry){ "/own/", FT_DIREND, S_IFDIR | 0555, 0, 4000, NULL, 0 });
	finish(f);
	assert_int_equal(f->events[REBUILD_RESTORED], 7);
	assert_int_equal(f->events[REBUILD_WARNING], 1);
	assert_int_equal(stat_of(f, "/d").st_mode & S_IFMT, S_IFLNK);
	assert_int_equal(stat_of(f, "/outside").st_mode & S_IFMT, S_IFLNK);
	assert_int_equal(stat_of(f, "/real").st_mode, S_IFDIR | 0700);
	assert_int_equal(stat_of(f, "/real/sub").st_mode, S_IFDIR | 0510);
	assert_content(f, "/real/a", "x");
	assert_content(f, "/real/sub/b", "y");
	assert_int_equal(stat_of(f, "/dangling").st_mode, S_IFDIR | 0555);
	assert_int_equal(stat_of(f, "/own").st_mode, S_IFDIR | 0555);
}

static void
a_link_replaced_by_one_of_the_volume_is_not_followed_any_more(void **state)
{
	struct fixture *f = *state;
	char path[256];

	assert_int_equal(mkdir(f->out, 0755), 0);
	assert_int_equal(mkdir(path_in(f, "/real", path), 0700), 0);
	put_link(f, "real", "/d");
	begin(f, (struct rebuild_options){ 0 });
	regular(f, "/d/a", "x");
	attr(f, (struct entry){ "/d", FT_LNK, S_IFLNK | 0777, 0, 1, "elsewhere", 0 });
	regular(f, "/d/b", "x");
	finish(f);
	assert_content(f, "/real/a", "x");
	assert_false(exists(f, "/real/b"));
	assert_int_equal(f->events[REBUILD_ERROR], 1);
	assert_non_null(strstr(f->last, "restored before and is not followed"));
}

static const char *
full(const struct fixture *f, const char *name)
{
	static char path[256];

	return path_in(f, name, path);
}

/* Spec: product.md "Security" */
static void
a_restore_in_place_goes_through_no_link_of_another_user(void **state)
{
	struct fixture *f = *state;

	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdir(f->out, 0755), 0);
	assert_int_equal(mkdir(full(f, "/real"), 0700), 0);
	put_link(f, "real", "/theirs");
	assert_int_equal(lchown(full(f, "/theirs"), 65534, 65534), 0);
	put_link(f, "theirs", "/ours-to-theirs");
	put_link(f, f->out, "/round");
	put_link(f, "./round/../out/real/.", "/ours");
	begin(f, (struct rebuild_options){ .where = "/" });
	regular(f, full(f, "/theirs/a"), "x");
	attr(f, (struct entry){ full(f, "/theirs/"), FT_DIREND, S_IFDIR | 0755, 0, 1, NULL, 0 });
	assert_int_equal(f->events[REBUILD_ERROR], 2);
	assert_non_null(strstr(f->last, "is a symbolic link of user 65534 and is not followed"));
	regular(f, full(f, "/ours-to-theirs/a"), "x");
	assert_int_equal(f->events[REBUILD_ERROR], 3);
	assert_int_equal(stat_of(f, "/theirs").st_mode & S_IFMT, S_IFLNK);
	assert_false(exists(f, "/real/a"));
	regular(f, full(f, "/ours/b"), "through");
	attr(f, (struct entry){ full(f, "/ours/"), FT_DIREND, S_IFDIR | 0755, 0, 1, NULL, 0 });
	finish(f);
	assert_int_equal(f->events[REBUILD_ERROR], 3);
	assert_int_equal(stat_of(f, "/ours").st_mode & S_IFMT, S_IFLNK);
	assert_content(f, "/real/b", "through");
}

static void
a_target_of_another_user_is_told_and_his_link_to_one_refused(void **state)
{
	struct rebuild_options o = { 0 };
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	char link[256];

	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdir(f->out, 0755), 0);
	assert_int_equal(chown(f->out, 65534, 65534), 0);
	begin(f, o);
	assert_int_equal(f->events[REBUILD_WARNING], 1);
	assert_non_null(strstr(f->last, "belongs to user 65534"));
	put_link(f, ".", "/link");
	assert_int_equal(lchown(full(f, "/link"), 65534, 65534), 0);
	o.where = path_in(f, "/link/below", link);
	rebuild_freep(&f->r);
	assert_int_equal(rebuild_new(&o, take_report, f, &f->r, &err), ERR_LIMIT);
	assert_non_null(strstr(err.text, "is a symbolic link of user 65534"));
	assert_false(exists(f, "/below"));
}

/* ---- hard links to what was there ---- */

static void
a_link_to_a_kept_file_is_made_only_when_that_is_the_one_saved(void **state)
{
	struct entry b = { "/b", FT_LNKSAVED, S_IFREG | 0640, 3, 1000, "/a", 0 };
	struct fixture *f = *state;

	begin(f, (struct rebuild_options){ 0 });
	attr(f, (struct entry){ "/a", FT_REG, S_IFREG | 0640, 3, 2000, NULL, 0 });
	data(f, "new");
	finish(f);
	begin(f, (struct rebuild_options){ .replace = REPLACE_NEVER });
	f->nlink = 2;
	regular(f, "/a", "old");
	attr(f, b);
	finish(f);
	assert_int_equal(f->events[REBUILD_SKIPPED], 1);
	assert_int_equal(f->events[REBUILD_ERROR], 1);
	assert_int_equal(f->events[REBUILD_RESTORED], 0);
	assert_non_null(strstr(f->last, "not the file that was saved"));
	assert_false(exists(f, "/b"));

	begin(f, (struct rebuild_options){ 0 });
	regular(f, "/a", "old");
	finish(f);
	for (size_t i = 0; i < 2; i++) {
		begin(f, (struct rebuild_options){ .replace = REPLACE_IF_NEWER });
		f->nlink = 2;
		regular(f, "/a", "old");
		attr(f, b);
		finish(f);
		/* The second time it is there, and stays by the same rule. */
		assert_int_equal(f->events[REBUILD_RESTORED], i == 0);
		assert_int_equal(f->events[REBUILD_SKIPPED], i + 1);
		assert_int_equal(f->events[REBUILD_ERROR], 0);
		assert_int_equal(stat_of(f, "/a").st_ino, stat_of(f, "/b").st_ino);
	}
}

static void
links_to_a_damaged_file_are_damaged(void **state)
{
	struct fixture *f = *state;
	uint8_t d[DIGEST_MAX] = { 0 };

	begin(f, (struct rebuild_options){ 0 });
	f->nlink = 3;
	regular(f, "/a", "abc");
	put(f, 1, f->index, STREAM_MD5_DIGEST, bytes_of(d, 16));
	attr(f, (struct entry){ "/b", FT_LNKSAVED, S_IFREG | 0640, 3, 1000, "/a", 0 });
	attr(f, (struct entry){ "/c", FT_LNKSAVED, S_IFREG | 0640, 3, 1000, "/a", 0 });
	regular(f, "/d", "abc");
	attr(f, (struct entry){ "/e", FT_LNKSAVED, S_IFREG | 0640, 3, 1000, "/d", 0 });
	attr(f, (struct entry){ "/f", FT_LNKSAVED, S_IFREG | 0640, 3, 1000, "/d", 0 });
	finish(f);
	assert_int_equal(f->events[REBUILD_ERROR], 3);
	assert_int_equal(f->events[REBUILD_RESTORED], 3);
	assert_int_equal(stat_of(f, "/a").st_nlink, 3);
	assert_int_equal(stat_of(f, "/d").st_nlink, 3);
}

/* ---- into fifos ---- */

/* A fifo, and its reader. */
static int
make_fifo(const struct fixture *f, const char *name)
{
	char path[256];
	int fd;

	(void)mkdir(f->out, 0755);
	assert_int_equal(mkfifo(path_in(f, name, path), 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_true(fd >= 0);
	return fd;
}

static void
content_goes_into_a_fifo_with_its_zeros(void **state)
{
	struct fixture *f = *state;
	OWNED(closep) int fd = make_fifo(f, "/p");
	uint8_t got[32];

	begin(f, (struct rebuild_options){ 0 });
	attr(f, (struct entry){ "/p", FT_FIFO, S_IFIFO | 0600, 0, 1, NULL, STREAM_SPARSE_DATA });
	put(f, 1, f->index, STREAM_SPARSE_DATA, bytes_of("\0\0\0\0\0\0\0\0ab", 10));
	put(f, 1, f->index, STREAM_SPARSE_DATA, bytes_of("\0\0\0\0\0\0\0\6cd", 10));
	put(f, 1, f->index, STREAM_SPARSE_DATA, bytes_of("\0\0\0\0\0\0\0\2ef", 10));
	finish(f);
	assert_int_equal(read(fd, got, sizeof(got)), 8);
	assert_memory_equal(got, "ab\0\0\0\0cd", 8);
	assert_int_equal(f->events[REBUILD_ERROR], 1);
	assert_non_null(strstr(f->last, "cannot go into a fifo"));
}

static void
fifos_are_kept_by_the_rules_and_by_failures(void **state)
{
	struct fixture *f = *state;
	OWNED(closep) int fd = make_fifo(f, "/p");
	struct entry e = { "/p", FT_FIFO, S_IFIFO | 0600, 0, 1, NULL, 0 };
	char got[8];

	begin(f, (struct rebuild_options){ .replace = REPLACE_NEVER });
	attr(f, e);
	data(f, "x");
	finish(f);
	assert_int_equal(f->events[REBUILD_SKIPPED], 1);
	assert_int_equal(read(fd, got, sizeof(got)), 0);

	/* Encrypted, whether the attributes say so or not. */
	for (size_t i = 0; i < 2; i++) {
		begin(f, (struct rebuild_options){ 0 });
		e.data_stream = i == 0 ? STREAM_ENCRYPTED_FILE_DATA : STREAM_FILE_DATA;
		attr(f, e);
		put(f, 1, f->index, STREAM_ENCRYPTED_FILE_DATA, bytes_str("0123456789abcdef"));
		finish(f);
		assert_int_equal(f->events[REBUILD_ERROR], 1);
		assert_int_equal(stat_of(f, "/p").st_mode & S_IFMT, S_IFIFO);
	}
}

static enum err_code
fill_fifo(struct fixture *f, struct err *err)
{
	OWNED(freep) char *much = calloc(1, 1 << 20);
	struct rebuild_record rec = { .session_id = 1,
				      .session_time = 7,
				      .file_index = f->index,
				      .stream = STREAM_FILE_DATA,
				      .data = bytes_of(much, 1 << 20) };

	return rebuild_record(f->r, &rec, err);
}

static void
a_fifo_whose_reader_does_not_read_holds_nobody_for_ever(void **state)
{
	struct fixture *f = *state;
	OWNED(closep) int fd = make_fifo(f, "/p");
	struct entry e = { "/p", FT_FIFO, S_IFIFO | 0600, 0, 1, NULL, 0 };
	struct err err = ERR_INIT;
	struct cancel c;

	assert_int_equal(cancel_init(&c, &err), ERR_OK);
	begin(f, (struct rebuild_options){ .cancel = &c, .fifo_seconds = 1 });
	attr(f, e);
	assert_int_equal(fill_fifo(f, &err), ERR_OK);
	assert_int_equal(f->events[REBUILD_ERROR], 1);
	assert_non_null(strstr(f->last, "took nothing for 1 seconds"));
	attr(f, e);
	cancel_now(&c);
	assert_int_equal(fill_fifo(f, &err), ERR_CANCELED);
	rebuild_freep(&f->r);
	cancel_release(&c);
}

/* ---- the target ---- */

static void
a_file_that_is_too_large_for_the_target_fails_alone(void **state)
{
	struct rlimit old, small = { .rlim_cur = 1 << 20 };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	struct fixture *f = *state;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	assert_int_equal(sigaction(SIGXFSZ, &ignore, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	begin(f, (struct rebuild_options){ 0 });
	attr(f, (struct entry){ "/large", FT_REG, S_IFREG | 0600, (int64_t)1 << 57, 1, NULL,
				STREAM_SPARSE_DATA });
	regular(f, "/good", "abc");
	finish(f);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(sigaction(SIGXFSZ, &before, NULL), 0);
	assert_int_equal(f->events[REBUILD_ERROR], 1);
	assert_int_equal(f->events[REBUILD_RESTORED], 1);
	assert_content(f, "/good", "abc");
}

static const char access_acl[] = "system.posix_acl_access";
static const char default_acl[] = "system.posix_acl_default";

static bool
has_acl(const struct fixture *f, const char *name)
{
	char path[256];

	(void)path_in(f, name, path);
	return getxattr(path, access_acl, NULL, 0) > 0 || getxattr(path, default_acl, NULL, 0) > 0;
}

static bool
set_default_acl(const char *dir, const char *text)
{
	struct meta_at at = { .fd = open(dir, O_RDONLY | O_DIRECTORY) };
	struct err err = ERR_INIT;
	enum err_code code;

	code = meta_write_acl(&at, META_ACL_DEFAULT, bytes_str(text), NULL, NULL, &err);
	(void)close(at.fd);
	return code == ERR_OK;
}

static void
what_is_restored_gets_no_acl_of_its_directory(void **state)
{
	static const char own[] = "user::rw-\nuser:54322:r--\ngroup::r--\nmask::r--\nother::---\n";
	static const char *const without[] = { "/plain", "/fifo",      "/sub",  "/sub/deeper",
					       "/sub/x", "/empty/not", "/empty" };
	struct fixture *f = *state;
	char path[256];

	assert_int_equal(mkdir(f->out, 0755), 0);
	if (!set_default_acl(f->out, "u::rwx,u:54321:rwx,g::r-x,m::rwx,o::---"))
		skip();
	begin(f, (struct rebuild_options){ 0 });
	regular(f, "/plain", "x");
	regular(f, "/with", "x");
	put(f, 1, f->index, STREAM_ACL_LINUX_ACCESS, bytes_str(own));
	attr(f, (struct entry){ "/fifo", FT_SPEC, S_IFIFO | 0640, 0, 3000, NULL, 0 });
	regular(f, "/sub/deeper/x", "x");
	regular(f, "/sub/x", "x");
	attr(f, (struct entry){ "/sub/", FT_DIREND, S_IFDIR | 0750, 0, 4000, NULL, 0 });
	attr(f, (struct entry){ "/empty/", FT_DIREND, S_IFDIR | 0750, 0, 4000, NULL, 0 });
	regular(f, "/empty/not", "x");
	finish(f);
	assert_int_equal(f->events[REBUILD_WARNING] + f->events[REBUILD_ERROR], 0);
	for (size_t i = 0; i < sizeof(without) / sizeof(*without); i++)
		if (has_acl(f, without[i]))
			fail_msg("%s has an ACL", without[i]);
	assert_true(has_acl(f, ""));
	assert_int_equal(getxattr(path_in(f, "/with", path), access_acl, NULL, 0), 4 + 5 * 8);
	assert_int_equal(stat_of(f, "/plain").st_mode, S_IFREG | 0640);
	assert_int_equal(stat_of(f, "/fifo").st_mode, S_IFIFO | 0640);
}

static void
directories_are_finished_when_the_restore_breaks(void **state)
{
	struct fixture *f = *state;

	begin(f, (struct rebuild_options){ 0 });
	regular(f, "/way/d/a", "x");
	attr(f, (struct entry){ "/way/d/", FT_DIREND, S_IFDIR | 0751, 0, 4000, NULL, 0 });
	regular(f, "/way/b", "x");
	rebuild_freep(&f->r);
	assert_int_equal(stat_of(f, "/way/d").st_mode, S_IFDIR | 0751);
	assert_int_equal(stat_of(f, "/way/d").st_mtime, 4000);
	assert_int_equal(stat_of(f, "/way").st_mode, S_IFDIR | 0755);
}

static void
directories_that_are_there_keep_their_attributes_unless_all_is_replaced(void **state)
{
	static const enum rebuild_replace modes[] = { REPLACE_NEVER, REPLACE_IF_NEWER,
						      REPLACE_IF_OLDER, REPLACE_ALWAYS };
	struct fixture *f = *state;
	char path[256];

	assert_int_equal(mkdir(f->out, 0755), 0);
	assert_int_equal(mkdir(path_in(f, "/d", path), 0700), 0);
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "/d/new%zu/", i);
		begin(f, (struct rebuild_options){ .replace = modes[i] });
		attr(f, (struct entry){ name, FT_DIREND, S_IFDIR | 0511, 0, 4000, NULL, 0 });
		attr(f, (struct entry){ "/d/", FT_DIREND, S_IFDIR | 0755, 0, 4000, NULL, 0 });
		finish(f);
		assert_int_equal(stat_of(f, name).st_mode, S_IFDIR | 0511);
		assert_int_equal(stat_of(f, "/d").st_mode,
				 S_IFDIR | (modes[i] == REPLACE_ALWAYS ? 0755 : 0700));
	}
}

static void
a_directory_made_on_the_way_by_the_restore_before_gets_its_attributes(void **state)
{
	struct inodes implied = { 0 };
	struct rebuild_options o = { .replace = REPLACE_NEVER, .implied = &implied };
	struct fixture *f = *state;

	begin(f, o);
	regular(f, "/d/sub/a", "x");
	attr(f, (struct entry){ "/d/sub/", FT_DIREND, S_IFDIR | 0711, 0, 4000, NULL, 0 });
	finish(f);
	assert_int_equal(stat_of(f, "/d").st_mode, S_IFDIR | 0755);
	begin(f, o);
	attr(f, (struct entry){ "/d/sub/", FT_DIREND, S_IFDIR | 0700, 0, 4000, NULL, 0 });
	attr(f, (struct entry){ "/d/", FT_DIREND, S_IFDIR | 0700, 0, 4000, NULL, 0 });
	finish(f);
	assert_int_equal(stat_of(f, "/d").st_mode, S_IFDIR | 0700);
	assert_int_equal(stat_of(f, "/d/sub").st_mode, S_IFDIR | 0711);
	rebuild_freep(&f->r);
	inodes_release(&implied);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(files_come_back_with_mode_and_times),
		T(directory_times_survive_what_comes_later),
		T(hard_links_are_resolved_by_name),
		T(a_hole_at_the_end_is_extended),
		T(digests_are_checked_whatever_was_guessed),
		T(sessions_may_interleave),
		T(many_files_are_settled_and_told_in_order),
		T(rules_decide_about_files_that_are_there),
		T(names_are_mapped_by_regexwhere),
		T(prelinks_move_absolute_link_targets_only),
		T(a_dry_run_creates_nothing),
		T(nothing_is_written_outside),
		T(links_that_were_there_are_followed_only_inside),
		T(names_of_any_length_and_bytes_are_made),
		T(lost_and_broken_records_are_told),
		T(damaged_and_hostile_compressed_content_is_an_error_of_its_file),
		T(encrypted_files_are_named_and_not_made),
		T(attributes_go_to_what_was_made_whatever_has_its_name_by_then),
		T(a_link_to_a_directory_stays_in_place_of_the_one_saved),
		T(a_link_replaced_by_one_of_the_volume_is_not_followed_any_more),
		T(a_restore_in_place_goes_through_no_link_of_another_user),
		T(a_target_of_another_user_is_told_and_his_link_to_one_refused),
		T(a_link_to_a_kept_file_is_made_only_when_that_is_the_one_saved),
		T(links_to_a_damaged_file_are_damaged),
		T(content_goes_into_a_fifo_with_its_zeros),
		T(fifos_are_kept_by_the_rules_and_by_failures),
		T(a_fifo_whose_reader_does_not_read_holds_nobody_for_ever),
		T(a_file_that_is_too_large_for_the_target_fails_alone),
		T(what_is_restored_gets_no_acl_of_its_directory),
		T(directories_are_finished_when_the_restore_breaks),
		T(directories_that_are_there_keep_their_attributes_unless_all_is_replaced),
		T(a_directory_made_on_the_way_by_the_restore_before_gets_its_attributes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
