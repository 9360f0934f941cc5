/* file-daemon/pipe/pipe.c - threads of the pipe and the hand-over of batches */
#include "file-daemon/pipe/pipe_internal.h"

#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/base/path.h"

/* Of the memory allowed, what is neither of batches nor of segments: the writer's buffers, the
 * walker's batch, a refill. */
#define FIXED_MEMORY (4u * 1024u * 1024u)

/* ---- progress ---- */

void
pipe_progress_init(struct pipe_progress *p)
{
	mutex_init(&p->lock, RANK_LEAF);
}

void
pipe_progress_release(struct pipe_progress *p)
{
	mutex_release(&p->lock);
}

void
pipe_progress_set(struct pipe_progress *p, struct bytes path)
{
	mutex_lock(&p->lock);
	(void)path_print(path, p->current, sizeof(p->current));
	mutex_unlock(&p->lock);
}

void
pipe_progress_current(struct pipe_progress *p, char *out, size_t cap)
{
	mutex_lock(&p->lock);
	(void)memcpy(out, p->current, size_min(cap, sizeof(p->current)));
	mutex_unlock(&p->lock);
	out[cap - 1] = '\0';
}

/* ---- failing ---- */

static void
fail_locked(struct pipe *p, const struct err *e) REQUIRES(p->lock)
{
	if (!p->stopping && e != NULL)
		p->failure = *e;
	p->stopping = true;
	cond_broadcast(&p->work);
	cond_broadcast(&p->done);
	cond_broadcast(&p->room);
	cond_broadcast(&p->segment_room);
}

void
pipe_fail(struct pipe *p, const struct err *e)
{
	mutex_lock(&p->lock);
	fail_locked(p, e);
	mutex_unlock(&p->lock);
}

/* ---- memory ---- */

void
pipe_count_memory(struct pipe *p, size_t more, size_t less)
{
	struct pipe_progress *pr = p->o.progress;
	size_t now = atomic_fetch_add_explicit(&pr->memory, more - less, memory_order_relaxed) +
		     more - less;
	size_t peak = atomic_load_explicit(&pr->memory_peak, memory_order_relaxed);

	while (now > peak && !atomic_compare_exchange_weak(&pr->memory_peak, &peak, now))
		;
}

void
pipe_charge_locked(struct pipe *p, struct batch *b, size_t bytes)
{
	pipe_count_memory(p, bytes, b->charged);
	p->batch_bytes += bytes - b->charged;
	b->charged = bytes;
}

/* More than was expected, which is fine as long as there is room. */
static bool
grow_locked(struct pipe *p, struct batch *b, size_t size) REQUIRES(p->lock)
{
	if (!b->urgent && p->batch_bytes - b->charged + size > p->batch_bytes_max)
		return false;
	pipe_charge_locked(p, b, size);
	return true;
}

bool
pipe_may_grow(struct pipe *p, struct batch *b)
{
	size_t size = batch_size(b);
	bool ok;

	if (size <= b->charged)
		return true;
	mutex_lock(&p->lock);
	ok = grow_locked(p, b, size + BATCH_BYTES / 4);
	mutex_unlock(&p->lock);
	return ok;
}

/* ---- workers ---- */

static struct batch *
find_ready_locked(struct pipe *p) REQUIRES(p->lock)
{
	for (struct batch *b = p->head; b != NULL; b = b->next)
		if (b->state == BATCH_READY)
			return b;
	return NULL;
}

/* One of two things to do; neither: there is no more. */
struct task {
	struct segment *raw;
	struct batch *batch;
};

/* What the writer needs first comes first: segments are of older batches than those READY. */
static struct task
take_task_locked(struct pipe *p) REQUIRES(p->lock)
{
	struct task t = { NULL, NULL };

	while (!p->stopping) {
		t.raw = stream_raw_locked(p);
		if (t.raw != NULL)
			break;
		t.batch = find_ready_locked(p);
		if (t.batch != NULL) {
			pipe_batch_taken_locked(p, t.batch);
			break;
		}
		if (p->closed && p->n_readers == 0)
			break;
		/* until there is something to do, or no more comes */
		cond_wait(&p->work, &p->lock);
	}
	return t;
}

void
pipe_batch_taken_locked(struct pipe *p, struct batch *b)
{
	b->state = BATCH_TAKEN;
	if (b->streams)
		p->n_readers++;
}

void
pipe_batch_done(struct pipe *p, struct batch *b)
{
	mutex_lock(&p->lock);
	b->state = BATCH_DONE;
	b->may_be_sent = true;
	if (b->streams) {
		p->n_readers--;
		cond_broadcast(&p->work);
	}
	pipe_charge_locked(p, b, batch_size(b));
	if (b == p->head || b->urgent)
		cond_broadcast(&p->done);
	mutex_unlock(&p->lock);
}

