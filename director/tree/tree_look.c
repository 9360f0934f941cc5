#include "director/tree/tree_internal.h"

#include <fnmatch.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"

#define PATH_TEXT_MAX (1u << 20) /* of a name a person types */
#define PARTS_MAX     256        /* components of a pattern */

/* ---- names ---- */

void
tree_dir_path(const struct tree *t, uint32_t dir, struct buf *out)
{
	size_t n = t->dir[dir].depth;
	OWNED(freep) uint32_t *way = NEW_ARRAY(uint32_t, n + 1);

	for (size_t i = n; i > 0; i--, dir = t->dir[dir].parent)
		way[i - 1] = dir;
	if (n == 0 || !t->dir[way[0]].bare)
		buf_put(out, "/", 1);
	for (size_t i = 0; i < n; i++) {
		buf_put(out, t->text + t->dir[way[i]].name_at, t->dir[way[i]].name_len);
		buf_put(out, "/", 1);
	}
}

struct bytes
tree_item_name(const struct tree *t, const struct tree_item *item)
{
	if (!item->is_dir) {
		const struct tree_entry *e = &t->entry[item->entry];

		return bytes_of(t->text + e->name_at, e->name_len);
	}
	const struct tree_dir *d = &t->dir[item->dir];
	if (d->parent == TREE_NONE)
		return bytes_str("/");
	return bytes_of(t->text + d->name_at, d->name_len);
}

void
tree_item_path(const struct tree *t, const struct tree_item *item, struct buf *out)
{
	tree_dir_path(t, item->dir, out);
	if (!item->is_dir) {
		struct bytes name = tree_item_name(t, item);

		buf_put(out, name.p, name.n);
	}
}

struct bytes
tree_item_lstat(const struct tree *t, const struct tree_item *item)
{
	if (item->entry == TREE_NONE)
		return bytes_of("", 0);
	const struct tree_entry *e = &t->entry[item->entry];
	return bytes_of(t->text + e->lstat_at, e->lstat_len);
}

/* ---- lists ---- */

struct named_item {
	struct tree_item item;
	struct bytes name;
};

static int
by_name(const void *a, const void *b)
{
	const struct bytes *x = &((const struct named_item *)a)->name;
	const struct bytes *y = &((const struct named_item *)b)->name;
	size_t n = x->n < y->n ? x->n : y->n;
	int c = n == 0 ? 0 : memcmp(x->p, y->p, n);

	return c != 0 ? c : (x->n > y->n) - (x->n < y->n);
}

static struct tree_item
dir_item(const struct tree *t, uint32_t dir)
{
	return (struct tree_item){ dir, t->dir[dir].own, true };
}

/* Everything directly in dir, sorted; owned. */
static struct named_item *
children_of(const struct tree *t, uint32_t dir, size_t *n)
{
	const struct tree_dir *d = &t->dir[dir];
	struct named_item *v = NULL;
	size_t cap = 0;

	*n = 0;
	for (uint32_t c = d->first_child; c != TREE_NONE; c = t->dir[c].next_sibling) {
		v = (struct named_item *)mem_grow(v, *n, &cap, sizeof(*v));
		v[*n].item = dir_item(t, c);
		v[*n].name = tree_item_name(t, &v[*n].item);
		(*n)++;
	}
	for (uint32_t i = 0; i < d->n; i++) {
		v = (struct named_item *)mem_grow(v, *n, &cap, sizeof(*v));
		v[*n].item = (struct tree_item){ dir, t->order[d->first + i], false };
		v[*n].name = tree_item_name(t, &v[*n].item);
		(*n)++;
	}
	if (*n > 1)
		qsort(v, *n, sizeof(*v), by_name);
	return v;
}

void
tree_list(struct tree *t, uint32_t dir, tree_visit *visit, void *arg)
{
	size_t n;
	OWNED(freep) struct named_item *v = children_of(t, dir, &n);

	for (size_t i = 0; i < n; i++)
		if (!visit(arg, &v[i].item))
			return;
}

static bool
walk(struct tree *t, uint32_t dir, tree_visit *visit, void *arg)
{
	size_t n;
	OWNED(freep) struct named_item *v = children_of(t, dir, &n);

	for (size_t i = 0; i < n; i++) {
		if (!visit(arg, &v[i].item))
			return false;
		if (v[i].item.is_dir && !walk(t, v[i].item.dir, visit, arg))
			return false;
	}
	return true;
}

void
tree_walk(struct tree *t, uint32_t dir, tree_visit *visit, void *arg)
{
	(void)walk(t, dir, visit, arg);
}

/* ---- paths that people type ---- */

/* A pattern as its components; text holds them, each with its NUL. */
struct parts {
	struct buf text;
	const char *v[PARTS_MAX];
	size_t n;
	bool absolute, dirs_only;
};

static bool
split(struct bytes in, struct parts *out)
{
	struct err ignored = ERR_INIT;

	*out = (struct parts){ .text = BUF_INIT(PATH_TEXT_MAX) };
	if (in.n == 0 || buf_append(&out->text, in.p, in.n, &ignored) != ERR_OK)
		return false;
	char *p = (char *)(uintptr_t)buf_str(&out->text);
	out->absolute = p[0] == '/';
	out->dirs_only = p[in.n - 1] == '/';
	while (*p != '\0') {
		size_t n = strcspn(p, "/");
		char *end = p + n;
		bool last = *end == '\0';

		*end = '\0';
		if (n > 0 && strcmp(p, ".") != 0) {
			if (out->n == PARTS_MAX)
				return false;
			out->v[out->n++] = p;
		}
		p = last ? end : end + 1;
	}
	return true;
}

