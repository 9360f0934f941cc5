/*
 * file-daemon/pipe/read.c - the data of an open file, as frames
 *
 * Data leaves as whole frames, 4-byte heads included.  A small file's go into its batch's out
 * buffer; a large file's into segments.  No more is read than the attributes promise.
 */
#include "file-daemon/pipe/pipe_internal.h"

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

struct data_out {
	struct filler *f;
	struct batch *b;
	struct item *it;
	struct segment *seg;      /* the one being filled; NULL: none yet, or not streaming */
	unsigned seg_chunks;      /* in it */
	int64_t reading_since_ns; /* of a large file: the segment being filled */
};

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

/* The buffer for a frame of n payload bytes, with room for it; NULL when the pipe is stopping. */
static struct buf *
frame_room(struct data_out *d, size_t n)
{
	struct buf *to = &d->b->out;
	struct err e = ERR_INIT;

	if (d->f->pipe == NULL) {
		to = &d->f->packed;
	} else if (d->b->streams) {
		if (d->seg_chunks == SEGMENT_CHUNKS)
			push_segment(d);
		if (d->seg == NULL) {
			d->seg = stream_take(d->f, d->b);
			d->reading_since_ns = clock_mono_ns();
		}
		if (d->seg == NULL)
			return NULL;
		to = &d->seg->frames;
	}
	return buf_reserve(to, n + FRAME_HEAD, &e) == ERR_OK ? to : NULL;
}

/* The frame in the room that was given has n payload bytes. */
static void
frame_commit(struct data_out *d, struct buf *to, size_t n)
{
	struct wr w = wr_init(to->p + to->len, FRAME_HEAD);

	wr_u32be(&w, (uint32_t)n);
	to->len += n + FRAME_HEAD;
	d->seg_chunks++;
	if (d->f->pipe == NULL) { /* only the digest is wanted */
		pack_digest(d->f, d->it, buf_bytes(to));
		buf_clear(to);
	} else if (!d->b->streams) {
		d->it->data.n += n + FRAME_HEAD;
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

/* Chunks of zeros are left out, but never the last one.  Spec: volume.md 8.1 */
static bool
drop_chunk(const struct item *it, const uint8_t *p, size_t n, size_t chunk, uint64_t at)
{
	uint64_t size = (uint64_t)it->st.st_size;

	if (n < chunk || !all_zero(p, n))
		return false;
	return it->type == FT_REG ? at + n < size : size == 0;
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
	CHUNK_TAKEN,  /* it went out, or was zeros */
	CHUNK_END,    /* of the file */
	CHUNK_FAILED, /* errno */
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
	if (!r->sparse || !drop_chunk(d->it, p + head, n, r->chunk, r->at)) {
		struct wr w = wr_init(p, SPARSE_HEAD);

		if (r->sparse)
			wr_u64be(&w, r->at);
		frame_commit(d, to, head + n);
	}
	r->at += n;
	return CHUNK_TAKEN;
}

/* A fifo has nothing until somebody writes: wait for that, or for cancel. */
static bool
await_writer(struct filler *f, int fd)
{
	struct wait w = wait_for(f->cancel, 0, "a writer to the fifo");
	struct err e = ERR_INIT;

	return wait_fd(&w, fd, POLLIN, &e) == ERR_OK;
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
		if (d->it->type == FT_FIFO && !await_writer(d->f, r->fd))
			return CHUNK_STOPPING;
		answer = read_chunk(d, r);
		if (answer == CHUNK_FAILED && d->it->type == FT_FIFO && errno == EAGAIN)
			answer = CHUNK_TAKEN;
	}
	return answer;
}

bool
read_file(struct filler *f, struct batch *b, struct item *it, int fd, uint64_t *end)
{
	struct data_out d = { .f = f, .b = b, .it = it };
	struct reading r = { .fd = fd, .sparse = (it->options->flags & OPT_SPARSE) != 0 };
	enum chunk_answer answer = CHUNK_TAKEN;

	r.chunk = f->chunk - item_frame_head(it);
	if (it->type != FT_REG || it->st.st_size > 0)
		answer = read_chunks(&d, &r);
	if (answer == CHUNK_FAILED)
		say_read_error(b, it, r.at);
	else if (r.grew)
		ITEM_SAY(b, it, data_note, item_change_type(it),
			 "grew while it was read, its first %lld bytes are saved",
			 (long long)it->st.st_size);
	else if (answer == CHUNK_END && it->type == FT_REG)
		ITEM_SAY(b, it, data_note, MSG_WARNING,
			 "shrank from %lld to %llu bytes while it was read",
			 (long long)it->st.st_size, (unsigned long long)r.at);
	if (d.seg != NULL)
		push_segment(&d);
	*end = r.at;
	return answer == CHUNK_TAKEN || answer == CHUNK_END;
}
