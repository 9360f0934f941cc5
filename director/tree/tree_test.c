#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "director/tree/tree_internal.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/own.h"

/* lstat texts: regular file of 8 bytes, directory, hard link to FileIndex 1 and to 9. */
#define REG   "P4A qIL IGk B A A A I BAA I BrAQB8 BrAQB6 BrAQB6 A A C"
#define DIR_  "P4A qIL EHt B A A A BAA BAA I BrAQB8 BrAQB6 BrAQB6 A A C"
#define LINK1 "P4A qIL IGk C A A A I BAA I BrAQB8 BrAQB6 BrAQB6 B A C"
#define LINK9 "P4A qIL IGk C A A A I BAA I BrAQB8 BrAQB6 BrAQB6 J A C"

static const struct {
	uint32_t job, slot;
	int32_t index;
	const char *path, *name, *lstat;
} rows[] = {
	{ 7, 0, 1, "/srv/data/", "a.txt", REG },
	{ 7, 0, 2, "/srv/data/", "b c.txt", REG },
	{ 7, 0, 3, "/srv/data/", "hard.txt", LINK1 },
	{ 7, 1, 4, "/srv/data/newdir/", "n.txt", REG },
	{ 7, 1, 5, "/srv/data/newdir/", "", DIR_ },
	{ 7, 0, 6, "/srv/data/", "soft", REG },
	{ 7, 0, 7, "/srv/data/", "", DIR_ },
	{ 3, 2, 10, "/srv/", "old.txt", LINK9 },
	{ 3, 2, 12, "/srv/", "[x]", REG },
};

static int
set_up(void **state)
{
	struct tree *t = tree_new();
	struct err err = ERR_INIT;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tree_row r = { .job_id = rows[i].job,
				      .file_index = rows[i].index,
				      .path_slot = rows[i].slot,
				      .path = bytes_str(rows[i].path),
				      .name = bytes_str(rows[i].name),
				      .lstat = bytes_str(rows[i].lstat) };

		assert_int_equal(tree_add(t, &r, &err), ERR_OK);
	}
	assert_int_equal(tree_finish(t, &err), ERR_OK);
	*state = t;
	return 0;
}

static int
tear_down(void **state)
{
	tree_free((struct tree *)*state);
	return 0;
}

struct names {
	struct tree *t;
	struct buf text;
};

static bool
take_path(void *arg, const struct tree_item *item)
{
	struct names *n = (struct names *)arg;

	tree_item_path(n->t, item, &n->text);
	buf_put(&n->text, ";", 1);
	return true;
}

static bool
mark_it(void *arg, const struct tree_item *item)
{
	(void)tree_mark((struct tree *)arg, item, true, TREE_ALL_BELOW);
	return true;
}

static void
expect_match(struct tree *t, const char *cwd, const char *pattern, bool deep, const char *want)
{
	struct names n = { t, BUF_INIT(4096) };
	uint32_t dir = tree_cd(t, tree_root(t), bytes_str(cwd));

	assert_int_not_equal(dir, TREE_NONE);
	tree_match(t, dir, bytes_str(pattern), deep, take_path, &n);
	assert_string_equal(buf_str(&n.text), want);
	buf_release(&n.text);
}

static void
lists_are_sorted_and_parents_are_made(void **state)
{
	struct tree *t = (struct tree *)*state;
	struct names n = { t, BUF_INIT(4096) };

	assert_int_equal(tree_count(t), 9);
	assert_int_equal(tree_files(t), 7);
	tree_list(t, tree_cd(t, tree_root(t), bytes_str("srv/data")), take_path, &n);
	assert_string_equal(buf_str(&n.text),
			    "/srv/data/a.txt;/srv/data/b c.txt;/srv/data/hard.txt;"
			    "/srv/data/newdir/;/srv/data/soft;");
	buf_clear(&n.text);
	tree_list(t, tree_root(t), take_path, &n);
	assert_string_equal(buf_str(&n.text), "/srv/;");
	buf_release(&n.text);
}

static void
directories_are_found_by_every_spelling(void **state)
{
	struct tree *t = (struct tree *)*state;
	uint32_t data = tree_cd(t, tree_root(t), bytes_str("/srv/data"));

	assert_int_not_equal(data, TREE_NONE);
	assert_int_equal(tree_cd(t, tree_root(t), bytes_str("srv/./data/")), data);
	assert_int_equal(tree_cd(t, data, bytes_str("newdir/..")), data);
	assert_int_equal(tree_cd(t, data, bytes_str("../../..")), tree_root(t));
	assert_int_equal(tree_cd(t, data, bytes_str("a.txt")), TREE_NONE);
	assert_int_equal(tree_cd(t, data, bytes_str("nosuch")), TREE_NONE);
	assert_int_equal(tree_cd(t, data, bytes_str("")), TREE_NONE);
}

