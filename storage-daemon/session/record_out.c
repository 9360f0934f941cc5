#include "storage-daemon/session/record_out.h"

#include "lib/base/num.h"
#include "lib/base/wr.h"

#define SEND_BYTES   (256u * KIB)
#define DIRECT_BYTES (64u * KIB) /* from here on a record is sent from where it lies */
#define HEAD_MAX     80u         /* "rechdr " and five numbers */
#define HEADS_MAX    (HEAD_MAX + 8u)

void
record_out_init(struct record_out *o, struct session *s)
{
	*o = (struct record_out){ .s = s,
				  .frames = BUF_INIT(SEND_BYTES + DIRECT_BYTES + HEADS_MAX) };
}

void
record_out_release(struct record_out *o)
{
	buf_release(&o->frames);
}

/* A blank and a decimal number; by hand: it comes five times per record. */
static void
put_number(struct wr *w, int64_t v)
{
	char digits[24];
	size_t n = sizeof(digits);
	bool negative = v < 0;
	uint64_t u = negative ? (uint64_t)-v : (uint64_t)v;

	do
		digits[--n] = (char)('0' + u % 10);
	while ((u /= 10) != 0);
	if (negative)
		digits[--n] = '-';
	digits[--n] = ' ';
	wr_bytes(w, digits + n, sizeof(digits) - n);
}

/* Send what is gathered, and data behind it. */
static enum err_code
send_with(struct record_out *o, struct bytes data, struct err *err)
{
	size_t n = o->frames.len + data.n;
	enum err_code code;

	if (n == 0)
		return ERR_OK;
	code = conn_send_framed_two(o->s->data, buf_bytes(&o->frames), data, err);
	buf_clear(&o->frames);
	if (code != ERR_OK)
		return code == ERR_CANCELED ? code : err_ctx(err, "sending to the client");
	atomic_store_explicit(&o->s->files, o->files, memory_order_relaxed);
	atomic_store_explicit(&o->s->bytes, o->bytes, memory_order_relaxed);
	return rate_limit_keep(&o->rate, n,
			       atomic_load_explicit(&o->s->bandwidth, memory_order_relaxed),
			       &o->s->cancel, err);
}

enum err_code
record_out_flush(struct record_out *o, struct err *err)
{
	return send_with(o, bytes_of(NULL, 0), err);
}

/* "rechdr ..." as a frame, and the head of the data frame that follows. */
static void
put_heads(struct record_out *o, const struct record *r, uint8_t *p)
{
	struct wr w = wr_init(p, HEADS_MAX);
	size_t head;

	wr_u32be(&w, 0); /* length of the head, known below */
	wr_bytes(&w, "rechdr", 6);
	put_number(&w, r->session_id);
	put_number(&w, r->session_time);
	put_number(&w, r->file_index);
	put_number(&w, r->stream);
	put_number(&w, (int64_t)r->data.n);
	head = w.len - 4;
	wr_u32be(&w, (uint32_t)r->data.n);
	p[3] = (uint8_t)head; /* at most HEAD_MAX */
	o->frames.len += w.len;
}

static void
count(struct record_out *o, const struct record *r)
{
	if (r->file_index != o->file_index || r->session_id != o->session_id) {
		o->file_index = r->file_index;
		o->session_id = r->session_id;
		o->files++;
	}
	o->bytes += r->data.n;
}

enum err_code
record_out_put(struct record_out *o, const struct record *r, struct err *err)
{
	bool direct = r->data.n >= DIRECT_BYTES;
	enum err_code code;

	if (r->data.n > FRAME_MAX)
		return err_set(err, ERR_LIMIT,
			       "a record of file %d has %zu bytes, more than a frame may hold (%d)",
			       r->file_index, r->data.n, FRAME_MAX);
	code = buf_reserve(&o->frames, HEADS_MAX + (direct ? 0 : r->data.n), err);
	if (code != ERR_OK)
		return code;
	put_heads(o, r, o->frames.p + o->frames.len);
	count(o, r);
	if (direct)
		return send_with(o, r->data, err);
	buf_put(&o->frames, r->data.p, r->data.n);
	return o->frames.len >= SEND_BYTES ? record_out_flush(o, err) : ERR_OK;
}
