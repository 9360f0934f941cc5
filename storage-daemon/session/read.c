#include "storage-daemon/session/read_internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/proto/attr_record.h"
#include "lib/proto/dir_sd.h"
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

static struct seen_session *
session_of(struct reader *r, uint32_t id, uint32_t time)
{
	uint64_t key = (uint64_t)time << 32 | id;
	struct seen_session *e;

	HASH_FIND(hh, r->seen, &key, sizeof(key), e);
	if (e != NULL)
		return e;
	e = NEW(struct seen_session);
	e->key = key;
	HASH_ADD(hh, r->seen, key, sizeof(key), e);
	return e;
}

static void
forget_sessions(struct reader *r)
{
	struct seen_session *e, *next;

	HASH_ITER (hh, r->seen, e, next) {
		HASH_DEL(r->seen, e);
		free(e);
	}
}

static struct bytes
name_of(const struct seen_session *e)
{
	struct bytes b = bytes_of(e->head, e->head_len);
	const uint8_t *end;

	/* "FileIndex type name NUL ..." */
	for (int blanks = 0; blanks < 2 && b.n > 0; b = bytes_skip(b, 1))
		blanks += b.p[0] == ' ';
	end = b.n > 0 ? (const uint8_t *)memchr(b.p, 0, b.n) : NULL;
	if (end != NULL)
		b.n = (size_t)(end - b.p);
	return b;
}

/* ---- damage ---- */

static void
report_open_file(struct reader *r, struct seen_session *e)
{
	e->damaged = true;
	if (e->file_index <= 0)
		return;
	job_report(r->s->msg, MSG_ERROR,
		   "Volume \"%s\": file %d (%s) of session %u may be incomplete.\n", r->volume,
		   e->file_index, PATH_PRINT(name_of(e)), (unsigned)(e->key & 0xffffffffu));
}

/* Say what is damaged, and find where to go on; ERR_EOF: nothing good follows. */
static enum err_code
step_over(struct reader *r, uint64_t at, const struct err *why, uint64_t *to, struct err *err)
{
	struct seen_session *e, *next;
	enum err_code code;

	r->damages++;
	code = window_resync(&r->win, at + 1, to, err);
	if (code != ERR_OK && code != ERR_EOF)
		return code;
	job_report(r->s->msg, MSG_ERROR,
		   "Volume \"%s\": damaged block at address %llu: %s; %llu bytes skipped.\n",
		   r->volume, (unsigned long long)at, why->text,
		   (unsigned long long)((code == ERR_OK ? *to : r->win.limit) - at));
	HASH_ITER (hh, r->seen, e, next) {
		report_open_file(r, e);
	}
	return code;
}

static void
say_lost(struct reader *r, const struct seen_session *e, struct buf *list)
{
	if (list->len > 0)
		job_report(r->s->msg, MSG_ERROR, "Volume \"%s\": " DIR_SD_LOST_FILES ".\n",
			   r->volume, buf_str(list), (unsigned)(e->key & 0xffffffffu),
			   (unsigned)(e->key >> 32));
	buf_clear(list);
}

/* One more run of files for list; said when it is full. */
static void
add_lost(struct reader *r, const struct seen_session *e, struct buf *list, uint64_t first,
	 uint64_t last)
{
	if (first > last)
		return;
	if (list->len + 2 * 11 + 2 > DIR_SD_LOST_FILES_MAX)
		say_lost(r, e, list);
	buf_text(list, "%s%" PRIu64 "-%" PRIu64, list->len > 0 ? "," : "", first, last);
}

/* Files between two of a session that a record of the bootstrap wants. */
static void
add_wanted(struct reader *r, const struct seen_session *e, const struct bsr_record *b,
	   struct buf *list, uint64_t from, uint64_t to)
{
	for (size_t i = 0; i < b->file_index.n; i++) {
		const struct bsr_range *range = &b->file_index.v[i];

		add_lost(r, e, list, range->first > from ? range->first : from,
			 u64_min(range->last, to));
	}
}

static bool
names_volume(const struct bsr_record *b, const char *volume)
{
	for (size_t i = 0; i < b->volumes.n; i++)
		if (strcmp(b->volumes.v[i], volume) == 0)
			return true;
	return false;
}

/* A director's bootstrap has one record for each piece of a session on a volume. */
static bool
is_of(const struct bsr_record *b, const struct seen_session *e)
{
	return b->session_id.n == 1 && b->session_time.n == 1 &&
	       b->session_id.v[0].first == (e->key & 0xffffffffu) &&
	       b->session_time.v[0].first == e->key >> 32;
}