static void
wildcards_match_per_component(void **state)
{
	struct tree *t = (struct tree *)*state;

	expect_match(t, "/srv/data", "*.txt", false,
		     "/srv/data/a.txt;/srv/data/b c.txt;/srv/data/hard.txt;");
	expect_match(t, "/srv/data", "[ab]*", false, "/srv/data/a.txt;/srv/data/b c.txt;");
	expect_match(t, "/srv/data", "*/", false, "/srv/data/newdir/;");
	expect_match(t, "/", "/srv/*/n*", false, "/srv/data/newdir/;");
	expect_match(t, "/", "srv/data/?oft", false, "/srv/data/soft;");
	expect_match(t, "/", "**/n.txt", false, "/srv/data/newdir/n.txt;");
	expect_match(t, "/", "**/**/**/**/n.txt", false, "/srv/data/newdir/n.txt;");
	expect_match(t, "/", "n.txt", true, "/srv/data/newdir/n.txt;");
	expect_match(t, "/", "n.txt", false, "");
	expect_match(t, "/srv", "\\[x\\]", false, "/srv/[x];");
	expect_match(t, "/", "/", false, "/;");
	expect_match(t, "/srv/data/newdir", "../a.txt", false, "/srv/data/a.txt;");
}

static void
what_a_pattern_meets_in_several_ways_is_visited_once(void **state)
{
	struct tree *t = (struct tree *)*state;
	struct tree *two = tree_new();
	struct err err = ERR_INIT;

	expect_match(t, "/", "**/n.txt", true, "/srv/data/newdir/n.txt;");
	for (int32_t i = 1; i <= 9; i++) {
		char path[] = "/d/0/";

		path[3] = (char)('0' + i);
		assert_int_equal(tree_add(two,
					  &(struct tree_row){ .job_id = 1,
							      .file_index = i,
							      .path_slot = (uint32_t)i,
							      .path = bytes_str(path),
							      .name = bytes_str("f"),
							      .lstat = bytes_str(REG) },
					  &err),
				 ERR_OK);
	}
	assert_int_equal(tree_finish(two, &err), ERR_OK);
	expect_match(two, "/d", "*/../2/f", false, "/d/2/f;");
	expect_match(two, "/d", "*/..", false, "/d/;");
	expect_match(two, "/d/1", "../2/f", true, "/d/2/f;");
	expect_match(two, "/", "**/../2/f", false, "/d/2/f;");
	tree_free(two);
}

static void
marks_go_down_and_show_up(void **state)
{
	struct tree *t = (struct tree *)*state;
	uint32_t data = tree_cd(t, tree_root(t), bytes_str("/srv/data"));
	struct tree_item srv = { tree_cd(t, tree_root(t), bytes_str("/srv")), TREE_NONE, true };

	tree_match(t, data, bytes_str("newdir"), false, mark_it, t);
	assert_int_equal(tree_marked(t), 2);
	assert_int_equal(tree_item_tag(t, &srv), TREE_TAG_INSIDE);
	assert_int_equal(tree_marked_bytes(t), 8);
	assert_int_equal(tree_mark(t, &srv, true, TREE_ALL_BELOW), 7);
	assert_int_equal(tree_mark(t, &srv, true, TREE_ALL_BELOW), 0);
	assert_int_equal(tree_mark(t, &srv, false, TREE_ALL_BELOW), 9);
	assert_int_equal(tree_marked(t), 0);
	assert_int_equal(tree_item_tag(t, &srv), TREE_TAG_NONE);
	assert_int_equal(tree_mark_all(t), 9);
}

static void
a_hard_link_brings_the_name_with_its_data(void **state)
{
	struct tree *t = (struct tree *)*state;
	uint32_t data = tree_cd(t, tree_root(t), bytes_str("/srv/data"));
	size_t n;

	tree_match(t, data, bytes_str("hard.txt"), false, mark_it, t);
	assert_int_equal(tree_marked(t), 2);
	OWNED(freep) struct tree_run *runs = tree_marked_runs(t, 7, &n);
	assert_int_equal(n, 2);
	assert_int_equal(runs[0].first, 1);
	assert_int_equal(runs[0].last, 1);
	assert_int_equal(runs[1].first, 3);
	assert_int_equal(runs[1].last, 3);
}

