#include "storage-daemon/media/volumes.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/sync.h"

struct entry {
	struct volume_use use;
	bool rewriting;
	bool condemned; /* its medium failed, and the catalog does not know yet */
	UT_hash_handle hh;
};

struct volumes {
	struct mutex lock;                       /* RANK_VOLUMES */
	struct entry *by_name GUARDED_BY(&lock); /* owned entries; one exists while it is in use */
};

struct volumes *
volumes_new(void)
{
	struct volumes *v = NEW(struct volumes);

	mutex_init(&v->lock, RANK_VOLUMES);
	return v;
}

void
volumes_free(struct volumes *v) NO_ANALYSIS /* nobody else knows it any more */
{
	struct entry *e, *next;

	if (v == NULL)
		return;
	HASH_ITER (hh, v->by_name, e, next) {
		HASH_DEL(v->by_name, e);
		free(e);
	}
	mutex_release(&v->lock);
	free(v);
}

static struct entry *
find_locked(struct volumes *v, const char *name) REQUIRES(&v->lock)
{
	struct entry *e;

	HASH_FIND_STR(v->by_name, name, e);
	return e;
}

static struct entry *
need_locked(struct volumes *v, const char *name) REQUIRES(&v->lock)
{
	struct entry *e = find_locked(v, name);

	if (e != NULL)
		return e;
	e = NEW(struct entry);
	(void)snprintf(e->use.name, sizeof(e->use.name), "%s", name);
	HASH_ADD_STR(v->by_name, use.name, e);
	return e;
}

static void
forget_unused_locked(struct volumes *v, struct entry *e) REQUIRES(&v->lock)
{
	if (e->use.writer != NULL || e->use.readers != 0 || e->rewriting || e->condemned)
		return;
	HASH_DEL(v->by_name, e);
	free(e);
}

bool
volumes_claim_write(struct volumes *v, const char *name, struct device *d)
{
	struct entry *e;
	bool ok;

	mutex_lock(&v->lock);
	e = need_locked(v, name);
	ok = !e->rewriting && (e->use.writer == NULL || e->use.writer == d);
	if (ok)
		e->use.writer = d;
	mutex_unlock(&v->lock);
	return ok;
}

void
volumes_drop_write(struct volumes *v, const char *name)
{
	struct entry *e;

	mutex_lock(&v->lock);
	e = find_locked(v, name);
	if (e != NULL) {
		e->use.writer = NULL;
		forget_unused_locked(v, e);
	}
	mutex_unlock(&v->lock);
}

static void
set_condemned(struct volumes *v, const char *name, bool condemned)
{
	struct entry *e;

	mutex_lock(&v->lock);
	e = need_locked(v, name);
	e->condemned = condemned;
	forget_unused_locked(v, e);
	mutex_unlock(&v->lock);
}

void
volumes_condemn(struct volumes *v, const char *name)
{
	set_condemned(v, name, true);
}

void
volumes_forgive(struct volumes *v, const char *name)
{
	set_condemned(v, name, false);
}

bool
volumes_is_condemned(struct volumes *v, const char *name)
{
	struct entry *e;
	bool is;

	mutex_lock(&v->lock);
	e = find_locked(v, name);
	is = e != NULL && e->condemned;
	mutex_unlock(&v->lock);
	return is;
}

bool
volumes_begin_rewrite(struct volumes *v, const char *name, const struct device *writer)
{
	struct entry *e;
	bool ok;

	mutex_lock(&v->lock);
	e = need_locked(v, name);
	ok = e->use.readers == 0 && !e->rewriting && e->use.writer == writer;
	if (ok)
		e->rewriting = true;
	forget_unused_locked(v, e);
	mutex_unlock(&v->lock);
	return ok;
}

void
volumes_rewrite_done(struct volumes *v, const char *name)
{
	struct entry *e;

	mutex_lock(&v->lock);
	e = find_locked(v, name);
	if (e != NULL) {
		e->rewriting = false;
		forget_unused_locked(v, e);
	}
	mutex_unlock(&v->lock);
}

bool
volumes_add_reader(struct volumes *v, const char *name)
{
	struct entry *e;
	bool ok;

	mutex_lock(&v->lock);
	e = need_locked(v, name);
	ok = !e->rewriting;
	if (ok)
		e->use.readers++;
	mutex_unlock(&v->lock);
	return ok;
}

void
volumes_drop_reader(struct volumes *v, const char *name)
{
	struct entry *e;

	mutex_lock(&v->lock);
	e = find_locked(v, name);
	if (e != NULL && e->use.readers > 0) {
		e->use.readers--;
		forget_unused_locked(v, e);
	}
	mutex_unlock(&v->lock);
}

struct device *
volumes_writer(struct volumes *v, const char *name)
{
	struct entry *e;
	struct device *d;

	mutex_lock(&v->lock);
	e = find_locked(v, name);
	d = e == NULL ? NULL : e->use.writer;
	mutex_unlock(&v->lock);
	return d;
}

static int
by_name(struct entry *a, struct entry *b)
{
	return strcmp(a->use.name, b->use.name);
}

size_t
volumes_list(struct volumes *v, struct volume_use *out, size_t cap)
{
	struct entry *e, *next;
	size_t n = 0;

	mutex_lock(&v->lock);
	HASH_SORT(v->by_name, by_name);
	HASH_ITER (hh, v->by_name, e, next) {
		if (n < cap && (e->use.writer != NULL || e->use.readers > 0))
			out[n++] = e->use;
	}
	mutex_unlock(&v->lock);
	return n;
}
