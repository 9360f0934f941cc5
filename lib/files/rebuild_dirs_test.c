/* Directories are set when their record comes, are as they were saved at the end whatever came
 * between, and take no memory meanwhile.
 *
 * labels: tsan
 */
#include "lib/files/rebuild_check.h"

#include <malloc.h>

#define N_DIRS 2000

static void
directory(struct fixture *f, const char *name, mode_t mode, int64_t mtime)
{
	attr(f, (struct entry){ name, FT_DIREND, S_IFDIR | mode, 0, mtime, NULL, 0 });
}

static void
assert_dir(const struct fixture *f, const char *name, mode_t mode, int64_t mtime)
{
	struct stat st = stat_of(f, name);

	assert_int_equal(st.st_mode, S_IFDIR | mode);
	assert_int_equal(st.st_mtime, mtime);
}

static void
flat_tree(struct fixture *f, int from, int to)
{
	char name[64];

	for (int i = from; i < to; i++) {
		(void)snprintf(name, sizeof(name), "/flat/%d/f", i);
		regular(f, name, "x");
		(void)snprintf(name, sizeof(name), "/flat/%d/", i);
		directory(f, name, 0750, 4000);
	}
}

static void
many_take_little_memory(void **state)
{
	struct fixture *f = *state;
	size_t before;

	if (geteuid() != 0)
		skip();
	begin(f, (struct rebuild_options){ 0 });
	flat_tree(f, 0, N_DIRS / 4);
	before = mallinfo2().uordblks;
	flat_tree(f, N_DIRS / 4, N_DIRS);
	assert_true(mallinfo2().uordblks < before + N_DIRS * 32);
	finish(f);
	assert_int_equal(f->events[REBUILD_WARNING] + f->events[REBUILD_ERROR], 0);
	assert_dir(f, "/flat/0", 0750, 4000);
	assert_dir(f, "/flat/1999", 0750, 4000);
}

static void
one_in_the_other(void **state)
{
	struct fixture *f = *state;
	char path[256] = "/chain";
	size_t n = strlen(path);

	for (int i = 0; i < 50; i++, n += 2)
		(void)snprintf(path + n, sizeof(path) - n, "/d");
	begin(f, (struct rebuild_options){ 0 });
	(void)snprintf(path + n, sizeof(path) - n, "/f");
	regular(f, path, "x");
	for (int i = 0; i < 50; i++, n -= 2) {
		(void)snprintf(path + n, sizeof(path) - n, "/");
		directory(f, path, 0711, 5000);
	}
	directory(f, "/chain/", 0700, 6000);
	regular(f, "/end", "x");
	finish(f);
	assert_int_equal(f->events[REBUILD_WARNING] + f->events[REBUILD_ERROR], 0);
	assert_dir(f, "/chain", 0700, 6000);
	assert_dir(f, "/chain/d", 0711, 5000);
	assert_dir(f, "/chain/d/d/d", 0711, 5000);
}

/* A directory's record of an older job, then more files in it and below it. */
static void
what_comes_later_leaves_no_trace(void **state)
{
	static const enum rebuild_replace modes[] = { REPLACE_ALWAYS, REPLACE_NEVER };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		begin(f, (struct rebuild_options){ .replace = modes[i] });
		regular(f, "/a/b/f", "x");
		directory(f, "/a/b/", 0555, 4000);
		directory(f, "/a/", 0500, 5000);
		regular(f, "/other", "x");
		regular(f, "/a/b/later", "x");
		regular(f, "/a/b/f", "again");
		directory(f, "/a/new/", 0700, 6000);
		regular(f, "/other2", "x");
		finish(f);
		assert_int_equal(f->events[REBUILD_WARNING] + f->events[REBUILD_ERROR], 0);
		assert_dir(f, "/a/b", 0555, 4000);
		assert_dir(f, "/a", 0500, 5000);
		assert_dir(f, "/a/new", 0700, 6000);
		assert_content(f, "/a/b/f", "again");
		assert_int_equal(remove_tree(AT_FDCWD, f->out), 0);
	}
}

/* The record of a newer job, by every rule, since this restore made the directory. */
static void
the_last_record_stays(void **state)
{
	struct fixture *f = *state;

	begin(f, (struct rebuild_options){ .replace = REPLACE_NEVER });
	regular(f, "/a/f", "x");
	directory(f, "/a/", 0755, 4000);
	regular(f, "/a/g", "x");
	directory(f, "/a/", 0750, 5000);
	directory(f, "/a/", 0700, 6000);
	regular(f, "/b", "x");
	finish(f);
	assert_dir(f, "/a", 0700, 6000);
}

/* Files of one session are open in it while the record of another's comes. */
static void
sessions_may_interleave(void **state)
{
	struct fixture *f = *state;
	struct entry file = { "/a/f", FT_REG, S_IFREG | 0640, 4, 1000, NULL, 0 };
	struct entry dir = { "/a/", FT_DIREND, S_IFDIR | 0711, 0, 4000, NULL, 0 };
	struct entry other = { "/z", FT_REG, S_IFREG | 0640, 0, 1000, NULL, 0 };

	begin(f, (struct rebuild_options){ 0 });
	regular(f, "/a/f", "old");
	attr_in(f, 2, 1, file);
	put(f, 2, 1, STREAM_FILE_DATA, bytes_str("new\n"));
	attr_in(f, 1, 2, dir);
	attr_in(f, 1, 3, other);
	attr_in(f, 2, 2, other);
	finish(f);
	assert_dir(f, "/a", 0711, 4000);
	assert_content(f, "/a/f", "new\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(many_take_little_memory),          T(one_in_the_other),
		T(what_comes_later_leaves_no_trace), T(the_last_record_stays),
		T(sessions_may_interleave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
