#include "storage-daemon/media/mount_internal.h"

#include <stdio.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/own.h"
#include "lib/proto/job_code.h"

#define OFFERS_MAX   32  /* volumes the director may offer in one search */
#define WAIT_FIRST_S 2   /* pauses between searches double from this */
#define WAIT_LAST_S  60  /* ... to this */
#define WAIT_SAY_S   300 /* the operator is asked again after this, then twice as long ... */

static enum err_code
tell_held(struct device *d, const struct media_job *j, bool relabel, struct err *err)
{
	struct vol_info now = device_vol_safe(d), answer;
	enum err_code code = j->ops->update_volume(j->arg, &now, relabel, &answer, err);

	if (code != ERR_OK)
		return err_ctx(err, "update volume \"%s\" in the catalog", now.name);
	device_vol_answer(d, &answer);
	return ERR_OK;
}

/* Tell the catalog that a volume cannot be written any more. */
static enum err_code
mark_error(struct media *m, const struct media_job *j, const struct vol_info *v, struct err *err)
{
	struct vol_info bad = *v, answer;
	enum err_code code;

	vol_info_set_status(&bad, "Error");
	bad.errors++;
	media_report(j, MSG_WARNING, "Marking volume \"%s\" in Error in the catalog.", v->name);
	volumes_condemn(m->volumes, v->name); /* until the catalog knows */
	code = j->ops->update_volume(j->arg, &bad, false, &answer, err);
	if (code == ERR_OK)
		volumes_forgive(m->volumes, v->name);
	return code;
}

/* Sync, close, and leave the name to others. */
static enum err_code
unmount_held(struct media *m, struct device *d, struct err *err)
{
	struct vol_info v = device_vol(d);
	struct mounted mounted;
	enum err_code code;

	if (!device_mounted(d, &mounted))
		return ERR_OK;
	code = device_unmount(d, err);
	volumes_drop_write(m->volumes, v.name);
	return code;
}

/* ---- the volume that is mounted already ---- */

/* Others write too: our handle's counters are newer than the catalog's. */
static enum err_code
join_mounted(struct device *d, const struct media_job *j, struct err *err)
{
	uint64_t generation = device_join(d);
	enum err_code code = tell_held(d, j, false, err);

	if (code != ERR_OK)
		device_leave(d, generation);
	return code;
}

/* Idle since its last job: somebody may have changed, removed or replaced the file. */
static bool
is_untouched(struct device *d, const struct vol_info *v)
{
	uint64_t size = 0, end = 0;
	struct err err = ERR_INIT;
	OWNED(dev_freep) struct dev *again = NULL;

	if (!device_good_end(d, v->name, &end) || end != v->bytes || vol_info_wants_label(v))
		return false;
	if (dev_open(d->ops, d->conf->archive_device, v->name, DEV_READ, &again, &err) != ERR_OK)
		return false;
	return device_is_on(d, again) && d->ops->size(again, &size, &err) == ERR_OK && size == end;
}

const char *
mount_misfit(const struct mount_wish *w, uint32_t block_max, enum label_style style)
{
	if (block_max < w->need_block)
		return "its blocks are too small for this job";
	if (w->not_bacula && style == LABEL_BACULA)
		return "it has Bacula's label, and this job's records are not in Bacula's form";
	return NULL;
}

/* ERR_OK with *used false: nothing usable is mounted (any more). */
static enum err_code
try_mounted(struct media *m, struct device *d, const struct media_job *j,
	    const struct mount_wish *w, bool *used, struct err *err)
{
	struct mounted mounted;
	struct vol_info answer;
	struct err refused = ERR_INIT;
	enum err_code code;
	uint32_t writers = device_joined(d);
	const char *misfit;

	*used = false;
	if (!device_mounted(d, &mounted))
		return ERR_OK;
	misfit = mount_misfit(w, mounted.block_max, mounted.style);
	code = j->ops->get_volume(j->arg, mounted.volume, true, &answer, &refused);
	if (code == ERR_OK && misfit == NULL && (writers > 0 || is_untouched(d, &answer))) {
		device_vol_answer(d, &answer);
		*used = true;
		return join_mounted(d, j, err);
	}
	if (code != ERR_OK && code != ERR_CATALOG) {
		*err = refused;
		return code;
	}
	if (writers > 0)
		return err_set(err, ERR_LIMIT, "device \"%s\" is writing volume \"%s\": %s",
			       d->conf->name, mounted.volume,
			       code == ERR_OK ? misfit : refused.text);
	return unmount_held(m, d, err);
}

