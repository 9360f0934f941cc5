/*
 * director/job/duplicate.h - what happens when a job of the same name is known already
 *
 * Threads: pure.
 * Spec:    director.md 5.1
 */
#ifndef TERCET_DIRECTOR_JOB_DUPLICATE_H
#define TERCET_DIRECTOR_JOB_DUPLICATE_H

#include <stdbool.h>

enum duplicate_action { DUPLICATE_ALLOW, DUPLICATE_CANCEL_OLD, DUPLICATE_CANCEL_NEW };

struct duplicate_rules {
	bool allow;        /* Allow Duplicate Jobs, or the job is exempt */
	bool cancel_lower; /* Cancel Lower Level Duplicates */
	bool cancel_queued, cancel_running;
};
struct duplicate_pair {
	int new_type, new_level;
	int old_type, old_level, old_status;
};

enum duplicate_action duplicate_judge(const struct duplicate_rules *rules,
				      const struct duplicate_pair *pair);

#endif
