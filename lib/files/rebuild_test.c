/*
 * Files made of records again: content, attributes, what is damaged.
 *
 * labels: tsan
 */
#include "lib/files/rebuild_check.h"

#include "lib/base/wait.h"
#include "lib/compress/codec.h"
#include "lib/crypto/digest.h"
#include "lib/files/meta.h"
#include "lib/files/xattr_record.h"

#include <linux/capability.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

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
	regular(f, "/d19/f99", "later, of the same restore");
	finish(f);
	assert_int_equal(f->events[REBUILD_RESTORED], 1001);
	assert_int_equal(f->events[REBUILD_SKIPPED], 0);
	assert_int_equal(f->events[REBUILD_WARNING], 1);
	assert_int_equal(f->events[REBUILD_ERROR], 0);
	assert_int_equal(stat_of(f, "/d0/f7").st_mtime, 1000);
	assert_int_equal(stat_of(f, "/d0/f7").st_mode, S_IFREG | 0640);
	assert_content(f, "/d19/f99", "later, of the same restore");
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

/* May this thread, and those it starts, give files away? */
static bool
allow_chown(bool allowed)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2] = { 0 };
	uint32_t chown_bit = 1u << CAP_CHOWN;

	if (syscall(SYS_capget, &head, caps) != 0 || !(caps[0].permitted & chown_bit))
		return false;
	caps[0].effective = allowed ? caps[0].effective | chown_bit
				    : caps[0].effective & ~chown_bit;
	return syscall(SYS_capset, &head, caps) == 0;
}

static void
what_cannot_be_given_away_does_not_run_as_its_restorer(void **state)
{
	struct fixture *f = *state;
	bool dropped = geteuid() == 0 && allow_chown(false);

	if (!dropped)
		skip();
	begin(f, (struct rebuild_options){ 0 });
	f->uid = 54321;
	attr(f, (struct entry){ "/both", FT_REG, S_IFREG | 06755, 0, 1000, NULL, 0 });
	f->uid = 0;
	attr(f, (struct entry){ "/ours", FT_REG, S_IFREG | 06755, 0, 1000, NULL, 0 });
	finish(f);
	assert_true(allow_chown(true));
	assert_int_equal(stat_of(f, "/both").st_mode, S_IFREG | 0755);
	assert_int_equal(stat_of(f, "/ours").st_mode, S_IFREG | 06755);
	assert_int_equal(f->events[REBUILD_WARNING], 1);
	assert_string_equal(f->last_name, "/both");
	begin(f, (struct rebuild_options){ .no_owner = true });
	f->uid = 54321;
	attr(f, (struct entry){ "/not-tried", FT_REG, S_IFREG | 06755, 0, 1000, NULL, 0 });
	finish(f);
	assert_int_equal(stat_of(f, "/not-tried").st_mode, S_IFREG | 0755);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(files_come_back_with_mode_and_times),
		T(directory_times_survive_what_comes_later),
		T(a_hole_at_the_end_is_extended),
		T(digests_are_checked_whatever_was_guessed),
		T(sessions_may_interleave),
		T(many_files_are_settled_and_told_in_order),
		T(names_are_mapped_by_regexwhere),
		T(prelinks_move_absolute_link_targets_only),
		T(a_dry_run_creates_nothing),
		T(names_of_any_length_and_bytes_are_made),
		T(lost_and_broken_records_are_told),
		T(damaged_and_hostile_compressed_content_is_an_error_of_its_file),
		T(encrypted_files_are_named_and_not_made),
		T(content_goes_into_a_fifo_with_its_zeros),
		T(fifos_are_kept_by_the_rules_and_by_failures),
		T(a_fifo_whose_reader_does_not_read_holds_nobody_for_ever),
		T(a_file_that_is_too_large_for_the_target_fails_alone),
		T(what_cannot_be_given_away_does_not_run_as_its_restorer),
		T(what_is_restored_gets_no_acl_of_its_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
