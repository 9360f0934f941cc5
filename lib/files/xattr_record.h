/*
 * lib/files/xattr_record.h - one file's extended attributes as one record
 *
 * Layout:  volume.md 11.2: repeat u32 magic, u32 name length, name, u32 value length, value
 * Threads: pure functions.
 */
#ifndef TERCET_FILES_XATTR_RECORD_H
#define TERCET_FILES_XATTR_RECORD_H

#include "lib/base/buf.h"
#include "lib/base/rd.h"

#define XATTR_RECORD_MAGIC 0x005c5884u

struct xattr_item {
	struct bytes name; /* borrowed, without NUL */
	struct bytes value;
};

/* The next attribute; ERR_EOF at the end, ERR_FORMAT for a broken record. */
MUST_CHECK enum err_code xattr_record_next(struct rd *r, struct xattr_item *out, struct err *err);
/* ERR_LIMIT when out->max would be exceeded. */
MUST_CHECK enum err_code xattr_record_append(struct buf *out, const struct xattr_item *item,
					     struct err *err);

#endif
