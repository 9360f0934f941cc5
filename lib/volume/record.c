#include "lib/volume/record.h"

#include <assert.h>
#include <inttypes.h>

#include "lib/base/hash.h"
#include "lib/base/num.h"
#include "lib/base/rd.h"
#include "lib/base/wr.h"

#define RECORD_HEAD_LEN_1 20u                 /* BB01: session in front of each record */
#define JOIN_OPEN_MAX     ((size_t)256 * MIB) /* bytes of open records of all sessions together */
#define JOIN_IDLE_MAX     64u /* sessions known, before those without an open record are forgotten */
#define JOIN_SESSIONS_MAX 10000u

/* ---- writing ---- */

void
block_fill_reset(struct block_fill *b)
{
	b->len = BLOCK_HEAD_LEN;
	b->first_index = 0;
	b->last_index = 0;
}

bool
record_fits_whole(const struct block_fill *b, size_t n)
{
	return b->cap - b->len >= RECORD_HEAD_LEN && n <= b->cap - b->len - RECORD_HEAD_LEN;
}

/* Spec: volume.md 3.1 */
static void
put_head(struct block_fill *b, int32_t file_index, int32_t stream, size_t n)
{
	struct wr w = wr_init(b->p + b->len, RECORD_HEAD_LEN);

	wr_u32be(&w, (uint32_t)file_index);
	wr_u32be(&w, (uint32_t)stream);
	wr_u32be(&w, (uint32_t)n); /* <= RECORD_DATA_MAX */
	b->len += RECORD_HEAD_LEN;
	if (file_index > 0) {
		if (b->first_index == 0)
			b->first_index = file_index;
		b->last_index = file_index;
	}
}

/* Spec: volume.md 3.2 */
bool
record_put(struct block_fill *b, struct record_put *r)
{
	size_t left = r->data.n - r->done;
	int32_t abs_stream = r->stream < 0 ? -r->stream : r->stream;
	size_t n;

	if (b->cap - b->len < RECORD_HEAD_LEN)
		return false;
	put_head(b, r->file_index, r->started ? -abs_stream : r->stream, left);
	n = size_min(left, b->cap - b->len);
	if (n > 0)
		memcpy(b->p + b->len, r->data.p + r->done, n);
	b->len += (uint32_t)n;
	r->done += (uint32_t)n;
	r->started = true;
	return n == left;
}

uint8_t *
record_there(const struct block_fill *b, size_t *n)
{
	size_t left = b->cap - b->len;

	*n = left < RECORD_HEAD_LEN ? 0 : left - RECORD_HEAD_LEN;
	return left < RECORD_HEAD_LEN ? NULL : b->p + b->len + RECORD_HEAD_LEN;
}

void
record_put_there(struct block_fill *b, int32_t file_index, int32_t stream, size_t n)
{
	assert(record_fits_whole(b, n));
	put_head(b, file_index, stream, n);
	b->len += (uint32_t)n;
}

/* ---- reading ---- */

void
record_reader_init(struct record_reader *r, struct bytes block, const struct block_head *h)
{
	r->head = *h;
	r->in.left = bytes_skip(block, h->head_len);
}

enum err_code
record_next(struct record_reader *r, struct record_piece *out, struct err *err)
{
	bool old = r->head.head_len == BLOCK_HEAD_LEN_1;
	struct rd rd = rd_init(r->in.left);
	struct record_piece p = { 0 };
	int32_t stream;

	if (r->in.left.n < (old ? RECORD_HEAD_LEN_1 : RECORD_HEAD_LEN))
		return err_set(err, ERR_EOF, "end of block");
	p.session_id = old ? rd_u32be(&rd) : r->head.session_id;
	p.session_time = old ? rd_u32be(&rd) : r->head.session_time;
	p.file_index = (int32_t)rd_u32be(&rd);
	stream = (int32_t)rd_u32be(&rd);
	p.len = rd_u32be(&rd);
	if (p.len >= RECORD_DATA_MAX)
		return err_set(err, ERR_FORMAT,
			       "record of file index %" PRId32 ": length %" PRIu32
			       " is not below %u",
			       p.file_index, p.len, RECORD_DATA_MAX);
	if (stream == INT32_MIN)
		return err_set(err, ERR_FORMAT, "record of file index %" PRId32 ": stream %" PRId32,
			       p.file_index, stream);
	p.continuation = stream < 0;
	p.stream = stream < 0 ? -stream : stream;
	p.data = rd_bytes(&rd, size_min(p.len, rd_left(&rd)));
	r->in.left = rd.in;
	*out = p;
	return ERR_OK;
}

/* ---- joining ---- */

struct session_key {
	uint32_t id, time;
};

/* The open record of one session; kept, without data, when none is open. */
struct open_record {
	struct session_key key;
	bool open;
	int32_t file_index, stream;
	uint32_t left; /* bytes still missing */
	struct buf data;
	UT_hash_handle hh;
};

struct record_join {
	struct open_record *sessions; /* owned, oldest first */
	struct open_record *last;     /* of the session seen last: nearly always the right one */
	struct buf given;             /* the joined record of the last call */
	size_t held;                  /* bytes in open records */
	size_t tidy_at;               /* sessions known when it is time to forget some */
};

struct record_join *
record_join_new(void)
{
	struct record_join *j = NEW(struct record_join);

	j->tidy_at = JOIN_IDLE_MAX;
	return j;
}

