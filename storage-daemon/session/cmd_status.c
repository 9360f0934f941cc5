/*
 * storage-daemon/session/cmd_status.c - what this daemon is doing, as text
 *
 * Each section is a function and a row; `status` prints all, `.status` one.
 *
 * Spec: console.md 6.6.3, wire.md 6.7
 */
#include "storage-daemon/session/sd_conversation.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/proto/dir_sd.h"
#include "lib/proto/job_code.h"
#include "lib/proto/scan.h"
#include "storage-daemon/session/sd.h"

#define STATUS_TEXT_MAX (16u * 1024 * 1024)
#define VOLUMES_SHOWN   256

/* ---- numbers for people ---- */

/* 1234567 as 1,234,567 */
static const char *
commas(uint64_t v, char out[32])
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%" PRIu64, v), k = 0;

	for (int i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			out[k++] = ',';
		out[k++] = digits[i];
	}
	out[k] = '\0';
	return out;
}
#define COMMAS(v) commas((v), (char[32]){ 0 })

/* 223911 as "223.9 K", 4158 as "4.158 K" */
static const char *
with_suffix(uint64_t v, char out[32])
{
	static const char suffix[] = " KMGTPE";
	double d = (double)v;
	size_t i = 0;

	if (v < 1000) {
		(void)snprintf(out, 32, "%" PRIu64, v);
		return out;
	}
	while (d >= 1000 && i + 1 < sizeof(suffix) - 1) {
		d /= 1000;
		i++;
	}
	(void)snprintf(out, 32, "%.*f %c", d < 10 ? 3 : d < 100 ? 2 : 1, d, suffix[i]);
	return out;
}
#define SUFFIX(v) with_suffix((v), (char[32]){ 0 })

static const char *
short_time(int64_t t, char out[32])
{
	return clock_format(t, "%d-%b-%y %H:%M", out, 32);
}
#define SHORT_TIME(t) short_time((t), (char[32]){ 0 })

/* ---- the sections ---- */

struct status_out {
	struct conversation *v;
	struct buf text;
};

static void
show_header(struct status_out *o)
{
	struct sd *sd = o->v->sd;
	uint32_t run, running;

	sessions_count(sd->sessions, &run, &running);
	buf_text(&o->text, "%s %s %s\n", sd->conf->storage->name, SD_VERSION_TEXT, sd->os);
	buf_text(&o->text, "Daemon started %s. Jobs: run=%u, running=%u, self-compiled binary\n",
		 SHORT_TIME(sd->started), run, running);
	buf_text(&o->text,
		 " Sizes: boffset_t=%zu size_t=%zu int32_t=%zu int64_t=%zu bwlimit=%" PRIu64
		 "kB/s\n\n",
		 sizeof(off_t), sizeof(size_t), sizeof(int32_t), sizeof(int64_t),
		 sd->conf->storage->maximum_bandwidth_per_job / 1024);
}

static void
show_job(void *arg, struct session *s)
{
	struct status_out *o = (struct status_out *)arg;
	uint64_t bytes = atomic_load(&s->bytes), last = atomic_exchange(&s->last_bytes, bytes);
	int64_t now_ms = clock_mono_ms(), last_ms = atomic_exchange(&s->last_ms, now_ms);
	int64_t seconds = clock_now() - s->start, since_ms = now_ms - last_ms;
	uint64_t recent = bytes > last ? bytes - last : 0;

	buf_text(&o->text, "JobId=%u Level=%s Type=%s Name=%s Status=%s\n", s->job.job_id,
		 job_level_text(s->job.level), job_type_text(s->job.type), s->job.job_name,
		 job_status_word(atomic_load(&s->status)));
	mutex_lock(&s->lock);
	if (s->volume[0] != '\0')
		buf_text(&o->text, "%s: Volume=\"%s\"\n    pool=\"%s\" device=%s\n",
			 s->reading ? "Reading" : "Writing", s->volume, s->pool, s->device);
	else
		buf_text(&o->text, "    no volume yet\n");
	if (s->waiting[0] != '\0')
		buf_text(&o->text, "    waiting: %s\n", s->waiting);
	if (s->fd == NULL)
		buf_text(&o->text, "    waiting for client \"%s\" to connect\n", s->job.client);
	mutex_unlock(&s->lock);
	buf_text(&o->text, "    spooling=0 despooling=0 despool_wait=0\n");
	buf_text(&o->text, "    Files=%s Bytes=%s AveBytes/sec=%s LastBytes/sec=%s\n",
		 COMMAS(atomic_load(&s->files)), COMMAS(bytes),
		 COMMAS(seconds > 0 ? bytes / (uint64_t)seconds : bytes),
		 COMMAS(since_ms > 0 ? recent * 1000 / (uint64_t)since_ms : recent));
}

