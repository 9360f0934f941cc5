#include "lib/volume/block.h"

#include <inttypes.h>
#include <libdeflate.h>

#include "lib/base/path.h"
#include "lib/base/rd.h"
#include "lib/base/wr.h"

/* Spec: volume.md 2.1, 2.2 */
enum err_code
block_head_parse(struct bytes in, struct block_head *out, struct err *err)
{
	struct rd r = rd_init(in);
	struct block_head h = { 0 };
	struct bytes id;

	h.checksum = rd_u32be(&r);
	h.len = rd_u32be(&r);
	h.number = rd_u32be(&r);
	id = rd_bytes(&r, 4);
	if (!rd_ok(&r))
		return err_set(err, ERR_FORMAT, "block header: %zu bytes, at least %u expected",
			       in.n, BLOCK_HEAD_LEN_1);
	if (bytes_starts(id, "BB02")) {
		h.head_len = BLOCK_HEAD_LEN;
		h.session_id = rd_u32be(&r);
		h.session_time = rd_u32be(&r);
		if (!rd_ok(&r))
			return err_set(err, ERR_FORMAT, "block header: %zu bytes, %u expected",
				       in.n, BLOCK_HEAD_LEN);
	} else if (bytes_starts(id, "BB01")) {
		h.head_len = BLOCK_HEAD_LEN_1;
	} else if (bytes_starts(id, "BB03")) {
		return err_set(err, ERR_FORMAT, "unsupported block format BB03");
	} else {
		return err_set(err, ERR_FORMAT, "not a block: id %s is not BB02", PATH_PRINT(id));
	}
	if (h.len < h.head_len || h.len > BLOCK_LEN_MAX)
		return err_set(err, ERR_FORMAT, "block length %" PRIu32 " is outside %u..%u", h.len,
			       h.head_len, BLOCK_LEN_MAX);
	*out = h;
	return ERR_OK;
}

enum err_code
block_verify(struct bytes block, const struct block_head *h, struct err *err)
{
	uint32_t sum;

	if (block.n != h->len || h->len < 4)
		return err_set(err, ERR_FORMAT, "block of %" PRIu32 " bytes is cut off after %zu",
			       h->len, block.n);
	if (h->checksum == 0)
		return ERR_OK;
	sum = libdeflate_crc32(0, block.p + 4, block.n - 4);
	if (sum != h->checksum)
		return err_set(err, ERR_FORMAT, "checksum 0x%08" PRIx32 ", stored 0x%08" PRIx32,
			       sum, h->checksum);
	return ERR_OK;
}

void
block_head_emit(uint8_t *block, const struct block_head *h, bool checksum)
{
	struct wr w = wr_init(block, BLOCK_HEAD_LEN);
	struct wr sum = wr_init(block, 4);

	wr_u32be(&w, 0);
	wr_u32be(&w, h->len);
	wr_u32be(&w, h->number);
	wr_bytes(&w, "BB02", 4);
	wr_u32be(&w, h->session_id);
	wr_u32be(&w, h->session_time);
	if (checksum)
		wr_u32be(&sum, libdeflate_crc32(0, block + 4, h->len - 4));
}
