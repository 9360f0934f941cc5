#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "director/shell/out.h"

#include <string.h>

#include "lib/base/own.h"

/* What the console would get: data as it is, signals as <number>. */
struct wire {
	struct buf text;
	size_t frames;
};

static enum err_code
wire_send(void *arg, struct bytes data, UNUSED struct err *err)
{
	struct wire *w = (struct wire *)arg;

	buf_put(&w->text, data.p, data.n);
	w->frames++;
	return ERR_OK;
}

static enum err_code
wire_signal(void *arg, enum frame_signal s, UNUSED struct err *err)
{
	buf_text(&((struct wire *)arg)->text, "<%d>", (int)s);
	return ERR_OK;
}

static enum err_code
wire_flush(UNUSED void *arg, UNUSED struct err *err)
{
	return ERR_OK;
}

struct fixture {
	struct wire wire;
	struct shell_io io;
	struct out *out;
};

static int
set_up(void **state)
{
	struct fixture *f = (struct fixture *)calloc(1, sizeof(*f));

	f->wire.text = (struct buf)BUF_INIT(1u << 24);
	f->io = (struct shell_io){
		.arg = &f->wire, .send = wire_send, .signal = wire_signal, .flush = wire_flush
	};
	f->out = out_new(&f->io);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = (struct fixture *)*state;

	out_free(f->out);
	buf_release(&f->wire.text);
	free(f);
	return 0;
}

static const struct column cols[] = { { "jobid", SHOW_ID, 0 },
				      { "name", SHOW_TEXT, 0 },
				      { "jobbytes", SHOW_NUMBER, 0 } };

static void
fill(struct table *t)
{
	table_init(t, cols, 3);
	table_put(t, "1028");
	table_put(t, "backup");
	table_put(t, "223911");
	table_put(t, "2");
	table_put(t, NULL);
	table_put(t, "0");
}

static void
a_grid_has_rules_commas_and_alignment(void **state)
{
	struct fixture *f = (struct fixture *)*state;
	OWNED(table_release) struct table t;
	struct table_style style = { .face = FACE_GRID };
	struct err err = ERR_INIT;

	fill(&t);
	out_begin(f->out, true);
	out_table(f->out, &t, &style);
	assert_int_equal(out_end(f->out, true, false, false, &err), ERR_OK);
	assert_string_equal(buf_str(&f->wire.text), "+-------+--------+----------+\n"
						    "| jobid | name   | jobbytes |\n"
						    "+-------+--------+----------+\n"
						    "|  1028 | backup |  223,911 |\n"
						    "|     2 |        |        0 |\n"
						    "+-------+--------+----------+\n");
	assert_int_equal(f->wire.frames, 1);
}

static bool
is_first(const void *arg, const struct table *t, size_t row)
{
	(void)arg;
	(void)t;
	return row == 0;
}

static void
the_vertical_face_aligns_keys(void **state)
{
	struct fixture *f = (struct fixture *)*state;
	OWNED(table_release) struct table t;
	struct table_style style = { .face = FACE_VERTICAL };
	struct err err = ERR_INIT;

	fill(&t);
	assert_int_equal(table_keep(&t, is_first, NULL), 1);
	out_begin(f->out, true);
	out_table(f->out, &t, &style);
	assert_int_equal(out_end(f->out, true, false, false, &err), ERR_OK);
	assert_string_equal(buf_str(&f->wire.text), "    jobid: 1028\n"
						    "     name: backup\n"
						    " jobbytes: 223,911\n\n");
}

static void
a_layout_pads_and_shortens(void **state)
{
	static const struct column short_cols[] = { { "id", SHOW_ID, 0 },
						    { "bytes", SHOW_SHORT, 0 },
						    { "level", SHOW_CUT4, 0 } };
	OWNED(table_release) struct table t;
	OWNED(buf_release) struct buf out = BUF_INIT(4096);

	(void)state;
	table_init(&t, short_cols, 3);
	table_put(&t, "7");
	table_put(&t, "223911");
	table_put(&t, "Incremental");
	table_print(&t, FACE_LAYOUT, "{id:4}|{level:-6}|{bytes:10}|{nosuch}\n", &out);
	assert_string_equal(buf_str(&out), "   7|Incr  |   223.9 K|?\n");
	assert_string_equal(U64_SHORT(30), "30 ");
	assert_string_equal(U64_SHORT(3754), "3.754 K");
	assert_string_equal(U64_SHORT(6005000), "6.005 M");
	assert_string_equal(U64_COMMAS(1234567), "1,234,567");
}

