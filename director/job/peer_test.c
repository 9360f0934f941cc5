/*
 * Who is taken for lost: a storage daemon's heartbeats, and what it said since.
 *
 * labels: tsan
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "director/job/peer.h"
#include "lib/base/clock.h"
#include "lib/base/thread.h"
#include "lib/proto/dir_fd.h"
#include "lib/proto/job_code.h"

#include <sys/socket.h>

#define LOST_MS 1000 /* here, in place of ten minutes */

struct talk {
	struct job job;
	struct dir_conf conf;
	struct dir_director director;
	struct peer peer;
	struct conn *us, *them;
	struct thread speaker;
};

static void
talk_begin(struct talk *t)
{
	int fd[2];
	struct err err = ERR_INIT;

	*t = (struct talk){ .job = { .unique = "J" } };
	t->conf.director = &t->director;
	t->job.conf = &t->conf;
	mutex_init(&t->job.lock, RANK_JOB);
	assert_int_equal(cancel_init(&t->job.abort, &err), ERR_OK);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	assert_int_equal(conn_wrap(fd[0], "storage daemon", &t->us, &err), ERR_OK);
	assert_int_equal(conn_wrap(fd[1], "director", &t->them, &err), ERR_OK);
	t->peer = (struct peer){ .job = &t->job, .who = "storage daemon", .is_storage = true };
	peer_attach(&t->peer, t->us);
	conn_set_lost_after(t->us, LOST_MS / 1000);
}

static void
talk_end(struct talk *t)
{
	thread_join(&t->speaker);
	peer_release(&t->peer);
	conn_free(t->us);
	conn_free(t->them);
	cancel_release(&t->job.abort);
	mutex_release(&t->job.lock);
}

static void
say(struct talk *t, const char *line)
{
	struct err err = ERR_INIT;

	if (line == NULL)
		assert_int_equal(conn_signal(t->them, FRAME_HEARTBEAT, &err), ERR_OK);
	else
		assert_int_equal(conn_send(t->them, bytes_str(line), &err), ERR_OK);
	assert_int_equal(conn_flush(t->them, &err), ERR_OK);
}

static void
answer_late(void *arg)
{
	struct talk *t = arg;
	struct err err = ERR_INIT;

	clock_pause_ms(LOST_MS + LOST_MS / 2);
	/* Nobody may be there any more. */
	if (conn_send(t->them, bytes_str("3099 at last\n"), &err) == ERR_OK)
		(void)!conn_flush(t->them, &err);
}

/* The answer comes after a silence that is too long for a peer that sends heartbeats. */
static enum err_code
wait_for_late_answer(struct talk *t)
{
	struct bytes line;
	struct err err = ERR_INIT;

	assert_int_equal(thread_start(&t->speaker, "speaker", answer_late, t, &err), ERR_OK);
	return peer_reply(&t->peer, &line, NULL, &err);
}

static void
silence_after_heartbeats_is_a_loss(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t);
	say(&t, "Status Job=J JobStatus=82\n");
	say(&t, NULL);
	assert_int_equal(wait_for_late_answer(&t), ERR_PEER);
	talk_end(&t);
}

static void
heartbeats_while_waiting_promise_none_for_later(void **state)
{
	static const char *const ends[] = {
		"Status Job=J JobStatus=82\n", /* it has found a device, or was given a volume */
		"3000 OK use device device=D\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct talk t;
		struct bytes line;
		struct err err = ERR_INIT;

		talk_begin(&t);
		say(&t, "Status Job=J JobStatus=83\n");
		say(&t, NULL);
		say(&t, NULL);
		say(&t, ends[i]);
		if (ends[i][0] == '3')
			assert_int_equal(peer_reply(&t.peer, &line, NULL, &err), ERR_OK);
		assert_int_equal(wait_for_late_answer(&t), ERR_OK);
		talk_end(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_after_heartbeats_is_a_loss),
		cmocka_unit_test(heartbeats_while_waiting_promise_none_for_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
