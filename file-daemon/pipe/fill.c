/*
 * file-daemon/pipe/fill.c - what a worker does with one file: open, read, digest, ACL, xattr
 *
 * Data leaves as whole frames, 4-byte heads included, so that nobody looks at it again.  A small
 * file's frames go into its batch's out buffer; a large file's into segments.  In both cases the
 * attributes are those of the open file, and no more data is sent than they promise.
 */
#include "file-daemon/pipe/pipe_internal.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/base/wr.h"

#define LINK_TARGET_MAX 4096u
#define XATTR_MAX       999996u /* a frame is at most this long; wire.md 1 */

void
filler_init(struct filler *f, struct pipe *p, uint32_t chunk, struct cancel *cancel)
{
	f->digest = digest_new();
	meta_init(&f->meta);
	f->chunk = chunk;
	f->cancel = cancel;
	f->pipe = p;
}

void
filler_release(struct filler *f)
{
	digest_free(f->digest);
	meta_release(&f->meta);
}

/* ---- what is said about a file ---- */

static void
lose(struct batch *b, struct item *it, const char *what, int sys)
{
	struct err e = ERR_INIT;

	errno = sys;
	(void)err_errno(&e, ERR_SYS, "%s: %s", PATH_PRINT(item_path(b, it)), what);
	it->fate = ITEM_LOST;
	it->lost = batch_text(b, "%s", e.text);
}

/* What the administrator reads, and how the job ends because of it:
 *   error    a read error: not all of the file is on the volume (job ends with warnings)
 *   warning  it shrank: what was there is saved, which is less than its attributes say
 *   info     it grew, as logs do: it is saved as it was when it was opened.  With Check File
 *            Changes = yes that is a warning, because it was asked for
 * The digest is always that of the bytes sent.  Spec: config.md 1.14 CheckFileChanges */
#define SAY(b, it, which, kind, fmt, ...)                                                          \
	((it)->which = (struct note){                                                              \
		 (kind),                                                                           \
		 batch_text((b), "%s: " fmt, PATH_PRINT(item_path((b), (it))), __VA_ARGS__) })

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

static enum msg_type
change_type(const struct item *it)
{
	return (it->options->flags & OPT_CHECK_CHANGES) != 0 ? MSG_WARNING : MSG_INFO;
}

/* ---- where data frames go ---- */

struct data_out {
	struct filler *f;
	struct batch *b;
	struct item *it;
	struct segment *seg; /* the one being filled; NULL: none yet, or not streaming */
	bool stopped;
};

/* Room for a frame of n payload bytes; NULL when the pipe is stopping. */
static uint8_t *
frame_room(struct data_out *d, size_t n)
{
	struct err e = ERR_INIT;

	if (!d->b->streams) {
		if (buf_reserve(&d->b->out, n + FRAME_HEAD, &e) != ERR_OK)
			return NULL;
		return d->b->out.p + d->b->out.len + FRAME_HEAD;
	}
	if (d->seg != NULL && d->seg->len + n + FRAME_HEAD > SEGMENT_BYTES) {
		stream_push(d->f->pipe, d->b, d->seg);
		d->seg = NULL;
	}
	if (d->seg == NULL)
		d->seg = stream_take(d->f->pipe, d->b);
	if (d->seg == NULL) {
		d->stopped = true;
		return NULL;
	}
	return d->seg->p + d->seg->len + FRAME_HEAD;
}

