#include "storage-daemon/spool/attr_spool.h"

#include <stdint.h>

#include "lib/base/fd.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"

#define PIECE_BYTES (256u * KIB)

struct attr_spool {
	int fd;
	char *directory; /* owned; for messages */
	uint64_t size;
};

enum err_code
attr_spool_new(const char *directory, struct attr_spool **out, struct err *err)
{
	struct attr_spool *s;
	int fd = -1;

	if (fd_open_unnamed(directory, &fd, err) != ERR_OK)
		return err_ctx(err, "attribute spool");
	s = NEW(struct attr_spool);
	s->fd = fd;
	s->directory = str_dup(directory);
	*out = s;
	return ERR_OK;
}

void
attr_spool_free(struct attr_spool *s)
{
	if (s == NULL)
		return;
	closep(&s->fd); /* unnamed: nothing of it outlives this */
	free(s->directory);
	free(s);
}

enum err_code
attr_spool_add(struct attr_spool *s, struct bytes frames, struct err *err)
{
	/* Behind what is whole: of frames that did not fit a part may be there. */
	enum err_code code = fd_pwrite_full(s->fd, s->directory, frames.p, frames.n, s->size, err);

	if (code != ERR_OK)
		return err_ctx(err, "attribute spool");
	s->size += frames.n;
	return ERR_OK;
}

uint64_t
attr_spool_size(const struct attr_spool *s)
{
	return s->size;
}

enum err_code
attr_spool_replay(struct attr_spool *s,
		  enum err_code (*send)(void *arg, struct bytes piece, struct err *err), void *arg,
		  struct err *err)
{
	OWNED(freep) uint8_t *p = NEW_ARRAY(uint8_t, PIECE_BYTES);

	for (uint64_t at = 0; at < s->size;) {
		size_t n = (size_t)u64_min(PIECE_BYTES, s->size - at);
		enum err_code code = fd_pread_full(s->fd, s->directory, p, n, at, err);

		if (code != ERR_OK)
			return err_ctx(err, "attribute spool");
		code = send(arg, bytes_of(p, n), err);
		if (code != ERR_OK)
			return code;
		at += n;
	}
	return ERR_OK;
}
