/*
 * A window goes FILLING (receiver) -> PACKED, when something in it is compressed -> TAKEN (a
 * worker, or the caller when nothing else is left for it) -> READY -> the caller's -> spare.
 * Windows stand in one list in the order of records; state and list are the lock's, the rest
 * belongs to who has the window.
 */
#include "file-daemon/restore/feed.h"

#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/base/sync.h"
#include "lib/base/thread.h"
#include "lib/compress/codec.h"
#include "lib/proto/fd_sd.h"
#include "lib/proto/scan.h"
#include "lib/proto/stream.h"

#define WINDOW_RECORDS 256u
#define WINDOW_SOON    (256u * 1024u) /* with so much it is handed over */
#define WINDOW_IN_MAX  (WINDOW_SOON + FRAME_MAX)
#define WINDOW_OUT_MAX (4u * 1024u * 1024u) /* decompressed: the rest is left to rebuild */
#define WINDOWS_MIN    4u
#define LARGE          (32u * 1024u) /* such a record does not wait for others */
#define WORKERS_MAX    32u

struct held {
	struct rebuild_record rec;
	size_t at;   /* of its data in in */
	bool undone; /* its content is in out */
	size_t out_at, out_n;
};

enum window_state { WINDOW_FILLING, WINDOW_PACKED, WINDOW_TAKEN, WINDOW_READY };

struct window {
	struct window *next;
	enum window_state state; /* the lock */
	struct held *v;          /* owned, WINDOW_RECORDS */
	size_t n;
	bool packed; /* a record is compressed */
	struct buf in, out;
};

struct feed {
	struct feed_options o;
	struct mutex lock; /* RANK_QUEUE */
	struct cond work;  /* a window became PACKED; no more come; stopping (workers) */
	struct cond ready; /* a window became READY or PACKED; the receiver ended (caller) */
	struct cond room;  /* a window became spare; stopping (receiver) */
	struct window *head, *tail GUARDED_BY(&lock);
	struct window *spare GUARDED_BY(&lock);
	size_t n_windows GUARDED_BY(&lock);
	bool ended GUARDED_BY(&lock);    /* the receiver has; why is in end */
	bool stopping GUARDED_BY(&lock); /* the caller wants no more */
	struct err end GUARDED_BY(&lock);
	size_t windows_max;       /* immutable */
	struct window *current;   /* the caller's */
	size_t at;                /* the caller's: next record of current */
	int64_t since_ns;         /* the caller's: it works on current */
	struct codec_work *codec; /* the caller's */
	struct thread receiver;
	struct thread workers[WORKERS_MAX];
	unsigned n_workers, workers_wanted; /* the receiver's until it ended */
};

/* ---- windows ---- */

static struct window *
window_new(void)
{
	struct window *w = NEW(struct window);

	w->v = NEW_ARRAY(struct held, WINDOW_RECORDS);
	w->in = (struct buf)BUF_INIT(WINDOW_IN_MAX);
	w->out = (struct buf)BUF_INIT(WINDOW_OUT_MAX);
	return w;
}

static void
window_free(struct window *w)
{
	if (w == NULL)
		return;
	free(w->v);
	buf_release(&w->in);
	buf_release(&w->out);
	free(w);
}

static void
free_windows(struct window *w)
{
	while (w != NULL) {
		struct window *next = w->next;

		window_free(w);
		w = next;
	}
}

/* ---- decompressing ---- */

static void
undo_window(struct feed *f, struct codec_work *codec, struct window *w)
{
	int64_t t = clock_mono_ns();

	for (size_t i = 0; i < w->n; i++) {
		struct held *h = &w->v[i];
		struct bytes data = bytes_of(w->in.p + h->at, h->rec.data.n);
		struct err e = ERR_INIT; /* rebuild meets it again, and tells it */

		h->out_at = w->out.len;
		h->undone = rebuild_is_compressed(h->rec.stream) &&
			    rebuild_undo(codec, h->rec.stream, data, &w->out, &e) == ERR_OK;
		h->out_n = w->out.len - h->out_at;
	}
	(void)stage_busy(f->o.stages, STAGE_DECOMPRESS, t);
}

