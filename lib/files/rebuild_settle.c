/*
 * Files whose content is complete get owner, mode, ACL, extended attributes and times, and are
 * closed, by a thread of their own while the next ones are created; a small file's content is
 * written there, too.  That is half of the work for a small file.
 *
 * The files move in batches through a ring of slots; given, done and reaped count batches:
 *   reaped <= done <= given <= reaped + SLOTS
 * Slot given belongs to the restoring thread (it fills it), slots done..given-1 to the settling
 * thread, slots reaped..done-1 wait for their results to be told.  The thread only tries; what
 * fails is done again, and told, by the restoring thread, so that reports come from one thread
 * and in order.  Few files need no thread: it starts with the first full batch.
 */
#include "lib/files/rebuild_internal.h"

#include <unistd.h>

#include "lib/base/sync.h"
#include "lib/base/thread.h"

#define BATCH_FILES 64u
#define SLOTS       3u /* so at most SLOTS * BATCH_FILES descriptors are open */

struct batch {
	struct rebuild_file *files[BATCH_FILES]; /* owned; reused */
	size_t n;
};

struct settle {
	struct rebuild *r; /* immutable; the thread reads only what does not change */
	struct batch slots[SLOTS];
	struct thread thread;
	uint64_t reaped;   /* the restoring thread's */
	bool thread_asked; /* the restoring thread's: it was started, or cannot be */
	struct mutex lock; /* RANK_QUEUE */
	struct cond changed;
	uint64_t given GUARDED_BY(&lock), done GUARDED_BY(&lock);
	bool closing GUARDED_BY(&lock);
};

struct settle *
settle_new(struct rebuild *r)
{
	struct settle *s = NEW(struct settle);

	s->r = r;
	mutex_init(&s->lock, RANK_QUEUE);
	cond_init(&s->changed);
	return s;
}

/* ---- the settling thread ---- */

static void
settle_batch(struct settle *s, struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		struct rebuild_file *f = b->files[i];
		struct err again = ERR_INIT; /* met again, and told, by the restoring thread */

		f->settled = rebuild_write_small(f, &again) == ERR_OK && rebuild_attrs_try(s->r, f);
		if (f->settled)
			rebuild_close(f);
	}
}

static bool
await_given(struct settle *s, uint64_t *slot)
{
	bool work;

	mutex_lock(&s->lock);
	while (s->given == s->done && !s->closing) /* until a batch is given, or no more come */
		cond_wait(&s->changed, &s->lock);
	work = s->given > s->done;
	*slot = s->done;
	mutex_unlock(&s->lock);
	return work;
}

static void
count_done(struct settle *s)
{
	mutex_lock(&s->lock);
	s->done++;
	cond_broadcast(&s->changed);
	mutex_unlock(&s->lock);
}

static void
settle_run(void *arg)
{
	struct settle *s = arg;
	uint64_t slot;

	while (await_given(s, &slot)) {
		settle_batch(s, &s->slots[slot % SLOTS]);
		count_done(s);
	}
}

/* ---- the restoring thread ---- */

/* Only the restoring thread changes given. */
static uint64_t
given_now(struct settle *s)
{
	uint64_t n;

	mutex_lock(&s->lock);
	n = s->given;
	mutex_unlock(&s->lock);
	return n;
}

static void
give(struct settle *s, struct batch *b)
{
	struct err none = ERR_INIT;

	if (!s->thread_asked && b->n == BATCH_FILES) {
		s->thread_asked = true;
		(void)!thread_start(&s->thread, "settle", settle_run, s, &none);
	}
	mutex_lock(&s->lock);
	s->given++;
	cond_broadcast(&s->changed);
	mutex_unlock(&s->lock);
	if (!s->thread.running) {
		settle_batch(s, b);
		count_done(s);
	}
}

static void
await_done(struct settle *s, uint64_t wanted)
{
	mutex_lock(&s->lock);
	while (s->done < wanted) /* until the thread has settled so many batches */
		cond_wait(&s->changed, &s->lock);
	mutex_unlock(&s->lock);
}

/* Tell what became of the oldest batch; its slot is free then. */
static enum err_code
reap(struct settle *s, struct err *err)
{
	struct batch *b = &s->slots[s->reaped % SLOTS];
	enum err_code first = ERR_OK;

	await_done(s, s->reaped + 1);
	for (size_t i = 0; i < b->n; i++) {
		struct err other = ERR_INIT, *e = first == ERR_OK ? err : &other;
		enum err_code code = rebuild_settled(s->r, b->files[i], e);

		if (first == ERR_OK)
			first = code;
	}
	b->n = 0;
	s->reaped++;
	return first;
}

enum err_code
settle_put(struct settle *s, struct rebuild_file *f, struct err *err)
{
	uint64_t given = given_now(s);
	struct batch *b = &s->slots[given % SLOTS];
	struct rebuild_file **place;

	if (given - s->reaped == SLOTS && reap(s, err) != ERR_OK)
		return err->code;
	place = &b->files[b->n++];
	if (*place == NULL)
		*place = rebuild_file_new();
	rebuild_file_move(f, *place);
	if (b->n == BATCH_FILES)
		give(s, b);
	return ERR_OK;
}

void
settle_wait(struct settle *s)
{
	uint64_t given = given_now(s);
	struct batch *b = &s->slots[given % SLOTS];

	/* With every slot given none is being filled. */
	if (given - s->reaped < SLOTS && b->n > 0) {
		give(s, b);
		given++;
	}
	await_done(s, given);
}

enum err_code
settle_drain(struct settle *s, struct err *err)
{
	enum err_code first = ERR_OK;
	uint64_t given;

	settle_wait(s);
	given = given_now(s);
	while (s->reaped < given) {
		struct err other = ERR_INIT, *e = first == ERR_OK ? err : &other;
		enum err_code code = reap(s, e);

		if (first == ERR_OK)
			first = code;
	}
	return first;
}

void
settle_free(struct settle *s) NO_ANALYSIS
{
	if (s == NULL)
		return;
	settle_wait(s); /* what is written keeps its attributes even when the restore broke */
	mutex_lock(&s->lock);
	s->closing = true;
	cond_broadcast(&s->changed);
	mutex_unlock(&s->lock);
	thread_join(&s->thread);
	for (size_t i = 0; i < SLOTS; i++)
		for (size_t k = 0; k < BATCH_FILES; k++)
			rebuild_file_free(s->slots[i].files[k]);
	cond_release(&s->changed);
	mutex_release(&s->lock);
	free(s);
}