static void
show_running(struct status_out *o)
{
	size_t before;

	buf_text(&o->text, "Job inventory:\n\n");
	before = o->text.len;
	sessions_each(o->v->sd->sessions, show_job, o);
	buf_text(&o->text, o->text.len == before ? "No Jobs running.\n====\n\n" : "\n====\n\n");
}

static void
show_waiting_job(void *arg, struct session *s)
{
	struct status_out *o = (struct status_out *)arg;
	int status = atomic_load(&s->status);

	if (status != STATUS_WAIT_SD && status != STATUS_WAIT_MEDIA)
		return;
	mutex_lock(&s->lock);
	buf_text(&o->text, "JobId=%u Job=%s: %s\n", s->job.job_id, s->job.job, s->waiting);
	mutex_unlock(&s->lock);
}

static void
show_waitreservation(struct status_out *o)
{
	buf_text(&o->text, "Jobs waiting to reserve a drive:\n");
	sessions_each(o->v->sd->sessions, show_waiting_job, o);
	buf_text(&o->text, "====\n\n");
}

static void
show_terminated(struct status_out *o)
{
	struct session_past past[SESSIONS_PAST];
	size_t n = sessions_past(o->v->sd->sessions, past);

	if (n == 0) {
		buf_text(&o->text, "No Terminated Jobs.\n====\n\n");
		return;
	}
	buf_text(&o->text, "Terminated Jobs:\n JobId  Level    Files      Bytes   Status   Finished"
			   "        Name \n"
			   "===================================================================\n");
	for (size_t i = 0; i < n; i++) {
		const struct session_past *p = &past[i];
		const char *word = job_status_is_ok(p->status)       ? "OK"
				   : p->status == STATUS_CANCELED    ? "Cancel"
				   : p->status == STATUS_DIFFERENCES ? "Diffs"
								     : "Error";

		buf_text(&o->text, "%6u  %-6.4s %8s %10s  %-7s  %-8s %s\n", p->job_id,
			 p->type == JOB_BACKUP ? job_level_text(p->level) : "", COMMAS(p->files),
			 SUFFIX(p->bytes), word, SHORT_TIME(p->end), p->job_name);
	}
	buf_text(&o->text, "====\n\n");
}

static void
show_device(struct status_out *o, struct device *d)
{
	char where[DEVICE_PRINT_MAX];
	struct reserve_use u = reserve_of(&o->v->sd->media, d);
	struct mounted mounted;
	struct vol_info vol;
	char pool[128];
	uint64_t end;
	uint32_t blocked;

	device_print(d, where, sizeof(where));
	if (d->ops == NULL) {
		buf_text(&o->text,
			 "\nDevice %s is of a Device Type this version does not "
			 "support.\n==\n",
			 where);
		return;
	}
	if (!device_mounted(d, &mounted)) {
		buf_text(&o->text, "\nDevice %s is not open.\n", where);
	} else {
		mutex_lock(&d->lock);
		vol = d->vol;
		end = d->end;
		memcpy(pool, d->pool, sizeof(pool));
		mutex_unlock(&d->lock);
		buf_text(&o->text,
			 "\nDevice %s is mounted with:\n    Volume:      %s\n    Pool:        %s\n"
			 "    Media type:  %s\n    Total Bytes=%s Blocks=%s Bytes/block=%s\n"
			 "    Positioned at File=%" PRIu64 " Block=%s\n",
			 where, vol.name, pool, d->conf->media_type, COMMAS(vol.bytes),
			 COMMAS(vol.blocks), COMMAS(vol.blocks > 0 ? vol.bytes / vol.blocks : 0),
			 (end - 1) >> 32, COMMAS((end - 1) & 0xffffffffu));
	}
	mutex_lock(&d->lock);
	blocked = d->blocked;
	mutex_unlock(&d->lock);
	if (u.unmounted)
		buf_text(&o->text, "    Device is BLOCKED. User unmounted.\n");
	if (blocked > 0)
		buf_text(&o->text, "    Device is BLOCKED waiting for a volume for pool \"%s\".\n",
			 u.pool);
	if (u.writers > 0 || u.readers > 0)
		buf_text(&o->text, "    Writers=%u of %u, readers=%u\n", u.writers,
			 d->conf->maximum_concurrent_jobs, u.readers);
	buf_text(&o->text, "==\n");
}

static void
show_devices(struct status_out *o)
{
	struct devices *ds = o->v->sd->media.devices;

	buf_text(&o->text, "Device status:\n");
	for (size_t i = 0; i < ds->n; i++)
		show_device(o, &ds->v[i]);
	buf_text(&o->text, "====\n\n");
}

