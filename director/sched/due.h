/*
 * director/sched/due.h - when each (job, Run line) of a configuration is due next
 *
 * Purpose: the list of the scheduler, apart from its thread, so that it can be tested.
 * Owns:    its entries; jobs and Run lines are borrowed from the generation they were found in.
 * Threads: one at a time.
 * Spec:    director.md 2
 */
#ifndef TERCET_DIRECTOR_SCHED_DUE_H
#define TERCET_DIRECTOR_SCHED_DUE_H

#include <stddef.h>
#include <stdint.h>

struct dir_conf;
struct dir_job;
struct dir_run;

struct due_entry {
	struct dir_job *job;
	struct dir_run *run;
	int64_t next; /* epoch seconds, 0 never */
};

struct due_list {
	struct due_entry *v; /* owned */
	size_t n;
};

typedef void (*due_fn)(void *arg, const struct due_entry *e);

/*
 * Hand over what is due at now, earliest and most urgent first, each entry once however many of
 * its times have passed.  Then, with conf, make the list anew from it: what came due in the very
 * moment of a reload is not lost.
 */
void due_look(struct due_list *l, const struct dir_conf *conf, int64_t now, due_fn fn, void *arg);
/* The earliest time of all, 0 none. */
int64_t due_next(const struct due_list *l);
int due_priority(const struct due_entry *e);
void due_release(struct due_list *l);

#endif
