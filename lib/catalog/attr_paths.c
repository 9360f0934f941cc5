#include "lib/catalog/attr_paths.h"

#include <stdlib.h>

#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/catalog/attr_load.h"

/* Longer names do not fit into path_name_idx, whose entries have at most 2704 bytes. */
#define INDEXED_MAX 2600u
/* Many ancestors of many directories: they are asked for in pieces. */
#define PIECE_BYTES (4u * 1024 * 1024)
/* Directories with longer names stand outside PathHierarchy: the rows of all ancestors would cost
 * the square of a name's length, which is a client's.  No program can look up a longer one. */
#define HIERARCHY_MAX 4096u

/* The same statement for names in the index of Path, and for longer ones. */
enum length { ORDINARY, LONG, LENGTHS };
typedef enum sql_id by_length[LENGTHS];
static const by_length finds = { SQL_PATH_FIND, SQL_PATH_FIND_LONG };
static const by_length inserts = { SQL_PATH_INSERT, SQL_PATH_INSERT_LONG };

/* A directory without an id in the cache. */
struct miss {
	struct bytes path; /* borrowed from the batch */
	uint32_t id;
	bool made; /* its row is ours and new */
	UT_hash_handle hh;
};

static void
misses_free(struct miss **all)
{
	struct miss *m;
	struct miss *next;

	HASH_ITER (hh, *all, m, next) {
		HASH_DEL(*all, m);
		free(m);
	}
}

bool
path_parent(struct bytes path, struct bytes *parent)
{
	size_t n = path.n;

	if (n == 0)
		return false;
	if (path.p[n - 1] == '/')
		n--;
	while (n > 0 && path.p[n - 1] != '/')
		n--;
	*parent = bytes_of(path.p, n);
	return true;
}

static struct miss *
find_miss(struct miss *all, struct bytes path)
{
	struct miss *m = NULL;

	HASH_FIND(hh, all, path.p, path.n, m);
	return m;
}

static void
add_miss(struct miss **all, struct bytes path)
{
	struct miss *m = NEW(struct miss);

	m->path = path;
	HASH_ADD_KEYPTR(hh, *all, path.p, path.n, m);
}

/* The path and those of its ancestors that the cache does not know either: every directory up to
 * HIERARCHY_MAX has its row in PathHierarchy. */
static void
add_with_ancestors(struct catalog *c, struct miss **all, struct bytes path)
{
	uint32_t id = 0;
	struct path_hash h;

	while (find_miss(*all, path) == NULL) {
		add_miss(all, path);
		if (path.n > HIERARCHY_MAX || !path_parent(path, &path))
			return;
		h = path_hash_of(path);
		if (path_cache_find(c->paths, &h, 1, &id) == 0)
			return;
	}
}

void
array_put(struct buf *out, struct bytes element)
{
	size_t from = 0;

	buf_put(out, out->len > 1 ? ",\"" : "\"", out->len > 1 ? 2 : 1);
	for (size_t i = 0; i < element.n; i++) {
		if (element.p[i] != '"' && element.p[i] != '\\')
			continue;
		buf_put(out, element.p + from, i - from);
		buf_put(out, "\\", 1);
		from = i;
	}
	if (element.n > from)
		buf_put(out, element.p + from, element.n - from);
	buf_put(out, "\"", 1);
}

static int
by_path(struct miss *a, struct miss *b)
{
	size_t n = a->path.n < b->path.n ? a->path.n : b->path.n;
	int order = n > 0 ? memcmp(a->path.p, b->path.p, n) : 0;

	if (order != 0)
		return order;
	return a->path.n < b->path.n ? -1 : a->path.n > b->path.n;
}

/* Run one statement over a list of names; *left: how many still have no id. */
static enum err_code
ask_piece(struct pg *pg, enum sql_id id, bool made, struct buf *list, struct miss *all,
	  size_t *left, struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	buf_put(list, "}", 1);
	arg_text(&a, buf_str(list));
	if (pg_run(pg, id, &a, &r, err) != ERR_OK)
		return err->code;
	buf_clear(list);
	for (int i = 0; i < PQntuples(r); i++) {
		struct miss *m = find_miss(all, bytes_of(PQgetvalue(r, i, 1),
							 (size_t)PQgetlength(r, i, 1)));

		if (m == NULL || m->id != 0)
			continue;
		m->id = cell_u32(r, i, 0);
		m->made = made;
		(*left)--;
	}
	return ERR_OK;
}

/* The misses of one length that have no id yet. */
static enum err_code
ask_length(struct pg *pg, const by_length ids, enum length length, struct miss *all, size_t *left,
	   struct err *err)
{
	OWNED(buf_release) struct buf list = BUF_INIT(SIZE_MAX);
	enum sql_id id = ids[length];
	bool made = ids == inserts;

	for (struct miss *m = all; m != NULL; m = m->hh.next) {
		if (m->id != 0 || (m->path.n > INDEXED_MAX) != (length == LONG))
			continue;
		if (list.len == 0)
			buf_put(&list, "{", 1);
		array_put(&list, m->path);
		if (list.len > PIECE_BYTES &&
		    ask_piece(pg, id, made, &list, all, left, err) != ERR_OK)
			return err->code;
	}
	return list.len == 0 ? ERR_OK : ask_piece(pg, id, made, &list, all, left, err);
}

