/*
 * Reading, choosing and creating volumes.  What changes a volume while it is in use is in
 * cat_media_update.c.
 */
#include "lib/catalog/cat_media.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/catalog/cat_media_internal.h"
#include "lib/catalog/catalog_internal.h"

#define LOOPS_MAX 200 /* Spec: director.md 11.1 */
/* Recycling stores the start of the epoch in local time, which means "not written". */
#define EPOCH_START_MAX (2 * 86400)

/* Columns as all media_* statements select them. */
void
media_from_row(const PGresult *r, int row, struct cat_media *m)
{
	int c = 0;

	*m = (struct cat_media){ .media_id = cell_u32(r, row, c++) };
	cell_text(r, row, c++, m->name, sizeof(m->name));
	cell_text(r, row, c++, m->media_type, sizeof(m->media_type));
	cell_text(r, row, c++, m->status, sizeof(m->status));
	m->pool_id = cell_u32(r, row, c++);
	m->slot = (int32_t)cell_i64(r, row, c++);
	m->in_changer = cell_bool(r, row, c++);
	m->recycle = cell_bool(r, row, c++);
	m->enabled = (int)cell_i64(r, row, c++);
	m->storage_id = cell_u32(r, row, c++);
	m->label_type = cell_u32(r, row, c++);
	m->action_on_purge = cell_u32(r, row, c++);
	m->first_written = cell_time(r, row, c++);
	if (m->first_written < EPOCH_START_MAX)
		m->first_written = 0;
	m->last_written = cell_time(r, row, c++);
	m->label_date = cell_time(r, row, c++);
	m->initial_write = cell_time(r, row, c++);
	m->vol_jobs = cell_u32(r, row, c++);
	m->vol_files = cell_u32(r, row, c++);
	m->vol_blocks = cell_u32(r, row, c++);
	m->vol_mounts = cell_u32(r, row, c++);
	m->vol_errors = cell_u32(r, row, c++);
	m->vol_writes = cell_u32(r, row, c++);
	m->vol_bytes = cell_u64(r, row, c++);
	m->vol_capacity_bytes = cell_u64(r, row, c++);
	m->vol_retention = cell_i64(r, row, c++);
	m->vol_use_duration = cell_i64(r, row, c++);
	m->max_vol_jobs = cell_u32(r, row, c++);
	m->max_vol_files = cell_u32(r, row, c++);
	m->max_vol_bytes = cell_u64(r, row, c++);
	m->vol_read_time = cell_i64(r, row, c++);
	m->vol_write_time = cell_i64(r, row, c++);
	m->end_file = cell_u32(r, row, c++);
	m->end_block = cell_u32(r, row, c++);
	m->recycle_count = cell_u32(r, row, c++);
	m->min_block_size = cell_u32(r, row, c++);
	m->max_block_size = cell_u32(r, row, c++);
	m->scratch_pool_id = cell_u32(r, row, c++);
	m->recycle_pool_id = cell_u32(r, row, c++);
	cell_text(r, row, c++, m->encryption_key, sizeof(m->encryption_key));
}

enum err_code
media_run_one(struct pg *pg, enum sql_id id, const struct sql_args *a, struct cat_media *out,
	      bool *found, struct err *err)
{
	OWNED(pg_clearp) PGresult *r = NULL;

	if (pg_run(pg, id, a, &r, err) != ERR_OK)
		return err->code;
	*found = PQntuples(r) > 0;
	if (*found)
		media_from_row(r, 0, out);
	return ERR_OK;
}

static enum err_code
get(struct catalog *c, enum sql_id id, const struct sql_args *a, struct cat_media *out, bool *found,
    struct err *err)
{
	OWNED(pg_clearp) PGresult *r = NULL;

	if (catalog_run(c, id, a, &r, err) != ERR_OK)
		return err->code;
	*found = PQntuples(r) > 0;
	if (*found)
		media_from_row(r, 0, out);
	return ERR_OK;
}

