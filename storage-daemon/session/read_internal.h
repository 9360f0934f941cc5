/*
 * storage-daemon/session/read_internal.h - between read.c, read_damage.c and read_send.c
 */
#ifndef TERCET_STORAGE_DAEMON_SESSION_READ_INTERNAL_H
#define TERCET_STORAGE_DAEMON_SESSION_READ_INTERNAL_H

#include "lib/base/hash.h"
#include "lib/proto/bootstrap.h"
#include "lib/volume/record.h"
#include "lib/volume/volume_scan.h"
#include "storage-daemon/device/device.h"
#include "storage-daemon/session/rate_limit.h"
#include "storage-daemon/session/read.h"

/* ---- read_send.c: records as frames to the file daemon ---- */

struct record_out {
	struct session *s;
	struct buf frames;  /* heads, and frames of small records, sent when many */
	int32_t file_index; /* of the last record */
	uint32_t session_id;
	uint32_t files;
	uint64_t bytes;
	struct rate_limit rate;
};

void record_out_init(struct record_out *o, struct session *s);
void record_out_release(struct record_out *o);
/* ERR_LIMIT: it is larger than a frame; the next ones may go. */
MUST_CHECK enum err_code record_out_put(struct record_out *o, const struct record *r,
					struct err *err);
MUST_CHECK enum err_code record_out_flush(struct record_out *o, struct err *err);

/* ---- read.c ---- */

/* What is known of a session met on the volumes. */
struct seen_session {
	uint64_t key;               /* session time << 32 | id */
	struct session_label label; /* of its SOS, if met */
	bool labelled;
	int32_t file_index; /* of its last record sent */
	uint8_t head[512];  /* beginning of that file's attribute record, for its name */
	size_t head_len;
	int32_t incomplete; /* last file a record of which was reported incomplete */
	bool damaged;       /* something was lost behind that record */
	struct bsr_verdict verdict;
	UT_hash_handle hh;
};

/* A session of which a good block was met that is not wanted: all that counts is which. */
struct passed_session {
	uint64_t key;
	UT_hash_handle hh;
};

struct reader {
	struct session *s;
	struct bootstrap *bsr;    /* borrowed */
	struct record_join *join; /* owned */
	struct record_out out;
	struct seen_session *seen;          /* owned entries */
	struct passed_session *passed;      /* owned entries */
	struct passed_session *last_passed; /* of passed: nearly always the next one, too */
	struct bsr_names unread;            /* owned: volumes that could not be read */

	/* the volume that is read; all borrowed */
	const char *volume;
	const char *media_type; /* "" if the bootstrap does not say */
	struct device *device;  /* it was found in */
	struct dev *dev;
	uint64_t limit;  /* nothing behind this address is looked at */
	int64_t read_us; /* the medium has taken */
	struct volume_scan *scan;
};

/* The entry of a session, made when it has none. */
struct seen_session *read_session_of(struct reader *r, uint32_t id, uint32_t time);
/* A good block of this header's session was met, and not wanted. */
bool read_has_passed(const struct reader *r, const struct block_head *head);

/* ---- read_damage.c ---- */

/* A block or a range of bytes is lost. */
void damage_block(struct reader *r, const struct volume_block *b, const struct err *why);
/* The volume ends at this address: was anything wanted behind it? */
void damage_early_end(struct reader *r, uint64_t at);
/* The first record of a session behind damage shows which files were lost: those up to last. */
void damage_lost_files(struct reader *r, struct seen_session *e, int32_t last);
/* Nothing more comes from this volume: what is wanted of it behind the last file seen is lost. */
void damage_rest_of_volume(struct reader *r, bool damaged_only);
/* All volumes were read: what the bootstrap wants and nobody met or told so far. */
void damage_unmet(struct reader *r);
/* A part of a record is missing.  Said once per file: a long record may have hundreds of pieces. */
void damage_incomplete(struct reader *r, struct seen_session *e, int32_t file_index,
		       const char *why);
/* A record of the session's current file cannot be sent. */
void damage_too_long(struct reader *r, struct seen_session *e, const struct err *why);

#endif
