/* What a restore replaces stays until the new file is whole, whatever ends it before.  fstatvfs is
 * this program's own. */
#include "lib/files/rebuild_check.h"

#include <sys/statvfs.h>

static uint64_t room = UINT64_MAX / 4096; /* blocks of 4 KiB */

int
fstatvfs(int fd, struct statvfs *v)
{
	assert_true(fcntl(fd, F_GETFD) >= 0);
	*v = (struct statvfs){ .f_frsize = 4096, .f_bfree = room, .f_bavail = room };
	return 0;
}

static void
put_old(struct fixture *f)
{
	begin(f, (struct rebuild_options){ 0 });
	regular(f, "/d/f", "old");
	finish(f);
	begin(f, (struct rebuild_options){ 0 });
}

#define HALF 300000

static void
half_of_new(struct fixture *f)
{
	static char half[HALF + 1];

	memset(half, 'h', HALF);
	attr(f, (struct entry){ "/d/f", FT_REG, S_IFREG | 0600, 2 * HALF, 1000, NULL, 0 });
	data(f, half);
}

/* How many there are in the directory, and the last of them but the file itself. */
static size_t
names_in_d(const struct fixture *f, char other[64])
{
	DIR *d = opendir(full(f, "/d"));
	struct dirent *e;
	size_t n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
		if (strlen(e->d_name) > 2)
			(void)snprintf(other, 64, "/d/%.60s", e->d_name);
	}
	(void)closedir(d);
	return n;
}

static void
assert_old_is_there(const struct fixture *f)
{
	char other[64];

	assert_content(f, "/d/f", "old");
	assert_int_equal(stat_of(f, "/d/f").st_mode, S_IFREG | 0640);
	assert_int_equal(names_in_d(f, other), 1);
	assert_int_equal(f->events[REBUILD_RESTORED], 0);
	assert_int_equal(f->events[REBUILD_ERROR], 1);
	assert_string_equal(f->last_name, "/d/f");
	assert_non_null(strstr(f->last, "the file that was there stays"));
}

static void
the_old_file_stays_when_the_restore_ends_early(void **state)
{
	struct fixture *f = *state;

	put_old(f);
	half_of_new(f);
	assert_content(f, "/d/f", "old");
	rebuild_stop(f->r);
	assert_old_is_there(f);
}

static void
the_old_file_stays_when_the_new_one_is_damaged(void **state)
{
	struct fixture *f = *state;
	struct err why = ERR_INIT;

	put_old(f);
	half_of_new(f);
	(void)err_set(&why, ERR_FORMAT, "a block is lost");
	rebuild_damaged(f->r, 1, 7, 1, &why);
	f->events[REBUILD_ERROR] = 0;
	finish(f);
	assert_old_is_there(f);

	put_old(f);
	regular(f, "/d/f", "new");
	put(f, 1, f->index, digest_stream(DIGEST_MD5), bytes_str("0123456789abcdef"));
	assert_int_equal(f->events[REBUILD_ERROR], 1);
	f->events[REBUILD_ERROR] = 0;
	finish(f);
	assert_old_is_there(f);
}

static void
the_new_file_replaces_it_when_it_is_whole(void **state)
{
	struct fixture *f = *state;
	char other[64];

	put_old(f);
	half_of_new(f);
	data(f, "and the rest");
	assert_content(f, "/d/f", "old");
	regular(f, "/d/g", "next");
	assert_int_equal(stat_of(f, "/d/f").st_size, HALF + 12);
	assert_int_equal(stat_of(f, "/d/f").st_mode, S_IFREG | 0600);
	assert_int_equal(stat_of(f, "/d/f").st_mtime, 1000);
	finish(f);
	assert_int_equal(names_in_d(f, other), 2);
	assert_int_equal(f->events[REBUILD_RESTORED], 2);
}

/* Twice in one restore, over a link, and with another name that is linked to it. */
static void
what_is_replaced_may_be_anything_but_a_directory(void **state)
{
	struct fixture *f = *state;
	char other[64];

	put_old(f);
	regular(f, "/d/f", "first");
	regular(f, "/d/f", "second");
	finish(f);
	assert_content(f, "/d/f", "second");

	assert_int_equal(rename(full(f, "/d/f"), "/tmp/rebuild-replace-test-away"), 0);
	put_link(f, "/tmp/rebuild-replace-test-away", "/d/f");
	begin(f, (struct rebuild_options){ 0 });
	f->nlink = 2;
	regular(f, "/d/f", "third");
	attr(f, (struct entry){ "/d/g", FT_LNKSAVED, S_IFREG | 0640, 5, 1000, "/d/f", 0 });
	finish(f);
	assert_content(f, "/d/f", "third");
	assert_content(f, "/d/g", "third");
	assert_true(S_ISREG(stat_of(f, "/d/f").st_mode));
	assert_int_equal(stat_of(f, "/d/f").st_nlink, 2);
	assert_int_equal(unlink("/tmp/rebuild-replace-test-away"), 0);

	assert_int_equal(unlink(full(f, "/d/f")), 0);
	assert_int_equal(mkdir(full(f, "/d/f"), 0700), 0);
	begin(f, (struct rebuild_options){ 0 });
	regular(f, "/d/f", "fourth");
	finish(f);
	assert_content(f, "/d/f", "fourth");
	assert_int_equal(names_in_d(f, other), 2);
	assert_int_equal(f->events[REBUILD_ERROR] + f->events[REBUILD_WARNING], 0);
}

