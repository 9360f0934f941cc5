/*
 * lib/base/thread.h - named threads
 *
 * Purpose: every thread has a name and an owner who joins it; none is detached.  The name and
 *          the job id stand in every log line of the thread.
 */
#ifndef TERCET_BASE_THREAD_H
#define TERCET_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

struct thread {
	pthread_t id;
	bool running; /* started and not yet joined */
};

/* fn(arg) runs in a new thread; name at most 15 bytes.  ERR_SYS when the system has no more. */
MUST_CHECK enum err_code thread_start(struct thread *t, const char *name, void (*fn)(void *),
				      void *arg, struct err *err);
/* Wait for its end; does nothing for a thread that was not started. */
void thread_join(struct thread *t);

/* Threads to use for work that can be shared: as many as asked, 0 one per core; at most most. */
unsigned thread_cores(unsigned asked, unsigned most);

/* The job id in this thread's log lines; 0 is none. */
void thread_set_job(uint32_t job_id);
uint32_t thread_job(void);
/* What ends this thread's patience with the catalog; borrowed; NULL: nothing does. */
struct cancel;
void thread_set_cancel(struct cancel *c);
struct cancel *thread_cancel(void);
const char *thread_name(void);
/* Block all signals in this thread and all it starts; main() calls it first. */
void thread_block_signals(void);
/* Let those that end or stop a program do so again, in this thread and all it starts from now. */
void thread_allow_signals(void);

#endif
