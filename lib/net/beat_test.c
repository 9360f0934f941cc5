/*
 * Who is silent and who is not: heartbeats, and what a job's wait makes of them.
 *
 * labels: tsan
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/net/beat.h"

#include <sys/socket.h>

struct pair {
	struct conn *a, *b;
};

static void
pair_open(struct pair *p)
{
	struct err err = ERR_INIT;
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	assert_int_equal(conn_wrap(fd[0], "peer", &p->a, &err), ERR_OK);
	assert_int_equal(conn_wrap(fd[1], "us", &p->b, &err), ERR_OK);
}

static void
pair_close(struct pair *p)
{
	conn_free(p->a);
	conn_free(p->b);
}

static void
a_silent_peer_is_lost_to_a_job(void **state)
{
	struct err err = ERR_INIT;
	struct frame f;
	struct pair p;

	pair_open(&p);
	conn_set_job_wait(p.a, NULL, 1, "the client");
	assert_int_equal(conn_recv(p.a, &f, &err), ERR_PEER);
	assert_string_equal(err.text, "peer: time is up waiting for the client");
	pair_close(&p);
}

static void
heartbeats_come_by_themselves_and_stop_when_told(void **state)
{
	struct beat beat = { .conn = NULL }, none = { .conn = NULL };
	struct err err = ERR_INIT;
	struct frame f;
	struct pair p;

	pair_open(&p);
	beat_begin(&none, p.b, 0);
	beat_end(&none);
	beat_begin(&beat, p.b, 1);
	assert_int_equal(conn_recv(p.a, &f, &err), ERR_OK);
	assert_int_equal(f.signal, FRAME_HEARTBEAT);
	beat_end(&beat);
	beat_end(&beat);
	assert_false(conn_has_input(p.a));
	pair_close(&p);
}

/* A heart that beats for so long while nothing is read. */
static void
beat_on(void *arg)
{
	struct conn *c = arg;
	int64_t end_ms = clock_mono_ms() + 1800;
	struct err err = ERR_INIT;

	while (clock_mono_ms() < end_ms) {
		assert_int_equal(conn_signal(c, FRAME_HEARTBEAT, &err), ERR_OK);
		assert_int_equal(conn_flush(c, &err), ERR_OK);
		clock_pause_ms(100);
	}
}

static void
a_peer_that_takes_nothing_but_talks_is_not_lost(void **state)
{
	static uint8_t much[1 << 20];
	struct thread talker = { .running = false };
	struct err err = ERR_INIT;
	enum err_code code = ERR_OK;
	int64_t start_ms;
	struct pair p;

	pair_open(&p);
	conn_set_job_wait(p.a, NULL, 1, "the storage daemon");
	assert_int_equal(thread_start(&talker, "talker", beat_on, p.b, &err), ERR_OK);
	start_ms = clock_mono_ms();
	while (code == ERR_OK)
		code = conn_send(p.a, bytes_of(much, sizeof(much) / 2), &err);
	assert_int_equal(code, ERR_PEER);
	assert_true(clock_mono_ms() - start_ms >= 1800);
	thread_join(&talker);
	pair_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_silent_peer_is_lost_to_a_job),
		cmocka_unit_test(heartbeats_come_by_themselves_and_stop_when_told),
		cmocka_unit_test(a_peer_that_takes_nothing_but_talks_is_not_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
