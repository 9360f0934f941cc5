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
#include "lib/compress/codec.h"
#include "lib/crypto/digest.h"
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
				   .nlink = 1,
				   .uid = (int64_t)geteuid(),
				   .gid = (int64_t)getegid(),
				   .size = e.size,
				   .atime = e.mtime + 1,
				   .mtime = e.mtime,
				   .data_stream = e.data_stream != 0 ? e.data_stream : 2 };
	char text[LSTAT_TEXT_MAX];
	struct attr_record a = { .file_index = index, .type = e.type, .name = bytes_str(e.name) };
	OWNED(buf_release) struct buf b = BUF_INIT(65536);
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
	attr(f, (struct entry){ "/d/", FT_DIREND, S_IFDIR | 0555, 0, 4000, NULL, 0 });
	regular(f, "/d/later", "x");
	finish(f);
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
	finish(f);
	assert_int_equal(f->events[REBUILD_RESTORED], 2);
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
	OWNED(buf_release) struct buf name = BUF_INIT(65536);

	begin(f, (struct rebuild_options){ 0 });
	for (int i = 0; i < 100; i++)
		buf_text(&name, "/%050d", i);
	buf_text(&name, "/\xff\n");
	regular(f, buf_str(&name), "deep");
	buf_text(&name, "2");
	regular(f, buf_str(&name), "deep");
	finish(f);
	assert_int_equal(f->events[REBUILD_RESTORED], 2);
	assert_int_equal(f->events[REBUILD_ERROR] + f->events[REBUILD_WARNING], 0);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
