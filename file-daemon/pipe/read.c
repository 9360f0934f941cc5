/*
 * file-daemon/pipe/read.c - the data of an open file, as frames
 *
 * Data leaves as whole frames, 4-byte heads included.  A small file's go into its batch's out
 * buffer; a large file's into segments.  No more is read than the attributes promise.
 */
#include "file-daemon/pipe/pipe_internal.h"

#include <assert.h>
#include <poll.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/num.h"
#include "lib/base/path.h"
#include "lib/base/wr.h"

/* What the administrator reads, and how the job ends because of it:
 *   error    a read error: not all of the file is on the volume (job ends with warnings)
 *   warning  it shrank: what was there is saved, which is less than its attributes say
 *   info     it grew, as logs do: it is saved as it was when it was opened.  With Check File
 *            Changes = yes that is a warning, because it was asked for
 * The digest is always that of the bytes sent.  Spec: config.md 1.14 CheckFileChanges */
static void
say_read_error(struct batch *b, struct item *it, uint64_t at)
{
	struct err e = ERR_INIT;

	(void)err_errno(&e, ERR_SYS,
			"%s: reading failed at byte %llu of %lld, only what came before is saved",
			PATH_PRINT(item_path(b, it)), (unsigned long long)at,
			(long long)it->st.st_size);
	it->data_note = (struct note){ MSG_ERROR, batch_text(b, "%s", e.text) };
}

enum msg_type
item_change_type(const struct item *it)
{
	return (it->options->flags & OPT_CHECK_CHANGES) != 0 ? MSG_WARNING : MSG_INFO;
}

/* ---- where data frames go ---- */

static void
push_segment(struct data_out *d)
{
	struct stages *s = d->f->stages;
	int64_t t = stage_busy(s, STAGE_READ, d->reading_since_ns);

	pack_digest(d->f, d->it, buf_bytes(&d->seg->frames));
	(void)stage_busy(s, STAGE_DIGEST, t);
	stream_push(d->f->pipe, d->b, d->seg);
	d->seg = NULL;
	d->seg_chunks = 0;
}

/* The segment to fill; NULL when the pipe is stopping. */
static struct segment *
current_segment(struct data_out *d)
{
	if (d->seg_chunks == SEGMENT_CHUNKS)
		push_segment(d);
	if (d->seg == NULL) {
		d->seg = stream_take(d->f, d->b);
		d->reading_since_ns = clock_mono_ns();
	}
	return d->seg;
}

static struct buf *
frame_buf(struct data_out *d)
{
	switch (d->to) {
	case TO_BATCH:
		return &d->b->out;
	case TO_SEGMENTS:
		return current_segment(d) != NULL ? &d->seg->frames : NULL;
	case TO_DIGEST:
		return &d->f->packed;
	}
	return NULL;
}

/* The buffer for a frame of n payload bytes, with room for it; NULL when the pipe is stopping. */
static struct buf *
frame_room(struct data_out *d, size_t n)
{
	struct buf *to = frame_buf(d);
	struct err e = ERR_INIT;
	enum err_code rc = to != NULL ? buf_reserve(to, n + FRAME_HEAD, &e) : ERR_OK;

	assert(rc == ERR_OK); /* n is a chunk at most, and all of these hold more */
	return to;
}

/* The frame in the room that was given has n payload bytes. */
static void
frame_commit(struct data_out *d, struct buf *to, size_t n)
{
	struct wr w = wr_init(to->p + to->len, FRAME_HEAD);

	wr_u32be(&w, (uint32_t)n);
	to->len += n + FRAME_HEAD;
	switch (d->to) {
	case TO_BATCH:
		d->it->data.n += n + FRAME_HEAD;
		return;
	case TO_SEGMENTS:
		d->seg_chunks++;
		return;
	case TO_DIGEST:
		pack_digest(d->f, d->it, buf_bytes(to));
		buf_clear(to);
		return;
	}
}

/* ---- reading ---- */

