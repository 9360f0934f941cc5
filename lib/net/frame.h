/*
 * lib/net/frame.h - frames in a buffer: heads, and a reader that hands out views
 *
 * Purpose: cut a byte stream into frames without I/O; lib/net/conn fills the reader.
 * Wire:    wire.md 1: int32 big-endian n; n >= 0: n payload bytes follow; n < 0: a signal.
 * Owns:    the reader owns its buffer, FRAME_READER_CAP bytes; it grows for one larger frame,
 *          up to FRAME_MAX.
 * Errors:  ERR_PROTO  a length above FRAME_MAX, or one with Bacula's flag bits (bacula.md 2)
 */
#ifndef TERCET_NET_FRAME_H
#define TERCET_NET_FRAME_H

#include "lib/net/conn.h"

#define FRAME_HEAD_LEN   4
#define FRAME_READER_CAP (256u * 1024 + 16 * 1024) /* a full data frame and a little more */

/* Decode a head; pure.  *len is the payload's bytes, 0 for a signal. */
MUST_CHECK enum err_code frame_head_parse(const uint8_t head[FRAME_HEAD_LEN],
					  enum frame_signal *signal, size_t *len, struct err *err);
void frame_head_emit(size_t len, uint8_t head[FRAME_HEAD_LEN]);
void frame_signal_emit(enum frame_signal s, uint8_t head[FRAME_HEAD_LEN]);
const char *frame_signal_name(enum frame_signal s);

struct frame_reader {
	uint8_t *p;    /* owned */
	size_t cap;    /* one more byte is allocated, for the NUL behind a view */
	size_t at;     /* first byte not handed out */
	size_t end;    /* behind the last byte read */
	size_t nul_at; /* where the NUL of the last view stands, if has_nul */
	uint8_t saved; /* what stood there */
	bool has_nul;
	size_t max; /* largest payload taken; 0: FRAME_MAX */
};

void frame_reader_release(struct frame_reader *r);
/* The next frame if it is there whole.  The last view ends here. */
MUST_CHECK enum err_code frame_reader_next(struct frame_reader *r, struct frame *out, bool *have,
					   struct err *err);
/* Is the next frame there whole (or a head that frame_reader_next refuses)?  Views stay. */
bool frame_reader_has(const struct frame_reader *r);
/* Is a part of a frame there? */
bool frame_reader_partial(const struct frame_reader *r);
/* Bytes missing of the frame begun, after frame_reader_next gave none; 0: its head is missing. */
size_t frame_reader_missing(const struct frame_reader *r);
/*
 * After frame_reader_next gave none: when a data frame with a payload of at least min and at most
 * max bytes has begun, take it out.  What is there of the payload is copied to p, *have bytes; the
 * *len - *have bytes that follow are the caller's to read.  False: the next frame is none of these,
 * nothing was taken.
 */
bool frame_reader_take_part(struct frame_reader *r, size_t min, size_t max, uint8_t *p,
			    size_t *have, size_t *len);
/* Room to read into, for at least one byte; the last view ends here.  Then how many came. */
uint8_t *frame_reader_room(struct frame_reader *r, size_t *n);
void frame_reader_added(struct frame_reader *r, size_t n);
/* Room behind what is there without moving anything: the last view stays; *n may be 0. */
uint8_t *frame_reader_tail(struct frame_reader *r, size_t *n);

#endif
