/*
 * The digest of a file comes behind its content, so its kind is guessed: the one of the file
 * before, at first the cheapest.  Only when the guess was wrong is the content read back.
 */
#include "lib/files/rebuild_internal.h"

#include <inttypes.h>
#include <poll.h>
#include <unistd.h>

#include "lib/base/num.h"
#include "lib/base/rd.h"

#define READ_BACK   (256 * 1024)
#define ZEROS       (64 * 1024)
#define WAITING_MAX (16 * 1024) /* content that waits for the settling thread */

void
rebuild_data_begin(struct rebuild *r, struct rebuild_file *f)
{
	f->pos = 0;
	f->size = 0;
	f->has_data = false;
	f->win32 = false;
	f->win = (struct win32_stream){ 0 };
	f->n_extents = 0;
	f->extents_lost = false;
	f->into = INTO_NEW;
	f->inherits = false;
	f->beside = 0;
	f->passed = false;
	buf_clear(&f->small);
	f->kind = r->o.no_digest_check ? DIGEST_NONE : r->guess;
	digest_begin(f->digest, f->kind);
}

static void
remember_extent(struct rebuild_file *f, uint64_t at, uint64_t len)
{
	struct extent *last = f->n_extents > 0 ? &f->extents[f->n_extents - 1] : NULL;

	if (last != NULL && last->at + last->len == at) {
		last->len += len;
		return;
	}
	if (f->n_extents == REBUILD_EXTENTS_MAX) {
		f->extents_lost = true;
		return;
	}
	f->extents = (struct extent *)mem_grow(f->extents, f->n_extents, &f->cap_extents,
					       sizeof(*f->extents));
	f->extents[f->n_extents++] = (struct extent){ at, len };
}

enum err_code
rebuild_write_failed(const struct rebuild_file *f, struct err *err)
{
	return err_errno(err, f->into == INTO_NEW ? place_refusal(errno) : ERR_SYS,
			 "cannot be written");
}

