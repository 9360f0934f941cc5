#include "lib/files/win32_stream.h"

#include "lib/base/num.h"
#include "lib/base/rd.h"

#define WIN32_FILE_DATA 1u

static void
head_is_whole(struct win32_stream *w)
{
	struct rd r = rd_init(bytes_of(w->head, WIN32_HEAD_LEN));
	uint32_t id = rd_u32le(&r), name;
	uint64_t size;

	(void)rd_u32le(&r);
	size = rd_u64le(&r);
	name = rd_u32le(&r);
	w->n_head = 0;
	w->skip = name;
	if (id == WIN32_FILE_DATA)
		w->pending = size;
	else if (__builtin_add_overflow(w->skip, size, &w->skip))
		w->skip = UINT64_MAX;
}

struct bytes
win32_stream_next(struct win32_stream *w, struct bytes *in)
{
	while (in->n > 0) {
		size_t n;

		if (w->skip > 0) {
			n = (size_t)u64_min(w->skip, in->n);
			w->skip -= n;
			*in = bytes_skip(*in, n);
		} else if (w->content > 0) {
			struct bytes out = bytes_of(in->p, (size_t)u64_min(w->content, in->n));

			w->content -= out.n;
			*in = bytes_skip(*in, out.n);
			return out;
		} else {
			n = size_min(WIN32_HEAD_LEN - w->n_head, in->n);
			memcpy(w->head + w->n_head, in->p, n);
			w->n_head += n;
			*in = bytes_skip(*in, n);
			if (w->n_head == WIN32_HEAD_LEN)
				head_is_whole(w);
		}
		if (w->skip == 0 && w->pending > 0) {
			w->content = w->pending;
			w->pending = 0;
		}
	}
	return bytes_of(NULL, 0);
}

bool
win32_stream_is_whole(const struct win32_stream *w)
{
	return w->n_head == 0 && w->skip == 0 && w->content == 0 && w->pending == 0;
}
