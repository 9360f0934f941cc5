#include "lib/catalog/attr_batch.h"

#include <stdlib.h>

#include "lib/base/mem.h"
#include "lib/base/rd.h"
#include "lib/base/wr.h"
#include "lib/proto/attr_record.h"

#define TUPLE_FIELDS   8u
#define TUPLE_HEAD     44u /* bytes in front of lstat's length */
#define FILE_ID_AT     6u
#define PATH_ID_AT     34u
#define ROW_BYTES_MAX  (16u * 1024 * 1024) /* one name, lstat and digest */
#define SPOOL_HEAD_LEN 32u

struct batch *
batch_new(void)
{
	struct batch *b = NEW(struct batch);

	b->tuples.max = BATCH_BYTES + ROW_BYTES_MAX;
	b->names.max = BATCH_BYTES + ROW_BYTES_MAX;
	return b;
}

void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	buf_release(&b->tuples);
	buf_release(&b->names);
	free(b->paths);
	free(b);
}

void
batch_clear(struct batch *b)
{
	buf_clear(&b->tuples);
	buf_clear(&b->names);
	b->next = NULL;
	b->n_paths = 0;
	b->rows = 0;
	b->deleted = 0;
	b->first_id = 0;
	b->spool_at = 0;
	b->spool_len = 0;
}

/* Files come directory by directory, so only the last path is compared. */
static enum err_code
find_path(struct batch *b, struct bytes path, uint32_t *index, struct err *err)
{
	struct batch_path *last = b->n_paths > 0 ? &b->paths[b->n_paths - 1] : NULL;

	if (last != NULL && bytes_eq(path, bytes_of(b->names.p + last->at, last->n))) {
		*index = (uint32_t)(b->n_paths - 1);
		return ERR_OK;
	}
	b->paths = mem_grow(b->paths, b->n_paths, &b->cap_paths, sizeof(b->paths[0]));
	last = &b->paths[b->n_paths];
	*last = (struct batch_path){ .hash = path_hash_of(path),
				     .at = (uint32_t)b->names.len,
				     .n = (uint32_t)path.n };
	if (buf_append(&b->names, path.p, path.n, err) != ERR_OK)
		return err->code;
	*index = (uint32_t)b->n_paths++;
	return ERR_OK;
}

static void
put_text(struct wr *w, struct bytes text)
{
	wr_u32be(w, (uint32_t)text.n);
	wr_bytes(w, text.p, text.n);
}

enum err_code
batch_add(struct batch *b, const struct batch_row *row, struct err *err)
{
	size_t texts = row->lstat.n + row->md5.n + row->name.n;
	size_t len = TUPLE_HEAD + 12 + texts;
	uint32_t index = 0;
	struct wr w;

	if (row->path.n > ROW_BYTES_MAX || texts > ROW_BYTES_MAX)
		return err_set(err, ERR_LIMIT, "a row of %zu bytes is larger than %u",
			       row->path.n + texts, ROW_BYTES_MAX);
	if (buf_reserve(&b->tuples, len, err) != ERR_OK ||
	    find_path(b, row->path, &index, err) != ERR_OK)
		return err->code;
	w = wr_init(b->tuples.p + b->tuples.len, len);
	wr_u16be(&w, TUPLE_FIELDS);
	wr_u32be(&w, 8);
	wr_u64be(&w, 0);
	wr_u32be(&w, 4);
	wr_u32be(&w, (uint32_t)row->file_index);
	wr_u32be(&w, 4);
	wr_u32be(&w, (uint32_t)row->job_id);
	wr_u32be(&w, 4);
	wr_u32be(&w, index);
	wr_u32be(&w, 2);
	wr_u16be(&w, (uint16_t)row->delta_seq);
	put_text(&w, row->lstat);
	put_text(&w, row->md5);
	put_text(&w, row->name);
	b->tuples.len += w.len;
	b->rows++;
	if (row->file_index == 0) {
		b->deleted++;
	} else if (row->name.n > 0) {
		b->paths[index].files++;
		b->paths[index].bytes += lstat_size(row->lstat);
	}
	return ERR_OK;
}

static uint32_t
get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void
set_be(uint8_t *p, uint64_t v, size_t n)
{
	for (size_t i = n; i > 0; i--, v >>= 8)
		p[i - 1] = (uint8_t)v;
}

void
batch_fill(struct batch *b, uint64_t first_id, const uint32_t *path_ids)
{
	uint8_t *p = b->tuples.p;

	for (uint32_t i = 0; i < b->rows; i++) {
		set_be(p + FILE_ID_AT, first_id + i, 8);
		set_be(p + PATH_ID_AT, path_ids[get_u32(p + PATH_ID_AT)], 4);
		p += TUPLE_HEAD;
		for (int text = 0; text < 3; text++)
			p += 4 + get_u32(p);
	}
	b->first_id = first_id;
}

enum err_code
batch_emit(const struct batch *b, struct buf *out, struct err *err)
{
	uint8_t head[SPOOL_HEAD_LEN];
	struct wr w = wr_init(head, sizeof(head));

	wr_u32be(&w, b->rows);
	wr_u32be(&w, b->deleted);
	wr_u64be(&w, b->first_id);
	wr_u32be(&w, (uint32_t)b->n_paths);
	wr_u32be(&w, (uint32_t)b->names.len);
	wr_u64be(&w, b->tuples.len);
	if (buf_append(out, head, sizeof(head), err) != ERR_OK ||
	    buf_append(out, b->paths, b->n_paths * sizeof(b->paths[0]), err) != ERR_OK ||
	    buf_append(out, b->names.p, b->names.len, err) != ERR_OK)
		return err->code;
	return buf_append(out, b->tuples.p, b->tuples.len, err);
}

enum err_code
batch_parse(struct bytes in, struct batch *b, struct err *err)
{
	struct rd r = rd_init(in);
	uint32_t rows = rd_u32be(&r);
	uint32_t deleted = rd_u32be(&r);
	uint64_t first_id = rd_u64be(&r);
	size_t n_paths = rd_u32be(&r);
	size_t names_len = rd_u32be(&r);
	size_t tuples_len = (size_t)rd_u64be(&r);
	struct bytes paths = rd_bytes(&r, n_paths * sizeof(b->paths[0]));
	struct bytes names = rd_bytes(&r, names_len);
	struct bytes tuples = rd_bytes(&r, tuples_len);

	if (!rd_done(&r))
		return err_set(err, ERR_FORMAT, "a batch of %zu bytes in the spool file is damaged",
			       in.n);
	batch_clear(b);
	while (b->cap_paths < n_paths)
		b->paths = mem_grow(b->paths, b->cap_paths, &b->cap_paths, sizeof(b->paths[0]));
	if (n_paths > 0)
		memcpy(b->paths, paths.p, paths.n);
	if (buf_append(&b->names, names.p, names.n, err) != ERR_OK ||
	    buf_append(&b->tuples, tuples.p, tuples.n, err) != ERR_OK)
		return err->code;
	b->n_paths = n_paths;
	b->rows = rows;
	b->deleted = deleted;
	b->first_id = first_id;
	return ERR_OK;
}
