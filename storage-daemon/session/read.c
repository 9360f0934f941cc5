#include "storage-daemon/session/read.h"

#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/proto/job_code.h"
#include "lib/volume/gather.h"
#include "storage-daemon/media/mount.h"
#include "storage-daemon/media/vol_label.h"
#include "storage-daemon/session/ask_director.h"
#include "storage-daemon/session/record_out.h"
#include "storage-daemon/session/sd.h"

struct reader {
	struct session *s;
	struct gather *gather; /* owned */
	struct record_out out;
	struct bsr_names claimed; /* owned: volumes with a place of ours among their readers */

	/* the volume that is read; all borrowed */
	const char *volume;
	const char *media_type; /* "" if the bootstrap does not say */
	struct device *device;  /* it was found in */
	struct dev *dev;
	uint64_t limit;  /* nothing behind this address is looked at */
	int64_t read_us; /* the medium has taken */
};

enum err_code
read_check(struct session *s, struct err *err)
{
	if (s->bsr == NULL || bootstrap_n_volumes(s->bsr) == 0)
		return err_set(err, ERR_CONFIG, "the director named no volumes to read");
	if (s->read_wish == NULL)
		return err_set(err, ERR_CONFIG, "the director named no storage to read from");
	return ERR_OK;
}

/* ---- what is read ---- */

static enum err_code
send_record(void *user, const struct record *rec, struct err *err)
{
	struct reader *r = (struct reader *)user;

	return record_out_put(&r->out, rec, err);
}

static void
say(void *user, enum msg_type type, const char *text)
{
	struct reader *r = (struct reader *)user;

	job_report(r->s->msg, type, "%s\n", text);
}

static const struct gather_ops gather_ops = { .record = send_record, .say = say };

/* ---- one volume ---- */

/* What the scan asks for; the window after it is read while this one is sent. */
static enum err_code
read_medium(void *user, void *p, size_t n, uint64_t at, size_t *got, struct err *err)
{
	struct reader *r = (struct reader *)user;
	const struct dev_ops *ops = r->dev->ops;
	size_t want = at < r->limit ? (size_t)u64_min(n, r->limit - at) : 0;
	int64_t start_us = clock_now_us();
	enum err_code code = ERR_OK;

	*got = 0;
	if (cancel_asked(&r->s->cancel))
		return err_set(err, ERR_CANCELED, "canceled while reading volume \"%s\"",
			       r->volume);
	if (want > 0)
		code = ops->read(r->dev, p, want, at, got, err);
	r->read_us += clock_now_us() - start_us;
	if (code == ERR_OK && ops->read_ahead != NULL && at + *got < r->limit)
		ops->read_ahead(r->dev, n, at + *got);
	return code;
}

/* How far the volume is good: to its end, or as far as a writer has come. */
static enum err_code
volume_limit(struct reader *r, struct dev *dev, uint64_t *limit, struct err *err)
{
	struct device *writer = volumes_writer(r->s->sd->media.volumes, r->volume);

	if (writer != NULL && device_good_end(writer, r->volume, limit))
		return ERR_OK;
	return dev->ops->size(dev, limit, err);
}

static enum err_code
check_label(struct reader *r, struct dev *dev, uint64_t *len, struct err *err)
{
	struct volume_label label;
	struct err why = ERR_INIT;
	enum err_code code = vol_label_read(dev, &label, len, &why);

	if (code == ERR_OK && strcmp(label.volume, r->volume) != 0)
		return err_set(err, ERR_FORMAT, "%s is labelled \"%s\"", dev->path, label.volume);
	if (code == ERR_OK)
		return ERR_OK;
	if (code != ERR_FORMAT && code != ERR_EOF && code != ERR_SYS) {
		*err = why;
		return code;
	}
	/* A damaged label does not lose what is behind it: the file has the right name. */
	job_report(r->s->msg, MSG_ERROR, "Volume \"%s\": the label cannot be read: %s\n", r->volume,
		   why.text);
	*len = 0;
	return ERR_OK;
}

static enum err_code
read_opened(struct reader *r, struct dev *dev, struct err *err)
{
	OWNED(volume_scan_freep) struct volume_scan *scan = NULL;
	uint64_t start = 0;
	enum err_code code = check_label(r, dev, &start, err);

	if (code == ERR_OK)
		code = volume_limit(r, dev, &r->limit, err);
	if (code != ERR_OK)
		return code;
	r->dev = dev;
	scan = volume_scan_new(read_medium, r);
	volume_scan_set_cancel(scan, &r->s->cancel);
	volume_scan_read_past_errors(scan);
	volume_scan_seek(scan, start);
	return gather_volume(r->gather, r->volume, scan, r->limit, err);
}

