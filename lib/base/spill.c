#include "lib/base/spill.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fd.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"

#define PAGE_BYTES 4096u

/* Holds one of the pages whose number leaves its own as the remainder. */
struct frame {
	uint8_t *p; /* owned, PAGE_BYTES; NULL: holds none */
	uint64_t page;
	bool changed; /* the file does not have it so */
};

struct spill {
	char *directory; /* owned */
	int fd;          /* -1: all is in memory */
	uint64_t size;
	uint64_t filed; /* pages that the file may have; those behind are zero unless in memory */
	struct frame *frames; /* owned */
	size_t n_frames;
};

struct spill *
spill_new(const char *directory, size_t memory_max, uint64_t size)
{
	struct spill *s = NEW(struct spill);

	s->directory = str_dup(directory);
	s->fd = -1;
	s->size = size;
	s->n_frames = memory_max / PAGE_BYTES;
	s->frames = NEW_ARRAY(struct frame, s->n_frames);
	return s;
}

void
spill_free(struct spill *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n_frames; i++)
		free(s->frames[i].p);
	free(s->frames);
	closep(&s->fd);
	free(s->directory);
	free(s);
}

uint64_t
spill_size(const struct spill *s)
{
	return s->size;
}

static enum err_code
write_out(struct spill *s, struct frame *f, struct err *err)
{
	if (!f->changed)
		return ERR_OK;
	if (s->fd < 0 && fd_open_unnamed(s->directory, &s->fd, err) != ERR_OK)
		return err->code;
	if (fd_pwrite_full(s->fd, s->directory, f->p, PAGE_BYTES, f->page * PAGE_BYTES, err) !=
	    ERR_OK)
		return err->code;
	f->changed = false;
	if (s->filed <= f->page)
		s->filed = f->page + 1;
	return ERR_OK;
}

/* The frame, with this page in it. */
static enum err_code
frame_of(struct spill *s, uint64_t page, struct frame **out, struct err *err)
{
	struct frame *f = &s->frames[page % s->n_frames];

	*out = f;
	if (f->p == NULL)
		f->p = NEW_ARRAY(uint8_t, PAGE_BYTES);
	else if (f->page == page)
		return ERR_OK;
	else if (write_out(s, f, err) != ERR_OK)
		return err->code;
	f->page = page;
	if (page >= s->filed) {
		memset(f->p, 0, PAGE_BYTES);
		return ERR_OK;
	}
	if (fd_pread_full(s->fd, s->directory, f->p, PAGE_BYTES, page * PAGE_BYTES, err) == ERR_OK)
		return ERR_OK;
	free(f->p);
	*f = (struct frame){ 0 };
	return err->code;
}

/* What a frame cannot be had for, since what is in it cannot be written out. */
static enum err_code
read_past(const struct spill *s, uint64_t at, uint8_t *p, size_t n, struct err *err)
{
	if (at / PAGE_BYTES < s->filed)
		return fd_pread_full(s->fd, s->directory, p, n, at, err);
	memset(p, 0, n);
	return ERR_OK;
}

enum err_code
spill_read(struct spill *s, uint64_t at, void *p, size_t n, struct err *err)
{
	struct err full = ERR_INIT;

	assert(at + n <= s->size);
	for (size_t done = 0, k; done < n; done += k) {
		size_t in = (at + done) % PAGE_BYTES;
		struct frame *f;

		k = size_min(n - done, PAGE_BYTES - in);
		if (frame_of(s, (at + done) / PAGE_BYTES, &f, &full) == ERR_OK)
			memcpy((uint8_t *)p + done, f->p + in, k);
		else if (read_past(s, at + done, (uint8_t *)p + done, k, err) != ERR_OK)
			return err->code;
	}
	return ERR_OK;
}

enum err_code
spill_write(struct spill *s, uint64_t at, const void *p, size_t n, struct err *err)
{
	assert(at + n <= s->size);
	for (size_t done = 0, k; done < n; done += k) {
		size_t in = (at + done) % PAGE_BYTES;
		struct frame *f;

		k = size_min(n - done, PAGE_BYTES - in);
		if (frame_of(s, (at + done) / PAGE_BYTES, &f, err) != ERR_OK)
			return err->code;
		memcpy(f->p + in, (const uint8_t *)p + done, k);
		f->changed = true;
	}
	return ERR_OK;
}

enum err_code
spill_append(struct spill *s, const void *p, size_t n, struct err *err)
{
	s->size += n;
	if (spill_write(s, s->size - n, p, n, err) == ERR_OK)
		return ERR_OK;
	s->size -= n;
	return err->code;
}