static void
data_behind_a_name_that_is_gone_is_read_too(void **state)
{
	struct tree *t = (struct tree *)*state;
	size_t n;

	tree_match(t, tree_root(t), bytes_str("/srv/old.txt"), false, mark_it, t);
	assert_int_equal(tree_marked(t), 1);
	OWNED(freep) struct tree_run *runs = tree_marked_runs(t, 3, &n);
	assert_int_equal(n, 1);
	assert_int_equal(runs[0].first, 9);
	assert_int_equal(runs[0].last, 10);
	OWNED(freep) struct tree_run *unasked = tree_unmarked_runs(t, 3, &n);
	assert_int_equal(n, 1);
	assert_int_equal(unasked[0].first, 9);
	assert_int_equal(unasked[0].last, 9);
	tree_match(t, tree_root(t), bytes_str("/srv/data/hard.txt"), false, mark_it, t);
	OWNED(freep) struct tree_run *none = tree_unmarked_runs(t, 7, &n);
	assert_int_equal(n, 0); /* the name with the data was marked, too */
	assert_null(none);
}

static void
runs_are_joined_per_job(void **state)
{
	struct tree *t = (struct tree *)*state;
	uint32_t jobs[4];
	size_t n;

	(void)tree_mark_all(t);
	assert_int_equal(tree_marked_jobs(t, jobs, 4), 2);
	assert_int_equal(jobs[0], 3); /* the rows of 7 came first: it is newer */
	assert_int_equal(jobs[1], 7);
	OWNED(freep) struct tree_run *runs = tree_marked_runs(t, 7, &n);
	assert_int_equal(n, 1);
	assert_int_equal(runs[0].first, 1);
	assert_int_equal(runs[0].last, 7);
	OWNED(freep) struct tree_run *none = tree_marked_runs(t, 99, &n);
	assert_int_equal(n, 0);
	assert_null(none);
}

static void
only_a_directory_entry_can_be_marked(void **state)
{
	struct tree *t = (struct tree *)*state;
	uint32_t dir = tree_cd(t, tree_root(t), bytes_str("/srv/data/newdir"));
	struct tree_item parent = { dir, TREE_NONE, true };

	assert_int_equal(tree_mark(t, &parent, true, TREE_SELF), 0);
	assert_int_equal(tree_mark(t, &parent, true, TREE_FILES_IN), 2);
}

static void
bad_rows_are_refused(void **state)
{
	OWNED(tree_freep) struct tree *t = tree_new();
	struct err err = ERR_INIT;
	struct tree_row r = { .job_id = 1, .file_index = 0, .path = bytes_str("/a/") };

	(void)state;
	assert_int_equal(tree_add(t, &r, &err), ERR_FORMAT);
	r.file_index = -1;
	assert_int_equal(tree_add(t, &r, &err), ERR_FORMAT);
	r.file_index = 1;
	r.path = bytes_str("");
	assert_int_equal(tree_add(t, &r, &err), ERR_FORMAT);
	r.path = bytes_str("/a/");
	r.lstat = bytes_of(err.text, 70000); /* only its length is looked at */
	assert_int_equal(tree_add(t, &r, &err), ERR_FORMAT);
	assert_int_equal(tree_finish(t, &err), ERR_OK);
	assert_int_equal(tree_count(t), 0);
}

/* Spec: catalog.md 6.5: the whole name is the path then. */
static void
names_without_a_directory_stand_below_the_root(void **state)
{
	OWNED(tree_freep) struct tree *t = tree_new();
	struct err err = ERR_INIT;
	struct tree_row r = { .job_id = 1, .lstat = bytes_str(REG) };
	static const struct {
		const char *path, *name;
	} odd[] = { { "x", "" }, { "", "y" }, { "/a/", "z" }, { "@plugin", "" } };

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		r.file_index++;
		r.path_slot = (uint32_t)i;
		r.path = bytes_str(odd[i].path);
		r.name = bytes_str(odd[i].name);
		assert_int_equal(tree_add(t, &r, &err), ERR_OK);
	}
	assert_int_equal(tree_finish(t, &err), ERR_OK);
	assert_int_equal(tree_count(t), 4);
	assert_int_equal(tree_files(t), 4);
	expect_match(t, "/", "*", false, "/@plugin;/a/;/x;/y;");
	expect_match(t, "/", "x", false, "/x;");
	assert_int_equal(tree_mark_all(t), 4);
}

