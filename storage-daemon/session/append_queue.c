/*
 * storage-daemon/session/append_queue.c - full blocks to the writer, empty ones back
 *
 * Receiving and writing overlap: a medium that pauses does not stop the network until all blocks
 * are full.  The writer starts with the first full block, so that a small job needs no thread.
 */
#include "storage-daemon/session/append_internal.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"

#define AHEAD_BYTES (2u * MIB) /* blocks on their way to the writer; few, to stay in the cache */
#define AHEAD_MAX   16u

struct append_block *
append_block_new(uint32_t cap)
{
	struct append_block *b = NEW(struct append_block);

	b->area = NEW_ARRAY(uint8_t, cap);
	b->fill = (struct block_fill){ .p = b->area, .cap = cap };
	block_fill_reset(&b->fill);
	b->attrs = (struct buf)BUF_INIT(APPEND_ATTRS_MAX);
	return b;
}

void
append_block_free(struct append_block *b)
{
	if (b == NULL)
		return;
	buf_release(&b->attrs);
	free(b->area);
	free(b);
}

/* ---- the writer ---- */

/* Whoever waits for a silent client meets its end and looks why; the client can still be told. */
static void
stop_waiting(struct append *a)
{
	(void)shutdown(conn_fd(a->s->data), SHUT_RD);
}

/* Behind a block that was not written nothing is written. */
static void
write_or_drop(struct append *a, struct append_block *b)
{
	struct err lost = ERR_INIT;

	if (!atomic_load_explicit(&a->failed, memory_order_relaxed)) {
		if (append_write_block(a, b, &a->failure) != ERR_OK) {
			a->unwritten = b;
			atomic_store_explicit(&a->failed, true, memory_order_release);
			stop_waiting(a);
			b = append_block_new(a->block_cap); /* in its place */
		}
	}
	if (queue_push(a->empty, b, &lost) != ERR_OK)
		append_block_free(b); /* nobody wants more */
}

static void
write_blocks(void *arg)
{
	struct append *a = (struct append *)arg;
	struct err end = ERR_INIT;
	void *b;

	thread_set_job(a->s->job.job_id);
	while (queue_pop(a->full, &b, &end) == ERR_OK)
		write_or_drop(a, (struct append_block *)b);
}

/* ---- the session's thread ---- */

static enum err_code
start_writer(struct append *a, struct err *err)
{
	size_t n = AHEAD_BYTES / a->block_cap;
	enum err_code code = ERR_OK;

	n = n < 1 ? 1 : size_min(n, AHEAD_MAX);
	a->full = queue_new(n + 1);
	a->empty = queue_new(n + 1);
	for (size_t i = 0; i < n && code == ERR_OK; i++)
		code = queue_push(a->empty, append_block_new(a->block_cap), err);
	if (code == ERR_OK)
		code = thread_start(&a->writer, "sd-writer", write_blocks, a, err);
	return code;
}

enum err_code
append_writer_state(const struct append *a, struct err *err)
{
	if (!atomic_load_explicit(&a->failed, memory_order_acquire))
		return ERR_OK;
	*err = a->failure;
	return err->code;
}

enum err_code
append_pass_block(struct append *a, struct err *err)
{
	enum err_code code = ERR_OK;
	void *b = NULL;

	if (a->block->fill.len <= BLOCK_HEAD_LEN)
		return ERR_OK;
	append_attrs_attach(a);
	a->block->files = a->files;
	a->block->bytes = a->bytes;
	if (a->drained)
		return append_write_block(a, a->block, err);
	if (!a->writer.running)
		code = start_writer(a, err);
	if (code == ERR_OK)
		code = queue_pop(a->empty, &b, err);
	if (code == ERR_OK)
		code = queue_push(a->full, a->block, err);
	if (code != ERR_OK)
		return code;
	a->block = (struct append_block *)b;
	return append_writer_state(a, err);
}

/* Go on as if the block had not been given away yet. */
static void
take_back(struct append *a)
{
	append_block_free(a->block);
	a->block = TAKE_PTR(a->unwritten);
	a->files = a->block->files;
	a->bytes = a->block->bytes;
	a->whole_files = 0;
	buf_clear(&a->attrs);
}

enum err_code
append_drain(struct append *a, struct err *err)
{
	enum err_code code;

	a->drained = true;
	if (!a->writer.running)
		return ERR_OK;
	queue_close(a->full);
	thread_join(&a->writer);
	code = append_writer_state(a, err);
	if (code != ERR_OK)
		take_back(a);
	return code;
}

static void
release(struct queue *q)
{
	struct append_block *b;

	if (q == NULL)
		return;
	while ((b = (struct append_block *)queue_try_pop(q)) != NULL)
		append_block_free(b);
	queue_free(q);
}

void
append_queue_release(struct append *a)
{
	release(TAKE_PTR(a->full));
	release(TAKE_PTR(a->empty));
	append_block_free(TAKE_PTR(a->unwritten));
	append_block_free(TAKE_PTR(a->block));
}
