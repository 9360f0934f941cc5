#include "storage-daemon/tools/vol_read.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/fd.h"
#include "lib/base/hash.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/proto/attr_record.h"
#include "lib/proto/stream.h"

/* Sessions whose end was not met: those of jobs that broke off, or a volume made of them. */
#define SESSIONS_MAX 10000u

struct session_key {
	uint32_t id, time;
};

struct session_row {
	struct session_key key;
	struct vol_session s;
	UT_hash_handle hh;
};

struct reader {
	const struct vol_read_options *o;
	const struct vol_events *ev;
	void *user;
	const struct vol_input *in;
	char volume[128];             /* its name in bootstraps: the label's, or the file's */
	struct record_join *join;     /* owned */
	struct session_row *sessions; /* owned, oldest first */
	bool labelled;                /* the volume's label was seen */
	bool unread;                  /* what failed is this volume, not the caller */
};

/* ---- inputs ---- */

void
vol_inputs_add(struct vol_inputs *in, const char *path, const char *volume, size_t visit)
{
	in->v = (struct vol_input *)mem_grow(in->v, in->n, &in->cap, sizeof(*in->v));
	in->v[in->n++] = (struct vol_input){ str_dup(path), volume != NULL ? str_dup(volume) : NULL,
					     visit };
}

void
vol_inputs_release(struct vol_inputs *in)
{
	for (size_t i = 0; i < in->n; i++) {
		free(in->v[i].path);
		free(in->v[i].volume);
	}
	free(in->v);
	*in = (struct vol_inputs){ 0 };
}

static enum err_code
pread_volume(void *user, void *p, size_t n, uint64_t at, size_t *got, struct err *err)
{
	const int *fd = user;
	size_t have = 0;

	while (have < n) {
		ssize_t r = pread(*fd, (char *)p + have, n - have, (off_t)(at + have));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_errno(err, ERR_SYS, "cannot be read at %" PRIu64, at + have);
		if (r == 0)
			break;
		have += (size_t)r;
	}
	*got = have;
	return ERR_OK;
}

static enum err_code
cannot_read(struct reader *r, struct err *err)
{
	r->unread = true;
	return err_ctx(err, "volume %s", r->in->path);
}

/* ---- sessions ---- */

static void
forget_session(struct reader *r, struct session_row *row)
{
	HASH_DEL(r->sessions, row);
	free(row);
}

static struct vol_session *
session_of(struct reader *r, uint32_t id, uint32_t time)
{
	struct session_key key = { id, time };
	struct session_row *row;

	HASH_FIND(hh, r->sessions, &key, sizeof(key), row);
	if (row == NULL) {
		if (HASH_COUNT(r->sessions) >= SESSIONS_MAX)
			forget_session(r, r->sessions);
		row = NEW(struct session_row);
		row->key = key;
		row->s.session_id = id;
		row->s.session_time = time;
		row->s.keep = r->o->include == NULL;
		HASH_ADD(hh, r->sessions, key, sizeof(row->key), row);
	}
	return &row->s;
}

static void
free_sessions(struct reader *r)
{
	struct session_row *row, *next;

	HASH_ITER (hh, r->sessions, row, next) {
		forget_session(r, row);
	}
}

static void
tell_lost(struct reader *r, const struct vol_session *s, int32_t index, const struct err *why)
{
	if (r->ev->lost != NULL)
		r->ev->lost(r->user, s, index, why);
}

/* ---- records ---- */

static enum err_code
begin_of_session(struct reader *r, struct vol_session *s, const struct session_label *label,
		 struct err *err)
{
	s->label = *label;
	s->has_label = true;
	return r->ev->session != NULL ? r->ev->session(r->user, s, false, label, err) : ERR_OK;
}

/* Nothing follows: what is damaged behind it does not touch this job. */
static enum err_code
end_of_session(struct reader *r, struct vol_session *s, const struct session_label *label,
	       struct err *err)
{
	const struct session_key key = { s->session_id, s->session_time };
	struct session_row *row;
	enum err_code code = ERR_OK;

	if (!s->has_label)
		s->label = *label;
	s->has_label = true;
	if (r->ev->session != NULL)
		code = r->ev->session(r->user, s, true, label, err);
	HASH_FIND(hh, r->sessions, &key, sizeof(key), row);
	if (row != NULL)
		forget_session(r, row);
	return code;
}

