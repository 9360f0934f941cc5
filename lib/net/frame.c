#include "lib/net/frame.h"

#include "lib/base/mem.h"
#include "lib/base/rd.h"

#include <assert.h>

#define BACULA_LZ4   0x40000000 /* bacula.md 2: a compressed body */
#define BACULA_FLAGS 0x20000000 /* a flags word follows */

static enum frame_signal
known_signal(int32_t wire)
{
	switch ((enum frame_signal)wire) {
#define X(name, value, meaning) case name:
		FRAME_SIGNALS(X)
#undef X
		return (enum frame_signal)wire;
	case FRAME_DATA:
	case FRAME_UNKNOWN:
		break;
	}
	return FRAME_UNKNOWN;
}

enum err_code
frame_head_parse(const uint8_t head[FRAME_HEAD_LEN], enum frame_signal *signal, size_t *len,
		 struct err *err)
{
	struct rd r = rd_init(bytes_of(head, FRAME_HEAD_LEN));
	int32_t n = (int32_t)rd_u32be(&r);

	if (n > FRAME_MAX && (n & (BACULA_LZ4 | BACULA_FLAGS)) != 0 &&
	    (n & ~(BACULA_LZ4 | BACULA_FLAGS)) <= FRAME_MAX)
		return err_set(err, ERR_PROTO,
			       "frame length 0x%08x: Bacula's line compression was not agreed on",
			       (unsigned)n);
	if (n > FRAME_MAX)
		return err_set(err, ERR_PROTO, "frame of %d bytes is larger than %d", n, FRAME_MAX);
	*signal = n < 0 ? known_signal(n) : FRAME_DATA;
	*len = n < 0 ? 0 : (size_t)n;
	return ERR_OK;
}

static void
put_u32(uint32_t v, uint8_t head[FRAME_HEAD_LEN])
{
	head[0] = (uint8_t)(v >> 24);
	head[1] = (uint8_t)(v >> 16);
	head[2] = (uint8_t)(v >> 8);
	head[3] = (uint8_t)v;
}

void
frame_head_emit(size_t len, uint8_t head[FRAME_HEAD_LEN])
{
	assert(len <= FRAME_MAX);
	put_u32((uint32_t)len, head);
}

void
frame_signal_emit(enum frame_signal s, uint8_t head[FRAME_HEAD_LEN])
{
	assert(s != FRAME_DATA);
	assert(s != FRAME_UNKNOWN);
	put_u32((uint32_t)(int32_t)s, head);
}

const char *
frame_signal_name(enum frame_signal s)
{
	switch (s) {
#define X(name, value, meaning)                                                                    \
	case name:                                                                                 \
		return &#name[sizeof("FRAME_") - 1];
		FRAME_SIGNALS(X)
#undef X
	case FRAME_DATA:
		return "data";
	case FRAME_UNKNOWN:
		break;
	}
	return "unknown signal";
}

void
frame_reader_release(struct frame_reader *r)
{
	free(r->p);
	*r = (struct frame_reader){ 0 };
}

/* Put back what the last view's NUL covers. */
static void
end_view(struct frame_reader *r)
{
	if (r->has_nul && r->nul_at < r->end)
		r->p[r->nul_at] = r->saved;
	r->has_nul = false;
}

static void
begin_view(struct frame_reader *r, size_t nul_at)
{
	r->nul_at = nul_at;
	r->saved = r->p[nul_at];
	r->p[nul_at] = '\0';
	r->has_nul = true;
}

/* The next head, also where a view's NUL covers its first byte. */
static void
copy_head(const struct frame_reader *r, uint8_t head[FRAME_HEAD_LEN])
{
	memcpy(head, r->p + r->at, FRAME_HEAD_LEN);
	if (r->has_nul && r->nul_at >= r->at && r->nul_at - r->at < FRAME_HEAD_LEN)
		head[r->nul_at - r->at] = r->saved;
}

