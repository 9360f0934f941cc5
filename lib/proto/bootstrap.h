/*
 * lib/proto/bootstrap.h - which records to read from which volumes
 *
 * Purpose: parse, emit and match bootstrap texts.  The director and others build struct bsr_record
 *          values and emit them; a storage daemon parses the text and asks, block by block and
 *          record by record, what is wanted and where to go next.
 * Layout:  volume.md 15.1
 * Owns:    everything inside; strings copied.
 * Threads: one at a time (matching keeps state).
 * Errors:  ERR_FORMAT  "line N: ..."
 * Spec:    volume.md 15
 */
#ifndef TERCET_PROTO_BOOTSTRAP_H
#define TERCET_PROTO_BOOTSTRAP_H

#include "lib/base/buf.h"

struct bsr_range {
	uint64_t first, last;
};

struct bsr_ranges {
	struct bsr_range *v; /* owned; sorted and merged after parsing */
	size_t n, cap;
};

struct bsr_names {
	char **v; /* owned, each owned */
	size_t n, cap;
};

struct bsr_record {
	char *storage, *media_type, *device; /* owned or NULL */
	struct bsr_names volumes;
	uint32_t slot;
	struct bsr_ranges session_id, session_time;
	struct bsr_ranges addr, file, block;
	struct bsr_ranges file_index;
	uint32_t count; /* 0: none */
	char *file_regex;
	struct bsr_names clients, jobs;
	struct bsr_ranges job_ids, streams, job_types, job_levels;
};

void bsr_ranges_add(struct bsr_ranges *r, uint64_t first, uint64_t last);
void bsr_ranges_release(struct bsr_ranges *r);
/* Sort and join overlapping and adjacent ranges, so that a lookup is a binary search. */
void bsr_ranges_normalise(struct bsr_ranges *r);
/* Add the FileIndexes of a that are not in b, both normalised, to out. */
void bsr_ranges_subtract(const struct bsr_ranges *a, const struct bsr_ranges *b,
			 struct bsr_ranges *out);
void bsr_names_add(struct bsr_names *n, const char *s);
void bsr_names_release(struct bsr_names *n);
bool bsr_names_have(const struct bsr_names *n, const char *s);
void bsr_record_release(struct bsr_record *r);
/* Append the text of one record, in the order a director writes; ERR_LIMIT: out may not get so
 * large, and is as it was.  Spec: volume.md 15.1 */
MUST_CHECK enum err_code bsr_record_emit(const struct bsr_record *r, struct buf *out,
					 struct err *err);

#define BSR_TEXT_MAX (64u * 1024 * 1024)

struct bootstrap;

MUST_CHECK enum err_code bootstrap_parse(struct bytes text, struct bootstrap **out,
					 struct err *err);
void bootstrap_free(struct bootstrap *b);
void bootstrap_freep(struct bootstrap **b);

size_t bootstrap_n_records(const struct bootstrap *b);
const struct bsr_record *bootstrap_record(const struct bootstrap *b, size_t i);

/*
 * Visits to volumes in the order of the records, with what the first of its records says of each.
 * Records that follow one another and name the same volume are one visit; a volume that is named
 * again behind another is visited again: of what several jobs saved under one name the later record
 * is the newer, and must come last.
 */
struct bsr_volume {
	const char *name;       /* borrowed */
	const char *media_type; /* "" if not said */
	const char *device;     /* "" */
	uint32_t slot;          /* 0 */
	size_t first, last;     /* records */
};
size_t bootstrap_n_volumes(const struct bootstrap *b);
struct bsr_volume bootstrap_volume(const struct bootstrap *b, size_t i);
/* Is a volume visited more than once? */
bool bootstrap_visits_again(const struct bootstrap *b);
/* From here on only the records of visit i count; without a visit (at first, too) all do. */
void bootstrap_enter_visit(struct bootstrap *b, size_t i);
void bootstrap_leave_visit(struct bootstrap *b);
/* Does record i want something of this volume in this visit? */
bool bootstrap_is_here(const struct bootstrap *b, size_t i, const char *volume);

/* ---- matching: for each block enter, then match each piece in it ---- */

struct bsr_block {
	const char *volume;
	uint64_t start; /* address of the block's first byte (tape: file << 32 | block) */
	uint64_t end;   /* disk: address of its last byte; tape: as start */
	uint32_t session_id, session_time;
};

/* What is known of the session from its label; zero/NULL members are not compared. */
struct bsr_session {
	uint32_t job_id;
	const char *job, *client;
	uint32_t job_type, job_level;
};

/* False: no record of this block is wanted; skip it.  session may be NULL. */
bool bootstrap_enter_block(struct bootstrap *b, const struct bsr_block *blk,
			   const struct bsr_session *session);
/* A piece of a record (FileIndex > 0) in the block entered last.  Labels always pass: do not ask.
 */
bool bootstrap_match(struct bootstrap *b, int32_t file_index, int32_t stream);
/* What FileRegex says of a session's current file; zero at first. */
struct bsr_verdict {
	int32_t file_index;
	bool keep;
};
/* After joining, for FileRegex: an attribute record is judged by its name, the other records of the
 * file (name empty) get the same verdict, which the caller has in v for each session.  Always true
 * when no record has a FileRegex. */
bool bootstrap_keep(const struct bootstrap *b, struct bsr_verdict *v, int32_t file_index,
		    struct bytes name);
/* Nothing more can match record i: its files have come, or its place on the volume is passed. */
bool bootstrap_record_is_done(const struct bootstrap *b, size_t i);
/* Nothing is left to be matched on any volume. */
bool bootstrap_is_done(const struct bootstrap *b);
/* These files of record i are known to be lost: they are not unmet. */
void bootstrap_note_lost(struct bootstrap *b, size_t i, uint64_t first, uint64_t last);
/* At the end of reading: record i wants something that was never met.  Its FileIndexes are added to
 * out; none when the record names none. */
bool bootstrap_unmet(struct bootstrap *b, size_t i, struct bsr_ranges *out);

enum bsr_seek {
	BSR_STAY,        /* read on at pos */
	BSR_GO,          /* go to *to; open records may go on there (a piece on the next volume) */
	BSR_VOLUME_DONE, /* nothing more is wanted from this volume */
};

/* pos: address of the next block to be read. */
enum bsr_seek bootstrap_seek(struct bootstrap *b, const char *volume, uint64_t pos, uint64_t *to);
/* The highest address of the volume that is wanted by number (VolAddr) and was not done with;
 * false: none is. */
bool bootstrap_last_wanted(struct bootstrap *b, const char *volume, uint64_t *last);

#endif
