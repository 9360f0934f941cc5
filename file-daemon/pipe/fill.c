/*
 * file-daemon/pipe/fill.c - what a worker does with the files of a batch: open, read, ACL, xattr;
 * then, over all of them, digests and compression
 *
 * The attributes are those of the open file, and no more data is sent than they promise.
 */
#include "file-daemon/pipe/pipe_internal.h"

#include <fcntl.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/own.h"
#include "lib/base/path.h"

#define LINK_TARGET_MAX 4096u
#define XATTR_MAX       999996u /* a frame is at most this long; wire.md 1 */

void
filler_init(struct filler *f, struct pipe *p, uint32_t chunk, struct cancel *cancel)
{
	f->digest = digest_new();
	meta_init(&f->meta);
	f->codec = codec_work_new();
	f->packed = (struct buf)BUF_INIT(SEGMENT_BYTES);
	f->chunk = chunk;
	f->cancel = cancel;
	f->stages = p != NULL ? &p->o.progress->stages : NULL;
	f->pipe = p;
	if (p != NULL)
		pipe_count_memory(p, SEGMENT_BYTES, 0);
}

void
filler_release(struct filler *f)
{
	digest_free(f->digest);
	meta_release(&f->meta);
	codec_work_free(f->codec);
	buf_release(&f->packed);
	if (f->pipe != NULL)
		pipe_count_memory(f->pipe, 0, SEGMENT_BYTES);
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
		ITEM_SAY(b, it, meta_note, MSG_WARNING, "%s", e.text);
	if (f->meta.acl_access.len > 0)
		it->acl_access = batch_bytes(b, buf_bytes(&f->meta.acl_access));
	if (f->meta.acl_default.len > 0)
		it->acl_default = batch_bytes(b, buf_bytes(&f->meta.acl_default));
	if (f->meta.xattr.len > XATTR_MAX)
		ITEM_SAY(b, it, meta_note, MSG_WARNING,
			 "extended attributes of %zu bytes are too many for one record",
			 f->meta.xattr.len);
	else if (f->meta.xattr.len > 0)
		it->xattr = batch_bytes(b, buf_bytes(&f->meta.xattr));
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
		ITEM_SAY(b, it, data_note, MSG_WARNING, "changed while it was %s", "read");
}

static void
keep_atime(const struct item *it, int fd)
{
	struct timespec t[2] = { it->st.st_atim, { .tv_nsec = UTIME_OMIT } };

	if ((it->options->flags & OPT_KEEP_ATIME) != 0)
		(void)futimens(fd, t);
}

enum digest_kind
item_digest_kind(const struct item *it)
{
	if (it->link != NULL && !it->link_first)
		return DIGEST_NONE;
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

/* The data of a large file leaves while it is read. */
static void
stream_data(struct filler *f, struct batch *b, struct item *it, int fd)
{
	uint64_t end;

	if (it->codec != NULL && it->type == FT_REG &&
	    pack_is_hopeless(fd, (uint64_t)it->st.st_size))
		it->codec = NULL;
	stream_opened(f->pipe, b);
	digest_begin(f->digest, item_digest_kind(it));
	(void)read_file(f, b, it, fd, &end);
	it->digest_n = digest_end(f->digest, it->digest);
	stream_read(f, b);
}

/* A small file that got shorter before it was read is saved as it is now. */
static void
keep_data(struct filler *f, struct batch *b, struct item *it, int fd)
{
	uint64_t end;

	it->data.at = b->out.len;
	if (read_file(f, b, it, fd, &end) && it->type == FT_REG && end < (uint64_t)it->st.st_size)
		it->st.st_size = (off_t)end;
}

static void
fill_data(struct filler *f, struct batch *b, struct item *it, const char *name)
{
	OWNED(closep) int fd = open_data(it, name);

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
		stream_data(f, b, it, fd);
	else
		keep_data(f, b, it, fd);
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
	const struct compression *c = it->options->compression;

	it->codec = c != NULL ? codec_find(c->magic) : NULL;
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
	default:
		read_meta(f, b, it, -1, name);
		return;
	}
}

static void
digest_item(struct filler *f, const struct batch *b, struct item *it)
{
	digest_begin(f->digest, item_digest_kind(it));
	pack_digest(f, it, part_bytes(b, it->data));
	it->digest_n = digest_end(f->digest, it->digest);
}

static void
fill_items(struct filler *f, struct batch *b)
{
	for (size_t i = 0; i < b->n && !cancel_asked(f->cancel); i++)
		if (i > 0 && (b->out.len > BATCH_OUT_SOON ||
			      (f->pipe != NULL && !pipe_may_grow(f->pipe, b))))
			b->items[i].fate = ITEM_AGAIN;
		else
			fill_item(f, b, &b->items[i]);
}

void
fill_batch(struct filler *f, struct batch *b)
{
	int64_t t = clock_mono_ns();

	fill_items(f, b);
	if (b->streams)
		return;
	t = stage_busy(f->stages, STAGE_READ, t);
	for (size_t i = 0; i < b->n; i++)
		digest_item(f, b, &b->items[i]);
	t = stage_busy(f->stages, STAGE_DIGEST, t);
	for (size_t i = 0; i < b->n; i++)
		pack_item(f, b, &b->items[i]);
	(void)stage_busy(f->stages, STAGE_COMPRESS, t);
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
	digest_begin(f.digest, item_digest_kind(&b->items[0]));
	fill_item(&f, b, &b->items[0]);
	b->items[0].digest_n = digest_end(f.digest, b->items[0].digest);
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
