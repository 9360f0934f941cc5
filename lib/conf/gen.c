#include "lib/conf/gen.h"

#include "lib/base/mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define CHUNK_LEN (64 * 1024)

struct chunk {
	struct chunk *next;
	size_t used, cap;
	_Alignas(max_align_t) uint8_t p[];
};

struct deferred {
	void (*fn)(void *p);
	void *p;
};

struct conf_gen {
	atomic_uint refs;
	const struct conf_program *program;
	struct chunk *chunks;
	struct conf_res **res;
	size_t n_res, cap_res;
	struct deferred *deferred;
	size_t n_deferred, cap_deferred;
};

struct conf_gen *
conf_gen_new(const struct conf_program *program)
{
	struct conf_gen *g = NEW(struct conf_gen);

	atomic_init(&g->refs, 1);
	g->program = program;
	return g;
}

struct conf_gen *
conf_gen_ref(struct conf_gen *g)
{
	atomic_fetch_add_explicit(&g->refs, 1, memory_order_relaxed);
	return g;
}

static void
wipe_secrets(struct conf_res *r)
{
	size_t base;
	const struct conf_row *row;

	for (size_t i = 0; (row = conf_type_row(r->type, i, &base)) != NULL; i++)
		if (row->type == CONF_PASSWORD || row->type == CONF_SECRET)
			secret_release((struct secret *)conf_row_slot(r, i));
}

