/*
 * Files of a chain of jobs, newest job first: one COPY per job, no sort in the database.  A set
 * of (PathId, hash of name) remembers in which job it was seen; the newest job wins, also when it
 * says that the file is gone.  What a job saved twice (Files that overlap) is handed over twice, as
 * from that job alone: the later one is restored over the earlier.
 */
#include "lib/catalog/cat_restore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/base/buf.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/rd.h"
#include "lib/catalog/catalog_internal.h"

#define FIRST_SLOTS   65536u
#define COPY_FIELDS   6u
#define COPY_HEAD_LEN 19u
#define PATHS_MAX     (1u << 30) /* bytes of the names of all directories */

struct path_row {
	uint32_t path_id; /* 0: empty slot */
	uint32_t slot;
	size_t at,
		n; /* in the bytes; at NOWHERE: table Path has no such row, or the bytes are full */
};

#define NOWHERE SIZE_MAX

struct path_table {
	struct path_row *v; /* owned, open addressing */
	size_t slots, used;
	struct buf bytes;
};

struct seen {
	uint64_t hash;
	uint32_t path_id; /* 0: empty slot */
	uint32_t job_id;
};

struct stream {
	struct catalog *catalog;
	struct pg *pg;
	const struct cat_file_reader *reader;
	struct cat_file_count *count;
	struct path_table paths;
	struct seen *seen; /* owned; NULL: one job only */
	size_t seen_slots, seen_used;
	uint64_t seed; /* of the hashes: nobody can choose a name that hides another */
	uint32_t job_id;
	size_t job_slot;
};

static void
stream_release(struct stream *s)
{
	free(s->paths.v);
	buf_release(&s->paths.bytes);
	free(s->seen);
}

/* --- paths --------------------------------------------------------------------------------- */

static struct path_row *
path_slot(const struct path_table *t, uint32_t path_id)
{
	size_t i = ((size_t)path_id * 2654435761u) & (t->slots - 1);

	while (t->v[i].path_id != 0 && t->v[i].path_id != path_id)
		i = (i + 1) & (t->slots - 1);
	return &t->v[i];
}

static void
grow_paths(struct path_table *t)
{
	struct path_table bigger = *t;

	bigger.slots = t->slots == 0 ? FIRST_SLOTS : t->slots * 2;
	bigger.v = NEW_ARRAY(struct path_row, bigger.slots);
	for (size_t i = 0; i < t->slots; i++)
		if (t->v[i].path_id != 0)
			*path_slot(&bigger, t->v[i].path_id) = t->v[i];
	free(t->v);
	*t = bigger;
}

static void
add_row(struct path_table *t, uint32_t path_id, size_t at, size_t n)
{
	struct path_row *row;

	if ((t->used + 1) * 4 > t->slots * 3)
		grow_paths(t);
	row = path_slot(t, path_id);
	if (row->path_id == 0)
		*row = (struct path_row){ path_id, (uint32_t)t->used++, at, n };
}

static void
add_path(struct path_table *t, uint32_t path_id, struct bytes path)
{
	struct err full = ERR_INIT;
	size_t at = t->bytes.len;

	if (buf_append(&t->bytes, path.p, path.n, &full) != ERR_OK)
		at = NOWHERE;
	add_row(t, path_id, at, path.n);
}

/* --- COPY TO STDOUT (FORMAT binary) ----------------------------------------------------------- */

typedef enum err_code (*tuple_fn)(struct stream *s, struct rd *r, struct err *err);

static struct bytes
field(struct rd *r)
{
	return rd_bytes(r, rd_u32be(r));
}

static uint64_t
number(struct rd *r)
{
	struct bytes b = field(r);
	uint64_t v = 0;

	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | b.p[i];
	return v;
}

/* One message of the server is one tuple; the first also has the head of the format. */
static enum err_code
read_tuple(struct stream *s, struct bytes message, bool first, tuple_fn fn, struct err *err)
{
	struct rd r = rd_init(message);
	uint16_t fields;

	if (first)
		(void)rd_bytes(&r, COPY_HEAD_LEN);
	if (rd_left(&r) == 0 && rd_ok(&r))
		return ERR_OK;
	fields = rd_u16be(&r);
	if (fields == UINT16_MAX) /* the trailer */
		return ERR_OK;
	return fn(s, &r, err);
}

