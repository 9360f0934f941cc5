#include "director/tree/tree_internal.h"

#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/proto/attr_record.h"

#define JOBS_MAX 65535u
/* More than a file daemon walks; looking at the tree takes stack for each. */
#define TREE_DEPTH_MAX 17000u
#define LINK_FIELD     13 /* of an lstat text: LinkFI (catalog.md 6.1) */

struct tree *
tree_new(void)
{
	struct tree *t = NEW(struct tree);

	t->sums_stale = true;
	return t;
}

void
tree_free(struct tree *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n_jobs; i++)
		free(t->job[i].by_index);
	free(t->text);
	free(t->entry);
	free(t->dir);
	free(t->table);
	free(t->slot);
	free(t->job);
	free(t->order);
	free(t);
}

void
tree_freep(struct tree **t)
{
	tree_free(*t);
}

/* ---- texts ---- */

static enum err_code
put_text(struct tree *t, struct bytes s, uint32_t *at, struct err *err)
{
	if (t->text_len + s.n + 1 > UINT32_MAX)
		return err_set(err, ERR_LIMIT, "the names of these jobs need more than 4 GiB");
	if (t->text_len + s.n + 1 > t->text_cap) {
		while (t->text_len + s.n + 1 > t->text_cap)
			t->text_cap = t->text_cap == 0 ? 65536 : t->text_cap * 2;
		t->text = (char *)mem_resize(t->text, t->text_cap, 1);
	}
	*at = (uint32_t)t->text_len;
	if (s.n > 0)
		memcpy(t->text + t->text_len, s.p, s.n);
	t->text[t->text_len + s.n] = '\0';
	t->text_len += s.n + 1;
	return ERR_OK;
}

/* ---- directories ---- */

static uint64_t
hash_of(uint32_t parent, struct bytes name, bool bare)
{
	return XXH3_64bits_withSeed(name.p, name.n, (uint64_t)parent << 1 | bare);
}

static void
table_insert(struct tree *t, uint32_t node)
{
	size_t mask = t->table_cap - 1, i = t->dir[node].hash & mask;

	while (t->table[i] != 0)
		i = (i + 1) & mask;
	t->table[i] = node + 1;
}

static void
table_grow(struct tree *t)
{
	free(t->table);
	t->table_cap = t->table_cap == 0 ? 1024 : t->table_cap * 2;
	t->table = NEW_ARRAY(uint32_t, t->table_cap);
	for (uint32_t i = 0; i < t->n_dirs; i++)
		table_insert(t, i);
}

uint32_t
tree_child(const struct tree *t, uint32_t dir, struct bytes name, bool bare)
{
	uint64_t hash = hash_of(dir, name, bare);
	size_t mask = t->table_cap - 1;

	for (size_t i = hash & mask; t->table_cap > 0 && t->table[i] != 0; i = (i + 1) & mask) {
		const struct tree_dir *d = &t->dir[t->table[i] - 1];

		if (d->hash == hash && d->parent == dir && d->bare == bare &&
		    bytes_eq(bytes_of(t->text + d->name_at, d->name_len), name))
			return t->table[i] - 1;
	}
	return TREE_NONE;
}

static enum err_code
add_dir(struct tree *t, struct bytes name, uint32_t parent, bool bare, uint32_t *out,
	struct err *err)
{
	uint32_t at;

	if (put_text(t, name, &at, err) != ERR_OK)
		return err->code;
	if (t->n_dirs >= TREE_NONE - 1)
		return err_set(err, ERR_LIMIT, "too many directories");
	t->dir = (struct tree_dir *)mem_grow(t->dir, t->n_dirs, &t->cap_dirs, sizeof(*t->dir));
	uint32_t node = (uint32_t)t->n_dirs++;
	struct tree_dir *d = &t->dir[node];
	*d = (struct tree_dir){
		.name_at = at,
		.name_len = (uint32_t)name.n,
		.parent = parent,
		.first_child = TREE_NONE,
		.next_sibling = TREE_NONE,
		.own = TREE_NONE,
		.bare = bare,
		.hash = hash_of(parent, name, bare),
	};
	if (parent != TREE_NONE) {
		d->depth = (t->dir[parent].depth + 1) & INT32_MAX;
		d->next_sibling = t->dir[parent].first_child;
		t->dir[parent].first_child = node;
	}
	if (t->n_dirs * 2 > t->table_cap)
		table_grow(t);
	else
		table_insert(t, node);
	*out = node;
	return ERR_OK;
}

