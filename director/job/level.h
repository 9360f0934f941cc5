/*
 * director/job/level.h - which level and since when, with the reason
 *
 * Purpose: the decision of director.md 7 over facts read from the catalog.
 * Threads: pure.
 */
#ifndef TERCET_DIRECTOR_JOB_LEVEL_H
#define TERCET_DIRECTOR_JOB_LEVEL_H

#include "lib/catalog/cat_job.h"
#include "lib/proto/job_code.h"

/* clang-format off */
/*       name                     message of the job; NULL none */
#define LEVEL_REASONS(X)                                                                           \
	X(LEVEL_AS_WANTED,        NULL)                                                            \
	X(LEVEL_NO_PRIOR,         "No prior Full backup Job record found.")                        \
	X(LEVEL_FULL_NEEDED,      "No prior or suitable Full backup found in catalog. Doing FULL backup.") \
	X(LEVEL_VFULL_NEEDED,     "No prior or suitable Full backup found in catalog. Doing Virtual FULL backup.") \
	X(LEVEL_DIFF_NEEDED,      "No prior or suitable Differential backup found in catalog. Doing Differential backup.") \
	X(LEVEL_PRIOR_FAILED,     "Prior failed job found in catalog. Upgrading to %s.")           \
	X(LEVEL_UNFIT,            "This is no level of a backup, and no restore would find it. Doing FULL backup.")
/* clang-format on */

enum level_reason {
#define X(name, message) name,
	LEVEL_REASONS(X)
#undef X
};

struct level_rules {
	int level; /* wanted */
	int64_t now;
	int64_t max_full_interval, max_virtual_full_interval, max_diff_interval; /* 0: none */
	bool rerun_failed_levels;
};

struct level_choice {
	int level;
	int upgraded_from;        /* letter; 0: as wanted */
	enum level_reason reason; /* LEVEL_NO_PRIOR is followed by LEVEL_FULL_NEEDED's text */
	int64_t since;            /* epoch seconds; 0 for a Full */
	uint32_t previous_job_id; /* the job since refers to; 0 none */
};

void level_choose(const struct level_rules *rules, const struct cat_level_facts *facts,
		  struct level_choice *out);
const char *level_reason_text(enum level_reason r);

/* "Full (upgraded from Incremental)", "Incremental, since=2026-11-21 02:23:44", "Full". */
void level_text(const struct level_choice *c, char *out, size_t cap);

#endif
