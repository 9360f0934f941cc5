/*
 * lib/base/wait.h - cancel, deadline and reason: what every wait outside the process takes
 *
 * Purpose: one way to end a wait.  A cancel is an atomic flag and an eventfd that every poll
 *          includes; a wait adds a deadline and says what it waits for.
 * Threads: cancel_now from any thread, any number of times.
 */
#ifndef TERCET_BASE_WAIT_H
#define TERCET_BASE_WAIT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

struct cancel {
	atomic_bool asked;
	int event; /* eventfd, readable once asked; 0 in an all-zero one, which cannot be waited
		      with */
};

MUST_CHECK enum err_code cancel_init(struct cancel *c, struct err *err);
void cancel_release(struct cancel *c);
void cancel_now(struct cancel *c);
/* Not asked any more.  For its owner, while nobody waits with it and nobody can ask. */
void cancel_reset(struct cancel *c);

static inline bool
cancel_asked(const struct cancel *c)
{
	return c != NULL &&
	       atomic_load_explicit(&((struct cancel *)(uintptr_t)c)->asked, memory_order_acquire);
}

struct wait {
	struct cancel *cancel; /* borrowed; NULL: cannot be cancelled */
	int64_t deadline_ms;   /* clock_mono_ms() at which it ends; 0: none */
	const char *what;      /* for status and errors: "the storage daemon's answer" */
};

/* A wait that ends after seconds (0: no limit). */
struct wait wait_for(struct cancel *cancel, int64_t seconds, const char *what);

/*
 * Wait until fd has one of events (POLLIN, POLLOUT) or an error to report.
 * ERR_CANCELED asked to stop · ERR_PEER the deadline passed ("no answer within ...: what")
 */
MUST_CHECK enum err_code wait_fd(const struct wait *w, int fd, short events, struct err *err);
/* Wait until the deadline or cancel: ERR_OK at the deadline, ERR_CANCELED. */
MUST_CHECK enum err_code wait_pause(const struct wait *w, struct err *err);

#endif
