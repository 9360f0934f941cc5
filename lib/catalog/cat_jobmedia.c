#include "lib/catalog/cat_jobmedia.h"

#include <stdlib.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/catalog/catalog_internal.h"

void
cat_bsr_rows_release(struct cat_bsr_rows *rows)
{
	free(rows->v);
	*rows = (struct cat_bsr_rows){ NULL, 0 };
}

static enum err_code
insert(struct pg *pg, void *ctx, struct err *err)
{
	const struct cat_jobmedia *jm = ctx;
	struct sql_args lock = { .n = 0 };
	struct sql_args row = { .n = 0 };
	struct sql_args end = { .n = 0 };

	arg_u64(&lock, jm->job_id);
	arg_u64(&row, jm->job_id);
	arg_u64(&row, jm->media_id);
	arg_i64(&row, (int32_t)jm->first_index);
	arg_i64(&row, (int32_t)jm->last_index);
	arg_i64(&row, (int32_t)jm->start_file);
	arg_i64(&row, (int32_t)jm->end_file);
	arg_u64(&row, jm->start_block);
	arg_u64(&row, jm->end_block);
	arg_u64(&end, jm->end_file);
	arg_u64(&end, jm->end_block);
	arg_u64(&end, jm->media_id);
	if (pg_run(pg, SQL_JOBMEDIA_LOCK, &lock, NULL, err) != ERR_OK ||
	    pg_run(pg, SQL_JOBMEDIA_INSERT, &row, NULL, err) != ERR_OK)
		return err->code;
	return pg_run(pg, SQL_JOBMEDIA_END_OF_VOLUME, &end, NULL, err);
}

enum err_code
cat_jobmedia_insert(struct catalog *c, const struct cat_jobmedia *jm, struct err *err)
{
	struct cat_jobmedia copy = *jm;

	if (jm->last_index == 0)
		return ERR_OK;
	return catalog_tx(c, insert, &copy, err);
}

enum err_code
cat_jobmedia_delete_null(struct catalog *c, uint32_t job_id, struct err *err)
{
	struct sql_args a = { .n = 0 };

	arg_u64(&a, job_id);
	return catalog_run(c, SQL_JOBMEDIA_DELETE_NULL, &a, NULL, err);
}

static void
bsr_from_row(const PGresult *r, int row, struct cat_bsr_row *out)
{
	int c = 0;

	*out = (struct cat_bsr_row){ .job_id = cell_u32(r, row, c++) };
	out->vol_session_id = cell_u32(r, row, c++);
	out->vol_session_time = cell_u32(r, row, c++);
	out->media_id = cell_u32(r, row, c++);
	cell_text(r, row, c++, out->volume, sizeof(out->volume));
	cell_text(r, row, c++, out->media_type, sizeof(out->media_type));
	cell_text(r, row, c++, out->storage, sizeof(out->storage));
	out->slot = cell_u32(r, row, c++);
	out->in_changer = cell_bool(r, row, c++);
	out->enabled = (int)cell_i64(r, row, c++);
	out->first_index = cell_u32(r, row, c++);
	out->last_index = cell_u32(r, row, c++);
	out->start_addr = (uint64_t)cell_u32(r, row, c) << 32 | cell_u32(r, row, c + 1);
	out->end_addr = (uint64_t)cell_u32(r, row, c + 2) << 32 | cell_u32(r, row, c + 3);
}

enum err_code
cat_jobmedia_list(struct catalog *c, const uint32_t *job_ids, size_t n, struct cat_bsr_rows *out,
		  struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(freep) char *ids = ids_text(job_ids, n);
	OWNED(pg_clearp) PGresult *r = NULL;

	arg_text(&a, ids);
	if (catalog_run(c, SQL_JOBMEDIA_LIST, &a, &r, err) != ERR_OK)
		return err->code;
	out->n = (size_t)PQntuples(r);
	out->v = NEW_ARRAY(struct cat_bsr_row, out->n + 1);
	for (size_t i = 0; i < out->n; i++)
		bsr_from_row(r, (int)i, &out->v[i]);
	return ERR_OK;
}

static int
by_first_index(const void *a, const void *b)
{
	const struct cat_bsr_row *x = a, *y = b;

	return (x->first_index > y->first_index) - (x->first_index < y->first_index);
}

uint32_t
cat_bsr_rows_reach(const struct cat_bsr_rows *rows)
{
	OWNED(freep) struct cat_bsr_row *v = NEW_ARRAY(struct cat_bsr_row, rows->n + 1);
	uint32_t reach = 0;

	for (size_t i = 0; i < rows->n; i++)
		v[i] = rows->v[i];
	qsort(v, rows->n, sizeof(v[0]), by_first_index);
	for (size_t i = 0; i < rows->n && v[i].first_index <= reach + 1; i++)
		if (v[i].last_index > reach)
			reach = v[i].last_index;
	return reach;
}