enum err_code
cat_media_get(struct catalog *c, const char *name, struct cat_media *out, bool *found,
	      struct err *err)
{
	struct sql_args a = { .n = 0 };

	arg_text(&a, name);
	return get(c, SQL_MEDIA_GET, &a, out, found, err);
}

enum err_code
cat_media_get_by_id(struct catalog *c, uint32_t media_id, struct cat_media *out, bool *found,
		    struct err *err)
{
	struct sql_args a = { .n = 0 };

	arg_u64(&a, media_id);
	return get(c, SQL_MEDIA_GET_BY_ID, &a, out, found, err);
}

/* --- creating ------------------------------------------------------------------------------ */

void
cat_media_from_pool(const struct cat_pool *pool, const char *name, const char *media_type,
		    const char *status, struct cat_media *out)
{
	*out = (struct cat_media){
		.pool_id = pool->pool_id,
		.enabled = 1,
		.recycle = pool->recycle,
		.label_type = pool->label_type,
		.action_on_purge = pool->action_on_purge,
		.vol_retention = pool->vol_retention,
		.vol_use_duration = pool->vol_use_duration,
		.max_vol_jobs = pool->max_vol_jobs,
		.max_vol_files = pool->max_vol_files,
		.max_vol_bytes = pool->max_vol_bytes,
		.min_block_size = pool->min_block_size,
		.max_block_size = pool->max_block_size,
		.scratch_pool_id = pool->scratch_pool_id,
		.recycle_pool_id = pool->recycle_pool_id,
	};
	(void)snprintf(out->name, sizeof(out->name), "%s", name);
	(void)snprintf(out->media_type, sizeof(out->media_type), "%s", media_type);
	(void)snprintf(out->status, sizeof(out->status), "%s", status);
}

enum err_code
media_unique_slot(struct pg *pg, const struct cat_media *m, struct err *err)
{
	struct sql_args a = { .n = 0 };

	if (!m->in_changer || m->slot == 0)
		return ERR_OK;
	arg_i64(&a, m->slot);
	arg_u64(&a, m->storage_id);
	arg_u64(&a, m->media_id);
	return pg_run(pg, SQL_MEDIA_UNIQUE_SLOT, &a, NULL, err);
}

struct create_call {
	struct cat_media *m;
	bool *exists;
};

static enum err_code
check_room(struct pg *pg, uint32_t pool_id, struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	arg_u64(&a, pool_id);
	if (pg_run(pg, SQL_MEDIA_POOL_LOCK, &a, &r, err) != ERR_OK)
		return err->code;
	if (PQntuples(r) == 0)
		return err_set(err, ERR_CATALOG, "pool %u has no row in the catalog", pool_id);
	if (cell_u32(r, 0, 0) != 0 && cell_u32(r, 0, 1) >= cell_u32(r, 0, 0))
		return err_set(err, ERR_LIMIT, "pool %s has its Maximum Volumes, %u",
			       PQgetvalue(r, 0, 2), cell_u32(r, 0, 0));
	return ERR_OK;
}

static enum err_code
create(struct pg *pg, void *ctx, struct err *err)
{
	const struct create_call *call = ctx;
	struct cat_media *m = call->m;
	struct sql_args a = { .n = 0 };
	struct sql_args pool = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	if (check_room(pg, m->pool_id, err) != ERR_OK)
		return err->code;
	arg_text(&a, m->name);
	arg_text(&a, m->media_type);
	arg_text(&a, m->status);
	arg_u64(&a, m->pool_id);
	arg_i64(&a, m->slot);
	arg_bool(&a, m->in_changer);
	arg_bool(&a, m->recycle);
	arg_i64(&a, m->enabled);
	arg_u64(&a, m->storage_id);
	arg_u64(&a, m->label_type);
	arg_u64(&a, m->action_on_purge);
	arg_time(&a, m->label_date);
	arg_u64(&a, m->vol_bytes);
	arg_i64(&a, m->vol_retention);
	arg_i64(&a, m->vol_use_duration);
	arg_u64(&a, m->max_vol_jobs);
	arg_u64(&a, m->max_vol_files);
	arg_u64(&a, m->max_vol_bytes);
	arg_u64(&a, m->min_block_size);
	arg_u64(&a, m->max_block_size);
	arg_u64(&a, m->scratch_pool_id);
	arg_u64(&a, m->recycle_pool_id);
	arg_text(&a, m->encryption_key);
	if (pg_run(pg, SQL_MEDIA_CREATE, &a, &r, err) != ERR_OK)
		return err->code;
	*call->exists = PQntuples(r) == 0;
	if (*call->exists)
		return ERR_OK;
	m->media_id = cell_u32(r, 0, 0);
	arg_u64(&pool, m->pool_id);
	if (media_unique_slot(pg, m, err) != ERR_OK)
		return err->code;
	return pg_run(pg, SQL_MEDIA_NUMVOLS, &pool, NULL, err);
}

