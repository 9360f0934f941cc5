#include "lib/base/queue.h"

#include "lib/base/mem.h"
#include "lib/base/sync.h"

#include <assert.h>
#include <stdlib.h>

struct queue {
	struct mutex lock;   /* RANK_QUEUE */
	struct cond changed; /* n or closed changed */
	void **slot GUARDED_BY(&lock);
	size_t n GUARDED_BY(&lock);
	size_t first GUARDED_BY(&lock);
	bool closed GUARDED_BY(&lock);
	size_t slots; /* immutable after init */
};

struct queue *
queue_new(size_t slots) NO_ANALYSIS /* nobody else knows it yet */
{
	struct queue *q = NEW(struct queue);

	assert(slots > 0);
	mutex_init(&q->lock, RANK_QUEUE);
	cond_init(&q->changed);
	q->slot = NEW_ARRAY(void *, slots);
	q->slots = slots;
	return q;
}

void
queue_free(struct queue *q) NO_ANALYSIS /* nobody else knows it any more */
{
	if (q == NULL)
		return;
	free(q->slot);
	cond_release(&q->changed);
	mutex_release(&q->lock);
	free(q);
}

void
queue_freep(struct queue **q)
{
	queue_free(*q);
}

/* Sleeps until there is room or the queue is closed. */
static bool
push_locked(struct queue *q, void *item) REQUIRES(q->lock)
{
	while (q->n == q->slots && !q->closed)
		cond_wait(&q->changed, &q->lock);
	if (q->closed)
		return false;
	q->slot[(q->first + q->n) % q->slots] = item;
	q->n++;
	cond_broadcast(&q->changed);
	return true;
}

/* The first item or NULL; never sleeps. */
static void *
take_locked(struct queue *q) REQUIRES(q->lock)
{
	void *item;

	if (q->n == 0)
		return NULL;
	item = q->slot[q->first];
	q->first = (q->first + 1) % q->slots;
	q->n--;
	cond_broadcast(&q->changed);
	return item;
}

static void *
pop_locked(struct queue *q) REQUIRES(q->lock)
{
	while (q->n == 0 && !q->closed)
		cond_wait(&q->changed, &q->lock);
	return take_locked(q);
}

enum err_code
queue_push(struct queue *q, void *item, struct err *err)
{
	bool taken;

	assert(item != NULL);
	mutex_lock(&q->lock);
	taken = push_locked(q, item);
	mutex_unlock(&q->lock);
	return taken ? ERR_OK : err_set(err, ERR_CANCELED, "queue was closed");
}

enum err_code
queue_pop(struct queue *q, void **item, struct err *err)
{
	void *got;

	mutex_lock(&q->lock);
	got = pop_locked(q);
	mutex_unlock(&q->lock);
	if (got == NULL)
		return err_set(err, ERR_EOF, "queue is closed");
	*item = got;
	return ERR_OK;
}

void *
queue_try_pop(struct queue *q)
{
	void *got;

	mutex_lock(&q->lock);
	got = take_locked(q);
	mutex_unlock(&q->lock);
	return got;
}

void
queue_close(struct queue *q)
{
	mutex_lock(&q->lock);
	q->closed = true;
	cond_broadcast(&q->changed);
	mutex_unlock(&q->lock);
}
