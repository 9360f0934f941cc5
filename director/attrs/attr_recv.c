#include "director/attrs/attr_recv.h"

#include "lib/base/path.h"
#include "lib/base/rd.h"
#include "lib/proto/attr_record.h"
#include "lib/proto/dir_sd.h"
#include "lib/proto/stream.h"

#include <stdio.h>

void
attr_recv_init(struct attr_recv *r, const char *unique, struct cat_attr *attr)
{
	r->attr = attr;
	r->prefix_len = (size_t)snprintf(r->prefix, sizeof(r->prefix), UPDCAT, unique);
	atomic_init(&r->files, 0);
	atomic_init(&r->bytes, 0);
}

enum err_code
attr_head_parse(struct bytes in, struct attr_head *out, struct err *err)
{
	struct rd r = rd_init(in);
	struct attr_head h;
	uint32_t len;

	h.session_id = rd_u32be(&r);
	h.session_time = rd_u32be(&r);
	h.file_index = (int32_t)rd_u32be(&r);
	h.stream = (int32_t)rd_u32be(&r);
	len = rd_u32be(&r);
	if (!rd_ok(&r))
		return err_set(err, ERR_PROTO, "attribute message of %zu bytes has no whole head",
			       in.n);
	if (len != rd_left(&r))
		return err_set(err, ERR_PROTO,
			       "attribute message claims %u bytes of record and has %zu", len,
			       rd_left(&r));
	h.record = rd_bytes(&r, len);
	*out = h;
	return ERR_OK;
}

uint64_t
attr_record_size(struct bytes record)
{
	const uint8_t *name_end = record.n > 0 ? memchr(record.p, 0, record.n) : NULL;

	if (name_end == NULL)
		return 0;
	return lstat_size(bytes_skip(record, (size_t)(name_end + 1 - record.p)));
}

static bool
is_attributes(int32_t stream)
{
	uint32_t id = stream_id_of(stream);

	return id == STREAM_UNIX_ATTRIBUTES || id == STREAM_UNIX_ATTRIBUTES_EX;
}

enum err_code
attr_recv_frame(struct attr_recv *r, struct bytes frame, struct err *err)
{
	struct attr_head h;

	if (frame.n < r->prefix_len || memcmp(frame.p, r->prefix, r->prefix_len) != 0)
		return err_set(err, ERR_PROTO, "invalid catalog update: %s",
			       PATH_PRINT(bytes_of(frame.p, frame.n < 100 ? frame.n : 100)));
	if (attr_head_parse(bytes_skip(frame, r->prefix_len), &h, err) != ERR_OK)
		return err->code;
	if (is_attributes(h.stream)) {
		(void)atomic_fetch_add_explicit(&r->files, 1, memory_order_relaxed);
		(void)atomic_fetch_add_explicit(&r->bytes, attr_record_size(h.record),
						memory_order_relaxed);
	}
	return cat_attr_push(r->attr, h.file_index, h.stream, h.record, err);
}
