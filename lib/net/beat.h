/*
 * lib/net/beat.h - signs of life on a conversation that may be silent for long
 *
 * Purpose: a thread that sends HEARTBEAT now and then while a job is busy, so that the peer can
 *          tell a long silence from a lost one (conn_set_job_wait).  It also takes what is
 *          buffered along.
 * Owns:    its thread.  The conversation is borrowed until beat_end.
 * Threads: begin and end by one thread; the conversation is shared with other senders.
 * Spec:    wire.md 12
 */
#ifndef TERCET_NET_BEAT_H
#define TERCET_NET_BEAT_H

#include "lib/base/sync.h"
#include "lib/base/thread.h"
#include "lib/net/conn.h"

struct beat {
	struct conn *conn; /* borrowed */
	int64_t interval_ms;
	struct mutex lock; /* RANK_LEAF */
	struct cond wake;  /* stop changed */
	bool stop GUARDED_BY(&lock);
	struct thread thread;
};

/* interval_seconds 0: no heartbeats.  A thread that cannot be had is only logged. */
void beat_begin(struct beat *b, struct conn *conn, int64_t interval_seconds);
/* Does nothing for an all-zero one. */
void beat_end(struct beat *b);

#endif
