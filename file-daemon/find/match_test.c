/* file-daemon/find/match_test.c - letters, matching order, since rule, links */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file-daemon/find/match.h"
#include "lib/base/own.h"
#include "lib/proto/stream.h"

static void
parse_lines(struct fileset *fs, const char *const *lines)
{
	struct err e = ERR_INIT;

	for (; *lines != NULL; lines++)
		assert_int_equal(fileset_parse_line(fs, bytes_str(*lines), &e), ERR_OK);
}

struct letters_case {
	const char *what, *letters;
	bool good;
	uint32_t flags, digest, strip;
};

static const struct letters_case letters_cases[] = {
	{ "defaults", "HAX", true, OPT_NO_HARDLINKS | OPT_ACL | OPT_XATTR, 0, 0 },
	{ "XXH128", "S4HAX", true, OPT_NO_HARDLINKS | OPT_ACL | OPT_XATTR, 40, 0 },
	{ "SHA1 then sparse", "Ss", true, OPT_SPARSE, 10, 0 },
	{ "SHA1 spelled out", "S1", true, 0, 10, 0 },
	{ "SHA256", "S2", true, 0, 17, 0 },
	{ "SHA512", "S3", true, 0, 18, 0 },
	{ "MD5, accurate, verify", "MCpins:Vpins5:eHAX", true,
	  OPT_EXCLUDE | OPT_NO_HARDLINKS | OPT_ACL | OPT_XATTR, 3, 0 },
	{ "compression", "S4Z6sVpins1:HAX", true,
	  OPT_SPARSE | OPT_NO_HARDLINKS | OPT_ACL | OPT_XATTR, 40, 0 },
	{ "lz4", "Zf4", true, 0, 0, 0 },
	{ "strip", "P12:", true, 0, 0, 12 },
	{ "shadowing, encryption, size", "d2Ea3Ef0z10k-2M:", true, 0, 0, 0 },
	{ "unknown letter", "Q", false, 0, 0, 0 },
	{ "unknown compression", "Zf9", false, 0, 0, 0 },
	{ "section without end", "Cmcs", false, 0, 0, 0 },
	{ "strip is no number", "Px:", false, 0, 0, 0 },
	{ "shadowing out of range", "d5", false, 0, 0, 0 },
	{ "bad size", "z10q:", false, 0, 0, 0 },
};

static void
option_letters_become_options(void **state)
{
	for (size_t i = 0; i < sizeof(letters_cases) / sizeof(letters_cases[0]); i++) {
		const struct letters_case *c = &letters_cases[i];
		struct file_options o = { .flags = 0 };
		struct err e = ERR_INIT;
		bool good = file_options_parse(c->letters, &o, &e) == ERR_OK;

		if (good != c->good || (good && (o.flags != c->flags || o.strip != c->strip ||
						 o.digest_stream != c->digest)))
			fail_msg("%s", c->what);
	}
}

/* Of a director that did not look itself. */
static void
a_regular_expression_that_would_take_the_stack_is_refused(void **state)
{
	OWNED(buf_release) struct buf line = BUF_INIT(100000);
	struct fileset fs = { .n = 0 };
	struct err e = ERR_INIT;

	buf_put(&line, "R ", 2);
	for (int i = 0; i < 60000; i++)
		buf_put(&line, "(", 1);
	assert_int_equal(fileset_parse_line(&fs, bytes_str("I"), &e), ERR_OK);
	assert_int_equal(fileset_parse_line(&fs, bytes_str("O e"), &e), ERR_OK);
	assert_int_equal(fileset_parse_line(&fs, buf_bytes(&line), &e), ERR_PROTO);
	fileset_release(&fs);
}

struct match_case {
	const char *path;
	bool dir, take;
	enum match_reason reason;
};

static const char *const order_lines[] = {
	"I\n",          "O e\n",   "W *.tmp\n", "WD */cache\n",  "RF \\.o$\n", "N\n", "O S4\n",
	"WF */keep*\n", "N\n",     "O Mi\n",    "N\n",           "F /srv\n",   "N\n", "N\n",
	"E\n",          "O HAX\n", "N\n",       "F /srv/out*\n", "N\n",        "N\n", NULL,
};

static const struct match_case match_cases[] = {
	{ "/srv/a", false, true, MATCH_TAKEN_BY_DEFAULT },
	{ "/srv/a.tmp", false, false, MATCH_OUT_BY_PATTERN },
	{ "/srv/x/cache", true, false, MATCH_OUT_BY_PATTERN },
	{ "/srv/x/cache", false, true, MATCH_TAKEN_BY_DEFAULT },
	{ "/srv/m.o", false, false, MATCH_OUT_BY_PATTERN },
	{ "/srv/m.o", true, true, MATCH_TAKEN_BY_DEFAULT },
	{ "/srv/keep.txt", false, true, MATCH_TAKEN_BY_PATTERN },
	{ "/srv/outside/b", false, false, MATCH_OUT_BY_EXCLUDE },
	{ "/srv/in\nvalid\xff", false, true, MATCH_TAKEN_BY_DEFAULT },
};

static void
lists_are_tried_in_the_order_of_the_spec(void **state)
{
	struct fileset fs = { .blocks = NULL };

	parse_lines(&fs, order_lines);
	for (size_t i = 0; i < sizeof(match_cases) / sizeof(match_cases[0]); i++) {
		const struct match_case *c = &match_cases[i];
		struct match m = fileset_match(&fs, &fs.blocks[0], c->path, c->dir);

		if (m.take != c->take || m.reason != c->reason)
			fail_msg("%s: %s", c->path, match_reason_text(m.reason));
	}
	fileset_release(&fs);
}

