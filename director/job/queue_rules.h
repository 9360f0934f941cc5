/*
 * director/job/queue_rules.h - which waiting jobs may start now, and why the others may not
 *
 * Purpose: one examination of the queue: priorities, and the counters of director, storages,
 *          client and job.  Counters are given only together with a worker.
 * Threads: pure.
 * Spec:    director.md 4.2
 */
#ifndef TERCET_DIRECTOR_JOB_QUEUE_RULES_H
#define TERCET_DIRECTOR_JOB_QUEUE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUEUE_REASON_MAX 256

/* One counter a job needs; name NULL: it needs none. */
struct queue_counter {
	const char *name;
	uint32_t limit;
};

struct queue_item {
	uint32_t job_id;
	int priority;
	bool running;
	bool allow_mixed;
	bool over; /* waits, cancelled or failed: ends at once and needs nothing */
	struct queue_counter read_storage, write_storage, client, job;
	/* out, of waiting items */
	bool start;
	int status; /* p s c j d */
	char reason[QUEUE_REASON_MAX];
};

/*
 * items: running ones in order of start, then waiting ones by priority, then age.
 * limit: Maximum Concurrent Jobs of the director.
 */
void queue_examine(struct queue_item *items, size_t n, uint32_t limit);

#endif
