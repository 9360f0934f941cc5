/*
 * regress/fuzz/fuzz_volume_scan.c - finding blocks in arbitrary bytes: it must end, and every range
 * must lead forward
 *
 * needs: lib-volume
 */
#include <assert.h>

#include "lib/base/num.h"
#include "lib/volume/volume_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static enum err_code
pread_bytes(void *user, void *p, size_t n, uint64_t at, size_t *got, struct err *err)
{
	const struct bytes *b = user;

	(void)err;
	*got = at < b->n ? size_min(n, b->n - (size_t)at) : 0;
	if (*got > 0)
		memcpy(p, b->p + at, *got);
	return ERR_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct bytes in = bytes_of(p, n);
	struct volume_scan *s = volume_scan_new(pread_bytes, &in);
	struct volume_block b;
	struct err err = ERR_INIT;
	enum err_code code;
	uint64_t at = 0;

	while ((code = volume_scan_next(s, &b, &err)) == ERR_OK || code == ERR_FORMAT) {
		assert(b.at == at && b.end > b.at && b.end <= n);
		at = b.end;
	}
	assert(code == ERR_EOF || code == ERR_LIMIT);
	volume_scan_free(s);
	return 0;
}
