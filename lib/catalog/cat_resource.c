/*
 * Rows that follow the configuration: Client, FileSet, Pool, Storage, MediaType, Counters.
 */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/own.h"
#include "lib/catalog/cat_client.h"
#include "lib/catalog/cat_fileset.h"
#include "lib/catalog/cat_pool.h"
#include "lib/catalog/cat_storage.h"
#include "lib/catalog/catalog_internal.h"

/* --- Client ----------------------------------------------------------------------------- */

enum err_code
cat_client_ensure(struct catalog *c, struct cat_client *client, struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	arg_text(&a, client->name);
	arg_text(&a, client->uname);
	arg_bool(&a, client->auto_prune);
	arg_i64(&a, client->file_retention);
	arg_i64(&a, client->job_retention);
	if (catalog_run_locked(c, SQL_CLIENT_LOCK, SQL_CLIENT_ENSURE, &a, &r, err) != ERR_OK)
		return err->code;
	if (PQntuples(r) == 0)
		return err_set(err, ERR_CATALOG, "client %s was neither found nor inserted",
			       client->name);
	client->client_id = cell_u32(r, 0, 0);
	return ERR_OK;
}

enum err_code
cat_client_update(struct catalog *c, struct cat_client *client, struct err *err)
{
	struct sql_args a = { .n = 0 };

	if (cat_client_ensure(c, client, err) != ERR_OK)
		return err->code;
	arg_text(&a, client->uname);
	arg_bool(&a, client->auto_prune);
	arg_i64(&a, client->file_retention);
	arg_i64(&a, client->job_retention);
	arg_u64(&a, client->client_id);
	return catalog_run(c, SQL_CLIENT_UPDATE, &a, NULL, err);
}

enum err_code
cat_client_find(struct catalog *c, const char *name, uint32_t *client_id, struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	arg_text(&a, name);
	if (catalog_run(c, SQL_CLIENT_FIND, &a, &r, err) != ERR_OK)
		return err->code;
	*client_id = PQntuples(r) > 0 ? cell_u32(r, 0, 0) : 0;
	return ERR_OK;
}

enum err_code
cat_client_name(struct catalog *c, uint32_t client_id, char name[CAT_NAME_MAX], struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	arg_u64(&a, client_id);
	if (catalog_run(c, SQL_CLIENT_NAME, &a, &r, err) != ERR_OK)
		return err->code;
	name[0] = '\0';
	if (PQntuples(r) > 0)
		cell_text(r, 0, 0, name, CAT_NAME_MAX);
	return ERR_OK;
}

/* --- FileSet ---------------------------------------------------------------------------- */

struct fileset_call {
	struct cat_fileset *f;
	bool latest;
};

static enum err_code
find_fileset(struct pg *pg, const struct fileset_call *call, bool *found, struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	arg_text(&a, call->f->name);
	if (!call->latest)
		arg_text(&a, call->f->md5);
	if (pg_run(pg, call->latest ? SQL_FILESET_LATEST : SQL_FILESET_FIND, &a, &r, err) != ERR_OK)
		return err->code;
	*found = PQntuples(r) > 0;
	if (*found) {
		call->f->file_set_id = cell_u32(r, 0, 0);
		call->f->create_time = cell_time(r, 0, 1);
	}
	return ERR_OK;
}

static enum err_code
ensure_fileset(struct pg *pg, void *ctx, struct err *err)
{
	struct fileset_call *call = ctx;
	struct cat_fileset *f = call->f;
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;
	const char *text = f->text != NULL ? f->text : "";
	bool found = false;

	if (pg_run(pg, SQL_FILESET_LOCK, NULL, NULL, err) != ERR_OK ||
	    find_fileset(pg, call, &found, err) != ERR_OK)
		return err->code;
	f->created = !found;
	if (found) {
		arg_text(&a, text);
		arg_u64(&a, f->file_set_id);
		return call->latest ? ERR_OK : pg_run(pg, SQL_FILESET_REFRESH, &a, NULL, err);
	}
	f->create_time = clock_now();
	arg_text(&a, f->name);
	arg_text(&a, f->md5);
	arg_text(&a, text);
	arg_time(&a, f->create_time);
	if (pg_run(pg, SQL_FILESET_INSERT, &a, &r, err) != ERR_OK)
		return err->code;
	f->file_set_id = cell_u32(r, 0, 0);
	return ERR_OK;
}

enum err_code
cat_fileset_ensure(struct catalog *c, struct cat_fileset *f, struct err *err)
{
	struct fileset_call call = { f, false };

	return catalog_tx(c, ensure_fileset, &call, err);
}

