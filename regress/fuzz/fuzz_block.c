/*
 * regress/fuzz/fuzz_block.c - blocks: header, checksum, records and their joining, as a reader of a
 * hostile volume does it
 *
 * needs: lib-volume
 */
#include "lib/volume/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct record_join *join = record_join_new();
	struct bytes left = bytes_of(p, n);
	struct block_head h;
	struct err err = ERR_INIT;

	while (block_head_parse(left, &h, &err) == ERR_OK && h.len <= left.n) {
		struct bytes block = bytes_of(left.p, h.len);
		struct record_reader r;
		struct record_piece piece;

		(void)!block_verify(block, &h, &err);
		record_reader_init(&r, block, &h);
		while (record_next(&r, &piece, &err) == ERR_OK) {
			struct record rec;
			int32_t lost;

			if (record_join(join, &piece, &rec, &lost) == JOIN_WHOLE && rec.data.n > 0)
				(void)*(volatile const uint8_t *)&rec.data.p[rec.data.n - 1];
		}
		left = bytes_skip(left, h.len);
	}
	record_join_free(join);
	return 0;
}