void
conf_gen_unref(struct conf_gen *g)
{
	if (g == NULL || atomic_fetch_sub_explicit(&g->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = g->n_deferred; i > 0; i--)
		g->deferred[i - 1].fn(g->deferred[i - 1].p);
	for (size_t i = 0; i < g->n_res; i++)
		wipe_secrets(g->res[i]);
	while (g->chunks != NULL) {
		struct chunk *next = g->chunks->next;

		/* file texts hold passwords, too */
		explicit_bzero(g->chunks->p, g->chunks->used);
		free(g->chunks);
		g->chunks = next;
	}
	free(g->res);
	free(g->deferred);
	free(g);
}

void
conf_gen_unrefp(struct conf_gen **g)
{
	conf_gen_unref(*g);
}

void *
conf_alloc(struct conf_gen *g, size_t n)
{
	size_t need = (n + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	struct chunk *c = g->chunks;
	void *p;

	if (c == NULL || c->cap - c->used < need) {
		size_t cap = need > CHUNK_LEN ? need : CHUNK_LEN;

		c = (struct chunk *)mem_zalloc(1, sizeof(*c) + cap);
		c->cap = cap;
		c->next = g->chunks;
		g->chunks = c;
	}
	p = c->p + c->used;
	c->used += need;
	return p;
}

char *
conf_strndup(struct conf_gen *g, const char *s, size_t n)
{
	char *copy = (char *)conf_alloc(g, n + 1);

	memcpy(copy, s, n);
	return copy;
}

char *
conf_strdup(struct conf_gen *g, const char *s)
{
	return conf_strndup(g, s, strlen(s));
}

char *
conf_printf(struct conf_gen *g, const char *fmt, ...)
{
	va_list ap;
	char *copy;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	assert(n >= 0);
	copy = (char *)conf_alloc(g, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(copy, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return copy;
}

void *
conf_grow(struct conf_gen *g, void *p, size_t n, size_t size)
{
	void *grown;

	if ((n & (n - 1)) != 0)
		return p;
	grown = conf_alloc(g, (n == 0 ? 1 : 2 * n) * size);
	if (n > 0)
		memcpy(grown, p, n * size);
	return grown;
}

void
conf_list_add(struct conf_gen *g, struct str_list *l, const char *s)
{
	l->v = (char **)conf_grow(g, l->v, l->n, sizeof(*l->v));
	l->v[l->n++] = conf_strdup(g, s);
}

void
conf_gen_defer(struct conf_gen *g, void (*fn)(void *p), void *p)
{
	g->deferred = (struct deferred *)mem_grow(g->deferred, g->n_deferred, &g->cap_deferred,
						  sizeof(*g->deferred));
	g->deferred[g->n_deferred++] = (struct deferred){ fn, p };
}

const struct conf_program *
conf_gen_program(const struct conf_gen *g)
{
	return g->program;
}

struct conf_res *
conf_gen_add(struct conf_gen *g, const struct conf_type *t, struct conf_pos pos)
{
	struct conf_res *r = (struct conf_res *)conf_alloc(g, t->size);
	size_t n = conf_type_rows(t);

	assert(n <= CONF_ROWS_MAX);
	r->type = t;
	r->pos = pos;
	r->order = (uint32_t)g->n_res;
	r->row_pos = (struct conf_pos *)conf_alloc(g, n * sizeof(*r->row_pos));
	g->res = (struct conf_res **)mem_grow(g->res, g->n_res, &g->cap_res, sizeof(*g->res));
	g->res[g->n_res++] = r;
	return r;
}

size_t
conf_gen_count(const struct conf_gen *g)
{
	return g->n_res;
}

struct conf_res *
conf_gen_at(const struct conf_gen *g, size_t i)
{
	return g->res[i];
}

const char *
conf_res_name(const struct conf_res *r)
{
	const char *name;

	/* every resource struct begins with res and name */
	memcpy(&name, (const char *)r + sizeof(*r), sizeof(name));
	return name != NULL ? name : "";
}

struct conf_res *
conf_gen_find(const struct conf_gen *g, const char *type, const char *name)
{
	for (size_t i = 0; i < g->n_res; i++)
		if (strcmp(g->res[i]->type->name, type) == 0 &&
		    strcmp(conf_res_name(g->res[i]), name) == 0)
			return g->res[i];
	return NULL;
}

void *
conf_gen_array(struct conf_gen *g, const char *type, size_t *n)
{
	struct conf_res **v = (struct conf_res **)conf_alloc(g, (g->n_res + 1) * sizeof(*v));

	*n = 0;
	for (size_t i = 0; i < g->n_res; i++)
		if (strcmp(g->res[i]->type->name, type) == 0)
			v[(*n)++] = g->res[i];
	return v;
}

const struct conf_row *
conf_type_row(const struct conf_type *t, size_t i, size_t *base)
{
	for (size_t k = 0; k < CONF_GROUPS_MAX && t->groups[k].rows != NULL; k++)
		for (const struct conf_row *row = t->groups[k].rows; row->name != NULL; row++)
			if (i-- == 0) {
				*base = t->groups[k].base;
				return row;
			}
	return NULL;
}

size_t
conf_type_rows(const struct conf_type *t)
{
	size_t n = 0, base;

	while (conf_type_row(t, n, &base) != NULL)
		n++;
	return n;
}

void *
conf_row_slot(const struct conf_res *r, size_t i)
{
	size_t base = 0;
	const struct conf_row *row = conf_type_row(r->type, i, &base);
	uintptr_t at = (uintptr_t)r;

	assert(row != NULL);
	return (void *)(at + base + row->at);
}

bool
conf_res_is_set(const struct conf_res *r, size_t i)
{
	return ((r->set[i / 64] | r->inherited[i / 64]) >> (i % 64) & 1) != 0;
}

static bool
find_row(const struct conf_res *r, const char *directive, size_t *at)
{
	const struct conf_row *row;
	size_t base;

	for (size_t i = 0; (row = conf_type_row(r->type, i, &base)) != NULL; i++)
		if (strcmp(row->name, directive) == 0) {
			*at = i;
			return true;
		}
	return false;
}

bool
conf_res_has(const struct conf_res *r, const char *directive)
{
	size_t i;

	return find_row(r, directive, &i) && conf_res_is_set(r, i);
}

const struct conf_pos *
conf_res_pos(const struct conf_res *r, const char *directive)
{
	size_t i;

	if (find_row(r, directive, &i) && r->row_pos[i].file != NULL)
		return &r->row_pos[i];
	return &r->pos;
}

void
conf_res_mark_set(struct conf_res *r, const char *directive, const struct conf_pos *pos)
{
	size_t i;

	if (!find_row(r, directive, &i))
		return;
	r->set[i / 64] |= UINT64_C(1) << (i % 64);
	r->row_pos[i] = *pos;
}