/* The frame of the last frame_room has n payload bytes. */
static void
frame_commit(struct data_out *d, size_t n)
{
	uint8_t *at = d->b->streams ? d->seg->p + d->seg->len : d->b->out.p + d->b->out.len;
	struct wr w = wr_init(at, FRAME_HEAD);

	d->it->sent_bytes += n;
	if (d->f->pipe == NULL)
		return; /* only the digest is wanted */
	wr_u32be(&w, (uint32_t)n);
	if (d->b->streams) {
		d->seg->len += n + FRAME_HEAD;
	} else {
		d->b->out.len += n + FRAME_HEAD;
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
	bool grew, failed;
};

/* One chunk: 1 went out (or was zeros), 0 end of file, -1 failed (errno), -2 stopping. */
static int
read_chunk(struct data_out *d, struct reading *r)
{
	size_t head = r->sparse ? SPARSE_HEAD : 0;
	size_t want = chunk_wanted(d->it, r->chunk, r->at);
	uint8_t *p = frame_room(d, head + want);
	size_t n;
	ssize_t got;

	if (p == NULL)
		return -2;
	got = read_some(r->fd, p + head, want, chunk_enough(d->it, want, r->at));
	if (got < 0)
		return -1;
	n = (size_t)got;
	if (d->it->type == FT_REG && n > 0 && r->at + n > (uint64_t)d->it->st.st_size) {
		r->grew = true;
		n--;
	}
	if (n == 0)
		return 0;
	d->it->read_bytes += n;
	if (!r->sparse || !drop_chunk(d->it, p + head, n, r->chunk, r->at)) {
		struct wr w = wr_init(p, SPARSE_HEAD);

		if (r->sparse)
			wr_u64be(&w, r->at);
		digest_update(d->f->digest, bytes_of(p + head, n));
		frame_commit(d, head + n);
	}
	r->at += n;
	return 1;
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

static void
read_data(struct data_out *d, struct reading *r)
{
	struct item *it = d->it;
	int rc = 1;

	while (rc == 1 && !at_end(d, r) && !cancel_asked(d->f->cancel)) {
		if (r->sparse)
			r->at = skip_holes(r->fd, it, r->chunk, r->at);
		if (it->type == FT_FIFO && !await_writer(d->f, r->fd))
			return;
		rc = read_chunk(d, r);
		if (rc == -1 && it->type == FT_FIFO && errno == EAGAIN)
			rc = 1;
	}
	r->failed = rc == -1;
	if (r->failed)
		say_read_error(d->b, it, r->at);
	else if (r->grew)
		SAY(d->b, it, data_note, change_type(it),
		    "grew while it was read, its first %lld bytes are saved",
		    (long long)it->st.st_size);
	else if (rc == 0 && it->type == FT_REG)
		SAY(d->b, it, data_note, MSG_WARNING,
		    "shrank from %lld to %llu bytes while it was read", (long long)it->st.st_size,
		    (unsigned long long)r->at);
}

/* ---- opening ---- */

static int
open_data(const struct item *it, const char *name)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY;
	bool noatime = (it->options->flags & OPT_NO_ATIME) != 0;
	int fd = openat(it->dir->fd, name, flags | (noatime ? O_NOATIME : 0));

	if (fd < 0 && errno == EPERM && noatime)
		fd = openat(it->dir->fd, name, flags);
	return fd;
}

/* The open file is what the walker saw; its attributes as they are now. */
static bool
take_attributes(struct batch *b, struct item *it, int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		lose(b, it, "cannot be examined", errno);
		return false;
	}
	if ((st.st_mode & S_IFMT) != (it->st.st_mode & S_IFMT)) {
		lose(b, it, "became another kind of file before it was read", ESTALE);
		return false;
	}
	it->st = st;
	return true;
}

static void
read_meta(struct filler *f, struct batch *b, struct item *it, int fd, const char *name)
{
	struct meta_at at = { fd, it->dir->fd, name };
	struct err e = ERR_INIT;
	unsigned want = 0;

	if ((it->options->flags & OPT_ACL) != 0)
		want |= META_ACL;
	if ((it->options->flags & OPT_XATTR) != 0)
		want |= META_XATTR;
	if (want == 0)
		return;
	if (meta_read(&at, it->st.st_mode, want, &f->meta, &e) != ERR_OK)
		SAY(b, it, meta_note, MSG_WARNING, "%s", e.text);
	if (f->meta.acl_access.len > 0)
		it->acl_access = batch_bytes(b, buf_bytes(&f->meta.acl_access));
	if (f->meta.acl_default.len > 0)
		it->acl_default = batch_bytes(b, buf_bytes(&f->meta.acl_default));
	if (f->meta.xattr.len > XATTR_MAX)
		SAY(b, it, meta_note, MSG_WARNING,
		    "extended attributes of %zu bytes are too many for one record",
		    f->meta.xattr.len);
	else if (f->meta.xattr.len > 0)
		it->xattr = batch_bytes(b, buf_bytes(&f->meta.xattr));
}

/* A small file that got shorter before it was read is saved as it is now. */
static void
settle_size(struct batch *b, struct item *it, const struct reading *r)
{
	if (!b->streams && !r->failed && it->type == FT_REG && r->at < (uint64_t)it->st.st_size)
		it->st.st_size = (off_t)r->at;
}

static void
notice_change(struct batch *b, struct item *it, int fd)
{
	struct stat now;

	if ((it->options->flags & OPT_CHECK_CHANGES) == 0 || it->data_note.text.n > 0 ||
	    fstat(fd, &now) != 0)
		return;
	if (now.st_mtim.tv_sec != it->st.st_mtim.tv_sec ||
	    now.st_mtim.tv_nsec != it->st.st_mtim.tv_nsec ||
	    now.st_ctim.tv_sec != it->st.st_ctim.tv_sec ||
	    now.st_ctim.tv_nsec != it->st.st_ctim.tv_nsec)
		SAY(b, it, data_note, MSG_WARNING, "changed while it was %s", "read");
}