/* The first record of a session behind damage shows which files were lost: those up to last. */
static void
report_lost_files(struct reader *r, struct seen_session *e, int32_t last)
{
	OWNED(buf_release) struct buf list = BUF_INIT(2 * DIR_SD_LOST_FILES_MAX);
	uint64_t from = (uint64_t)e->file_index + 1, to = (uint64_t)last;
	bool known = false;

	e->damaged = false;
	for (size_t i = 0; i < bootstrap_n_records(r->bsr); i++) {
		const struct bsr_record *b = bootstrap_record(r->bsr, i);

		if (!is_of(b, e) || !names_volume(b, r->volume) || b->file_index.n == 0)
			continue;
		known = true;
		add_wanted(r, e, b, &list, from, to);
	}
	if (!known)
		add_lost(r, e, &list, from, to);
	say_lost(r, e, &list);
}

/* Nothing more comes from this volume: what is wanted of it behind the last file seen is lost. */
static void
report_rest_of_volume(struct reader *r, bool damaged_only)
{
	for (size_t i = 0; i < bootstrap_n_records(r->bsr); i++) {
		OWNED(buf_release) struct buf list = BUF_INIT(2 * DIR_SD_LOST_FILES_MAX);
		const struct bsr_record *b = bootstrap_record(r->bsr, i);
		struct seen_session *e;

		if (!names_volume(b, r->volume) || b->session_id.n != 1 || b->session_time.n != 1)
			continue;
		e = session_of(r, (uint32_t)b->session_id.v[0].first,
			       (uint32_t)b->session_time.v[0].first);
		if (!is_of(b, e) || (damaged_only && !e->damaged))
			continue;
		e->damaged = false;
		add_wanted(r, e, b, &list, (uint64_t)e->file_index + 1, INT32_MAX);
		if (b->file_index.n > 0 &&
		    b->file_index.v[b->file_index.n - 1].last > (uint64_t)e->file_index)
			e->file_index = (int32_t)b->file_index.v[b->file_index.n - 1].last;
		say_lost(r, e, &list);
	}
}

/* ---- records ---- */

static void
take_session_label(struct reader *r, const struct record_piece *p, const struct bsr_block *blk)
{
	struct seen_session *e = session_of(r, p->session_id, p->session_time);
	struct err ignored = ERR_INIT;
	struct bsr_session about;

	if (p->file_index != SOS_LABEL ||
	    session_label_parse(p->data, false, &e->label, &ignored) != ERR_OK)
		return;
	e->labelled = true;
	about = (struct bsr_session){ .job_id = e->label.job_id,
				      .job = e->label.job,
				      .client = e->label.client,
				      .job_type = e->label.job_type,
				      .job_level = e->label.job_level };
	(void)bootstrap_enter_block(r->bsr, blk, &about);
}

static enum err_code
send_record(struct reader *r, struct seen_session *e, const struct record *rec, struct err *err)
{
	uint32_t id = stream_id_of(rec->stream);
	bool attrs = id == STREAM_UNIX_ATTRIBUTES || id == STREAM_UNIX_ATTRIBUTES_EX;
	struct attr_record a = { .name = { NULL, 0 } };
	struct err ignored = ERR_INIT;

	if (e->damaged)
		/* Without its attributes this file is incomplete, too. */
		report_lost_files(r, e, attrs ? rec->file_index - 1 : rec->file_index);
	if (attrs) {
		e->head_len = rec->data.n < sizeof(e->head) ? rec->data.n : sizeof(e->head);
		memcpy(e->head, rec->data.p, e->head_len);
		if (attr_record_parse(rec->data, &a, &ignored) != ERR_OK)
			a.name = (struct bytes){ NULL, 0 };
	}
	if (!bootstrap_keep(r->bsr, rec->session_id, rec->session_time, rec->file_index, a.name))
		return ERR_OK;
	e->file_index = rec->file_index;
	return record_out_put(&r->out, rec, err);
}

/* Once per file: a long record may have hundreds of pieces. */
static void
report_incomplete(struct reader *r, struct seen_session *e, int32_t file_index, const char *why)
{
	if (e->incomplete == file_index)
		return;
	e->incomplete = file_index;
	r->damages++;
	job_report(r->s->msg, MSG_ERROR,
		   "Volume \"%s\": a record of file %d of session %u is incomplete: its %s.\n",
		   r->volume, file_index, (unsigned)(e->key & 0xffffffffu), why);
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
	e = session_of(r, p->session_id, p->session_time);
	joined = record_join(r->join, p, &rec, &lost);
	if (lost != 0)
		report_incomplete(r, e, lost, "continuation is missing");
	if (joined == JOIN_ORPHAN && lost != p->file_index)
		report_incomplete(r, e, p->file_index, "beginning is missing");
	if (joined == JOIN_WHOLE || joined == JOIN_LOST)
		return send_record(r, e, &rec, err);
	return ERR_OK;
}

