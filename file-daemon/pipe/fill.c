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

void
filler_init(struct filler *f, struct pipe *p)
{
	f->digest = digest_new();
	meta_init(&f->meta);
	f->codec = codec_work_new();
	f->packed = (struct buf)BUF_INIT(SEGMENT_BYTES);
	f->chunk = p->o.chunk_bytes;
	f->fifo_seconds = p->o.fifo_seconds;
	f->cancel = p->o.cancel;
	f->stages = &p->o.progress->stages;
	f->pipe = p;
	pipe_count_memory(p, SEGMENT_BYTES, 0);
}

void
filler_release(struct filler *f)
{
	digest_free(f->digest);
	meta_release(&f->meta);
	codec_work_free(f->codec);
	buf_release(&f->packed);
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

/* Has another file taken the name since the walker saw it?  Then what its other names lead to is
 * not saved with this one, but with the next of them. */
static void
check_link(struct item *it, const struct stat *now)
{
	if (now->st_dev != it->st.st_dev || now->st_ino != it->st.st_ino)
		it->link = 0;
}

/* The open file is of the kind the walker saw; its attributes as they are now. */
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
	check_link(it, &st);
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
	if (f->meta.xattr.len > FRAME_SEND_MAX)
		ITEM_SAY(b, it, meta_note, MSG_WARNING,
			 "%s%sextended attributes of %zu bytes are too many for one record", e.text,
			 e.code != ERR_OK ? "; " : "", f->meta.xattr.len);
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
	if (it->link != 0 && !it->link_first)
		return DIGEST_NONE;
	if (it->type != FT_REG && it->type != FT_REGE && it->type != FT_RAW)
		return DIGEST_NONE;
	return digest_of_stream((int)it->options->digest_stream);
}

/* It became too large for a batch of small files since the walker saw it. */
static bool
has_outgrown(const struct batch *b, const struct item *it)
{
	return !b->streams && it->type == FT_REG && it->st.st_size > (off_t)STREAM_FROM;
}

/* The data of a large file leaves while it is read. */
static void
stream_data(struct filler *f, struct batch *b, struct item *it, int fd)
{
	struct data_out d = { .f = f, .b = b, .it = it, .to = TO_SEGMENTS };
	uint64_t end;

	if (it->codec != NULL && it->type == FT_REG &&
	    pack_is_hopeless(fd, (uint64_t)it->st.st_size))
		it->codec = NULL;
	stream_opened(f->pipe, b);
	digest_begin(f->digest, item_digest_kind(it));
	(void)read_file(&d, fd, &end);
	it->digest_n = digest_end(f->digest, it->digest);
	stream_help(f);
}

/* A small file that got shorter before it was read is saved as it is now. */
static void
keep_data(struct filler *f, struct batch *b, struct item *it, int fd)
{
	struct data_out d = { .f = f, .b = b, .it = it, .to = TO_BATCH };
	uint64_t end;

	it->data.at = b->out.len;
	if (read_file(&d, fd, &end) && it->type == FT_REG && end < (uint64_t)it->st.st_size)
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
	if (has_outgrown(b, it)) {
		it->fate = ITEM_AGAIN;
		return;
	}
	if (b->streams)
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
	struct stat now;

	if (n < 0) {
		lose(b, it, "link cannot be read", errno);
		return;
	}
	if (it->link != 0 && fstatat(it->dir->fd, name, &now, AT_SYMLINK_NOFOLLOW) == 0)
		check_link(it, &now);
	it->target = batch_bytes(b, bytes_of(target, (size_t)n));
	read_meta(f, b, it, -1, name);
}

void
fill_item(struct filler *f, struct batch *b, struct item *it)
{
	const char *name = (const char *)b->names.p + it->name_at;
	const struct compression *c = it->options->compression;

	it->codec = c != NULL ? codec_find(c->magic) : NULL;
	if (it->link != 0 && !it->link_first) {
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
		if (i > 0 && (b->out.len > BATCH_OUT_SOON || !pipe_may_grow(f->pipe, b)))
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

/* ---- verify ---- */

/* The data of it through the digest.  What a backup would only report is an error here, because
 * the digest would be that of something else. */
static enum err_code
digest_data(struct filler *f, struct batch *b, struct item *it, struct err *err)
{
	OWNED(closep) int fd = open_data(it, (const char *)b->names.p + it->name_at);
	struct data_out d = { .f = f, .b = b, .it = it, .to = TO_DIGEST };
	struct bytes why = bytes_of("", 0);
	uint64_t end;

	if (fd < 0) {
		lose(b, it, "cannot be opened", errno);
	} else if (take_attributes(b, it, fd)) {
		(void)read_file(&d, fd, &end);
		keep_atime(it, fd);
	}
	if (cancel_asked(f->cancel))
		return err_set(err, ERR_CANCELED, "canceled");
	if (it->fate == ITEM_LOST)
		why = part_bytes(b, it->lost);
	else if (it->data_note.type == MSG_ERROR)
		why = part_bytes(b, it->data_note.text);
	return why.n > 0 ? err_set(err, ERR_SYS, "%.*s", BYTES_ARG(why)) : ERR_OK;
}

enum err_code
pipe_digest_of(const struct file_entry *e, uint32_t chunk_bytes, struct cancel *cancel,
	       uint8_t out[DIGEST_MAX], size_t *n, struct err *err)
{
	struct batch *b = batch_new();
	struct filler f = { .digest = digest_new(),
			    .packed = BUF_INIT(SEGMENT_BYTES),
			    .chunk = pipe_chunk_bytes(chunk_bytes),
			    .cancel = cancel };
	enum digest_kind kind;
	enum err_code rc = ERR_OK;

	batch_add(b, e);
	kind = item_digest_kind(&b->items[0]);
	digest_begin(f.digest, kind);
	if (kind != DIGEST_NONE && e->type == FT_REG)
		rc = digest_data(&f, b, &b->items[0], err);
	if (rc == ERR_OK)
		*n = digest_end(f.digest, out);
	digest_free(f.digest);
	buf_release(&f.packed);
	batch_free(b);
	return rc;
}
