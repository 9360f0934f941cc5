/*
 * storage-daemon/session/read_internal.h - between read.c, read_window.c and read_send.c
 */
#ifndef TERCET_STORAGE_DAEMON_SESSION_READ_INTERNAL_H
#define TERCET_STORAGE_DAEMON_SESSION_READ_INTERNAL_H

#include "lib/base/hash.h"
#include "lib/volume/record.h"
#include "storage-daemon/device/device.h"
#include "storage-daemon/session/read.h"

/* ---- read_window.c: a volume seen through a buffer that is read ahead ---- */

struct window {
	struct dev *dev; /* borrowed */
	uint8_t *p;      /* owned, cap bytes */
	size_t cap;
	uint64_t at;     /* address of p[0] */
	size_t have;     /* bytes valid */
	uint64_t limit;  /* nothing behind this address is looked at */
	int64_t read_us; /* time spent reading */
};

void window_init(struct window *w, struct dev *dev, uint64_t limit);
void window_release(struct window *w);
/* Up to n bytes at address at; fewer only at the end.  Borrowed until the next call. */
MUST_CHECK enum err_code window_get(struct window *w, uint64_t at, size_t n, struct bytes *out,
				    struct err *err);
/* The block at address at, or what is there of it: ERR_EOF the end, ERR_FORMAT damage (the head
 * is unusable, or the block is cut short).  Not verified. */
MUST_CHECK enum err_code window_block(struct window *w, uint64_t at, struct block_head *head,
				      struct bytes *block, struct err *err);
/* The next address behind from where a whole undamaged block begins; ERR_EOF: none. */
MUST_CHECK enum err_code window_resync(struct window *w, uint64_t from, uint64_t *to,
				       struct err *err);

/* ---- read_send.c: records as frames to the file daemon ---- */

struct record_out {
	struct session *s;
	struct buf frames;  /* heads, and frames of small records, sent when many */
	int32_t file_index; /* of the last record */
	uint32_t session_id;
	uint32_t files;
	uint64_t bytes;
	int64_t limited_ms;
	uint64_t limited_bytes;
};

void record_out_init(struct record_out *o, struct session *s);
void record_out_release(struct record_out *o);
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
	UT_hash_handle hh;
};

struct reader {
	struct session *s;
	struct bootstrap *bsr;    /* borrowed */
	struct record_join *join; /* owned */
	struct record_out out;
	struct seen_session *seen; /* owned entries */
	const char *volume;        /* being read; borrowed */
	struct device *device;     /* it was found in */
	struct window win;
	uint32_t damages;
};

#endif
