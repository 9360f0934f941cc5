/*
 * storage-daemon/session/cmd_volume.c - label, mount and their like, for an operator
 *
 * Each answers with text lines and one EOD.  File devices have their volumes always at hand:
 * mounting means that jobs may use the device again, labelling uses a handle of its own.
 *
 * Spec: wire.md 6.7, 11 (3xxx); volume.md 4.6
 */
#include "storage-daemon/session/sd_conversation.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/proto/dir_sd.h"
#include "lib/proto/scan.h"
#include "storage-daemon/media/mount.h"
#include "storage-daemon/media/vol_label.h"
#include "storage-daemon/session/sd.h"

/* What an operator means; n is 0 when there is none usable. */
struct drives {
	struct device **v; /* owned */
	size_t n;
	const char *name; /* of all together */
};

static void
drives_release(struct drives *r)
{
	free(r->v);
}

static void
add_drive(struct conversation *v, const char *name, struct drives *out)
{
	struct device *d = devices_find(v->sd->media.devices, name);

	if (d != NULL && d->ops != NULL)
		out->v[out->n++] = d;
}

/*
 * The device of a (bashed) name, or a drive of the changer.  Drive 0 is also what comes when none
 * was named: of a changer that Count has made it means all of them, as for the one device that they
 * are to who wrote it.
 */
static struct drives
find_drives(struct conversation *v, char *name, int drive)
{
	const struct sd_autochanger *a = sd_conf_find_autochanger(v->sd->conf, wire_unbash(name));
	struct drives out = { NEW_ARRAY(struct device *, (a != NULL ? a->n_device : 0) + 1), 0,
			      name };
	size_t one = drive > 0 ? (size_t)drive : 0;

	if (a == NULL && one == 0)
		add_drive(v, name, &out);
	for (size_t i = 0; a != NULL && i < a->n_device; i++)
		if (i == one || (drive == 0 && a->res.made))
			add_drive(v, a->device[i]->name, &out);
	if (out.n == 1)
		out.name = out.v[0]->conf->name;
	return out;
}

static enum err_code
no_device(struct conversation *v, const char *name, int drive, struct err *err)
{
	enum err_code code = drive > 0 ? conn_printf(v->c, err, DIR_SD_DRIVE_UNKNOWN, drive, name)
				       : conn_printf(v->c, err, DIR_SD_DEVICE_UNKNOWN, name);

	return conversation_eod(v, code, err);
}

/* ---- label, relabel ---- */

struct label_order {
	char device[WIRE_NAME_MAX + 1], old[WIRE_NAME_MAX + 1], name[WIRE_NAME_MAX + 1];
	char pool[WIRE_NAME_MAX + 1], media_type[WIRE_NAME_MAX + 1];
	int slot, drive;
	unsigned min_block, max_block;
};

static enum err_code
label_ok(struct conversation *v, struct device *d, const char *name, uint64_t bytes,
	 struct err *err)
{
	char where[DEVICE_PRINT_MAX];

	volumes_forgive(v->sd->media.volumes, name);
	return conn_printf(v->c, err, DIR_SD_OK_LABEL, 0u, bytes, name,
			   device_print(d, where, sizeof(where)));
}

static enum err_code
write_label(struct conversation *v, struct device *d, const struct label_order *o, struct dev *dev,
	    int64_t label_us, uint64_t *len, struct err *err)
{
	struct label_wish w = { .volume = o->name,
				.pool = o->pool,
				.media_type = d->conf->media_type,
				.daemon = v->sd->conf->storage->name,
				.style = d->conf->label_style == CONF_STYLE_BACULA ? LABEL_BACULA
										   : LABEL_BAREOS,
				.label_us = label_us,
				.checksum = d->conf->block_checksum };
	struct volume_label label;

	return vol_label_write(dev, &w, &label, len, err);
}