static enum err_code
take_block(struct reader *r, struct bytes block, const struct block_head *head,
	   const struct bsr_block *blk, struct err *err)
{
	struct record_reader rr;
	struct record_piece p;
	enum err_code code;

	record_reader_init(&rr, block, head);
	for (;;) {
		code = record_next(&rr, &p, err);
		if (code == ERR_EOF)
			return ERR_OK;
		if (code != ERR_OK)
			return code;
		if (p.file_index < 0)
			take_session_label(r, &p, blk);
		else
			code = take_piece(r, &p, err);
		if (code != ERR_OK)
			return code;
	}
}

/* ---- one volume ---- */

/* The block at at; *next: where the next one begins. */
static enum err_code
read_one(struct reader *r, uint64_t at, uint64_t *next, struct err *err)
{
	struct block_head head;
	struct bytes block;
	struct bsr_block blk;
	struct seen_session *e;
	struct bsr_session about = { .job_id = 0 };
	uint64_t key;
	enum err_code code = window_block(&r->win, at, &head, &block, err);

	if (code != ERR_OK)
		return code;
	*next = at + head.len;
	blk = (struct bsr_block){ .volume = r->volume,
				  .start = at,
				  .end = at + head.len - 1,
				  .session_id = head.session_id,
				  .session_time = head.session_time };
	key = (uint64_t)head.session_time << 32 | head.session_id;
	HASH_FIND(hh, r->seen, &key, sizeof(key), e);
	if (e != NULL && e->labelled)
		about = (struct bsr_session){ .job_id = e->label.job_id,
					      .job = e->label.job,
					      .client = e->label.client,
					      .job_type = e->label.job_type,
					      .job_level = e->label.job_level };
	if (!bootstrap_enter_block(r->bsr, &blk, e != NULL && e->labelled ? &about : NULL))
		return ERR_OK;
	code = block_verify(block, &head, err);
	if (code == ERR_FORMAT)
		(void)session_of(r, head.session_id, head.session_time); /* it lost something */
	return code == ERR_OK ? take_block(r, block, &head, &blk, err) : code;
}

/* The volume ends, by damage or at a whole block: was anything wanted behind that? */
static void
report_early_end(struct reader *r, uint64_t at)
{
	struct seen_session *e, *next;
	uint64_t last = 0;

	if (!bootstrap_last_wanted(r->bsr, r->volume, &last) || last < at)
		return;
	r->damages++;
	job_report(r->s->msg, MSG_ERROR,
		   "Volume \"%s\" ends at address %llu, the job goes on to address %llu: what was "
		   "there is lost.\n",
		   r->volume, (unsigned long long)at, (unsigned long long)last);
	HASH_ITER (hh, r->seen, e, next) {
		report_open_file(r, e);
	}
	report_rest_of_volume(r, false);
}

static enum err_code
read_blocks(struct reader *r, uint64_t at, struct err *err)
{
	while (!bootstrap_is_done(r->bsr)) {
		uint64_t next = at, to = at;
		struct err why = ERR_INIT;
		enum err_code code;

		if (cancel_asked(&r->s->cancel))
			return err_set(err, ERR_CANCELED, "canceled while reading volume \"%s\"",
				       r->volume);
		switch (bootstrap_seek(r->bsr, r->volume, at, &to)) {
		case BSR_STAY:
			break;
		case BSR_GO:
			/* Open records stay open: a job's piece on the next volume rarely begins at
			 * its start, and a continuation says itself what it continues. */
			at = to;
			break;
		case BSR_VOLUME_DONE:
			return ERR_OK;
		}
		code = read_one(r, at, &next, &why);
		if (code == ERR_FORMAT) {
			struct err damage = why;

			code = step_over(r, at, &damage, &next, &why);
		}
		if (code == ERR_EOF) {
			report_early_end(r, at);
			return ERR_OK;
		}
		if (code != ERR_OK) {
			*err = why;
			return code;
		}
		at = next;
	}
	return ERR_OK;
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
	if (code != ERR_FORMAT && code != ERR_EOF) {
		*err = why;
		return code;
	}
	/* A damaged label does not lose what is behind it: the file has the right name. */
	r->damages++;
	job_report(r->s->msg, MSG_ERROR, "Volume \"%s\": the label cannot be read: %s\n", r->volume,
		   why.text);
	*len = 0;
	return ERR_OK;
}

