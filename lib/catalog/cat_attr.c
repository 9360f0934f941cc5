/*
 * The pushing half: records become rows of a batch; full batches go to the loader.
 * An attribute record is held back as a copy, because its digest may follow.
 */
#include "lib/catalog/cat_attr.h"

#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/catalog/attr_load.h"
#include "lib/proto/attr_record.h"
#include "lib/proto/stream.h"

#define RECORD_MAX   (8u * 1024 * 1024)
#define DIGEST_MAX   64u
#define HAND_OVER_MS 2000
#define CLOCK_EVERY  256u /* rows between two looks at the clock */

struct cat_attr {
	struct loader loader;
	bool no_files;
	struct batch *batch; /* owned; being filled */
	int64_t batch_since_ms;
	struct buf held;    /* attribute record without its digest */
	int32_t held_index; /* of its header */
	bool is_held;
	struct cat_attr_count count; /* refused, and with no_files all */
};

enum err_code
cat_attr_open(struct catalog *c, const struct cat_attr_options *o, struct cat_attr **out,
	      struct err *err)
{
	struct cat_attr *a = NEW(struct cat_attr);

	a->no_files = o->no_files;
	a->held.max = RECORD_MAX;
	a->loader.catalog = c;
	a->loader.job_id = o->job_id;
	a->loader.previous_job_id = o->previous_job_id;
	a->loader.cancel = o->cancel;
	a->batch = batch_new();
	if (loader_start(&a->loader, err) != ERR_OK) {
		cat_attr_free(a);
		return err->code;
	}
	*out = a;
	return ERR_OK;
}

void
cat_attr_free(struct cat_attr *a)
{
	if (a == NULL)
		return;
	loader_stop(&a->loader);
	batch_free(a->batch);
	buf_release(&a->held);
	free(a);
}

void
cat_attr_freep(struct cat_attr **a)
{
	cat_attr_free(*a);
}

static enum err_code
hand_over(struct cat_attr *a, struct err *err)
{
	if (a->batch->rows == 0)
		return ERR_OK;
	if (loader_push(&a->loader, &a->batch, err) != ERR_OK)
		return err->code;
	a->batch = loader_spare(&a->loader);
	return ERR_OK;
}

static enum err_code
add_row(struct cat_attr *a, const struct batch_row *row, struct err *err)
{
	if (a->no_files) {
		a->count.rows++;
		a->count.deleted += row->file_index == 0;
		a->count.files += row->file_index != 0;
		return ERR_OK;
	}
	if (a->batch->rows == 0)
		a->batch_since_ms = clock_mono_ms();
	if (batch_add(a->batch, row, err) != ERR_OK)
		return err->code;
	if (batch_is_full(a->batch) || (a->batch->rows % CLOCK_EVERY == 0 &&
					clock_mono_ms() - a->batch_since_ms > HAND_OVER_MS))
		return hand_over(a, err);
	return ERR_OK;
}

/* Store the held record with this digest.  Spec: catalog.md 9.1 */
static enum err_code
store_held(struct cat_attr *a, struct bytes digest, struct err *err)
{
	struct attr_record rec;
	struct batch_row row;
	char md5[BASE64_BYTES_MAX(DIGEST_MAX)] = "0";
	size_t md5_len = 1;

	if (!a->is_held)
		return ERR_OK;
	a->is_held = false;
	if (attr_record_parse(buf_bytes(&a->held), &rec, err) != ERR_OK) {
		a->count.refused++;
		return err_ctx(err, "attributes of file %d", a->held_index);
	}
	if (rec.name.n == 0) {
		a->count.refused++;
		return err_set(err, ERR_FORMAT, "Path length is zero. File=%s",
			       PATH_PRINT(rec.name));
	}
	path_split(rec.name, &row.path, &row.name);
	if (row.path.n == 0) { /* no '/' at all: the whole is the path */
		row.path = rec.name;
		row.name = (struct bytes){ NULL, 0 };
	}
	if (digest.n > 0 && digest.n <= DIGEST_MAX)
		md5_len = base64_bytes_emit(digest, true, md5);
	row.md5 = bytes_of(md5, md5_len);
	row.lstat = rec.lstat;
	row.job_id = (int32_t)a->loader.job_id;
	row.file_index = rec.type == FT_DELETED ? 0 : a->held_index;
	row.delta_seq = rec.type == FT_REG ? (int16_t)rec.delta_seq : 0;
	return add_row(a, &row, err);
}

