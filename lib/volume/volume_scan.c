/*
 * After a bad block there are two ways on.  If its header is plausible and another header (or the
 * end) stands where it says, only its content is damaged: skip it.  Otherwise look byte by byte for
 * an id with a header in front of it whose block is whole and right.  A file on the volume may be
 * full of false headers, and each claim 20 MB: their sums come from a crc_track, so that a search
 * costs so much per byte searched, and need never be given up.  Blocks are found in order and each
 * is checked: a volume that lies in a file on the volume may mislead the search, but the block
 * of it that is cut up by a real header does not pass, and the search goes on before that header.
 */
#include "lib/volume/volume_scan.h"

#include <inttypes.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/volume/crc_track.h"

#define WINDOW    (4u * MIB) /* read at once, at least */
#define ID_OFFSET 12u        /* of the id in a header */
#define ID_LEN    4u
/* What is read at once where the medium refuses more, and how often it may refuse: a disk may take
 * seconds for each piece, and one that is dead gives nothing any more.  Behind a MiB of them the
 * pieces are large: so is the bad place, then. */
#define PIECE_BYTES   4096u
#define PIECE_LARGE   (128u * KIB)
#define REFUSED_SMALL 256u
#define REFUSED_MAX   4096u

struct volume_scan {
	volume_pread_fn *pread;
	void *user;
	struct cancel *cancel; /* borrowed or NULL */
	bool past_errors;
	unsigned refused;                   /* pieces that could not be read */
	unsigned refused_run;               /* the last of them, one behind another */
	uint64_t refused_from, refused_end; /* those ahead of us lie in here */
	struct err refused_why;
	uint64_t at;
	struct buf window;
	uint64_t window_at;
	bool window_is_last;    /* nothing follows it */
	struct crc_track track; /* of what was searched */
};

struct volume_scan *
volume_scan_new(volume_pread_fn *pread, void *user)
{
	struct volume_scan *s = NEW(struct volume_scan);

	s->pread = pread;
	s->user = user;
	s->window.max = BLOCK_LEN_MAX + BLOCK_HEAD_LEN + WINDOW;
	return s;
}

void
volume_scan_free(struct volume_scan *s)
{
	if (s == NULL)
		return;
	buf_release(&s->window);
	crc_track_release(&s->track);
	free(s);
}

void
volume_scan_freep(struct volume_scan **s)
{
	volume_scan_free(*s);
	*s = NULL;
}

uint64_t
volume_scan_at(const struct volume_scan *s)
{
	return s->at;
}

void
volume_scan_seek(struct volume_scan *s, uint64_t at)
{
	s->at = at;
}

void
volume_scan_set_cancel(struct volume_scan *s, struct cancel *cancel)
{
	s->cancel = cancel;
}

void
volume_scan_read_past_errors(struct volume_scan *s)
{
	s->past_errors = true;
}

static bool
is_refused(const struct volume_scan *s, const struct err *why)
{
	return s->past_errors && why->code == ERR_SYS && why->sys == EIO &&
	       s->refused < REFUSED_MAX;
}

static void
note_refused(struct volume_scan *s, uint64_t at, size_t n, const struct err *why)
{
	if (s->at >= s->refused_end)
		s->refused_from = at;
	s->refused_end = at + n;
	s->refused++;
	s->refused_run++;
	s->refused_why = *why;
}

/* Piece by piece, with zeros for those that cannot be read. */
static enum err_code
read_pieces(struct volume_scan *s, uint8_t *p, size_t n, uint64_t at, size_t *got, struct err *err)
{
	size_t want, part, piece;

	for (*got = 0; *got < n; *got += part) {
		piece = s->refused_run < REFUSED_SMALL ? PIECE_BYTES : PIECE_LARGE;
		want = size_min(n - *got, piece - (size_t)((at + *got) % PIECE_BYTES));
		if (s->pread(s->user, p + *got, want, at + *got, &part, err) == ERR_OK) {
			s->refused_run = 0;
		} else if (is_refused(s, err)) {
			part = want;
			memset(p + *got, 0, part);
			note_refused(s, at + *got, part, err);
		} else {
			return err->code;
		}
		if (part < want) {
			*got += part;
			break;
		}
	}
	return ERR_OK;
}

