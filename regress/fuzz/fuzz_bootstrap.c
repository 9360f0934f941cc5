/*
 * regress/fuzz/fuzz_bootstrap.c - bootstrap texts: parse, emit, parse; matching and seeking end
 *
 * needs: lib-proto
 */
#include <assert.h>

#include "lib/proto/bootstrap.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct bootstrap *b = NULL, *again = NULL;
	struct buf out = BUF_INIT(16 << 20);
	struct err err = ERR_INIT;
	uint64_t pos = 0, to = 0;

	/* The expressions are libc's: not what is looked for here. */
	if (memmem(p, n, "egex", 4) != NULL || memmem(p, n, "EGEX", 4) != NULL ||
	    bootstrap_parse(bytes_of(p, n), &b, &err) != ERR_OK)
		return 0;
	for (size_t i = 0; i < bootstrap_n_records(b); i++)
		(void)!bsr_record_emit(bootstrap_record(b, i), &out, &err);
	if (bootstrap_parse(buf_bytes(&out), &again, &err) == ERR_OK)
		assert(bootstrap_n_volumes(again) == bootstrap_n_volumes(b));
	for (size_t v = 0; v < bootstrap_n_volumes(b); v++) {
		const char *name = bootstrap_volume(b, v).name;

		for (pos = 0; bootstrap_seek(b, name, pos, &to) == BSR_GO; pos = to + 1)
			if (bootstrap_enter_block(b, &(struct bsr_block){ name, to, to + 10, 1, 1 },
						  NULL))
				for (int32_t fi = 1; fi < 20; fi++)
					(void)bootstrap_match(b, fi, 1);
	}
	bootstrap_free(b);
	bootstrap_free(again);
	buf_release(&out);
	return 0;
}
