/*
 * The directory cache grows while the job runs: after each commit the figures of the directories
 * it touched are sent on the other connection, where the server works on them beside the next
 * COPY.  Nobody reads them before HasCache is set.
 */
#include "lib/catalog/attr_load.h"

#include <stdlib.h>
#include <string.h>

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
		if (v->waits)
			continue;
		v->waits = true;
		l->waiting = mem_grow(l->waiting, l->n_waiting, &l->cap_waiting,
				      sizeof(l->waiting[0]));
		l->waiting[l->n_waiting++] = v->path_id;
	}
}

enum err_code
visible_send(struct loader *l, struct err *err)
{
	OWNED(buf_release) struct buf paths = BUF_INIT(SIZE_MAX);
	OWNED(buf_release) struct buf files = BUF_INIT(SIZE_MAX);
	OWNED(buf_release) struct buf sizes = BUF_INIT(SIZE_MAX);
	struct sql_args a = { .n = 0 };
	size_t n;

	if (visible_await(l, err) != ERR_OK)
		return err->code;
	n = l->n_waiting < ROWS_MAX ? l->n_waiting : ROWS_MAX;
	if (n == 0)
		return ERR_OK;
	for (size_t i = 0; i < n; i++) {
		struct visible *v = slot_of(l->visible, l->visible_slots, l->waiting[i]);
		char c = i == 0 ? '{' : ',';

		v->waits = false;
		buf_text(&paths, "%c%u", c, v->path_id);
		buf_text(&files, "%c%u", c, v->files);
		buf_text(&sizes, "%c%llu", c, (unsigned long long)v->bytes);
	}
	buf_text(&paths, "}");
	buf_text(&files, "}");
	buf_text(&sizes, "}");
	arg_text(&a, buf_str(&paths));
	arg_text(&a, buf_str(&files));
	arg_text(&a, buf_str(&sizes));
	arg_u64(&a, l->job_id);
	l->n_flying = n;
	return pg_send(l->paths, SQL_VISIBILITY_STORE, &a, err);
}

enum err_code
visible_await(struct loader *l, struct err *err)
{
	if (l->n_flying == 0)
		return ERR_OK;
	if (pg_finish(l->paths, SQL_VISIBILITY_STORE, NULL, err) != ERR_OK)
		return err->code;
	l->n_waiting -= l->n_flying;
	memmove(l->waiting, l->waiting + l->n_flying, l->n_waiting * sizeof(l->waiting[0]));
	l->n_flying = 0;
	return ERR_OK;
}

/* One that was noted meanwhile is in the list twice then; the statement takes the larger. */
void
visible_again(struct loader *l)
{
	for (size_t i = 0; i < l->n_flying; i++)
		slot_of(l->visible, l->visible_slots, l->waiting[i])->waits = true;
	l->n_flying = 0;
}

/* Ids from the cache may be of rows that somebody has removed from Path since. */
static enum err_code
check_paths(struct loader *l, struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	arg_u64(&a, l->job_id);
	if (pg_run(l->paths, SQL_VISIBILITY_LOST, &a, &r, err) != ERR_OK)
		return err->code;
	if (cell_u64(r, 0, 0) == 0)
		return ERR_OK;
	path_cache_clear(l->catalog->paths);
	return err_set(err, ERR_CATALOG,
		       "%llu directories of job %u have no row in table Path: they were removed "
		       "while the director ran; the next job makes them anew",
		       (unsigned long long)cell_u64(r, 0, 0), l->job_id);
}

enum err_code
visible_finish(struct loader *l, struct err *err)
{
	struct sql_args a = { .n = 0 };

	while (l->n_waiting > 0)
		if (visible_send(l, err) != ERR_OK || visible_await(l, err) != ERR_OK)
			return err->code;
	if (check_paths(l, err) != ERR_OK)
		return err->code;
	arg_u64(&a, l->job_id);
	return pg_run(l->paths, SQL_VISIBILITY_DONE, &a, NULL, err);
}

void
visible_release(struct loader *l)
{
	free(l->visible);
	free(l->waiting);
}