static void
windows_paths_hang_below_the_root(void **state)
{
	OWNED(tree_freep) struct tree *t = tree_new();
	struct err err = ERR_INIT;
	struct tree_row r = { .job_id = 1,
			      .file_index = 1,
			      .path = bytes_str("C:/Users/"),
			      .name = bytes_str("x"),
			      .lstat = bytes_str(REG) };

	(void)state;
	assert_int_equal(tree_add(t, &r, &err), ERR_OK);
	assert_int_equal(tree_finish(t, &err), ERR_OK);
	assert_int_not_equal(tree_cd(t, tree_root(t), bytes_str("C:/Users")), TREE_NONE);
	expect_match(t, "/", "C:/*/x", false, "C:/Users/x;");
}

/* Any user can make such directories: they must not cost the square of their depth. */
static void
a_deep_directory_costs_its_names_and_one_too_deep_is_left_out(void **state)
{
	OWNED(tree_freep) struct tree *t = tree_new();
	OWNED(buf_release) struct buf path = BUF_INIT(1u << 20);
	OWNED(buf_release) struct buf shown = BUF_INIT(1u << 20);
	struct err err = ERR_INIT;
	struct tree_row r = { .job_id = 1, .file_index = 1, .name = bytes_str("f") };

	(void)state;
	r.lstat = bytes_str(REG);
	buf_text(&path, "/");
	for (int i = 0; i < 16384; i++)
		buf_text(&path, "a-directory-of-29-characters-/");
	r.path = buf_bytes(&path);
	assert_int_equal(tree_add(t, &r, &err), ERR_OK);
	assert_in_range(t->text_len, 0, 2 * path.len);
	struct tree_item item = { t->entry[0].dir, 0, false };
	for (int i = 0; i < 1000; i++)
		buf_text(&path, "d/");
	r.file_index = 2;
	r.path_slot = 1;
	r.path = buf_bytes(&path);
	assert_int_equal(tree_add(t, &r, &err), ERR_FORMAT);
	assert_int_equal(tree_finish(t, &err), ERR_OK);
	assert_int_equal(tree_files(t), 1);
	assert_int_equal(tree_mark_all(t), 1);
	tree_item_path(t, &item, &shown);
	buf_text(&shown, "!");
	path.len -= 2000;
	buf_text(&path, "f!");
	assert_string_equal(buf_str(&shown), buf_str(&path));
}

static bool
count_item(void *arg, const struct tree_item *item)
{
	(void)item;
	(*(size_t *)arg)++;
	return true;
}

static void
a_deep_directory_is_walked_and_searched(void **state)
{
	OWNED(tree_freep) struct tree *t = tree_new();
	OWNED(buf_release) struct buf path = BUF_INIT(1u << 20);
	struct err err = ERR_INIT;
	struct tree_row r = { .job_id = 1, .file_index = 1, .name = bytes_str("f") };
	size_t n = 0;

	(void)state;
	r.lstat = bytes_str(REG);
	buf_text(&path, "/");
	for (int i = 0; i < 17000; i++)
		buf_text(&path, "d/");
	r.path = buf_bytes(&path);
	assert_int_equal(tree_add(t, &r, &err), ERR_OK);
	assert_int_equal(tree_finish(t, &err), ERR_OK);
	tree_walk(t, tree_root(t), count_item, &n);
	assert_int_equal(n, 17001);
	n = 0;
	tree_match(t, tree_root(t), bytes_str("**"), false, count_item, &n);
	assert_int_equal(n, 17001);
	n = 0;
	tree_match(t, tree_root(t), bytes_str("f"), true, count_item, &n);
	assert_int_equal(n, 1);
}

int
main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(lists_are_sorted_and_parents_are_made),
		TEST(directories_are_found_by_every_spelling),
		TEST(wildcards_match_per_component),
		TEST(what_a_pattern_meets_in_several_ways_is_visited_once),
		TEST(marks_go_down_and_show_up),
		TEST(a_hard_link_brings_the_name_with_its_data),
		TEST(data_behind_a_name_that_is_gone_is_read_too),
		TEST(runs_are_joined_per_job),
		TEST(only_a_directory_entry_can_be_marked),
		TEST(bad_rows_are_refused),
		TEST(names_without_a_directory_stand_below_the_root),
		TEST(windows_paths_hang_below_the_root),
		TEST(a_deep_directory_costs_its_names_and_one_too_deep_is_left_out),
		TEST(a_deep_directory_is_walked_and_searched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