static enum err_code
read_opened(struct reader *r, struct dev *dev, struct err *err)
{
	uint64_t start = 0, limit = 0;
	enum err_code code = check_label(r, dev, &start, err);

	if (code == ERR_OK)
		code = volume_limit(r, dev, &limit, err);
	if (code != ERR_OK)
		return code;
	window_init(&r->win, dev, limit);
	code = read_blocks(r, start, err);
	window_release(&r->win);
	if (code == ERR_OK)
		report_rest_of_volume(r, true);
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

/* The device of the wish whose directory has the volume; files only.  ERR_ABSENT: none has it, but
 * one is not there at all. */
static enum err_code
open_volume(struct reader *r, struct dev **out, struct err *err)
{
	struct media *m = &r->s->sd->media;
	struct device *own = r->s->read_device;
	enum err_code code = open_in(r, own, out, err);
	bool elsewhere = code == ERR_EOF || code == ERR_ABSENT;

	for (size_t i = 0; elsewhere && i < m->devices->n; i++) {
		struct device *d = &m->devices->v[i];
		struct err why = ERR_INIT;

		if (d == own || d->ops == NULL ||
		    strcmp(d->conf->media_type, own->conf->media_type) != 0)
			continue;
		switch (open_in(r, d, out, &why)) {
		case ERR_OK:
			return ERR_OK;
		case ERR_ABSENT:
			*err = why;
			code = ERR_ABSENT;
			break;
		default:
			break;
		}
	}
	return code;
}

/* A file system that is not mounted now may be in a minute. */
static enum err_code
open_when_there(struct reader *r, struct dev **out, struct err *err)
{
	const struct reserve_wish *wish = r->s->read_wish;
	const struct mount_wish w = { .pool = wish->pool,
				      .pool_type = wish->pool_type,
				      .media_type = wish->media_type };
	const struct media_job job = ask_media_job(r->s);
	struct mount_pause pause = { .asked = 0 };
	enum err_code code;

	for (;;) {
		struct err why = ERR_INIT;

		pause.asked = device_mount_asked(r->s->read_device);
		code = open_volume(r, out, &why);
		if (code != ERR_ABSENT) {
			*err = why;
			break;
		}
		(void)err_ctx(&why, "volume \"%s\"", r->volume);
		code = mount_wait(r->s->read_device, &job, &w, &pause, &why, err);
		if (code != ERR_OK)
			break;
	}
	if (pause.waited_s > 0 && code == ERR_OK)
		job.ops->status(job.arg, STATUS_RUNNING, "");
	return code;
}

/* The catalog learns how long the volume was read, unless somebody is changing its counters. */
static enum err_code
tell_read_time(struct reader *r, int64_t read_us, struct err *err)
{
	struct vol_info v, answer;
	enum err_code code;

	if (volumes_writer(r->s->sd->media.volumes, r->volume) != NULL)
		return ERR_OK;
	code = ask_director_ops.get_volume(r->s, r->volume, false, &v, err);
	if (code != ERR_OK)
		return code == ERR_CATALOG ? ERR_OK : code;
	v.read_us += read_us;
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
	int64_t start_us = clock_now_us();
	enum err_code code;

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
		code = tell_read_time(r, clock_now_us() - start_us, err);
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
			report_incomplete(r, e, open, "continuation is missing");
	}
}

static enum err_code
read_volumes(struct reader *r, struct err *err)
{
	for (size_t i = 0; i < bootstrap_n_volumes(r->bsr) && !bootstrap_is_done(r->bsr); i++) {
		enum err_code code;

		r->volume = bootstrap_volume(r->bsr, i).name;
		code = wait_for_reader_place(r, err);
		if (code != ERR_OK)
			return code;
		code = read_volume(r, err);
		volumes_drop_reader(r->s->sd->media.volumes, r->volume);
		if (code == ERR_SYS || code == ERR_FORMAT) {
			/* This volume is lost to the job; the others may still serve. */
			r->damages++;
			job_report(r->s->msg, MSG_ERROR, "Cannot read volume \"%s\": %s\n",
				   r->volume, err->text);
			report_rest_of_volume(r, false);
			continue;
		}
		if (code != ERR_OK)
			return code;
	}
	report_open_records(r);
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
	record_out_release(&r.out);
	record_join_free(r.join);
	return code;
}
