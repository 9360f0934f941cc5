/* file-daemon/pipe/batch.c - some files on their way through the pipe together */
#include "file-daemon/pipe/pipe_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/mem.h"
#include "lib/base/num.h"

/* Small files of one batch, and ACLs and attributes of all of them: far above what real file
 * systems give, and never reserved before it is used. */
#define BATCH_OUT_MAX (GIB / 2u)

struct batch *
batch_new(void)
{
	struct batch *b = NEW(struct batch);

	b->items = NEW_ARRAY(struct item, BATCH_ITEMS);
	b->names = (struct buf)BUF_INIT(BATCH_NAME_BYTES + PATH_BYTES_MAX + 1);
	b->out = (struct buf)BUF_INIT(BATCH_OUT_MAX);
	return b;
}

void
batch_clear(struct batch *b)
{
	for (size_t i = 0; i < b->n_dirs; i++)
		walk_dir_put(b->dirs[i]);
	b->n_dirs = b->n = 0;
	b->expected_bytes = 0;
	b->streams = b->urgent = b->may_be_sent = false;
	b->state = BATCH_FILLING;
	b->next = NULL;
	if (b->out.cap > 2u * BATCH_BYTES)
		buf_release(&b->out);
	b->out.max = BATCH_OUT_MAX;
	buf_clear(&b->out);
	buf_clear(&b->names);
}

size_t
batch_size(const struct batch *b)
{
	return sizeof(*b) + BATCH_ITEMS * sizeof(*b->items) + b->names.cap + b->out.cap;
}

void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	batch_clear(b);
	while (b->segments != NULL) {
		struct segment *s = b->segments;

		b->segments = s->next;
		segment_free(s);
	}
	buf_release(&b->out);
	buf_release(&b->names);
	free(b->items);
	free(b);
}

bool
entry_streams(const struct file_entry *e)
{
	if (e->link != 0 && !e->link_first)
		return false;
	return e->type == FT_RAW || e->type == FT_FIFO ||
	       (e->type == FT_REG && e->st.st_size > (off_t)STREAM_FROM);
}

bool
batch_has_room(const struct batch *b, const struct file_entry *e)
{
	if (b->n == 0)
		return true;
	return !b->streams && !entry_streams(e) && b->n < BATCH_ITEMS &&
	       b->n_dirs + 2 <= BATCH_DIRS && b->names.len < BATCH_NAME_BYTES &&
	       (e->type != FT_REG || b->expected_bytes + (uint64_t)e->st.st_size <= BATCH_BYTES);
}

/* Neighbours mostly share their directory. */
static void
keep_dir(struct batch *b, struct walk_dir *d)
{
	for (size_t i = b->n_dirs; i > 0 && i + 4 > b->n_dirs; i--)
		if (b->dirs[i - 1] == d)
			return;
	if (d != NULL)
		b->dirs[b->n_dirs++] = walk_dir_get(d);
}

void
batch_add(struct batch *b, const struct file_entry *e)
{
	struct item *it = &b->items[b->n++];

	*it = (struct item){ .type = e->type,
			     .path_at = b->names.len,
			     .path_n = e->path.n,
			     .name_at = b->names.len + e->name_at,
			     .st = e->st,
			     .options = e->options,
			     .dir = e->dir,
			     .self = e->self,
			     .link = e->link,
			     .link_first = e->link_first };
	buf_put(&b->names, e->path.p, e->path.n + 1);
	keep_dir(b, e->dir);
	keep_dir(b, e->self);
	b->streams = entry_streams(e);
	if (e->type == FT_REG && !b->streams)
		b->expected_bytes += (uint64_t)e->st.st_size;
}

struct bytes
item_path(const struct batch *b, const struct item *it)
{
	return bytes_of(b->names.p + it->path_at, it->path_n);
}

struct bytes
part_bytes(const struct batch *b, struct part part)
{
	return part.n > 0 ? bytes_of(b->out.p + part.at, part.n) : bytes_of("", 0);
}

size_t
item_frame_head(const struct item *it)
{
	return (it->options->flags & OPT_SPARSE) != 0 ? STREAM_SPARSE_HEAD : 0;
}

struct part
batch_bytes(struct batch *b, struct bytes data)
{
	struct part part = { b->out.len, data.n };

	buf_put(&b->out, data.p, data.n);
	return part;
}

struct part
batch_text(struct batch *b, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return batch_bytes(b, bytes_of(text, size_min((size_t)(n > 0 ? n : 0), sizeof(text) - 1)));
}
