#include "storage-daemon/media/reserve.h"

#include <stdio.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/proto/job_code.h"

#define LOOK_AGAIN_MS 30000 /* a waiting job looks again, and shows that it lives */
#define SAY_AGAIN_MS  300000

struct reserve {
	struct mutex lock; /* RANK_RESERVE; guards the use_* members of every device */
	struct cond freed; /* something was freed, or somebody was cancelled */
	uint64_t events GUARDED_BY(&lock);
};

struct reserve *
reserve_new(void)
{
	struct reserve *r = NEW(struct reserve);

	mutex_init(&r->lock, RANK_RESERVE);
	cond_init(&r->freed);
	return r;
}

void
reserve_free(struct reserve *r)
{
	if (r == NULL)
		return;
	cond_release(&r->freed);
	mutex_release(&r->lock);
	free(r);
}

void
reserve_wake(struct reserve *r)
{
	mutex_lock(&r->lock);
	r->events++;
	cond_broadcast(&r->freed);
	mutex_unlock(&r->lock);
}

/* ---- which devices the director's names mean ---- */

struct candidates {
	struct device *v[RESERVE_DEVICES_MAX];
	bool by_changer[RESERVE_DEVICES_MAX]; /* chosen through its changer: AutoSelect counts */
	size_t n;
};

static void
add_candidate(struct candidates *c, struct device *d, bool by_changer)
{
	if (d == NULL || c->n == RESERVE_DEVICES_MAX)
		return;
	c->by_changer[c->n] = by_changer;
	c->v[c->n++] = d;
}

static void
find_candidates(struct media *m, const struct reserve_wish *w, struct candidates *c)
{
	c->n = 0;
	for (size_t i = 0; i < w->n_device; i++) {
		const struct sd_autochanger *a = sd_conf_find_autochanger(m->conf, w->device[i]);

		add_candidate(c, devices_find(m->devices, w->device[i]), false);
		for (size_t k = 0; a != NULL && k < a->n_device; k++)
			add_candidate(c, devices_find(m->devices, a->device[k]->name), true);
	}
	if (!m->conf->storage->device_reserve_by_media_type)
		return;
	for (size_t i = 0; i < m->devices->n; i++)
		if (strcmp(m->devices->v[i].conf->media_type, w->media_type) == 0)
			add_candidate(c, &m->devices->v[i], true);
}

/* Why d can never serve w; NULL: it can. */
static const char *
never(const struct device *d, const struct reserve_wish *w)
{
	if (strcmp(d->conf->media_type, w->media_type) != 0)
		return "has another Media Type";
	if (w->append && d->conf->access_mode == SD_ACCESS_READONLY)
		return "is read-only";
	if (!w->append && d->conf->access_mode == SD_ACCESS_WRITEONLY)
		return "is write-only";
	if (d->ops == NULL)
		return "is of a Device Type this version does not support";
	return NULL;
}

static enum err_code
judge_candidates(const struct candidates *c, const struct reserve_wish *w, struct err *err)
{
	const char *why = NULL;

	for (size_t i = 0; i < c->n; i++) {
		why = never(c->v[i], w);
		if (why == NULL)
			return ERR_OK;
	}
	if (c->n == 0)
		return err_set(err, ERR_CONFIG, "no Device here is named \"%s\"",
			       w->n_device > 0 ? w->device[0] : "");
	return err_set(err, ERR_CONFIG, "device \"%s\" %s (wanted: Media Type \"%s\", %s)",
		       c->v[0]->conf->name, why, w->media_type, w->append ? "write" : "read");
}

enum err_code
reserve_check(struct media *m, const struct reserve_wish *w, struct err *err)
{
	struct candidates c;

	find_candidates(m, w, &c);
	return judge_candidates(&c, w, err);
}

/* ---- which of them now ---- */

/* How glad a job would be: the higher the better; 0: not now, with the reason. */
static int
suits_locked(const struct device *d, bool by_changer, const struct reserve_wish *w,
	     const struct mounted *mounted, const struct mounted *avoid, char *why, size_t cap)
{
	const char *name = d->conf->name;
	bool busy = d->use_writers > 0, same_pool;

	if (never(d, w) != NULL)
		return 0;
	if (d->use_unmounted) {
		(void)snprintf(why, cap, "3604 device \"%s\" is unmounted by the operator", name);
		return 0;
	}
	if (by_changer && d->use_no_autoselect) {
		(void)snprintf(why, cap, "3605 device \"%s\" is not to be chosen automatically",
			       name);
		return 0;
	}
	same_pool = strcmp(d->use_pool, w->pool) == 0 &&
		    strcmp(d->use_pool_type, w->pool_type) == 0;
	if (busy && !same_pool) {
		(void)snprintf(why, cap,
			       "3608 device \"%s\" writes for pool \"%s\", wanted is \"%s\"", name,
			       d->use_pool, w->pool);
		return 0;
	}
	if (d->conf->maximum_concurrent_jobs != 0 &&
	    d->use_writers >= d->conf->maximum_concurrent_jobs) {
		(void)snprintf(why, cap, "3609 device \"%s\" has its Maximum Concurrent Jobs %u",
			       name, d->conf->maximum_concurrent_jobs);
		return 0;
	}
	if (busy && avoid != NULL && mounted != NULL && mounted->generation == avoid->generation &&
	    strcmp(mounted->volume, avoid->volume) == 0) {
		(void)snprintf(why, cap, "3610 volume \"%s\" in device \"%s\" takes no further job",
			       avoid->volume, name);
		return 0;
	}
	if (w->prefer_mounted)
		return busy ? 4 : mounted != NULL && same_pool ? 3 : mounted == NULL ? 2 : 1;
	return busy ? 1 : mounted != NULL && same_pool ? 4 : mounted == NULL ? 3 : 2;
}