static enum err_code
ensure_root(struct tree *t, struct err *err)
{
	uint32_t root;

	return t->n_dirs > 0 ? ERR_OK : add_dir(t, bytes_of("", 0), TREE_NONE, false, &root, err);
}

/* The node of a path that ends in '/'; its missing ancestors are made first, from the top down. */
static enum err_code
ensure_dir(struct tree *t, struct bytes path, uint32_t *out, struct err *err)
{
	bool bare = path.p[0] != '/';
	struct bytes rest = bare ? path : bytes_skip(path, 1);

	for (*out = tree_root(t); rest.n > 0; bare = false) {
		const uint8_t *end = (const uint8_t *)memchr(rest.p, '/', rest.n);
		struct bytes name = bytes_of(rest.p, (size_t)(end - rest.p));
		uint32_t child = tree_child(t, *out, name, bare);

		if (child == TREE_NONE && t->dir[*out].depth == TREE_DEPTH_MAX)
			return err_set(err, ERR_FORMAT, "deeper than %u directories: %s...",
				       TREE_DEPTH_MAX, PATH_PRINT(bytes_of(path.p, 40)));
		if (child == TREE_NONE && add_dir(t, name, *out, bare, &child, err) != ERR_OK)
			return err->code;
		*out = child;
		rest = bytes_skip(rest, name.n + 1);
	}
	return ERR_OK;
}

/* ---- rows ---- */

static enum err_code
job_slot(struct tree *t, uint32_t job_id, uint16_t *out, struct err *err)
{
	/* Rows come job by job: the last one is nearly always it. */
	for (size_t i = t->n_jobs; i > 0; i--) {
		if (t->job[i - 1].id == job_id) {
			*out = (uint16_t)(i - 1);
			return ERR_OK;
		}
	}
	if (t->n_jobs == JOBS_MAX)
		return err_set(err, ERR_LIMIT, "more than %u jobs in one restore", JOBS_MAX);
	t->job = (struct tree_job *)mem_grow(t->job, t->n_jobs, &t->cap_jobs, sizeof(*t->job));
	t->job[t->n_jobs] = (struct tree_job){ .id = job_id };
	*out = (uint16_t)t->n_jobs++;
	return ERR_OK;
}

static bool
has_directory(const struct tree_row *r)
{
	return r->path.n > 0 && r->path.p[r->path.n - 1] == '/';
}

/* What has no directory has its whole name as path. */
static struct bytes
row_name(const struct tree_row *r)
{
	return r->name.n > 0 || has_directory(r) ? r->name : r->path;
}

static enum err_code
judge_row(const struct tree_row *r, struct err *err)
{
	if (r->file_index <= 0)
		return err_set(err, ERR_FORMAT, "JobId %u: FileIndex %d is not positive", r->job_id,
			       r->file_index);
	if (r->path.n + r->name.n == 0)
		return err_set(err, ERR_FORMAT, "JobId %u: FileIndex %d has no name", r->job_id,
			       r->file_index);
	if (row_name(r).n > UINT16_MAX || r->lstat.n > UINT16_MAX)
		return err_set(err, ERR_FORMAT,
			       "JobId %u: FileIndex %d: name of %zu bytes, attributes of %zu",
			       r->job_id, r->file_index, row_name(r).n, r->lstat.n);
	return ERR_OK;
}

/* The node of the row's directory; slots may be met in any order. */
static enum err_code
slot_node(struct tree *t, const struct tree_row *r, uint32_t *out, struct err *err)
{
	if (!has_directory(r)) {
		*out = tree_root(t);
		return ERR_OK;
	}
	while (t->n_slots <= r->path_slot) {
		t->slot = (uint32_t *)mem_grow(t->slot, t->n_slots, &t->cap_slots,
					       sizeof(*t->slot));
		t->slot[t->n_slots++] = TREE_NONE;
	}
	if (t->slot[r->path_slot] == TREE_NONE &&
	    ensure_dir(t, r->path, &t->slot[r->path_slot], err) != ERR_OK)
		return err->code;
	*out = t->slot[r->path_slot];
	return ERR_OK;
}

