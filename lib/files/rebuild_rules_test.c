/*
 * Which files a restore leaves, replaces and finishes: by the rules, and when it was interrupted.
 *
 * labels: tsan
 */
#include "lib/files/rebuild_check.h"
#include "lib/files/inodes.h"

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

/* Two jobs of a chain that both have it, or one that has it twice. */
static void
the_later_version_wins_within_a_restore_whatever_the_rule(void **state)
{
	static const enum rebuild_replace modes[] = { REPLACE_NEVER, REPLACE_IF_NEWER,
						      REPLACE_IF_OLDER, REPLACE_ALWAYS };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		char name[32], other[32];

		(void)snprintf(name, sizeof(name), "/new%zu", i);
		(void)snprintf(other, sizeof(other), "/other%zu", i);
		begin(f, (struct rebuild_options){ 0 });
		regular(f, "/there", "as it was");
		finish(f);
		begin(f, (struct rebuild_options){ .replace = modes[i] });
		for (uint32_t session = 1; session <= 2; session++) {
			struct entry e = { name, FT_REG, S_IFREG | 0600, 1, 1000, NULL, 0 };

			attr_in(f, session, 5, e);
			put(f, session, 5, STREAM_FILE_DATA, bytes_str(session == 1 ? "1" : "2"));
			e.name = "/there";
			attr_in(f, session, 6, e);
			put(f, session, 6, STREAM_FILE_DATA, bytes_str(session == 1 ? "1" : "2"));
			e = (struct entry){ other, FT_LNK, S_IFLNK,
					    0,     1000,   session == 1 ? "first" : "second",
					    0 };
			attr_in(f, session, 7, e);
		}
		finish(f);
		assert_content(f, name, "2");
		assert_content(f, "/there", modes[i] == REPLACE_ALWAYS ? "2" : "as it was");
		assert_int_equal(stat_of(f, other).st_size, 6);
		assert_int_equal(f->events[REBUILD_SKIPPED], modes[i] == REPLACE_ALWAYS ? 0 : 2);
	}
}

static void
many_names_are_known_to_be_of_this_restore(void **state)
{
	struct fixture *f = *state;

	begin(f, (struct rebuild_options){ .replace = REPLACE_NEVER });
	for (int i = 0; i < 2000; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "/d%d/f%d", i % 10, i % 1000);
		regular(f, name, i < 1000 ? "first" : "second");
	}
	finish(f);
	assert_int_equal(f->events[REBUILD_SKIPPED], 0);
	assert_content(f, "/d0/f0", "second");
	assert_content(f, "/d9/f999", "second");
}

/* ---- restores that ended before all was there ---- */

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
	/* Its record was to come: what it hides stays hidden. */
	assert_int_equal(stat_of(f, "/way").st_mode, S_IFDIR | 01700);
}

static void
half_a_file(struct fixture *f, const char *name)
{
	static char half[300000];

	memset(half, 'h', sizeof(half) - 1);
	attr(f, (struct entry){ name, FT_REG, S_IFREG | 0640, 2 * sizeof(half), 1000, NULL, 0 });
	data(f, half);
}

static void
what_was_in_the_middle_is_named_when_the_restore_ends(void **state)
{
	struct fixture *f = *state;

	begin(f, (struct rebuild_options){ 0 });
	regular(f, "/whole", "x");
	half_a_file(f, "/half");
	rebuild_stop(f->r);
	assert_int_equal(f->events[REBUILD_RESTORED], 1);
	assert_int_equal(f->events[REBUILD_ERROR], 1);
	assert_string_equal(f->last_name, "/half");
	assert_non_null(strstr(f->last, "incomplete"));
	assert_int_equal(stat_of(f, "/whole").st_mode, S_IFREG | 0640);
	assert_int_equal(stat_of(f, "/half").st_mode, S_IFREG | 01600);
	rebuild_freep(&f->r);
	assert_int_equal(f->events[REBUILD_ERROR], 1);
}

static void
what_an_interrupted_restore_left_is_restored_by_the_next(void **state)
{
	static const enum rebuild_replace modes[] = { REPLACE_NEVER, REPLACE_IF_NEWER,
						      REPLACE_IF_OLDER };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		begin(f, (struct rebuild_options){ .replace = modes[i] });
		regular(f, "/d/whole", "x");
		half_a_file(f, "/d/half");
		rebuild_freep(&f->r);
		begin(f, (struct rebuild_options){ .replace = modes[i] });
		regular(f, "/d/whole", "y");
		regular(f, "/d/half", "all of it");
		attr(f, (struct entry){ "/d/", FT_DIREND, S_IFDIR | 0751, 0, 4000, NULL, 0 });
		finish(f);
		assert_int_equal(f->events[REBUILD_SKIPPED], 1);
		assert_int_equal(f->events[REBUILD_ERROR], 0);
		assert_content(f, "/d/whole", "x");
		assert_content(f, "/d/half", "all of it");
		assert_int_equal(stat_of(f, "/d/half").st_mode, S_IFREG | 0640);
		assert_int_equal(stat_of(f, "/d").st_mode, S_IFDIR | 0751);
		assert_int_equal(stat_of(f, "/d").st_mtime, 4000);
		assert_int_equal(remove_tree(AT_FDCWD, f->out), 0);
	}
}

static void
a_file_saved_with_the_mode_of_an_unfinished_one_is_kept(void **state)
{
	struct entry e = { "/odd", FT_REG, S_IFREG | 01600, 1, 1000, NULL, 0 };
	struct fixture *f = *state;

	for (int i = 0; i < 2; i++) {
		begin(f, (struct rebuild_options){ .replace = REPLACE_NEVER });
		attr(f, e);
		data(f, i == 0 ? "1" : "2");
		finish(f);
	}
	assert_int_equal(f->events[REBUILD_SKIPPED], 1);
	assert_content(f, "/odd", "1");
}

/* ---- directories ---- */

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
	const struct CMUnitTest tests[] = {
		T(rules_decide_about_files_that_are_there),
		T(the_later_version_wins_within_a_restore_whatever_the_rule),
		T(many_names_are_known_to_be_of_this_restore),
		T(directories_are_finished_when_the_restore_breaks),
		T(what_was_in_the_middle_is_named_when_the_restore_ends),
		T(what_an_interrupted_restore_left_is_restored_by_the_next),
		T(a_file_saved_with_the_mode_of_an_unfinished_one_is_kept),
		T(directories_that_are_there_keep_their_attributes_unless_all_is_replaced),
		T(a_directory_made_on_the_way_by_the_restore_before_gets_its_attributes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
