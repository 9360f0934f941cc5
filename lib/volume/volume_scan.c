/*
 * After a bad block there are two ways on.  If its header is plausible and another header (or the
 * end) stands where it says, only its content is damaged: skip it.  Otherwise look byte by byte for
 * an id with a header in front of it whose block is whole and right.
 */
#include "lib/volume/volume_scan.h"

#include <inttypes.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"

#define WINDOW_MIN (1024u * 1024)
#define ID_OFFSET  12u /* of the id in a header */
#define ID_LEN     4u
/* Checking a candidate may cost a whole block; a volume made of false ids must not cost more than
 * this times its size. */
#define CHECK_RATIO 16u

struct volume_scan {
	volume_pread_fn *pread;
	void *user;
	uint64_t at;
	struct buf window;
	uint64_t window_at;
	uint64_t checked; /* bytes of candidates looked at while searching */
};

struct volume_scan *
volume_scan_new(volume_pread_fn *pread, void *user)
{
	struct volume_scan *s = NEW(struct volume_scan);

	s->pread = pread;
	s->user = user;
	s->window.max = BLOCK_LEN_MAX;
	return s;
}

void
volume_scan_free(struct volume_scan *s)
{
	if (s == NULL)
		return;
	buf_release(&s->window);
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

/* Bytes at a position: n of them, fewer only at the end.  Borrowed until the next call. */
static enum err_code
get(struct volume_scan *s, uint64_t at, size_t n, struct bytes *out, struct err *err)
{
	size_t want = n > WINDOW_MIN ? n : WINDOW_MIN, got = 0, skip;

	if (at < s->window_at || at - s->window_at > s->window.len ||
	    s->window.len - (size_t)(at - s->window_at) < n) {
		buf_clear(&s->window);
		s->window_at = at;
		if (buf_reserve(&s->window, want, err) != ERR_OK ||
		    s->pread(s->user, s->window.p, want, at, &got, err) != ERR_OK)
			return err->code;
		s->window.len = got;
	}
	skip = (size_t)(at - s->window_at);
	*out = bytes_of(s->window.p + skip, size_min(n, s->window.len - skip));
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

/* Whether a good block starts here; without a checksum its end must be a boundary as well. */
static enum err_code
is_good_block(struct volume_scan *s, uint64_t at, bool *out, struct err *err)
{
	struct volume_block b = { 0 };
	struct err why = ERR_INIT;

	*out = false;
	switch (try_block(s, at, &b, &why)) {
	case ERR_OK:
		s->checked += b.head.len;
		*out = true;
		return b.head.checksum != 0 ? ERR_OK : is_boundary(s, b.end, out, err);
	case ERR_EOF:
	case ERR_FORMAT:
		s->checked += b.head.len;
		return ERR_OK;
	default:
		*err = why;
		return err->code;
	}
}

/* The first good block behind from and before limit, else *out is limit or the volume's end. */
static enum err_code
search(struct volume_scan *s, uint64_t from, uint64_t limit, uint64_t *out, struct err *err)
{
	uint64_t at = from + 1;
	uint64_t budget = s->checked + CHECK_RATIO * (uint64_t)BLOCK_LEN_MAX;

	for (;;) {
		struct bytes b;
		const uint8_t *hit;
		bool good;

		if (at >= limit) {
			*out = limit;
			return ERR_OK;
		}
		if (get(s, at, WINDOW_MIN, &b, err) != ERR_OK)
			return err->code;
		if (b.n < ID_OFFSET + ID_LEN) {
			*out = at + b.n;
			return ERR_OK;
		}
		hit = (const uint8_t *)memmem(b.p + ID_OFFSET, b.n - ID_OFFSET, "BB02", ID_LEN);
		if (hit == NULL) {
			at += b.n - ID_OFFSET - ID_LEN + 1;
			budget += CHECK_RATIO * (uint64_t)b.n;
			continue;
		}
		budget += CHECK_RATIO * (uint64_t)(hit - b.p);
		at += (uint64_t)(hit - b.p) - ID_OFFSET;
		if (is_good_block(s, at, &good, err) != ERR_OK)
			return err->code;
		if (good) {
			*out = at;
			return ERR_OK;
		}
		if (s->checked > budget)
			return err_set(err, ERR_LIMIT,
				       "no good block found behind position %" PRIu64, from);
		at++;
	}
}

/* Whether good blocks, one behind the other, lead from at exactly to end. */
static enum err_code
chain_reaches(struct volume_scan *s, uint64_t at, uint64_t end, bool *out, struct err *err)
{
	struct volume_block b = { 0 };
	struct err why = ERR_INIT;

	while (at < end) {
		switch (try_block(s, at, &b, &why)) {
		case ERR_OK:
			at = b.end;
			break;
		case ERR_EOF:
		case ERR_FORMAT:
			*out = false;
			return ERR_OK;
		default:
			*err = why;
			return err->code;
		}
	}
	*out = at == end;
	return ERR_OK;
}

/* The length in the bad header leads to a boundary.  It is wrong all the same when sound blocks
 * fill the space up to there: a volume inside a file on the volume does not do that, since record
 * and block headers cut it up. */
static enum err_code
find_inside(struct volume_scan *s, uint64_t from, uint64_t end, uint64_t *out, struct err *err)
{
	bool reaches = false;

	*out = end;
	while (from < end) {
		uint64_t at;

		if (search(s, from, end, &at, err) != ERR_OK)
			return err->code;
		if (at >= end)
			return ERR_OK;
		if (chain_reaches(s, at, end, &reaches, err) != ERR_OK)
			return err->code;
		if (reaches) {
			*out = at;
			return ERR_OK;
		}
		from = at;
	}
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
		*err = why;
		return err_ctx(err, "block at %" PRIu64, b.at);
	default:
		*err = why;
		return err->code;
	}
}