static enum err_code
read_at(struct volume_scan *s, uint8_t *p, size_t n, uint64_t at, size_t *got, struct err *err)
{
	enum err_code code = s->pread(s->user, p, n, at, got, err);

	return code != ERR_OK && is_refused(s, err) ? read_pieces(s, p, n, at, got, err) : code;
}

/* Let the window begin at a position, keep what it has from there on, and fill it. */
static enum err_code
refill(struct volume_scan *s, uint64_t at, size_t n, struct err *err)
{
	size_t want = n > WINDOW ? n + WINDOW : WINDOW, got = 0;
	bool inside = at >= s->window_at && at - s->window_at < s->window.len;

	buf_consume(&s->window, inside ? (size_t)(at - s->window_at) : s->window.len);
	s->window_at = at;
	s->window_is_last = false;
	want -= s->window.len;
	if (buf_reserve(&s->window, want, err) != ERR_OK ||
	    read_at(s, s->window.p + s->window.len, want, at + s->window.len, &got, err) != ERR_OK)
		return err->code;
	s->window.len += got;
	s->window_is_last = got < want;
	return ERR_OK;
}

/* All that the window has from a position on, n bytes at least; fewer only at the volume's end.
 * Borrowed until the next call. */
static enum err_code
get_all(struct volume_scan *s, uint64_t at, size_t n, struct bytes *out, struct err *err)
{
	bool inside = at >= s->window_at && at - s->window_at <= s->window.len;

	if (!inside || (s->window.len - (size_t)(at - s->window_at) < n && !s->window_is_last))
		if (refill(s, at, n, err) != ERR_OK)
			return err->code;
	*out = bytes_skip(buf_bytes(&s->window), (size_t)(at - s->window_at));
	return ERR_OK;
}

/* No more than n bytes of that. */
static enum err_code
get(struct volume_scan *s, uint64_t at, size_t n, struct bytes *out, struct err *err)
{
	if (get_all(s, at, n, out, err) != ERR_OK)
		return err->code;
	out->n = size_min(n, out->n);
	return ERR_OK;
}

/* A header, or the clean end, at this position. */
static enum err_code
is_boundary(struct volume_scan *s, uint64_t at, bool *out, struct err *err)
{
	struct block_head h;
	struct bytes b;
	struct err ignored = ERR_INIT;

	if (get(s, at, BLOCK_HEAD_LEN, &b, err) != ERR_OK)
		return err->code;
	*out = b.n == 0 || block_head_parse(b, &h, &ignored) == ERR_OK;
	return ERR_OK;
}

/* Judge the block at a position.  ERR_FORMAT: no good block; ERR_EOF: nothing there at all. */
static enum err_code
try_block(struct volume_scan *s, uint64_t at, struct volume_block *out, struct err *err)
{
	struct volume_block b = { .at = at };
	struct bytes in;

	if (get(s, at, BLOCK_HEAD_LEN, &in, err) != ERR_OK)
		return err->code;
	if (in.n == 0)
		return err_set(err, ERR_EOF, "end of volume");
	if (block_head_parse(in, &b.head, err) != ERR_OK)
		return err->code;
	out->head = b.head;
	if (get(s, at, b.head.len, &b.bytes, err) != ERR_OK ||
	    block_verify(b.bytes, &b.head, err) != ERR_OK)
		return err->code;
	b.end = at + b.head.len;
	*out = b;
	return ERR_OK;
}

/* The length of the good block that starts here, 0 if none does.  Without a checksum its end must
 * be a boundary as well. */
static enum err_code
measure_block(struct volume_scan *s, uint64_t at, uint32_t *len, struct err *err)
{
	struct block_head h, next;
	struct bytes b, rest;
	struct err ignored = ERR_INIT;
	bool good;

	*len = 0;
	if (get(s, at, BLOCK_HEAD_LEN, &b, err) != ERR_OK)
		return err->code;
	if (block_head_parse(b, &h, &ignored) != ERR_OK)
		return ERR_OK;
	if (get(s, at, h.len + BLOCK_HEAD_LEN, &b, err) != ERR_OK)
		return err->code;
	if (b.n < h.len)
		return ERR_OK;
	rest = bytes_skip(b, h.len);
	b.n = h.len;
	good = h.checksum == 0 ? rest.n == 0 || block_head_parse(rest, &next, &ignored) == ERR_OK
			       : crc_track_sum(&s->track, bytes_skip(b, 4), at + 4) == h.checksum;
	*len = good ? h.len : 0;
	return ERR_OK;
}

