/*
 * storage-daemon/media/vol_open.c - open one volume for appending
 *
 * What the catalog says and what lies on the medium must agree before anything is written:
 *
 *   catalog                        medium                   then
 *   Unlabeled, or VolBytes 0       missing or empty         label it (if Label Media)
 *   Unlabeled, or VolBytes 0       its label alone          take it as it is
 *   Unlabeled, or VolBytes 0       its label and data       refuse: that data may be needed
 *   Recycle, Purged                its own label            empty it, label it anew
 *   Unlabeled, Recycle, Purged     zeros, or a label begun  a torn label: label it
 *   any                            another volume's label   refuse
 *   Append                         missing or smaller       refuse, Error
 *   any but VolBytes 0             the archive is missing   say nothing: ERR_ABSENT
 *   Append                         larger                   keep whole blocks, cut a torn one
 *   any but VolBytes 0             cannot be opened, read   refuse
 *   any                            does not suit the job    refuse
 */
#include "storage-daemon/media/mount_internal.h"

#include <stdio.h>

#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/volume/block.h"
#include "storage-daemon/media/vol_label.h"

static bool
is_blank_in_catalog(const struct vol_info *v)
{
	return strcmp(v->status, "Unlabeled") == 0 || v->bytes == 0;
}

static bool
is_recycled(const struct vol_info *v)
{
	return strcmp(v->status, "Recycle") == 0 || strcmp(v->status, "Purged") == 0;
}

/* The rest of a job goes in the form it began with, whatever new volumes of d are like. */
static enum label_style
new_style(const struct device *d, const struct mount_wish *w)
{
	return d->conf->label_style == CONF_STYLE_BACULA && !w->not_bacula ? LABEL_BACULA
									   : LABEL_BAREOS;
}

static enum err_code
judge_fit(const struct device *d, const struct mount_wish *w, const struct vol_info *v,
	  enum label_style style, struct err *err)
{
	const char *misfit = mount_misfit(w, device_block_max(d, v, style), style);

	return misfit == NULL ? ERR_OK : err_set(err, ERR_FORMAT, "%s", misfit);
}

/* Write a fresh label on o->dev; the counters start anew. */
static enum err_code
label_it(struct device *d, const struct media_job *j, const struct mount_wish *w, int64_t label_us,
	 struct vol_opened *o, struct err *err)
{
	struct label_wish wish = { .volume = o->vol.name,
				   .pool = w->pool,
				   .media_type = d->conf->media_type,
				   .daemon = j->daemon,
				   .style = new_style(d, w),
				   .label_us = label_us,
				   .session_id = j->session_id,
				   .session_time = j->session_time,
				   .checksum = d->conf->block_checksum };
	char where[DEVICE_PRINT_MAX];
	enum err_code code;

	o->tell_label = true;
	code = vol_label_write(o->dev, &wish, &o->label, &o->end, err);
	if (code != ERR_OK)
		return err_ctx(err, "label volume \"%s\"", o->vol.name);
	o->vol.jobs = o->vol.files = o->vol.errors = 0;
	o->vol.blocks = o->vol.writes = 1;
	o->vol.bytes = o->end;
	o->vol.end_file = 0;
	o->vol.end_block = (uint32_t)(o->end - 1);
	vol_info_set_status(&o->vol, "Append");
	media_report(j, MSG_INFO,
		     label_us != 0 ? "Recycled volume \"%s\" on device %s, all previous data lost."
				   : "Labeled new Volume \"%s\" on device %s.",
		     o->vol.name, device_print(d, where, sizeof(where)));
	return ERR_OK;
}

static enum err_code
label_blank(struct device *d, const struct media_job *j, const struct mount_wish *w,
	    struct vol_opened *o, struct err *err)
{
	enum err_code code = judge_fit(d, w, &o->vol, new_style(d, w), err);

	if (code != ERR_OK)
		return code;
	if (!d->conf->label_media)
		return err_set(err, ERR_EOF,
			       "volume \"%s\" is not labelled, and Label Media is off for device "
			       "\"%s\"",
			       o->vol.name, d->conf->name);
	if (o->dev == NULL) {
		code = dev_open(d->ops, d->conf->archive_device, o->vol.name, DEV_CREATE, &o->dev,
				err);
		if (code != ERR_OK)
			return code;
	}
	return label_it(d, j, w, 0, o, err);
}

