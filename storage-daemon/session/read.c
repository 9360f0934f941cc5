#include "storage-daemon/session/read_internal.h"

#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/proto/attr_record.h"
#include "lib/proto/job_code.h"
#include "lib/proto/stream.h"
#include "storage-daemon/media/mount.h"
#include "storage-daemon/media/vol_label.h"
#include "storage-daemon/session/ask_director.h"
#include "storage-daemon/session/sd.h"

enum err_code
read_check(struct session *s, struct err *err)
{
	if (s->bsr == NULL || bootstrap_n_volumes(s->bsr) == 0)
		return err_set(err, ERR_CONFIG, "the director named no volumes to read");
	if (s->read_wish == NULL)
		return err_set(err, ERR_CONFIG, "the director named no storage to read from");
	return ERR_OK;
}

/* ---- sessions met ---- */

/* A volume may be made of them: the oldest go first. */
#define SESSIONS_MAX 16384u

static uint64_t
key_of(uint32_t id, uint32_t time)
{
	return (uint64_t)time << 32 | id;
}

static struct seen_session *
find_session(const struct reader *r, uint32_t id, uint32_t time)
{
	uint64_t key = key_of(id, time);
	struct seen_session *e;

	HASH_FIND(hh, r->seen, &key, sizeof(key), e);
	return e;
}

static void
forget_seen(struct reader *r, struct seen_session *e)
{
	HASH_DEL(r->seen, e);
	free(e);
}

static void
forget_passed(struct reader *r, struct passed_session *e)
{
	if (r->last_passed == e)
		r->last_passed = NULL;
	HASH_DEL(r->passed, e);
	free(e);
}

struct seen_session *
read_session_of(struct reader *r, uint32_t id, uint32_t time)
{
	struct seen_session *e = find_session(r, id, time);

	if (e != NULL)
		return e;
	if (HASH_COUNT(r->seen) >= SESSIONS_MAX)
		forget_seen(r, r->seen);
	e = NEW(struct seen_session);
	e->key = key_of(id, time);
	HASH_ADD(hh, r->seen, key, sizeof(e->key), e);
	return e;
}

static struct passed_session *
find_passed(const struct reader *r, uint64_t key)
{
	struct passed_session *e;

	HASH_FIND(hh, r->passed, &key, sizeof(key), e);
	return e;
}

bool
read_has_passed(const struct reader *r, const struct block_head *head)
{
	return find_passed(r, key_of(head->session_id, head->session_time)) != NULL;
}

/* A good block of a session that is not wanted here. */
static void
pass_session(struct reader *r, const struct block_head *head)
{
	uint64_t key = key_of(head->session_id, head->session_time);
	struct passed_session *e;

	if (r->last_passed != NULL && r->last_passed->key == key)
		return;
	e = find_passed(r, key);
	if (e == NULL) {
		if (HASH_COUNT(r->passed) >= SESSIONS_MAX)
			forget_passed(r, r->passed);
		e = NEW(struct passed_session);
		e->key = key;
		HASH_ADD(hh, r->passed, key, sizeof(e->key), e);
	}
	r->last_passed = e;
}

static void
forget_sessions(struct reader *r)
{
	struct seen_session *e, *next;
	struct passed_session *p, *after;

	HASH_ITER (hh, r->seen, e, next) {
		forget_seen(r, e);
	}
	HASH_ITER (hh, r->passed, p, after) {
		forget_passed(r, p);
	}
}

/* What its label says of a session, for the bootstrap. */
static struct bsr_session
about(const struct seen_session *e)
{
	if (e == NULL || !e->labelled)
		return (struct bsr_session){ .job_id = 0 };
	return (struct bsr_session){ .job_id = e->label.job_id,
				     .job = e->label.job,
				     .client = e->label.client,
				     .job_type = e->label.job_type,
				     .job_level = e->label.job_level };
}

/* ---- records ---- */

static void
take_session_label(struct reader *r, const struct record_piece *p, const struct bsr_block *blk)
{
	struct seen_session *e = read_session_of(r, p->session_id, p->session_time);
	struct err ignored = ERR_INIT;
	struct bsr_session now;

	if (p->file_index != SOS_LABEL ||
	    session_label_parse(p->data, false, &e->label, &ignored) != ERR_OK)
		return;
	e->labelled = true;
	now = about(e);
	(void)bootstrap_enter_block(r->bsr, blk, &now);
}

