/*
 * Changes of a volume in use: the storage daemon's UpdateMedia, limits, recycling.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/own.h"
#include "lib/catalog/cat_media_internal.h"
#include "lib/catalog/catalog_internal.h"

const char *
cat_media_over_limit(const struct cat_media *m, int64_t now, struct buf *message)
{
	if (strcmp(m->status, "Append") != 0 || m->vol_jobs == 0)
		return NULL;
	if (m->max_vol_bytes > 0 && m->vol_bytes >= m->max_vol_bytes) {
		buf_text(message,
			 "Max Volume bytes=%llu exceeded. Marking Volume \"%s\" as Full.\n",
			 (unsigned long long)m->max_vol_bytes, m->name);
		return "Full";
	}
	if (m->max_vol_jobs > 0 && m->vol_jobs >= m->max_vol_jobs) {
		buf_text(message, "Max Volume jobs=%u exceeded. Marking Volume \"%s\" as Used.\n",
			 m->max_vol_jobs, m->name);
		return "Used";
	}
	if (m->max_vol_files > 0 && m->vol_files >= m->max_vol_files) {
		buf_text(message, "Max Volume files=%u exceeded. Marking Volume \"%s\" as Used.\n",
			 m->max_vol_files, m->name);
		return "Used";
	}
	if (m->vol_use_duration > 0 && m->first_written > 0 &&
	    now - m->first_written >= m->vol_use_duration) {
		buf_text(message,
			 "Max configured use duration=%lld sec. exceeded. Marking Volume \"%s\" as "
			 "Used.\n",
			 (long long)m->vol_use_duration, m->name);
		return "Used";
	}
	return NULL;
}

static enum err_code
set_status(struct pg *pg, uint32_t media_id, const char *status, struct err *err)
{
	struct sql_args a = { .n = 0 };

	arg_text(&a, status);
	arg_u64(&a, media_id);
	return pg_run(pg, SQL_MEDIA_SET_STATUS, &a, NULL, err);
}

enum err_code
media_limits(struct pg *pg, struct cat_media *m, bool *changed, struct buf *notes, struct err *err)
{
	const char *status = cat_media_over_limit(m, clock_now(), notes);

	*changed = status != NULL;
	if (status == NULL)
		return ERR_OK;
	if (set_status(pg, m->media_id, status, err) != ERR_OK)
		return err->code;
	(void)snprintf(m->status, sizeof(m->status), "%s", status);
	return ERR_OK;
}

enum err_code
media_recycle(struct pg *pg, uint32_t media_id, struct cat_media *out, bool *done, struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;
	bool found;

	arg_u64(&a, media_id);
	if (pg_run(pg, SQL_MEDIA_RECYCLE, &a, &r, err) != ERR_OK)
		return err->code;
	*done = strcmp(PQcmdTuples(r), "1") == 0;
	return media_run_one(pg, SQL_MEDIA_GET_BY_ID, &a, out, &found, err);
}

/* --- UpdateMedia ----------------------------------------------------------------------------- */

struct update_call {
	const struct cat_media_update *u;
	struct cat_media *out;
	bool *found;
	struct buf *notes;
	size_t notes_len; /* before: a run from the beginning says it anew */
};

/* Counters may only grow; a smaller one is ignored and said. */
static void
grow_counters(struct cat_media *m, const struct cat_media_update *u, struct buf *notes)
{
	static const char format[] = "Ignoring Volume %s at %llu being set to %llu for Volume "
				     "\"%s\".\n";

	if (u->vol_files < m->vol_files)
		buf_text(notes, format, "Files", (unsigned long long)m->vol_files,
			 (unsigned long long)u->vol_files, m->name);
	else
		m->vol_files = u->vol_files;
	if (u->vol_blocks < m->vol_blocks)
		buf_text(notes, format, "Blocks", (unsigned long long)m->vol_blocks,
			 (unsigned long long)u->vol_blocks, m->name);
	else
		m->vol_blocks = u->vol_blocks;
	if (u->vol_bytes < m->vol_bytes)
		buf_text(notes, format, "Bytes", (unsigned long long)m->vol_bytes,
			 (unsigned long long)u->vol_bytes, m->name);
	else
		m->vol_bytes = u->vol_bytes;
}

/*
 * The states that a storage daemon's word replaces.  All others were given by an operator while
 * the job ran, or by a limit, and stay; so does what only operators give (a daemon sends back what
 * it was answered last).  Spec: catalog.md 5.4
 */
static const struct {
	const char *word;
	const char *replaces[6];
} daemon_words[] = {
	{ "Append", { "Append", "Unlabeled" } },
	{ "Used", { "Append", "Unlabeled" } },
	{ "Full", { "Append", "Unlabeled", "Used" } },
	{ "Error", { "Append", "Unlabeled", "Used", "Full", "Recycle", "Purged" } },
};

