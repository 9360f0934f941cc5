#include "lib/base/spill.h"

#include <assert.h>
#include <unistd.h>

#include "lib/base/fd.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"

struct spill {
	char *directory;   /* owned */
	int fd;            /* -1: all is in memory */
	uint64_t in_file;  /* bytes; newest begins here */
	struct buf newest; /* zero to newest.max bytes */
};

struct spill *
spill_new(const char *directory, size_t memory_max)
{
	struct spill *s = NEW(struct spill);

	s->directory = str_dup(directory);
	s->fd = -1;
	s->newest.max = memory_max;
	return s;
}

void
spill_free(struct spill *s)
{
	if (s == NULL)
		return;
	closep(&s->fd);
	buf_release(&s->newest);
	free(s->directory);
	free(s);
}

uint64_t
spill_size(const struct spill *s)
{
	return s->in_file + s->newest.len;
}

/* The oldest n bytes of the newest. */
static enum err_code
write_out(struct spill *s, size_t n, struct err *err)
{
	if (s->fd < 0 && fd_open_unnamed(s->directory, &s->fd, err) != ERR_OK)
		return err->code;
	if (fd_pwrite_full(s->fd, s->directory, s->newest.p, n, s->in_file, err) != ERR_OK)
		return err->code;
	s->in_file += n;
	buf_consume(&s->newest, n);
	return ERR_OK;
}

enum err_code
spill_append(struct spill *s, const void *p, size_t n, struct err *err)
{
	size_t half = s->newest.max / 2;

	assert(n <= half);
	if (s->newest.len + n > s->newest.max && write_out(s, s->newest.len - half, err) != ERR_OK)
		return err->code;
	buf_put(&s->newest, p, n);
	return ERR_OK;
}

enum err_code
spill_extend(struct spill *s, uint64_t n, struct err *err)
{
	if (s->newest.len + n <= s->newest.max) {
		if (buf_reserve(&s->newest, (size_t)n, err) != ERR_OK)
			return err->code;
		memset(s->newest.p + s->newest.len, 0, (size_t)n);
		s->newest.len += (size_t)n;
		return ERR_OK;
	}
	if (write_out(s, s->newest.len, err) != ERR_OK)
		return err->code;
	if (ftruncate(s->fd, (off_t)(s->in_file + n)) != 0)
		return err_errno(err, ERR_SYS, "make a file of %llu bytes in %s",
				 (unsigned long long)(s->in_file + n), s->directory);
	s->in_file += n;
	return ERR_OK;
}

/* How many of n bytes at at are in the file. */
static size_t
filed(const struct spill *s, uint64_t at, size_t n)
{
	assert(at + n <= spill_size(s));
	return at < s->in_file ? (size_t)u64_min(n, s->in_file - at) : 0;
}

enum err_code
spill_read(const struct spill *s, uint64_t at, void *p, size_t n, struct err *err)
{
	size_t k = filed(s, at, n);

	if (k > 0 && fd_pread_full(s->fd, s->directory, p, k, at, err) != ERR_OK)
		return err->code;
	if (k < n)
		memcpy((uint8_t *)p + k, s->newest.p + (at + k - s->in_file), n - k);
	return ERR_OK;
}

enum err_code
spill_write(struct spill *s, uint64_t at, const void *p, size_t n, struct err *err)
{
	size_t k = filed(s, at, n);

	if (k > 0 && fd_pwrite_full(s->fd, s->directory, p, k, at, err) != ERR_OK)
		return err->code;
	if (k < n)
		memcpy(s->newest.p + (at + k - s->in_file), (const uint8_t *)p + k, n - k);
	return ERR_OK;
}
