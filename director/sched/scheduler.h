/*
 * director/sched/scheduler.h - the thread that turns due times into queued jobs, and its preview
 *
 * Purpose: walk the schedules of the current generation (calendar.h does the arithmetic) and start
 *          each job once that is due since the director's start; nothing is remembered of a time
 *          before it.
 * Threads: one thread of its own; the functions below from any thread (RANK_SCHED inside).
 * Spec:    director.md 2.2, 2.4
 */
#ifndef TERCET_DIRECTOR_SCHED_SCHEDULER_H
#define TERCET_DIRECTOR_SCHED_SCHEDULER_H

#include "director/director.h"

struct scheduler;
struct dir_conf;
struct dir_job;
struct dir_pool;
struct dir_run;
struct dir_storage;

MUST_CHECK enum err_code scheduler_start(struct director *d, struct scheduler **out,
					 struct err *err);
/* End the thread and free. */
void scheduler_free(struct scheduler *s);
/* The configuration changed: forget what was planned. */
void scheduler_rebuild(struct scheduler *s);

/* One future run of one job, with the overrides of its Run line applied; before any upgrade. */
struct sched_run {
	int64_t time;                      /* epoch seconds */
	const struct dir_job *job;         /* borrowed, as the rest, from the configuration given */
	const struct dir_run *run;         /* of the job's Schedule */
	const struct dir_pool *pool;       /* NULL: none */
	const struct dir_storage *storage; /* to write to; NULL: none */
	int level, priority;
};

struct sched_preview {
	int64_t from, to;                    /* epoch seconds, from <= time < to */
	const char *job, *client, *schedule; /* restrict, or NULL */
};

/*
 * Every run in the window, by time, then priority, then job name; *out is an owned array.
 * Disabled jobs, clients and schedules are left out.
 */
MUST_CHECK enum err_code scheduler_preview(struct director *d, struct dir_conf *conf,
					   const struct sched_preview *what, struct sched_run **out,
					   size_t *n, struct err *err);

#endif
