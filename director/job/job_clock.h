/*
 * director/job/job_clock.h - times for the catalog, by a clock that may be set back
 *
 * Purpose: start and end times of jobs never run backwards, so that chains of jobs keep their
 *          order: while the system's clock is behind the latest time given out, that one is given
 *          again (JobId decides among jobs of one second).  The times that the clock showed twice
 *          are remembered: of a job that began in them it is not known when it really did, so that
 *          an Incremental on top of it takes what changed since their beginning.
 * Owns:    the file <name>.clock in the working directory.
 * Threads: any.
 */
#ifndef TERCET_DIRECTOR_JOB_JOB_CLOCK_H
#define TERCET_DIRECTOR_JOB_JOB_CLOCK_H

#include <stdint.h>

struct job_clock;

/* With what the file at path knows, if there is one. */
struct job_clock *job_clock_new(const char *path);
void job_clock_free(struct job_clock *c);

/* Now, for the catalog.  A clock more than a day behind is believed. */
int64_t job_clock_now(struct job_clock *c);
/* Look at the system's clock; at least once a minute, so that a step is noticed soon. */
void job_clock_look(struct job_clock *c);
/* The time since which files may have changed after a job that began at t (catalog time). */
int64_t job_clock_since(struct job_clock *c, int64_t t);

#endif
