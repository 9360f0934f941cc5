/* file-daemon/pipe/stream.c - segments of a large file, from its worker to the writer */
#include "file-daemon/pipe/pipe_internal.h"

#include "lib/base/mem.h"

static struct segment *
take_locked(struct pipe *p, struct batch *b) REQUIRES(p->lock)
{
	struct segment *s;

	while (b->n_segments == SEGMENTS_MAX && !p->stopping) /* until the writer sent some */
		cond_wait(&p->segment_room, &p->lock);
	if (p->stopping)
		return NULL;
	b->n_segments++;
	s = p->spare_segments;
	if (s != NULL)
		p->spare_segments = s->next;
	return s != NULL ? s : mem_zalloc(1, sizeof(*s));
}

struct segment *
stream_take(struct pipe *p, struct batch *b)
{
	struct segment *s;

	mutex_lock(&p->lock);
	s = take_locked(p, b);
	mutex_unlock(&p->lock);
	if (s != NULL) {
		s->len = 0;
		s->next = NULL;
	}
	return s;
}

static void
push_locked(struct batch *b, struct segment *s)
{
	struct segment **at = &b->segments;

	while (*at != NULL)
		at = &(*at)->next;
	*at = s;
}

void
stream_push(struct pipe *p, struct batch *b, struct segment *s)
{
	mutex_lock(&p->lock);
	if (b->segments == NULL)
		cond_broadcast(&p->done);
	push_locked(b, s);
	mutex_unlock(&p->lock);
}

void
stream_opened(struct pipe *p, struct batch *b)
{
	mutex_lock(&p->lock);
	b->opened = true;
	cond_broadcast(&p->done);
	mutex_unlock(&p->lock);
}

static struct segment *
pop_locked(struct pipe *p, struct batch *b) REQUIRES(p->lock)
{
	struct segment *s;

	/* until there is a segment, or the worker has read all */
	while (b->segments == NULL && b->state != BATCH_DONE && !p->stopping)
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
stream_give_back(struct pipe *p, struct batch *b, struct segment *s)
{
	mutex_lock(&p->lock);
	s->next = p->spare_segments;
	p->spare_segments = s;
	b->n_segments--;
	/* Half of them at once, so that its worker is not woken for each. */
	if (b->n_segments == SEGMENTS_MAX / 2)
		cond_broadcast(&p->segment_room);
	mutex_unlock(&p->lock);
}
