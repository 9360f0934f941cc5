#include "storage-daemon/session/recode.h"

#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/base/rd.h"
#include "lib/base/wr.h"
#include "lib/compress/codec.h"
#include "lib/proto/compression.h"
#include "lib/proto/stream.h"
#include "lib/volume/record.h"

#define PIECE_MAX   65536u /* bytes of a file in one record, the address included */
#define ADDRESS_LEN 8u

struct recode {
	struct codec_work *work; /* owned */
	struct buf plain, packed;
};

/* Spec: volume.md 4.5 "GZIP", 6 */
static const struct bare_row {
	uint32_t with_head, bare;
} bare_rows[] = {
	{ STREAM_COMPRESSED_DATA, STREAM_GZIP_DATA },
	{ STREAM_SPARSE_COMPRESSED_DATA, STREAM_SPARSE_GZIP_DATA },
	{ STREAM_WIN32_COMPRESSED_DATA, STREAM_WIN32_GZIP_DATA },
};

static const struct bare_row *
find_row(int32_t stream)
{
	for (size_t i = 0; i < sizeof(bare_rows) / sizeof(*bare_rows); i++)
		if (bare_rows[i].with_head == stream_id_of(stream))
			return &bare_rows[i];
	return NULL;
}

struct recode *
recode_new(void)
{
	struct recode *r = NEW(struct recode);

	r->work = codec_work_new();
	r->plain = (struct buf)BUF_INIT(RECORD_DATA_MAX);
	r->packed = (struct buf)BUF_INIT(RECORD_DATA_MAX);
	return r;
}

void
recode_free(struct recode *r)
{
	if (r == NULL)
		return;
	codec_work_free(r->work);
	buf_release(&r->plain);
	buf_release(&r->packed);
	free(r);
}

bool
recode_is_for(int32_t stream)
{
	return find_row(stream) != NULL;
}

/* A record's payload, taken apart. */
struct payload {
	bool sparse;
	uint64_t address;
	struct bytes body; /* header and compressed bytes */
};

static enum err_code
begin_packed(struct recode *r, const struct payload *p, uint64_t address, struct err *err)
{
	uint8_t be[ADDRESS_LEN];
	struct wr w = wr_init(be, sizeof(be));

	buf_clear(&r->packed);
	if (!p->sparse)
		return ERR_OK;
	wr_u64be(&w, address);
	return buf_append(&r->packed, be, sizeof(be), err);
}

static enum err_code
put_bare(struct recode *r, const struct payload *p, uint32_t bare, recode_put *put, void *arg,
	 struct err *err)
{
	struct bytes zlib = bytes_skip(p->body, CODEC_HEAD_LEN);

	if (begin_packed(r, p, p->address, err) != ERR_OK ||
	    buf_append(&r->packed, zlib.p, zlib.n, err) != ERR_OK)
		return err->code;
	return put(arg, (int32_t)bare, buf_bytes(&r->packed), err);
}

static enum err_code
put_lzo_pieces(struct recode *r, const struct payload *p, int32_t stream, recode_put *put,
	       void *arg, struct err *err)
{
	const struct codec *lzo = codec_find(MAGIC_LZO);
	size_t max = PIECE_MAX - (p->sparse ? ADDRESS_LEN : 0), n;
	struct bytes left = buf_bytes(&r->plain);
	uint64_t address = p->address;
	enum err_code code = ERR_OK;

	for (; left.n > 0 && code == ERR_OK; left = bytes_skip(left, n), address += n) {
		n = size_min(left.n, max);
		code = begin_packed(r, p, address, err);
		if (code == ERR_OK)
			code = codec_do(r->work, lzo, 0, bytes_of(left.p, n), &r->packed, err);
		if (code == ERR_OK)
			code = put(arg, stream, buf_bytes(&r->packed), err);
	}
	return code;
}

enum err_code
recode_record(struct recode *r, int32_t stream, struct bytes data, recode_put *put, void *arg,
	      struct err *err)
{
	const struct bare_row *row = find_row(stream);
	struct payload p = { .body = data };
	struct codec_head head;
	struct err damaged = ERR_INIT;

	if (row == NULL)
		return put(arg, stream, data, err);
	p.sparse = row->with_head == STREAM_SPARSE_COMPRESSED_DATA;
	if (p.sparse) {
		struct rd in = rd_init(data);

		p.address = rd_u64be(&in);
		p.body = bytes_skip(data, size_min(data.n, ADDRESS_LEN));
	}
	/* What the client packed badly is its own: a restore will find it as it was sent. */
	if (codec_head_parse(p.body, &head, &damaged) != ERR_OK)
		return put(arg, stream, data, err);
	if (head.magic == MAGIC_GZIP)
		return put_bare(r, &p, row->bare, put, arg, err);
	buf_clear(&r->plain);
	if (codec_undo(r->work, p.body, &r->plain, &damaged) != ERR_OK)
		return put(arg, stream, data, err);
	if (head.magic == MAGIC_LZO && r->plain.len + (p.sparse ? ADDRESS_LEN : 0) <= PIECE_MAX)
		return put(arg, stream, data, err);
	return put_lzo_pieces(r, &p, stream, put, arg, err);
}
