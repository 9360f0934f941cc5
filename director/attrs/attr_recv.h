/*
 * director/attrs/attr_recv.h - attribute frames of a storage daemon into the catalog
 *
 * Purpose: recognise "UpdCat" frames of one job, decode their head, hand the record to
 *          lib/catalog, and keep live figures.
 * Wire:    wire.md 6.6
 * Threads: one receiver; figures may be read by any.
 * Errors:  ERR_PROTO   the frame is not what it claims
 *          ERR_FORMAT  this record was left out (say it and go on)
 *          ERR_CATALOG, ERR_SYS  fatal for the job
 */
#ifndef TERCET_DIRECTOR_ATTRS_ATTR_RECV_H
#define TERCET_DIRECTOR_ATTRS_ATTR_RECV_H

#include "lib/catalog/cat_attr.h"

#include <stdatomic.h>

struct attr_head {
	uint32_t session_id, session_time;
	int32_t file_index, stream;
	struct bytes record; /* borrowed from the frame */
};

struct attr_recv {
	struct cat_attr *attr; /* borrowed */
	char prefix[256];      /* "UpdCat Job=<unique> FileAttributes " */
	size_t prefix_len;
	atomic_uint_least64_t files, bytes; /* attribute records, and their sizes */
};

void attr_recv_init(struct attr_recv *r, const char *unique, struct cat_attr *attr);
/* A frame that begins with 'U'. */
MUST_CHECK enum err_code attr_recv_frame(struct attr_recv *r, struct bytes frame, struct err *err);

/* Pure: the frame behind the prefix. */
MUST_CHECK enum err_code attr_head_parse(struct bytes in, struct attr_head *out, struct err *err);
/* Pure: st_size of an attribute record, 0 when it has none. */
uint64_t attr_record_size(struct bytes record);

#endif