static enum err_code
open_in(struct reader *r, struct device *d, struct dev **out, struct err *err)
{
	enum err_code code = dev_open(d->ops, d->conf->archive_device, r->volume, DEV_READ, out,
				      err);

	if (code == ERR_OK)
		r->device = d;
	return code;
}

static bool
is_of_type(const struct device *d, const char *media_type)
{
	return strcmp(d->conf->media_type, media_type) == 0;
}

/* Can d hold the volume?  Its media type is the bootstrap's of the volume, or the reserved one's.
 */
static bool
is_for_volume(const struct reader *r, const struct device *d)
{
	return d->ops != NULL && d->conf->access_mode != SD_ACCESS_WRITEONLY &&
	       (is_of_type(d, r->media_type) || is_of_type(d, r->s->read_device->conf->media_type));
}

/* What a search for a volume has met. */
struct search {
	struct device *absent; /* the first device that is not there at all */
	struct err why;        /* of that */
	bool may_have_it;      /* that it is empty says nothing: its directory is missing */
	bool passed; /* a device of the volume's media type is there and does not have it */
};

static enum err_code
look_in(struct reader *r, struct device *d, struct search *f, struct dev **out, struct err *err)
{
	enum err_code code = open_in(r, d, out, err);
	bool own = d == r->s->read_device;

	if (code == ERR_EOF)
		f->passed |= is_of_type(d, r->media_type) || (own && r->media_type[0] == '\0');
	if (code == ERR_ABSENT && f->absent == NULL) {
		f->absent = d;
		f->why = *err;
	}
	if (code == ERR_ABSENT)
		f->may_have_it |= own || err->sys != 0;
	return code;
}

/*
 * The device whose directory has the volume, the reserved one first; files only.  ERR_ABSENT: none
 * has it, but it may be on *absent, which is not there.  An empty directory is waited for only if
 * it is the reserved device's, or no other of the volume's media type was there to look in.
 */
static enum err_code
open_volume(struct reader *r, struct dev **out, struct device **absent, struct err *err)
{
	const struct media *m = &r->s->sd->media;
	struct device *own = r->s->read_device;
	struct search f = { .absent = NULL };
	enum err_code code = look_in(r, own, &f, out, err);
	bool elsewhere = code == ERR_EOF || code == ERR_ABSENT;

	for (size_t i = 0; elsewhere && i < m->devices->n; i++) {
		struct device *d = &m->devices->v[i];
		struct err why = ERR_INIT;

		if (d != own && is_for_volume(r, d) && look_in(r, d, &f, out, &why) == ERR_OK)
			return ERR_OK;
	}
	if (!elsewhere || f.absent == NULL || (f.passed && !f.may_have_it))
		return code;
	*absent = f.absent;
	*err = f.why;
	return ERR_ABSENT;
}

/* A file system that is not mounted now may be in a minute. */
static enum err_code
open_when_there(struct reader *r, struct dev **out, struct err *err)
{
	const struct reserve_wish *wish = r->s->read_wish;
	const struct media_job job = ask_media_job(r->s);
	struct device *absent = r->s->read_device;
	struct mount_pause pause = { .asked = device_mount_asked(absent) };
	enum err_code code;

	for (;;) {
		struct device *before = absent;
		struct mount_wish w;
		struct err why = ERR_INIT;

		code = open_volume(r, out, &absent, &why);
		if (code != ERR_ABSENT) {
			*err = why;
			break;
		}
		if (absent != before) {
			/* Look again: it may have been mounted meanwhile. */
			pause.asked = device_mount_asked(absent);
			continue;
		}
		w = (struct mount_wish){ .pool = wish->pool,
					 .pool_type = wish->pool_type,
					 .media_type = absent->conf->media_type };
		(void)err_ctx(&why, "volume \"%s\"", r->volume);
		code = mount_wait(absent, &job, &w, &pause, &why, err);
		if (code != ERR_OK)
			break;
		pause.asked = device_mount_asked(absent);
	}
	if (pause.waited_s > 0 && code == ERR_OK)
		job.ops->status(job.arg, STATUS_RUNNING, "");
	return code;
}