enum err_code
tree_add(struct tree *t, const struct tree_row *r, struct err *err)
{
	struct tree_entry e = { .file_index = r->file_index };
	struct bytes name = row_name(r);

	if (judge_row(r, err) != ERR_OK || ensure_root(t, err) != ERR_OK ||
	    job_slot(t, r->job_id, &e.job, err) != ERR_OK)
		return err->code;
	if (slot_node(t, r, &e.dir, err) != ERR_OK)
		return err->code;
	if (put_text(t, name, &e.name_at, err) != ERR_OK ||
	    put_text(t, r->lstat, &e.lstat_at, err) != ERR_OK)
		return err->code;
	e.name_len = (uint16_t)name.n;
	e.lstat_len = (uint16_t)r->lstat.n;
	if (t->n_entries >= TREE_NONE - 1)
		return err_set(err, ERR_LIMIT, "too many files for one restore");
	t->entry = (struct tree_entry *)mem_grow(t->entry, t->n_entries, &t->cap_entries,
						 sizeof(*t->entry));
	t->entry[t->n_entries++] = e;
	if ((uint32_t)e.file_index > t->job[e.job].max_index)
		t->job[e.job].max_index = (uint32_t)e.file_index;
	return ERR_OK;
}

/* Group the entries by directory: count, sum, place. */
enum err_code
tree_finish(struct tree *t, struct err *err)
{
	uint32_t at = 0;

	if (ensure_root(t, err) != ERR_OK)
		return err->code;
	for (size_t i = 0; i < t->n_entries; i++) {
		struct tree_dir *d = &t->dir[t->entry[i].dir];

		if (t->entry[i].name_len > 0) {
			d->n++;
			continue;
		}
		d->own = (uint32_t)i;
		t->n_dir_entries++;
	}
	for (size_t i = 0; i < t->n_dirs; i++) {
		t->dir[i].first = at;
		at += t->dir[i].n;
		t->dir[i].n = 0;
	}
	t->order = NEW_ARRAY(uint32_t, (size_t)at + 1);
	for (size_t i = 0; i < t->n_entries; i++) {
		struct tree_dir *d = &t->dir[t->entry[i].dir];

		if (t->entry[i].name_len > 0)
			t->order[d->first + d->n++] = (uint32_t)i;
	}
	return ERR_OK;
}

/* ---- facts ---- */

uint32_t
tree_count(const struct tree *t)
{
	return (uint32_t)t->n_entries;
}

uint32_t
tree_files(const struct tree *t)
{
	return (uint32_t)t->n_entries - t->n_dir_entries;
}

uint32_t
tree_marked(const struct tree *t)
{
	return t->marked;
}

uint32_t
tree_root(UNUSED const struct tree *t)
{
	return 0;
}

static struct bytes
entry_lstat(const struct tree *t, const struct tree_entry *e)
{
	return bytes_of(t->text + e->lstat_at, e->lstat_len);
}

uint64_t
tree_marked_bytes(const struct tree *t)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < t->n_entries; i++) {
		const struct tree_entry *e = &t->entry[i];
		struct err ignored = ERR_INIT;
		struct lstat_fields f;

		if ((e->flags & ENTRY_MARKED) == 0 || e->name_len == 0 ||
		    lstat_parse(entry_lstat(t, e), &f, &ignored) != ERR_OK)
			continue;
		if (S_ISREG((mode_t)f.mode) && f.size > 0 &&
		    (f.link_fi == 0 || f.link_fi == e->file_index))
			sum += (uint64_t)f.size;
	}
	return sum;
}

/* ---- hard links ---- */

int64_t
tree_link_index(const struct tree *t, const struct tree_entry *e)
{
	const char *p = t->text + e->lstat_at;
	struct err ignored = ERR_INIT;
	struct lstat_fields f;

	/* Nearly every file has none: look at that field alone before reading all. */
	for (int i = 0; i < LINK_FIELD; i++) {
		p = strchr(p, ' ');
		if (p == NULL)
			return 0;
		p++;
	}
	if (p[0] == 'A' && (p[1] == ' ' || p[1] == '\0'))
		return 0;
	if (lstat_parse(entry_lstat(t, e), &f, &ignored) != ERR_OK || f.link_fi <= 0 ||
	    f.link_fi == e->file_index)
		return 0;
	return f.link_fi;
}

uint32_t
tree_entry_of(struct tree *t, size_t job, int64_t file_index)
{
	struct tree_job *j = &t->job[job];

	if (file_index <= 0 || file_index > j->max_index)
		return TREE_NONE;
	if (j->by_index == NULL) {
		j->by_index = NEW_ARRAY(uint32_t, (size_t)j->max_index + 1);
		for (size_t i = 0; i < t->n_entries; i++)
			if (t->entry[i].job == job)
				j->by_index[t->entry[i].file_index] = (uint32_t)i + 1;
	}
	uint32_t found = j->by_index[file_index];
	return found == 0 ? TREE_NONE : found - 1;
}