/* The first good block behind from and before limit, else *out is limit or the volume's end. */
static enum err_code
search(struct volume_scan *s, uint64_t from, uint64_t limit, uint64_t *out, struct err *err)
{
	uint64_t at = from + 1;

	while (at < limit) {
		struct bytes b;
		const uint8_t *hit;
		uint32_t len;

		if (cancel_asked(s->cancel))
			return err_set(err, ERR_CANCELED,
				       "canceled while looking for a good block");
		if (get_all(s, at, ID_OFFSET + ID_LEN, &b, err) != ERR_OK)
			return err->code;
		if (b.n < ID_OFFSET + ID_LEN) {
			at += b.n;
			break;
		}
		hit = (const uint8_t *)memmem(b.p + ID_OFFSET, b.n - ID_OFFSET, "BB02", ID_LEN);
		if (hit == NULL) {
			at += b.n - ID_OFFSET - ID_LEN + 1;
			continue;
		}
		at += (uint64_t)(hit - b.p) - ID_OFFSET;
		if (measure_block(s, at, &len, err) != ERR_OK)
			return err->code;
		if (len > 0)
			break;
		at++;
	}
	*out = at < limit ? at : limit;
	return ERR_OK;
}

/* Where good blocks, one behind the other, lead to from at; no further than to the first one that
 * ends at end or behind it. */
static enum err_code
follow_chain(struct volume_scan *s, uint64_t at, uint64_t end, uint64_t *out, struct err *err)
{
	uint32_t len;

	*out = at;
	do {
		if (measure_block(s, *out, &len, err) != ERR_OK)
			return err->code;
		*out += len;
	} while (len > 0 && *out < end);
	return ERR_OK;
}

/* The length in the bad header leads to a boundary.  It is wrong all the same when sound blocks
 * fill the space up to there: a volume inside a file on the volume does not do that, since record
 * and block headers cut it up. */
static enum err_code
find_inside(struct volume_scan *s, uint64_t from, uint64_t end, uint64_t *out, struct err *err)
{
	uint64_t at = end, to = from;

	do {
		if (search(s, to, end, &at, err) != ERR_OK)
			return err->code;
		if (at < end && follow_chain(s, at, end, &to, err) != ERR_OK)
			return err->code;
	} while (at < end && to < end);
	*out = at < end && to == end ? at : end;
	return ERR_OK;
}

/* The block at s->at is bad: find where to go on. */
static enum err_code
step_over(struct volume_scan *s, struct volume_block *out, struct err *err)
{
	struct volume_block b = { .at = s->at, .head = out->head };
	bool fits = false;

	if (b.head.len > 0 && is_boundary(s, s->at + b.head.len, &fits, err) != ERR_OK)
		return err->code;
	if (fits) {
		struct bytes last;

		/* A length that runs past the end is no boundary. */
		if (get(s, s->at + b.head.len - 1, 1, &last, err) != ERR_OK)
			return err->code;
		fits = last.n == 1;
	}
	if (fits) {
		uint64_t end = s->at + b.head.len;

		if (find_inside(s, s->at, end, &b.end, err) != ERR_OK)
			return err->code;
		b.head_known = b.end == end;
	} else if (search(s, s->at, UINT64_MAX, &b.end, err) != ERR_OK) {
		return err->code;
	}
	s->at = b.end;
	*out = b;
	return ERR_OK;
}

enum err_code
volume_scan_next(struct volume_scan *s, struct volume_block *out, struct err *err)
{
	struct volume_block b = { 0 };
	struct err why = ERR_INIT;

	switch (try_block(s, s->at, &b, &why)) {
	case ERR_OK:
		s->at = b.end;
		*out = b;
		return ERR_OK;
	case ERR_FORMAT:
		if (step_over(s, &b, err) != ERR_OK)
			return err->code;
		*out = b;
		*err = b.at < s->refused_end && b.end > s->refused_from ? s->refused_why : why;
		err->code = ERR_FORMAT;
		return ERR_FORMAT;
	default:
		*err = why;
		return err->code;
	}
}