static enum err_code
write_file(const struct rebuild_file *f, uint64_t at, struct bytes data, struct err *err)
{
	while (data.n > 0) {
		ssize_t n = pwrite(f->fd, data.p, data.n, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return rebuild_write_failed(f, err);
		data = bytes_skip(data, (size_t)n);
		at += (uint64_t)n;
	}
	return ERR_OK;
}

/* Who reads it may take any time, but not for ever, and a cancel ends it. */
static enum err_code
await_reader(const struct rebuild *r, const struct rebuild_file *f, struct err *err)
{
	unsigned seconds = r->o.fifo_seconds != 0 ? r->o.fifo_seconds : REBUILD_FIFO_SECONDS;
	struct wait w = wait_for(r->o.cancel, seconds, "a reader of the fifo");

	if (wait_fd(&w, f->fd, POLLOUT, err) == ERR_OK)
		return ERR_OK;
	if (err->code != ERR_PEER)
		return err->code;
	return err_set(err, ERR_SYS, "who reads the fifo took nothing for %u seconds", seconds);
}

static enum err_code
write_fifo(const struct rebuild *r, const struct rebuild_file *f, struct bytes data,
	   struct err *err)
{
	while (data.n > 0) {
		ssize_t n = write(f->fd, data.p, data.n);

		if (n >= 0) {
			data = bytes_skip(data, (size_t)n);
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return rebuild_write_failed(f, err);
		if (errno == EAGAIN && await_reader(r, f, err) != ERR_OK)
			return err->code;
	}
	return ERR_OK;
}

static enum err_code
write_out(const struct rebuild *r, const struct rebuild_file *f, uint64_t at, struct bytes data,
	  struct err *err)
{
	return f->into == INTO_FIFO ? write_fifo(r, f, data, err) : write_file(f, at, data, err);
}

/* Zeros that have no record.  A new file has them by itself. */
static enum err_code
write_gap(const struct rebuild *r, const struct rebuild_file *f, uint64_t to, struct err *err)
{
	static const uint8_t zeros[ZEROS];

	if (f->into == INTO_FIFO && to < f->size)
		return err_set(err, ERR_FORMAT,
			       "content for address %" PRIu64 " comes behind that for %" PRIu64
			       ": it cannot go into a fifo",
			       to, f->size);
	for (uint64_t at = f->size; at < to; at += u64_min(to - at, ZEROS)) {
		if (cancel_asked(r->o.cancel))
			return err_set(err, ERR_CANCELED, "canceled");
		if (write_out(r, f, at, bytes_of(zeros, (size_t)u64_min(to - at, ZEROS)), err) !=
		    ERR_OK)
			return err->code;
	}
	return ERR_OK;
}

enum err_code
rebuild_write_small(struct rebuild_file *f, struct err *err)
{
	if (f->small.len > 0 && write_file(f, 0, buf_bytes(&f->small), err) != ERR_OK)
		return err->code;
	buf_clear(&f->small);
	return ERR_OK;
}

static enum err_code
write_at(struct rebuild *r, struct rebuild_file *f, struct bytes data, struct err *err)
{
	uint64_t at = f->pos;
	bool first = f->size == 0;

	if (at > INT64_MAX - data.n)
		return err_set(err, ERR_FORMAT, "file address %" PRIu64 " is too large", at);
	if (f->into != INTO_NEW && write_gap(r, f, at, err) != ERR_OK)
		return err->code;
	f->pos += data.n;
	if (f->pos > f->size)
		f->size = f->pos;
	r->counts.bytes += data.n;
	if (r->o.dry_run)
		return ERR_OK;
	/* Nearly always this is all of it, and the settling thread writes it. */
	if (first && at == 0 && data.n <= WAITING_MAX && f->attr.type == FT_REG)
		return buf_append(&f->small, data.p, data.n, err);
	if (rebuild_write_small(f, err) != ERR_OK)
		return err->code;
	return write_out(r, f, at, data, err);
}

static enum err_code
write_win32(struct rebuild *r, struct rebuild_file *f, struct bytes data, struct err *err)
{
	struct bytes piece;

	f->win32 = true;
	while ((piece = win32_stream_next(&f->win, &data)).n > 0)
		if (write_at(r, f, piece, err) != ERR_OK)
			return err->code;
	return ERR_OK;
}

/* ---- compressed content ---- */

bool
rebuild_is_compressed(int32_t stream)
{
	const struct stream_row *row = stream_find(stream_id_of(stream));

	return row != NULL && row->kind == STREAM_KIND_DATA &&
	       (row->flags & (STREAM_COMPRESSED | STREAM_ZLIB)) && !(row->flags & STREAM_ENCRYPTED);
}

/* Spec: volume.md 8 */
enum err_code
rebuild_undo(struct codec_work *w, int32_t stream, struct bytes data, struct buf *out,
	     struct err *err)
{
	const struct stream_row *row = stream_find(stream_id_of(stream));

	if (row->flags & STREAM_SPARSE) {
		if (data.n < STREAM_SPARSE_HEAD)
			return err_set(err, ERR_FORMAT, "sparse record of %zu bytes", data.n);
		data = bytes_skip(data, STREAM_SPARSE_HEAD);
	}
	return row->flags & STREAM_ZLIB ? codec_undo_zlib(w, data, out, err)
					: codec_undo(w, data, out, err);
}

/* ---- records ---- */

/* Spec: volume.md 8, 16 "data ids" */
enum err_code
rebuild_data(struct rebuild *r, struct rebuild_file *f, const struct stream_row *row,
	     const struct rebuild_record *rec, struct err *err)
{
	struct bytes data = rec->data;

	if (f->state != FILE_OPEN)
		return err_set(err, ERR_FORMAT, "content for a %s", file_type_text(f->attr.type));
	if (row->flags & STREAM_ENCRYPTED) {
		if (f->into == INTO_NEW && !r->o.dry_run)
			rebuild_drop(r, f);
		return err_set(err, ERR_FORMAT, "not restored: its content is encrypted");
	}
	f->has_data = true;
	if (row->flags & STREAM_SPARSE) {
		struct rd rd = rd_init(data);

		f->pos = rd_u64be(&rd);
		if (!rd_ok(&rd))
			return err_set(err, ERR_FORMAT, "sparse record of %zu bytes", data.n);
		data = rd.in;
	}
	if (rec->is_undone) {
		data = rec->undone;
	} else if (rebuild_is_compressed(rec->stream)) {
		buf_clear(&r->plain);
		if (rebuild_undo(r->work, rec->stream, rec->data, &r->plain, err) != ERR_OK)
			return err->code;
		data = buf_bytes(&r->plain);
	}
	digest_update(f->digest, data);
	if (row->flags & STREAM_WIN32)
		return write_win32(r, f, data, err);
	if (row->flags & STREAM_SPARSE)
		remember_extent(f, f->pos, data.n);
	return write_at(r, f, data, err);
}

static enum err_code
read_back(struct rebuild *r, struct rebuild_file *f, uint64_t at, uint64_t len, struct err *err)
{
	buf_clear(&r->plain);
	if (buf_reserve(&r->plain, READ_BACK, err) != ERR_OK)
		return err->code;
	while (len > 0) {
		size_t want = (size_t)u64_min(len, READ_BACK);
		ssize_t n;

		if (cancel_asked(r->o.cancel))
			return err_set(err, ERR_CANCELED, "canceled");
		n = pread(f->fd, r->plain.p, want, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, ERR_SYS, "cannot be read back");
		if (n == 0)
			return err_set(err, ERR_SYS, "is shorter than what was written to it");
		digest_update(f->digest, bytes_of(r->plain.p, (size_t)n));
		at += (uint64_t)n;
		len -= (uint64_t)n;
	}
	return ERR_OK;
}

/* Compute the digest of the wanted kind from what was written. */
static enum err_code
digest_again(struct rebuild *r, struct rebuild_file *f, enum digest_kind kind, struct err *err)
{
	f->kind = kind;
	digest_begin(f->digest, kind);
	if (rebuild_write_small(f, err) != ERR_OK)
		return err->code;
	if (f->n_extents == 0)
		return read_back(r, f, 0, f->size, err);
	for (size_t i = 0; i < f->n_extents; i++)
		if (read_back(r, f, f->extents[i].at, f->extents[i].len, err) != ERR_OK)
			return err->code;
	return ERR_OK;
}

/* Only what is in a regular file can be read back. */
static bool
can_read_back(const struct rebuild *r, const struct rebuild_file *f)
{
	return !r->o.dry_run && !f->win32 && !f->extents_lost && f->into == INTO_NEW;
}

/* Spec: volume.md 10 */
enum err_code
rebuild_check_digest(struct rebuild *r, struct rebuild_file *f, uint32_t stream,
		     struct bytes digest, struct err *err)
{
	enum digest_kind kind = digest_of_stream((int)stream);
	uint8_t mine[DIGEST_MAX];
	size_t n;

	if (kind == DIGEST_NONE || f->state != FILE_OPEN || r->o.no_digest_check || f->damaged)
		return ERR_OK;
	/* Stream 40 of 8 bytes is another digest of a newer Bacula: not checked. */
	if (kind == DIGEST_XXH128 && digest.n == 8)
		return ERR_OK;
	if (digest.n != digest_size(kind))
		return err_set(err, ERR_FORMAT, "%s digest of %zu bytes", digest_name(kind),
			       digest.n);
	r->guess = kind;
	if (kind != f->kind) {
		if (f->has_data && !can_read_back(r, f))
			return ERR_OK;
		if (digest_again(r, f, kind, err) != ERR_OK)
			return err->code;
	}
	n = digest_end(f->digest, mine);
	f->kind = DIGEST_NONE;
	if (n == digest.n && memcmp(mine, digest.p, n) == 0)
		return ERR_OK;
	(void)err_set(err, ERR_FORMAT, "content is damaged: its %s digest is not the one saved",
		      digest_name(kind));
	rebuild_say(r, f, REBUILD_ERROR, err);
	f->damaged = true;
	return ERR_OK;
}

static bool
is_sparse_stream(int64_t id)
{
	const struct stream_row *row = stream_find((uint32_t)id & 0x7ff);

	return row != NULL && (row->flags & STREAM_SPARSE);
}

enum err_code
rebuild_data_end(struct rebuild *r, struct rebuild_file *f, struct err *err)
{
	struct err e = ERR_INIT;
	uint64_t want = f->st.size > 0 ? (uint64_t)f->st.size : 0;

	if (f->win32 && !win32_stream_is_whole(&f->win))
		return err_set(err, ERR_FORMAT, "its Windows data stream is cut off");
	if (f->attr.type != FT_REG || f->size >= want || f->win32)
		return ERR_OK;
	/* A hole at the end has no record.  Spec: volume.md 8.1 "Do better" */
	if (is_sparse_stream(f->st.data_stream)) {
		if (!r->o.dry_run && ftruncate(f->fd, (off_t)want) != 0)
			return err_errno(err, place_refusal(errno),
					 "cannot be extended to %" PRIu64 " bytes", want);
		return ERR_OK;
	}
	if (f->damaged)
		return ERR_OK;
	(void)err_set(&e, ERR_FORMAT,
		      "content of %" PRIu64 " bytes, %" PRIu64 " when the backup began", f->size,
		      want);
	rebuild_say(r, f, REBUILD_WARNING, &e);
	return ERR_OK;
}
