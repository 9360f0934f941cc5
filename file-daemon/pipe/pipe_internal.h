/*
 * file-daemon/pipe/pipe_internal.h - what the stages of the pipe share
 *
 * A batch goes FILLING (walker) -> READY -> TAKEN (one worker) -> DONE -> written -> spare.
 * Batches stand in one list in walk order.  The fields of a batch belong to the stage that has it;
 * state, and the fields marked so, to the pipe's lock.
 *
 * A segment of a large file goes: filled by the worker that has its batch -> raw, taken by any
 * worker that compresses it (or not at all) -> ready -> sent -> spare.
 *
 * pipe.c     threads, hand-over of batches, memory     fill.c   one file: open, attributes
 * batch.c    some files together                       read.c   its data
 * stream.c   segments                                  pack.c   digest and compress frames
 * refill.c   files once more                           writer.c order, records, sending
 */
#ifndef TERCET_FILE_DAEMON_PIPE_PIPE_INTERNAL_H
#define TERCET_FILE_DAEMON_PIPE_PIPE_INTERNAL_H

#include "file-daemon/pipe/pipe.h"
#include "lib/base/buf.h"
#include "lib/base/thread.h"
#include "lib/compress/codec.h"
#include "lib/crypto/digest.h"
#include "lib/files/meta.h"
#include "lib/proto/stream.h"

#define BATCH_ITEMS      256u
#define BATCH_BYTES      (1024u * 1024u) /* file data expected in one batch */
#define BATCH_DIRS       48u             /* directories a batch keeps open */
#define BATCH_NAME_BYTES (2u * PATH_BYTES_MAX)
#define BATCHES_MAX      32u /* that wait: their directories are open, and some systems allow 4096 */
#define BATCH_OUT_SOON   (BATCH_BYTES + BATCH_BYTES / 2u) /* of results: the rest is done again */
#define BATCH_META       (64u * 1024u) /* expected of names and attributes, and */
#define BATCH_TYPICAL    (BATCH_BYTES + BATCH_BYTES / 2u)
#define ITEM_META        1024u          /* so much for each file */
#define STREAM_FROM      (512u * 1024u) /* larger files stream */
#define FRAME_HEAD       4u
#define SEGMENT_CHUNKS   2u
/* The chunks of a segment, each as large as a codec may make it, and one byte that tells whether
 * a file grew. */
#define SEGMENT_BYTES (SEGMENT_CHUNKS * (PIPE_CHUNK_MAX + PIPE_CHUNK_MAX / 10u + 64u) + 1u)
#define SEGMENTS_MIN  4u /* that a large file may always have when it is its turn */
#define WORKERS_MAX   32u
#define SEND_AT       (256u * 1024u) /* buffered bytes that are worth a write */

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
	uint64_t link;                      /* of the link table, or 0 */
	bool link_first;
	/* the worker's results */
	enum item_fate fate;
	const struct codec *codec;                  /* of its data stream; NULL: plain */
	struct part target;                         /* of a symbolic link */
	struct part data;                           /* whole frames */
	struct part acl_access, acl_default, xattr; /* payloads */
	struct note data_note, meta_note;           /* n = 0: nothing to say */
	struct part lost;                           /* text */
	uint64_t read_bytes;                        /* of file data */
	uint8_t digest[DIGEST_MAX];
	size_t digest_n;
};

struct segment {
	struct segment *next;     /* of its batch in file order, or spare; the pipe's lock */
	struct segment *next_raw; /* waiting to be compressed; the pipe's lock */
	struct batch *batch;
	bool ready; /* to be sent; the pipe's lock */
	struct buf frames;
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
	bool streams;     /* one large file */
	bool urgent;      /* of a refill: the writer waits for it */
	size_t charged;   /* bytes counted for it; the pipe's lock, or who fills it */
	bool may_be_sent; /* done or, streaming, its fate and attributes are known; the pipe's lock
			   */
	/* streaming; the pipe's lock */
	struct segment *segments, *last_segment; /* oldest first */
	size_t n_packing;                        /* segments that are being compressed */
};

struct pipe {
	struct pipe_options o;
	struct mutex lock; /* RANK_QUEUE */
	struct cond
		work; /* a batch became READY, a segment raw; no more come; stopping (workers) */
	struct cond done; /* a batch became DONE, may be sent, has a segment; stopping (writer) */
	struct cond room; /* batches gave memory back; the writer ended; stopping (walker) */
	struct cond segment_room; /* segments were sent, or a raw one came; stopping (readers) */
	struct batch *head, *tail GUARDED_BY(&lock); /* in walk order */
	size_t n_batches GUARDED_BY(&lock);
	struct batch *spare GUARDED_BY(&lock);
	size_t n_spare,
		spare_wanted GUARDED_BY(&lock); /* the walker waits for so many; 0: it works */
	struct segment *spare_segments GUARDED_BY(&lock);
	struct segment *raw, *last_raw GUARDED_BY(&lock);
	size_t n_raw GUARDED_BY(&lock);
	size_t n_segments GUARDED_BY(&lock);  /* that are not spare */
	unsigned n_readers GUARDED_BY(&lock); /* large files TAKEN: segments may come */
	unsigned n_blocked GUARDED_BY(&lock); /* readers that wait for segment_room */
	size_t batch_bytes GUARDED_BY(&lock); /* charged */
	bool closed GUARDED_BY(&lock);        /* no more batches come */
	bool stopping GUARDED_BY(&lock);      /* give up everything */
	bool drained GUARDED_BY(&lock);       /* the writer has ended */
	struct err failure GUARDED_BY(&lock);
	size_t batch_bytes_max, segments_max; /* immutable */
	struct batch *filling;                /* the walker's */
	int64_t walk_since_ns;                /* the walker's */
	struct thread workers[WORKERS_MAX];
	unsigned n_workers;
	struct thread writer;
};

