/*
 * lib/volume/block.h - the header that starts every block on a volume
 *
 * Purpose: bytes <-> struct, and nothing else; device I/O is storage-daemon/device.
 * Layout:  volume.md 2.1 "Block header BB02"; all integers big-endian, offsets in bytes:
 *             0  checksum      CRC-32 of bytes 4 .. len-1; 0: not computed
 *             4  len           whole block, header included, padding not
 *             8  number        informational
 *            12  magic         "BB02" (BB01: 16-byte header, read only)
 *            16  session id    of every record in the block
 *            20  session time
 * Threads: pure functions; any thread.
 */
#ifndef TERCET_VOLUME_BLOCK_H
#define TERCET_VOLUME_BLOCK_H

#include "lib/base/bytes.h"
#include "lib/base/err.h"

#define BLOCK_HEAD_LEN   24u
#define BLOCK_HEAD_LEN_1 16u       /* BB01 */
#define BLOCK_LEN_MAX    20000000u /* volume.md 2.1 sanity limit */

struct block_head {
	uint32_t checksum;
	uint32_t len;
	uint32_t number;
	uint32_t session_id; /* 0 for BB01: its records carry their own */
	uint32_t session_time;
	uint32_t head_len; /* BLOCK_HEAD_LEN or BLOCK_HEAD_LEN_1 */
};

/* Judge the first bytes of a block (at least 24 of in, or 16 for BB01); len may exceed in.n. */
MUST_CHECK enum err_code block_head_parse(struct bytes in, struct block_head *out, struct err *err);
/* block: exactly h->len bytes.  A stored checksum of 0 passes. */
MUST_CHECK enum err_code block_verify(struct bytes block, const struct block_head *h,
				      struct err *err);
/* Fill the 24 header bytes of block[0..h->len); checksum: compute it, else store 0. */
void block_head_emit(uint8_t *block, const struct block_head *h, bool checksum);

#endif