static enum err_code
session_label(struct reader *r, const struct record *rec, struct err *err)
{
	struct vol_session *s = session_of(r, rec->session_id, rec->session_time);
	bool end = rec->file_index == EOS_LABEL;
	struct session_label label;
	struct err why = ERR_INIT;

	if (session_label_parse(rec->data, end, &label, &why) != ERR_OK) {
		tell_lost(r, s, rec->file_index, &why);
		return ERR_OK;
	}
	return end ? end_of_session(r, s, &label, err) : begin_of_session(r, s, &label, err);
}

static enum err_code
volume_label(struct reader *r, const struct record *rec, struct err *err)
{
	struct volume_label label;

	if (volume_label_parse(rec->data, &label, err) != ERR_OK)
		return cannot_read(r, err);
	if (r->in->volume != NULL && strcmp(r->in->volume, label.volume) != 0) {
		(void)err_set(err, ERR_FORMAT, "this is volume %s, not %s",
			      PATH_PRINT(bytes_str(label.volume)), r->in->volume);
		return cannot_read(r, err);
	}
	(void)snprintf(r->volume, sizeof(r->volume), "%s", label.volume);
	r->labelled = true;
	return r->ev->volume != NULL ? r->ev->volume(r->user, r->in, &label, err) : ERR_OK;
}

static enum err_code
whole_label(struct reader *r, const struct record *rec, struct err *err)
{
	switch (rec->file_index) {
	case PRE_LABEL:
	case VOL_LABEL:
		return volume_label(r, rec, err);
	case SOS_LABEL:
	case EOS_LABEL:
		return session_label(r, rec, err);
	default:
		return ERR_OK; /* others carry nothing */
	}
}

/* Name lists and FileRegex: the attribute record decides for the file. */
static bool
file_is_wanted(struct reader *r, struct vol_session *s, const struct record *rec)
{
	const struct stream_row *row = stream_find(stream_id_of(rec->stream));
	struct bytes name = { NULL, 0 };
	struct attr_record a;
	struct err ignored = ERR_INIT;

	if (row != NULL && row->kind == STREAM_KIND_ATTRIBUTES) {
		s->keep = true;
		if (attr_record_parse(rec->data, &a, &ignored) == ERR_OK) {
			name = a.name;
			s->keep = (r->o->include == NULL || name_list_has(r->o->include, name)) &&
				  (r->o->exclude == NULL || !name_list_has(r->o->exclude, name));
		}
	}
	s->file_index = rec->file_index;
	if (r->o->bootstrap != NULL &&
	    !bootstrap_keep(r->o->bootstrap, &s->verdict, rec->file_index, name))
		return false;
	return s->keep;
}

static enum err_code
whole_record(struct reader *r, const struct record *rec, struct err *err)
{
	struct vol_session *s;

	if (rec->file_index <= 0)
		return whole_label(r, rec, err);
	s = session_of(r, rec->session_id, rec->session_time);
	if (!file_is_wanted(r, s, rec) || r->ev->record == NULL)
		return ERR_OK;
	return r->ev->record(r->user, s, rec, err);
}

static enum err_code
piece(struct reader *r, const struct record_piece *p, struct err *err)
{
	struct record rec;
	struct err why = ERR_INIT;
	int32_t lost;
	enum join_result joined;

	if (p->file_index > 0 && r->o->bootstrap != NULL &&
	    !bootstrap_match(r->o->bootstrap, p->file_index, p->stream))
		return ERR_OK;
	joined = record_join(r->join, p, &rec, &lost);
	if (lost > 0) {
		(void)err_set(&why, ERR_FORMAT, "the rest of a record is missing");
		tell_lost(r, session_of(r, p->session_id, p->session_time), lost, &why);
	}
	switch (joined) {
	case JOIN_WHOLE:
	case JOIN_LOST:
		return whole_record(r, &rec, err);
	case JOIN_PARTIAL:
		return ERR_OK;
	case JOIN_ORPHAN:
		break;
	}
	(void)err_set(&why, ERR_FORMAT, "the beginning of a record is missing");
	tell_lost(r, session_of(r, p->session_id, p->session_time), p->file_index, &why);
	return ERR_OK;
}

/* ---- blocks ---- */