/* ---- batch.c ---- */
struct batch *batch_new(void);
void batch_free(struct batch *b);
void batch_clear(struct batch *b);
/* What it holds in memory. */
size_t batch_size(const struct batch *b);
/* False: e belongs into the next batch. */
bool batch_has_room(const struct batch *b, const struct file_entry *e);
bool entry_streams(const struct file_entry *e);
void batch_add(struct batch *b, const struct file_entry *e);
struct bytes item_path(const struct batch *b, const struct item *it);
/* Append to out what printf makes, as a part. */
struct part batch_text(struct batch *b, const char *fmt, ...) PRINTF(2, 3);
struct part batch_bytes(struct batch *b, struct bytes data);
struct bytes part_bytes(const struct batch *b, struct part part);
/* Bytes in front of the file bytes of each of its data frames. */
size_t item_frame_head(const struct item *it);

/* What is said about a file, with its name in front. */
#define ITEM_SAY(b, it, which, kind, fmt, ...)                                                     \
	((it)->which = (struct note){                                                              \
		 (kind),                                                                           \
		 batch_text((b), "%s: " fmt, PATH_PRINT(item_path((b), (it))), __VA_ARGS__) })

/* ---- fill.c: what a worker does with one item ---- */
struct filler {
	struct digest *digest; /* owned */
	struct meta meta;      /* owned */
	struct codec_work *codec;
	struct buf packed; /* compressed frames; swapped with those of segments */
	uint32_t chunk;
	unsigned fifo_seconds;
	struct cancel *cancel;
	struct stages *stages; /* the pipe's */
	struct pipe *pipe;     /* NULL in pipe_digest_of, which uses neither */
};
void filler_init(struct filler *f, struct pipe *p);
void filler_release(struct filler *f);
void fill_item(struct filler *f, struct batch *b, struct item *it);
/* All of it, or as far as the batch has room for; what is left is ITEM_AGAIN. */
void fill_batch(struct filler *f, struct batch *b);
/* The digest its FileSet wants of it. */
enum digest_kind item_digest_kind(const struct item *it);

/* ---- read.c: the data of an open file, as frames ---- */
enum data_to {
	TO_BATCH,    /* frames into its batch's out buffer */
	TO_SEGMENTS, /* frames into segments, the digest on the way */
	TO_DIGEST,   /* nowhere: only the digest is wanted */
};

struct data_out {
	struct filler *f;
	struct batch *b;
	struct item *it;
	enum data_to to;
	/* Of TO_SEGMENTS: */
	struct segment *seg;      /* the one being filled; NULL: none yet */
	unsigned seg_chunks;      /* in it */
	int64_t reading_since_ns; /* the segment being filled */
};

/* What Check File Changes = yes makes a warning of. */
enum msg_type item_change_type(const struct item *it);
/* Reads all; true unless it failed or was stopped.  *end: offset behind the last byte. */
bool read_file(struct data_out *d, int fd, uint64_t *end);

/* ---- pack.c: digest and compress whole frames ---- */
void pack_digest(struct filler *f, const struct item *it, struct bytes frames);
/* The frames of a small file in place, if that makes them fewer bytes. */
void pack_item(struct filler *f, struct batch *b, struct item *it);
void pack_segment(struct filler *f, struct segment *s);
/* A few samples of a large file: it is compressed already. */
bool pack_is_hopeless(int fd, uint64_t size);
/* Payload of whole frames. */
uint64_t pack_payload(struct bytes frames);

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

/* ---- stream.c: segments of a large file ---- */
/* Attributes are known: the writer may begin with the file. */
void stream_opened(struct pipe *p, struct batch *b);
/* A segment to fill; compresses what waits for it while there is none.  NULL when stopping. */
struct segment *stream_take(struct filler *f, struct batch *b);
void stream_push(struct pipe *p, struct batch *b, struct segment *s);
/* Compress until nothing waits for that. */
void stream_help(struct filler *f);
struct segment *stream_raw_locked(struct pipe *p) REQUIRES(p->lock);
void stream_pack(struct filler *f, struct segment *s);
/* The next segment in order; NULL at the end of the data, or when stopping. */
struct segment *stream_pop(struct pipe *p, struct batch *b);
void stream_give_back(struct pipe *p, struct segment *s);
/* When stopping: nobody compresses anything of b any more. */
void stream_abandon(struct pipe *p, struct batch *b);
void segment_free(struct segment *s);

/* ---- writer.c ---- */
void writer_run(void *arg);

/* ---- pipe.c ---- */
/* Give up with this reason (the first one counts). */
void pipe_fail(struct pipe *p, const struct err *e);
/* Bytes of a data record when asked are configured. */
uint32_t pipe_chunk_bytes(uint32_t asked);
/* Someone begins to fill b. */
void pipe_batch_taken_locked(struct pipe *p, struct batch *b) REQUIRES(p->lock);
/* b is filled; the oldest batch, or one of a refill. */
void pipe_batch_done(struct pipe *p, struct batch *b);
/* May b hold what it holds by now?  Only who fills it asks. */
bool pipe_may_grow(struct pipe *p, struct batch *b);
void pipe_charge_locked(struct pipe *p, struct batch *b, size_t bytes) REQUIRES(p->lock);
/* Count bytes that are not a batch's. */
void pipe_count_memory(struct pipe *p, size_t more, size_t less);

#endif