/* Its medium failed.  Sync what can be synced, so that others may end their pieces on it. */
static enum err_code
condemn_held(struct media *m, struct device *d, const struct media_job *j, const struct err *why,
	     struct err *err)
{
	struct vol_info v = device_vol_safe(d);
	struct err lost = ERR_INIT;

	media_report(j, MSG_WARNING, "Volume \"%s\" is not written any more: %s", v.name,
		     why->text);
	if (unmount_held(m, d, &lost) != ERR_OK)
		media_report(j, MSG_ERROR, "Volume \"%s\": %s", v.name, lost.text);
	return mark_error(m, j, &v, err);
}

/* ---- a volume of the director's choice ---- */

/* Another device may have it mounted from a job that is over. */
static bool
claim_volume(struct media *m, struct device *d, const char *name)
{
	struct device *other = volumes_writer(m->volumes, name);
	struct err lost = ERR_INIT;

	if (other != NULL && other != d && device_hold_idle(other)) {
		if (unmount_held(m, other, &lost) != ERR_OK)
			log_error("unmount volume \"%s\": %s", name, lost.text);
		device_drop(other);
	}
	return volumes_claim_write(m->volumes, name, d);
}

static void
add_unwanted(struct buf *unwanted, const char *name)
{
	buf_text(unwanted, "%s%s", unwanted->len > 0 ? "," : "", name);
}

static enum err_code
mount_opened(struct device *d, const struct media_job *j, struct vol_opened *o, struct err *err)
{
	enum err_code code = ERR_OK;
	bool tell_label = o->tell_label, corrected = o->corrected;

	device_set_mounted(d, &o->dev, &o->vol, &o->label, o->end);
	if (tell_label)
		code = tell_held(d, j, true, err);
	if (code == ERR_OK && corrected && !tell_label)
		media_report(j, MSG_INFO, "The catalog's size of volume \"%s\" is corrected.",
			     o->vol.name);
	if (code == ERR_OK)
		code = join_mounted(d, j, err);
	return code;
}

/* One offer of the director.  *unfit stays empty, or says why it was not taken. */
static enum err_code
try_offer(struct media *m, struct device *d, const struct media_job *j, const struct mount_wish *w,
	  const struct vol_info *v, struct err *unfit, struct err *err)
{
	struct vol_opened o;
	bool broken = false;
	struct err why = ERR_INIT;
	enum err_code code;

	if (volumes_is_condemned(m->volumes, v->name)) {
		(void)err_set(unfit, ERR_SYS, "its medium failed");
		return mark_error(m, j, v, err);
	}
	if (!claim_volume(m, d, v->name)) {
		(void)err_set(unfit, ERR_LIMIT, "it is in use");
		return ERR_OK;
	}
	code = vol_open_append(m, d, j, w, v, &o, &broken, &why);
	if (code == ERR_OK)
		return mount_opened(d, j, &o, err); /* if that fails it stays mounted, idle */
	volumes_drop_write(m->volumes, v->name);
	*unfit = why;
	if (code != ERR_FORMAT && code != ERR_EOF) {
		*err = why;
		return code == ERR_ABSENT ? code : err_ctx(err, "volume \"%s\"", v->name);
	}
	if (!w->quiet)
		media_report(j, MSG_WARNING, "Volume \"%s\" cannot be used: %s", v->name, why.text);
	return broken ? mark_error(m, j, v, err) : ERR_OK;
}

