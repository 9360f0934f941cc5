/* file-daemon/find/walk_test.c - order, depth and exclusion of the walk, over a small real tree */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "file-daemon/find/walk.h"
#include "lib/base/fd.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"

struct seen {
	char *paths[512];
	enum file_type types[512];
	size_t n, notes;
	/* When this path is met, from[i] becomes to[i]. */
	const char *when;
	char *from[2], *to[2];
};

static enum err_code
on_entry(void *arg, const struct file_entry *e, struct err *err)
{
	struct seen *s = arg;

	if (s->n == 512)
		return err_set(err, ERR_LIMIT, "too many");
	for (size_t i = 0; i < 2 && s->when != NULL && bytes_eq(e->path, bytes_str(s->when)); i++)
		if (s->from[i] != NULL)
			assert_int_equal(rename(s->from[i], s->to[i]), 0);
	s->types[s->n] = e->type;
	s->paths[s->n++] = str_ndup((const char *)e->path.p, e->path.n);
	return ERR_OK;
}

static void
on_note(void *arg, enum msg_type type, const struct err *e)
{
	((struct seen *)arg)->notes++;
}

static void
seen_release(struct seen *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->paths[i]);
}

static void
touch(const char *dir, const char *name)
{
	OWNED(freep) char *path = str_printf("%s/%s", dir, name);
	struct err e = ERR_INIT;
	int fd;

	assert_int_equal(fd_open(path, O_WRONLY | O_CREAT, 0644, &fd, &e), ERR_OK);
	close(fd);
}

static char *
make_dir(const char *in, const char *name, int i)
{
	char *path = str_printf("%s/%s%d", in, name, i);
	struct err e = ERR_INIT;

	assert_int_equal(fd_make_dirs(path, 0755, &e), ERR_OK);
	return path;
}

/* Remove everything below and with top. */
static void
remove_tree(const char *top)
{
	for (int round = 0; round < 64 && rmdir(top) != 0; round++) {
		struct seen s = { .n = 0 };
		struct fileset fs = { .blocks = NULL };
		struct err e = ERR_INIT;
		OWNED(freep) char *file = str_printf("F %s", top);
		struct walk_sink sink = { on_entry, on_note, &s };
		struct walk_options o = { .cancel = NULL };

		assert_int_equal(fileset_parse_line(&fs, bytes_str("I"), &e), ERR_OK);
		assert_int_equal(fileset_parse_line(&fs, bytes_str("O 0"), &e), ERR_OK);
		assert_int_equal(fileset_parse_line(&fs, bytes_str(file), &e), ERR_OK);
		(void)!walk_run(&fs, &o, &sink, &e);
		for (size_t i = 0; i < s.n; i++)
			(void)(s.types[i] == FT_DIREND ? rmdir(s.paths[i]) : unlink(s.paths[i]));
		seen_release(&s);
		fileset_release(&fs);
	}
}

static enum err_code
walk(const char *top, const char *options, const char *more, size_t max_open, struct seen *s)
{
	struct fileset fs = { .blocks = NULL };
	OWNED(freep) char *file = str_printf("F %s", top);
	OWNED(freep) char *letters = str_printf("O %s", options);
	const char *lines[] = { "I", more, letters, "N", file, "N" };
	struct walk_sink sink = { on_entry, on_note, s };
	struct walk_options o = { .max_open = max_open };
	struct err e = ERR_INIT;
	enum err_code rc;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(fileset_parse_line(&fs, bytes_str(lines[i]), &e), ERR_OK);
	rc = walk_run(&fs, &o, &sink, &e);
	fileset_release(&fs);
	return rc;
}

static size_t
place_of(const struct seen *s, const char *path)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->paths[i], path) == 0)
			return i;
	fail_msg("%s was not met", path);
	return 0;
}

static int
setup(void **state)
{
	char *top = str_dup("/tmp/walk-test-XXXXXX");

	if (mkdtemp(top) == NULL)
		return -1;
	*state = top;
	return 0;
}

static int
teardown(void **state)
{
	remove_tree(*state);
	free(*state);
	return 0;
}

static void
a_deep_tree_is_walked_with_few_open_directories(void **state)
{
	char *dir = str_dup(*state);
	struct seen s = { .n = 0 };

	for (int i = 0; i < 40; i++) {
		char *next = make_dir(dir, "d", i);

		touch(dir, "before");
		touch(dir, "zzz");
		free(dir);
		dir = next;
	}
	assert_int_equal(walk(*state, "0", "N", 3, &s), ERR_OK);
	assert_int_equal(s.n, 1 + 40 * 3);
	assert_int_equal(s.notes, 0);
	assert_string_equal(s.paths[s.n - 1], (char *)*state);
	assert_true(place_of(&s, dir) < s.n - 1);
	free(dir);
	seen_release(&s);
}