static bool
all_zero(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* Up to n bytes, but no further than enough when they come; -1 with errno. */
static ssize_t
read_some(int fd, uint8_t *p, size_t n, size_t enough)
{
	size_t have = 0;

	while (have < enough) {
		ssize_t got = read(fd, p + have, n - have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return have > 0 ? (ssize_t)have : -1;
		have += (size_t)got;
		if (got == 0)
			break;
	}
	return (ssize_t)have;
}

/* Chunks of zeros are left out, but never the last one.  Those of a device or a fifo are sent:
 * what they are restored into may hold something else there.  Spec: volume.md 8.1 */
static bool
is_left_out(const struct item *it, const uint8_t *p, size_t n, size_t chunk, uint64_t at)
{
	return it->type == FT_REG && n == chunk && at + n < (uint64_t)it->st.st_size &&
	       all_zero(p, n);
}

/* Where the next chunk with data begins; chunks that are whole holes read as zeros anyway. */
static uint64_t
skip_holes(int fd, const struct item *it, size_t chunk, uint64_t at)
{
	uint64_t size = (uint64_t)it->st.st_size, last, next;
	off_t data;

	if (it->type != FT_REG || size <= chunk || at + chunk >= size)
		return at;
	last = (size - 1) / chunk * chunk;
	data = lseek(fd, (off_t)at, SEEK_DATA);
	if (data < 0 && errno != ENXIO)
		return at;
	next = data < 0 ? last : (uint64_t)data / chunk * chunk;
	next = next > last ? last : next;
	next = next < at ? at : next;
	return lseek(fd, (off_t)next, SEEK_SET) < 0 ? at : next;
}

/* Bytes to ask for at offset at: of a regular file what its size promises and, in its last
 * chunk, one more to see whether it grew. */
static size_t
chunk_wanted(const struct item *it, size_t chunk, uint64_t at)
{
	uint64_t size = (uint64_t)it->st.st_size;

	if (it->type != FT_REG || size - at > chunk)
		return chunk;
	return (size_t)(size - at) + 1;
}

/* With so many the chunk is whole: a regular file that gives all it promised and not the one byte
 * more has ended, and a fifo gives what there is. */
static size_t
chunk_enough(const struct item *it, size_t want, uint64_t at)
{
	if (it->type == FT_FIFO)
		return 1;
	return it->type == FT_REG ? (size_t)u64_min(want, (uint64_t)it->st.st_size - at) : want;
}

struct reading {
	int fd;
	bool sparse;
	size_t chunk; /* file bytes per frame */
	uint64_t at;  /* offset of the next chunk */
	bool grew;
};

enum chunk_answer {
	CHUNK_TAKEN,     /* it went out, or was zeros */
	CHUNK_END,       /* of the file */
	CHUNK_FAILED,    /* errno */
	CHUNK_UNWRITTEN, /* a fifo that nobody writes into */
	CHUNK_STOPPING,
};

static enum chunk_answer
read_chunk(struct data_out *d, struct reading *r)
{
	size_t head = item_frame_head(d->it);
	size_t want = chunk_wanted(d->it, r->chunk, r->at);
	struct buf *to = frame_room(d, head + want);
	uint8_t *p;
	size_t n;
	ssize_t got;

	if (to == NULL)
		return CHUNK_STOPPING;
	p = to->p + to->len + FRAME_HEAD;
	got = read_some(r->fd, p + head, want, chunk_enough(d->it, want, r->at));
	if (got < 0)
		return CHUNK_FAILED;
	n = (size_t)got;
	if (d->it->type == FT_REG && n > 0 && r->at + n > (uint64_t)d->it->st.st_size) {
		r->grew = true;
		n--;
	}
	if (n == 0)
		return CHUNK_END;
	d->it->read_bytes += n;
	if (!r->sparse || !is_left_out(d->it, p + head, n, r->chunk, r->at)) {
		struct wr w = wr_init(p, STREAM_SPARSE_HEAD);

		if (r->sparse)
			wr_u64be(&w, r->at);
		frame_commit(d, to, head + n);
	}
	r->at += n;
	return CHUNK_TAKEN;
}

/* A fifo has nothing until somebody writes: wait for that, or for cancel.  Who has begun to write
 * may take any time for the rest. */
static enum chunk_answer
await_writer(struct filler *f, const struct reading *r)
{
	struct wait w = wait_for(f->cancel, r->at == 0 ? f->fifo_seconds : 0,
				 "a writer to the fifo");
	struct err e = ERR_INIT;
	enum err_code code = wait_fd(&w, r->fd, POLLIN, &e);

	if (code == ERR_OK)
		return CHUNK_TAKEN;
	return code == ERR_PEER ? CHUNK_UNWRITTEN : CHUNK_STOPPING;
}

static bool
at_end(const struct data_out *d, const struct reading *r)
{
	return d->it->type == FT_REG && r->at >= (uint64_t)d->it->st.st_size;
}

/* CHUNK_TAKEN: all that was promised, or cancelled. */
static enum chunk_answer
read_chunks(struct data_out *d, struct reading *r)
{
	enum chunk_answer answer = CHUNK_TAKEN;

	while (answer == CHUNK_TAKEN && !at_end(d, r) && !cancel_asked(d->f->cancel)) {
		if (r->sparse)
			r->at = skip_holes(r->fd, d->it, r->chunk, r->at);
		if (d->it->type == FT_FIFO)
			answer = await_writer(d->f, r);
		if (answer == CHUNK_TAKEN)
			answer = read_chunk(d, r);
		if (answer == CHUNK_FAILED && d->it->type == FT_FIFO && errno == EAGAIN)
			answer = CHUNK_TAKEN;
	}
	return answer;
}

/* What is worth telling about how reading ended. */
static void
say_end(const struct data_out *d, const struct reading *r, enum chunk_answer answer)
{
	struct batch *b = d->b;
	struct item *it = d->it;

	if (answer == CHUNK_FAILED)
		say_read_error(b, it, r->at);
	else if (answer == CHUNK_UNWRITTEN)
		ITEM_SAY(b, it, data_note, MSG_ERROR,
			 "nobody wrote into this fifo for %u seconds, it is saved empty",
			 d->f->fifo_seconds);
	else if (r->grew)
		ITEM_SAY(b, it, data_note, item_change_type(it),
			 "grew while it was read, its first %lld bytes are saved",
			 (long long)it->st.st_size);
	else if (answer == CHUNK_END && it->type == FT_REG)
		ITEM_SAY(b, it, data_note, MSG_WARNING,
			 "shrank from %lld to %llu bytes while it was read",
			 (long long)it->st.st_size, (unsigned long long)r->at);
}

bool
read_file(struct data_out *d, int fd, uint64_t *end)
{
	struct reading r = { .fd = fd,
			     .sparse = (d->it->options->flags & OPT_SPARSE) != 0,
			     .chunk = d->f->chunk - item_frame_head(d->it) };
	enum chunk_answer answer = CHUNK_TAKEN;

	if (d->it->type != FT_REG || d->it->st.st_size > 0)
		answer = read_chunks(d, &r);
	say_end(d, &r, answer);
	if (d->seg != NULL)
		push_segment(d);
	*end = r.at;
	return answer == CHUNK_TAKEN || answer == CHUNK_END || answer == CHUNK_UNWRITTEN;
}