enum err_code
cat_fileset_ensure_latest(struct catalog *c, struct cat_fileset *f, struct err *err)
{
	struct fileset_call call = { f, true };

	return catalog_tx(c, ensure_fileset, &call, err);
}

/* --- Pool ------------------------------------------------------------------------------- */

static enum err_code
get_pool(struct pg *pg, const char *name, uint32_t pool_id, struct cat_pool *out, bool *found,
	 struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;
	int i = 0;

	if (name == NULL)
		arg_u64(&a, pool_id);
	else
		arg_text(&a, NULL);
	arg_text(&a, name);
	if (pg_run(pg, SQL_POOL_GET, &a, &r, err) != ERR_OK)
		return err->code;
	*found = PQntuples(r) > 0;
	if (!*found)
		return ERR_OK;
	*out = (struct cat_pool){ .pool_id = cell_u32(r, 0, i++) };
	cell_text(r, 0, i++, out->name, sizeof(out->name));
	cell_text(r, 0, i++, out->type, sizeof(out->type));
	cell_text(r, 0, i++, out->label_format, sizeof(out->label_format));
	if (strcmp(out->label_format, "*") == 0)
		out->label_format[0] = '\0';
	out->recycle_pool_id = cell_u32(r, 0, i++);
	out->scratch_pool_id = cell_u32(r, 0, i++);
	cell_text(r, 0, i++, out->recycle_pool, sizeof(out->recycle_pool));
	cell_text(r, 0, i++, out->scratch_pool, sizeof(out->scratch_pool));
	out->num_vols = cell_u32(r, 0, i++);
	out->max_vols = cell_u32(r, 0, i++);
	out->use_catalog = cell_bool(r, 0, i++);
	out->recycle = cell_bool(r, 0, i++);
	out->auto_prune = cell_bool(r, 0, i++);
	out->action_on_purge = cell_u32(r, 0, i++);
	out->vol_retention = cell_i64(r, 0, i++);
	out->vol_use_duration = cell_i64(r, 0, i++);
	out->max_vol_jobs = cell_u32(r, 0, i++);
	out->max_vol_files = cell_u32(r, 0, i++);
	out->max_vol_bytes = cell_u64(r, 0, i++);
	out->min_block_size = cell_u32(r, 0, i++);
	out->max_block_size = cell_u32(r, 0, i++);
	out->label_type = cell_u32(r, 0, i++);
	return ERR_OK;
}

static enum err_code
recount(struct pg *pg, uint32_t pool_id, struct err *err)
{
	struct sql_args a = { .n = 0 };

	arg_u64(&a, pool_id);
	return pg_run(pg, SQL_POOL_RECOUNT, &a, NULL, err);
}

static enum err_code
update_pool(struct pg *pg, const struct cat_pool *p, struct err *err)
{
	struct sql_args a = { .n = 0 };

	arg_u64(&a, p->max_vols);
	arg_bool(&a, p->use_catalog);
	arg_bool(&a, p->recycle);
	arg_i64(&a, p->vol_retention);
	arg_i64(&a, p->vol_use_duration);
	arg_u64(&a, p->max_vol_jobs);
	arg_u64(&a, p->max_vol_files);
	arg_u64(&a, p->max_vol_bytes);
	arg_bool(&a, p->auto_prune);
	arg_u64(&a, p->action_on_purge);
	arg_u64(&a, p->min_block_size);
	arg_u64(&a, p->max_block_size);
	arg_u64(&a, p->label_type);
	arg_text(&a, p->label_format);
	arg_text(&a, p->recycle_pool);
	arg_text(&a, p->scratch_pool);
	arg_text(&a, p->name);
	return pg_run(pg, SQL_POOL_UPDATE, &a, NULL, err);
}

struct pools_call {
	struct cat_pool *pools;
	size_t n;
};

static enum err_code
sync_pools(struct pg *pg, void *ctx, struct err *err)
{
	const struct pools_call *call = ctx;
	struct cat_pool now;
	bool found = false;

	if (pg_run(pg, SQL_POOL_LOCK, NULL, NULL, err) != ERR_OK)
		return err->code;
	for (size_t i = 0; i < call->n; i++) {
		struct sql_args a = { .n = 0 };

		arg_text(&a, call->pools[i].name);
		arg_text(&a, call->pools[i].type[0] != '\0' ? call->pools[i].type : "Backup");
		if (pg_run(pg, SQL_POOL_INSERT, &a, NULL, err) != ERR_OK)
			return err->code;
	}
	for (size_t i = 0; i < call->n; i++) {
		struct cat_pool *p = &call->pools[i];

		if (update_pool(pg, p, err) != ERR_OK ||
		    get_pool(pg, p->name, 0, &now, &found, err) != ERR_OK ||
		    recount(pg, now.pool_id, err) != ERR_OK ||
		    get_pool(pg, p->name, 0, &now, &found, err) != ERR_OK)
			return err_ctx(err, "pool %s", p->name);
		p->pool_id = now.pool_id;
		p->num_vols = now.num_vols;
		p->recycle_pool_id = now.recycle_pool_id;
		p->scratch_pool_id = now.scratch_pool_id;
	}
	return ERR_OK;
}