#define MOVED_DEPTH 7

/* Directories in each other, each with a file behind the next one; [0] is top. */
static void
make_chain(const char *top, char *dirs[MOVED_DEPTH])
{
	dirs[0] = str_dup(top);
	for (int i = 1; i < MOVED_DEPTH; i++)
		dirs[i] = make_dir(dirs[i - 1], "d", i);
	for (int i = 0; i < MOVED_DEPTH; i++)
		touch(dirs[i], "zzz");
}

static void
free_chain(char *dirs[MOVED_DEPTH])
{
	for (int i = 0; i < MOVED_DEPTH; i++)
		free(dirs[i]);
}

static bool
was_met(const struct seen *s, const char *dir, const char *name)
{
	OWNED(freep) char *path = str_printf("%s/%s", dir, name);

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->paths[i], path) == 0)
			return true;
	return false;
}

static void
what_is_above_a_directory_that_was_moved_is_saved(void **state)
{
	OWNED(freep) char *away = str_printf("%s/away", (char *)*state);
	char *dirs[MOVED_DEPTH];
	struct seen s = { .n = 0 };

	make_chain(*state, dirs);
	s.when = dirs[MOVED_DEPTH - 1];
	s.from[0] = dirs[4];
	s.to[0] = away;
	assert_int_equal(walk(*state, "0", "N", 2, &s), ERR_OK);
	for (int i = 0; i < MOVED_DEPTH; i++)
		assert_true(was_met(&s, dirs[i], "zzz"));
	assert_int_equal(s.n, 2 * MOVED_DEPTH);
	assert_int_equal(s.notes, 0);
	free_chain(dirs);
	seen_release(&s);
}

static void
only_what_cannot_be_reached_any_more_is_lost_and_told(void **state)
{
	OWNED(freep) char *away = str_printf("%s/away", (char *)*state);
	OWNED(freep) char *other = str_printf("%s/other", (char *)*state);
	char *dirs[MOVED_DEPTH];
	struct seen s = { .n = 0 };

	make_chain(*state, dirs);
	s.when = dirs[MOVED_DEPTH - 1];
	s.from[0] = dirs[4];
	s.to[0] = away;
	s.from[1] = dirs[2];
	s.to[1] = other;
	assert_int_equal(walk(*state, "0", "N", 2, &s), ERR_OK);
	for (int i = 0; i < MOVED_DEPTH; i++)
		if (i != 2 && i != 3)
			assert_true(was_met(&s, dirs[i], "zzz"));
	assert_false(was_met(&s, dirs[1], "d2"));
	assert_false(was_met(&s, dirs[2], "d3"));
	assert_true(was_met(&s, dirs[3], "d4"));
	assert_int_equal(s.notes, 2);
	free_chain(dirs);
	seen_release(&s);
}

/* ---- the longest paths ---- */

struct counted {
	size_t n, longest, notes;
};

static enum err_code
count_entry(void *arg, const struct file_entry *e, struct err *err UNUSED)
{
	struct counted *c = arg;

	c->n++;
	c->longest = e->path.n > c->longest ? e->path.n : c->longest;
	return ERR_OK;
}

static void
count_note(void *arg, enum msg_type type, const struct err *e UNUSED)
{
	((struct counted *)arg)->notes += type == MSG_NOTSAVED;
}

static void
touch_at(int dir, char letter, size_t n)
{
	OWNED(freep) char *name = mem_zalloc(n + 1, 1);
	int fd;

	memset(name, letter, n);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	close(fd);
}

/* Down and down, until *left bytes of the longest path are left for "/name". */
static int
make_deep(const char *top, size_t *left, size_t *levels)
{
	int dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*levels = 0;
	*left = PATH_BYTES_MAX - strlen(top);
	while (*left > 200) {
		size_t n = *left > 350 ? 249 : *left - 101;
		OWNED(freep) char *name = mem_zalloc(n + 1, 1);
		int next;

		memset(name, 'd', n);
		assert_int_equal(mkdirat(dir, name, 0755), 0);
		next = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		close(dir);
		dir = next;
		*left -= n + 1;
		++*levels;
	}
	return dir;
}