/* A medium that has any label is left alone. */
static enum err_code
label_new(struct conversation *v, struct device *d, const struct label_order *o, struct err *err)
{
	OWNED(dev_freep) struct dev *dev = NULL;
	struct volume_label there;
	struct err why = ERR_INIT;
	uint64_t len = 0, size = 0;
	enum err_code code = dev_open(d->ops, d->conf->archive_device, o->name, DEV_CREATE, &dev,
				      &why);

	if (code != ERR_OK)
		return conn_printf(v->c, err, "3910 Unable to open device \"%s\": ERR=%s\n",
				   d->conf->name, why.text);
	code = d->ops->size(dev, &size, &why);
	if (code == ERR_OK && size > 0) {
		code = vol_label_read(dev, &there, &len, &why);
		return conn_printf(
			v->c, err,
			"3920 Cannot label Volume because it is already labeled: \"%s\"\n",
			code == ERR_OK ? there.volume : o->name);
	}
	if (code == ERR_OK)
		code = write_label(v, d, o, dev, 0, &len, &why);
	if (code != ERR_OK)
		return conn_printf(v->c, err, "3912 Failed to label Volume: ERR=%s\n", why.text);
	return label_ok(v, d, o->name, len, err);
}

/* The volume gets a new, empty life, under the same or another name. */
static enum err_code
label_again(struct conversation *v, struct device *d, const struct label_order *o, struct err *err)
{
	OWNED(dev_freep) struct dev *dev = NULL;
	struct volume_label there;
	struct err why = ERR_INIT;
	uint64_t len = 0;
	bool same = strcmp(o->old, o->name) == 0;
	enum err_code code = dev_open(d->ops, d->conf->archive_device, o->old, DEV_APPEND, &dev,
				      &why);

	if (code == ERR_OK)
		code = vol_label_read(dev, &there, &len, &why);
	if (code == ERR_OK && strcmp(there.volume, o->old) != 0)
		return conn_printf(v->c, err, "3921 Wrong volume mounted.\n");
	if (code == ERR_OK && !same)
		code = err_set(&why, ERR_CONFIG,
			       "a file volume keeps its name: \"%s\" cannot become \"%s\"", o->old,
			       o->name);
	if (code == ERR_OK)
		code = write_label(v, d, o, dev, there.label_us, &len, &why);
	if (code != ERR_OK)
		return conn_printf(v->c, err, "3912 Failed to label Volume: ERR=%s\n", why.text);
	return label_ok(v, d, o->name, len, err);
}

static enum err_code
is_busy(struct conversation *v, struct device *d, const char *volume, struct err *err)
{
	struct reserve_use u = reserve_of(&v->sd->media, d);

	if (volumes_writer(v->sd->media.volumes, volume) == NULL)
		return conn_printf(v->c, err, "3936 Device \"%s\" is busy reading.\n",
				   d->conf->name);
	return conn_printf(v->c, err, "3937 Device \"%s\" is busy with writers=%u reserved=%u.\n",
			   d->conf->name, u.writers, u.writers);
}

/* The volume, when it is in a drive that does nothing. */
static enum err_code
put_down_idle(struct conversation *v, const struct drives *drives, const char *volume,
	      struct err *err)
{
	struct mounted mounted;

	for (size_t i = 0; i < drives->n; i++) {
		struct device *d = drives->v[i];

		if (device_mounted(d, &mounted) && strcmp(mounted.volume, volume) == 0 &&
		    reserve_of(&v->sd->media, d).writers == 0 &&
		    mount_release(&v->sd->media, d, &v->sd->stop, err) != ERR_OK)
			return err->code;
	}
	return ERR_OK;
}