static enum err_code
copy_out(struct stream *s, const char *sql, tuple_fn fn, struct err *err)
{
	bool first = true;

	if (pg_run_text(s->pg, sql, NULL, err) != ERR_OK)
		return err_ctx(err, "reading files");
	for (;;) {
		struct bytes message = bytes_of(NULL, 0);
		enum err_code code = pg_copy_get(s->pg, &message, err);

		if (code != ERR_OK)
			return err_ctx(err, "reading files");
		if (message.p == NULL)
			return ERR_OK;
		code = read_tuple(s, message, first, fn, err);
		first = false;
		PQfreemem((void *)(uintptr_t)message.p);
		if (code != ERR_OK) {
			pg_stream_drop(s->pg);
			return code;
		}
	}
}

static enum err_code
take_path(struct stream *s, struct rd *r, struct err *err)
{
	uint32_t path_id = (uint32_t)number(r);
	struct bytes path = field(r);

	if (!rd_done(r))
		return err_set(err, ERR_CATALOG, "the server sent a malformed row of Path");
	add_path(&s->paths, path_id, path);
	return ERR_OK;
}

/* A directory that the directory cache (of another program) has left out; what is not in Path
 * either is noted, so that it is asked for once. */
static enum err_code
fetch_path(struct stream *s, uint32_t path_id, struct err *err)
{
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *r = NULL;

	arg_u64(&a, path_id);
	if (catalog_run(s->catalog, SQL_RESTORE_PATH, &a, &r, err) != ERR_OK)
		return err->code;
	if (PQntuples(r) == 0) {
		add_row(&s->paths, path_id, NOWHERE, 0);
		return ERR_OK;
	}
	add_path(&s->paths, path_id, bytes_of(PQgetvalue(r, 0, 0), (size_t)PQgetlength(r, 0, 0)));
	return ERR_OK;
}

/* Paths of the jobs whose directory cache is complete, or of the others. */
static enum err_code
read_paths(struct stream *s, const PGresult *order, bool cached, struct err *err)
{
	OWNED(freep) uint32_t *some = NEW_ARRAY(uint32_t, (size_t)PQntuples(order) + 1);
	OWNED(freep) char *ids = NULL;
	OWNED(freep) char *sql = NULL;
	size_t n = 0;

	for (int i = 0; i < PQntuples(order); i++)
		if (cell_bool(order, i, 1) == cached)
			some[n++] = cell_u32(order, i, 0);
	if (n == 0)
		return ERR_OK;
	ids = ids_text(some, n);
	sql = sql_put_in(cached ? SQL_RESTORE_PATHS_CACHED : SQL_RESTORE_PATHS, "{jobids}", ids);
	return copy_out(s, sql, take_path, err);
}

/* --- files ------------------------------------------------------------------------------------ */

static void
grow_seen(struct stream *s)
{
	size_t slots = s->seen_slots * 2;
	struct seen *bigger = NEW_ARRAY(struct seen, slots);

	for (size_t i = 0; i < s->seen_slots; i++) {
		size_t j = (size_t)s->seen[i].hash & (slots - 1);

		if (s->seen[i].path_id == 0)
			continue;
		while (bigger[j].path_id != 0)
			j = (j + 1) & (slots - 1);
		bigger[j] = s->seen[i];
	}
	free(s->seen);
	s->seen = bigger;
	s->seen_slots = slots;
}

/* Has no newer job said anything about it? */
static bool
is_newest(struct stream *s, uint32_t path_id, struct bytes name)
{
	uint64_t hash = XXH3_64bits_withSeed(name.p, name.n, s->seed + path_id);
	size_t i;

	if (s->seen == NULL)
		return true;
	if ((s->seen_used + 1) * 4 > s->seen_slots * 3)
		grow_seen(s);
	i = (size_t)hash & (s->seen_slots - 1);
	while (s->seen[i].path_id != 0) {
		if (s->seen[i].hash == hash && s->seen[i].path_id == path_id)
			return s->seen[i].job_id == s->job_id;
		i = (i + 1) & (s->seen_slots - 1);
	}
	s->seen[i] = (struct seen){ hash, path_id, s->job_id };
	s->seen_used++;
	return true;
}

