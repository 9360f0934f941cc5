#include "lib/catalog/path_cache.h"

#include <stdlib.h>

#include "lib/base/hash.h"
#include "lib/base/sync.h"

#define FIRST_SLOTS 4096u

struct entry {
	struct path_hash key;
	uint32_t id; /* 0: empty */
};

struct generation {
	struct entry *v; /* owned */
	size_t slots;    /* power of two, 0: none */
	size_t used;
};

struct path_cache {
	size_t max_slots;  /* of one generation */
	struct mutex lock; /* RANK_PATHS */
	struct generation young GUARDED_BY(&lock);
	struct generation old GUARDED_BY(&lock);
};

struct path_cache *
path_cache_new(uint64_t max_bytes)
{
	struct path_cache *p = NEW(struct path_cache);

	p->max_slots = FIRST_SLOTS;
	while (p->max_slots * 2 * sizeof(struct entry) * 2 <= max_bytes)
		p->max_slots *= 2;
	mutex_init(&p->lock, RANK_PATHS);
	return p;
}

void
path_cache_free(struct path_cache *p) NO_ANALYSIS /* nobody else knows it any more */
{
	if (p == NULL)
		return;
	free(p->young.v);
	free(p->old.v);
	mutex_release(&p->lock);
	free(p);
}

struct path_hash
path_hash_of(struct bytes path)
{
	XXH128_hash_t h = XXH3_128bits(path.p, path.n);

	return (struct path_hash){ h.low64, h.high64 };
}

/* The entry of key, or the empty one where it belongs. */
static struct entry *
slot_of(const struct generation *g, struct path_hash key)
{
	size_t i = (size_t)key.lo & (g->slots - 1);

	while (g->v[i].id != 0 && (g->v[i].key.lo != key.lo || g->v[i].key.hi != key.hi))
		i = (i + 1) & (g->slots - 1);
	return &g->v[i];
}

static void
put(struct generation *g, struct path_hash key, uint32_t id)
{
	struct entry *e = slot_of(g, key);

	if (e->id == 0)
		g->used++;
	*e = (struct entry){ key, id };
}

static void
grow(struct generation *g)
{
	struct generation bigger = { .slots = g->slots == 0 ? FIRST_SLOTS : g->slots * 2 };

	bigger.v = NEW_ARRAY(struct entry, bigger.slots);
	for (size_t i = 0; i < g->slots; i++)
		if (g->v[i].id != 0)
			put(&bigger, g->v[i].key, g->v[i].id);
	free(g->v);
	*g = bigger;
}

static void
add_locked(struct path_cache *p, struct path_hash key, uint32_t id) REQUIRES(p->lock)
{
	if ((p->young.used + 1) * 4 > p->young.slots * 3) {
		if (p->young.slots < p->max_slots) {
			grow(&p->young);
		} else {
			free(p->old.v);
			p->old = p->young;
			p->young = (struct generation){ 0 };
			grow(&p->young);
		}
	}
	put(&p->young, key, id);
}

static uint32_t
find_locked(struct path_cache *p, struct path_hash key) REQUIRES(p->lock)
{
	uint32_t id = p->young.slots > 0 ? slot_of(&p->young, key)->id : 0;

	if (id != 0 || p->old.slots == 0)
		return id;
	id = slot_of(&p->old, key)->id;
	if (id != 0)
		add_locked(p, key, id);
	return id;
}

size_t
path_cache_find(struct path_cache *p, const struct path_hash *hashes, size_t n, uint32_t *ids)
{
	size_t unknown = 0;

	mutex_lock(&p->lock);
	for (size_t i = 0; i < n; i++) {
		ids[i] = find_locked(p, hashes[i]);
		unknown += ids[i] == 0;
	}
	mutex_unlock(&p->lock);
	return unknown;
}

void
path_cache_add(struct path_cache *p, const struct path_hash *hashes, const uint32_t *ids, size_t n)
{
	mutex_lock(&p->lock);
	for (size_t i = 0; i < n; i++)
		add_locked(p, hashes[i], ids[i]);
	mutex_unlock(&p->lock);
}

void
path_cache_clear(struct path_cache *p)
{
	mutex_lock(&p->lock);
	free(p->young.v);
	free(p->old.v);
	p->young = (struct generation){ 0 };
	p->old = (struct generation){ 0 };
	mutex_unlock(&p->lock);
}
