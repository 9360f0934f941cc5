/*
 * lib/base/queue.h - a bounded queue between two stages
 *
 * Purpose: hand items over; a slow consumer slows the producer, so memory in flight is
 *          slots x item.
 * Owns:    an item belongs to the queue from push to pop; whoever pops owns it.
 * Threads: any number of producers and consumers (RANK_QUEUE inside).
 * Errors:  ERR_CANCELED push: the queue was closed (the item is still the caller's)
 *          ERR_EOF      pop: closed and empty
 */
#ifndef TERCET_BASE_QUEUE_H
#define TERCET_BASE_QUEUE_H

#include <stddef.h>

#include "lib/base/err.h"

struct queue;

struct queue *queue_new(size_t slots);
/* Items still in it are the caller's business: drain with queue_try_pop first. */
void queue_free(struct queue *q);
void queue_freep(struct queue **q);

MUST_CHECK enum err_code queue_push(struct queue *q, void *item, struct err *err);
MUST_CHECK enum err_code queue_pop(struct queue *q, void **item, struct err *err);
/* The next item, or NULL when there is none now. */
void *queue_try_pop(struct queue *q);
/* No further push; pops go on until it is empty. */
void queue_close(struct queue *q);

#endif
