/*
 * lib/volume/record.h - records inside blocks, spanning
 *
 * Purpose: put records into a block being filled, take them out of a block read; joining of
 *          continued records per session.  No I/O.
 * Layout:  volume.md 3: i32 FileIndex, i32 Stream (negative: continuation), u32 bytes not yet
 *          written before this header; then data.
 * Threads: each struct by one thread at a time.
 */
#ifndef TERCET_VOLUME_RECORD_H
#define TERCET_VOLUME_RECORD_H

#include "lib/base/buf.h"
#include "lib/volume/block.h"

#define RECORD_HEAD_LEN 12u
#define RECORD_DATA_MAX 20000000u

/* ---- writing ---- */

struct block_fill {
	uint8_t *p;   /* borrowed area of cap bytes; the header's place comes first */
	uint32_t cap; /* block size */
	uint32_t len; /* used, header included */
	int32_t first_index, last_index; /* FileIndex > 0 of the first and last record; 0 none */
};

void block_fill_reset(struct block_fill *b);

struct record_put {
	int32_t file_index, stream;
	struct bytes data; /* borrowed */
	uint32_t done;     /* bytes already in earlier blocks */
	bool started;      /* a header was written in an earlier block */
};

/* Put as much as fits; true when the record is complete, false: flush the block, call again. */
bool record_put(struct block_fill *b, struct record_put *r);
/*
 * Where the data of a record put next would lie, *n bytes of room; NULL: not even its head fits.
 * Then record_put_there with the n bytes that were written there; nothing else may be put between.
 */
uint8_t *record_there(const struct block_fill *b, size_t *n);
void record_put_there(struct block_fill *b, int32_t file_index, int32_t stream, size_t n);
/* Room for a whole record of n data bytes without splitting (session labels). */
bool record_fits_whole(const struct block_fill *b, size_t n);

/* ---- reading ---- */

struct record_piece {
	uint32_t session_id, session_time;
	int32_t file_index;
	int32_t stream; /* absolute value */
	bool continuation;
	uint32_t len;      /* data_len of the header: bytes still missing before this piece */
	struct bytes data; /* the bytes of this piece, borrowed from the block */
};

struct record_reader {
	struct rd_state {
		struct bytes left;
	} in;
	struct block_head head;
};

void record_reader_init(struct record_reader *r, struct bytes block, const struct block_head *h);
/* ERR_EOF at the end of the block; ERR_FORMAT for a header that cannot be. */
MUST_CHECK enum err_code record_next(struct record_reader *r, struct record_piece *out,
				     struct err *err);

/* A whole record, joined over blocks. */
struct record {
	uint32_t session_id, session_time;
	int32_t file_index, stream;
	struct bytes data; /* borrowed until the next join call */
};

struct record_join;
struct record_join *record_join_new(void);
void record_join_free(struct record_join *j);
void record_join_freep(struct record_join **j);

enum join_result {
	JOIN_WHOLE,   /* *out is a whole record */
	JOIN_PARTIAL, /* more pieces follow in a later block */
	JOIN_ORPHAN,  /* continuation without a beginning: dropped (volume.md 3.2) */
	JOIN_LOST,    /* *out is whole, but an open record of the session was lost before it */
};

/* *lost_index: FileIndex of the file whose open record was lost with this piece, whatever the
 * result, 0 if none was. */
enum join_result record_join(struct record_join *j, const struct record_piece *p,
			     struct record *out, int32_t *lost_index);
/* FileIndex of the session's open record, 0 if none is open. */
int32_t record_join_open_index(const struct record_join *j, uint32_t session_id,
			       uint32_t session_time);
/* Forget all open records (after a seek or a damaged block). */
void record_join_drop(struct record_join *j);
/* The same for one session only. */
void record_join_drop_session(struct record_join *j, uint32_t session_id, uint32_t session_time);

#endif