static enum err_code
hold(struct cat_attr *a, int32_t file_index, struct bytes record, struct err *err)
{
	struct bytes none = { NULL, 0 };
	/* The new record is kept even when the one before it is refused. */
	enum err_code code = store_held(a, none, err);

	if (code != ERR_OK && code != ERR_FORMAT)
		return code;
	buf_clear(&a->held);
	if (buf_append(&a->held, record.p, record.n, err) != ERR_OK)
		return err->code;
	a->held_index = file_index;
	a->is_held = true;
	return code;
}

static enum err_code
join_digest(struct cat_attr *a, int32_t file_index, struct bytes digest, struct err *err)
{
	if (!a->is_held || a->held_index != file_index) {
		a->count.refused++;
		return err_set(err, ERR_FORMAT, "Digest not same File=%d as attributes=%d",
			       file_index, a->is_held ? a->held_index : 0);
	}
	return store_held(a, digest, err);
}

enum err_code
cat_attr_push(struct cat_attr *a, int32_t file_index, int32_t stream, struct bytes record,
	      struct err *err)
{
	const struct stream_row *row = stream_find(stream_id_of(stream));

	if (row != NULL && row->kind == STREAM_KIND_ATTRIBUTES)
		return hold(a, file_index, record, err);
	if (row != NULL && row->kind == STREAM_KIND_DIGEST)
		return join_digest(a, file_index, record, err);
	a->count.refused++;
	return err_set(err, ERR_FORMAT,
		       "a record of stream %d (file %d) has no place in the catalog", stream,
		       file_index);
}

enum err_code
cat_attr_flush(struct cat_attr *a, struct err *err)
{
	struct wait w = { .cancel = a->loader.cancel, .what = "the catalog to store attributes" };

	if (hand_over(a, err) != ERR_OK)
		return err->code;
	return loader_drain(&a->loader, &w, DRAIN_FLUSH, err);
}

static enum err_code
read_count(struct cat_attr *a, struct cat_attr_count *out, struct err *err)
{
	struct sql_args args = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	arg_u64(&args, a->loader.job_id);
	if (catalog_run(a->loader.catalog, SQL_INGEST_STATE, &args, &r, err) != ERR_OK)
		return err->code;
	*out = a->count;
	if (PQntuples(r) == 1 && !a->no_files) {
		out->files = cell_u64(r, 0, 1);
		out->deleted = cell_u64(r, 0, 2);
		out->rows = out->files + out->deleted;
	}
	out->spooled = atomic_load(&a->loader.rows_spooled);
	return ERR_OK;
}

enum err_code
cat_attr_finish(struct cat_attr *a, const struct wait *w, struct cat_attr_count *out,
		struct err *err)
{
	struct bytes none = { NULL, 0 };
	struct err last = ERR_INIT;

	/* A last record that is not usable is counted as refused; the others are stored. */
	if (store_held(a, none, &last) != ERR_OK) {
		if (last.code != ERR_FORMAT) {
			*err = last;
			return err->code;
		}
		log_warn("job %u: %s", a->loader.job_id, last.text);
	}
	if (hand_over(a, err) != ERR_OK)
		return err->code;
	if (!a->no_files && loader_drain(&a->loader, w, DRAIN_FINISH, err) != ERR_OK)
		return err->code;
	return read_count(a, out, err);
}

void
cat_attr_progress(struct cat_attr *a, struct cat_attr_count *out)
{
	*out = (struct cat_attr_count){ 0 };
	out->rows = atomic_load_explicit(&a->loader.rows_done, memory_order_relaxed);
	out->deleted = atomic_load_explicit(&a->loader.deleted_done, memory_order_relaxed);
	out->files = out->rows - out->deleted;
	out->spooled = atomic_load_explicit(&a->loader.rows_spooled, memory_order_relaxed);
}