/* device locks rank above the reservation lock, so this may be asked under it. */
static struct device *
choose_locked(const struct candidates *c, const struct reserve_wish *w, const struct mounted *avoid,
	      char *why, size_t cap)
{
	struct device *best = NULL;
	int best_rank = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct mounted mounted;
		bool is = c->v[i]->ops != NULL && device_mounted(c->v[i], &mounted);
		int rank = suits_locked(c->v[i], c->by_changer[i], w, is ? &mounted : NULL, avoid,
					why, cap);

		if (rank > best_rank) {
			best = c->v[i];
			best_rank = rank;
		}
	}
	return best;
}

/* Reserve now, or wait once.  NULL: look again. */
static struct device *
reserve_or_wait(struct reserve *r, const struct candidates *c, const struct reserve_wish *w,
		const struct media_job *j, const struct mounted *avoid, bool wait, char *why,
		size_t cap)
{
	struct device *d;
	uint64_t seen;

	mutex_lock(&r->lock);
	d = choose_locked(c, w, avoid, why, cap);
	if (d != NULL) {
		d->use_writers++;
		(void)snprintf(d->use_pool, sizeof(d->use_pool), "%s", w->pool);
		(void)snprintf(d->use_pool_type, sizeof(d->use_pool_type), "%s", w->pool_type);
	} else if (wait) {
		seen = r->events;
		/* Predicate: a device was freed, or cancel. */
		while (r->events == seen && !cancel_asked(j->cancel))
			if (!cond_wait_ms(&r->freed, &r->lock, LOOK_AGAIN_MS))
				break;
	}
	mutex_unlock(&r->lock);
	return d;
}

enum err_code
reserve_append(struct media *m, const struct reserve_wish *w, const struct media_job *j,
	       const struct mounted *avoid, struct device **out, struct err *err)
{
	struct candidates c;
	char why[400] = "no device is free";
	int64_t say_at_ms = 0;
	struct device *d;
	enum err_code code;

	find_candidates(m, w, &c);
	code = judge_candidates(&c, w, err);
	if (code != ERR_OK)
		return code;
	d = reserve_or_wait(m->reserve, &c, w, j, avoid, false, why, sizeof(why));
	while (d == NULL) {
		if (clock_mono_ms() >= say_at_ms) {
			media_report(j, MSG_MOUNT, "Job %s is waiting for a device: %s", j->job,
				     why);
			say_at_ms = clock_mono_ms() + SAY_AGAIN_MS;
		}
		j->ops->status(j->arg, STATUS_WAIT_SD, why);
		d = reserve_or_wait(m->reserve, &c, w, j, avoid, true, why, sizeof(why));
		if (d != NULL)
			break;
		if (cancel_asked(j->cancel))
			return err_set(err, ERR_CANCELED, "canceled while waiting for a device: %s",
				       why);
		code = j->ops->alive(j->arg, err);
		if (code != ERR_OK)
			return code;
	}
	if (say_at_ms != 0)
		j->ops->status(j->arg, STATUS_RUNNING, "");
	*out = d;
	return ERR_OK;
}

enum err_code
reserve_read(struct media *m, const struct reserve_wish *w, struct device **out, struct err *err)
{
	struct candidates c;
	enum err_code code;

	find_candidates(m, w, &c);
	code = judge_candidates(&c, w, err);
	if (code != ERR_OK)
		return code;
	for (size_t i = 0; i < c.n; i++) {
		if (never(c.v[i], w) != NULL)
			continue;
		mutex_lock(&m->reserve->lock);
		c.v[i]->use_readers++;
		mutex_unlock(&m->reserve->lock);
		*out = c.v[i];
		return ERR_OK;
	}
	return err_set(err, ERR_BUG, "a suitable device has vanished");
}

void
reserve_drop(struct media *m, struct device *d, bool append)
{
	mutex_lock(&m->reserve->lock);
	if (append)
		d->use_writers--;
	else
		d->use_readers--;
	m->reserve->events++;
	cond_broadcast(&m->reserve->freed);
	mutex_unlock(&m->reserve->lock);
}

struct reserve_use
reserve_of(struct media *m, struct device *d)
{
	struct reserve_use u;

	mutex_lock(&m->reserve->lock);
	u = (struct reserve_use){ .writers = d->use_writers,
				  .readers = d->use_readers,
				  .unmounted = d->use_unmounted,
				  .no_autoselect = d->use_no_autoselect };
	memcpy(u.pool, d->use_pool, sizeof(u.pool));
	memcpy(u.pool_type, d->use_pool_type, sizeof(u.pool_type));
	mutex_unlock(&m->reserve->lock);
	return u;
}

void
reserve_set_unmounted(struct media *m, struct device *d, bool unmounted)
{
	mutex_lock(&m->reserve->lock);
	d->use_unmounted = unmounted;
	m->reserve->events++;
	cond_broadcast(&m->reserve->freed);
	mutex_unlock(&m->reserve->lock);
}

void
reserve_set_autoselect(struct media *m, struct device *d, bool autoselect)
{
	mutex_lock(&m->reserve->lock);
	d->use_no_autoselect = !autoselect;
	m->reserve->events++;
	cond_broadcast(&m->reserve->freed);
	mutex_unlock(&m->reserve->lock);
}