static void
keep_atime(const struct item *it, int fd)
{
	struct timespec t[2] = { it->st.st_atim, { .tv_nsec = UTIME_OMIT } };

	if ((it->options->flags & OPT_KEEP_ATIME) != 0)
		(void)futimens(fd, t);
}

static enum digest_kind
digest_wanted(const struct item *it)
{
	if (it->type != FT_REG && it->type != FT_REGE && it->type != FT_RAW)
		return DIGEST_NONE;
	return digest_of_stream((int)it->options->digest_stream);
}

/* It became too large for a batch of small files since the walker saw it. */
static bool
outgrew(const struct filler *f, const struct batch *b, const struct item *it)
{
	return f->pipe != NULL && !b->streams && it->type == FT_REG &&
	       it->st.st_size > (off_t)SMALL_MAX;
}

static void
fill_data(struct filler *f, struct batch *b, struct item *it, const char *name)
{
	OWNED(closep) int fd = open_data(it, name);
	struct data_out d = { .f = f, .b = b, .it = it };
	struct reading r = { .fd = fd, .sparse = (it->options->flags & OPT_SPARSE) != 0 };

	if (fd < 0) {
		lose(b, it, "cannot be opened", errno);
		return;
	}
	if (!take_attributes(b, it, fd))
		return;
	if (outgrew(f, b, it)) {
		it->fate = ITEM_AGAIN;
		return;
	}
	if (b->streams && f->pipe != NULL)
		stream_opened(f->pipe, b);
	r.chunk = f->chunk - (r.sparse ? SPARSE_HEAD : 0);
	digest_begin(f->digest, digest_wanted(it));
	it->data.at = b->out.len;
	if (it->type != FT_REG || it->st.st_size > 0)
		read_data(&d, &r);
	if (d.seg != NULL)
		stream_push(f->pipe, b, d.seg);
	settle_size(b, it, &r);
	it->digest_n = digest_end(f->digest, it->digest);
	notice_change(b, it, fd);
	keep_atime(it, fd);
	read_meta(f, b, it, fd, name);
}

static void
fill_symlink(struct filler *f, struct batch *b, struct item *it, const char *name)
{
	char target[LINK_TARGET_MAX];
	ssize_t n = readlinkat(it->dir->fd, name, target, sizeof(target));

	if (n < 0) {
		lose(b, it, "link cannot be read", errno);
		return;
	}
	it->target = batch_bytes(b, bytes_of(target, (size_t)n));
	read_meta(f, b, it, -1, name);
}

void
fill_item(struct filler *f, struct batch *b, struct item *it)
{
	const char *name = (const char *)b->names.p + it->name_at;

	if (it->link != NULL && !it->link_first) {
		read_meta(f, b, it, -1, name);
		return;
	}
	switch (it->type) {
	case FT_REG:
	case FT_RAW:
	case FT_FIFO:
		fill_data(f, b, it, name);
		return;
	case FT_LNK:
		fill_symlink(f, b, it, name);
		return;
	case FT_DIREND:
		read_meta(f, b, it, it->self != NULL && it->self->readable ? it->self->fd : -1,
			  *name != '\0' ? name : ".");
		return;
	case FT_REGE:
		it->digest_n = digest_whole(f->digest, digest_wanted(it), bytes_of("", 0),
					    it->digest);
		read_meta(f, b, it, -1, name);
		return;
	default:
		read_meta(f, b, it, -1, name);
		return;
	}
}

void
fill_batch(struct filler *f, struct batch *b)
{
	for (size_t i = 0; i < b->n && !cancel_asked(f->cancel); i++)
		if (i > 0 && b->out.len > BATCH_OUT_SOON)
			b->items[i].fate = ITEM_AGAIN;
		else
			fill_item(f, b, &b->items[i]);
}

enum err_code
pipe_digest_of(const struct file_entry *e, uint32_t chunk_bytes, uint8_t out[64], size_t *n,
	       struct err *err)
{
	struct batch *b = batch_new();
	struct filler f;
	enum err_code rc = ERR_OK;

	filler_init(&f, NULL, chunk_bytes != 0 ? chunk_bytes : PIPE_CHUNK_MAX, NULL);
	batch_add(b, e);
	b->streams = false;
	fill_item(&f, b, &b->items[0]);
	if (b->items[0].fate == ITEM_LOST) {
		rc = err_set(err, ERR_SYS, "%.*s", (int)b->items[0].lost.n,
			     (const char *)b->out.p + b->items[0].lost.at);
	} else {
		*n = b->items[0].digest_n;
		memcpy(out, b->items[0].digest, b->items[0].digest_n);
	}
	filler_release(&f);
	batch_free(b);
	return rc;
}
