/* file-daemon/pipe/pipe.c - threads of the pipe and the hand-over of batches */
#include "file-daemon/pipe/pipe_internal.h"

#include <stdlib.h>
#include <unistd.h>

#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/base/path.h"

/* A batch with its names, results and segments. */
#define BATCH_MEMORY (2u * BATCH_BYTES + SEGMENTS_MAX * SEGMENT_BYTES / 4u)

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

/* ---- workers ---- */

static struct batch *
find_ready_locked(struct pipe *p) REQUIRES(p->lock)
{
	for (struct batch *b = p->head; b != NULL; b = b->next)
		if (b->state == BATCH_READY)
			return b;
	return NULL;
}

static struct batch *
take_batch_locked(struct pipe *p) REQUIRES(p->lock)
{
	struct batch *b;

	/* until a batch is READY, or no more come */
	while ((b = find_ready_locked(p)) == NULL && !p->closed && !p->stopping)
		cond_wait(&p->work, &p->lock);
	if (b == NULL || p->stopping)
		return NULL;
	b->state = BATCH_TAKEN;
	return b;
}

void
pipe_batch_done(struct pipe *p, struct batch *b)
{
	mutex_lock(&p->lock);
	b->state = BATCH_DONE;
	b->opened = true;
	cond_broadcast(&p->done);
	mutex_unlock(&p->lock);
}

static void
worker_run(void *arg)
{
	struct pipe *p = arg;
	struct filler f;

	filler_init(&f, p, p->o.chunk_bytes, p->o.cancel);
	for (;;) {
		struct batch *b;

		mutex_lock(&p->lock);
		b = take_batch_locked(p);
		mutex_unlock(&p->lock);
		if (b == NULL)
			break;
		fill_batch(&f, b);
		pipe_batch_done(p, b);
	}
	filler_release(&f);
}

/* ---- the walker's side ---- */

/* Room for one more batch; false when stopping. */
static bool
await_room(struct pipe *p)
{
	bool stop;

	mutex_lock(&p->lock);
	while (p->n_batches >= p->max_batches && !p->stopping) /* until the writer sent one */
		cond_wait(&p->room, &p->lock);
	stop = p->stopping;
	mutex_unlock(&p->lock);
	return !stop;
}

static struct batch *
spare_locked(struct pipe *p) REQUIRES(p->lock)
{
	struct batch *b = p->spare;

	if (b != NULL) {
		p->spare = b->next;
		b->next = NULL;
	}
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
	struct batch *next;

	if (p->filling->n == 0)
		return ERR_OK;
	if (cancel_asked(p->o.cancel))
		return err_set(err, ERR_CANCELED, "canceled");
	if (!await_room(p))
		return err_set(err, ERR_CANCELED, "a later stage of the pipe gave up");
	mutex_lock(&p->lock);
	append_locked(p, p->filling);
	next = spare_locked(p);
	mutex_unlock(&p->lock);
	p->filling = next != NULL ? next : batch_new();
	return ERR_OK;
}

enum err_code
pipe_put(struct pipe *p, const struct file_entry *e, struct err *err)
{
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
	enum err_code rc, rc_hand = hand_over(p, &handing);

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

static unsigned
worker_count(unsigned asked)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (asked == 0)
		asked = cores < 1 ? 1 : (unsigned)size_min((size_t)cores, 8);
	return asked > WORKERS_MAX ? WORKERS_MAX : asked;
}

enum err_code
pipe_start(const struct pipe_options *o, struct pipe **out, struct err *err)
{
	OWNED(pipe_freep) struct pipe *p = NEW(struct pipe);
	size_t memory = o->memory_bytes != 0 ? o->memory_bytes : PIPE_MEMORY_DEFAULT;

	p->o = *o;
	if (p->o.chunk_bytes == 0 || p->o.chunk_bytes > PIPE_CHUNK_MAX)
		p->o.chunk_bytes = PIPE_CHUNK_MAX;
	mutex_init(&p->lock, RANK_QUEUE);
	cond_init(&p->work);
	cond_init(&p->done);
	cond_init(&p->room);
	cond_init(&p->segment_room);
	p->max_batches = memory / BATCH_MEMORY;
	p->max_batches = p->max_batches < 4 ? 4 : size_min(p->max_batches, 64);
	p->filling = batch_new();
	if (thread_start(&p->writer, "fd-writer", writer_run, p, err) != ERR_OK)
		return err->code;
	for (unsigned i = 0; i < worker_count(o->workers); i++) {
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
		free(s);
	}
	cond_release(&p->work);
	cond_release(&p->done);
	cond_release(&p->room);
	cond_release(&p->segment_room);
	mutex_release(&p->lock);
	free(p);
}

void
pipe_freep(struct pipe **p)
{
	pipe_free(*p);
}