/* The version of job n in a restore of a chain; the last file of a job ends with the restore. */
static void
version(struct fixture *f, uint32_t job, const char *text)
{
	attr_in(f, job, 1,
		(struct entry){ "/d/f", FT_REG, S_IFREG | 0640, (int64_t)strlen(text), 1000 + job,
				NULL, 0 });
	put(f, job, 1, STREAM_FILE_DATA, bytes_str(text));
}

static void
another(struct fixture *f, uint32_t job)
{
	attr_in(f, job, 2, (struct entry){ "/d/g", FT_LNK, S_IFLNK | 0777, 0, 1000, "f", 0 });
}

static void
of_the_versions_of_several_jobs_the_last_stays(void **state)
{
	struct fixture *f = *state;
	char other[64];

	for (unsigned ends = 0; ends < 16; ends++) { /* bit n: job n has another file behind it */
		put_old(f);
		for (uint32_t job = 1; job <= 4; job++) {
			version(f, job, (const char *[]){ "", "one", "two", "three", "four" }[job]);
			if (ends >> (job - 1) & 1)
				another(f, job);
		}
		finish(f);
		if (f->events[REBUILD_ERROR] != 0)
			fail_msg("%u: %s", ends, f->last);
		assert_content(f, "/d/f", "four");
		assert_int_equal(stat_of(f, "/d/f").st_mtime, 1004);
		assert_int_equal(names_in_d(f, other), ends != 0 ? 2 : 1);
		assert_int_equal(f->events[REBUILD_RESTORED], 4 + __builtin_popcount(ends));
		(void)unlink(full(f, "/d/g"));
	}
}

static void
a_damaged_last_version_leaves_the_one_before(void **state)
{
	struct fixture *f = *state;
	struct err why = ERR_INIT;
	char other[64];

	put_old(f);
	version(f, 1, "one");
	version(f, 2, "two");
	version(f, 3, "three");
	(void)err_set(&why, ERR_FORMAT, "a block is lost");
	rebuild_damaged(f->r, 3, 7, 1, &why);
	finish(f);
	assert_content(f, "/d/f", "two");
	assert_int_equal(names_in_d(f, other), 1);
	assert_int_equal(f->events[REBUILD_RESTORED], 2);
}

static void
what_a_killed_restore_left_is_removed_by_the_next(void **state)
{
	struct fixture *f = *state;
	char left[64], kept[256];

	put_old(f);
	half_of_new(f);
	assert_int_equal(names_in_d(f, left), 2);
	(void)snprintf(kept, sizeof(kept), "%s", full(f, "/kept"));
	assert_int_equal(rename(full(f, left), kept), 0);
	rebuild_freep(&f->r);
	assert_int_equal(rename(kept, full(f, left)), 0);
	begin(f, (struct rebuild_options){ .replace = REPLACE_ALWAYS });
	regular(f, "/d/f", "new");
	finish(f);
	assert_content(f, "/d/f", "new");
	assert_int_equal(names_in_d(f, left), 1);
}

static void
without_room_for_both_the_old_one_goes_before(void **state)
{
	struct fixture *f = *state;
	static const struct {
		int64_t size, blocks;
		uint64_t room;
		bool stays;
	} rows[] = {
		{ 64 << 20, 64 << 11, 16 << 10, false },
		{ 64 << 20, 64 << 11, (16 << 10) + 1, true },
		{ 4096, 8, 0, true },               /* so small that nobody asks */
		{ 64 << 20, 64 << 10, 9000, true }, /* half of it is a hole */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct entry e = { "/d/f", FT_REG, S_IFREG | 0600, rows[i].size, 1000, NULL, 0 };

		put_old(f);
		f->blocks = rows[i].blocks;
		room = rows[i].room;
		attr(f, e);
		if (rows[i].stays)
			assert_content(f, "/d/f", "old");
		else
			assert_int_equal(stat_of(f, "/d/f").st_size, 0);
		finish(f);
		room = UINT64_MAX / 4096;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_old_file_stays_when_the_restore_ends_early),
		T(the_old_file_stays_when_the_new_one_is_damaged),
		T(the_new_file_replaces_it_when_it_is_whole),
		T(what_is_replaced_may_be_anything_but_a_directory),
		T(of_the_versions_of_several_jobs_the_last_stays),
		T(a_damaged_last_version_leaves_the_one_before),
		T(what_a_killed_restore_left_is_removed_by_the_next),
		T(without_room_for_both_the_old_one_goes_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
