/*
 * file-daemon/restore/feed.h - records of a restore, received and decompressed ahead
 *
 * Purpose: between the storage daemon and lib/files/rebuild:
 *            one receiver --windows--> workers (decompress) --windows, in order--> the caller
 *          A window is a large record, or small ones as they come.  Records that cannot be
 *          decompressed, and such as would give more than a window may hold, are handed up as they
 *          are: rebuild undoes them, or says what is wrong with them.
 * Owns:    its threads and windows; memory is bounded by memory_bytes whatever comes.  Borrows the
 *          conversation: nobody else may receive on it between feed_start and the end of records.
 * Threads: one caller.  The workers start with the first compressed record.
 * Errors:  ERR_EOF                 the storage daemon has sent all (its EOD)
 *          ERR_PEER, ERR_PROTO     the conversation broke
 *          ERR_CANCELED            the job was cancelled
 * Spec:    wire.md 7.3
 */
#ifndef TERCET_FILE_DAEMON_RESTORE_FEED_H
#define TERCET_FILE_DAEMON_RESTORE_FEED_H

#include "file-daemon/pipe/stage.h"
#include "lib/files/rebuild.h"
#include "lib/net/conn.h"

struct feed_options {
	unsigned workers;    /* 0: one per core */
	size_t memory_bytes; /* 0: FEED_MEMORY_DEFAULT */
	struct conn *sd;
	struct cancel *cancel;
	atomic_uint_fast64_t *read_bytes; /* of data records received */
	struct stages *stages;            /* or NULL */
};

#define FEED_MEMORY_DEFAULT (64u * 1024u * 1024u)

struct feed;

MUST_CHECK enum err_code feed_start(const struct feed_options *o, struct feed **out,
				    struct err *err);
/* The next record; borrowed until the next call. */
MUST_CHECK enum err_code feed_next(struct feed *f, struct rebuild_record *out, struct err *err);
/* Before the end of records it also ends the conversation. */
void feed_free(struct feed *f);
void feed_freep(struct feed **f);

#endif