static bool
is_free_again(const struct cat_media *m)
{
	return strcmp(m->status, "Recycle") == 0 || strcmp(m->status, "Purged") == 0;
}

/* written: there is more on the volume than the catalog knew. */
static bool
may_say_status(const struct cat_media *m, const char *word, bool written)
{
	for (size_t i = 0; i < sizeof(daemon_words) / sizeof(daemon_words[0]); i++) {
		if (strcmp(daemon_words[i].word, word) != 0)
			continue;
		/* What a job has just written there must not be taken for free. */
		if (written && is_free_again(m))
			return true;
		for (size_t k = 0; k < 6 && daemon_words[i].replaces[k] != NULL; k++)
			if (strcmp(daemon_words[i].replaces[k], m->status) == 0)
				return true;
	}
	return false;
}

/* The guards of catalog.md 8.7, in their order.  The limit MaxVolBytes is the catalog's: the daemon
 * says what it knew when it was answered last. */
static void
judge_update(struct cat_media *m, const struct cat_media_update *u, struct buf *notes)
{
	bool blocks_changed = u->vol_blocks != m->vol_blocks;
	bool set_status = may_say_status(m, u->status, blocks_changed || u->relabel);

	if (m->first_written <= 0)
		m->first_written = u->vol_first_written != 0 ? u->vol_first_written : u->job_start;
	if (m->initial_write == 0)
		m->initial_write = m->first_written;
	if (u->relabel || m->label_date == 0) {
		m->label_date = u->job_start != 0 ? u->job_start : clock_now();
		m->vol_files = u->vol_files;
		m->vol_blocks = u->vol_blocks;
		m->vol_bytes = u->vol_bytes;
	} else {
		grow_counters(m, u, notes);
	}
	if (blocks_changed && u->end_time != 0)
		m->last_written = u->end_time;
	if (u->vol_writes > m->vol_writes && u->storage_id != 0)
		m->storage_id = u->storage_id;
	m->vol_jobs = u->vol_jobs;
	m->vol_mounts = u->vol_mounts;
	m->vol_errors = u->vol_errors;
	m->vol_writes = u->vol_writes;
	m->vol_read_time = u->vol_read_time;
	m->vol_write_time = u->vol_write_time;
	if (set_status)
		(void)snprintf(m->status, sizeof(m->status), "%s", u->status);
	m->slot = u->slot;
	m->in_changer = u->in_changer;
}

static enum err_code
store(struct pg *pg, const struct cat_media *m, struct err *err)
{
	struct sql_args a = { .n = 0 };

	arg_text(&a, m->status);
	arg_u64(&a, m->pool_id);
	arg_i64(&a, m->slot);
	arg_bool(&a, m->in_changer);
	arg_bool(&a, m->recycle);
	arg_i64(&a, m->enabled);
	arg_u64(&a, m->storage_id);
	arg_u64(&a, m->action_on_purge);
	arg_time(&a, m->first_written);
	arg_time(&a, m->last_written);
	arg_time(&a, m->label_date);
	arg_time(&a, m->initial_write);
	arg_u64(&a, m->vol_jobs);
	arg_u64(&a, m->vol_files);
	arg_u64(&a, m->vol_blocks);
	arg_u64(&a, m->vol_mounts);
	arg_u64(&a, m->vol_errors);
	arg_u64(&a, m->vol_writes);
	arg_u64(&a, m->vol_bytes);
	arg_i64(&a, m->vol_retention);
	arg_i64(&a, m->vol_use_duration);
	arg_u64(&a, m->max_vol_jobs);
	arg_u64(&a, m->max_vol_files);
	arg_u64(&a, m->max_vol_bytes);
	arg_i64(&a, m->vol_read_time);
	arg_i64(&a, m->vol_write_time);
	arg_u64(&a, m->scratch_pool_id);
	arg_u64(&a, m->recycle_pool_id);
	arg_text(&a, m->encryption_key);
	arg_u64(&a, m->media_id);
	if (pg_run(pg, SQL_MEDIA_STORE, &a, NULL, err) != ERR_OK)
		return err->code;
	return media_unique_slot(pg, m, err);
}

static enum err_code
update(struct pg *pg, void *ctx, struct err *err)
{
	const struct update_call *call = ctx;
	struct sql_args a = { .n = 0 };
	bool changed;

	call->notes->len = call->notes_len;
	arg_text(&a, call->u->name);
	if (media_run_one(pg, SQL_MEDIA_GET_FOR_UPDATE, &a, call->out, call->found, err) != ERR_OK)
		return err->code;
	if (!*call->found)
		return ERR_OK;
	judge_update(call->out, call->u, call->notes);
	if (store(pg, call->out, err) != ERR_OK)
		return err->code;
	return media_limits(pg, call->out, &changed, call->notes, err);
}