static enum err_code
take_file(struct stream *s, struct rd *r, struct err *err)
{
	struct cat_file f = { .job_id = s->job_id, .job_slot = s->job_slot };
	const struct path_row *p;

	f.file_index = (int32_t)number(r);
	f.path_id = (uint32_t)number(r);
	f.delta_seq = (int16_t)number(r);
	f.lstat = field(r);
	f.md5 = field(r);
	f.name = field(r);
	if (!rd_done(r))
		return err_set(err, ERR_CATALOG, "the server sent a malformed row of File");
	s->count->rows++;
	if (s->reader->job_rows != NULL)
		s->reader->job_rows[s->job_slot]++;
	if (!is_newest(s, f.path_id, f.name))
		return ERR_OK;
	if (f.file_index == 0) {
		s->count->deleted++;
		return ERR_OK;
	}
	p = path_slot(&s->paths, f.path_id);
	if (p->path_id == 0 && fetch_path(s, f.path_id, err) != ERR_OK)
		return err->code;
	p = path_slot(&s->paths, f.path_id);
	if (p->at == NOWHERE) {
		if (s->reader->job_rows != NULL)
			s->reader->job_rows[s->job_slot]--;
		s->count->homeless++;
		return ERR_OK;
	}
	f.path = bytes_of(s->paths.bytes.p + p->at, p->n);
	f.path_slot = p->slot;
	s->count->files++;
	return s->reader->file(s->reader->ctx, &f, err);
}

static enum err_code
stream_jobs(struct stream *s, const PGresult *order, const uint32_t *job_ids, size_t n,
	    struct err *err)
{
	for (int i = 0; i < PQntuples(order); i++) {
		OWNED(freep) char *sql = NULL;

		s->job_id = cell_u32(order, i, 0);
		for (s->job_slot = 0; s->job_slot + 1 < n && job_ids[s->job_slot] != s->job_id;)
			s->job_slot++;
		sql = sql_put_in(s->reader->want_md5 ? SQL_RESTORE_FILES_MD5 : SQL_RESTORE_FILES,
				 "{jobid}", PQgetvalue(order, i, 0));
		if (copy_out(s, sql, take_file, err) != ERR_OK)
			return err->code;
	}
	return ERR_OK;
}

static enum err_code
stream_all(struct stream *s, const uint32_t *job_ids, size_t n, struct err *err)
{
	OWNED(freep) char *ids = ids_text(job_ids, n);
	struct sql_args a = { .n = 0 };
	OWNED(pg_clearp) PGresult *order = NULL;

	arg_text(&a, ids);
	if (pg_run(s->pg, SQL_RESTORE_ORDER, &a, &order, err) != ERR_OK)
		return err->code;
	grow_paths(&s->paths);
	if (PQntuples(order) > 1) {
		s->seen_slots = FIRST_SLOTS;
		s->seen = NEW_ARRAY(struct seen, s->seen_slots);
	}
	if (read_paths(s, order, true, err) != ERR_OK || read_paths(s, order, false, err) != ERR_OK)
		return err->code;
	return stream_jobs(s, order, job_ids, n, err);
}

enum err_code
cat_restore_files(struct catalog *c, const uint32_t *job_ids, size_t n,
		  const struct cat_file_reader *reader, struct cat_file_count *count,
		  struct err *err)
{
	OWNED(stream_release)
	struct stream s = {
		.catalog = c, .reader = reader, .count = count, .paths.bytes = BUF_INIT(PATHS_MAX)
	};
	enum err_code code;

	*count = (struct cat_file_count){ 0 };
	(void)!getrandom(&s.seed, sizeof(s.seed), 0);
	if (catalog_take(c, &s.pg, err) != ERR_OK)
		return err->code;
	/* One snapshot for the paths and all jobs. */
	code = pg_run(s.pg, SQL_TX_SNAPSHOT, NULL, NULL, err);
	s.pg->in_transaction = code == ERR_OK;
	if (code == ERR_OK)
		code = stream_all(&s, job_ids, n, err);
	catalog_put(c, s.pg);
	return code;
}
