/*
 * storage-daemon/session/rate_limit.h - stay under so many bytes a second
 *
 * Purpose: the bandwidth limit of a job, over the last seconds: whoever moves bytes calls after
 *          each portion and is held up when it was too fast.
 * Threads: each by one thread; the limit may change between two calls.
 * Errors:  ERR_CANCELED
 */
#ifndef TERCET_STORAGE_DAEMON_SESSION_RATE_LIMIT_H
#define TERCET_STORAGE_DAEMON_SESSION_RATE_LIMIT_H

#include <stddef.h>

#include "lib/base/wait.h"

/* All-zero: nothing was moved yet. */
struct rate_limit {
	int64_t since_ms; /* the seconds that count */
	uint64_t bytes;   /* moved in them */
};

/* n bytes were moved; bytes_per_s 0: no limit. */
MUST_CHECK enum err_code rate_limit_keep(struct rate_limit *r, size_t n, uint64_t bytes_per_s,
					 struct cancel *cancel, struct err *err);

#endif
