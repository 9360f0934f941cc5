/*
 * lib/proto/bootstrap_internal.h - what bootstrap.c and bootstrap_match.c share
 */
#ifndef TERCET_PROTO_BOOTSTRAP_INTERNAL_H
#define TERCET_PROTO_BOOTSTRAP_INTERNAL_H

#include "lib/proto/bootstrap.h"

#include <regex.h>

struct bsr_state {
	struct bsr_record bsr;
	regex_t regex;
	bool has_regex;
	bool done;
	bool one_session;      /* names exactly one session */
	bool counted;          /* ... and every file it names is known to be there */
	bool entered;          /* something of its was met */
	int32_t last_index;    /* of the file met last */
	uint32_t n_files;      /* met; of one session: different ones */
	struct bsr_ranges met; /* owned; which, if counted, and those told lost; not sorted */
	size_t met_tidy_at;    /* ranges in met when it is time to join them */
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
};

/* After parsing. */
void bootstrap_prepare(struct bootstrap *b);
void bootstrap_match_release(struct bootstrap *b);
/* These files of a record are accounted for. */
void bsr_state_add_met(struct bsr_state *s, uint64_t first, uint64_t last);

#endif
