/*
 * regress/fuzz/fuzz_codec.c - every decoder, with and without its header
 *
 * needs: lib-compress
 */
#include "lib/compress/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint32_t magics[] = { 0x475a4950, 0x4c5a4f58, 0x465a465a, 0x465a344c,
					   0x4c5a4f59 };
	static struct codec_work *w;
	struct buf out = BUF_INIT(1 << 20);
	struct err err = ERR_INIT;

	if (w == NULL)
		w = codec_work_new();
	(void)!codec_undo(w, bytes_of(p, n), &out, &err);
	for (size_t i = 0; i < sizeof(magics) / sizeof(*magics); i++) {
		buf_clear(&out);
		(void)!codec_find(magics[i])->decompress(w, bytes_of(p, n), &out, &err);
	}
	buf_release(&out);
	return 0;
}