enum err_code
frame_reader_next(struct frame_reader *r, struct frame *out, bool *have, struct err *err)
{
	size_t left = r->end - r->at;
	enum frame_signal signal;
	enum err_code rc;
	size_t len;

	*have = false;
	end_view(r);
	if (left < FRAME_HEAD_LEN)
		return ERR_OK;
	rc = frame_head_parse(r->p + r->at, &signal, &len, err);
	if (rc == ERR_OK && r->max != 0 && len > r->max)
		return err_set(err, ERR_PROTO, "frame of %zu bytes, when only %zu are expected",
			       len, r->max);
	if (rc != ERR_OK || left - FRAME_HEAD_LEN < len)
		return rc;
	*out = (struct frame){ signal, { r->p + r->at + FRAME_HEAD_LEN, len } };
	r->at += FRAME_HEAD_LEN + len;
	if (signal == FRAME_DATA)
		begin_view(r, r->at);
	*have = true;
	return ERR_OK;
}

bool
frame_reader_has(const struct frame_reader *r)
{
	size_t left = r->end - r->at;
	uint8_t head[FRAME_HEAD_LEN];
	struct err err = ERR_INIT;
	enum frame_signal signal;
	size_t len;

	if (left < FRAME_HEAD_LEN)
		return false;
	copy_head(r, head);
	return frame_head_parse(head, &signal, &len, &err) != ERR_OK ||
	       left - FRAME_HEAD_LEN >= len;
}

bool
frame_reader_partial(const struct frame_reader *r)
{
	return r->end > r->at;
}

/* Bytes that the frame at r->at takes, as far as its head tells. */
static size_t
frame_size(const struct frame_reader *r)
{
	struct err err = ERR_INIT;
	enum frame_signal signal;
	size_t len = 0;

	if (r->end - r->at >= FRAME_HEAD_LEN)
		(void)!frame_head_parse(r->p + r->at, &signal, &len, &err);
	return FRAME_HEAD_LEN + len;
}

size_t
frame_reader_missing(const struct frame_reader *r)
{
	size_t left = r->end - r->at, whole = frame_size(r);

	return left < FRAME_HEAD_LEN || left >= whole ? 0 : whole - left;
}

bool
frame_reader_take_part(struct frame_reader *r, size_t min, size_t max, uint8_t *p, size_t *have,
		       size_t *len)
{
	size_t missing = frame_reader_missing(r), n;

	if (missing == 0)
		return false;
	n = frame_size(r) - FRAME_HEAD_LEN;
	if (n < min || n > max)
		return false;
	end_view(r);
	*len = n;
	*have = n - missing;
	memcpy(p, r->p + r->at + FRAME_HEAD_LEN, *have);
	r->at = r->end = 0;
	return true;
}

static void
resize(struct frame_reader *r, size_t cap)
{
	r->p = (uint8_t *)mem_resize(r->p, cap + 1, 1);
	r->cap = cap;
}

uint8_t *
frame_reader_room(struct frame_reader *r, size_t *n)
{
	size_t left = r->end - r->at, whole;

	end_view(r);
	if (r->p == NULL)
		resize(r, FRAME_READER_CAP);
	whole = frame_size(r);
	if (left == 0) {
		r->at = r->end = 0;
	} else if (r->cap - r->at < whole || r->end == r->cap) {
		memmove(r->p, r->p + r->at, left);
		r->at = 0;
		r->end = left;
	}
	if (whole > r->cap) /* judged: at most FRAME_HEAD_LEN + FRAME_MAX */
		resize(r, whole);
	*n = r->cap - r->end;
	if (r->max != 0 && *n > r->max)
		*n = r->max; /* no more memory is touched than the peer has a claim to */
	return r->p + r->end;
}

uint8_t *
frame_reader_tail(struct frame_reader *r, size_t *n)
{
	*n = r->cap - r->end;
	return r->p == NULL ? NULL : r->p + r->end;
}

void
frame_reader_added(struct frame_reader *r, size_t n)
{
	size_t old_end = r->end;

	assert(n <= r->cap - r->end);
	r->end += n;
	/* A view that ended where the new bytes begin keeps its NUL. */
	if (r->has_nul && r->nul_at == old_end && n > 0) {
		r->saved = r->p[r->nul_at];
		r->p[r->nul_at] = '\0';
	}
}
