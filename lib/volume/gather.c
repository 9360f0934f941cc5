/*
 * Stages: blocks in order (volume_scan) - those the bootstrap wants (take_block) - their pieces
 * (take_records) - whole records, joined per session (take_piece) - those of wanted files
 * (take_record).  What is lost on the way goes to gather_damage.c.
 */
#include "lib/volume/gather_internal.h"

#include "lib/base/num.h"
#include "lib/proto/attr_record.h"
#include "lib/proto/stream.h"

/* ---- sessions met ---- */

/* A volume may be made of them: the oldest go first. */
#define SESSIONS_MAX 16384u

uint64_t
gather_key(uint32_t id, uint32_t time)
{
	return (uint64_t)time << 32 | id;
}

static struct seen_session *
find_session(const struct gather *g, uint32_t id, uint32_t time)
{
	uint64_t key = gather_key(id, time);
	struct seen_session *e;

	HASH_FIND(hh, g->seen, &key, sizeof(key), e);
	return e;
}

static void
forget_seen(struct gather *g, struct seen_session *e)
{
	HASH_DEL(g->seen, e);
	free(e);
}

static void
forget_passed(struct gather *g, struct passed_session *e)
{
	if (g->last_passed == e)
		g->last_passed = NULL;
	HASH_DEL(g->passed, e);
	free(e);
}

struct seen_session *
gather_session_of(struct gather *g, uint32_t id, uint32_t time)
{
	struct seen_session *e = find_session(g, id, time);

	if (e != NULL)
		return e;
	if (HASH_COUNT(g->seen) >= SESSIONS_MAX)
		forget_seen(g, g->seen);
	e = NEW(struct seen_session);
	e->key = gather_key(id, time);
	HASH_ADD(hh, g->seen, key, sizeof(e->key), e);
	return e;
}

static struct passed_session *
find_passed(const struct gather *g, uint64_t key)
{
	struct passed_session *e;

	HASH_FIND(hh, g->passed, &key, sizeof(key), e);
	return e;
}

bool
gather_has_passed(const struct gather *g, const struct block_head *head)
{
	return find_passed(g, gather_key(head->session_id, head->session_time)) != NULL;
}

/* A good block of a session that is not wanted here. */
static void
pass_session(struct gather *g, const struct block_head *head)
{
	uint64_t key = gather_key(head->session_id, head->session_time);
	struct passed_session *e;

	if (g->last_passed != NULL && g->last_passed->key == key)
		return;
	e = find_passed(g, key);
	if (e == NULL) {
		if (HASH_COUNT(g->passed) >= SESSIONS_MAX)
			forget_passed(g, g->passed);
		e = NEW(struct passed_session);
		e->key = key;
		HASH_ADD(hh, g->passed, key, sizeof(e->key), e);
	}
	g->last_passed = e;
}

struct gather *
gather_new(struct bootstrap *bsr, const struct gather_ops *ops, void *user)
{
	struct gather *g = NEW(struct gather);

	g->bsr = bsr;
	g->ops = ops;
	g->user = user;
	g->join = record_join_new();
	return g;
}

void
gather_free(struct gather *g)
{
	struct seen_session *e, *next;
	struct passed_session *p, *after;

	if (g == NULL)
		return;
	HASH_ITER (hh, g->seen, e, next) {
		forget_seen(g, e);
	}
	HASH_ITER (hh, g->passed, p, after) {
		forget_passed(g, p);
	}
	bsr_names_release(&g->unread);
	record_join_free(g->join);
	free(g);
}