static enum err_code
label(struct conversation *v, struct label_order *o, bool again, struct err *err)
{
	OWNED(drives_release) struct drives drives = find_drives(v, o->device, o->drive);
	struct device *d = drives.n > 0 ? drives.v[0] : NULL;
	const char *busy = again ? o->old : o->name;
	struct err why = ERR_INIT;
	enum err_code code;

	if (d == NULL)
		return no_device(v, o->device, o->drive, err);
	if (d->conf->access_mode == SD_ACCESS_READONLY)
		return conversation_eod(
			v,
			conn_printf(v->c, err,
				    "3910 Unable to open device \"%s\": ERR=it is read-only "
				    "(Access Mode)\n",
				    d->conf->name),
			err);
	if (put_down_idle(v, &drives, busy, &why) != ERR_OK)
		return conversation_eod(
			v,
			conn_printf(v->c, err, "3912 Failed to label Volume: ERR=%s\n", why.text),
			err);
	if (!volumes_begin_rewrite(v->sd->media.volumes, busy, NULL))
		return conversation_eod(v, is_busy(v, d, busy, err), err);
	code = again ? label_again(v, d, o, err) : label_new(v, d, o, err);
	volumes_rewrite_done(v->sd->media.volumes, busy);
	for (size_t i = 0; i < drives.n;
	     i++) /* a job may wait for it, or was refused it just now */
		device_ask_mount(drives.v[i]);
	return conversation_eod(v, code, err);
}

enum err_code
cmd_label(struct conversation *v, struct bytes line, struct err *err)
{
	struct label_order o = { .device = "" };

	if (!wire_scan(line, DIR_SD_LABEL_SCAN, o.device, o.name, o.pool, o.media_type, &o.slot,
		       &o.drive, &o.min_block, &o.max_block))
		return conversation_eod(
			v, conn_printf(v->c, err, DIR_SD_BAD_LABEL, (const char *)line.p), err);
	wire_unbash(o.name);
	wire_unbash(o.pool);
	return label(v, &o, false, err);
}

enum err_code
cmd_relabel(struct conversation *v, struct bytes line, struct err *err)
{
	struct label_order o = { .device = "" };

	if (!wire_scan(line, DIR_SD_RELABEL_SCAN, o.device, o.old, o.name, o.pool, o.media_type,
		       &o.slot, &o.drive, &o.min_block, &o.max_block))
		return conversation_eod(
			v, conn_printf(v->c, err, DIR_SD_BAD_RELABEL, (const char *)line.p), err);
	wire_unbash(o.old);
	wire_unbash(o.name);
	wire_unbash(o.pool);
	return label(v, &o, true, err);
}

/* ---- mount, unmount, release, readlabel ---- */

/* "VERB name drive=n", done to every drive that is meant. */
struct mount_verb {
	const char *verb, *bad; /* the code of a line that is none */
	/* Why not, when it cannot be done, is told at once. */
	enum err_code (*one)(struct conversation *v, struct device *d, bool *done, struct err *err);
	enum err_code (*say)(struct conversation *v, const char *name, const struct device *d,
			     struct err *err);
};

/* One line for all, unless some could not: then one for each. */
static enum err_code
say_done(struct conversation *v, const struct mount_verb *m, const struct drives *drives,
	 const bool *done, struct err *err)
{
	enum err_code code = ERR_OK;
	bool all = true;

	for (size_t i = 0; i < drives->n; i++)
		all = all && done[i];
	if (all)
		return m->say(v, drives->name, drives->v[0], err);
	for (size_t i = 0; i < drives->n && code == ERR_OK; i++)
		if (done[i])
			code = m->say(v, drives->v[i]->conf->name, drives->v[i], err);
	return code;
}

static enum err_code
each_drive(struct conversation *v, struct bytes line, const struct mount_verb *m, struct err *err)
{
	OWNED(drives_release) struct drives drives = { NULL, 0, NULL };
	OWNED(freep) bool *done = NULL;
	char name[WIRE_NAME_MAX + 1];
	struct bytes words = bytes_skip(line, strlen(m->verb));
	enum err_code code = ERR_OK;
	int drive = 0;

	if (!wire_scan(words, " %127s drive=%d", name, &drive) || name[0] == '\0')
		return conversation_eod(v,
					conn_printf(v->c, err, DIR_SD_BAD_MOUNT_VERB, m->bad,
						    m->verb, (const char *)line.p),
					err);
	drives = find_drives(v, name, drive);
	if (drives.n == 0)
		return no_device(v, name, drive, err);
	done = NEW_ARRAY(bool, drives.n);
	for (size_t i = 0; i < drives.n && code == ERR_OK; i++)
		code = m->one(v, drives.v[i], &done[i], err);
	if (code == ERR_OK)
		code = say_done(v, m, &drives, done, err);
	return conversation_eod(v, code, err);
}

