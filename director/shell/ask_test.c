#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "director/shell/shell_internal.h"

#include <string.h>

#include "lib/base/own.h"

#define WORDS_MAX 8
#define BREAK     "<break>"

/* A person: the answers in order, and what the screen shows; signals as <number>. */
struct person {
	const char *answers[WORDS_MAX + 1]; /* NULL: the console is gone */
	size_t next;
	struct buf screen;
	struct shell sh;
	struct cancel stop;
};

static enum err_code
person_recv(void *arg, struct frame *out, struct err *err)
{
	struct person *p = (struct person *)arg;
	const char *answer = p->answers[p->next];

	if (answer == NULL)
		return err_set(err, ERR_EOF, "the console left");
	p->next++;
	*out = (struct frame){ FRAME_DATA, bytes_str(answer) };
	if (strcmp(answer, BREAK) == 0)
		*out = (struct frame){ .signal = FRAME_BREAK };
	return ERR_OK;
}

static enum err_code
person_send(void *arg, struct bytes data, struct err *err)
{
	buf_put(&((struct person *)arg)->screen, data.p, data.n);
	return ERR_OK;
}

static enum err_code
person_signal(void *arg, enum frame_signal s, struct err *err)
{
	buf_text(&((struct person *)arg)->screen, "<%d>", (int)s);
	return ERR_OK;
}

static enum err_code
person_flush(void *arg, struct err *err)
{
	return ERR_OK;
}

static int
set_up(void **state)
{
	struct person *p = (struct person *)calloc(1, sizeof(*p));
	struct err err = ERR_INIT;

	if (cancel_init(&p->stop, &err) != ERR_OK)
		return -1;
	p->screen = (struct buf)BUF_INIT(1u << 20);
	p->sh.io = (struct shell_io){ .arg = p,
				      .recv = person_recv,
				      .send = person_send,
				      .signal = person_signal,
				      .flush = person_flush };
	p->sh.stop = &p->stop;
	p->sh.out = out_new(&p->sh.io);
	*state = p;
	return 0;
}

static int
tear_down(void **state)
{
	struct person *p = (struct person *)*state;

	args_release(&p->sh.args);
	out_free(p->sh.out);
	buf_release(&p->screen);
	cancel_release(&p->stop);
	free(p);
	return 0;
}

static const char *
screen(struct person *p)
{
	out_flush(p->sh.out);
	return buf_str(&p->screen);
}

static const char *const colours[] = { "red", "green", "blue" };
static const struct ask_list three = { .kind = "Colour",
				       .header = "The colours:",
				       .question = "Select a colour",
				       .items = colours,
				       .n = 3 };

static void
a_menu_takes_a_number_of_its_items_and_nothing_else(void **state)
{
	struct person *p = (struct person *)*state;
	struct err err = ERR_INIT;
	size_t at = 99;

	p->answers[0] = "4";
	p->answers[1] = "0";
	p->answers[2] = "-1";
	p->answers[3] = "green";
	p->answers[4] = "";
	p->answers[5] = "99999999999999999999999";
	p->answers[6] = "2";
	assert_int_equal(ask_select(&p->sh, &three, &at, &err), ERR_OK);
	assert_int_equal(at, 1);
	assert_string_equal(screen(p),
			    "The colours:\n1: red\n2: green\n3: blue\nSelect a colour (1-3): <-27>"
			    "Please enter a number between 1 and 3\nSelect a colour (1-3): <-27>"
			    "Expected a positive integer, got: 0\nSelect a colour (1-3): <-27>"
			    "Expected a positive integer, got: -1\nSelect a colour (1-3): <-27>"
			    "Expected a positive integer, got: green\nSelect a colour (1-3): <-27>"
			    "Expected a positive integer, got: \nSelect a colour (1-3): <-27>"
			    "Expected a positive integer, got: 99999999999999999999999\n"
			    "Select a colour (1-3): <-27>");
}

static void
a_menu_is_left_by_a_period_a_break_and_an_end(void **state)
{
	static const struct {
		const char *answer;
		enum err_code code;
	} cases[] = { { ".", ERR_CANCELED }, { BREAK, ERR_CANCELED }, { NULL, ERR_EOF } };
	struct person *p = (struct person *)*state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;
		size_t at = 99;

		p->next = 0;
		p->answers[0] = cases[i].answer;
		assert_int_equal(ask_select(&p->sh, &three, &at, &err), cases[i].code);
		assert_int_equal(at, 99);
		if (cases[i].code == ERR_CANCELED)
			assert_string_equal(err.text, "Selection aborted, nothing done.");
	}
}

static void
nothing_is_asked_after_a_break(void **state)
{
	struct person *p = (struct person *)*state;
	OWNED(freep) char *answer = NULL;
	struct err err = ERR_INIT;

	p->answers[0] = "yes";
	cancel_now(&p->stop);
	assert_int_equal(ask_text(&p->sh, &answer, &err, "Really? "), ERR_CANCELED);
	assert_int_equal(p->next, 0);
	assert_null(answer);
}

static void
one_item_is_taken_unless_the_list_says_otherwise_and_none_is_an_error(void **state)
{
	struct person *p = (struct person *)*state;
	struct ask_list list = three;
	struct err err = ERR_INIT;
	size_t at = 99;

	list.n = 1;
	assert_int_equal(ask_select(&p->sh, &list, &at, &err), ERR_OK);
	assert_int_equal(at, 0);
	assert_string_equal(screen(p), "Automatically selected Colour: red");
	list.always = true;
	p->answers[0] = "1";
	assert_int_equal(ask_select(&p->sh, &list, &at, &err), ERR_OK);
	assert_int_equal(p->next, 1);
	list.n = 0;
	assert_int_equal(ask_select(&p->sh, &list, &at, &err), ERR_CONFIG);
	assert_string_equal(err.text, "Selection list for \"Colour\" is empty!");
}

