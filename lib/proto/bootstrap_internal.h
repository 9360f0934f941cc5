/*
 * lib/proto/bootstrap_internal.h - what bootstrap.c and bootstrap_match.c share
 */
#ifndef TERCET_PROTO_BOOTSTRAP_INTERNAL_H
#define TERCET_PROTO_BOOTSTRAP_INTERNAL_H

#include "lib/proto/bootstrap.h"

#include <regex.h>

/* What one record has seen of one session. */
struct bsr_seen {
	uint32_t session_id, session_time;
	int32_t last_index;
	bool done; /* its FileIndexes are past all wanted ones */
};

struct bsr_state {
	struct bsr_record bsr;
	regex_t regex;
	bool has_regex;
	bool done;
	bool one_session;      /* names exactly one session */
	bool entered;          /* something of its was met */
	uint32_t n_files;      /* distinct files matched */
	struct bsr_ranges met; /* owned; of one session: which; not sorted */
	size_t met_tidy_at;    /* ranges in met when it is time to join them */
	struct bsr_seen *seen; /* owned */
	size_t n_seen, cap_seen;
};

/* The FileRegex verdict on a session's current file. */
struct bsr_verdict {
	uint32_t session_id, session_time;
	int32_t file_index;
	bool keep;
};

struct bootstrap {
	struct bsr_state *records; /* owned */
	size_t n, cap;
	struct bsr_volume *volumes; /* owned; names borrowed from records */
	size_t n_volumes;
	size_t from, to; /* the records of the visit: from <= i < to */
	bool any_regex;
	char *storage; /* owned; a Storage line waiting for the record it belongs to */

	char *volume;            /* owned; of which here[] are the records */
	struct bsr_state **here; /* owned; borrowed records that are not done */
	size_t n_here;
	struct bsr_state **candidates; /* owned; those of the block entered last */
	size_t n_candidates;
	struct bsr_block block;       /* entered last; volume not set */
	struct bsr_verdict *verdicts; /* owned */
	size_t n_verdicts, cap_verdicts;
};

/* After parsing. */
void bootstrap_prepare(struct bootstrap *b);
void bootstrap_match_release(struct bootstrap *b);

#endif