/* The director has no (other) volume; why the one it offered before did not do. */
static enum err_code
no_volume(const struct vol_info *last, const struct err *unfit, struct err *err)
{
	struct err none = *err;

	if (unfit->code == ERR_OK)
		return err->code;
	return err_set(err, ERR_EOF, "%s; volume \"%s\": %s", none.text, last->name, unfit->text);
}

/* Ask for volumes until one fits; ERR_EOF: the director has no other. */
static enum err_code
search(struct media *m, struct device *d, const struct media_job *j, const struct mount_wish *w,
       struct err *err)
{
	OWNED(buf_release) struct buf unwanted = BUF_INIT(OFFERS_MAX * 130);
	struct vol_info v = { .name = "" }, last;
	struct err unfit = ERR_INIT;

	for (unsigned i = 1; i <= OFFERS_MAX; i++) {
		enum err_code code;

		last = v;
		code = j->ops->find_media(j->arg, i, w->pool, w->media_type, buf_str(&unwanted), &v,
					  err);
		if (code == ERR_EOF)
			return no_volume(&last, &unfit, err);
		if (code != ERR_OK)
			return code;
		unfit = (struct err)ERR_INIT;
		code = try_offer(m, d, j, w, &v, &unfit, err);
		if (code != ERR_OK || unfit.code == ERR_OK)
			return code;
		add_unwanted(&unwanted, v.name);
	}
	(void)err_set(err, ERR_EOF, "none of %u volumes offered can be used", OFFERS_MAX);
	return no_volume(&v, &unfit, err);
}

/* Until a mount command came, or end_ms; false: only the time is over. */
static bool
was_asked(struct device *d, const struct media_job *j, uint32_t asked, int64_t end_ms)
{
	int64_t left;
	bool is;

	mutex_lock(&d->lock);
	d->blocked++;
	/* Predicate: a mount command came, or cancel. */
	while (d->mount_asked == asked && !cancel_asked(j->cancel) &&
	       (left = end_ms - clock_mono_ms()) > 0)
		(void)cond_wait_ms(&d->asked, &d->lock, left);
	d->blocked--;
	is = d->mount_asked != asked;
	mutex_unlock(&d->lock);
	return is;
}

static enum err_code
wait_for_operator(struct device *d, const struct media_job *j, uint32_t asked, int64_t seconds,
		  struct err *err)
{
	int64_t end_ms = clock_mono_ms() + seconds * 1000;
	bool over = false;

	while (!over) {
		int64_t next_ms = clock_mono_ms() + j->heartbeat_s * 1000;
		enum err_code code;

		if (j->heartbeat_s == 0 || next_ms > end_ms)
			next_ms = end_ms;
		over = was_asked(d, j, asked, next_ms) || next_ms == end_ms;
		if (cancel_asked(j->cancel))
			return err_set(err, ERR_CANCELED, "canceled while waiting for a volume");
		code = j->ops->alive(j->arg, err);
		if (code != ERR_OK)
			return code;
	}
	return ERR_OK;
}

static void
ask_operator(struct device *d, const struct media_job *j, const struct mount_wish *w,
	     const struct err *why)
{
	char where[DEVICE_PRINT_MAX];
	bool absent = why->code == ERR_ABSENT;

	media_report(j, MSG_MOUNT,
		     "Job %s is waiting. %s (%s).\n%s:\n"
		     "    Storage:      %s\n"
		     "    Pool:         %s\n"
		     "    Media type:   %s",
		     j->job,
		     absent ? "The archive is not mounted" : "Cannot find any appendable volumes",
		     why->text,
		     absent ? "Please mount the file system of"
			    : "Please use the \"label\" command to create a new Volume for",
		     device_print(d, where, sizeof(where)), w->pool, w->media_type);
}

enum err_code
mount_wait(struct device *d, const struct media_job *j, const struct mount_wish *w,
	   struct mount_pause *p, const struct err *why, struct err *err)
{
	enum err_code code;

