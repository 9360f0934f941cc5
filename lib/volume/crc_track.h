/*
 * lib/volume/crc_track.h - CRC-32 of many long ranges that lie in each other
 *
 * Purpose: who looks for a block among false heads checks ranges of up to 20 MB that begin every
 *          few bytes.  Each byte is summed up once; a range then costs two pieces of a KiB at its
 *          ends, whatever its length.  No I/O.
 * Owns:    the sums so far.
 * Threads: one at a time.
 */
#ifndef TERCET_VOLUME_CRC_TRACK_H
#define TERCET_VOLUME_CRC_TRACK_H

#include "lib/base/bytes.h"

/* All zero is a track that knows nothing yet. */
struct crc_track {
	uint64_t from;   /* address of the first mark */
	uint32_t *marks; /* owned; [i]: CRC of i KiB behind it */
	size_t n, cap;
};

void crc_track_release(struct crc_track *t);
/* CRC-32 of b, which lies at this address; cheap while addresses grow and the bytes stay. */
uint32_t crc_track_sum(struct crc_track *t, struct bytes b, uint64_t at);

#endif
