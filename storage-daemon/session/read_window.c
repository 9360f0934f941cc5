#include "storage-daemon/session/read_internal.h"

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"

#define WINDOW_BYTES (4u * MIB)

void
window_init(struct window *w, struct dev *dev, uint64_t limit)
{
	*w = (struct window){ .dev = dev, .cap = WINDOW_BYTES, .limit = limit };
	w->p = NEW_ARRAY(uint8_t, w->cap);
}

void
window_release(struct window *w)
{
	free(w->p);
	*w = (struct window){ .p = NULL };
}

/* Make p[0] stand for address at, keeping what is there already, and read on to fill it. */
static enum err_code
refill(struct window *w, uint64_t at, struct err *err)
{
	uint64_t left;
	size_t got = 0;
	int64_t start_us = clock_now_us();
	enum err_code code;

	if (at >= w->at && at < w->at + w->have) {
		size_t skip = (size_t)(at - w->at);

		memmove(w->p, w->p + skip, w->have - skip);
		w->have -= skip;
	} else {
		w->have = 0;
	}
	w->at = at;
	left = w->limit > at + w->have ? w->limit - at - w->have : 0;
	code = w->dev->ops->read(w->dev, w->p + w->have, (size_t)u64_min(left, w->cap - w->have),
				 at + w->have, &got, err);
	if (code != ERR_OK)
		return code;
	w->have += got;
	/* The next window is read while this one is sent. */
	if (w->dev->ops->read_ahead != NULL && at + w->have < w->limit)
		w->dev->ops->read_ahead(w->dev, w->cap, at + w->have);
	w->read_us += clock_now_us() - start_us;
	return ERR_OK;
}

enum err_code
window_get(struct window *w, uint64_t at, size_t n, struct bytes *out, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t skip;

	if (n > w->cap) {
		w->cap = n;
		w->p = (uint8_t *)mem_resize(w->p, n, 1);
	}
	if (at < w->at || at + n > w->at + w->have)
		code = refill(w, at, err);
	if (code != ERR_OK)
		return code;
	skip = (size_t)(at - w->at);
	*out = bytes_of(w->p + skip, size_min(n, w->have - skip));
	return ERR_OK;
}

enum err_code
window_block(struct window *w, uint64_t at, struct block_head *head, struct bytes *block,
	     struct err *err)
{
	struct bytes b;
	enum err_code code = window_get(w, at, BLOCK_HEAD_LEN, &b, err);

	if (code != ERR_OK)
		return code;
	if (b.n == 0)
		return err_set(err, ERR_EOF, "end of volume");
	code = block_head_parse(b, head, err);
	if (code != ERR_OK)
		return code;
	code = window_get(w, at, head->len, block, err);
	if (code == ERR_OK && block->n < head->len)
		code = err_set(err, ERR_FORMAT, "the block has %zu of its %u bytes", block->n,
			       head->len);
	return code;
}

static bool
is_whole_block(struct window *w, uint64_t at)
{
	struct err ignored = ERR_INIT;
	struct block_head head;
	struct bytes block;

	return window_block(w, at, &head, &block, &ignored) == ERR_OK &&
	       block_verify(block, &head, &ignored) == ERR_OK;
}

enum err_code
window_resync(struct window *w, uint64_t from, uint64_t *to, struct err *err)
{
	uint64_t at = from;

	for (;;) {
		struct bytes b;
		const uint8_t *hit;
		enum err_code code = window_get(w, at, WINDOW_BYTES / 2, &b, err);

		if (code != ERR_OK)
			return code;
		if (b.n < BLOCK_HEAD_LEN)
			return err_set(err, ERR_EOF, "end of volume");
		/* The magic stands 12 bytes into a block. */
		hit = (const uint8_t *)memmem(b.p + 12, b.n - 12, "BB0", 3);
		if (hit == NULL) {
			at += b.n - 12 > 2 ? b.n - 14 : 1;
			if (b.n < WINDOW_BYTES / 2)
				return err_set(err, ERR_EOF, "end of volume");
			continue;
		}
		at += (uint64_t)(hit - b.p) - 12;
		if (is_whole_block(w, at)) {
			*to = at;
			return ERR_OK;
		}
		at++;
	}
}