/* What the label says of the session, for the bootstrap's Job, Client, ... */
static struct bsr_session
bsr_session_of(const struct vol_session *s)
{
	if (!s->has_label)
		return (struct bsr_session){ 0 };
	return (struct bsr_session){ s->label.job_id, s->label.job, s->label.client,
				     s->label.job_type, s->label.job_level };
}

/* Labels are wanted whatever the bootstrap says. */
static bool
may_hold_labels(const struct volume_block *b)
{
	return b->head.head_len != BLOCK_HEAD_LEN || b->bytes.n < BLOCK_HEAD_LEN + 4 ||
	       b->bytes.p[BLOCK_HEAD_LEN] >= 0x80;
}

static enum err_code
enter_piece(struct reader *r, const struct volume_block *b, const struct record_piece *p,
	    struct err *err)
{
	if (r->o->bootstrap != NULL && b->head.head_len != BLOCK_HEAD_LEN) {
		const struct vol_session *s = session_of(r, p->session_id, p->session_time);
		struct bsr_session bs = bsr_session_of(s);

		(void)bootstrap_enter_block(r->o->bootstrap,
					    &(struct bsr_block){ r->volume, b->at, b->end - 1,
								 p->session_id, p->session_time },
					    &bs);
	}
	return piece(r, p, err);
}

static enum err_code
good_block(struct reader *r, const struct volume_block *b, struct err *err)
{
	struct record_reader records;
	struct record_piece p;
	struct err end = ERR_INIT;

	if (r->ev->block != NULL && r->ev->block(r->user, b, err) != ERR_OK)
		return err->code;
	if (r->o->bootstrap != NULL && b->head.head_len == BLOCK_HEAD_LEN) {
		const struct vol_session *s = session_of(r, b->head.session_id,
							 b->head.session_time);
		struct bsr_session bs = bsr_session_of(s);

		if (!bootstrap_enter_block(r->o->bootstrap,
					   &(struct bsr_block){ r->volume, b->at, b->end - 1,
								b->head.session_id,
								b->head.session_time },
					   &bs) &&
		    !may_hold_labels(b))
			return ERR_OK;
	}
	record_reader_init(&records, b->bytes, &b->head);
	while (record_next(&records, &p, &end) == ERR_OK) {
		if (p.file_index == EOM_LABEL)
			break;
		if (enter_piece(r, b, &p, err) != ERR_OK)
			return err->code;
	}
	if (end.code == ERR_FORMAT && r->ev->damage != NULL) {
		r->ev->damage(r->user, r->in, b, &end);
		tell_lost(r, session_of(r, b->head.session_id, b->head.session_time), 0, &end);
	}
	return ERR_OK;
}

/* Spec: volume.md 2.5 "mark as damaged, for every session that the lost bytes may belong to" */
static void
bad_range(struct reader *r, const struct volume_block *range, const struct err *why)
{
	bool one = false;

	if (r->ev->damage != NULL)
		r->ev->damage(r->user, r->in, range, why);
	for (struct session_row *row = r->sessions; row != NULL; row = row->hh.next)
		one |= range->head_known && row->key.id == range->head.session_id &&
		       row->key.time == range->head.session_time;
	for (struct session_row *row = r->sessions; row != NULL; row = row->hh.next) {
		int32_t open;

		if (one && (row->key.id != range->head.session_id ||
			    row->key.time != range->head.session_time))
			continue;
		open = record_join_open_index(r->join, row->key.id, row->key.time);
		tell_lost(r, &row->s, open > 0 ? open : 0, why);
	}
	/* An open record misses bytes now; its later pieces are orphans. */
	if (!one)
		record_join_drop(r->join);
	else
		record_join_drop_session(r->join, range->head.session_id, range->head.session_time);
}

/* Go where the bootstrap wants to go on; false: it wants nothing more from this volume. */
static bool
seek_wanted(struct reader *r, struct volume_scan *scan)
{
	uint64_t to = 0;

	if (r->o->bootstrap == NULL || !r->labelled)
		return true;
	switch (bootstrap_seek(r->o->bootstrap, r->volume, volume_scan_at(scan), &to)) {
	case BSR_STAY:
		break;
	case BSR_GO:
		volume_scan_seek(scan, to); /* open records stay open over volumes */
		break;
	case BSR_VOLUME_DONE:
		return false;
	}
	return true;
}