static enum err_code
ask(struct pg *pg, const by_length ids, struct miss *all, size_t *left, struct err *err)
{
	if (*left == 0)
		return ERR_OK;
	for (int length = 0; length < LENGTHS; length++)
		if (ask_length(pg, ids, (enum length)length, all, left, err) != ERR_OK)
			return err->code;
	return ERR_OK;
}

/* 0: unknown here. */
static uint32_t
parent_id(struct catalog *c, struct miss *all, struct bytes path)
{
	struct bytes parent;
	struct path_hash h;
	struct miss *m;
	uint32_t id = 0;

	if (!path_parent(path, &parent))
		return 0;
	m = find_miss(all, parent);
	if (m != NULL)
		return m->id;
	h = path_hash_of(parent);
	(void)path_cache_find(c->paths, &h, 1, &id);
	return id;
}

/* Rows of PathHierarchy for the directories just made.  A parent whose id is unknown (the cache
 * is full) is looked up by the server: id 0. */
static enum err_code
insert_hierarchy(struct catalog *c, struct pg *pg, struct miss *all, struct err *err)
{
	OWNED(buf_release) struct buf ids = BUF_INIT(SIZE_MAX);
	OWNED(buf_release) struct buf parents = BUF_INIT(SIZE_MAX);
	struct sql_args a = { .n = 0 };
	char comma = '{';

	for (struct miss *m = all; m != NULL; m = m->hh.next) {
		if (!m->made || m->path.n == 0 || m->path.n > HIERARCHY_MAX)
			continue;
		buf_text(&ids, "%c%u", comma, m->id);
		buf_text(&parents, "%c%u", comma, parent_id(c, all, m->path));
		comma = ',';
	}
	if (ids.len == 0)
		return ERR_OK;
	buf_text(&ids, "}");
	buf_text(&parents, "}");
	arg_text(&a, buf_str(&ids));
	arg_text(&a, buf_str(&parents));
	return pg_run(pg, SQL_PATH_HIERARCHY, &a, NULL, err);
}

/* All or nothing: a directory never is without its row in PathHierarchy.  Another job may be
 * faster with some; it has committed them when the insert comes back, so they are found then. */
static enum err_code
insert_misses(struct catalog *c, struct pg *pg, struct miss *all, size_t *left, struct err *err)
{
	if (pg_begin(pg, err) != ERR_OK || ask(pg, inserts, all, left, err) != ERR_OK ||
	    ask(pg, finds, all, left, err) != ERR_OK || insert_hierarchy(c, pg, all, err) != ERR_OK)
		return err->code;
	return pg_commit(pg, err);
}

static enum err_code
resolve_misses(struct catalog *c, struct pg *pg, struct miss *all, struct err *err)
{
	size_t left = HASH_COUNT(all);

	if (ask(pg, finds, all, &left, err) != ERR_OK)
		return err->code;
	if (left > 0 && insert_misses(c, pg, all, &left, err) != ERR_OK) {
		pg_rollback(pg);
		return err->code;
	}
	if (left > 0)
		return err_set(err, ERR_CATALOG, "%zu directories have no row in table Path", left);
	for (struct miss *m = all; m != NULL; m = m->hh.next) {
		struct path_hash h = path_hash_of(m->path);

		path_cache_add(c->paths, &h, &m->id, 1);
	}
	return ERR_OK;
}

enum err_code
attr_paths_resolve(struct loader *l, const struct batch *b, uint32_t *ids, struct err *err)
{
	struct catalog *c = l->catalog;
	OWNED(freep) struct path_hash *hashes = NEW_ARRAY(struct path_hash, b->n_paths + 1);
	OWNED(misses_free) struct miss *all = NULL;

	for (size_t i = 0; i < b->n_paths; i++)
		hashes[i] = b->paths[i].hash;
	if (path_cache_find(c->paths, hashes, b->n_paths, ids) == 0)
		return ERR_OK;
	for (size_t i = 0; i < b->n_paths; i++)
		if (ids[i] == 0)
			add_with_ancestors(c, &all,
					   bytes_of(b->names.p + b->paths[i].at, b->paths[i].n));
	HASH_SORT(all, by_path);
	if (visible_await(l, err) != ERR_OK || resolve_misses(c, l->paths, all, err) != ERR_OK)
		return err->code;
	for (size_t i = 0; i < b->n_paths; i++)
		if (ids[i] == 0)
			ids[i] = find_miss(all,
					   bytes_of(b->names.p + b->paths[i].at, b->paths[i].n))
					 ->id;
	return ERR_OK;
}

enum err_code
attr_paths_preload(struct catalog *c, struct pg *pg, uint32_t job_id, struct err *err)
{
	struct sql_args a = { .n = 0 };
	PGresult *r = NULL;

	arg_u64(&a, job_id);
	if (pg_stream(pg, SQL_PATH_OF_JOB, &a, err) != ERR_OK)
		return err->code;
	while (pg_stream_next(pg, &r, err) == ERR_OK) {
		if (r == NULL)
			return ERR_OK;
		for (int i = 0; i < PQntuples(r); i++) {
			uint32_t id = cell_u32(r, i, 0);
			struct path_hash h = path_hash_of(
				bytes_of(PQgetvalue(r, i, 1), (size_t)PQgetlength(r, i, 1)));

			path_cache_add(c->paths, &h, &id, 1);
		}
		PQclear(r);
		r = NULL;
	}
	return err->code;
}
