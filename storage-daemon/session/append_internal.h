/*
 * storage-daemon/session/append_internal.h - between the files append*.c
 */
#ifndef TERCET_STORAGE_DAEMON_SESSION_APPEND_INTERNAL_H
#define TERCET_STORAGE_DAEMON_SESSION_APPEND_INTERNAL_H

#include <stdatomic.h>

#include "lib/base/num.h"
#include "lib/base/queue.h"
#include "lib/base/thread.h"
#include "lib/volume/record.h"
#include "storage-daemon/session/append.h"
#include "storage-daemon/session/ask_director.h"
#include "storage-daemon/session/rate_limit.h"
#include "storage-daemon/session/recode.h"
#include "storage-daemon/spool/attr_spool.h"

#define APPEND_ATTRS_MAX (64u * MIB) /* frames of the files of one block, and of one file */

/* A block with what may be told when it is on the volume. */
struct append_block {
	uint8_t *area; /* owned */
	struct block_fill fill;
	struct buf attrs; /* attribute frames of the files that have ended in it */
	uint32_t files;   /* of the job up to here */
	uint64_t bytes;
};

/*
 * The session's thread receives, makes records and fills blocks; from the first full block to
 * append_drain a thread of the job's own writes them.
 */
struct append {
	struct session *s;

	/* the session's thread */
	struct append_block *block; /* owned: being filled; NULL: no volume yet */
	uint32_t block_cap;         /* of all blocks of the job */
	struct recode *recode;      /* owned; NULL: records are stored as they come */
	bool foreign_digest_told;
	bool ended;         /* EOS is in a block */
	int32_t file_index; /* of the current file; 0: none yet */
	uint32_t files;
	uint64_t bytes; /* data of all records; EOS JobBytes */
	/* Attribute frames for the director.  Those of files that end in a written block may go:
	 * bytes before whole_files; the rest belongs to the current file. */
	struct buf attrs;
	size_t whole_files;
	char attr_head[160]; /* "UpdCat Job=... FileAttributes " */
	size_t attr_head_len;
	int64_t started_ms; /* for the rate */

	/* between the threads */
	struct thread writer;
	bool drained;                   /* the session's thread: the writer is not used any more */
	struct queue *full, *empty;     /* owned; of struct append_block */
	atomic_bool failed;             /* the writer gave up; unwritten and failure are set */
	struct append_block *unwritten; /* owned: the first block that was not written */
	struct err failure;

	/* whoever writes: the writer while it runs, else the session's thread */
	struct media_job job;
	struct device *device; /* reserved; NULL before */
	struct mounted on;     /* the volume written on; generation 0: none */
	bool joined;           /* counted on that volume */
	bool no_more_volumes;  /* nothing more of this job goes to one; it has been told why */
	uint32_t block_number;
	struct job_piece piece; /* written on this volume since the last JobMedia */
	bool piece_any;
	bool null_row;                 /* a placeholder JobMedia row protects the volume */
	uint64_t start_addr, end_addr; /* of the whole job, for EOS */
	struct attr_spool *spool;      /* owned; SpoolAttr=1 */
	struct rate_limit rate;
	int64_t checkpoint_ms; /* clock_mono_ms of the last one, or of the beginning */
};

/* append_record.c: records into blocks; the session's thread */
MUST_CHECK enum err_code append_put(struct append *a, int32_t file_index, int32_t stream,
				    struct bytes data, struct err *err);
/* Where the data of the stream's next record may be received, *n bytes; NULL: nowhere. */
uint8_t *append_there(const struct append *a, int32_t stream, size_t *n);
/* A record whose n bytes of data are there. */
void append_put_there(struct append *a, int32_t file_index, int32_t stream, size_t n);
MUST_CHECK enum err_code append_put_session_label(struct append *a, bool end, int status,
						  struct err *err);

/* append_queue.c: blocks from one thread to the other; called by the session's thread */
struct append_block *append_block_new(uint32_t cap);
void append_block_free(struct append_block *b);
/* Give the block that is being filled away to be written, and get an empty one. */
MUST_CHECK enum err_code append_pass_block(struct append *a, struct err *err);
/* ERR_OK, or why the writer gave up. */
MUST_CHECK enum err_code append_writer_state(const struct append *a, struct err *err);
/*
 * Everything given away is written; from now on append_pass_block writes itself.  When the writer
 * gave up, the first block that was not written is the current one again, the job's counters are
 * those of that moment, and what came behind it is dropped.
 */
MUST_CHECK enum err_code append_drain(struct append *a, struct err *err);
void append_queue_release(struct append *a);

/* append_volume.c: blocks onto volumes; whoever writes */
/* A volume to write on; need_block: the largest block it must take, 0: any. */
MUST_CHECK enum err_code append_get_volume(struct append *a, uint32_t need_block, struct err *err);
/* Write a block and let follow what waited for it; empty afterwards. */
MUST_CHECK enum err_code append_write_block(struct append *a, struct append_block *b,
					    struct err *err);
/* What was written is on stable storage and has its JobMedia row. */
MUST_CHECK enum err_code append_end_piece(struct append *a, struct err *err);
void append_leave_volume(struct append *a);

/* append_attrs.c */
void append_attrs_init(struct append *a);
/* The session's thread: */
MUST_CHECK enum err_code append_attrs_keep(struct append *a, int32_t file_index, int32_t stream,
					   struct bytes data, struct err *err);
void append_attrs_new_file(struct append *a);
/* The frames of whole files go with the current block. */
void append_attrs_attach(struct append *a);
/* Whoever writes: the block is on the volume. */
MUST_CHECK enum err_code append_attrs_forward(struct append *a, struct append_block *b,
					      struct err *err);
/* The last block was written; all: also the frames of the last file. */
MUST_CHECK enum err_code append_attrs_finish(struct append *a, bool all, struct err *err);

#endif
