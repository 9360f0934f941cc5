/*
 * regress/fuzz/fuzz_label.c - labels: what is read can be written and read again
 *
 * needs: lib-volume
 */
#include <assert.h>

#include "lib/volume/label.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct volume_label v, v2;
	struct session_label s, s2;
	uint8_t out[LABEL_MAX];
	struct err err = ERR_INIT;

	if (volume_label_parse(bytes_of(p, n), &v, &err) == ERR_OK) {
		size_t len = volume_label_emit(&v, out);

		assert(volume_label_parse(bytes_of(out, len), &v2, &err) == ERR_OK);
		assert(strcmp(v.volume, v2.volume) == 0);
	}
	for (int end = 0; end < 2; end++) {
		if (session_label_parse(bytes_of(p, n), end == 1, &s, &err) == ERR_OK) {
			size_t len = session_label_emit(&s, end == 1, out);

			assert(session_label_parse(bytes_of(out, len), end == 1, &s2, &err) ==
			       ERR_OK);
			assert(strcmp(s.job, s2.job) == 0);
		}
	}
	return 0;
}
