/*
 * regress/fuzz/fuzz_frame.c - frame heads and the frame reader
 *
 * needs: lib-net
 *
 * The first byte chooses the size of the pieces in which the rest arrives; whatever the pieces,
 * and whether large frames are taken out in two parts, the frames must be the same.
 */
#include "lib/net/frame.h"

#include "lib/base/num.h"
#include "lib/base/own.h"

#include <assert.h>

#define PART_MIN 16
#define PART_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	size_t frames, bytes;
	uint64_t sum;
	enum err_code rc;
};

static void
count(struct seen *s, struct bytes payload)
{
	s->frames++;
	s->bytes += payload.n;
	for (size_t i = 0; i < payload.n; i++)
		s->sum = s->sum * 31 + payload.p[i];
}

/* A frame that has begun goes on outside the reader's buffer. */
static bool
take_part(struct frame_reader *r, struct bytes *in, struct seen *s)
{
	uint8_t p[PART_MAX];
	size_t have, len, n;

	if (!frame_reader_take_part(r, PART_MIN, PART_MAX, p, &have, &len))
		return false;
	n = size_min(len - have, in->n);
	memcpy(p + have, in->p, n);
	*in = bytes_skip(*in, n);
	if (have + n == len)
		count(s, bytes_of(p, len));
	return true;
}

static bool
read_more(struct frame_reader *r, struct bytes *in, size_t piece)
{
	size_t room, n = size_min(in->n, piece);
	uint8_t *p;

	if (n == 0)
		return false;
	p = frame_reader_room(r, &room);
	assert(room > 0);
	n = size_min(n, room);
	memcpy(p, in->p, n);
	frame_reader_added(r, n);
	*in = bytes_skip(*in, n);
	return true;
}

static struct seen
feed(struct bytes in, size_t piece, bool in_parts)
{
	OWNED(frame_reader_release) struct frame_reader r = { 0 };
	struct err err = ERR_INIT;
	struct seen s = { 0 };
	struct frame f;
	bool have = true;

	for (;;) {
		bool has = frame_reader_has(&r);

		s.rc = frame_reader_next(&r, &f, &have, &err);
		assert(has == (have || s.rc != ERR_OK));
		if (s.rc != ERR_OK)
			return s;
		if (have) {
			count(&s, f.data);
			assert(f.signal != FRAME_DATA || f.data.p[f.data.n] == 0);
		} else if (!(in_parts && take_part(&r, &in, &s)) && !read_more(&r, &in, piece)) {
			return s;
		}
	}
}

static void
expect_same(const struct seen *a, const struct seen *b)
{
	assert(a->frames == b->frames);
	assert(a->bytes == b->bytes);
	assert(a->sum == b->sum);
	assert(a->rc == b->rc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole, pieces, parts;
	struct bytes in;

	if (size == 0)
		return 0;
	in = bytes_of(data + 1, size - 1);
	whole = feed(in, SIZE_MAX, false);
	pieces = feed(in, (size_t)data[0] + 1, false);
	parts = feed(in, (size_t)data[0] + 1, true);
	expect_same(&whole, &pieces);
	expect_same(&whole, &parts);
	return 0;
}
