/*
 * storage-daemon/session/append_attrs.c - attributes towards the director
 *
 * The frames are made once, when the record passes, and wait in one buffer; nothing is looked at
 * again.  A file's frames may leave when the block with its last record is on the volume: that
 * is known when the next file has begun and a block is given away after, so they go with that
 * block.
 */
#include "storage-daemon/session/append_internal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "lib/base/num.h"
#include "lib/base/wr.h"
#include "lib/proto/dir_sd.h"
#include "lib/proto/job_code.h"
#include "lib/proto/stream.h"
#include "storage-daemon/session/sd.h"

void
append_attrs_init(struct append *a)
{
	int n = snprintf(a->attr_head, sizeof(a->attr_head), UPDCAT, a->s->job.job);

	a->attr_head_len = (size_t)n;
	a->attrs = (struct buf)BUF_INIT(APPEND_ATTRS_MAX);
}

static bool
is_for_catalog(const struct append *a, int32_t stream)
{
	const struct stream_row *row;

	if (a->s->job.no_attr)
		return false;
	row = stream_find(stream_id_of(stream));
	return row != NULL && (row->flags & STREAM_IN_CATALOG) != 0;
}

enum err_code
append_attrs_keep(struct append *a, int32_t file_index, int32_t stream, struct bytes data,
		  struct err *err)
{
	size_t n = a->attr_head_len + UPDCAT_HEAD_LEN + data.n;
	struct wr w;
	enum err_code code;

	if (!is_for_catalog(a, stream))
		return ERR_OK;
	if (n > FRAME_MAX - 4)
		return err_set(err, ERR_LIMIT,
			       "attributes of file %d have %zu bytes, more than a frame holds",
			       file_index, data.n);
	code = buf_reserve(&a->attrs, 4 + n, err);
	if (code != ERR_OK)
		return err_ctx(err, "attributes of file %d", file_index);
	w = wr_init(a->attrs.p + a->attrs.len, 4 + n);
	wr_u32be(&w, (uint32_t)n);
	wr_bytes(&w, a->attr_head, a->attr_head_len);
	wr_u32be(&w, a->s->job.session_id);
	wr_u32be(&w, a->s->job.session_time);
	wr_u32be(&w, (uint32_t)file_index);
	wr_u32be(&w, (uint32_t)stream);
	wr_u32be(&w, (uint32_t)data.n);
	wr_bytes(&w, data.p, data.n);
	a->attrs.len += 4 + n;
	return ERR_OK;
}

void
append_attrs_new_file(struct append *a)
{
	a->whole_files = a->attrs.len;
}

void
append_attrs_attach(struct append *a)
{
	struct buf all = a->attrs;
	size_t n = a->whole_files;

	if (n == 0)
		return;
	assert(a->block->attrs.len == 0);
	a->attrs = a->block->attrs;
	a->block->attrs = all;
	buf_put(&a->attrs, all.p + n, all.len - n);
	a->block->attrs.len = n;
	a->whole_files = 0;
}

static enum err_code
send_now(struct append *a, struct bytes frames, struct err *err)
{
	enum err_code code = conn_send_framed(a->s->dir, frames, err);

	if (code == ERR_OK)
		code = conn_flush(a->s->dir, err);
	if (code == ERR_OK)
		return ERR_OK;
	a->s->director_gone = true;
	return err_ctx(err, "sending attributes to the director");
}

static enum err_code
forward(struct append *a, struct buf *frames, struct err *err)
{
	enum err_code code;

	if (frames->len == 0)
		return ERR_OK;
	if (a->spool != NULL)
		code = attr_spool_add(a->spool, buf_bytes(frames), err);
	else
		code = send_now(a, buf_bytes(frames), err);
	if (code == ERR_OK)
		buf_clear(frames);
	return code;
}

enum err_code
append_attrs_forward(struct append *a, struct append_block *b, struct err *err)
{
	return forward(a, &b->attrs, err);
}

static enum err_code
send_piece(void *arg, struct bytes piece, struct err *err)
{
	struct append *a = (struct append *)arg;

	return conn_send_framed(a->s->dir, piece, err);
}

static enum err_code
send_spool(struct append *a, struct err *err)
{
	uint64_t n = attr_spool_size(a->spool);

	if (n == 0)
		return ERR_OK;
	ask_tell_status(a->s, STATUS_ATTR_DESPOOL);
	job_report(a->s->msg, MSG_INFO,
		   "Sending spooled attrs to the Director. Despooling %" PRIu64 " bytes ...\n", n);
	return attr_spool_replay(a->spool, send_piece, a, err);
}

enum err_code
append_attrs_finish(struct append *a, bool all, struct err *err)
{
	enum err_code code = all ? forward(a, &a->attrs, err) : ERR_OK;

	if (code == ERR_OK && a->spool != NULL)
		code = send_spool(a, err);
	return code;
}
