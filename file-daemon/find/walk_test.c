/* file-daemon/find/walk_test.c - order, depth and exclusion of the walk, over a small real tree */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
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
};

static enum err_code
on_entry(void *arg, const struct file_entry *e, struct err *err)
{
	struct seen *s = arg;

	if (s->n == 512)
		return err_set(err, ERR_LIMIT, "too many");
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
