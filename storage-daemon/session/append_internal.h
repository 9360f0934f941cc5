/*
 * storage-daemon/session/append_internal.h - between append.c, append_volume.c, append_attrs.c
 */
#ifndef TERCET_STORAGE_DAEMON_SESSION_APPEND_INTERNAL_H
#define TERCET_STORAGE_DAEMON_SESSION_APPEND_INTERNAL_H

#include "lib/volume/record.h"
#include "storage-daemon/session/append.h"
#include "storage-daemon/session/ask_director.h"
#include "storage-daemon/spool/attr_spool.h"

struct append {
	struct session *s;
	struct media_job job;
	struct device *device; /* reserved; NULL before */
	struct mounted on;     /* the volume written on; generation 0: none */
	bool joined;           /* counted on that volume */
	bool medium_failed;    /* nothing more of this job goes to a volume */

	uint8_t *area; /* owned: the block being filled */
	struct block_fill fill;
	uint32_t block_number;
	bool ended; /* EOS is in a block */

	struct job_piece piece; /* written on this volume since the last JobMedia */
	bool piece_any;
	bool null_row;                 /* a placeholder JobMedia row protects the volume */
	uint64_t start_addr, end_addr; /* of the whole job, for EOS */

	int32_t file_index; /* of the current file; 0: none yet */
	uint32_t files;
	uint64_t bytes; /* data of all records; EOS JobBytes */

	/* Attribute frames for the director.  Those of files that end in a written block may go:
	 * bytes before whole_files; the rest belongs to the current file. */
	struct buf attrs;
	size_t whole_files;
	char attr_head[160]; /* "UpdCat Job=... FileAttributes " */
	size_t attr_head_len;
	struct attr_spool *spool; /* owned; SpoolAttr=1 */

	int64_t started_ms; /* for the bandwidth limit and the rate */
	uint64_t limited_bytes;
	int64_t limited_ms;
};

/* append_volume.c */
MUST_CHECK enum err_code append_put(struct append *a, int32_t file_index, int32_t stream,
				    struct bytes data, struct err *err);
MUST_CHECK enum err_code append_put_session_label(struct append *a, bool end, int status,
						  struct err *err);
/* Write what is in the block. */
MUST_CHECK enum err_code append_flush_block(struct append *a, struct err *err);
/* What was written is on stable storage and has its JobMedia row. */
MUST_CHECK enum err_code append_end_piece(struct append *a, struct err *err);
void append_leave_volume(struct append *a);

/* append_attrs.c */
void append_attrs_init(struct append *a);
MUST_CHECK enum err_code append_attrs_keep(struct append *a, int32_t file_index, int32_t stream,
					   struct bytes data, struct err *err);
void append_attrs_new_file(struct append *a);
/* A block was written: what belongs to whole files may go. */
MUST_CHECK enum err_code append_attrs_forward(struct append *a, struct err *err);
/* The last block was written; all: also those of the last file. */
MUST_CHECK enum err_code append_attrs_finish(struct append *a, bool all, struct err *err);

#endif