/* From the deepest up: its path is too long for rmdir. */
static void
remove_deep(int dir, size_t levels)
{
	for (size_t i = 0; i <= levels; i++) {
		int up = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		OWNED(closedirp) DIR *d = fdopendir(dir);
		const struct dirent *at;

		while ((at = readdir(d)) != NULL) {
			int what = at->d_name[0] == 'd' ? AT_REMOVEDIR : 0;

			if (at->d_name[0] != '.')
				assert_int_equal(unlinkat(dirfd(d), at->d_name, what), 0);
		}
		dir = up;
	}
	close(dir);
}

static void
paths_are_saved_up_to_the_longest_that_a_record_holds(void **state)
{
	struct fileset fs = { .blocks = NULL };
	OWNED(freep) char *file = str_printf("F %s", (char *)*state);
	struct counted c = { .n = 0 };
	struct walk_sink sink = { count_entry, count_note, &c };
	struct walk_options o = { .cancel = NULL };
	struct err e = ERR_INIT;
	size_t left, levels;
	int dir = make_deep(*state, &left, &levels);

	touch_at(dir, 'a', left - 1);
	touch_at(dir, 'b', left);
	assert_int_equal(fileset_parse_line(&fs, bytes_str("I"), &e), ERR_OK);
	assert_int_equal(fileset_parse_line(&fs, bytes_str("O 0"), &e), ERR_OK);
	assert_int_equal(fileset_parse_line(&fs, bytes_str(file), &e), ERR_OK);
	assert_int_equal(walk_run(&fs, &o, &sink, &e), ERR_OK);
	assert_int_equal(c.longest, PATH_BYTES_MAX);
	assert_int_equal(c.notes, 1);
	fileset_release(&fs);
	remove_deep(dir, levels);
}

static void
directories_come_after_their_contents(void **state)
{
	OWNED(freep) char *a = make_dir(*state, "a", 1);
	OWNED(freep) char *b = make_dir(a, "b", 2);
	OWNED(freep) char *file = str_printf("%s/file", b);
	struct seen s = { .n = 0 };

	touch(b, "file");
	assert_int_equal(walk(*state, "0", "N", 0, &s), ERR_OK);
	assert_int_equal(s.n, 4);
	assert_true(place_of(&s, file) < place_of(&s, b));
	assert_true(place_of(&s, b) < place_of(&s, a));
	assert_int_equal(s.types[place_of(&s, file)], FT_REGE);
	seen_release(&s);
}

static void
a_marked_directory_is_left_out_with_everything_below(void **state)
{
	OWNED(freep) char *a = make_dir(*state, "a", 1);
	OWNED(freep) char *b = make_dir(a, "b", 2);
	struct seen s = { .n = 0 };

	touch(a, ".nobackup");
	touch(b, "file");
	touch(*state, "other");
	assert_int_equal(walk(*state, "0", "Z .nobackup", 0, &s), ERR_OK);
	assert_int_equal(s.n, 2);
	seen_release(&s);
}

static void
without_recursion_directories_are_saved_but_not_entered(void **state)
{
	OWNED(freep) char *a = make_dir(*state, "a", 1);
	struct seen s = { .n = 0 };

	touch(a, "file");
	touch(*state, "other");
	assert_int_equal(walk(*state, "h", "N", 0, &s), ERR_OK);
	assert_int_equal(s.n, 3);
	assert_int_equal(s.types[place_of(&s, a)], FT_DIREND);
	assert_int_equal(s.notes, 1);
	seen_release(&s);
}

static void
what_is_not_there_is_noted_and_the_walk_goes_on(void **state)
{
	struct seen s = { .n = 0 };

	assert_int_equal(walk("/nonexistent/walk-test", "0", "N", 0, &s), ERR_OK);
	assert_int_equal(s.n, 0);
	assert_int_equal(s.notes, 1);
	assert_int_equal(walk("relative/path", "0", "N", 0, &s), ERR_OK);
	assert_int_equal(s.notes, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_deep_tree_is_walked_with_few_open_directories,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_above_a_directory_that_was_moved_is_saved,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			only_what_cannot_be_reached_any_more_is_lost_and_told, setup, teardown),
		cmocka_unit_test_setup_teardown(
			paths_are_saved_up_to_the_longest_that_a_record_holds, setup, teardown),
		cmocka_unit_test_setup_teardown(directories_come_after_their_contents, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_marked_directory_is_left_out_with_everything_below, setup, teardown),
		cmocka_unit_test_setup_teardown(
			without_recursion_directories_are_saved_but_not_entered, setup, teardown),
		cmocka_unit_test(what_is_not_there_is_noted_and_the_walk_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
