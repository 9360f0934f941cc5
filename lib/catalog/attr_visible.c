#include "lib/catalog/attr_load.h"

#include <stdlib.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"

#define FIRST_SLOTS 1024u
#define ROWS_MAX    20000u /* of one statement */

static struct visible *
slot_of(struct visible *v, size_t slots, uint32_t path_id)
{
	size_t i = ((size_t)path_id * 2654435761u) & (slots - 1);

	while (v[i].path_id != 0 && v[i].path_id != path_id)
		i = (i + 1) & (slots - 1);
	return &v[i];
}

static void
grow(struct loader *l)
{
	size_t slots = l->visible_slots == 0 ? FIRST_SLOTS : l->visible_slots * 2;
	struct visible *bigger = NEW_ARRAY(struct visible, slots);

	for (size_t i = 0; i < l->visible_slots; i++)
		if (l->visible[i].path_id != 0)
			*slot_of(bigger, slots, l->visible[i].path_id) = l->visible[i];
	free(l->visible);
	l->visible = bigger;
	l->visible_slots = slots;
}

void
visible_note(struct loader *l, const struct batch *b, const uint32_t *path_ids)
{
	for (size_t i = 0; i < b->n_paths; i++) {
		struct visible *v;

		if ((l->visible_used + 1) * 4 > l->visible_slots * 3)
			grow(l);
		v = slot_of(l->visible, l->visible_slots, path_ids[i]);
		l->visible_used += v->path_id == 0;
		v->path_id = path_ids[i];
		v->files += b->paths[i].files;
		v->bytes += b->paths[i].bytes;
	}
}

struct rows {
	struct buf paths, files, sizes;
	size_t n;
};

static void
rows_release(struct rows *r)
{
	buf_release(&r->paths);
	buf_release(&r->files);
	buf_release(&r->sizes);
}

static enum err_code
insert_rows(struct pg *pg, uint32_t job_id, struct rows *r, struct err *err)
{
	struct sql_args a = { .n = 0 };

	if (r->n == 0)
		return ERR_OK;
	buf_text(&r->paths, "}");
	buf_text(&r->files, "}");
	buf_text(&r->sizes, "}");
	arg_u64(&a, job_id);
	arg_text(&a, buf_str(&r->paths));
	arg_text(&a, buf_str(&r->files));
	arg_text(&a, buf_str(&r->sizes));
	if (pg_run(pg, SQL_VISIBILITY_INSERT, &a, NULL, err) != ERR_OK)
		return err->code;
	buf_clear(&r->paths);
	buf_clear(&r->files);
	buf_clear(&r->sizes);
	r->n = 0;
	return ERR_OK;
}

static enum err_code
store(struct pg *pg, void *ctx, struct err *err)
{
	struct loader *l = ctx;
	OWNED(rows_release)
	struct rows r = { .paths = BUF_INIT(SIZE_MAX),
			  .files = BUF_INIT(SIZE_MAX),
			  .sizes = BUF_INIT(SIZE_MAX) };
	struct sql_args a = { .n = 0 };

	arg_u64(&a, l->job_id);
	if (pg_run(pg, SQL_VISIBILITY_CLEAR, &a, NULL, err) != ERR_OK)
		return err->code;
	for (size_t i = 0; i < l->visible_slots; i++) {
		const struct visible *v = &l->visible[i];
		const char *comma = r.n == 0 ? "{" : ",";

		if (v->path_id == 0)
			continue;
		buf_text(&r.paths, "%s%u", comma, v->path_id);
		buf_text(&r.files, "%s%u", comma, v->files);
		buf_text(&r.sizes, "%s%llu", comma, (unsigned long long)v->bytes);
		if (++r.n == ROWS_MAX && insert_rows(pg, l->job_id, &r, err) != ERR_OK)
			return err->code;
	}
	if (insert_rows(pg, l->job_id, &r, err) != ERR_OK ||
	    pg_run(pg, SQL_VISIBILITY_ANCESTORS, &a, NULL, err) != ERR_OK)
		return err->code;
	return pg_run(pg, SQL_VISIBILITY_DONE, &a, NULL, err);
}

enum err_code
visible_store(struct loader *l, struct err *err)
{
	return catalog_tx(l->catalog, store, l, err);
}
