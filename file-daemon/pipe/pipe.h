/*
 * file-daemon/pipe/pipe.h - from files to stream data on the way to the storage daemon
 *
 * Purpose: the walker hands in files one by one; they are gathered into batches, read by several
 *          workers at once, and leave in the order they came in, each with its FileIndex.
 *            walker --batches--> n workers (open, read, ACL, xattr, digest, compress) --batches,
 *            in order--> one writer (FileIndex, frames, attribute records, hard links) --> conn
 *          Small files cost no lock, hand-over or allocation of their own.  A large file is a
 *          batch of its own: one worker reads it and computes its digest, in segments of a few
 *          chunks; segments are compressed by whoever has nothing else to do and sent in file
 *          order.  What all of that holds is bounded by memory_bytes whatever the tree.
 * Owns:    its threads and batches.  Borrows conn, messages and the fileset until pipe_free.
 * Threads: one caller (the walker) for all functions; pipe_progress is atomic.
 * Errors:  ERR_PEER, ERR_PROTO  the storage daemon's side broke (its last words are in the text)
 *          ERR_CANCELED         the job was cancelled
 * Spec:    wire.md 7.1, volume.md 6.1, 7, 8, 10, 11
 */
#ifndef TERCET_FILE_DAEMON_PIPE_PIPE_H
#define TERCET_FILE_DAEMON_PIPE_PIPE_H

#include <stdatomic.h>

#include "file-daemon/find/walk.h"
#include "file-daemon/pipe/stage.h"
#include "lib/base/sync.h"
#include "lib/crypto/digest.h"
#include "lib/msg/job_msg.h"
#include "lib/net/conn.h"

#define PIPE_MEMORY_DEFAULT (64u * 1024u * 1024u)
#define PIPE_MEMORY_MIN     (16u * 1024u * 1024u)
#define PIPE_CHUNK_MIN      4096u /* bytes of one data record; volume.md 8 */
#define PIPE_CHUNK_MAX      262144u
#define PIPE_FIFO_SECONDS   600u /* a fifo's first byte comes within; or it is saved empty */

/* What status shows; written by the pipe's threads. */
struct pipe_progress {
	atomic_uint files;                 /* FileIndex of the last file sent */
	atomic_uint_fast64_t bytes;        /* payload of data, ACL and xattr streams */
	atomic_uint_fast64_t read_bytes;   /* read from files */
	atomic_uint_fast64_t streaming;    /* of the large file being sent; not yet in bytes */
	atomic_size_t memory, memory_peak; /* bytes the pipe holds, and held at most */
	struct stages stages;
	struct mutex lock;                   /* RANK_LEAF */
	char current[512] GUARDED_BY(&lock); /* printable name of a file near the writer */
};

void pipe_progress_init(struct pipe_progress *p);
void pipe_progress_release(struct pipe_progress *p);
void pipe_progress_current(struct pipe_progress *p, char *out, size_t cap);
void pipe_progress_set(struct pipe_progress *p, struct bytes path);

struct pipe_options {
	unsigned workers;      /* 0: one per core */
	size_t memory_bytes;   /* 0: PIPE_MEMORY_DEFAULT; PIPE_MEMORY_MIN at least */
	uint32_t chunk_bytes;  /* 0: PIPE_CHUNK_MAX; PIPE_CHUNK_MIN at least */
	uint32_t first_index;  /* FileIndex counts on from here */
	unsigned fifo_seconds; /* 0: PIPE_FIFO_SECONDS */
	const atomic_uint_fast64_t *bandwidth; /* bytes/s, may change; 0 or NULL: no limit */
	struct conn *sd;
	struct link_table *links; /* of the walk; NULL: it has none */
	struct job_msg *msg;
	struct cancel *cancel;
	struct pipe_progress *progress;
};

struct pipe;

MUST_CHECK enum err_code pipe_start(const struct pipe_options *o, struct pipe **out,
				    struct err *err);
/* The next file (copied).  Fails when a stage behind it did; pipe_finish has the reason. */
MUST_CHECK enum err_code pipe_put(struct pipe *p, const struct file_entry *e, struct err *err);
/* Everything handed in is sent: wait for it.  The end-of-data signal is the caller's. */
MUST_CHECK enum err_code pipe_finish(struct pipe *p, struct err *err);
/* Stops what still runs; NULL does nothing. */
void pipe_free(struct pipe *p);
void pipe_freep(struct pipe **p);

/*
 * Read one file's data as a backup would and give its digest: for verify.
 *   n  out: its size, 0 for none
 * ERR_SYS      it cannot be read to its end; the text has its name
 * ERR_CANCELED
 */
MUST_CHECK enum err_code pipe_digest_of(const struct file_entry *e, uint32_t chunk_bytes,
					struct cancel *cancel, uint8_t out[DIGEST_MAX], size_t *n,
					struct err *err);

#endif
