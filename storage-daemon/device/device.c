#include "storage-daemon/device/device.h"

#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/volume/block.h"

#define BACULA_BLOCK_MAX 64512u /* volume.md 2.3 */
#define BLOCK_DEFAULT    1048576u

static void
device_init(struct device *d, const struct sd_device *conf)
{
	d->conf = conf;
	d->ops = conf->kind == SD_DEVICE_FILE ? dev_ops_find("file") : NULL;
	mutex_init(&d->lock, RANK_DEVICE);
	cond_init(&d->turn);
	cond_init(&d->asked);
	d->use_no_autoselect = !conf->auto_select;
}

struct devices *
devices_new(const struct sd_conf *conf)
{
	struct devices *ds = NEW(struct devices);

	ds->v = NEW_ARRAY(struct device, conf->n_device + 1);
	for (size_t i = 0; i < conf->n_device; i++)
		if (!conf->device[i]->hidden && conf->device[i]->enabled)
			device_init(&ds->v[ds->n++], conf->device[i]);
	return ds;
}

void
devices_free(struct devices *ds)
{
	if (ds == NULL)
		return;
	for (size_t i = 0; i < ds->n; i++) {
		dev_freep(&ds->v[i].dev);
		cond_release(&ds->v[i].asked);
		cond_release(&ds->v[i].turn);
		mutex_release(&ds->v[i].lock);
	}
	free(ds->v);
	free(ds);
}

struct device *
devices_find(struct devices *ds, const char *name)
{
	for (size_t i = 0; i < ds->n; i++)
		if (strcmp(ds->v[i].conf->name, name) == 0)
			return &ds->v[i];
	return NULL;
}

void
devices_wake(struct devices *ds)
{
	for (size_t i = 0; i < ds->n; i++) {
		mutex_lock(&ds->v[i].lock);
		cond_broadcast(&ds->v[i].turn);
		cond_broadcast(&ds->v[i].asked);
		mutex_unlock(&ds->v[i].lock);
	}
}

const char *
device_print(const struct device *d, char *out, size_t cap)
{
	(void)snprintf(out, cap, "\"%s\" (%s)", d->conf->name, d->conf->archive_device);
	return out;
}

/* Wait until somebody's turn has ended; who is cancelled waits no more. */
static enum err_code
wait_turn_locked(struct device *d, struct cancel *cancel, struct err *err) REQUIRES(&d->lock)
{
	if (cancel_asked(cancel))
		return err_set(err, ERR_CANCELED, "canceled while waiting for device \"%s\"",
			       d->conf->name);
	cond_wait(&d->turn, &d->lock);
	return ERR_OK;
}

static void
drop_locked(struct device *d) REQUIRES(&d->lock)
{
	d->hold = HOLD_NONE;
	cond_broadcast(&d->turn);
}

static enum err_code
hold_locked(struct device *d, enum device_hold how, struct cancel *cancel, struct err *err)
	REQUIRES(&d->lock)
{
	enum err_code code = ERR_OK;

	while (code == ERR_OK && d->hold != HOLD_NONE)
		code = wait_turn_locked(d, cancel, err);
	if (code != ERR_OK)
		return code;
	d->hold = how; /* for a change: from now on no block begins */
	while (code == ERR_OK && how == HOLD_CHANGE && d->writing)
		code = wait_turn_locked(d, cancel, err);
	if (code != ERR_OK)
		drop_locked(d);
	return code;
}

enum err_code
device_hold(struct device *d, enum device_hold how, struct cancel *cancel, struct err *err)
{
	enum err_code code;

	mutex_lock(&d->lock);
	code = hold_locked(d, how, cancel, err);
	mutex_unlock(&d->lock);
	return code;
}

bool
device_hold_idle(struct device *d)
{
	bool is;

	mutex_lock(&d->lock);
	is = d->hold == HOLD_NONE && !d->writing && !d->syncing && d->joined == 0;
	if (is)
		d->hold = HOLD_CHANGE;
	mutex_unlock(&d->lock);
	return is;
}

uint32_t
device_mount_asked(struct device *d)
{
	uint32_t n;

	mutex_lock(&d->lock);
	n = d->mount_asked;
	mutex_unlock(&d->lock);
	return n;
}

void
device_ask_mount(struct device *d)
{
	mutex_lock(&d->lock);
	d->mount_asked++;
	cond_broadcast(&d->asked);
	mutex_unlock(&d->lock);
}

void
device_drop(struct device *d)
{
	mutex_lock(&d->lock);
	drop_locked(d);
	mutex_unlock(&d->lock);
}

uint32_t
device_block_max(const struct device *d, const struct vol_info *v, enum label_style style)
{
	uint64_t n = d->conf->maximum_block_size;

	if (v->max_block != 0)
		n = v->max_block;
	if (n == 0)
		n = BLOCK_DEFAULT;
	if (style == LABEL_BACULA && n > BACULA_BLOCK_MAX)
		n = BACULA_BLOCK_MAX;
	if (n > BLOCK_LEN_MAX)
		n = BLOCK_LEN_MAX;
	return n < 2048 ? 2048 : (uint32_t)n; /* a session label must fit whole */
}

