#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/fd.h"
#include "lib/proto/bootstrap_internal.h"

static struct bootstrap *
parse(const char *text)
{
	struct bootstrap *b = NULL;
	struct err err = ERR_INIT;

	if (bootstrap_parse(bytes_str(text), &b, &err) != ERR_OK)
		fail_msg("%s", err.text);
	return b;
}

static bool
enter(struct bootstrap *b, const char *volume, uint64_t start, uint64_t end, uint32_t id,
      uint32_t time)
{
	return bootstrap_enter_block(b, &(struct bsr_block){ volume, start, end, id, time }, NULL);
}

static void
a_real_one_is_read_and_written_as_it_was(void **state)
{
	struct buf in = BUF_INIT(65536), out = BUF_INIT(65536);
	struct bootstrap *b = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(fd_read_file(TERCET_GOLDEN "/bareos/span/restore-job27.bsr", &in, &err),
			 ERR_OK);
	assert_int_equal(bootstrap_parse(buf_bytes(&in), &b, &err), ERR_OK);
	assert_int_equal(bootstrap_n_records(b), 3);
	assert_int_equal(bootstrap_n_volumes(b), 3);
	assert_string_equal(bootstrap_volume(b, 1).name, "span-0028");
	assert_string_equal(bootstrap_volume(b, 1).media_type, "MT-dev-span");
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(bsr_record_emit(bootstrap_record(b, i), &out, &err), ERR_OK);
	assert_string_equal(buf_str(&out), buf_str(&in));
	bootstrap_free(b);
	buf_release(&in);
	buf_release(&out);
}

static void
the_grammar_is_tolerant_where_the_spec_says(void **state)
{
	struct bootstrap *b = parse("# comment\n"
				    "vol UME = \"a\\\"b|c\" ; VolSessionId=1,3-5,4-6\n"
				    "VOLSESSIONID = 7 # more\n\n"
				    "JobType=B; JobLevel=F\n"
				    "Include=anything here = , goes\n"
				    "Client=one,\"two words\"\n");
	const struct bsr_record *r = bootstrap_record(b, 0);

	assert_int_equal(bootstrap_n_records(b), 1);
	assert_int_equal(r->volumes.n, 2);
	assert_string_equal(r->volumes.v[0], "a\"b");
	assert_string_equal(r->volumes.v[1], "c");
	assert_int_equal(r->session_id.n, 2);
	assert_int_equal(r->session_id.v[1].first, 3);
	assert_int_equal(r->session_id.v[1].last, 7);
	assert_int_equal(r->clients.n, 2);
	assert_int_equal(r->job_types.v[0].first, 'B');
	bootstrap_free(b);
}

static void
errors_name_the_line(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "Volume=a\nVolume\n", "line 2: keyword and '=' expected" },
		{ "Volume=a\n\nNonsense=1\n", "line 3: keyword nonsense is unknown" },
		{ "Volume=\n", "line 1: volume: empty value" },
		{ "Volume=\"a\n", "line 1: volume: string is not closed with a quote" },
		{ "Volume=a\nCount=x\n", "line 2: count: number expected" },
		{ "Volume=a\nCount=4294967296\n",
		  "line 2: count: number is larger than 4294967295" },
		{ "Volume=a\nVolAddr=18446744073709551616\n",
		  "line 2: voladdr: number is larger than 18446744073709551615" },
		{ "Volume=a\nFileIndex=5-4\n", "line 2: fileindex: range 5-4 runs backwards" },
		{ "Volume=a\nFileIndex=5-4-3\n", "line 2: fileindex: range 5-4 runs backwards" },
		{ "Volume=a\nFileIndex=5 6\n", "line 2: fileindex: byte 6 behind the value" },
		{ "Volume=a\nVolSessionTime=5-6\n",
		  "line 2: volsessiontime: byte - behind the value" },
		{ "Volume=a\nFileRegex=\"(\"\n", "record 1: FileRegex \"(\": Unmatched ( or \\(" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bootstrap *b = NULL;
		struct err err = ERR_INIT;

		assert_int_equal(bootstrap_parse(bytes_str(cases[i].text), &b, &err), ERR_FORMAT);
		assert_string_equal(err.text, cases[i].why);
	}
}

