/*
 * director/conf/run_spec.h - one Run line of a Schedule, parsed
 *
 * Purpose: a pure parser; text in, masks and overrides out.  Calendar logic is in sched.
 * Owns:    strings and the times; run_spec_release frees them and may be called again.
 * Spec:    config.md 1.12
 */
#ifndef TERCET_DIRECTOR_CONF_RUN_SPEC_H
#define TERCET_DIRECTOR_CONF_RUN_SPEC_H

#include "lib/base/buf.h"

struct run_time {
	uint8_t hour, minute;
};

struct run_spec {
	/* A day fires if mday and wday and month and woy match, and (the wom bit of (mday-1)/7 is
	 * set, or last and it is one of the last 7 of its month).  Unrestricted: all bits set. */
	uint32_t mday;       /* bit 0: the 1st ... bit 30: the 31st */
	bool last_day;       /* "lastday": the last day of the month matches mday, too */
	uint8_t wday;        /* bit 0: Sunday ... bit 6: Saturday */
	uint16_t month;      /* bit 0: January ... bit 11: December */
	uint8_t wom;         /* bit 0: 1st ... bit 4: 5th; 0 when only "last" was given */
	bool last;           /* "last" */
	uint64_t woy;        /* bit 0: w00 ... bit 53: w53 */
	struct run_time *at; /* sorted, no duplicates, at least one */
	size_t n_at;

	/* Overrides; NULL, 0 or -1: not given. */
	char level; /* code of config.md 1.12: 'F', 'I', 'D', 'f', ... */
	char *pool, *full_pool, *incremental_pool, *differential_pool, *virtual_full_pool;
	char *next_pool, *storage, *messages;
	uint32_t priority;          /* 0: not given */
	int spool_data, accurate;   /* -1: not given, else 0 or 1 */
	int64_t max_run_sched_time; /* seconds; -1: not given */
};

/* A remark about the text; column counts bytes from 0. */
struct run_remark {
	size_t column, length;
	char text[192];
};

#define RUN_REMARKS_MAX 8

struct run_remarks {
	struct run_remark v[RUN_REMARKS_MAX];
	size_t n;
};

/*
 * Parse the text behind "Run =" up to the end of the logical line.
 * remarks: what is accepted but may surprise; may be NULL.
 * Errors: ERR_CONFIG  text says what is wrong; *column is where (bytes from 0), when not NULL
 */
MUST_CHECK enum err_code run_spec_parse(const char *text, struct run_spec *out,
					struct run_remarks *remarks, size_t *column,
					struct err *err);
void run_spec_release(struct run_spec *r);
/* The line in the dump form, parsing back to the same spec. */
void run_spec_text(const struct run_spec *r, struct buf *out);

#endif