/* Nothing good follows a first block that is none. */
static bool
is_no_volume(struct volume_scan *scan, const struct volume_block *first)
{
	struct volume_block b = { 0 };
	struct err ignored = ERR_INIT;
	enum err_code code;

	if (first->at != 0 || first->head.len != 0)
		return false;
	code = volume_scan_next(scan, &b, &ignored);
	volume_scan_seek(scan, first->end);
	return code == ERR_EOF;
}

static enum err_code
read_blocks(struct reader *r, struct volume_scan *scan, struct err *err)
{
	struct volume_block b = { 0 };

	do {
		struct err why = ERR_INIT;

		switch (volume_scan_next(scan, &b, &why)) {
		case ERR_OK:
			if (good_block(r, &b, err) != ERR_OK)
				return err->code;
			break;
		case ERR_EOF:
			if (volume_scan_at(scan) > 0)
				return ERR_OK;
			(void)err_set(err, ERR_FORMAT, "the file is empty");
			return cannot_read(r, err);
		case ERR_FORMAT:
			(void)err_ctx(&why, "block at %" PRIu64, b.at);
			if (is_no_volume(scan, &b)) {
				(void)err_set(err, ERR_FORMAT, "not a volume: %s", why.text);
				return cannot_read(r, err);
			}
			bad_range(r, &b, &why);
			break;
		default:
			*err = why;
			return cannot_read(r, err);
		}
	} while (seek_wanted(r, scan));
	return ERR_OK;
}

static enum err_code
read_volume(struct reader *r, const struct vol_input *in, struct err *err)
{
	OWNED(closep) int fd = -1;
	OWNED(volume_scan_freep) struct volume_scan *scan = NULL;
	const char *slash = strrchr(in->path, '/');

	r->in = in;
	if (in->visit != VOL_NO_VISIT)
		bootstrap_enter_visit(r->o->bootstrap, in->visit);
	r->labelled = false;
	r->unread = false;
	(void)snprintf(r->volume, sizeof(r->volume), "%s",
		       in->volume != NULL ? in->volume
		       : slash != NULL    ? slash + 1
					  : in->path);
	if (fd_open(in->path, O_RDONLY, 0, &fd, err) != ERR_OK) {
		r->unread = true;
		return err_ctx(err, "volume");
	}
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	scan = volume_scan_new(pread_volume, &fd);
	volume_scan_read_past_errors(scan);
	return read_blocks(r, scan, err);
}

/* Those behind a volume that cannot be read may still serve. */
static enum err_code
read_volumes(struct reader *r, const struct vol_inputs *in, struct err *err)
{
	size_t unread = 0;

	for (size_t i = 0; i < in->n; i++) {
		struct err why = ERR_INIT;

		if (read_volume(r, &in->v[i], &why) == ERR_OK)
			continue;
		*err = why;
		if (!r->unread || ++unread == in->n)
			return why.code;
		if (r->ev->unread != NULL)
			r->ev->unread(r->user, &in->v[i], &why);
	}
	return ERR_OK;
}

/* Nothing follows any more. */
static void
tell_open_records(struct reader *r)
{
	for (struct session_row *row = r->sessions; row != NULL; row = row->hh.next) {
		int32_t open = record_join_open_index(r->join, row->key.id, row->key.time);
		struct err why = ERR_INIT;

		(void)err_set(&why, ERR_FORMAT,
			      "the last record is not finished: another volume follows");
		if (open > 0)
			tell_lost(r, &row->s, open, &why);
	}
}

static void
tell_unmet(struct reader *r)
{
	struct bootstrap *bsr = r->o->bootstrap;

	for (size_t i = 0; bsr != NULL && i < bootstrap_n_records(bsr); i++) {
		OWNED(bsr_ranges_release) struct bsr_ranges files = { 0 };

		if (bootstrap_unmet(bsr, i, &files) && r->ev->unmet != NULL)
			r->ev->unmet(r->user, bootstrap_record(bsr, i), &files);
	}
}

enum err_code
vol_read(const struct vol_inputs *in, const struct vol_read_options *o, const struct vol_events *ev,
	 void *user, struct err *err)
{
	struct reader r = { .o = o, .ev = ev, .user = user, .join = record_join_new() };
	enum err_code code = read_volumes(&r, in, err);

	if (o->bootstrap != NULL)
		bootstrap_leave_visit(o->bootstrap);
	if (code == ERR_OK) {
		tell_open_records(&r);
		tell_unmet(&r);
	}
	record_join_free(r.join);
	free_sessions(&r);
	return code;
}
