/*
 * file-daemon/pipe/stream.c - segments of a large file, from its reader over those who compress to
 * the writer
 *
 * Segments are a bounded pool.  The large file whose turn it is to be sent, and a refill, may have
 * all of it, the others leave SEGMENTS_MIN: so the writer always gets on.  Who finds no segment to
 * fill compresses what waits for that; so does a reader at the end of its file.
 */
#include "file-daemon/pipe/pipe_internal.h"

#include "lib/base/clock.h"
#include "lib/base/mem.h"

/* ---- filling ---- */

void
stream_opened(struct pipe *p, struct batch *b)
{
	mutex_lock(&p->lock);
	b->may_be_sent = true;
	cond_broadcast(&p->done);
	mutex_unlock(&p->lock);
}

/* Read ahead of those who compress by as much as keeps them busy, and no further: what waits
 * falls out of the processor's caches. */
static bool
may_take_locked(const struct pipe *p, const struct batch *b) REQUIRES(p->lock)
{
	size_t most = p->segments_max;

	if (b != p->head && !b->urgent)
		most -= SEGMENTS_MIN;
	return p->n_segments < most && p->n_raw < 2u * p->n_workers;
}

static struct segment *
segment_new(struct pipe *p)
{
	struct segment *s = NEW(struct segment);

	s->frames.max = SEGMENT_BYTES;
	pipe_count_memory(p, SEGMENT_BYTES, 0);
	return s;
}

static struct segment *
take_locked(struct pipe *p, struct batch *b) REQUIRES(p->lock)
{
	struct segment *s = p->spare_segments;

	p->n_segments++;
	if (s != NULL)
		p->spare_segments = s->next;
	else
		s = segment_new(p);
	s->next = s->next_raw = NULL;
	s->ready = false;
	s->batch = b;
	return s;
}

struct segment *
stream_raw_locked(struct pipe *p)
{
	struct segment *s = p->raw;

	if (s == NULL)
		return NULL;
	p->raw = s->next_raw;
	if (p->raw == NULL)
		p->last_raw = NULL;
	p->n_raw--;
	s->batch->n_packing++;
	return s;
}

void
stream_pack(struct filler *f, struct segment *s)
{
	struct pipe *p = f->pipe;
	struct batch *b = s->batch;

	pack_segment(f, s);
	mutex_lock(&p->lock);
	s->ready = true;
	b->n_packing--;
	if (b->segments == s || p->stopping)
		cond_broadcast(&p->done);
	mutex_unlock(&p->lock);
}

/* A segment, or one to compress first; both NULL when stopping. */
static struct segment *
take_or_raw_locked(struct pipe *p, struct batch *b, struct segment **raw) REQUIRES(p->lock)
{
	*raw = NULL;
	for (;;) {
		if (p->stopping)
			return NULL;
		if (may_take_locked(p, b))
			return take_locked(p, b);
		*raw = stream_raw_locked(p);
		if (*raw != NULL)
			return NULL;
		p->n_blocked++;
		cond_wait(&p->segment_room, &p->lock); /* until segments come back, or a raw one */
		p->n_blocked--;
	}
}

struct segment *
stream_take(struct filler *f, struct batch *b)
{
	struct pipe *p = f->pipe;

	for (;;) {
		int64_t t = clock_mono_ns();
		struct segment *s, *raw;

		mutex_lock(&p->lock);
		s = take_or_raw_locked(p, b, &raw);
		mutex_unlock(&p->lock);
		(void)stage_waited(f->stages, STAGE_READ, t);
		if (raw != NULL) {
			stream_pack(f, raw);
			continue;
		}
		if (s == NULL)
			return NULL;
		buf_clear(&s->frames);
		return s;
	}
}

static void
queue_raw_locked(struct pipe *p, struct segment *s) REQUIRES(p->lock)
{
	if (p->last_raw != NULL)
		p->last_raw->next_raw = s;
	else
		p->raw = s;
	p->last_raw = s;
	p->n_raw++;
	cond_broadcast(&p->work);
	if (p->n_blocked > 0)
		cond_broadcast(&p->segment_room);
}

void
stream_push(struct pipe *p, struct batch *b, struct segment *s)
{
	mutex_lock(&p->lock);
	if (b->segments == NULL)
		b->segments = s;
	else
		b->last_segment->next = s;
	b->last_segment = s;
	if (b->items[0].codec != NULL) {
		queue_raw_locked(p, s);
	} else {
		s->ready = true;
		if (b->segments == s)
			cond_broadcast(&p->done);
	}
	mutex_unlock(&p->lock);
}

static struct segment *
next_raw_unless_stopping(struct pipe *p)
{
	struct segment *s;

	mutex_lock(&p->lock);
	s = p->stopping ? NULL : stream_raw_locked(p);
	mutex_unlock(&p->lock);
	return s;
}

void
stream_help(struct filler *f)
{
	struct segment *s;

	while ((s = next_raw_unless_stopping(f->pipe)) != NULL)
		stream_pack(f, s);
}

/* ---- sending ---- */

static struct segment *
pop_locked(struct pipe *p, struct batch *b) REQUIRES(p->lock)
{
	struct segment *s;

	/* until the oldest segment is ready, or there will be none */
	while (!p->stopping && (b->segments == NULL ? b->state != BATCH_DONE : !b->segments->ready))
		cond_wait(&p->done, &p->lock);
	if (p->stopping)
		return NULL;
	s = b->segments;
	if (s != NULL)
		b->segments = s->next;
	return s;
}

struct segment *
stream_pop(struct pipe *p, struct batch *b)
{
	struct segment *s;

	mutex_lock(&p->lock);
	s = pop_locked(p, b);
	mutex_unlock(&p->lock);
	return s;
}

void
stream_give_back(struct pipe *p, struct segment *s)
{
	mutex_lock(&p->lock);
	s->batch = NULL;
	s->next = p->spare_segments;
	p->spare_segments = s;
	p->n_segments--;
	/* Some at once, so that a reader is not woken for each. */
	if (p->n_blocked > 0 && p->n_segments % (SEGMENTS_MIN / 2) == 0)
		cond_broadcast(&p->segment_room);
	mutex_unlock(&p->lock);
}

/* ---- giving up ---- */

static void
drop_raw_locked(struct pipe *p, const struct batch *b) REQUIRES(p->lock)
{
	struct segment **at = &p->raw;

	p->last_raw = NULL;
	while (*at != NULL) {
		if ((*at)->batch == b) {
			*at = (*at)->next_raw;
			p->n_raw--;
		} else {
			p->last_raw = *at;
			at = &(*at)->next_raw;
		}
	}
}

void
stream_abandon(struct pipe *p, struct batch *b)
{
	mutex_lock(&p->lock);
	drop_raw_locked(p, b);
	while (b->n_packing > 0) /* until those who compress let go of it */
		cond_wait(&p->done, &p->lock);
	mutex_unlock(&p->lock);
}

void
segment_free(struct segment *s)
{
	if (s == NULL)
		return;
	buf_release(&s->frames);
	free(s);
}