/*
 * The catalog learns how long the medium took.  The question takes all counters along: not when a
 * device has the volume for writing, asked last of all.  A job that takes it just then says at its
 * end what is right.
 */
static enum err_code
tell_read_time(struct reader *r, struct err *err)
{
	struct vol_info v, answer;
	enum err_code code = ask_director_ops.get_volume(r->s, r->volume, false, &v, err);

	if (code != ERR_OK)
		return code == ERR_CATALOG ? ERR_OK : code;
	if (volumes_writer(r->s->sd->media.volumes, r->volume) != NULL)
		return ERR_OK;
	v.read_us += r->read_us;
	code = ask_director_ops.update_volume(r->s, &v, false, &answer, err);
	return code == ERR_CATALOG ? ERR_OK : code;
}

static enum err_code
read_volume(struct reader *r, struct err *err)
{
	OWNED(dev_freep) struct dev *dev = NULL;
	char where[DEVICE_PRINT_MAX];
	enum err_code code;

	r->read_us = 0;
	code = open_when_there(r, &dev, err);
	if (code == ERR_EOF)
		return err_set(err, ERR_SYS, "there is no volume \"%s\" in device %s", r->volume,
			       device_print(r->s->read_device, where, sizeof(where)));
	if (code != ERR_OK)
		return code;
	session_show(r->s, r->volume, device_print(r->device, where, sizeof(where)),
		     r->s->read_wish->pool, true);
	job_report(r->s->msg, MSG_INFO, "Ready to read from volume \"%s\" on device %s.\n",
		   r->volume, where);
	code = read_opened(r, dev, err);
	if (code == ERR_OK)
		code = tell_read_time(r, err);
	return code;
}

static enum err_code
read_volumes(struct reader *r, struct err *err)
{
	struct bootstrap *bsr = r->s->bsr;

	for (size_t i = 0; i < bootstrap_n_volumes(bsr) && !bootstrap_is_done(bsr); i++) {
		enum err_code code;

		bootstrap_enter_visit(bsr, i);
		r->volume = bootstrap_volume(bsr, i).name;
		r->media_type = bootstrap_volume(bsr, i).media_type;
		code = read_volume(r, err);
		if (code == ERR_SYS || code == ERR_FORMAT || code == ERR_LIMIT)
			/* This volume is lost to the job; the others may still serve. */
			gather_unread(r->gather, r->volume, err);
		else if (code != ERR_OK)
			return code;
	}
	gather_finish(r->gather);
	return record_out_flush(&r->out, err);
}

/* ---- all volumes ---- */

static enum err_code
take_reader_place(struct reader *r, const char *volume, struct err *err)
{
	while (!volumes_add_reader(r->s->sd->media.volumes, volume)) {
		struct wait w = wait_for(&r->s->cancel, 1, "the volume is being labelled");
		enum err_code code = wait_pause(&w, err);

		if (code != ERR_OK)
			return code;
	}
	bsr_names_add(&r->claimed, volume);
	return ERR_OK;
}

/* None is emptied before the last of them was read: not even between two visits. */
static enum err_code
claim_volumes(struct reader *r, struct err *err)
{
	enum err_code code = ERR_OK;

	for (size_t i = 0; i < bootstrap_n_volumes(r->s->bsr) && code == ERR_OK; i++) {
		const char *volume = bootstrap_volume(r->s->bsr, i).name;

		if (!bsr_names_have(&r->claimed, volume))
			code = take_reader_place(r, volume, err);
	}
	return code;
}

static void
drop_volumes(struct reader *r)
{
	for (size_t i = 0; i < r->claimed.n; i++)
		volumes_drop_reader(r->s->sd->media.volumes, r->claimed.v[i]);
	bsr_names_release(&r->claimed);
}

enum err_code
read_run(struct session *s, struct err *err)
{
	struct reader r = { .s = s };
	enum err_code code;

	r.gather = gather_new(s->bsr, &gather_ops, &r);
	record_out_init(&r.out, s);
	code = claim_volumes(&r, err);
	if (code == ERR_OK)
		code = read_volumes(&r, err);
	drop_volumes(&r);
	if (code == ERR_OK)
		code = conn_signal(s->data, FRAME_EOD, err);
	if (code == ERR_OK)
		code = conn_flush(s->data, err);
	record_out_release(&r.out);
	gather_free(r.gather);
	return code;
}
