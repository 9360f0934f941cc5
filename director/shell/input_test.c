/*
 * Lines of a console come through a thread of their own; a break reaches the command it is for.
 *
 * labels: tsan
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "director/shell/input.h"

#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/own.h"
#include "lib/base/queue.h"

/* A console whose words the test gives one by one; "" is a BREAK, "." a heartbeat, NULL its end. */
struct desk {
	struct queue *words;
	struct shell_io io;
	struct input *in;
	size_t flushes;
	void (*seen)(struct desk *d); /* what was flushed */
	bool hung_up;
};

static char end_of_words[] = "<end>";

static enum err_code
desk_recv(void *arg, struct frame *out, struct err *err)
{
	struct desk *d = (struct desk *)arg;
	void *word;

	if (queue_pop(d->words, &word, err) != ERR_OK)
		return err->code;
	if (word == end_of_words)
		return err_set(err, ERR_EOF, "it left");
	const char *text = (const char *)word;
	*out = (struct frame){ FRAME_DATA, bytes_str(text) };
	if (text[0] == '\0')
		*out = (struct frame){ .signal = FRAME_BREAK };
	else if (text[0] == '.')
		*out = (struct frame){ .signal = FRAME_HEARTBEAT };
	return ERR_OK;
}

static enum err_code
desk_send(void *arg, struct bytes data, struct err *err)
{
	return ERR_OK;
}

static enum err_code
desk_signal(void *arg, enum frame_signal s, struct err *err)
{
	return ERR_OK;
}

static enum err_code
desk_flush(void *arg, struct err *err)
{
	struct desk *d = (struct desk *)arg;

	d->flushes++;
	if (d->seen != NULL)
		d->seen(d);
	return ERR_OK;
}

static void
desk_hang_up(void *arg)
{
	struct desk *d = (struct desk *)arg;

	d->hung_up = true;
	queue_close(d->words);
}

static void
say(struct desk *d, const char *word)
{
	struct err err = ERR_INIT;

	assert_int_equal(queue_push(d->words, (void *)(uintptr_t)word, &err), ERR_OK);
}

static void
assert_line(struct desk *d, const char *text)
{
	const struct shell_io *io = input_io(d->in);
	struct err err = ERR_INIT;
	struct frame f;

	assert_int_equal(io->recv(io->arg, &f, &err), ERR_OK);
	assert_int_equal(f.signal, FRAME_DATA);
	assert_int_equal(f.data.n, strlen(text));
	assert_memory_equal(f.data.p, text, f.data.n);
}

/* The reader has taken all words: what a wait in a command would see. */
static void
await_cancel(struct desk *d)
{
	struct wait w = wait_for(input_cancel(d->in), 30, "the cancel");
	struct err err = ERR_INIT;

	assert_int_equal(wait_pause(&w, &err), ERR_CANCELED);
}

static int
set_up(void **state)
{
	struct desk *d = (struct desk *)calloc(1, sizeof(*d));
	struct err err = ERR_INIT;

	d->words = queue_new(200);
	d->io = (struct shell_io){ d, desk_recv, desk_send, desk_signal, desk_flush, desk_hang_up };
	if (input_new(&d->io, &d->in, &err) != ERR_OK)
		return -1;
	*state = d;
	return 0;
}

static int
tear_down(void **state)
{
	struct desk *d = (struct desk *)*state;

	input_free(d->in);
	queue_free(d->words);
	free(d);
	return 0;
}

static void
lines_come_in_order_and_what_is_buffered_leaves_before_the_wait(void **state)
{
	struct desk *d = (struct desk *)*state;

	say(d, "one");
	say(d, ".");
	say(d, "two");
	assert_line(d, "one");
	assert_line(d, "two");
	assert_int_equal(d->flushes, 2);
}

static void
a_break_while_a_command_runs_cancels_its_waits(void **state)
{
	struct desk *d = (struct desk *)*state;

	say(d, "wait");
	assert_line(d, "wait");
	input_command_begin(d->in);
	say(d, "");
	await_cancel(d);
	assert_true(input_command_end(d->in));
	assert_false(cancel_asked(input_cancel(d->in)));
	say(d, "next");
	assert_line(d, "next");
	input_command_begin(d->in);
	assert_false(cancel_asked(input_cancel(d->in)));
	assert_false(input_command_end(d->in));
}

static void
a_break_right_behind_the_line_is_for_its_command(void **state)
{
	struct desk *d = (struct desk *)*state;

	say(d, "wait");
	say(d, "");
	await_cancel(d);
	assert_line(d, "wait");
	input_command_begin(d->in);
	assert_true(cancel_asked(input_cancel(d->in)));
	assert_true(input_command_end(d->in));
}

static void
break_at_once(struct desk *d)
{
	d->seen = NULL;
	say(d, "");
	await_cancel(d);
}

/* The question left, and the session does not wait for the answer yet. */
static void
a_break_right_behind_the_question_is_its_answer(void **state)
{
	struct desk *d = (struct desk *)*state;
	const struct shell_io *io = input_io(d->in);
	struct err err = ERR_INIT;
	struct frame f;

	say(d, "restore");
	assert_line(d, "restore");
	input_command_begin(d->in);
	d->seen = break_at_once;
	assert_int_equal(io->recv(io->arg, &f, &err), ERR_OK);
	assert_int_equal(f.signal, FRAME_BREAK);
	assert_false(cancel_asked(input_cancel(d->in)));
	assert_false(input_command_end(d->in));
}

/* Somebody pressed Ctrl-C when the answer was on its way: the line after it is not stopped. */
static void
a_break_that_came_too_late_is_forgotten(void **state)
{
	struct desk *d = (struct desk *)*state;

	say(d, "version");
	assert_line(d, "version");
	input_command_begin(d->in);
	assert_false(input_command_end(d->in));
	say(d, "");
	await_cancel(d);
	say(d, "time");
	assert_line(d, "time");
	input_command_begin(d->in);
	assert_false(cancel_asked(input_cancel(d->in)));
	assert_false(input_command_end(d->in));
}

static void
a_console_that_leaves_cancels_for_good(void **state)
{
	struct desk *d = (struct desk *)*state;
	const struct shell_io *io = input_io(d->in);
	struct err err = ERR_INIT;
	struct frame f;

	say(d, "wait");
	assert_line(d, "wait");
	input_command_begin(d->in);
	say(d, end_of_words);
	await_cancel(d);
	assert_false(input_command_end(d->in));
	assert_true(cancel_asked(input_cancel(d->in)));
	assert_int_equal(io->recv(io->arg, &f, &err), ERR_EOF);
	assert_string_equal(err.text, "it left");
	assert_false(d->hung_up);
}

/* More than the queue holds, and a reader that waits for room when the session ends. */
static void
lines_sent_far_ahead_wait_and_are_dropped_at_the_end(void **state)
{
	struct desk *d = (struct desk *)*state;

	for (int i = 0; i < 100; i++)
		say(d, "list jobs");
	assert_line(d, "list jobs");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(lines_come_in_order_and_what_is_buffered_leaves_before_the_wait),
		T(a_break_while_a_command_runs_cancels_its_waits),
		T(a_break_right_behind_the_line_is_for_its_command),
		T(a_break_right_behind_the_question_is_its_answer),
		T(a_break_that_came_too_late_is_forgotten),
		T(a_console_that_leaves_cancels_for_good),
		T(lines_sent_far_ahead_wait_and_are_dropped_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