static struct window *
find_packed_locked(struct feed *f) REQUIRES(f->lock)
{
	for (struct window *w = f->head; w != NULL; w = w->next)
		if (w->state == WINDOW_PACKED)
			return w;
	return NULL;
}

static struct window *
take_packed_locked(struct feed *f) REQUIRES(f->lock)
{
	struct window *w;

	while ((w = find_packed_locked(f)) == NULL && !f->ended && !f->stopping)
		cond_wait(&f->work, &f->lock); /* until one is PACKED, or no more come */
	if (w == NULL || f->stopping)
		return NULL;
	w->state = WINDOW_TAKEN;
	return w;
}

static void
set_ready(struct feed *f, struct window *w)
{
	mutex_lock(&f->lock);
	w->state = WINDOW_READY;
	if (f->head == w)
		cond_broadcast(&f->ready);
	mutex_unlock(&f->lock);
}

static void
worker_run(void *arg)
{
	struct feed *f = arg;
	OWNED(codec_work_freep) struct codec_work *codec = codec_work_new();

	for (;;) {
		int64_t t = clock_mono_ns();
		struct window *w;

		mutex_lock(&f->lock);
		w = take_packed_locked(f);
		mutex_unlock(&f->lock);
		(void)stage_waited(f->o.stages, STAGE_DECOMPRESS, t);
		if (w == NULL)
			return;
		undo_window(f, codec, w);
		set_ready(f, w);
	}
}

/* Without threads of their own the caller does it. */
static void
start_workers(struct feed *f)
{
	struct err none = ERR_INIT;

	while (f->n_workers < f->workers_wanted &&
	       thread_start(&f->workers[f->n_workers], "fd-unpack", worker_run, f, &none) == ERR_OK)
		f->n_workers++;
	f->workers_wanted = f->n_workers;
}

/* ---- receiving ---- */

static struct window *
spare_locked(struct feed *f) REQUIRES(f->lock)
{
	struct window *w;

	while (f->spare == NULL && f->n_windows == f->windows_max && !f->stopping)
		cond_wait(&f->room, &f->lock); /* until the caller is through with one */
	if (f->stopping)
		return NULL;
	w = f->spare;
	if (w != NULL)
		f->spare = w->next;
	else
		f->n_windows++;
	return w != NULL ? w : window_new();
}

/* An empty window; NULL when stopping. */
static struct window *
get_window(struct feed *f)
{
	struct window *w;

	mutex_lock(&f->lock);
	w = spare_locked(f);
	mutex_unlock(&f->lock);
	if (w == NULL)
		return NULL;
	w->next = NULL;
	w->state = WINDOW_FILLING;
	w->packed = false;
	w->n = 0;
	buf_clear(&w->in);
	buf_clear(&w->out);
	return w;
}

static void
hand_over(struct feed *f, struct window **w)
{
	bool packed = (*w)->packed;

	if (packed)
		start_workers(f);
	mutex_lock(&f->lock);
	(*w)->state = packed ? WINDOW_PACKED : WINDOW_READY;
	if (f->tail != NULL)
		f->tail->next = *w;
	else
		f->head = *w;
	f->tail = *w;
	if (packed)
		cond_broadcast(&f->work);
	if (f->head == *w)
		cond_broadcast(&f->ready);
	mutex_unlock(&f->lock);
	*w = NULL;
}

static void
count(struct feed *f, const struct held *h)
{
	const struct stream_row *row = stream_find(stream_id_of(h->rec.stream));

	if (row != NULL && row->kind == STREAM_KIND_DATA)
		atomic_fetch_add_explicit(f->o.read_bytes, h->rec.data.n, memory_order_relaxed);
}

/* Only EOD says that these were all: who leaves without it may have sent half a file. */
static enum err_code
broke_off(const struct feed *f, struct err *err)
{
	if (err->code == ERR_EOF)
		(void)err_set(err, ERR_PEER, "ended the conversation in the middle of the records");
	return err_ctx(err, "storage daemon at %s", conn_peer(f->o.sd));
}