static void
worker_run(void *arg)
{
	struct pipe *p = arg;
	struct filler f;

	filler_init(&f, p);
	for (;;) {
		int64_t since = clock_mono_ns();
		struct task t;

		mutex_lock(&p->lock);
		t = take_task_locked(p);
		mutex_unlock(&p->lock);
		(void)stage_waited(f.stages, STAGE_READ, since);
		if (t.raw != NULL) {
			stream_pack(&f, t.raw);
		} else if (t.batch != NULL) {
			fill_batch(&f, t.batch);
			pipe_batch_done(p, t.batch);
		} else {
			break;
		}
	}
	filler_release(&f);
}

/* ---- the walker's side ---- */

/* What a batch will come to hold when its files are as the walker saw them. */
static size_t
size_expected(const struct batch *b)
{
	size_t out = (size_t)b->expected_bytes + b->n * ITEM_META + BATCH_META;

	return batch_size(b) - b->out.cap + (b->out.cap > out ? b->out.cap : out);
}

static struct batch *
spare_locked(struct pipe *p) REQUIRES(p->lock)
{
	struct batch *b = p->spare;

	if (b == NULL)
		return NULL;
	p->spare = b->next;
	p->n_spare--;
	b->next = NULL;
	return b;
}

/* What the next batch to fill needs beyond what is charged for it. */
static size_t
more_needed_locked(const struct pipe *p) REQUIRES(p->lock)
{
	size_t has = p->spare != NULL ? p->spare->charged : 0;

	return has < BATCH_TYPICAL ? BATCH_TYPICAL - has : 0;
}

static bool
is_full_locked(const struct pipe *p) REQUIRES(p->lock)
{
	return p->batch_bytes + more_needed_locked(p) > p->batch_bytes_max;
}

/* Room for the next batch to fill.  A walker that has to wait does so until a quarter of the
 * batches is sent, not to be woken for each. */
static void
await_room_locked(struct pipe *p) REQUIRES(p->lock)
{
	while (p->n_batches > 0 && !p->stopping &&
	       (is_full_locked(p) || p->n_batches >= BATCHES_MAX)) {
		if (is_full_locked(p) && p->n_spare > 1) {
			struct batch *b = spare_locked(p);

			pipe_charge_locked(p, b, 0);
			batch_free(b);
			continue;
		}
		p->spare_wanted = p->n_spare + p->n_batches / 4 + 1;
		while (p->n_batches > 0 && p->n_spare < p->spare_wanted && !p->stopping)
			cond_wait(&p->room, &p->lock);
		p->spare_wanted = 0;
	}
}

/* A batch to fill: one that was sent, or a new one; NULL when stopping. */
static struct batch *
next_filling_locked(struct pipe *p) REQUIRES(p->lock)
{
	struct batch *b;

	await_room_locked(p);
	if (p->stopping)
		return NULL;
	b = spare_locked(p);
	if (b == NULL)
		b = batch_new();
	if (b->charged < BATCH_TYPICAL)
		pipe_charge_locked(p, b, BATCH_TYPICAL);
	return b;
}

static void
append_locked(struct pipe *p, struct batch *b) REQUIRES(p->lock)
{
	b->state = BATCH_READY;
	if (p->tail != NULL)
		p->tail->next = b;
	else
		p->head = b;
	p->tail = b;
	p->n_batches++;
	cond_broadcast(&p->work);
}

/* Hand the batch being filled over and get an empty one. */
static enum err_code
hand_over(struct pipe *p, struct err *err)
{
	struct stages *stages = &p->o.progress->stages;
	int64_t t;

	if (cancel_asked(p->o.cancel))
		return err_set(err, ERR_CANCELED, "canceled");
	t = stage_busy(stages, STAGE_WALK, p->walk_since_ns);
	mutex_lock(&p->lock);
	pipe_charge_locked(p, p->filling, size_expected(p->filling));
	append_locked(p, p->filling);
	p->filling = next_filling_locked(p);
	mutex_unlock(&p->lock);
	p->walk_since_ns = stage_waited(stages, STAGE_WALK, t);
	if (p->filling == NULL)
		return err_set(err, ERR_CANCELED, "a later stage of the pipe gave up");
	return ERR_OK;
}

enum err_code
pipe_put(struct pipe *p, const struct file_entry *e, struct err *err)
{
	if (p->filling == NULL)
		return err_set(err, ERR_CANCELED, "a later stage of the pipe gave up");
	if (!batch_has_room(p->filling, e) && hand_over(p, err) != ERR_OK)
		return err->code;
	batch_add(p->filling, e);
	return ERR_OK;
}