static void
close_record(struct record_join *j, struct open_record *o)
{
	if (!o->open)
		return;
	j->held -= o->data.len;
	o->open = false;
	buf_release(&o->data);
}

void
record_join_drop(struct record_join *j)
{
	for (struct open_record *o = j->sessions; o != NULL; o = o->hh.next)
		close_record(j, o);
}

void
record_join_free(struct record_join *j)
{
	struct open_record *o, *next;

	if (j == NULL)
		return;
	HASH_ITER (hh, j->sessions, o, next) {
		HASH_DEL(j->sessions, o);
		buf_release(&o->data);
		free(o);
	}
	buf_release(&j->given);
	free(j);
}

void
record_join_freep(struct record_join **j)
{
	record_join_free(*j);
	*j = NULL;
}

static struct open_record *
find_session(const struct record_join *j, uint32_t id, uint32_t time)
{
	struct session_key key = { id, time };
	struct open_record *o = j->last;

	if (o != NULL && o->key.id == id && o->key.time == time)
		return o;
	HASH_FIND(hh, j->sessions, &key, sizeof(key), o);
	return o;
}

int32_t
record_join_open_index(const struct record_join *j, uint32_t session_id, uint32_t session_time)
{
	const struct open_record *o = find_session(j, session_id, session_time);

	return o != NULL && o->open ? o->file_index : 0;
}

void
record_join_drop_session(struct record_join *j, uint32_t session_id, uint32_t session_time)
{
	struct open_record *o = find_session(j, session_id, session_time);

	if (o != NULL)
		close_record(j, o);
}

/* A volume full of records that are never finished must not fill the memory: the oldest ones of
 * other sessions go first; their continuations will be orphans. */
static void
make_room(struct record_join *j, const struct open_record *keep)
{
	for (struct open_record *o = j->sessions; o != NULL && j->held > JOIN_OPEN_MAX;
	     o = o->hh.next)
		if (o != keep)
			close_record(j, o);
}

static void
append_piece(struct record_join *j, struct open_record *o, struct bytes data)
{
	buf_put(&o->data, data.p, data.n); /* pieces together are checked against o->left */
	o->left -= (uint32_t)data.n;
	j->held += data.n;
	make_room(j, o);
}

static void
forget(struct record_join *j, struct open_record *o)
{
	close_record(j, o);
	if (j->last == o)
		j->last = NULL;
	HASH_DEL(j->sessions, o);
	free(o);
}

/* Of very many sessions, too, the oldest go first. */
static void
make_room_for_one(struct record_join *j)
{
	struct open_record *o, *next;

	if (HASH_COUNT(j->sessions) < j->tidy_at)
		return;
	HASH_ITER (hh, j->sessions, o, next) {
		if (!o->open || HASH_COUNT(j->sessions) >= JOIN_SESSIONS_MAX)
			forget(j, o);
	}
	j->tidy_at = JOIN_IDLE_MAX + 2 * HASH_COUNT(j->sessions);
}

static struct open_record *
start_record(struct record_join *j, struct open_record *o, const struct record_piece *p)
{
	if (o == NULL) {
		make_room_for_one(j);
		o = NEW(struct open_record);
		o->key = (struct session_key){ p->session_id, p->session_time };
		HASH_ADD(hh, j->sessions, key, sizeof(o->key), o);
	}
	o->data.max = RECORD_DATA_MAX;
	o->open = true;
	o->file_index = p->file_index;
	o->stream = p->stream;
	o->left = p->len;
	append_piece(j, o, p->data);
	j->last = o;
	return o;
}

static struct record
record_of(const struct record_piece *p, struct bytes data)
{
	return (struct record){ p->session_id, p->session_time, p->file_index, p->stream, data };
}

static enum join_result
join_continuation(struct record_join *j, struct open_record *o, const struct record_piece *p,
		  struct record *out, int32_t *lost_index)
{
	if (o == NULL || !o->open)
		return JOIN_ORPHAN;
	if (p->file_index != o->file_index || p->stream != o->stream || p->len != o->left) {
		*lost_index = o->file_index;
		close_record(j, o);
		return JOIN_ORPHAN;
	}
	append_piece(j, o, p->data);
	if (o->left > 0)
		return JOIN_PARTIAL;
	j->held -= o->data.len;
	j->given = o->data;
	o->data = (struct buf){ 0 };
	o->open = false;
	*out = record_of(p, buf_bytes(&j->given));
	return JOIN_WHOLE;
}

/* Spec: volume.md 3.2 "Reader rules" */
enum join_result
record_join(struct record_join *j, const struct record_piece *p, struct record *out,
	    int32_t *lost_index)
{
	struct open_record *o = find_session(j, p->session_id, p->session_time);

	*lost_index = 0;
	buf_release(&j->given);
	/* Labels are whole, and a volume label written in the middle of a job carries the job's
	 * session: the job's open record goes on behind it. */
	if (p->file_index < 0 && !p->continuation && p->data.n == p->len) {
		*out = record_of(p, p->data);
		return JOIN_WHOLE;
	}
	if (o != NULL)
		j->last = o;
	if (p->continuation)
		return join_continuation(j, o, p, out, lost_index);
	if (o != NULL && o->open) {
		*lost_index = o->file_index;
		close_record(j, o);
	}
	if (p->data.n < p->len) {
		(void)start_record(j, o, p);
		return JOIN_PARTIAL;
	}
	*out = record_of(p, p->data);
	return *lost_index != 0 ? JOIN_LOST : JOIN_WHOLE;
}
