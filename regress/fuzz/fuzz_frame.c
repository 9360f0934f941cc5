/*
 * regress/fuzz/fuzz_frame.c - frame heads and the frame reader
 *
 * needs: lib-net
 *
 * The first byte chooses the size of the pieces in which the rest arrives; whatever the pieces,
 * the frames must be the same.
 */
#include "lib/net/frame.h"

#include "lib/base/own.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	size_t frames, bytes;
	uint64_t sum;
	enum err_code rc;
};

static struct seen
feed(struct bytes in, size_t piece)
{
	OWNED(frame_reader_release) struct frame_reader r = { 0 };
	struct err err = ERR_INIT;
	struct seen s = { 0 };
	struct frame f;
	bool have = true;

	while (s.rc == ERR_OK) {
		bool has = frame_reader_has(&r);

		s.rc = frame_reader_next(&r, &f, &have, &err);
		assert(has == (have || s.rc != ERR_OK));
		if (s.rc != ERR_OK)
			break;
		if (have) {
			s.frames++;
			s.bytes += f.data.n;
			for (size_t i = 0; i < f.data.n; i++)
				s.sum = s.sum * 31 + f.data.p[i];
			assert(f.signal != FRAME_DATA || f.data.p[f.data.n] == 0);
		} else {
			size_t room, n = in.n < piece ? in.n : piece;
			uint8_t *p;

			if (n == 0)
				break;
			p = frame_reader_room(&r, &room);
			assert(room > 0);
			n = n < room ? n : room;
			memcpy(p, in.p, n);
			frame_reader_added(&r, n);
			in = bytes_skip(in, n);
		}
	}
	return s;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole, pieces;

	if (size == 0)
		return 0;
	whole = feed(bytes_of(data + 1, size - 1), SIZE_MAX);
	pieces = feed(bytes_of(data + 1, size - 1), (size_t)data[0] + 1);
	assert(whole.frames == pieces.frames);
	assert(whole.bytes == pieces.bytes);
	assert(whole.sum == pieces.sum);
	assert(whole.rc == pieces.rc);
	return 0;
}