enum err_code
cat_media_update(struct catalog *c, const struct cat_media_update *u, struct cat_media *out,
		 bool *found, struct buf *notes, struct err *err)
{
	struct update_call call = { u, out, found, notes, notes->len };

	if (catalog_tx(c, update, &call, err) != ERR_OK)
		return err_ctx(err, "volume %s", u->name);
	return ERR_OK;
}

/* --- single changes ----------------------------------------------------------------------------
 */

struct limits_call {
	struct cat_media *m;
	bool *changed;
	struct buf *notes;
	/* before: a run from the beginning must not see what the one before it found */
	struct cat_media was;
	size_t notes_len;
};

static enum err_code
limits(struct pg *pg, void *ctx, struct err *err)
{
	const struct limits_call *call = ctx;

	*call->m = call->was;
	call->notes->len = call->notes_len;
	return media_limits(pg, call->m, call->changed, call->notes, err);
}

enum err_code
cat_media_apply_limits(struct catalog *c, struct cat_media *m, bool *changed, struct buf *notes,
		       struct err *err)
{
	struct limits_call call = { m, changed, notes, *m, notes->len };

	return catalog_tx(c, limits, &call, err);
}

struct recycle_call {
	uint32_t media_id;
	struct cat_media *out;
	bool *done;
};

static enum err_code
recycle(struct pg *pg, void *ctx, struct err *err)
{
	const struct recycle_call *call = ctx;

	return media_recycle(pg, call->media_id, call->out, call->done, err);
}

enum err_code
cat_media_recycle(struct catalog *c, uint32_t media_id, struct cat_media *out, bool *done,
		  struct err *err)
{
	struct recycle_call call = { media_id, out, done };

	return catalog_tx(c, recycle, &call, err);
}

/* What an operator may change. */
#define MEMBER(m)                                                                                  \
	{                                                                                          \
		offsetof(struct cat_media, m), sizeof(((struct cat_media *)NULL)->m)               \
	}
static const struct {
	size_t at, size;
} operators_members[] = {
	MEMBER(status),          MEMBER(pool_id),       MEMBER(slot),
	MEMBER(in_changer),      MEMBER(recycle),       MEMBER(enabled),
	MEMBER(action_on_purge), MEMBER(vol_retention), MEMBER(vol_use_duration),
	MEMBER(max_vol_jobs),    MEMBER(max_vol_files), MEMBER(max_vol_bytes),
	MEMBER(recycle_pool_id),
};

struct store_call {
	const struct cat_media *was, *now;
	bool *found;
};

/* What is said to be free is written over: the catalog must not claim anything on it any more. */
static enum err_code
judge_freed(struct pg *pg, const struct cat_media *was, const struct cat_media *now,
	    struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	if (!is_free_again(now) || strcmp(was->status, now->status) == 0)
		return ERR_OK;
	arg_u64(&a, was->media_id);
	if (pg_run(pg, SQL_PURGE_VOLUME_STATE, &a, &r, err) != ERR_OK)
		return err->code;
	if (PQntuples(r) == 0 || !cell_bool(r, 0, 3))
		return ERR_OK;
	return err_set(err, ERR_CONFIG,
		       "Volume \"%s\" still holds jobs, it cannot be %s: purge volume=%s removes "
		       "them from the catalog",
		       was->name, now->status, was->name);
}

static enum err_code
store_changes(struct pg *pg, void *ctx, struct err *err)
{
	const struct store_call *call = ctx;
	struct sql_args a = { .n = 0 };
	struct cat_media m, before;

	arg_text(&a, call->was->name);
	if (media_run_one(pg, SQL_MEDIA_GET_FOR_UPDATE, &a, &m, call->found, err) != ERR_OK)
		return err->code;
	*call->found = *call->found && m.media_id == call->was->media_id;
	if (!*call->found)
		return ERR_OK;
	before = m;
	for (size_t i = 0; i < sizeof(operators_members) / sizeof(operators_members[0]); i++) {
		size_t at = operators_members[i].at, size = operators_members[i].size;

		if (memcmp((const char *)call->was + at, (const char *)call->now + at, size) != 0)
			memcpy((char *)&m + at, (const char *)call->now + at, size);
	}
	return judge_freed(pg, &before, &m, err) != ERR_OK ? err->code : store(pg, &m, err);
}

enum err_code
cat_media_store(struct catalog *c, const struct cat_media *was, const struct cat_media *now,
		bool *found, struct err *err)
{
	struct store_call call = { was, now, found };

	return catalog_tx(c, store_changes, &call, err);
}
