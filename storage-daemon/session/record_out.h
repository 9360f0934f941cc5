/*
 * storage-daemon/session/record_out.h - records as frames to the file daemon
 */
#ifndef TERCET_STORAGE_DAEMON_SESSION_RECORD_OUT_H
#define TERCET_STORAGE_DAEMON_SESSION_RECORD_OUT_H

#include "lib/volume/record.h"
#include "storage-daemon/session/rate_limit.h"
#include "storage-daemon/session/session.h"

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

#endif