static void
a_block_is_wanted_by_volume_address_and_session(void **state)
{
	struct bootstrap *b = parse("Volume=v\nVolSessionId=2\nVolSessionTime=9\n"
				    "VolAddr=100-299\nFileIndex=3-4\nFileIndex=8\nCount=3\n");

	assert_false(enter(b, "w", 100, 199, 2, 9));
	assert_false(enter(b, "v", 0, 99, 2, 9));
	assert_false(enter(b, "v", 100, 199, 1, 9));
	assert_false(enter(b, "v", 100, 199, 2, 8));
	assert_true(enter(b, "v", 100, 199, 2, 9));
	assert_false(bootstrap_match(b, 2, 1));
	assert_true(bootstrap_match(b, 3, 1));
	assert_true(bootstrap_match(b, 3, 2));
	assert_true(bootstrap_match(b, 4, 1));
	assert_false(bootstrap_match(b, 5, 1));
	assert_true(enter(b, "v", 200, 299, 2, 9));
	assert_true(bootstrap_match(b, 8, 1));
	assert_true(bootstrap_match(b, 8, 2));
	assert_false(bootstrap_is_done(b));
	assert_false(bootstrap_match(b, 9, 1));
	assert_true(bootstrap_is_done(b));
	bootstrap_free(b);
}

static void
interleaved_sessions_are_done_one_by_one(void **state)
{
	struct bootstrap *b = parse("Volume=v\nVolSessionId=1-2\nVolSessionTime=9\n"
				    "FileIndex=1-2\nCount=2\n");

	assert_true(enter(b, "v", 0, 9, 1, 9));
	assert_true(bootstrap_match(b, 1, 1));
	assert_true(bootstrap_match(b, 2, 1));
	assert_false(bootstrap_match(b, 3, 1));
	assert_true(enter(b, "v", 10, 19, 2, 9));
	assert_true(bootstrap_match(b, 1, 1));
	assert_true(enter(b, "v", 20, 29, 1, 9));
	assert_false(bootstrap_match(b, 4, 1));
	assert_true(enter(b, "v", 30, 39, 2, 9));
	assert_true(bootstrap_match(b, 1, 2));
	assert_true(bootstrap_match(b, 2, 1));
	bootstrap_free(b);
}

static void
positions_lead_from_range_to_range(void **state)
{
	struct bootstrap *b = parse("Volume=v\nVolSessionId=1\nVolSessionTime=9\nVolAddr=100-199\n"
				    "Volume=v\nVolSessionId=2\nVolSessionTime=9\nVolAddr=500-599\n"
				    "Volume=w\nVolAddr=10-20\n");
	uint64_t to = 0;

	assert_int_equal(bootstrap_seek(b, "v", 50, &to), BSR_GO);
	assert_int_equal(to, 100);
	assert_int_equal(bootstrap_seek(b, "v", 100, &to), BSR_STAY);
	assert_int_equal(bootstrap_seek(b, "v", 150, &to), BSR_STAY);
	assert_int_equal(bootstrap_seek(b, "v", 200, &to), BSR_GO);
	assert_int_equal(to, 500);
	assert_int_equal(bootstrap_seek(b, "v", 600, &to), BSR_VOLUME_DONE);
	assert_int_equal(bootstrap_seek(b, "w", 0, &to), BSR_GO);
	assert_int_equal(bootstrap_seek(b, "x", 0, &to), BSR_VOLUME_DONE);
	bootstrap_free(b);
}

/* VolFile and VolBlock as of old: where each begins, and no more. */
static void
files_and_blocks_lead_to_one_stretch_only(void **state)
{
	struct bootstrap *b = parse("Volume=v\nVolFile=0-1\nVolBlock=200-100\n"
				    "Volume=w\nVolFile=0\nVolFile=1\nVolBlock=5000-6000\n"
				    "VolBlock=200-300\n");
	uint64_t to = 0;

	(void)state;
	assert_int_equal(bootstrap_seek(b, "v", 0, &to), BSR_GO);
	assert_int_equal(to, 200);
	assert_int_equal(bootstrap_seek(b, "v", (1ull << 32) + 50, &to), BSR_STAY);
	assert_int_equal(bootstrap_seek(b, "v", 2ull << 32, &to), BSR_VOLUME_DONE);
	assert_int_equal(bootstrap_seek(b, "w", 0, &to), BSR_STAY);
	assert_true(enter(b, "w", 0, 100, 1, 9));
	bootstrap_free(b);
}

