/*
 * file-daemon/pipe/stage.h - where a job's time goes, stage by stage
 *
 * Purpose: each stage adds what it worked and what it waited for its neighbours, once per batch,
 *          segment or window of records.  Shown by status and, when a job ends, by the trace.
 * Threads: any; the counters are atomic.  Several workers add up: busy may exceed the wall time.
 */
#ifndef TERCET_FILE_DAEMON_PIPE_STAGE_H
#define TERCET_FILE_DAEMON_PIPE_STAGE_H

#include <stdatomic.h>

#include "lib/base/buf.h"

/* clang-format off */
#define STAGES(X)                                                                  \
	X(STAGE_WALK,       "walk")        /* directories and match */             \
	X(STAGE_READ,       "read")        /* open, read, ACL, attributes */       \
	X(STAGE_DIGEST,     "digest")                                              \
	X(STAGE_COMPRESS,   "compress")                                            \
	X(STAGE_ORDER,      "order")       /* FileIndex, records, frames */        \
	X(STAGE_SEND,       "send")        /* encryption and the network */        \
	X(STAGE_RECEIVE,    "receive")                                             \
	X(STAGE_DECOMPRESS, "decompress")                                          \
	X(STAGE_WRITE,      "write")       /* create, check the digest, write */   \
	X(STAGE_SYNC,       "sync")        /* until the disks have it */
/* clang-format on */

enum stage {
#define X(name, text) name,
	STAGES(X)
#undef X
		STAGE_COUNT,
};

struct stages {
	struct {
		atomic_uint_fast64_t busy_ns, waited_ns;
	} v[STAGE_COUNT];
};

/* The time since (of clock_mono_ns) was work, or waiting; returns now.  s NULL counts nothing. */
int64_t stage_busy(struct stages *s, enum stage stage, int64_t since_ns);
int64_t stage_waited(struct stages *s, enum stage stage, int64_t since_ns);
/* The same where work and waiting cannot be told apart from outside: what the thread computed
 * since cpu_ns (of clock_thread_ns) was work, the rest of the time since wall_ns waiting. */
void stage_split(struct stages *s, enum stage stage, int64_t wall_ns, int64_t cpu_ns);

/* Append "read 1.20 s (waited 0.31), ..." of the stages that did anything. */
void stage_text(struct stages *s, struct buf *out);

#endif
