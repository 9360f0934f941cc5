/*
 * file-daemon/pipe/pipe_internal.h - what the stages of the pipe share
 *
 * A batch goes FILLING (walker) -> READY -> TAKEN (one worker) -> DONE -> written -> FREE.
 * Batches stand in one list in walk order.  The fields of a batch belong to the stage that has it;
 * state, and the fields marked so, to the pipe's lock.
 */
#ifndef TERCET_FILE_DAEMON_PIPE_PIPE_INTERNAL_H
#define TERCET_FILE_DAEMON_PIPE_PIPE_INTERNAL_H

#include "file-daemon/pipe/pipe.h"
#include "lib/base/buf.h"
#include "lib/base/thread.h"
#include "lib/crypto/digest.h"
#include "lib/files/meta.h"

#define BATCH_ITEMS      256u
#define BATCH_BYTES      (1024u * 1024u) /* file data expected in one batch */
#define BATCH_DIRS       48u             /* directories a batch keeps open */
#define BATCH_NAME_BYTES (2u * WALK_PATH_MAX)
#define BATCH_OUT_SOON   (2u * BATCH_BYTES) /* of results: the rest of the batch is done again */
#define SMALL_MAX        (512u * 1024u)     /* larger files stream */
#define SEGMENT_BYTES    (512u * 1024u)
#define SEGMENTS_MAX     4u /* of one streaming batch */
#define WORKERS_MAX      16u
#define FRAME_HEAD       4u
#define SPARSE_HEAD      8u

/* Part of a batch's out buffer. */
struct part {
	size_t at, n;
};

enum item_fate {
	ITEM_SAVE,
	ITEM_LOST,  /* its reason is in lost; it takes no FileIndex */
	ITEM_AGAIN, /* larger than its batch has room for: the writer has it filled once more */
};

/* What is said about a file that is saved. */
struct note {
	enum msg_type type;
	struct part text;
};

struct item {
	enum file_type type;
	size_t path_at, path_n, name_at; /* in the batch's names; a NUL behind */
	struct stat st;
	const struct file_options *options; /* borrowed from the fileset */
	struct walk_dir *dir, *self;        /* references are the batch's */
	struct link *link;                  /* borrowed from the walk's link table */
	bool link_first;
	/* the worker's results */
	enum item_fate fate;
	struct part target;                         /* of a symbolic link */
	struct part data;                           /* whole frames */
	struct part acl_access, acl_default, xattr; /* payloads */
	struct note data_note, meta_note;           /* n = 0: nothing to say */
	struct part lost;                           /* text */
	uint64_t read_bytes, sent_bytes; /* of file data: read, and payload of its frames */
	uint8_t digest[DIGEST_MAX];
	size_t digest_n;
};

struct segment {
	struct segment *next;
	size_t len;
	uint8_t p[SEGMENT_BYTES];
};

enum batch_state { BATCH_FILLING, BATCH_READY, BATCH_TAKEN, BATCH_DONE };

struct batch {
	struct batch *next;
	enum batch_state state; /* the pipe's lock */
	struct item *items;     /* owned, BATCH_ITEMS */
	size_t n;
	uint64_t expected_bytes;
	struct buf names; /* paths */
	struct buf out;   /* results */
	struct walk_dir *dirs[BATCH_DIRS];
	size_t n_dirs;
	bool streams; /* one large file */
	/* streaming; the pipe's lock */
	bool opened; /* fate and attributes are known */
	bool read_all;
	struct segment *segments; /* oldest first */
	size_t n_segments;        /* in the list or being filled or sent */
};

struct pipe {
	struct pipe_options o;
	struct mutex lock; /* RANK_QUEUE */
	struct cond work;  /* a batch became READY, or stopping (workers wait) */
	struct cond done;  /* a batch became DONE, opened, has a segment; stopping (writer waits) */
	struct cond room;  /* a batch was written, or all; stopping (walker waits) */
	struct cond
		segment_room; /* half of a batch's segments were sent; stopping (workers wait) */
	struct batch *head, *tail GUARDED_BY(&lock); /* in walk order */
	size_t n_batches GUARDED_BY(&lock);
	struct batch *spare GUARDED_BY(&lock);
	struct segment *spare_segments GUARDED_BY(&lock);
	bool closed GUARDED_BY(&lock);   /* no more batches come */
	bool stopping GUARDED_BY(&lock); /* give up everything */
	bool drained GUARDED_BY(&lock);  /* the writer has ended */
	struct err failure GUARDED_BY(&lock);
	size_t max_batches;
	struct batch *filling; /* the walker's */
	struct thread workers[WORKERS_MAX];
	unsigned n_workers;
	struct thread writer;
	bool compression_warned; /* the writer's */
};

/* ---- batch.c ---- */
struct batch *batch_new(void);
void batch_free(struct batch *b);
void batch_clear(struct batch *b);
/* False: e belongs into the next batch. */
bool batch_has_room(const struct batch *b, const struct file_entry *e);
bool entry_streams(const struct file_entry *e);
void batch_add(struct batch *b, const struct file_entry *e);
struct bytes item_path(const struct batch *b, const struct item *it);
/* Append to out what printf makes, as a part. */
struct part batch_text(struct batch *b, const char *fmt, ...) PRINTF(2, 3);
struct part batch_bytes(struct batch *b, struct bytes data);

/* ---- fill.c: what a worker does with one item ---- */
struct filler {
	struct digest *digest; /* owned */
	struct meta meta;      /* owned */
	uint32_t chunk;
	struct cancel *cancel;
	struct pipe *pipe; /* NULL: digest only */
};
void filler_init(struct filler *f, struct pipe *p, uint32_t chunk, struct cancel *cancel);
void filler_release(struct filler *f);
void fill_item(struct filler *f, struct batch *b, struct item *it);
/* All of it, or as far as the batch has room for; what is left is ITEM_AGAIN. */
void fill_batch(struct filler *f, struct batch *b);

/* ---- refill.c: items once more, on their own ----
 * For what is rare: the first name of an inode was gone, a file outgrew its batch, a batch full of
 * attributes.  A thread of its own does it, because all workers may be waiting for the writer. */
struct refill {
	struct pipe *pipe;
	struct batch *b; /* owned */
	struct thread thread;
};
/* Item at of from and those behind it that have to be done again too, as many as go into one. */
MUST_CHECK enum err_code refill_start(struct pipe *p, const struct batch *from, size_t at,
				      struct refill *r, struct err *err);
/* After pipe_fail when it may not have ended by itself. */
void refill_end(struct refill *r);

/* ---- stream.c: segments of a large file, worker to writer ---- */
/* A segment to fill; NULL when stopping. */
struct segment *stream_take(struct pipe *p, struct batch *b);
void stream_push(struct pipe *p, struct batch *b, struct segment *s);
/* Attributes are known: the writer may begin with the file. */
void stream_opened(struct pipe *p, struct batch *b);
/* The next segment in order; NULL at the end of the data, or when stopping. */
struct segment *stream_pop(struct pipe *p, struct batch *b);
void stream_give_back(struct pipe *p, struct batch *b, struct segment *s);

/* ---- writer.c ---- */
void writer_run(void *arg);

/* ---- pipe.c ---- */
/* Give up with this reason (the first one counts). */
void pipe_fail(struct pipe *p, const struct err *e);
/* b is filled; the oldest batch, or one of a refill. */
void pipe_batch_done(struct pipe *p, struct batch *b);

#endif