enum err_code
cat_pool_sync_all(struct catalog *c, struct cat_pool *pools, size_t n, struct err *err)
{
	struct pools_call call = { pools, n };

	return catalog_tx(c, sync_pools, &call, err);
}

enum err_code
cat_pool_sync(struct catalog *c, struct cat_pool *pool, struct err *err)
{
	return cat_pool_sync_all(c, pool, 1, err);
}

struct pool_call {
	const char *name;
	uint32_t pool_id;
	struct cat_pool *out;
	bool *found;
};

static enum err_code
read_pool(struct pg *pg, void *ctx, struct err *err)
{
	const struct pool_call *call = ctx;

	if (get_pool(pg, call->name, call->pool_id, call->out, call->found, err) != ERR_OK)
		return err->code;
	if (!*call->found)
		return ERR_OK;
	if (recount(pg, call->out->pool_id, err) != ERR_OK)
		return err->code;
	return get_pool(pg, call->name, call->pool_id, call->out, call->found, err);
}

enum err_code
cat_pool_get(struct catalog *c, const char *name, struct cat_pool *out, bool *found,
	     struct err *err)
{
	struct pool_call call = { name, 0, out, found };

	return catalog_tx(c, read_pool, &call, err);
}

enum err_code
cat_pool_get_by_id(struct catalog *c, uint32_t pool_id, struct cat_pool *out, bool *found,
		   struct err *err)
{
	struct pool_call call = { NULL, pool_id, out, found };

	return catalog_tx(c, read_pool, &call, err);
}

/* --- Storage, MediaType, Counters --------------------------------------------------------- */

enum err_code
cat_storage_ensure(struct catalog *c, const char *name, bool autochanger, uint32_t *storage_id,
		   struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	arg_bool(&a, autochanger);
	arg_text(&a, name);
	if (catalog_run_locked(c, SQL_STORAGE_LOCK, SQL_STORAGE_ENSURE, &a, &r, err) != ERR_OK)
		return err->code;
	if (PQntuples(r) == 0)
		return err_set(err, ERR_CATALOG, "storage %s was neither found nor inserted", name);
	*storage_id = cell_u32(r, 0, 0);
	return ERR_OK;
}

enum err_code
cat_storage_name(struct catalog *c, uint32_t storage_id, char *out, struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	arg_u64(&a, storage_id);
	if (catalog_run(c, SQL_STORAGE_NAME, &a, &r, err) != ERR_OK)
		return err->code;
	out[0] = '\0';
	if (PQntuples(r) > 0)
		cell_text(r, 0, 0, out, CAT_NAME_MAX);
	return ERR_OK;
}

enum err_code
cat_media_type_ensure(struct catalog *c, const char *media_type, struct err *err)
{
	struct sql_args a = { .n = 0 };

	arg_text(&a, media_type);
	return catalog_run_locked(c, SQL_STORAGE_LOCK, SQL_MEDIATYPE_ENSURE, &a, NULL, err);
}

enum err_code
cat_counter_ensure(struct catalog *c, const struct cat_counter *counter, struct err *err)
{
	struct sql_args a = { .n = 0 };

	arg_text(&a, counter->name);
	arg_i64(&a, counter->min);
	arg_i64(&a, counter->max);
	arg_text(&a, counter->wrap != NULL ? counter->wrap : "");
	return catalog_run(c, SQL_COUNTER_ENSURE, &a, NULL, err);
}

enum err_code
cat_counter_use(struct catalog *c, const char *name, bool increment, int32_t *value,
		struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	arg_text(&a, name);
	if (catalog_run(c, increment ? SQL_COUNTER_USE : SQL_COUNTER_VALUE, &a, &r, err) != ERR_OK)
		return err->code;
	if (PQntuples(r) == 0)
		return err_set(err, ERR_CATALOG, "counter %s has no row in the catalog", name);
	*value = (int32_t)cell_i64(r, 0, 0);
	return ERR_OK;
}
