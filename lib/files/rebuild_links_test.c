#include "lib/files/rebuild_check.h"
#include "lib/crypto/digest.h"

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

/* ---- where somebody else may rename ---- */

#define THEM 54321u

static void
make_dir_of(const struct fixture *f, const char *name, mode_t mode, uid_t uid)
{
	char path[256];

	assert_int_equal(mkdir(path_in(f, name, path), 0700), 0);
	assert_int_equal(chown(path, uid, uid), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* Root's own links, too: one of those that the restore makes, or of another place in there. */
static void
a_link_that_others_can_move_is_not_followed(void **state)
{
	static const struct {
		const char *dir, *link;
		mode_t mode;
		uid_t uid;
		bool followed;
	} cases[] = {
		{ "/theirs", "/theirs/l", 0755, THEM, false },
		{ "/of-group", "/of-group/l", 0775, 0, false },
		{ "/of-all", "/of-all/l", 01777, 0, false },
		{ "/theirs/ours", "/theirs/ours/l", 0755, 0, false },
		{ "/of-all/ours", "/of-all/ours/l", 0755, 0, true },
		{ "/ours", "/ours/l", 0755, 0, true },
	};
	struct fixture *f = *state;
	char name[64], path[256];

	if (geteuid() != 0)
		skip();
	make_dir_of(f, "", 0755, 0);
	make_dir_of(f, "/real", 0700, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		make_dir_of(f, cases[i].dir, cases[i].mode, cases[i].uid);
		put_link(f, strchr(cases[i].dir + 1, '/') != NULL ? "../../real" : "../real",
			 cases[i].link);
	}
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(*cases); i++) {
		bool in_place = i % 2 != 0, followed = cases[i / 2].followed;

		(void)snprintf(name, sizeof(name), "%s/f%zu", cases[i / 2].link, i);
		begin(f, (struct rebuild_options){ .where = in_place ? "/" : NULL });
		regular(f, in_place ? path_in(f, name, path) : name, "x");
		finish(f);
		if (f->events[REBUILD_ERROR] != !followed)
			fail_msg("%s: %s", name, f->last);
		(void)snprintf(name, sizeof(name), "/real/f%zu", i);
		assert_int_equal(exists(f, name), followed);
		if (!followed)
			assert_non_null(strstr(f->last, "that others can move"));
	}
}

static void
links_up_and_round_stay_below_the_target(void **state)
{
	static const struct {
		const char *to;
		bool followed;
	} cases[] = {
		{ "../real", true },    { "a/../../b/../real", true },  { "../..", false },
		{ "../../out", false }, { "../a/../../out", false },    { "/", false },
		{ "round", false },     { "../theirs/../real", false },
	};
	struct fixture *f = *state;
	char name[64];

	if (geteuid() != 0)
		skip();
	make_dir_of(f, "", 0755, 0);
	make_dir_of(f, "/real", 0755, 0);
	make_dir_of(f, "/a", 0755, 0);
	make_dir_of(f, "/a/a", 0755, 0);
	make_dir_of(f, "/b", 0755, 0);
	make_dir_of(f, "/theirs", 0755, THEM);
	put_link(f, "round", "/a/round");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		(void)snprintf(name, sizeof(name), "/a/l%zu", i);
		put_link(f, cases[i].to, name);
		(void)snprintf(name, sizeof(name), "/a/l%zu/f%zu", i, i);
		begin(f, (struct rebuild_options){ 0 });
		regular(f, name, "x");
		finish(f);
		if (f->events[REBUILD_ERROR] != !cases[i].followed)
			fail_msg("%s: %s", cases[i].to, f->last);
		(void)snprintf(name, sizeof(name), "/real/f%zu", i);
		assert_int_equal(exists(f, name), cases[i].followed);
	}
	/* In place, too, when others can move the directory whose parent is meant. */
	begin(f, (struct rebuild_options){ .where = "/" });
	regular(f, full(f, "/a/l1/in-place"), "x");
	assert_int_equal(f->events[REBUILD_ERROR], 0);
	regular(f, full(f, "/a/l7/in-place"), "x");
	assert_int_equal(f->events[REBUILD_ERROR], 1);
	finish(f);
}