bool
device_mounted(struct device *d, struct mounted *out)
{
	bool is;

	mutex_lock(&d->lock);
	is = d->dev != NULL;
	if (is) {
		*out = (struct mounted){ .generation = d->generation,
					 .media_id = d->vol.media_id,
					 .block_max = device_block_max(d, &d->vol, d->style),
					 .style = d->style,
					 .label_version = d->label_version };
		memcpy(out->volume, d->vol.name, sizeof(out->volume));
	}
	mutex_unlock(&d->lock);
	return is;
}

/* ---- blocks ---- */

static bool
is_mounted(const struct device *d, uint64_t generation) REQUIRES(&d->lock)
{
	return d->generation == generation && d->dev != NULL;
}

/* What the mounted volume may hold; 0: as much as the medium takes. */
static uint64_t
max_bytes(const struct device *d) REQUIRES(&d->lock)
{
	uint64_t max = d->vol.max_bytes;

	if (d->conf->maximum_volume_size != 0 && (max == 0 || d->conf->maximum_volume_size < max))
		max = d->conf->maximum_volume_size;
	return max;
}

/* BLOCK_WRITTEN: it may be. */
static enum block_fate
may_write_locked(struct device *d, uint64_t generation, size_t n, struct cancel *cancel,
		 struct err *err) REQUIRES(&d->lock)
{
	uint64_t max;

	while (d->hold == HOLD_CHANGE || d->writing)
		if (wait_turn_locked(d, cancel, err) != ERR_OK)
			return BLOCK_CANCELED;
	if (!is_mounted(d, generation))
		return BLOCK_MOVED;
	max = max_bytes(d);
	if (max == 0 || d->end + n < max)
		return BLOCK_WRITTEN;
	(void)err_set(err, ERR_FULL,
		      "volume \"%s\" has %llu bytes: %zu more reach its maximum of %llu",
		      d->vol.name, (unsigned long long)d->end, n, (unsigned long long)max);
	return BLOCK_FULL;
}

static enum block_fate
judge_write_locked(struct device *d, size_t n, enum err_code code, struct err *err)
	REQUIRES(&d->lock)
{
	if (code != ERR_OK) {
		(void)err_ctx(err, "volume \"%s\"", d->vol.name);
		if (code == ERR_FULL)
			return BLOCK_FULL;
		d->vol.errors++;
		return BLOCK_BROKEN;
	}
	d->end += n;
	d->bytes_written += n;
	d->vol.bytes = d->end;
	d->vol.blocks++;
	d->vol.writes++;
	d->vol.end_file = (uint32_t)((d->end - 1) >> 32);
	d->vol.end_block = (uint32_t)(d->end - 1);
	return BLOCK_WRITTEN;
}

/* The medium may take its time, or hang: the lock is let go meanwhile. */
static enum block_fate
write_locked(struct device *d, struct bytes block, uint64_t *at, struct err *err) REQUIRES(&d->lock)
{
	int64_t start_us = clock_now_us();
	struct dev *dev = d->dev;
	enum err_code code;

	*at = d->end;
	d->writing = true;
	mutex_unlock(&d->lock);
	code = dev->ops->write(dev, block.p, block.n, *at, err);
	mutex_lock(&d->lock);
	d->writing = false;
	cond_broadcast(&d->turn);
	d->vol.write_us += clock_now_us() - start_us;
	return judge_write_locked(d, block.n, code, err);
}

enum block_fate
device_write_block(struct device *d, uint64_t generation, struct bytes block, struct cancel *cancel,
		   uint64_t *at, struct err *err)
{
	enum block_fate fate;

	mutex_lock(&d->lock);
	fate = may_write_locked(d, generation, block.n, cancel, err);
	if (fate == BLOCK_WRITTEN)
		fate = write_locked(d, block, at, err);
	mutex_unlock(&d->lock);
	return fate;
}

/* ---- stable storage ---- */

static bool
has_failed_locked(const struct device *d, uint64_t generation) REQUIRES(&d->lock)
{
	for (size_t i = 0; i < DEVICE_FAILED_KEPT; i++)
		if (d->failed[i] == generation)
			return true;
	return false;
}

static void
remember_failure_locked(struct device *d, uint64_t generation) REQUIRES(&d->lock)
{
	d->failed[d->n_failed++ % DEVICE_FAILED_KEPT] = generation;
}

static enum err_code
sync_once_locked(struct device *d, struct err *err) REQUIRES(&d->lock)
{
	struct dev *dev = d->dev;
	struct vol_info before = d->vol;
	enum err_code code;

	d->syncing = true;
	mutex_unlock(&d->lock);
	code = dev->ops->sync(dev, err);
	mutex_lock(&d->lock);
	d->syncing = false;
	cond_broadcast(&d->turn);
	if (code != ERR_OK)
		remember_failure_locked(d, d->generation);
	else
		d->safe = before;
	return code;
}