static enum err_code
send_record(struct reader *r, struct seen_session *e, const struct record *rec, struct err *err)
{
	uint32_t id = stream_id_of(rec->stream);
	bool attrs = id == STREAM_UNIX_ATTRIBUTES || id == STREAM_UNIX_ATTRIBUTES_EX;
	struct attr_record a = { .name = { NULL, 0 } };
	struct err ignored = ERR_INIT;
	enum err_code code;

	if (e->damaged)
		/* Without its attributes this file is incomplete, too. */
		damage_lost_files(r, e, attrs ? rec->file_index - 1 : rec->file_index);
	if (attrs) {
		e->head_len = rec->data.n < sizeof(e->head) ? rec->data.n : sizeof(e->head);
		memcpy(e->head, rec->data.p, e->head_len);
		if (attr_record_parse(rec->data, &a, &ignored) != ERR_OK)
			a.name = (struct bytes){ NULL, 0 };
	}
	if (!bootstrap_keep(r->bsr, &e->verdict, rec->file_index, a.name))
		return ERR_OK;
	e->file_index = rec->file_index;
	code = record_out_put(&r->out, rec, err);
	if (code != ERR_LIMIT)
		return code;
	damage_too_long(r, e, err);
	return ERR_OK;
}

static enum err_code
take_piece(struct reader *r, const struct record_piece *p, struct err *err)
{
	struct record rec;
	struct seen_session *e;
	int32_t lost = 0;
	enum join_result joined;

	if (!bootstrap_match(r->bsr, p->file_index, p->stream))
		return ERR_OK;
	e = read_session_of(r, p->session_id, p->session_time);
	joined = record_join(r->join, p, &rec, &lost);
	if (lost != 0)
		damage_incomplete(r, e, lost, "continuation is missing");
	if (joined == JOIN_ORPHAN && lost != p->file_index)
		damage_incomplete(r, e, p->file_index, "beginning is missing");
	if (joined == JOIN_WHOLE || joined == JOIN_LOST)
		return send_record(r, e, &rec, err);
	return ERR_OK;
}

/* From here on records of this session come; false: none is wanted. */
static bool
enter_session(struct reader *r, struct bsr_block *blk, uint32_t id, uint32_t time)
{
	struct bsr_session now = about(find_session(r, id, time));

	blk->session_id = id;
	blk->session_time = time;
	return bootstrap_enter_block(r->bsr, blk, &now);
}

static enum err_code
take_records(struct reader *r, const struct volume_block *b, struct bsr_block *blk, struct err *err)
{
	struct record_reader rr;
	struct record_piece p;
	struct err end = ERR_INIT;
	bool old = b->head.head_len != BLOCK_HEAD_LEN; /* BB01: each record has a session */
	bool wanted = true;

	record_reader_init(&rr, b->bytes, &b->head);
	while (record_next(&rr, &p, &end) == ERR_OK) {
		if (old)
			wanted = enter_session(r, blk, p.session_id, p.session_time);
		if (wanted && p.file_index < 0)
			take_session_label(r, &p, blk);
		else if (wanted && take_piece(r, &p, err) != ERR_OK)
			return err->code;
	}
	if (end.code == ERR_FORMAT)
		damage_block(r, b, &end);
	return ERR_OK;
}

/* ---- one volume ---- */

static enum err_code
take_block(struct reader *r, const struct volume_block *b, struct err *err)
{
	struct bsr_block blk = { .volume = r->volume, .start = b->at, .end = b->end - 1 };

	if (b->head.head_len != BLOCK_HEAD_LEN ||
	    enter_session(r, &blk, b->head.session_id, b->head.session_time))
		return take_records(r, b, &blk, err);
	pass_session(r, &b->head);
	return ERR_OK;
}