static void
numbers_are_right_aligned_and_long_lists_stand_in_columns(void **state)
{
	struct person *p = (struct person *)*state;
	const char *items[24];
	struct ask_list list = three;
	struct err err = ERR_INIT;
	size_t at;

	for (size_t i = 0; i < 24; i++)
		items[i] = "item";
	list.items = items;
	list.n = 10;
	p->answers[0] = "10";
	p->answers[1] = "24";
	assert_int_equal(ask_select(&p->sh, &list, &at, &err), ERR_OK);
	assert_non_null(strstr(screen(p), "\n 1: item\n"));
	assert_non_null(strstr(screen(p), "\n10: item\nSelect a colour (1-10): <-27>"));
	buf_clear(&p->screen);
	/* 80 columns take eight cells of nine: three rows, downwards. */
	list.n = 24;
	assert_int_equal(ask_select(&p->sh, &list, &at, &err), ERR_OK);
	assert_non_null(strstr(screen(p), "The colours:\n 1: item  4: item  7: item 10: item "));
	assert_int_equal(at, 23);
}

static void
yes_and_no_may_be_short_and_anything_else_is_asked_again(void **state)
{
	static const struct {
		const char *answer;
		bool yes;
	} cases[] = { { "y", true },  { "YE", true },  { "yes", true },
		      { "n", false }, { "No", false }, { "no", false } };
	struct person *p = (struct person *)*state;
	struct err err = ERR_INIT;
	bool yes;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		p->next = 0;
		p->answers[0] = cases[i].answer;
		assert_int_equal(ask_yesno(&p->sh, &yes, &err, "Sure? "), ERR_OK);
		assert_int_equal(yes, cases[i].yes);
	}
	buf_clear(&p->screen);
	p->next = 0;
	p->answers[0] = "";
	p->answers[1] = "hm";
	p->answers[2] = "yesss";
	p->answers[3] = "no";
	assert_int_equal(ask_yesno(&p->sh, &yes, &err, "Sure? "), ERR_OK);
	assert_false(yes);
	assert_string_equal(screen(p),
			    "Sure? <-27>Sure? <-27>"
			    "Invalid response. You must answer yes or no.\nSure? <-27>Sure? <-27>");
	p->next = 0;
	p->answers[0] = ".";
	assert_int_equal(ask_yesno(&p->sh, &yes, &err, "Sure? "), ERR_CANCELED);
}

static void
the_word_yes_answers_before_the_question(void **state)
{
	struct person *p = (struct person *)*state;
	struct err err = ERR_INIT;
	bool yes = false;

	assert_int_equal(args_parse("delete volume=x yes", &p->sh.args, &err), ERR_OK);
	assert_int_equal(ask_confirm(&p->sh, &yes, &err, "Sure? "), ERR_OK);
	assert_true(yes);
	assert_string_equal(screen(p), "");
}

static void
batch_mode_asks_nothing_and_names_what_it_would_have_asked(void **state)
{
	struct person *p = (struct person *)*state;
	OWNED(freep) char *answer = NULL;
	struct err err = ERR_INIT;
	size_t at;
	bool yes;

	p->sh.batch = true;
	assert_int_equal(ask_select(&p->sh, &three, &at, &err), ERR_CONFIG);
	assert_non_null(strstr(err.text, "multiple choices for \"Colour\""));
	assert_int_equal(ask_yesno(&p->sh, &yes, &err, "Sure? "), ERR_CONFIG);
	assert_non_null(strstr(err.text, "Sure?"));
	assert_int_equal(ask_text(&p->sh, &answer, &err, "Name: "), ERR_CONFIG);
	assert_string_equal(screen(p), "");
	/* The tree shell asks in all modes. */
	p->answers[0] = "done";
	assert_int_equal(ask_line(&p->sh, "$ ", true, &answer, &err), ERR_OK);
	assert_string_equal(answer, "done");
}

static void
an_old_graphical_console_gets_items_and_signals(void **state)
{
	struct person *p = (struct person *)*state;
	struct err err = ERR_INIT;
	size_t at;
	bool yes;

	out_set_mode(p->sh.out, API_GUI);
	p->answers[0] = "3";
	p->answers[1] = "y";
	assert_int_equal(ask_select(&p->sh, &three, &at, &err), ERR_OK);
	assert_string_equal(screen(p), "<-11>The colours:\nredgreenblue<-12><-19><-28>"
				       "Select a colour (1-3): ");
	buf_clear(&p->screen);
	assert_int_equal(ask_yesno(&p->sh, &yes, &err, "Sure? "), ERR_OK);
	assert_string_equal(screen(p), "<-24><-28>Sure? ");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_menu_takes_a_number_of_its_items_and_nothing_else),
		T(a_menu_is_left_by_a_period_a_break_and_an_end),
		T(nothing_is_asked_after_a_break),
		T(one_item_is_taken_unless_the_list_says_otherwise_and_none_is_an_error),
		T(numbers_are_right_aligned_and_long_lists_stand_in_columns),
		T(yes_and_no_may_be_short_and_anything_else_is_asked_again),
		T(the_word_yes_answers_before_the_question),
		T(batch_mode_asks_nothing_and_names_what_it_would_have_asked),
		T(an_old_graphical_console_gets_items_and_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