static void
labels_of_sessions_are_compared_when_known(void **state)
{
	struct bootstrap *b = parse("Volume=v\nJob=a.1\nClient=c\nJobId=5-6\nJobType=B\n");
	struct bsr_block blk = { "v", 0, 9, 1, 1 };
	struct bsr_session s = { 5, "a.1", "c", 'B', 'F' };

	assert_true(bootstrap_enter_block(b, &blk, NULL));
	assert_true(bootstrap_enter_block(b, &blk, &s));
	s.job_id = 7;
	assert_false(bootstrap_enter_block(b, &blk, &s));
	s.job_id = 6;
	s.job = "b.1";
	assert_false(bootstrap_enter_block(b, &blk, &s));
	s.job = NULL;
	s.job_type = 'V';
	assert_false(bootstrap_enter_block(b, &blk, &s));
	bootstrap_free(b);
}

static void
names_are_judged_by_the_expression(void **state)
{
	struct bootstrap *b = parse("Volume=v\nFileIndex=1-9\nFileRegex=\"\\\\.c$\"\n");
	struct bsr_verdict one = { 0 }, two = { 0 };

	assert_true(enter(b, "v", 0, 9, 1, 1));
	assert_true(bootstrap_match(b, 1, 1));
	assert_true(bootstrap_keep(b, &one, 1, bytes_str("/a.c")));
	assert_true(bootstrap_keep(b, &one, 1, bytes_of(NULL, 0)));
	assert_false(bootstrap_keep(b, &one, 2, bytes_str("/a.h")));
	assert_false(bootstrap_keep(b, &one, 2, bytes_of(NULL, 0)));
	assert_false(bootstrap_keep(b, &two, 1, bytes_of(NULL, 0)));
	bootstrap_free(b);
}

static void
a_record_without_volume_wants_nothing(void **state)
{
	struct bootstrap *b = parse("FileIndex=1-9\n");

	assert_false(enter(b, "v", 0, 9, 1, 1));
	assert_true(bootstrap_is_done(b));
	bootstrap_free(b);
}

static void
a_text_that_would_be_too_large_is_refused_whole(void **state)
{
	OWNED(bsr_record_release) struct bsr_record r = { 0 };
	OWNED(buf_release) struct buf out = BUF_INIT(100);
	struct err err = ERR_INIT;

	bsr_names_add(&r.volumes, "V");
	bsr_ranges_add(&r.file_index, 1, 1);
	assert_int_equal(bsr_record_emit(&r, &out, &err), ERR_OK);
	size_t n = out.len;
	for (uint64_t i = 3; i < 100; i += 2)
		bsr_ranges_add(&r.file_index, i, i);
	assert_int_equal(bsr_record_emit(&r, &out, &err), ERR_LIMIT);
	assert_int_equal(out.len, n);
}

/* ---- what did not come ---- */

/* Files 1 to 4 of session 1/9 lie on volume v, in blocks of 10 bytes for two each. */
static void
read_volume(struct bootstrap *b)
{
	for (int file = 1; file <= 4; file++)
		if (enter(b, "v", file <= 2 ? 0 : 10, file <= 2 ? 9 : 19, 1, 9)) {
			(void)bootstrap_match(b, file, 1);
			(void)bootstrap_match(b, file, 2);
		}
}