static enum err_code
sync_locked(struct device *d, uint64_t generation, struct err *err) REQUIRES(&d->lock)
{
	uint64_t wanted = d->vol.bytes;
	enum err_code code = ERR_OK;

	/* Not mounted any more: device_unmount has synced it, with the result that is remembered.
	 */
	while (is_mounted(d, generation) && !has_failed_locked(d, generation) &&
	       d->safe.bytes < wanted) {
		if (d->syncing)
			cond_wait(&d->turn, &d->lock);
		else
			code = sync_once_locked(d, err);
	}
	if (code == ERR_OK && has_failed_locked(d, generation))
		return err_set(err, ERR_SYS, "an earlier sync failed, data may be lost");
	return code;
}

enum err_code
device_sync(struct device *d, uint64_t generation, struct err *err)
{
	enum err_code code;

	mutex_lock(&d->lock);
	code = sync_locked(d, generation, err);
	mutex_unlock(&d->lock);
	return code;
}

/* ---- the holder ---- */

void
device_set_mounted(struct device *d, struct dev **dev, const struct vol_info *v,
		   const struct volume_label *label, uint64_t end)
{
	mutex_lock(&d->lock);
	d->dev = TAKE_PTR(*dev);
	d->vol = d->safe = *v;
	memcpy(d->pool, label->pool, sizeof(d->pool));
	d->style = label->style;
	d->label_version = label->version;
	d->end = end;
	d->generation++;
	d->joined = 0;
	mutex_unlock(&d->lock);
}

enum err_code
device_unmount(struct device *d, struct err *err)
{
	enum err_code code;
	struct dev *dev;
	uint64_t generation;

	mutex_lock(&d->lock);
	generation = d->generation;
	code = sync_locked(d, generation, err);
	while (d->syncing) /* somebody else, who came before */
		cond_wait(&d->turn, &d->lock);
	dev = TAKE_PTR(d->dev);
	d->generation++;
	d->joined = 0;
	mutex_unlock(&d->lock);
	if (dev == NULL)
		return ERR_OK;
	if (code != ERR_OK) {
		dev_freep(&dev);
		return code;
	}
	code = dev_close(&dev, err);
	if (code != ERR_OK) {
		mutex_lock(&d->lock);
		remember_failure_locked(d, generation);
		mutex_unlock(&d->lock);
	}
	return code;
}

struct vol_info
device_vol(struct device *d)
{
	struct vol_info v;

	mutex_lock(&d->lock);
	v = d->vol;
	mutex_unlock(&d->lock);
	return v;
}

struct vol_info
device_vol_safe(struct device *d)
{
	struct vol_info v;

	mutex_lock(&d->lock);
	v = d->vol;
	v.bytes = d->safe.bytes;
	v.blocks = d->safe.blocks;
	v.writes = d->safe.writes;
	v.end_file = d->safe.end_file;
	v.end_block = d->safe.end_block;
	mutex_unlock(&d->lock);
	return v;
}

void
device_vol_answer(struct device *d, const struct vol_info *a)
{
	mutex_lock(&d->lock);
	if (strcmp(d->vol.name, a->name) == 0) {
		memcpy(d->vol.status, a->status, sizeof(d->vol.status));
		d->vol.max_bytes = a->max_bytes;
		d->vol.max_jobs = a->max_jobs;
		d->vol.max_files = a->max_files;
		d->vol.media_id = a->media_id;
		d->vol.slot = a->slot;
		d->vol.in_changer = a->in_changer;
		if (a->jobs > d->vol.jobs)
			d->vol.jobs = a->jobs;
		if (a->files > d->vol.files)
			d->vol.files = a->files;
	}
	mutex_unlock(&d->lock);
}

uint64_t
device_join(struct device *d)
{
	uint64_t generation;

	mutex_lock(&d->lock);
	d->vol.jobs++;
	d->vol.mounts++;
	d->joined++;
	generation = d->generation;
	mutex_unlock(&d->lock);
	return generation;
}

void
device_leave(struct device *d, uint64_t generation)
{
	mutex_lock(&d->lock);
	if (d->generation == generation && d->joined > 0)
		d->joined--;
	mutex_unlock(&d->lock);
}

uint32_t
device_joined(struct device *d)
{
	uint32_t n;

	mutex_lock(&d->lock);
	n = d->joined;
	mutex_unlock(&d->lock);
	return n;
}

void
device_vol_status(struct device *d, const char *status)
{
	mutex_lock(&d->lock);
	vol_info_set_status(&d->vol, status);
	mutex_unlock(&d->lock);
}

bool
device_good_end(struct device *d, const char *name, uint64_t *end)
{
	bool is;

	mutex_lock(&d->lock);
	is = d->dev != NULL && strcmp(d->vol.name, name) == 0;
	if (is)
		*end = d->end;
	mutex_unlock(&d->lock);
	return is;
}

bool
device_is_on(struct device *d, struct dev *other)
{
	struct dev *dev;

	mutex_lock(&d->lock);
	dev = d->dev; /* the caller holds d: it stays */
	mutex_unlock(&d->lock);
	return dev != NULL && d->ops->same(dev, other);
}