void
gather_freep(struct gather **g)
{
	gather_free(*g);
	*g = NULL;
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

/* From here on records of this session come; false: none is wanted. */
static bool
enter_session(struct gather *g, struct bsr_block *blk, uint32_t id, uint32_t time)
{
	struct bsr_session now;

	if (g->bsr == NULL)
		return true;
	now = about(find_session(g, id, time));
	blk->session_id = id;
	blk->session_time = time;
	return bootstrap_enter_block(g->bsr, blk, &now);
}

/* ---- records ---- */

/* The label of a session's end has the number of its files: nothing follows it. */
static void
end_session(struct gather *g, struct seen_session *e, const struct session_label *l)
{
	if (e->damaged)
		damage_lost_files(g, e, l->files < INT32_MAX ? (int32_t)l->files : INT32_MAX);
	e->ended = true;
}

static void
take_session_label(struct gather *g, const struct record_piece *p, struct bsr_block *blk)
{
	struct seen_session *e = gather_session_of(g, p->session_id, p->session_time);
	bool end = p->file_index == EOS_LABEL;
	struct err why = ERR_INIT;
	struct session_label l;

	if (session_label_parse(p->data, end, &l, &why) != ERR_OK) {
		damage_label(g, e, &why);
		return;
	}
	e->label = l;
	e->labelled = true;
	if (end)
		end_session(g, e, &l);
	if (g->ops->session != NULL)
		g->ops->session(g->user, p, &l);
	(void)enter_session(g, blk, p->session_id, p->session_time);
}

/* The attribute record decides for the file: FileRegex, and what the caller wants. */
static void
begin_file(struct gather *g, struct seen_session *e, const struct record *rec, struct bytes *name)
{
	struct attr_record a;
	struct err ignored = ERR_INIT;

	e->head_len = size_min(rec->data.n, sizeof(e->head));
	memcpy(e->head, rec->data.p, e->head_len);
	if (attr_record_parse(rec->data, &a, &ignored) == ERR_OK)
		*name = a.name;
	e->keep = g->ops->wants == NULL || name->n == 0 || g->ops->wants(g->user, *name);
}

static enum err_code
take_record(struct gather *g, struct seen_session *e, const struct record *rec, struct err *err)
{
	const struct stream_row *row = stream_find(stream_id_of(rec->stream));
	bool attrs = row != NULL && row->kind == STREAM_KIND_ATTRIBUTES && rec->data.n > 0;
	struct bytes name = { NULL, 0 };
	enum err_code code;

	if (e->damaged)
		/* Without its attributes this file is incomplete, too. */
		damage_lost_files(g, e, attrs ? rec->file_index - 1 : rec->file_index);
	if (attrs) {
		begin_file(g, e, rec, &name);
	} else if (rec->file_index != e->file_index) {
		e->head_len = 0; /* it has no name */
		e->keep = g->ops->wants == NULL;
	}
	e->file_index = rec->file_index;
	e->ended = false;
	if (g->bsr != NULL)
		e->keep &= bootstrap_keep(g->bsr, &e->verdict, rec->file_index, name);
	if (!e->keep)
		return ERR_OK;
	code = g->ops->record(g->user, rec, err);
	if (code == ERR_LIMIT) {
		damage_too_long(g, e, err);
		return ERR_OK;
	}
	g->refused = code != ERR_OK;
	return code;
}

static enum err_code
take_piece(struct gather *g, const struct record_piece *p, struct err *err)
{
	struct record rec;
	struct seen_session *e;
	int32_t lost = 0;
	enum join_result joined;

	if (g->bsr != NULL && !bootstrap_match(g->bsr, p->file_index, p->stream))
		return ERR_OK;
	e = gather_session_of(g, p->session_id, p->session_time);
	joined = record_join(g->join, p, &rec, &lost);
	if (lost != 0)
		damage_incomplete(g, e, lost, "continuation");
	if (joined == JOIN_ORPHAN && lost != p->file_index)
		damage_incomplete(g, e, p->file_index, "beginning");
	if (joined == JOIN_WHOLE || joined == JOIN_LOST)
		return take_record(g, e, &rec, err);
	return ERR_OK;
}

static enum err_code
take_records(struct gather *g, const struct volume_block *b, struct bsr_block *blk, struct err *err)
{
	struct record_reader rr;
	struct record_piece p;
	struct err end = ERR_INIT;
	bool old = b->head.head_len != BLOCK_HEAD_LEN; /* BB01: each record has a session */
	bool wanted = true;

	record_reader_init(&rr, b->bytes, &b->head);
	while (record_next(&rr, &p, &end) == ERR_OK) {
		if (old)
			wanted = enter_session(g, blk, p.session_id, p.session_time);
		if (!wanted)
			continue;
		if (p.file_index == SOS_LABEL || p.file_index == EOS_LABEL)
			take_session_label(g, &p, blk);
		if (p.file_index > 0 && take_piece(g, &p, err) != ERR_OK)
			return err->code;
	}
	if (end.code == ERR_FORMAT)
		damage_block(g, b, &end);
	return ERR_OK;
}

/* ---- blocks ---- */

static enum err_code
take_block(struct gather *g, const struct volume_block *b, struct err *err)
{
	struct bsr_block blk = { .volume = g->volume, .start = b->at, .end = b->end - 1 };

	if (g->ops->block != NULL)
		g->ops->block(g->user, b);
	if (b->head.head_len != BLOCK_HEAD_LEN ||
	    enter_session(g, &blk, b->head.session_id, b->head.session_time))
		return take_records(g, b, &blk, err);
	pass_session(g, &b->head);
	return ERR_OK;
}

/* Go where the bootstrap wants to go on; false: it wants nothing more from this volume. */
static bool
seek_wanted(struct gather *g, struct volume_scan *scan)
{
	uint64_t to = 0;

	if (g->bsr == NULL)
		return true;
	if (bootstrap_is_done(g->bsr))
		return false;
	switch (bootstrap_seek(g->bsr, g->volume, volume_scan_at(scan), &to)) {
	case BSR_STAY:
		break;
	case BSR_GO:
		/* Open records stay open: a job's piece on the next volume rarely begins at its
		 * start, and a continuation says itself what it continues. */
		volume_scan_seek(scan, to);
		break;
	case BSR_VOLUME_DONE:
		return false;
	}
	return true;
}

static enum err_code
read_blocks(struct gather *g, struct volume_scan *scan, uint64_t end, struct err *err)
{
	struct volume_block b = { 0 };
	enum err_code code = ERR_OK;

	while (code == ERR_OK && seek_wanted(g, scan)) {
		struct err why = ERR_INIT;

		switch (volume_scan_next(scan, &b, &why)) {
		case ERR_OK:
			code = take_block(g, &b, err);
			break;
		case ERR_FORMAT:
			damage_block(g, &b, &why);
			break;
		case ERR_EOF:
			damage_early_end(g, u64_min(volume_scan_at(scan), end));
			return ERR_OK;
		default:
			*err = why;
			return why.code;
		}
	}
	return code;
}

enum err_code
gather_volume(struct gather *g, const char *volume, struct volume_scan *scan, uint64_t end,
	      struct err *err)
{
	enum err_code code;

	g->volume = volume;
	code = read_blocks(g, scan, end, err);
	if (code == ERR_OK)
		damage_rest_of_volume(g);
	return code;
}

bool
gather_was_refused(const struct gather *g)
{
	return g->refused;
}

void
gather_unread(struct gather *g, const char *volume, const struct err *why)
{
	g->volume = volume;
	bsr_names_add(&g->unread, volume);
	damage_unread(g, why);
}

void
gather_finish(struct gather *g)
{
	damage_open_records(g);
	if (g->bsr == NULL)
		return;
	bootstrap_leave_visit(g->bsr);
	damage_unmet(g);
}
