/* file-daemon/pipe/refill.c - items of a batch once more, in a batch of their own */
#include "file-daemon/pipe/pipe_internal.h"

static void
refill_run(void *arg)
{
	struct refill *r = arg;
	struct filler f;

	filler_init(&f, r->pipe);
	fill_batch(&f, r->b);
	filler_release(&f);
	pipe_batch_done(r->pipe, r->b);
}

/* The item as the walker would hand it in, but with its attributes as they are known by now. */
static struct file_entry
entry_of(const struct batch *b, const struct item *it)
{
	return (struct file_entry){ .type = it->type,
				    .path = item_path(b, it),
				    .name_at = it->name_at - it->path_at,
				    .st = it->st,
				    .options = it->options,
				    .dir = it->dir,
				    .self = it->self,
				    .link = it->link,
				    .link_first = it->link_first };
}

enum err_code
refill_start(struct pipe *p, const struct batch *from, size_t at, struct refill *r, struct err *err)
{
	*r = (struct refill){ .pipe = p, .b = batch_new() };
	for (size_t i = at; i < from->n; i++) {
		struct file_entry e = entry_of(from, &from->items[i]);

		if (i > at && (from->items[i].fate != ITEM_AGAIN || !batch_has_room(r->b, &e)))
			break;
		batch_add(r->b, &e);
	}
	r->b->urgent = true;
	mutex_lock(&p->lock);
	pipe_batch_taken_locked(p, r->b);
	mutex_unlock(&p->lock);
	if (thread_start(&r->thread, "fd-refill", refill_run, r, err) != ERR_OK) {
		refill_end(r);
		return err->code;
	}
	return ERR_OK;
}

void
refill_end(struct refill *r)
{
	thread_join(&r->thread);
	stream_abandon(r->pipe, r->b);
	mutex_lock(&r->pipe->lock);
	pipe_charge_locked(r->pipe, r->b, 0);
	mutex_unlock(&r->pipe->lock);
	batch_free(r->b);
	r->b = NULL;
}