enum err_code
cat_media_create(struct catalog *c, struct cat_media *m, bool *exists, struct err *err)
{
	struct create_call call = { m, exists };

	if (catalog_tx(c, create, &call, err) != ERR_OK)
		return err_ctx(err, "volume %s", m->name);
	return ERR_OK;
}

enum err_code
cat_media_highest(struct catalog *c, const char *prefix, uint64_t *number, struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	arg_text(&a, prefix);
	if (catalog_run(c, SQL_MEDIA_HIGHEST, &a, &r, err) != ERR_OK)
		return err->code;
	*number = cell_u64(r, 0, 0);
	return ERR_OK;
}

/* --- choosing ------------------------------------------------------------------------------- */

struct next_call {
	const struct cat_media_want *want;
	struct cat_media *out;
	bool *found, *recycled;
	struct buf *notes;
	size_t notes_len; /* before: a run from the beginning says it anew */
};

static void
want_args(const struct cat_media_want *w, struct sql_args *a)
{
	arg_u64(a, w->pool_id);
	arg_text(a, w->media_type);
	arg_text(a, w->unwanted);
	arg_bool(a, w->in_changer);
	arg_u64(a, w->storage_id);
}

static enum err_code
find_next(struct pg *pg, void *ctx, struct err *err)
{
	const struct next_call *call = ctx;
	struct cat_media *m = call->out;
	struct sql_args a = { .n = 0 };
	bool changed = true;

	*call->recycled = false;
	call->notes->len = call->notes_len;
	want_args(call->want, &a);
	arg_u64(&a, call->want->index > 1 ? call->want->index - 1 : 0);
	for (int i = 0; changed; i++) {
		if (i == LOOPS_MAX)
			return err_set(err, ERR_CATALOG,
				       "We seem to be looping trying to find the next volume. "
				       "I give up.");
		if (media_run_one(pg, SQL_MEDIA_CANDIDATE, &a, m, call->found, err) != ERR_OK)
			return err->code;
		if (!*call->found)
			return ERR_OK;
		if (media_limits(pg, m, &changed, call->notes, err) != ERR_OK)
			return err->code;
	}
	if (strcmp(m->status, "Purged") != 0)
		return ERR_OK;
	return media_recycle(pg, m->media_id, m, call->recycled, err);
}

enum err_code
cat_media_find_next(struct catalog *c, const struct cat_media_want *want, struct cat_media *out,
		    bool *found, bool *recycled, struct buf *notes, struct err *err)
{
	struct next_call call = { want, out, found, recycled, notes, notes->len };

	return catalog_tx(c, find_next, &call, err);
}

enum err_code
cat_media_foresee(struct catalog *c, const struct cat_media_want *want, struct cat_media *out,
		  bool *found, struct err *err)
{
	OWNED(buf_release) struct buf why = BUF_INIT(1024);
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	*found = false;
	want_args(want, &a);
	if (catalog_run(c, SQL_MEDIA_CANDIDATES, &a, &r, err) != ERR_OK)
		return err->code;
	for (int row = 0; row < PQntuples(r) && !*found; row++) {
		media_from_row(r, row, out);
		buf_clear(&why);
		*found = cat_media_over_limit(out, clock_now(), &why) == NULL;
	}
	return ERR_OK;
}

