/*
 * file-daemon/find/match.h - does a fileset take this file, with which options, and why
 *
 * Purpose: the matching order of the FileSet as one pure function.
 * Threads: pure; any thread.
 * Spec:    config.md 1.14 "Matching order"
 */
#ifndef TERCET_FILE_DAEMON_FIND_MATCH_H
#define TERCET_FILE_DAEMON_FIND_MATCH_H

#include "file-daemon/find/fileset.h"

enum match_reason {
	MATCH_TAKEN_BY_DEFAULT, /* no pattern decided: options of the last block */
	MATCH_TAKEN_BY_PATTERN,
	MATCH_OUT_BY_PATTERN, /* a pattern of a block with Exclude = yes */
	MATCH_OUT_BY_BLOCK,   /* a block without patterns and with Exclude = yes */
	MATCH_OUT_BY_EXCLUDE, /* a File line of an Exclude block */
};

struct match {
	bool take;
	enum match_reason reason;
	const struct file_options *options; /* in force for the file; borrowed from the fileset */
	const char *pattern;                /* that decided; borrowed, NULL if none */
};

/* path: absolute, NUL-terminated, directories without their final '/'. */
struct match fileset_match(const struct fileset *fs, const struct fileset_block *include,
			   const char *path, bool is_dir);
/* The same for a File entry itself, which is always taken: only the options are looked for. */
const struct file_options *fileset_top_options(const struct fileset_block *include,
					       const char *path, bool is_dir);
/* The end of path behind so many leading components, as the volume names it; path itself when
 * nothing would be left.  Spec: config.md 1.14 StripPath */
struct bytes fileset_strip_path(struct bytes path, unsigned components);
bool size_match_takes(const struct size_match *m, uint64_t size);
const char *match_reason_text(enum match_reason r);

/* The director's time of a job's start on the clock that stamps our files, which is ahead by so
 * many us.  Rounded down, and a timer tick earlier, because the kernel stamps a file with the time
 * of its last tick: a file saved once more than needed does no harm, one saved once less is lost.
 * Spec: wire.md 5.4 */
static inline int64_t
since_on_our_clock(int64_t since, int64_t ahead_us)
{
	enum { TICK_US = 10 * 1000, SECOND_US = 1000 * 1000 };
	int64_t us = ahead_us - TICK_US;
	int64_t seconds = us / SECOND_US;

	return since + (us % SECOND_US < 0 ? seconds - 1 : seconds);
}

/* Saved when not full?  Whole seconds.  Spec: wire.md 5.4 */
static inline bool
changed_since(int64_t since, int64_t mtime, int64_t ctime_, bool mtime_only)
{
	return mtime >= since || (!mtime_only && ctime_ >= since);
}

#endif
