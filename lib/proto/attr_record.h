/*
 * lib/proto/attr_record.h - path, stat, link target as one record; lstat text; base64 numbers
 *
 * Layout:  "FI SP type SP name NUL lstat NUL link NUL ext NUL delta NUL"
 *
 * Threads: pure functions.
 *
 * Spec:    volume.md 7
 */
#ifndef TERCET_PROTO_ATTR_RECORD_H
#define TERCET_PROTO_ATTR_RECORD_H

#include <sys/stat.h>

#include "lib/base/buf.h"

/* The 16 numbers of an lstat text.  Spec: volume.md 7.3 */
struct lstat_fields {
	int64_t dev, ino, mode, nlink, uid, gid, rdev, size, blksize, blocks;
	int64_t atime, mtime, ctime; /* seconds */
	int64_t link_fi;             /* FileIndex of the first link, 0 if none */
	int64_t flags;               /* BSD file flags */
	int64_t data_stream;         /* stream id of the data */
};

/* Bytes of the longest path that is saved and restored: two of them, of a hard link, have to go
 * into one frame with all that is around them on the way to the director. */
#define PATH_BYTES_MAX 499000u

struct attr_record {
	int32_t file_index; /* as in the text; the record header rules when they differ */
	int type;           /* enum file_type, checked against the table by the parser */
	struct bytes name;  /* borrowed, NUL follows; directories end in '/' */
	bool add_slash;     /* emit puts a '/' behind name; the parser leaves it false */
	struct bytes lstat; /* borrowed text */
	struct bytes link;  /* borrowed; symlink target or name of the first hard link */
	struct bytes ext;
	uint32_t delta_seq;
};

#define LSTAT_TEXT_MAX       256 /* 16 numbers of at most 12 characters and blanks */
#define ATTR_RECORD_TEXT_MAX 64  /* what is not name, lstat, link or ext */

/* ERR_FORMAT names what is wrong. */
MUST_CHECK enum err_code attr_record_parse(struct bytes in, struct attr_record *out,
					   struct err *err);
/* Append the record with all its NULs to out. */
MUST_CHECK enum err_code attr_record_emit(const struct attr_record *a, struct buf *out,
					  struct err *err);

/* Missing tail fields are 0. */
MUST_CHECK enum err_code lstat_parse(struct bytes text, struct lstat_fields *out, struct err *err);
/* The size alone, for who sums it up over many files; 0 when there is none.  The text may go on
 * behind a NUL. */
uint64_t lstat_size(struct bytes text);
/* NUL-terminated text into out[LSTAT_TEXT_MAX]; returns its length. */
size_t lstat_emit(const struct lstat_fields *f, char *out);
void lstat_from_stat(const struct stat *st, int64_t link_fi, int64_t data_stream,
		     struct lstat_fields *out);

/* One number, most significant digit first.  Spec: volume.md 7.4.  Returns characters written. */
size_t base64_num_emit(int64_t v, char *out);
/* Bytes, no padding; compatible: standard base64, else the historic one.  out gets a NUL.
 * Spec: volume.md 7.5 */
size_t base64_bytes_emit(struct bytes in, bool compatible, char *out);
#define BASE64_BYTES_MAX(n) (((n)*8 + 5) / 6 + 1)

#endif