static void
a_directory_put_in_place_of_the_one_made_is_not_touched(void **state)
{
	struct fixture *f = *state;
	char path[256], to[256];
	struct stat st;

	if (geteuid() != 0)
		skip();
	for (int implied = 0; implied < 2; implied++) {
		make_dir_of(f, "", 0755, 0);
		make_dir_of(f, "/home", 0777, THEM);
		make_dir_of(f, "/home/other", 0700, THEM + 1);
		begin(f, (struct rebuild_options){ .replace = REPLACE_NEVER });
		regular(f, "/home/d/x", "x");
		if (!implied)
			attr(f, (struct entry){ "/home/d/", FT_DIREND, S_IFDIR | 0777, 0, 4000,
						NULL, 0 });
		assert_int_equal(rename(path_in(f, "/home/d", path), path_in(f, "/home/away", to)),
				 0);
		assert_int_equal(rename(path_in(f, "/home/other", path), path_in(f, "/home/d", to)),
				 0);
		finish(f);
		st = stat_of(f, "/home/d");
		assert_int_equal(st.st_uid, THEM + 1);
		assert_int_equal(st.st_mode, S_IFDIR | 0700);
		assert_int_equal(f->events[REBUILD_WARNING], 1);
		assert_non_null(strstr(f->last, "another directory in its place"));
		assert_int_equal(remove_tree(AT_FDCWD, f->out), 0);
	}
}

/* Its time and size are no secret. */
static void
a_file_of_somebody_else_is_not_the_one_that_was_saved(void **state)
{
	struct entry b = { "/b", FT_LNKSAVED, S_IFREG | 0640, 3, 1000, "/a", 0 };
	struct fixture *f = *state;
	char path[256];

	if (geteuid() != 0)
		skip();
	begin(f, (struct rebuild_options){ 0 });
	regular(f, "/a", "bad");
	finish(f);
	assert_int_equal(chown(path_in(f, "/a", path), THEM, THEM), 0);
	begin(f, (struct rebuild_options){ .replace = REPLACE_NEVER });
	attr(f, b);
	finish(f);
	assert_int_equal(f->events[REBUILD_ERROR], 1);
	assert_false(exists(f, "/b"));
}

static void
names_of_a_link_and_of_a_fifo_are_linked(void **state)
{
	struct entry link = { "/l2", FT_LNKSAVED, S_IFLNK | 0777, 0, 1000, "/l", 0 };
	struct entry fifo = { "/p2", FT_LNKSAVED, S_IFIFO | 0640, 0, 1000, "/p", 0 };
	struct fixture *f = *state;

	begin(f, (struct rebuild_options){ 0 });
	f->nlink = 2;
	attr(f, (struct entry){ "/l", FT_LNK, S_IFLNK | 0777, 0, 1000, "nowhere", 0 });
	attr(f, link);
	attr(f, (struct entry){ "/p", FT_SPEC, S_IFIFO | 0640, 0, 1000, NULL, 0 });
	attr(f, fifo);
	finish(f);
	assert_int_equal(f->events[REBUILD_RESTORED], 4);
	assert_int_equal(stat_of(f, "/l").st_ino, stat_of(f, "/l2").st_ino);
	assert_int_equal(stat_of(f, "/p").st_ino, stat_of(f, "/p2").st_ino);
	assert_int_equal(stat_of(f, "/p2").st_mode, S_IFIFO | 0640);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(hard_links_are_resolved_by_name),
		T(nothing_is_written_outside),
		T(links_that_were_there_are_followed_only_inside),
		T(attributes_go_to_what_was_made_whatever_has_its_name_by_then),
		T(a_link_to_a_directory_stays_in_place_of_the_one_saved),
		T(a_link_replaced_by_one_of_the_volume_is_not_followed_any_more),
		T(a_restore_in_place_goes_through_no_link_of_another_user),
		T(a_target_of_another_user_is_told_and_his_link_to_one_refused),
		T(a_link_to_a_kept_file_is_made_only_when_that_is_the_one_saved),
		T(links_to_a_damaged_file_are_damaged),
		T(a_link_that_others_can_move_is_not_followed),
		T(links_up_and_round_stay_below_the_target),
		T(a_directory_put_in_place_of_the_one_made_is_not_touched),
		T(a_file_of_somebody_else_is_not_the_one_that_was_saved),
		T(names_of_a_link_and_of_a_fifo_are_linked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
