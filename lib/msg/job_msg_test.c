/*
 * Messages of one job from many threads, whole and in order.
 *
 * labels: tsan
 */
#include "lib/msg/job_msg.h"

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static void
collect(void *arg, const char *frame, size_t n)
{
	struct buf *b = (struct buf *)arg;

	buf_put(b, frame, n);
	buf_put(b, "|", 1);
}

static void
a_job_line_carries_job_type_time_and_prefix(void **state UNUSED)
{
	OWNED(buf_release) struct buf b = BUF_INIT(10000);
	struct job_msg *m = job_msg_new("t-fd", collect, &b);

	clock_set_test(1795228169);
	job_msg_set_job(m, 1, "Back_up.2026-11-21_02.29.26_05");
	job_report(m, MSG_INFO, "ACL support is %s", "enabled");
	job_report(m, MSG_FATAL, "no storage\n");
	clock_set_test(0);
	assert_string_equal(buf_str(&b),
			    "Jmsg Job=Back_up.2026-11-21_02.29.26_05 type=6 level=1795228169 "
			    "t-fd JobId 1: ACL support is enabled\n|"
			    "Jmsg Job=Back_up.2026-11-21_02.29.26_05 type=3 level=1795228169 "
			    "t-fd JobId 1: Fatal error: no storage\n|");
	job_msg_free(m);
}

static void
without_a_job_the_text_goes_raw(void **state UNUSED)
{
	OWNED(buf_release) struct buf b = BUF_INIT(10000);
	struct job_msg *m = job_msg_new("t-fd", collect, &b);

	job_report(m, MSG_WARNING, "hm");
	assert_string_equal(buf_str(&b), "t-fd JobId 0: Warning: hm\n|");
	job_msg_free(m);
}

static void
all_are_counted_also_unwanted_and_muted_ones(void **state UNUSED)
{
	OWNED(buf_release) struct buf b = BUF_INIT(10000);
	struct job_msg *m = job_msg_new("t-fd", collect, &b);
	struct err err = ERR_INIT;

	job_msg_set_job(m, 2, "J");
	job_msg_set_filter(m, ~(1u << MSG_NOTSAVED));
	job_report(m, MSG_NOTSAVED, "file");
	assert_int_equal(b.len, 0);
	assert_false(job_msg_has_fatal(m));
	job_msg_mute(m);
	job_report(m, MSG_WARNING, "w");
	(void)err_set(&err, ERR_PEER, "gone");
	job_report_err(m, MSG_FATAL, &err);
	assert_int_equal(b.len, 0);
	assert_int_equal(job_msg_errors(m), 2);
	assert_int_equal(job_msg_warnings(m), 1);
	assert_true(job_msg_has_fatal(m));
	job_msg_free(m);
}

static void
long_texts_come_whole(void **state UNUSED)
{
	OWNED(buf_release) struct buf b = BUF_INIT(10000);
	struct job_msg *m = job_msg_new("d", collect, &b);

	job_report(m, MSG_INFO, "%05000d", 7);
	assert_int_equal(b.len, strlen("d JobId 0: \n|") + 5000);
	job_msg_free(m);
}

#define EACH 2000

struct racers {
	struct job_msg *m;
	atomic_int inside;
	int lines;
	bool overlapped;
};

static void
race_send(void *arg, const char *frame, size_t n)
{
	struct racers *r = (struct racers *)arg;

	r->overlapped = r->overlapped || atomic_fetch_add(&r->inside, 1) != 0;
	r->lines++;
	atomic_fetch_sub(&r->inside, 1);
}

static void
race(void *arg)
{
	struct racers *r = (struct racers *)arg;

	for (int i = 0; i < EACH; i++)
		job_report(r->m, MSG_INFO, "line %d", i);
}

static void
many_threads_send_one_at_a_time_and_lose_nothing(void **state UNUSED)
{
	struct racers r = { 0 };
	struct thread t[3] = { 0 };
	struct err err = ERR_INIT;

	r.m = job_msg_new("d", race_send, &r);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(thread_start(&t[i], "race", race, &r, &err), ERR_OK);
	for (size_t i = 0; i < 3; i++)
		thread_join(&t[i]);
	assert_false(r.overlapped);
	assert_int_equal(r.lines, 3 * EACH);
	job_msg_free(r.m);
}

/* A director that takes nothing while n messages of len bytes come. */
struct slow {
	struct job_msg *m;
	size_t n, len;
	size_t frames, bytes;
	bool told;
};

static void
send_slowly(void *arg, const char *frame, size_t n)
{
	struct slow *s = arg;

	if (s->frames++ == 0) {
		char *text = str_printf("%0*d", (int)s->len, 0);

		for (size_t i = 0; i < s->n; i++)
			job_report(s->m, MSG_NOTSAVED, "%s", text);
		free(text);
		return;
	}
	s->bytes += n;
	s->told = s->told || strstr(frame, " messages came too fast and are not shown") != NULL;
}

static void
what_waits_is_bounded_and_the_rest_counted(void **state UNUSED)
{
	static const struct {
		size_t n, len, frames;
	} rows[] = { { 9999, 10, 10000 }, { 20000, 10, 10002 }, { 100, 1 << 20, 18 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slow s = { .n = rows[i].n, .len = rows[i].len };

		s.m = job_msg_new("t-fd", send_slowly, &s);
		job_report(s.m, MSG_INFO, "begin");
		assert_int_equal(s.frames, rows[i].frames);
		assert_int_equal(s.told, rows[i].n > 9999 || rows[i].len > 10);
		assert_int_equal(job_msg_errors(s.m), rows[i].n);
		job_msg_free(s.m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_job_line_carries_job_type_time_and_prefix),
		cmocka_unit_test(without_a_job_the_text_goes_raw),
		cmocka_unit_test(all_are_counted_also_unwanted_and_muted_ones),
		cmocka_unit_test(long_texts_come_whole),
		cmocka_unit_test(what_waits_is_bounded_and_the_rest_counted),
		cmocka_unit_test(many_threads_send_one_at_a_time_and_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