/* The record behind a head that is in line. */
static enum err_code
receive_record(struct feed *f, struct window *w, struct bytes line, struct err *err)
{
	struct held *h = &w->v[w->n];
	struct rebuild_record *rec = &h->rec;
	uint32_t len;
	struct frame fr;
	uint8_t *p;

	*h = (struct held){ .at = w->in.len };
	if (!wire_scan(line, FD_SD_RECORD_HEAD_SCAN, &rec->session_id, &rec->session_time,
		       &rec->file_index, &rec->stream, &len))
		return err_set(err, ERR_PROTO, "the storage daemon said: %.*s", BYTES_ARG(line));
	if (len > FRAME_MAX)
		return err_set(err, ERR_PROTO, "the storage daemon announced a record of %u bytes",
			       len);
	if (buf_reserve(&w->in, len, err) != ERR_OK)
		return err->code;
	p = w->in.p + w->in.len;
	if (conn_recv_into(f->o.sd, p, len, &fr, err) != ERR_OK)
		return broke_off(f, err);
	if (fr.signal != FRAME_DATA || fr.data.n != len)
		return err_set(err, ERR_PROTO,
			       "the storage daemon announced a record of %u bytes and sent %zu",
			       len, fr.data.n);
	if (fr.data.p != p && len > 0)
		memcpy(p, fr.data.p, len);
	w->in.len += len;
	rec->data.n = len;
	w->packed |= rebuild_is_compressed(rec->stream);
	w->n++;
	count(f, h);
	return ERR_OK;
}

/* Records wait for more of them only as long as those are here already. */
static bool
is_enough(const struct feed *f, const struct window *w)
{
	return w->n == WINDOW_RECORDS || w->in.len >= WINDOW_SOON ||
	       w->v[w->n - 1].rec.data.n >= LARGE || !conn_has_input(f->o.sd);
}

/* Records until a window is full; ERR_EOF with the last ones. */
static enum err_code
fill_window(struct feed *f, struct window *w, struct err *err)
{
	struct frame fr;

	do {
		if (cancel_asked(f->o.cancel))
			return err_set(err, ERR_CANCELED, "canceled");
		if (conn_recv(f->o.sd, &fr, err) != ERR_OK)
			return broke_off(f, err);
		if (fr.signal == FRAME_EOD)
			return err_set(err, ERR_EOF, "all records are there");
		/* heartbeats and unknown signals mean nothing here */
		if (fr.signal == FRAME_DATA && receive_record(f, w, fr.data, err) != ERR_OK)
			return err->code;
	} while (w->n == 0 || !is_enough(f, w));
	return ERR_OK;
}

static enum err_code
receive_all(struct feed *f, struct err *err)
{
	for (;;) {
		int64_t wall = clock_mono_ns(), cpu;
		struct window *w = get_window(f);
		enum err_code code;

		if (w == NULL)
			return err_set(err, ERR_CANCELED, "the restore gave up");
		wall = stage_waited(f->o.stages, STAGE_RECEIVE, wall);
		cpu = clock_thread_ns();
		code = fill_window(f, w, err);
		stage_split(f->o.stages, STAGE_RECEIVE, wall, cpu);
		if (w->n > 0)
			hand_over(f, &w);
		window_free(w);
		if (code != ERR_OK)
			return code;
	}
}

static void
receiver_run(void *arg)
{
	struct feed *f = arg;
	struct err e = ERR_INIT;

	(void)receive_all(f, &e);
	mutex_lock(&f->lock);
	f->ended = true;
	f->end = e;
	cond_broadcast(&f->ready);
	cond_broadcast(&f->work);
	mutex_unlock(&f->lock);
}

/* ---- the caller ---- */

static void
give_back_locked(struct feed *f) REQUIRES(f->lock)
{
	struct window *w = f->current;

	if (w == NULL)
		return;
	f->current = NULL;
	w->next = f->spare;
	f->spare = w;
	cond_broadcast(&f->room);
}

