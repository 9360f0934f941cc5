#include "director/tree/tree_internal.h"

#include <string.h>

#include "lib/base/mem.h"

/* ---- marks ---- */

static uint32_t
set_one(struct tree *t, uint32_t at, bool on)
{
	struct tree_entry *e = &t->entry[at];

	if (((e->flags & ENTRY_MARKED) != 0) == on)
		return 0;
	e->flags ^= ENTRY_MARKED;
	t->sums_stale = true;
	if (on)
		t->marked++;
	else
		t->marked--;
	return 1;
}

/* An entry; with a hard link also the name that holds its data. */
static uint32_t
set_entry(struct tree *t, uint32_t at, bool on)
{
	uint32_t changed = set_one(t, at, on);

	if (changed == 0 || !on)
		return changed;
	int64_t link = tree_link_index(t, &t->entry[at]);
	if (link != 0) {
		uint32_t first = tree_entry_of(t, t->entry[at].job, link);

		if (first != TREE_NONE)
			changed += set_one(t, first, true);
	}
	return changed;
}

static uint32_t
set_files_in(struct tree *t, uint32_t dir, bool on)
{
	const struct tree_dir *d = &t->dir[dir];
	uint32_t changed = 0;

	if (d->own != TREE_NONE)
		changed += set_one(t, d->own, on);
	for (uint32_t i = 0; i < d->n; i++)
		changed += set_entry(t, t->order[d->first + i], on);
	return changed;
}

/* The node after dir in a walk below top; TREE_NONE at the end. */
static uint32_t
next_below(const struct tree *t, uint32_t top, uint32_t dir)
{
	if (t->dir[dir].first_child != TREE_NONE)
		return t->dir[dir].first_child;
	while (dir != top && t->dir[dir].next_sibling == TREE_NONE)
		dir = t->dir[dir].parent;
	return dir == top ? TREE_NONE : t->dir[dir].next_sibling;
}

uint32_t
tree_mark(struct tree *t, const struct tree_item *item, bool on, enum tree_scope scope)
{
	uint32_t changed = 0;

	if (!item->is_dir)
		return item->entry == TREE_NONE ? 0 : set_entry(t, item->entry, on);
	switch (scope) {
	case TREE_SELF:
		return item->entry == TREE_NONE ? 0 : set_one(t, item->entry, on);
	case TREE_FILES_IN:
		return set_files_in(t, item->dir, on);
	case TREE_ALL_BELOW:
		break;
	}
	for (uint32_t d = item->dir; d != TREE_NONE; d = next_below(t, item->dir, d))
		changed += set_files_in(t, d, on);
	return changed;
}

uint32_t
tree_mark_all(struct tree *t)
{
	uint32_t changed = 0;

	for (size_t i = 0; i < t->n_entries; i++)
		changed += set_one(t, (uint32_t)i, true);
	return changed;
}

/* ---- sums: a parent's index is smaller than its children's ---- */

void
tree_sums(struct tree *t)
{
	if (!t->sums_stale)
		return;
	for (size_t i = 0; i < t->n_dirs; i++)
		t->dir[i].marked = 0;
	for (size_t i = 0; i < t->n_entries; i++)
		if ((t->entry[i].flags & ENTRY_MARKED) != 0)
			t->dir[t->entry[i].dir].marked++;
	for (size_t i = t->n_dirs; i-- > 1;)
		t->dir[t->dir[i].parent].marked += t->dir[i].marked;
	t->sums_stale = false;
}

enum tree_tag
tree_item_tag(struct tree *t, const struct tree_item *item)
{
	if (item->entry != TREE_NONE && (t->entry[item->entry].flags & ENTRY_MARKED) != 0)
		return TREE_TAG_MARKED;
	if (!item->is_dir)
		return TREE_TAG_NONE;
	tree_sums(t);
	return t->dir[item->dir].marked > 0 ? TREE_TAG_INSIDE : TREE_TAG_NONE;
}

/* ---- result ---- */

/* Rows came newest job first. */
size_t
tree_marked_jobs(struct tree *t, uint32_t *out, size_t max)
{
	uint8_t *seen = NEW_ARRAY(uint8_t, t->n_jobs + 1);
	size_t n = 0;

	for (size_t i = 0; i < t->n_entries; i++)
		if ((t->entry[i].flags & ENTRY_MARKED) != 0)
			seen[t->entry[i].job] = 1;
	for (size_t j = t->n_jobs; j-- > 0 && n < max;)
		if (seen[j] != 0)
			out[n++] = t->job[j].id;
	free(seen);
	return n;
}

/* Why a FileIndex is read. */
enum { WANT_MARKED = 1, WANT_LINK = 2 };

/* One byte per FileIndex of the job; owned. */
static uint8_t *
wanted(struct tree *t, size_t job)
{
	/* A data name behind max_index cannot be: links point back. */
	uint8_t *want = NEW_ARRAY(uint8_t, (size_t)t->job[job].max_index + 1);

	for (size_t i = 0; i < t->n_entries; i++) {
		const struct tree_entry *e = &t->entry[i];
		int64_t link;

		if (e->job != job || (e->flags & ENTRY_MARKED) == 0)
			continue;
		want[e->file_index] |= WANT_MARKED;
		link = tree_link_index(t, e);
		if (link > 0 && link <= t->job[job].max_index)
			want[link] |= WANT_LINK;
	}
	return want;
}

/* Runs of what is wanted, for one of the reasons in any and not for one in none. */
static struct tree_run *
runs_of(struct tree *t, uint32_t job_id, unsigned any, unsigned none, size_t *n)
{
	struct tree_run *runs = NULL;
	size_t job = 0, cap = 0;

	*n = 0;
	while (job < t->n_jobs && t->job[job].id != job_id)
		job++;
	if (job == t->n_jobs)
		return NULL;
	uint8_t *want = wanted(t, job);
	for (uint32_t fi = 1; fi <= t->job[job].max_index; fi++) {
		if ((want[fi] & any) == 0 || (want[fi] & none) != 0)
			continue;
		if (*n > 0 && runs[*n - 1].last == (int32_t)fi - 1) {
			runs[*n - 1].last = (int32_t)fi;
			continue;
		}
		runs = (struct tree_run *)mem_grow(runs, *n, &cap, sizeof(*runs));
		runs[(*n)++] = (struct tree_run){ (int32_t)fi, (int32_t)fi };
	}
	free(want);
	return runs;
}

struct tree_run *
tree_marked_runs(struct tree *t, uint32_t job_id, size_t *n)
{
	return runs_of(t, job_id, WANT_MARKED | WANT_LINK, 0, n);
}

struct tree_run *
tree_unmarked_runs(struct tree *t, uint32_t job_id, size_t *n)
{
	return runs_of(t, job_id, WANT_LINK, WANT_MARKED, n);
}