static enum err_code
mount(struct conversation *v, struct device *d, bool *done, struct err *err)
{
	(void)err;
	reserve_set_unmounted(&v->sd->media, d, false);
	device_ask_mount(d);
	*done = true;
	return ERR_OK;
}

static enum err_code
say_mounted(struct conversation *v, const char *name, const struct device *d, struct err *err)
{
	return conn_printf(v->c, err, DIR_SD_FILE_MOUNTED, name, d->conf->archive_device);
}

enum err_code
cmd_mount(struct conversation *v, struct bytes line, struct err *err)
{
	static const struct mount_verb m = { "mount", "3909", mount, say_mounted };

	return each_drive(v, line, &m, err);
}

/* Put the volume down; block: and let no job have the device until it is mounted again. */
static enum err_code
put_down(struct conversation *v, struct device *d, bool block, bool *done, struct err *err)
{
	struct reserve_use u = reserve_of(&v->sd->media, d);
	struct err why = ERR_INIT;

	if (u.writers > 0)
		return conn_printf(v->c, err,
				   "3937 Device \"%s\" is busy with writers=%u reserved=%u.\n",
				   d->conf->name, u.writers, u.writers);
	if (u.readers > 0)
		return conn_printf(v->c, err, "3936 Device \"%s\" is busy reading.\n",
				   d->conf->name);
	if (block)
		reserve_set_unmounted(&v->sd->media, d, true);
	if (mount_release(&v->sd->media, d, &v->sd->stop, &why) != ERR_OK)
		return conn_printf(v->c, err, "3907 %s\n", why.text);
	*done = true;
	return ERR_OK;
}

static enum err_code
unmount(struct conversation *v, struct device *d, bool *done, struct err *err)
{
	return put_down(v, d, true, done, err);
}

static enum err_code
say_unmounted(struct conversation *v, const char *name, const struct device *d, struct err *err)
{
	(void)d;
	return conn_printf(v->c, err, "3002 Device \"%s\" unmounted.\n", name);
}

enum err_code
cmd_unmount(struct conversation *v, struct bytes line, struct err *err)
{
	static const struct mount_verb m = { "unmount", "3907", unmount, say_unmounted };

	return each_drive(v, line, &m, err);
}

static enum err_code
release(struct conversation *v, struct device *d, bool *done, struct err *err)
{
	return put_down(v, d, false, done, err);
}

static enum err_code
say_released(struct conversation *v, const char *name, const struct device *d, struct err *err)
{
	(void)d;
	return conn_printf(v->c, err, "3022 Device \"%s\" released.\n", name);
}

enum err_code
cmd_release(struct conversation *v, struct bytes line, struct err *err)
{
	static const struct mount_verb m = { "release", "3927", release, say_released };

	return each_drive(v, line, &m, err);
}

enum err_code
cmd_readlabel(struct conversation *v, struct bytes line, struct err *err)
{
	OWNED(drives_release) struct drives drives = { NULL, 0, NULL };
	char name[WIRE_NAME_MAX + 1];
	int slot = 0, drive = 0;
	struct mounted mounted;
	size_t i = 0;

	if (!wire_scan(line, DIR_SD_READLABEL_SCAN, name, &slot, &drive))
		return conversation_eod(
			v, conn_printf(v->c, err, DIR_SD_BAD_READLABEL, (const char *)line.p), err);
	drives = find_drives(v, name, drive);
	if (drives.n == 0)
		return no_device(v, name, drive, err);
	while (i < drives.n && !device_mounted(drives.v[i], &mounted))
		i++;
	if (i == drives.n)
		return conversation_eod(
			v,
			conn_printf(v->c, err,
				    "3905 Device %s open but no Bareos volume is mounted.\n",
				    drives.v[0]->conf->name),
			err);
	return conversation_eod(
		v, conn_printf(v->c, err, DIR_SD_OK_READLABEL, wire_bash(mounted.volume), slot),
		err);
}
