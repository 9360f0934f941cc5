#include "lib/net/beat.h"

#include "lib/base/clock.h"
#include "lib/base/log.h"

static bool
ended_within(struct beat *b, int64_t ms)
{
	int64_t until = clock_mono_ms() + ms;
	bool stop;

	mutex_lock(&b->lock);
	while (!b->stop && clock_mono_ms() < until) /* until stop, or the time is over */
		(void)cond_wait_ms(&b->wake, &b->lock, until - clock_mono_ms());
	stop = b->stop;
	mutex_unlock(&b->lock);
	return stop;
}

/* Whoever works on the conversation hears of its failure, too: here it is only the end. */
static void
beat_run(void *arg)
{
	struct beat *b = (struct beat *)arg;
	struct err err = ERR_INIT;

	while (!ended_within(b, b->interval_ms))
		if (conn_signal(b->conn, FRAME_HEARTBEAT, &err) != ERR_OK ||
		    conn_flush(b->conn, &err) != ERR_OK)
			return;
}

void
beat_begin(struct beat *b, struct conn *conn, int64_t interval_seconds)
{
	struct err err = ERR_INIT;

	if (interval_seconds <= 0)
		return;
	b->conn = conn;
	b->interval_ms = interval_seconds * 1000;
	mutex_init(&b->lock, RANK_LEAF);
	cond_init(&b->wake);
	mutex_lock(&b->lock);
	b->stop = false;
	mutex_unlock(&b->lock);
	if (thread_start(&b->thread, "beat", beat_run, b, &err) == ERR_OK)
		return;
	log_warn("no heartbeats to %s: %s", conn_peer(conn), err.text);
	cond_release(&b->wake);
	mutex_release(&b->lock);
}

void
beat_end(struct beat *b)
{
	if (!b->thread.running)
		return;
	mutex_lock(&b->lock);
	b->stop = true;
	cond_broadcast(&b->wake);
	mutex_unlock(&b->lock);
	thread_join(&b->thread);
	cond_release(&b->wake);
	mutex_release(&b->lock);
}