	if (p->waited_s >= p->say_at_s) {
		ask_operator(d, j, w, why);
		p->say_at_s = p->say_at_s == 0 ? WAIT_SAY_S : 2 * p->say_at_s;
	}
	p->pause_s = p->pause_s == 0 ? WAIT_FIRST_S : 2 * p->pause_s;
	if (p->pause_s > WAIT_LAST_S)
		p->pause_s = WAIT_LAST_S;
	j->ops->status(j->arg, why->code == ERR_ABSENT ? STATUS_WAIT_MOUNT : STATUS_WAIT_MEDIA,
		       why->text);
	code = wait_for_operator(d, j, p->asked, p->pause_s, err);
	p->waited_s += p->pause_s;
	return code;
}

enum err_code
mount_append(struct media *m, struct device *d, const struct media_job *j,
	     const struct mount_wish *w, struct mounted *out, struct err *err)
{
	bool used = false;
	enum err_code code = device_hold(d, HOLD_CHANGE, j->cancel, err);

	if (code != ERR_OK)
		return code;
	code = try_mounted(m, d, j, w, &used, err);
	if (code == ERR_OK && !used)
		code = search(m, d, j, w, err);
	if (code == ERR_OK && !device_mounted(d, out))
		code = err_set(err, ERR_BUG, "nothing is mounted after mounting");
	device_drop(d);
	return code;
}

/* Full: sync it, tell the catalog, put it down. */
static enum err_code
full_held(struct media *m, struct device *d, const struct media_job *j, uint64_t generation,
	  const struct err *why, struct err *err)
{
	struct err failed = ERR_INIT;
	struct vol_info v;
	char when[64];
	enum err_code code = device_sync(d, generation, &failed);

	if (code != ERR_OK) {
		if (condemn_held(m, d, j, &failed, err) == ERR_OK)
			*err = failed;
		return err->code;
	}
	device_vol_status(d, "Full");
	v = device_vol(d);
	media_report(j, MSG_INFO, "%s", why->text);
	media_report(j, MSG_INFO, "End of medium on Volume \"%s\" Bytes=%llu Blocks=%u at %s.",
		     v.name, (unsigned long long)v.bytes, v.blocks,
		     clock_format(clock_now(), "%d-%b-%Y %H:%M", when, sizeof(when)));
	code = tell_held(d, j, false, err);
	return code == ERR_OK ? unmount_held(m, d, err) : code;
}

static bool
is_mounted(struct device *d, uint64_t generation)
{
	struct mounted mounted;

	return device_mounted(d, &mounted) && mounted.generation == generation;
}

enum err_code
mount_full(struct media *m, struct device *d, const struct media_job *j, uint64_t generation,
	   const struct err *why, struct err *err)
{
	enum err_code code = device_hold(d, HOLD_CHANGE, j->cancel, err);

	if (code != ERR_OK)
		return code;
	if (is_mounted(d, generation))
		code = full_held(m, d, j, generation, why, err);
	device_drop(d);
	return code;
}

enum err_code
mount_condemn(struct media *m, struct device *d, const struct media_job *j, uint64_t generation,
	      const struct err *why, struct err *err)
{
	enum err_code code = device_hold(d, HOLD_CHANGE, NULL, err);

	if (code != ERR_OK)
		return code;
	if (is_mounted(d, generation))
		code = condemn_held(m, d, j, why, err);
	device_drop(d);
	return code;
}

enum err_code
mount_tell(struct device *d, const struct media_job *j, uint64_t generation, struct err *err)
{
	enum err_code code = device_hold(d, HOLD_TALK, j->cancel, err);

	if (code != ERR_OK)
		return code;
	if (is_mounted(d, generation))
		code = tell_held(d, j, false, err);
	device_drop(d);
	return code;
}

enum err_code
mount_release(struct media *m, struct device *d, struct cancel *cancel, struct err *err)
{
	enum err_code code = device_hold(d, HOLD_CHANGE, cancel, err);

	if (code != ERR_OK)
		return code;
	if (device_joined(d) > 0)
		code = err_set(err, ERR_LIMIT, "a job writes on the volume in device \"%s\"",
			       d->conf->name);
	else
		code = unmount_held(m, d, err);
	device_drop(d);
	return code;
}