/* The medium is longer than the catalog says: an earlier run did not come to tell it. */
static enum err_code
take_tail(const struct media_job *j, struct vol_opened *o, uint64_t size, struct err *err)
{
	struct vol_tail t;
	enum err_code code = vol_tail_scan(o->dev, o->vol.bytes, j->cancel, &t, err);

	if (code == ERR_OK && t.good_end < t.size)
		code = o->dev->ops->truncate(o->dev, t.good_end, err);
	/* Also what is kept may never have been synced, and the catalog is about to hear of it. */
	if (code == ERR_OK)
		code = o->dev->ops->sync(o->dev, err);
	if (code != ERR_OK)
		return code;
	media_report(j, MSG_WARNING,
		     "Volume \"%s\" has %llu bytes, the catalog says %llu: %u whole blocks behind "
		     "that are kept, %llu bytes of an incomplete block were cut off.",
		     o->vol.name, (unsigned long long)size, (unsigned long long)o->vol.bytes,
		     t.blocks, (unsigned long long)(t.size - t.good_end));
	if (t.damaged > 0)
		media_report(j, MSG_WARNING,
			     "%llu bytes between these blocks of volume \"%s\" are damaged. Jobs "
			     "behind them that the catalog does not know can be scanned in.",
			     (unsigned long long)t.damaged, o->vol.name);
	o->end = t.good_end;
	o->vol.bytes = t.good_end;
	o->vol.blocks += t.blocks;
	o->corrected = true;
	return ERR_OK;
}

/* Its label alone.  Whoever wrote it may have died before the sync. */
static enum err_code
take_label(struct vol_opened *o, uint64_t size, struct err *err)
{
	enum err_code code = o->dev->ops->sync(o->dev, err);

	if (code != ERR_OK)
		return code;
	o->vol.bytes = size;
	o->vol.blocks = 1;
	o->tell_label = true;
	vol_info_set_status(&o->vol, "Append");
	return ERR_OK;
}

static enum err_code
judge_size(const struct media_job *j, struct vol_opened *o, uint64_t label_len, bool *broken,
	   struct err *err)
{
	uint64_t size = 0;
	enum err_code code = o->dev->ops->size(o->dev, &size, err);

	if (code != ERR_OK)
		return code;
	o->end = size;
	if (is_blank_in_catalog(&o->vol)) {
		*broken = true;
		if (size != label_len)
			return err_set(err, ERR_FORMAT,
				       "the catalog says it was never written, but it holds %llu "
				       "bytes",
				       (unsigned long long)size);
		*broken = false;
		return take_label(o, size, err);
	}
	if (size < o->vol.bytes) {
		*broken = true;
		return err_set(err, ERR_FORMAT, "it has %llu bytes, the catalog says %llu",
			       (unsigned long long)size, (unsigned long long)o->vol.bytes);
	}
	return size == o->vol.bytes ? ERR_OK : take_tail(j, o, size, err);
}

static enum err_code
recycle(struct media *m, struct device *d, const struct media_job *j, const struct mount_wish *w,
	struct vol_opened *o, struct err *err)
{
	enum err_code code = judge_fit(d, w, &o->vol, new_style(d, w), err);

	if (code != ERR_OK)
		return code;
	if (!volumes_begin_rewrite(m->volumes, o->vol.name, d))
		return err_set(err, ERR_FORMAT, "it is to be recycled, but a job reads it");
	code = label_it(d, j, w, o->label.label_us, o, err);
	if (code == ERR_OK)
		volumes_forgive(m->volumes, o->vol.name);
	volumes_rewrite_done(m->volumes, o->vol.name);
	return code;
}