static enum err_code
failure_locked(struct pipe *p, struct err *err) REQUIRES(p->lock)
{
	if (!p->stopping)
		return ERR_OK;
	*err = p->failure;
	return err->code;
}

enum err_code
pipe_finish(struct pipe *p, struct err *err)
{
	struct err handing = ERR_INIT;
	enum err_code rc, rc_hand = ERR_OK;

	if (p->filling != NULL && p->filling->n > 0)
		rc_hand = hand_over(p, &handing);
	mutex_lock(&p->lock);
	if (rc_hand != ERR_OK)
		fail_locked(p, &handing);
	p->closed = true;
	cond_broadcast(&p->work);
	cond_broadcast(&p->done);
	while (!p->drained) /* until the writer has ended */
		cond_wait(&p->room, &p->lock);
	rc = failure_locked(p, err);
	mutex_unlock(&p->lock);
	return rc;
}

/* ---- life ---- */

/* Each has a buffer as large as a segment and wants some of those: a quarter of the memory at
 * most. */
static unsigned
worker_count(unsigned asked, size_t memory)
{
	size_t most = size_min(WORKERS_MAX, memory / 4 / SEGMENT_BYTES);

	return thread_cores(asked, (unsigned)most);
}

/* Half of what the workers leave for batches, half for segments. */
static void
share_memory(struct pipe *p, size_t memory, unsigned workers)
{
	size_t rest = memory - FIXED_MEMORY - workers * SEGMENT_BYTES;

	p->batch_bytes_max = rest / 2;
	p->segments_max = rest / 2 / SEGMENT_BYTES;
}

uint32_t
pipe_chunk_bytes(uint32_t asked)
{
	if (asked == 0 || asked > PIPE_CHUNK_MAX)
		return PIPE_CHUNK_MAX;
	return asked < PIPE_CHUNK_MIN ? PIPE_CHUNK_MIN : asked;
}

enum err_code
pipe_start(const struct pipe_options *o, struct pipe **out, struct err *err)
{
	OWNED(pipe_freep) struct pipe *p = NEW(struct pipe);
	size_t memory = o->memory_bytes != 0 ? o->memory_bytes : PIPE_MEMORY_DEFAULT;
	unsigned workers;

	p->o = *o;
	p->o.chunk_bytes = pipe_chunk_bytes(o->chunk_bytes);
	if (p->o.fifo_seconds == 0)
		p->o.fifo_seconds = PIPE_FIFO_SECONDS;
	mutex_init(&p->lock, RANK_QUEUE);
	cond_init(&p->work);
	cond_init(&p->done);
	cond_init(&p->room);
	cond_init(&p->segment_room);
	memory = memory < PIPE_MEMORY_MIN ? PIPE_MEMORY_MIN : memory;
	workers = worker_count(o->workers, memory);
	share_memory(p, memory, workers);
	p->filling = batch_new();
	p->walk_since_ns = clock_mono_ns();
	pipe_count_memory(p, FIXED_MEMORY, 0);
	if (thread_start(&p->writer, "fd-writer", writer_run, p, err) != ERR_OK)
		return err->code;
	for (unsigned i = 0; i < workers; i++) {
		if (thread_start(&p->workers[i], "fd-worker", worker_run, p, err) != ERR_OK)
			return err->code;
		p->n_workers++;
	}
	*out = TAKE_PTR(p);
	return ERR_OK;
}

static void
free_batches(struct batch *b)
{
	while (b != NULL) {
		struct batch *next = b->next;

		batch_free(b);
		b = next;
	}
}

/* Its threads are joined before anything of it goes. */
NO_ANALYSIS void
pipe_free(struct pipe *p)
{
	struct err e = ERR_INIT;

	if (p == NULL)
		return;
	(void)err_set(&e, ERR_CANCELED, "canceled");
	mutex_lock(&p->lock);
	if (!p->drained)
		fail_locked(p, &e);
	mutex_unlock(&p->lock);
	thread_join(&p->writer);
	for (unsigned i = 0; i < p->n_workers; i++)
		thread_join(&p->workers[i]);
	free_batches(p->head);
	free_batches(p->spare);
	batch_free(p->filling);
	while (p->spare_segments != NULL) {
		struct segment *s = p->spare_segments;

		p->spare_segments = s->next;
		segment_free(s);
	}
	cond_release(&p->work);
	cond_release(&p->done);
	cond_release(&p->room);
	cond_release(&p->segment_room);
	mutex_release(&p->lock);
	atomic_store(&p->o.progress->memory, 0);
	free(p);
}

void
pipe_freep(struct pipe **p)
{
	pipe_free(*p);
}