/* The first reason that keeps a volume from being written, in the order of the attempts. */
static const char *
why_not(const PGresult *r, int row, const struct cat_media_want *w)
{
	const char *status = PQgetvalue(r, row, 2);

	if (strcmp(PQgetvalue(r, row, 1), w->media_type) != 0)
		return "its media type is another";
	if (cell_i64(r, row, 3) != 1)
		return "it is not enabled";
	if (w->in_changer && (!cell_bool(r, row, 5) || cell_u32(r, row, 6) != w->storage_id))
		return "it is not in the changer";
	if (strcmp(status, "Recycle") == 0 || strcmp(status, "Purged") == 0)
		return !cell_bool(r, row, 4)  ? "recycling is off for it"
		       : cell_bool(r, row, 7) ? "jobs are still on it, purge volume removes them"
					      : "the storage daemon did not want it";
	if (strcmp(status, "Append") == 0 || strcmp(status, "Unlabeled") == 0)
		return "the storage daemon did not want it";
	return "it is not in state Append, Unlabeled, Recycle or Purged";
}

enum err_code
cat_media_why_not(struct catalog *c, const struct cat_media_want *want, struct buf *lines,
		  struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	arg_u64(&a, want->pool_id);
	if (catalog_run(c, SQL_MEDIA_IN_POOL, &a, &r, err) != ERR_OK)
		return err->code;
	if (PQntuples(r) == 0)
		return buf_printf(lines, err, "the pool has no volumes\n");
	for (int i = 0; i < PQntuples(r); i++)
		if (buf_printf(lines, err, "volume %s (%s, %s): %s\n", PQgetvalue(r, i, 0),
			       PQgetvalue(r, i, 1), PQgetvalue(r, i, 2),
			       why_not(r, i, want)) != ERR_OK)
			return err->code;
	return ERR_OK;
}

struct scratch_call {
	uint32_t scratch_pool_id;
	const struct cat_pool *to;
	const char *media_type;
	struct cat_media *out;
	bool *found;
};

static enum err_code
from_scratch(struct pg *pg, void *ctx, struct err *err)
{
	const struct scratch_call *call = ctx;
	struct sql_args find = { .n = 0 };
	struct sql_args move = { .n = 0 };
	struct sql_args get_it = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;
	bool recycled;

	*call->found = false;
	if (check_room(pg, call->to->pool_id, err) != ERR_OK)
		return err->code;
	arg_u64(&find, call->scratch_pool_id);
	arg_text(&find, call->media_type);
	if (pg_run(pg, SQL_MEDIA_SCRATCH_CANDIDATE, &find, &r, err) != ERR_OK)
		return err->code;
	if (PQntuples(r) == 0)
		return ERR_OK;
	arg_u64(&move, call->to->pool_id);
	arg_u64(&move, cell_u32(r, 0, 0));
	arg_u64(&get_it, cell_u32(r, 0, 0));
	if (pg_run(pg, SQL_MEDIA_MOVE_FROM_SCRATCH, &move, NULL, err) != ERR_OK ||
	    media_run_one(pg, SQL_MEDIA_GET_BY_ID, &get_it, call->out, call->found, err) != ERR_OK)
		return err->code;
	if (strcmp(call->out->status, "Purged") == 0)
		return media_recycle(pg, call->out->media_id, call->out, &recycled, err);
	return ERR_OK;
}

enum err_code
cat_media_from_scratch(struct catalog *c, uint32_t scratch_pool_id, const struct cat_pool *to,
		       const char *media_type, struct cat_media *out, bool *found, struct err *err)
{
	struct scratch_call call = { scratch_pool_id, to, media_type, out, found };

	return catalog_tx(c, from_scratch, &call, err);
}