/* The oldest window: READY, or PACKED for the caller to undo itself; NULL at the end. */
static struct window *
next_window_locked(struct feed *f) REQUIRES(f->lock)
{
	struct window *w;

	give_back_locked(f);
	/* until the oldest window may be taken, or there will be none */
	while (f->head == NULL ? !f->ended : f->head->state == WINDOW_TAKEN)
		cond_wait(&f->ready, &f->lock);
	w = f->head;
	if (w == NULL)
		return NULL;
	f->head = w->next;
	if (f->head == NULL)
		f->tail = NULL;
	return w;
}

static enum err_code
next_window(struct feed *f, struct err *err)
{
	int64_t t = clock_mono_ns();
	enum err_code code = ERR_OK;
	bool packed;

	if (f->current != NULL)
		t = stage_busy(f->o.stages, STAGE_WRITE, f->since_ns);

	mutex_lock(&f->lock);
	f->current = next_window_locked(f);
	packed = f->current != NULL && f->current->state == WINDOW_PACKED;
	if (f->current == NULL) {
		*err = f->end;
		code = err->code;
	}
	mutex_unlock(&f->lock);
	(void)stage_waited(f->o.stages, STAGE_WRITE, t);
	if (packed)
		undo_window(f, f->codec, f->current);
	f->at = 0;
	f->since_ns = clock_mono_ns();
	return code;
}

enum err_code
feed_next(struct feed *f, struct rebuild_record *out, struct err *err)
{
	const struct held *h;

	if (cancel_asked(f->o.cancel))
		return err_set(err, ERR_CANCELED, "canceled");
	if ((f->current == NULL || f->at == f->current->n) && next_window(f, err) != ERR_OK)
		return err->code;
	h = &f->current->v[f->at++];
	*out = h->rec;
	out->data.p = f->current->in.p + h->at;
	out->undone = h->undone ? bytes_of(f->current->out.p + h->out_at, h->out_n)
				: bytes_of(NULL, 0);
	out->is_undone = h->undone;
	return ERR_OK;
}

/* ---- life ---- */

enum err_code
feed_start(const struct feed_options *o, struct feed **out, struct err *err)
{
	OWNED(feed_freep) struct feed *f = NEW(struct feed);
	size_t memory = o->memory_bytes != 0 ? o->memory_bytes : FEED_MEMORY_DEFAULT;

	f->o = *o;
	f->windows_max = size_min(memory / (WINDOW_IN_MAX + WINDOW_OUT_MAX), 2u * WORKERS_MAX);
	f->windows_max = f->windows_max < WINDOWS_MIN ? WINDOWS_MIN : f->windows_max;
	f->workers_wanted = thread_cores(o->workers, WORKERS_MAX);
	f->codec = codec_work_new();
	mutex_init(&f->lock, RANK_QUEUE);
	cond_init(&f->work);
	cond_init(&f->ready);
	cond_init(&f->room);
	if (thread_start(&f->receiver, "fd-receive", receiver_run, f, err) != ERR_OK)
		return err->code;
	*out = TAKE_PTR(f);
	return ERR_OK;
}

/* The receiver may be waiting for the storage daemon. */
static void
stop(struct feed *f)
{
	bool ended;

	mutex_lock(&f->lock);
	f->stopping = true;
	ended = f->ended || !f->receiver.running;
	cond_broadcast(&f->room);
	cond_broadcast(&f->work);
	mutex_unlock(&f->lock);
	if (!ended)
		conn_shutdown(f->o.sd);
}

/* Its threads are joined before anything of it goes. */
NO_ANALYSIS void
feed_free(struct feed *f)
{
	if (f == NULL)
		return;
	stop(f);
	thread_join(&f->receiver);
	for (unsigned i = 0; i < f->n_workers; i++)
		thread_join(&f->workers[i]);
	free_windows(f->head);
	free_windows(f->spare);
	window_free(f->current);
	codec_work_free(f->codec);
	cond_release(&f->work);
	cond_release(&f->ready);
	cond_release(&f->room);
	mutex_release(&f->lock);
	free(f);
}

void
feed_freep(struct feed **f)
{
	feed_free(*f);
	*f = NULL;
}