static void
success_is_one_envelope_with_strings(void **state)
{
	struct fixture *f = (struct fixture *)*state;
	OWNED(table_release) struct table t;
	struct table_style style = { .face = FACE_GRID, .key = "jobs" };
	struct err err = ERR_INIT;

	fill(&t);
	out_set_mode(f->out, API_JSON);
	out_set_compact(f->out, true);
	out_begin(f->out, true);
	out_text(f->out, "dropped\n");
	out_warning(f->out, "dropped too\n");
	out_table(f->out, &t, &style);
	out_meta(f->out, 1, -1, 0);
	assert_int_equal(out_end(f->out, true, false, false, &err), ERR_OK);
	assert_string_equal(
		buf_str(&f->wire.text),
		"<-16><-20><-15>{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":{\"jobs\":[{\"jobid\":"
		"\"1028\",\"name\":\"backup\",\"jobbytes\":\"223911\"},{\"jobid\":\"2\",\"name\":"
		"\"\",\"jobbytes\":\"0\"}],\"meta\":{\"range\":{\"limit\":1,\"filtered\":0}}}}");
}

static void
typed_tables_have_numbers(void **state)
{
	struct fixture *f = (struct fixture *)*state;
	OWNED(table_release) struct table t;
	struct table_style style = { .face = FACE_NONE, .key = "job", .single = true };
	struct err err = ERR_INIT;

	fill(&t);
	t.typed = true;
	out_set_mode(f->out, API_JSON);
	out_set_compact(f->out, true);
	out_begin(f->out, true);
	out_table(f->out, &t, &style);
	assert_int_equal(out_end(f->out, true, false, false, &err), ERR_OK);
	assert_non_null(
		strstr(buf_str(&f->wire.text),
		       "{\"job\":{\"jobid\":1028,\"name\":\"backup\",\"jobbytes\":223911}}"));
}

static void
an_error_message_makes_an_error_envelope_with_ok(void **state)
{
	struct fixture *f = (struct fixture *)*state;
	struct err err = ERR_INIT;

	out_set_mode(f->out, API_JSON);
	out_set_compact(f->out, true);
	out_begin(f->out, true);
	out_error(f->out, "Unknown list keyword: %s\n", "foo");
	assert_int_equal(out_end(f->out, true, false, true, &err), ERR_OK);
	assert_string_equal(
		buf_str(&f->wire.text),
		"<-16><-21><-15>{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":1,"
		"\"message\":\"failed\",\"data\":{\"result\":{},\"messages\":{\"error\":"
		"[\"Unknown list keyword: foo\\n\"]}}}}<-17>");
}

static void
bytes_that_are_not_utf8_are_replaced(void **state)
{
	struct fixture *f = (struct fixture *)*state;
	struct err err = ERR_INIT;

	out_set_mode(f->out, API_JSON);
	out_set_compact(f->out, true);
	out_begin(f->out, true);
	out_string(f->out, "name", "a\xffz\xc3\xa9/");
	assert_int_equal(out_end(f->out, true, false, false, &err), ERR_OK);
	assert_non_null(strstr(buf_str(&f->wire.text), "{\"name\":\"a\xEF\xBF\xBDz\xc3\xa9/\"}"));
}

static void
a_json_value_with_such_bytes_stays_what_it_is(void **state)
{
	struct fixture *f = (struct fixture *)*state;
	struct err err = ERR_INIT;

	out_set_mode(f->out, API_JSON);
	out_set_compact(f->out, true);
	out_begin(f->out, true);
	out_json_text(f->out, "Latin", "{\"file\":[\"/srv/m\xfcller\",\"\\n\"]}");
	out_json_text(f->out, "none", "no \xff value");
	assert_int_equal(out_end(f->out, true, false, false, &err), ERR_OK);
	assert_non_null(
		strstr(buf_str(&f->wire.text),
		       "\"result\":{\"Latin\":{\"file\":[\"/srv/m\xEF\xBF\xBDller\",\"\\n\"]},"
		       "\"none\":\"no \xEF\xBF\xBD value\"}"));
}

static void
a_list_of_texts_is_what_values_would_be(void **state)
{
	static const char *const names[] = { "a", "q\"b\\", "new\nline\x01", "\xff" };
	struct fixture *f = (struct fixture *)*state;
	struct err err = ERR_INIT;

	out_set_mode(f->out, API_JSON);
	for (int round = 0; round < 8; round++) {
		size_t n = (round & 1) != 0 ? 4 : 0;
		OWNED(freep) char *values = NULL;

		out_set_compact(f->out, (round & 2) != 0);
		for (int as_texts = 0; as_texts < 2; as_texts++) {
			out_begin(f->out, true);
			if (as_texts != 0)
				out_open_texts(f->out, "filenames");
			else
				out_open_array(f->out, "filenames");
			for (size_t i = 0; i < n; i++) {
				if (as_texts != 0) {
					assert_int_equal(out_add_text(f->out, "filename", names[i],
								      &err),
							 ERR_OK);
					continue;
				}
				out_open_object(f->out, NULL);
				out_string(f->out, "filename", names[i]);
				out_close(f->out);
			}
			if (as_texts != 0)
				out_close_texts(f->out);
			else
				out_close(f->out);
			if ((round & 4) != 0)
				out_meta(f->out, 7, -1, 0);
			buf_clear(&f->wire.text);
			assert_int_equal(out_end(f->out, true, false, false, &err), ERR_OK);
			if (values == NULL)
				values = buf_take_str(&f->wire.text);
			else
				assert_string_equal(buf_str(&f->wire.text), values);
		}
	}
}

static void
no_frame_begins_with_a_final_reply(void **state)
{
	struct fixture *f = (struct fixture *)*state;
	struct err err = ERR_INIT;

	out_begin(f->out, true);
	out_text(f->out, "Sending label command ...\n");
	out_flush(f->out);
	assert_string_equal(buf_str(&f->wire.text), "Sending label command ...");
	out_text(f->out, "3000 OK label.\n");
	assert_int_equal(out_end(f->out, true, false, false, &err), ERR_OK);
	assert_string_equal(buf_str(&f->wire.text), "Sending label command ...\n3000 OK label.\n");
}

static void
an_empty_list_says_so(void **state)
{
	struct fixture *f = (struct fixture *)*state;
	OWNED(table_release) struct table t;
	struct table_style style = { .face = FACE_GRID, .key = "jobs", .empty_text = true };
	struct err err = ERR_INIT;

	table_init(&t, cols, 3);
	out_begin(f->out, true);
	out_table(f->out, &t, &style);
	assert_int_equal(out_end(f->out, true, false, false, &err), ERR_OK);
	assert_string_equal(buf_str(&f->wire.text), "No results to list.\n");
}

/* BREAK in the middle of a list: nothing more of it is sent, and what follows is. */
static void
text_is_dropped_once_the_cancel_was_asked(void **state)
{
	struct fixture *f = (struct fixture *)*state;
	struct cancel cancel;
	struct err err = ERR_INIT;

	assert_int_equal(cancel_init(&cancel, &err), ERR_OK);
	out_set_cancel(f->out, &cancel);
	out_begin(f->out, true);
	out_text(f->out, "one\n");
	out_flush(f->out);
	out_text(f->out, "two\n");
	assert_false(out_drop_cut(f->out));
	cancel_now(&cancel);
	assert_true(out_broken(f->out));
	out_text(f->out, "three\n");
	cancel_reset(&cancel);
	assert_true(out_drop_cut(f->out));
	out_text(f->out, "Command stopped.\n");
	assert_int_equal(out_end(f->out, true, true, false, &err), ERR_OK);
	assert_string_equal(buf_str(&f->wire.text), "one\nCommand stopped.\n");
	/* The next answer is whole again. */
	buf_clear(&f->wire.text);
	out_begin(f->out, true);
	out_text(f->out, "four\n");
	assert_false(out_drop_cut(f->out));
	assert_int_equal(out_end(f->out, true, false, false, &err), ERR_OK);
	assert_string_equal(buf_str(&f->wire.text), "four\n");
	cancel_release(&cancel);
}

int
main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_grid_has_rules_commas_and_alignment),
		TEST(the_vertical_face_aligns_keys),
		TEST(a_layout_pads_and_shortens),
		TEST(success_is_one_envelope_with_strings),
		TEST(typed_tables_have_numbers),
		TEST(an_error_message_makes_an_error_envelope_with_ok),
		TEST(bytes_that_are_not_utf8_are_replaced),
		TEST(a_json_value_with_such_bytes_stays_what_it_is),
		TEST(a_list_of_texts_is_what_values_would_be),
		TEST(no_frame_begins_with_a_final_reply),
		TEST(an_empty_list_says_so),
		TEST(text_is_dropped_once_the_cancel_was_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