static bool
is_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* The beginning of a label block that is longer than that. */
static bool
is_label_begun(const uint8_t *p, size_t n)
{
	uint8_t first[BLOCK_HEAD_LEN] = {
		0, 0, 0, 0, 0, 0, 0, 200, 0, 0, 0, 0, 'B', 'B', '0', '2'
	};
	struct block_head head;
	struct err ignored = ERR_INIT;

	memcpy(first, p, size_min(n, sizeof(first)));
	return block_head_parse(bytes_of(first, sizeof(first)), &head, &ignored) == ERR_OK &&
	       head.number == 0 && head.len > n;
}

/* A power failure while it was labelled: a few zeros, or not even its first block is whole. */
static bool
may_be_torn(struct vol_opened *o)
{
	uint8_t p[4096];
	uint64_t size = 0;
	size_t got = 0;
	struct err ignored = ERR_INIT;

	if (!is_blank_in_catalog(&o->vol) && !is_recycled(&o->vol))
		return false;
	if (o->dev->ops->size(o->dev, &size, &ignored) != ERR_OK || size > sizeof(p) ||
	    o->dev->ops->read(o->dev, p, sizeof(p), 0, &got, &ignored) != ERR_OK)
		return false;
	return is_zero(p, got) || is_label_begun(p, got);
}

static enum err_code
judge_label(struct media *m, struct device *d, const struct media_job *j,
	    const struct mount_wish *w, struct vol_opened *o, bool *broken, struct err *err)
{
	uint64_t len = 0;
	enum err_code code = vol_label_read(o->dev, &o->label, &len, err);

	if (code == ERR_EOF && !is_blank_in_catalog(&o->vol) && !is_recycled(&o->vol)) {
		*broken = true;
		return err_set(err, ERR_FORMAT, "it is empty, the catalog says %llu bytes",
			       (unsigned long long)o->vol.bytes);
	}
	if (code == ERR_FORMAT && may_be_torn(o))
		code = ERR_EOF;
	if (code == ERR_EOF)
		return label_blank(d, j, w, o, err);
	if (code != ERR_OK) {
		*broken = code == ERR_FORMAT;
		return code;
	}
	if (strcmp(o->label.volume, o->vol.name) != 0)
		return err_set(err, ERR_FORMAT, "%s is labelled \"%s\"", o->dev->path,
			       o->label.volume);
	if (is_recycled(&o->vol))
		return recycle(m, d, j, w, o, err);
	code = judge_fit(d, w, &o->vol, o->label.style, err);
	if (code != ERR_OK)
		return code;
	return judge_size(j, o, len, broken, err);
}

static enum err_code
open_and_judge(struct media *m, struct device *d, const struct media_job *j,
	       const struct mount_wish *w, struct vol_opened *o, bool *broken, struct err *err)
{
	enum err_code code = dev_open(d->ops, d->conf->archive_device, o->vol.name, DEV_APPEND,
				      &o->dev, err);

	/* Where nothing was written yet, an empty directory is as it should be. */
	if (code == ERR_ABSENT && !is_blank_in_catalog(&o->vol))
		return err_ctx(err, "volume \"%s\" of %llu bytes", o->vol.name,
			       (unsigned long long)o->vol.bytes);
	if (code == ERR_EOF && !is_blank_in_catalog(&o->vol) && !is_recycled(&o->vol)) {
		*broken = true;
		return err_set(err, ERR_FORMAT, "there is no such file in %s",
			       d->conf->archive_device);
	}
	if (code == ERR_EOF || code == ERR_ABSENT)
		return label_blank(d, j, w, o, err);
	if (code != ERR_OK)
		return code;
	return judge_label(m, d, j, w, o, broken, err);
}

enum err_code
vol_open_append(struct media *m, struct device *d, const struct media_job *j,
		const struct mount_wish *w, const struct vol_info *v, struct vol_opened *out,
		bool *broken, struct err *err)
{
	struct vol_opened o = { .vol = *v };
	enum err_code code;

	*broken = false;
	code = open_and_judge(m, d, j, w, &o, broken, err);
	if (code == ERR_OK) {
		*out = o;
		return ERR_OK;
	}
	dev_freep(&o.dev);
	/* A new volume that fails says that the medium does; an old one has its own trouble. */
	if ((code == ERR_SYS || code == ERR_LIMIT) && !is_blank_in_catalog(v) && !o.tell_label)
		code = err->code = ERR_FORMAT;
	return code;
}