static void
what_was_promised_and_did_not_come_is_known(void **state)
{
	static const struct {
		const char *text;
		bool unmet;
		uint64_t first, last; /* of the only range; 0: none */
	} cases[] = {
		{ "VolSessionId=1\nVolSessionTime=9\nFileIndex=1-4\nCount=4\n", false, 0, 0 },
		{ "VolSessionId=1\nVolSessionTime=9\nFileIndex=3-9\nCount=7\n", true, 5, 9 },
		{ "VolSessionId=1\nVolSessionTime=9\nFileIndex=1-9\nCount=3\n", false, 0, 0 },
		{ "VolSessionId=2\nVolSessionTime=9\nFileIndex=1-9\nCount=9\n", true, 1, 9 },
		{ "VolSessionId=1\nVolSessionTime=9\nVolAddr=20-29\nFileIndex=4\nCount=1\n", true,
		  4, 4 },
		/* not counted: it may reach behind the job's end */
		{ "VolSessionId=1\nVolSessionTime=9\nFileIndex=1-80\n", false, 0, 0 },
		{ "VolSessionId=1\nVolSessionTime=9\nFileIndex=1-2147483647\nCount=2147483647\n",
		  false, 0, 0 },
		{ "VolSessionId=1-7\nVolSessionTime=9\nFileIndex=1-9\nCount=9\n", false, 0, 0 },
		/* nothing at all */
		{ "VolSessionId=2\nVolSessionTime=9\nFileIndex=1-80\n", true, 1, 80 },
		{ "VolSessionId=2\nVolSessionTime=9\n", true, 0, 0 },
		{ "VolSessionId=1\nVolSessionTime=9\n", false, 0, 0 },
		{ "FileIndex=7\n", true, 7, 7 },
		/* a placeholder of the catalog's, and a volume that may be empty */
		{ "VolSessionId=2\nVolSessionTime=9\nVolAddr=0-0\nFileIndex=0-0\n", false, 0, 0 },
		{ "VolAddr=500-600\n", false, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWNED(bsr_ranges_release) struct bsr_ranges missed = { 0 };
		OWNED(buf_release) struct buf text = BUF_INIT(1024);
		struct bootstrap *b;

		buf_text(&text, "Volume=v\n%s", cases[i].text);
		b = parse(buf_str(&text));
		read_volume(b);
		assert_int_equal(bootstrap_unmet(b, 0, &missed), cases[i].unmet);
		assert_int_equal(missed.n, cases[i].first > 0);
		if (missed.n > 0) {
			assert_int_equal(missed.v[0].first, cases[i].first);
			assert_int_equal(missed.v[0].last, cases[i].last);
		}
		bootstrap_free(b);
	}
}

static void
gaps_between_files_are_known_and_a_twin_misses_nothing(void **state)
{
	static const char record[] = "Volume=v\nVolSessionId=1\nVolSessionTime=9\n"
				     "FileIndex=1,3,5-8,10\nCount=7\n";
	OWNED(bsr_ranges_release) struct bsr_ranges missed = { 0 };
	OWNED(buf_release) struct buf text = BUF_INIT(1024);
	struct bootstrap *b;

	(void)state;
	buf_text(&text, "%s%s", record, record);
	b = parse(buf_str(&text));
	assert_true(enter(b, "v", 0, 9, 1, 9));
	for (int file = 1; file <= 10; file++)
		if (file != 3 && file != 6 && file != 7)
			(void)bootstrap_match(b, file, 1);
	assert_true(bootstrap_unmet(b, 0, &missed));
	assert_int_equal(missed.n, 2);
	assert_int_equal(missed.v[0].first, 3);
	assert_int_equal(missed.v[1].first, 6);
	assert_int_equal(missed.v[1].last, 7);
	assert_true(bootstrap_unmet(b, 1, &missed));
	assert_int_equal(missed.n, 4);
	bootstrap_free(b);
}

/* Three jobs of one client, on A, B and A again. */
static void
a_volume_named_again_behind_another_is_visited_again(void **state)
{
	struct bootstrap *b = parse("Volume=A\nVolSessionId=1\nVolSessionTime=9\nFileIndex=1-9\n"
				    "Volume=A\nVolSessionId=2\nVolSessionTime=9\nFileIndex=1-9\n"
				    "Volume=B\nVolSessionId=3\nVolSessionTime=9\nFileIndex=1-9\n"
				    "Volume=A\nVolSessionId=4\nVolSessionTime=9\nFileIndex=1-9\n");

	(void)state;
	assert_int_equal(bootstrap_n_volumes(b), 3);
	assert_string_equal(bootstrap_volume(b, 0).name, "A");
	assert_string_equal(bootstrap_volume(b, 1).name, "B");
	assert_string_equal(bootstrap_volume(b, 2).name, "A");
	assert_true(bootstrap_visits_again(b));
	assert_true(enter(b, "A", 0, 9, 4, 9)); /* no visit: all count */
	bootstrap_enter_visit(b, 0);
	assert_true(enter(b, "A", 0, 9, 1, 9));
	assert_true(enter(b, "A", 0, 9, 2, 9));
	assert_false(enter(b, "A", 0, 9, 4, 9));
	assert_true(bootstrap_is_here(b, 1, "A"));
	assert_false(bootstrap_is_here(b, 3, "A"));
	bootstrap_enter_visit(b, 1);
	assert_true(enter(b, "B", 0, 9, 3, 9));
	bootstrap_enter_visit(b, 2);
	assert_false(enter(b, "A", 0, 9, 1, 9));
	assert_true(enter(b, "A", 0, 9, 4, 9));
	bootstrap_leave_visit(b);
	assert_true(enter(b, "A", 0, 9, 1, 9));
	bootstrap_free(b);
}

/* A hostile volume: what is remembered of it must not grow with it. */
static void
two_files_in_turn_for_ever_cost_no_memory(void **state)
{
	struct bootstrap *b = parse("Volume=v\nVolSessionId=1\nVolSessionTime=9\n"
				    "FileIndex=1-9\nCount=200000\n");

	(void)state;
	for (int i = 0; i < 100000; i++) {
		assert_true(enter(b, "v", 0, 9, 1, 9));
		assert_true(bootstrap_match(b, i % 2 == 0 ? 1 : 9, 2));
	}
	assert_in_range(b->records[0].met.n, 2, 4096);
	bootstrap_free(b);
}

static void
files_told_lost_are_not_unmet(void **state)
{
	static const char *const counts[] = { "", "Count=9\n" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		OWNED(bsr_ranges_release) struct bsr_ranges missed = { 0 };
		OWNED(buf_release) struct buf text = BUF_INIT(1024);
		struct bootstrap *b;

		buf_text(&text, "Volume=v\nVolSessionId=2\nVolSessionTime=9\nFileIndex=1-9\n%s",
			 counts[i]);
		b = parse(buf_str(&text));
		bootstrap_note_lost(b, 0, 5, 9);
		bootstrap_note_lost(b, 0, 1, 3);
		assert_true(bootstrap_unmet(b, 0, &missed));
		assert_int_equal(missed.n, 1);
		assert_int_equal(missed.v[0].first, 4);
		assert_int_equal(missed.v[0].last, 4);
		bootstrap_note_lost(b, 0, 4, 4);
		assert_false(bootstrap_unmet(b, 0, &missed));
		bootstrap_free(b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_told_lost_are_not_unmet),
		cmocka_unit_test(two_files_in_turn_for_ever_cost_no_memory),
		cmocka_unit_test(a_volume_named_again_behind_another_is_visited_again),
		cmocka_unit_test(what_was_promised_and_did_not_come_is_known),
		cmocka_unit_test(gaps_between_files_are_known_and_a_twin_misses_nothing),
		cmocka_unit_test(a_text_that_would_be_too_large_is_refused_whole),
		cmocka_unit_test(a_real_one_is_read_and_written_as_it_was),
		cmocka_unit_test(the_grammar_is_tolerant_where_the_spec_says),
		cmocka_unit_test(errors_name_the_line),
		cmocka_unit_test(a_block_is_wanted_by_volume_address_and_session),
		cmocka_unit_test(interleaved_sessions_are_done_one_by_one),
		cmocka_unit_test(positions_lead_from_range_to_range),
		cmocka_unit_test(files_and_blocks_lead_to_one_stretch_only),
		cmocka_unit_test(labels_of_sessions_are_compared_when_known),
		cmocka_unit_test(names_are_judged_by_the_expression),
		cmocka_unit_test(a_record_without_volume_wants_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
