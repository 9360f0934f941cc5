/*
 * file-daemon/session/beat.c - signs of life of a job at work
 *
 * A thread of its own sends what the job said to the director now and then, and HEARTBEAT every
 * Heartbeat Interval: also while the job waits for the storage daemon, a volume or a program.
 * Spec: wire.md 12 "Application heartbeats"
 */
#include "file-daemon/session/session_internal.h"
#include "lib/base/clock.h"

#define FLUSH_MS 5000

static void
send_signs(struct fd_job *j, int64_t *due_ms)
{
	int64_t interval_ms = 1000 * j->conf->client->heartbeat_interval;
	int64_t now = clock_mono_ms();
	struct err e = ERR_INIT;

	if (interval_ms > 0 && now >= *due_ms) {
		*due_ms = now + interval_ms;
		if (conn_signal(j->dir, FRAME_HEARTBEAT, &e) != ERR_OK)
			job_msg_mute(j->msg);
	}
	if (conn_flush(j->dir, &e) != ERR_OK)
		job_msg_mute(j->msg);
}

static bool
stopped_within(struct job_beat *b, int64_t ms)
{
	int64_t until = clock_mono_ms() + ms;
	bool stop;

	mutex_lock(&b->lock);
	while (!b->stop && clock_mono_ms() < until) /* until the time is over */
		(void)cond_wait_ms(&b->wake, &b->lock, until - clock_mono_ms());
	stop = b->stop;
	mutex_unlock(&b->lock);
	return stop;
}

static void
beat_run(void *arg)
{
	struct fd_job *j = arg;
	int64_t interval_ms = 1000 * j->conf->client->heartbeat_interval;
	int64_t due_ms = clock_mono_ms() + interval_ms;

	while (!stopped_within(&j->beat,
			       interval_ms > 0 && interval_ms < FLUSH_MS ? interval_ms : FLUSH_MS))
		send_signs(j, &due_ms);
}

void
beat_start(struct fd_job *j)
{
	struct err e = ERR_INIT;

	if (j->beat.thread.running)
		return;
	if (thread_start(&j->beat.thread, "fd-beat", beat_run, j, &e) != ERR_OK)
		job_report_err(j->msg, MSG_WARNING, &e); /* the job itself does not need it */
}

void
beat_stop(struct fd_job *j)
{
	mutex_lock(&j->beat.lock);
	j->beat.stop = true;
	cond_broadcast(&j->beat.wake);
	mutex_unlock(&j->beat.lock);
	thread_join(&j->beat.thread);
}
