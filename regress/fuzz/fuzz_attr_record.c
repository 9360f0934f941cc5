/*
 * regress/fuzz/fuzz_attr_record.c - attribute records and lstat texts: parse, emit, parse gives the
 * same
 *
 * needs: lib-proto
 */
#include <assert.h>

#include "lib/proto/attr_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct attr_record a, b;
	struct lstat_fields f, g;
	struct buf out = BUF_INIT(1 << 20);
	char text[LSTAT_TEXT_MAX];
	struct err err = ERR_INIT;

	if (attr_record_parse(bytes_of(p, n), &a, &err) == ERR_OK) {
		assert(attr_record_emit(&a, &out, &err) == ERR_OK);
		assert(attr_record_parse(buf_bytes(&out), &b, &err) == ERR_OK);
		assert(bytes_eq(a.name, b.name) && bytes_eq(a.lstat, b.lstat) && a.type == b.type);
		if (lstat_parse(a.lstat, &f, &err) == ERR_OK) {
			size_t len = lstat_emit(&f, text);

			assert(len < sizeof(text));
			assert(lstat_parse(bytes_of(text, len), &g, &err) == ERR_OK);
			assert(memcmp(&f, &g, sizeof(f)) == 0);
		}
	}
	buf_release(&out);
	return 0;
}