uint32_t
tree_cd(const struct tree *t, uint32_t cwd, struct bytes path)
{
	struct parts parts;
	uint32_t found = TREE_NONE;

	if (split(path, &parts)) {
		uint32_t at = parts.absolute ? tree_root(t) : cwd;

		for (size_t i = 0; at != TREE_NONE && i < parts.n; i++) {
			if (strcmp(parts.v[i], "..") == 0) {
				if (t->dir[at].parent != TREE_NONE)
					at = t->dir[at].parent;
				continue;
			}
			uint32_t next = tree_child(t, at, bytes_str(parts.v[i]), false);
			/* At the top a name may have no "/" before it: "C:". */
			if (next == TREE_NONE && at == tree_root(t))
				next = tree_child(t, at, bytes_str(parts.v[i]), true);
			at = next;
		}
		found = at;
	}
	buf_release(&parts.text);
	return found;
}

/* ---- patterns ---- */

struct matcher {
	struct tree *t;
	const struct parts *parts;
	tree_visit *visit;
	void *arg;
	uint8_t *been; /* owned; a bit for each component in each directory; NULL: no way is double
			*/
};

static bool
is_star(const char *pattern)
{
	return strcmp(pattern, "**") == 0;
}

static bool
is_up(const char *pattern)
{
	return strcmp(pattern, "..") == 0;
}

/*
 * "**" and ".." come to the same place in many ways: one is enough.  at: the component that is
 * next; their number is that of a directory that ".." names at the end.
 */
static bool
been_here(const struct matcher *m, uint32_t dir, size_t at)
{
	size_t bit = dir * (m->parts->n + 1) + at;
	bool been;

	if (m->been == NULL)
		return false;
	been = (m->been[bit / 8] & 1u << bit % 8) != 0;
	m->been[bit / 8] = (uint8_t)(m->been[bit / 8] | 1u << bit % 8);
	return been;
}

static uint8_t *
places_of(const struct tree *t, const struct parts *parts)
{
	for (size_t i = 0; i < parts->n; i++)
		if (is_star(parts->v[i]) || is_up(parts->v[i]))
			return NEW_ARRAY(uint8_t, t->n_dirs * (parts->n + 1) / 8 + 1);
	return NULL;
}

/* A name means itself, whatever wildcards it holds.  All texts of the tree end with a NUL. */
static bool
is_meant(const char *pattern, const char *name)
{
	return strcmp(pattern, name) == 0 || fnmatch(pattern, name, 0) == 0;
}

/* Match components from at on against what is in dir; false: the visitor had enough. */
static bool
match_in(const struct matcher *m, uint32_t dir, size_t at)
{
	const char *pattern = m->parts->v[at];
	bool last = at + 1 == m->parts->n;
	size_t n;

	if (been_here(m, dir, at))
		return true;
	if (is_up(pattern)) {
		uint32_t up = m->t->dir[dir].parent == TREE_NONE ? dir : m->t->dir[dir].parent;
		struct tree_item item = dir_item(m->t, up);

		if (!last)
			return match_in(m, up, at + 1);
		return been_here(m, up, at + 1) || m->visit(m->arg, &item);
	}
	bool any_depth = is_star(pattern);
	if (any_depth && !last && !match_in(m, dir, at + 1))
		return false;
	OWNED(freep) struct named_item *v = children_of(m->t, dir, &n);
	for (size_t i = 0; i < n; i++) {
		const struct tree_item *item = &v[i].item;

		if (any_depth) {
			if (last && (!m->parts->dirs_only || item->is_dir) &&
			    !m->visit(m->arg, item))
				return false;
			if (item->is_dir && !match_in(m, item->dir, at))
				return false;
			continue;
		}
		if (!is_meant(pattern, (const char *)v[i].name.p))
			continue;
		if (last) {
			if ((!m->parts->dirs_only || item->is_dir) && !m->visit(m->arg, item))
				return false;
		} else if (item->is_dir && !match_in(m, item->dir, at + 1)) {
			return false;
		}
	}
	return true;
}

struct deep {
	struct matcher m;
	bool stopped;
};

/* Look for a whole pattern below every directory met. */
static bool
look_deeper(void *arg, const struct tree_item *item)
{
	struct deep *d = (struct deep *)arg;

	if (item->is_dir && !match_in(&d->m, item->dir, 0))
		d->stopped = true;
	return !d->stopped;
}

void
tree_match(struct tree *t, uint32_t cwd, struct bytes pattern, bool deep, tree_visit *visit,
	   void *arg)
{
	struct parts parts;

	if (split(pattern, &parts)) {
		uint32_t from = parts.absolute ? tree_root(t) : cwd;
		struct deep d = { { t, &parts, visit, arg, places_of(t, &parts) }, false };

		if (parts.n == 0) {
			struct tree_item item = dir_item(t, from);

			(void)visit(arg, &item);
		} else if (match_in(&d.m, from, 0) && deep && !parts.absolute) {
			tree_walk(t, from, look_deeper, &d);
		}
		free(d.m.been);
	}
	buf_release(&parts.text);
}
