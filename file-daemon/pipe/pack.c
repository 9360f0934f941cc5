/*
 * file-daemon/pipe/pack.c - digest and compress whole frames
 *
 * A file whose data would not shrink is sent as plain data: decided for a small file when all of
 * it is there, for a large one by samples before it is read.  Within a compressed stream a record
 * that does not shrink is stored in the codec's own way (lib/compress).
 */
#include "file-daemon/pipe/pipe_internal.h"

#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/rd.h"
#include "lib/base/wr.h"

#define SAMPLES      5u
#define SAMPLE_BYTES 8192u

/* The next frame of frames: false at the end. */
static bool
next_frame(struct rd *r, size_t head, struct bytes *address, struct bytes *data)
{
	uint32_t n;

	if (rd_left(r) == 0)
		return false;
	n = rd_u32be(r);
	*address = rd_bytes(r, head);
	*data = rd_bytes(r, n - head);
	return rd_ok(r);
}

uint64_t
pack_payload(struct bytes frames)
{
	struct rd r = rd_init(frames);
	struct bytes address, data;
	uint64_t n = 0;

	while (next_frame(&r, 0, &address, &data))
		n += data.n;
	return n;
}

void
pack_digest(struct filler *f, const struct item *it, struct bytes frames)
{
	struct rd r = rd_init(frames);
	struct bytes address, data;

	while (next_frame(&r, item_frame_head(it), &address, &data))
		digest_update(f->digest, data);
}

/* The frames with each one's file bytes compressed, into f->packed. */
static enum err_code
compress_frames(struct filler *f, const struct item *it, struct bytes frames, struct err *err)
{
	struct rd r = rd_init(frames);
	uint16_t level = it->options->compression->level;
	struct bytes address, data;

	buf_clear(&f->packed);
	while (next_frame(&r, item_frame_head(it), &address, &data)) {
		size_t at = f->packed.len;
		struct wr w;

		if (buf_reserve(&f->packed, FRAME_HEAD, err) != ERR_OK)
			return err->code;
		f->packed.len += FRAME_HEAD;
		if (buf_append(&f->packed, address.p, address.n, err) != ERR_OK ||
		    codec_do(f->codec, it->codec, level, data, &f->packed, err) != ERR_OK)
			return err->code;
		w = wr_init(f->packed.p + at, FRAME_HEAD);
		wr_u32be(&w, (uint32_t)(f->packed.len - at - FRAME_HEAD));
	}
	return ERR_OK;
}

static bool
frames_look_packed(const struct item *it, struct bytes frames)
{
	struct rd r = rd_init(frames);
	struct bytes address, data;

	while (next_frame(&r, item_frame_head(it), &address, &data))
		if (!codec_looks_packed(data))
			return false;
	return true;
}

void
pack_item(struct filler *f, struct batch *b, struct item *it)
{
	struct bytes raw = part_bytes(b, it->data);
	struct err e = ERR_INIT;

	if (it->codec == NULL || raw.n == 0)
		return;
	if (raw.n <= CODEC_TRY_MIN || frames_look_packed(it, raw) ||
	    compress_frames(f, it, raw, &e) != ERR_OK || f->packed.len >= raw.n) {
		it->codec = NULL;
		return;
	}
	memcpy(b->out.p + it->data.at, f->packed.p, f->packed.len);
	it->data.n = f->packed.len;
}

void
pack_segment(struct filler *f, struct segment *s)
{
	int64_t t = clock_mono_ns();
	struct buf raw = s->frames;
	struct err e = ERR_INIT;

	if (compress_frames(f, &s->batch->items[0], buf_bytes(&raw), &e) != ERR_OK) {
		pipe_fail(f->pipe, &e);
		return;
	}
	s->frames = f->packed;
	f->packed = raw;
	(void)stage_busy(f->stages, STAGE_COMPRESS, t);
}

bool
pack_is_hopeless(int fd, uint64_t size)
{
	uint8_t sample[SAMPLE_BYTES];

	for (uint64_t i = 0; i < SAMPLES; i++) {
		off_t at = (off_t)((size - SAMPLE_BYTES) / (SAMPLES - 1) * i);
		ssize_t n = pread(fd, sample, sizeof(sample), at);

		if (n <= 0 || !codec_looks_packed(bytes_of(sample, (size_t)n)))
			return false;
	}
	return true;
}
