/*
 * regress/fuzz/fuzz_scan.c - wire_scan with the largest rows of the daemons
 *
 * needs: lib-proto
 */
#include "lib/proto/scan.h"

#include "lib/base/own.h"
#include "lib/proto/dir_fd.h"
#include "lib/proto/dir_sd.h"
#include "lib/proto/fd_sd.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
media(struct bytes in)
{
	char name[128], status[21], key[128];
	uint64_t bytes, max, cap, media_id;
	int64_t read_us, write_us;
	unsigned u[12];
	int d[4];

	if (!wire_scan(in, CATREQ_OK_VOL_SCAN, name, &u[0], &u[1], &u[2], &bytes, &u[3], &u[4],
		       &u[5], &max, &cap, status, &d[0], &u[6], &u[7], &d[1], &read_us, &write_us,
		       &u[8], &u[9], &d[2], &media_id, key, &u[10], &u[11]))
		return;
	assert(strlen(name) <= 127);
	assert(strlen(status) <= 20);
}

static void
owned(struct bytes in)
{
	OWNED(freep) char *where = NULL;
	OWNED(freep) char *volumes = NULL;
	char job[128], pool[128], type[128], replace;
	int index, prelinks;

	if (wire_scan(in, DIR_FD_RESTORE_SCAN, &replace, &prelinks, &where))
		assert(where != NULL);
	else
		assert(where == NULL);
	if (wire_scan(in, CATREQ_FIND_MEDIA_SCAN, job, &index, pool, type, &volumes))
		assert(volumes != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	unsigned a, b, len;
	int index, stream;

	media(in);
	owned(in);
	(void)!wire_scan(in, FD_SD_RECORD_HEAD_SCAN, &a, &b, &index, &stream, &len);
	return 0;
}
