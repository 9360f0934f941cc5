/*
 * lib/volume/gather_internal.h - between gather.c and gather_damage.c
 */
#ifndef TERCET_VOLUME_GATHER_INTERNAL_H
#define TERCET_VOLUME_GATHER_INTERNAL_H

#include "lib/base/hash.h"
#include "lib/volume/gather.h"

/* A session of which something was wanted, or lost. */
struct seen_session {
	uint64_t key;               /* session time << 32 | id */
	struct session_label label; /* if met */
	bool labelled;
	bool ended;         /* nothing of it follows */
	bool damaged;       /* something was lost behind its last record */
	int32_t file_index; /* of its last record */
	bool keep;          /* that file is wanted */
	struct bsr_verdict verdict;
	uint8_t head[512]; /* beginning of that file's attribute record, for its name */
	size_t head_len;
	int32_t told; /* the last file that was said to be incomplete */
	UT_hash_handle hh;
};

/* A session of which a good block was met that is not wanted: all that counts is which. */
struct passed_session {
	uint64_t key;
	UT_hash_handle hh;
};

struct gather {
	struct bootstrap *bsr; /* borrowed or NULL */
	const struct gather_ops *ops;
	void *user;
	struct record_join *join;           /* owned */
	struct seen_session *seen;          /* owned entries */
	struct passed_session *passed;      /* owned entries */
	struct passed_session *last_passed; /* of passed: nearly always the next one, too */
	struct bsr_names unread;            /* owned: volumes that could not be read */
	unsigned said;                      /* sentences */
	const char *volume;                 /* that is read, borrowed */
	bool refused;                       /* ops->record failed */
};

uint64_t gather_key(uint32_t id, uint32_t time);
/* The entry of a session, made when it has none. */
struct seen_session *gather_session_of(struct gather *g, uint32_t id, uint32_t time);
/* A good block of this header's session was met, and not wanted. */
bool gather_has_passed(const struct gather *g, const struct block_head *head);

/* ---- gather_damage.c ---- */

/* A block or a range of bytes is lost. */
void damage_block(struct gather *g, const struct volume_block *b, const struct err *why);
/* The volume ends at this address: was anything wanted behind it? */
void damage_early_end(struct gather *g, uint64_t at);
/* Nothing can be read of the volume, or nothing more. */
void damage_unread(struct gather *g, const struct err *why);
/* Nothing more comes from this volume: what damaged sessions want behind their last file is lost.
 */
void damage_rest_of_volume(struct gather *g);
/* The first record of a session behind damage, or its end, shows which files were lost: up to last.
 */
void damage_lost_files(struct gather *g, struct seen_session *e, int32_t last);
/* A session's label cannot be understood. */
void damage_label(struct gather *g, const struct seen_session *e, const struct err *why);
/* A part of a record is missing.  Said once per file: a long record may have hundreds of pieces. */
void damage_incomplete(struct gather *g, struct seen_session *e, int32_t file_index,
		       const char *part);
/* A record of the session's current file cannot be taken. */
void damage_too_long(struct gather *g, struct seen_session *e, const struct err *why);
/* All volumes were read: the rest of these records, and what the bootstrap wants and nobody met or
 * told so far. */
void damage_open_records(struct gather *g);
void damage_unmet(struct gather *g);

#endif