/* Go where the bootstrap wants to go on; false: it wants nothing more from this volume. */
static bool
seek_wanted(struct reader *r)
{
	uint64_t to = 0;

	if (bootstrap_is_done(r->bsr))
		return false;
	switch (bootstrap_seek(r->bsr, r->volume, volume_scan_at(r->scan), &to)) {
	case BSR_STAY:
		break;
	case BSR_GO:
		/* Open records stay open: a job's piece on the next volume rarely begins at its
		 * start, and a continuation says itself what it continues. */
		volume_scan_seek(r->scan, to);
		break;
	case BSR_VOLUME_DONE:
		return false;
	}
	return true;
}

static enum err_code
read_blocks(struct reader *r, struct err *err)
{
	struct volume_block b = { 0 };
	enum err_code code = ERR_OK;

	while (code == ERR_OK && seek_wanted(r)) {
		struct err why = ERR_INIT;

		switch (volume_scan_next(r->scan, &b, &why)) {
		case ERR_OK:
			code = take_block(r, &b, err);
			break;
		case ERR_FORMAT:
			damage_block(r, &b, &why);
			break;
		case ERR_EOF:
			damage_early_end(r, u64_min(volume_scan_at(r->scan), r->limit));
			return ERR_OK;
		default:
			*err = why;
			return why.code;
		}
	}
	return code;
}

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
	r->scan = scan = volume_scan_new(read_medium, r);
	volume_scan_set_cancel(scan, &r->s->cancel);
	volume_scan_read_past_errors(scan);
	volume_scan_seek(scan, start);
	code = read_blocks(r, err);
	if (code == ERR_OK)
		damage_rest_of_volume(r, true);
	return code;
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
	return d->ops != NULL &&
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
wait_for_reader_place(struct reader *r, struct err *err)
{
	while (!volumes_add_reader(r->s->sd->media.volumes, r->volume)) {
		struct wait w = wait_for(&r->s->cancel, 1, "the volume is being labelled");
		enum err_code code = wait_pause(&w, err);

		if (code != ERR_OK)
			return code;
	}
	return ERR_OK;
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

/* Nothing follows any more. */
static void
report_open_records(struct reader *r)
{
	struct seen_session *e, *next;

	HASH_ITER (hh, r->seen, e, next) {
		int32_t open = record_join_open_index(r->join, (uint32_t)e->key,
						      (uint32_t)(e->key >> 32));

		if (open > 0)
			damage_incomplete(r, e, open, "continuation is missing");
	}
}

static enum err_code
read_volumes(struct reader *r, struct err *err)
{
	for (size_t i = 0; i < bootstrap_n_volumes(r->bsr) && !bootstrap_is_done(r->bsr); i++) {
		enum err_code code;

		bootstrap_enter_visit(r->bsr, i);
		r->volume = bootstrap_volume(r->bsr, i).name;
		r->media_type = bootstrap_volume(r->bsr, i).media_type;
		code = wait_for_reader_place(r, err);
		if (code != ERR_OK)
			return code;
		code = read_volume(r, err);
		volumes_drop_reader(r->s->sd->media.volumes, r->volume);
		if (code == ERR_SYS || code == ERR_FORMAT || code == ERR_LIMIT) {
			/* This volume is lost to the job; the others may still serve. */
			job_report(r->s->msg, MSG_ERROR, "Cannot read volume \"%s\": %s\n",
				   r->volume, err->text);
			bsr_names_add(&r->unread, r->volume);
			damage_rest_of_volume(r, false);
			continue;
		}
		if (code != ERR_OK)
			return code;
	}
	bootstrap_leave_visit(r->bsr);
	report_open_records(r);
	damage_unmet(r);
	return record_out_flush(&r->out, err);
}

enum err_code
read_run(struct session *s, struct err *err)
{
	struct reader r = { .s = s, .bsr = s->bsr, .join = record_join_new() };
	enum err_code code;

	record_out_init(&r.out, s);
	code = read_volumes(&r, err);
	if (code == ERR_OK)
		code = conn_signal(s->data, FRAME_EOD, err);
	if (code == ERR_OK)
		code = conn_flush(s->data, err);
	forget_sessions(&r);
	bsr_names_release(&r.unread);
	record_out_release(&r.out);
	record_join_free(r.join);
	return code;
}