static void
a_hit_brings_the_options_of_its_block_and_no_hit_those_of_the_last(void **state)
{
	struct fileset fs = { .blocks = NULL };
	struct match m;

	parse_lines(&fs, order_lines);
	m = fileset_match(&fs, &fs.blocks[0], "/srv/keep.txt", false);
	assert_int_equal(m.options->digest_stream, STREAM_XXH128_DIGEST);
	m = fileset_match(&fs, &fs.blocks[0], "/srv/other", false);
	assert_int_equal(m.options->digest_stream, STREAM_MD5_DIGEST);
	fileset_release(&fs);
}

static void
a_block_without_patterns_and_with_exclude_leaves_everything_out(void **state)
{
	static const char *const lines[] = { "I", "O e", "N", "F /srv", "N", NULL };
	struct fileset fs = { .blocks = NULL };

	parse_lines(&fs, lines);
	assert_int_equal(fileset_match(&fs, &fs.blocks[0], "/srv/a", false).reason,
			 MATCH_OUT_BY_BLOCK);
	assert_non_null(fileset_top_options(&fs.blocks[0], "/srv", true));
	fileset_release(&fs);
}

static void
wrong_fileset_lines_are_refused(void **state)
{
	static const char *const bad[] = { "F /a", "Q x", "R (", "W x", "O Q" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fileset fs = { .blocks = NULL };
		struct err e = ERR_INIT;

		if (i > 0)
			assert_int_equal(fileset_parse_line(&fs, bytes_str("I\n"), &e), ERR_OK);
		if (bad[i][0] == 'R')
			assert_int_equal(fileset_parse_line(&fs, bytes_str("O 0\n"), &e), ERR_OK);
		if (fileset_parse_line(&fs, bytes_str(bad[i]), &e) == ERR_OK)
			fail_msg("%s", bad[i]);
		fileset_release(&fs);
	}
}

static void
since_counts_both_times_unless_mtime_only(void **state)
{
	assert_true(changed_since(100, 100, 0, false));
	assert_true(changed_since(100, 0, 100, false));
	assert_false(changed_since(100, 0, 100, true));
	assert_false(changed_since(100, 99, 99, false));
	assert_true(changed_since(100, 200, 0, true));
	assert_false(changed_since(100, -5, -7, false));
}

static void
since_is_never_later_than_a_change_after_the_start(void **state)
{
	/* The job began at 100.0; the file was changed at that moment, by a clock this far ahead.
	 */
	static const int64_t ahead_us[] = { 0,        1,          -1,         9999,    -9999,
					    400000,   -400000,    999999,     -999999, 5000000,
					    -5000000, 3600000000, -3600000001 };

	for (size_t i = 0; i < sizeof(ahead_us) / sizeof(ahead_us[0]); i++) {
		int64_t stamp_us = 100 * 1000000 + ahead_us[i] - 4000; /* the tick before */
		int64_t since = since_on_our_clock(100, ahead_us[i]);

		assert_true(since <= stamp_us / 1000000);
		assert_true(since >= stamp_us / 1000000 - 1);
	}
}

static void
size_matches_know_ranges_and_about(void **state)
{
	const struct size_match about = { SIZE_ABOUT, 1000, 1000 };
	const struct size_match range = { SIZE_RANGE, 10, 20 };
	const struct size_match below = { SIZE_BELOW, 10, 10 };
	const struct size_match above = { SIZE_ABOVE, 10, 10 };

	assert_true(size_match_takes(&about, 1010));
	assert_true(size_match_takes(&about, 990));
	assert_false(size_match_takes(&about, 1011));
	assert_true(size_match_takes(&range, 20));
	assert_false(size_match_takes(&range, 21));
	assert_true(size_match_takes(&below, 9));
	assert_false(size_match_takes(&below, 10));
	assert_false(size_match_takes(&above, 10));
}

static void
leading_components_are_stripped_as_long_as_one_is_left(void **state)
{
	static const struct {
		const char *path;
		unsigned n;
		const char *want;
	} rows[] = { { "/a/b/c", 0, "/a/b/c" }, { "/a/b/c", 1, "/b/c" },    { "/a/b/c", 2, "/c" },
		     { "/a/b/c", 3, "/a/b/c" }, { "/a/b/c", 99, "/a/b/c" }, { "/", 1, "/" },
		     { "/a", 1, "/a" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_true(bytes_eq(fileset_strip_path(bytes_str(rows[i].path), rows[i].n),
				     bytes_str(rows[i].want)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leading_components_are_stripped_as_long_as_one_is_left),
		cmocka_unit_test(option_letters_become_options),
		cmocka_unit_test(a_regular_expression_that_would_take_the_stack_is_refused),
		cmocka_unit_test(lists_are_tried_in_the_order_of_the_spec),
		cmocka_unit_test(
			a_hit_brings_the_options_of_its_block_and_no_hit_those_of_the_last),
		cmocka_unit_test(a_block_without_patterns_and_with_exclude_leaves_everything_out),
		cmocka_unit_test(wrong_fileset_lines_are_refused),
		cmocka_unit_test(since_counts_both_times_unless_mtime_only),
		cmocka_unit_test(since_is_never_later_than_a_change_after_the_start),
		cmocka_unit_test(size_matches_know_ranges_and_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
