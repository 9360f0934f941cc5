/*
 * One job among others: what ends it, and who may speak for it.
 *
 * labels: tsan
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <semaphore.h>

#include "storage-daemon/session/session_fake.h"

static struct fake_sd sd;

static int
begin(void **state)
{
	(void)state;
	fake_sd_begin(&sd, 1000);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	fake_sd_end(&sd);
	return 0;
}

static struct session *
new_session(void)
{
	struct session_job job = { .job_id = 1, .job = "J", .job_name = "J" };
	struct session *s = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(session_new(&sd.sd, &job, "t-dir", &s, &err), ERR_OK);
	return s;
}

/* Whoever stops the daemon cancels the jobs that are listed; this one was not yet. */
static void
a_job_that_comes_while_the_daemon_stops_is_cancelled(void **state)
{
	struct session *s;

	(void)state;
	s = new_session();
	assert_false(cancel_asked(&s->cancel));
	session_end(sd.sd.sessions, s);
	session_put(s);
	cancel_now(&sd.sd.stop);
	sessions_cancel_all(sd.sd.sessions);
	s = new_session();
	assert_true(cancel_asked(&s->cancel));
	session_end(sd.sd.sessions, s);
	session_put(s);
}

/* ---- a director that does not read ---- */

struct stuck {
	struct session *s;
	sem_t begun, go_on;
};

static void
send_slowly(void *arg, const char *frame, size_t n)
{
	struct stuck *t = arg;

	(void)frame;
	(void)n;
	assert_int_equal(sem_post(&t->begun), 0);
	while (sem_wait(&t->go_on) != 0)
		continue;
}

static void
report_main(void *arg)
{
	struct stuck *t = arg;

	session_report(t->s, MSG_INFO, "hello");
}

static void
take_lock_main(void *arg)
{
	struct stuck *t = arg;

	session_show(t->s, "V", "D", "P", false);
	session_cancel(t->s);
	assert_int_equal(session_errors(t->s), 0);
	assert_int_equal(sem_post(&t->begun), 0);
}

static bool
comes_within(sem_t *sem, int seconds)
{
	struct timespec end;

	assert_int_equal(clock_gettime(CLOCK_REALTIME, &end), 0);
	end.tv_sec += seconds;
	return sem_timedwait(sem, &end) == 0;
}

static void
a_director_that_does_not_read_holds_nobody_else_up(void **state)
{
	struct stuck t = { .s = new_session() };
	struct job_msg *msg = job_msg_new("t-sd", send_slowly, &t);
	struct thread reporter = { .running = false }, other = { .running = false };
	struct err err = ERR_INIT;
	bool free_of_it;

	(void)state;
	assert_int_equal(sem_init(&t.begun, 0, 0), 0);
	assert_int_equal(sem_init(&t.go_on, 0, 0), 0);
	session_set_msg(t.s, msg);
	assert_int_equal(thread_start(&reporter, "reporter", report_main, &t, &err), ERR_OK);
	assert_true(comes_within(&t.begun, 60));
	assert_int_equal(thread_start(&other, "other", take_lock_main, &t, &err), ERR_OK);
	free_of_it = comes_within(&t.begun, 5);
	assert_int_equal(sem_post(&t.go_on), 0);
	session_set_msg(t.s, NULL); /* waits for the report */
	job_msg_free(msg);
	thread_join(&reporter);
	thread_join(&other);
	assert_true(free_of_it);
	session_report(t.s, MSG_INFO, "to nobody");
	session_end(sd.sd.sessions, t.s);
	session_put(t.s);
	(void)sem_destroy(&t.begun);
	(void)sem_destroy(&t.go_on);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_job_that_comes_while_the_daemon_stops_is_cancelled),
		T(a_director_that_does_not_read_holds_nobody_else_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