static void
show_volumes(struct status_out *o)
{
	struct volume_use use[VOLUMES_SHOWN];
	size_t n = volumes_list(o->v->sd->media.volumes, use, VOLUMES_SHOWN);
	char where[DEVICE_PRINT_MAX];

	buf_text(&o->text, "Used Volume status:\n");
	for (size_t i = 0; i < n; i++) {
		uint32_t writers = use[i].writer != NULL ? device_joined(use[i].writer) : 0;

		buf_text(&o->text, "%s", use[i].name);
		if (use[i].writer != NULL)
			buf_text(&o->text, " on device %s",
				 device_print(use[i].writer, where, sizeof(where)));
		buf_text(&o->text, "\n    Reader=%u writers=%u reserves=0 volinuse=%d\n",
			 use[i].readers, writers, use[i].readers + writers > 0);
	}
	buf_text(&o->text, "====\n\n");
}

static void
show_spooling(struct status_out *o)
{
	buf_text(&o->text, "====\n\n");
}

static void
send_dot_job(void *arg, struct session *s)
{
	struct status_out *o = (struct status_out *)arg;

	buf_text(&o->text, DIR_SD_DOT_STATUS_JOB, s->job.job_id, atomic_load(&s->status),
		 session_errors(s));
}

static void
show_current(struct status_out *o)
{
	buf_text(&o->text, DIR_SD_OK_DOT_STATUS);
	sessions_each(o->v->sd->sessions, send_dot_job, o);
}

static void
show_last(struct status_out *o)
{
	struct session_past past[SESSIONS_PAST];
	size_t n = sessions_past(o->v->sd->sessions, past);

	buf_text(&o->text, DIR_SD_OK_DOT_STATUS);
	if (n > 0)
		buf_text(&o->text, DIR_SD_DOT_STATUS_JOB, past[n - 1].job_id, past[n - 1].status,
			 past[n - 1].errors);
}

static const struct section {
	const char *word; /* of .status */
	bool in_status;   /* part of the full listing, in this order */
	void (*show)(struct status_out *o);
} sections[] = {
	{ "header", true, show_header },
	{ "running", true, show_running },
	{ "waitreservation", true, show_waitreservation },
	{ "terminated", true, show_terminated },
	{ "devices", true, show_devices },
	{ "volumes", true, show_volumes },
	{ "spooling", true, show_spooling },
	{ "current", false, show_current },
	{ "last", false, show_last },
};

/* One frame per line, then EOD. */
static enum err_code
send_text(struct conversation *v, struct bytes text, struct err *err)
{
	while (text.n > 0) {
		const uint8_t *lf = (const uint8_t *)memchr(text.p, '\n', text.n);
		size_t n = lf != NULL ? (size_t)(lf - text.p) + 1 : text.n;
		enum err_code code = conn_send(v->c, bytes_of(text.p, n), err);

		if (code != ERR_OK)
			return code;
		text = bytes_skip(text, n);
	}
	return conn_signal(v->c, FRAME_EOD, err);
}

/* A comma list of devices that are all known shows these alone, each once: the peer chose how long
 * the list is. */
static bool
show_named(struct status_out *o, char *list)
{
	struct devices *ds = o->v->sd->media.devices;
	OWNED(freep) bool *named = NEW_ARRAY(bool, ds->n + 1);
	char *name;

	while ((name = strsep(&list, ",")) != NULL) {
		struct device *d = devices_find(ds, wire_unbash(name));

		if (d == NULL)
			return false;
		named[d - ds->v] = true;
	}
	for (size_t i = 0; i < ds->n; i++)
		if (named[i])
			show_device(o, &ds->v[i]);
	return true;
}

enum err_code
cmd_status(struct conversation *v, struct bytes line, struct err *err)
{
	OWNED(freep) char *names = NULL;
	struct status_out o = { .v = v, .text = BUF_INIT(STATUS_TEXT_MAX) };
	enum err_code code;

	buf_text(&o.text, "\n");
	if (!wire_scan(line, DIR_SD_STATUS_SCAN, &names) || names[0] == '\0' ||
	    !show_named(&o, names)) {
		for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
			if (sections[i].in_status)
				sections[i].show(&o);
	}
	code = send_text(v, buf_bytes(&o.text), err);
	buf_release(&o.text);
	return code;
}

enum err_code
cmd_dot_status(struct conversation *v, struct bytes line, struct err *err)
{
	char word[WIRE_NAME_MAX + 1] = "";
	enum err_code code;

	(void)!wire_scan(line, DIR_SD_DOT_STATUS_SCAN, word);
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		struct status_out o = { .v = v, .text = BUF_INIT(STATUS_TEXT_MAX) };

		if (strcmp(word, sections[i].word) != 0)
			continue;
		sections[i].show(&o);
		code = send_text(v, buf_bytes(&o.text), err);
		buf_release(&o.text);
		return code;
	}
	v->over = true;
	code = conn_printf(v->c, err, DIR_SD_BAD_DOT_STATUS, word);
	return code == ERR_OK ? conn_signal(v->c, FRAME_EOD, err) : code;
}
