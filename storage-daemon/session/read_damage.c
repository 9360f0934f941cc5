/*
 * storage-daemon/session/read_damage.c - what a restore says of bytes that a volume did not give
 *
 * Each bad place is reported once, with the files it may have cost: at once those that were being
 * read, and those that lay wholly in it when the next record of their session shows the gap.
 *
 * Spec: volume.md 2.5 "Do better (data loss)"
 */
#include "storage-daemon/session/read_internal.h"

#include <inttypes.h>

#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/proto/dir_sd.h"

static unsigned
id_of(const struct seen_session *e)
{
	return (unsigned)(e->key & 0xffffffffu);
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

/* ---- what the bootstrap wants ---- */

static bool
is_of_one_session(const struct bsr_record *b)
{
	return b->session_id.n == 1 && b->session_id.v[0].first == b->session_id.v[0].last &&
	       b->session_time.n == 1 && b->session_time.v[0].first == b->session_time.v[0].last;
}

/* A director's bootstrap has one record for each piece of a session on a volume. */
static bool
is_of(const struct bsr_record *b, const struct seen_session *e)
{
	return is_of_one_session(b) && b->session_id.v[0].first == (e->key & 0xffffffffu) &&
	       b->session_time.v[0].first == e->key >> 32;
}

/* Some of the ranges lies in from to last, or there is none. */
static bool
ranges_meet(const struct bsr_ranges *r, uint64_t from, uint64_t last)
{
	bool meet = r->n == 0;

	for (size_t i = 0; i < r->n && !meet; i++)
		meet = r->v[i].first <= last && r->v[i].last >= from;
	return meet;
}

static bool
wants_session(const struct bootstrap *bsr, const struct block_head *h)
{
	for (size_t i = 0; i < bootstrap_n_records(bsr); i++) {
		const struct bsr_record *b = bootstrap_record(bsr, i);

		if (ranges_meet(&b->session_id, h->session_id, h->session_id) &&
		    ranges_meet(&b->session_time, h->session_time, h->session_time))
			return true;
	}
	return false;
}

/* ---- files that did not come ---- */

static void
say_lost(struct reader *r, const struct seen_session *e, struct buf *list)
{
	if (list->len > 0)
		job_report(r->s->msg, MSG_ERROR, "Volume \"%s\": " DIR_SD_LOST_FILES ".\n",
			   r->volume, buf_str(list), id_of(e), (unsigned)(e->key >> 32));
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

/* Files between two of a session that record i of the bootstrap wants. */
static void
add_wanted(struct reader *r, const struct seen_session *e, size_t i, struct buf *list,
	   uint64_t from, uint64_t to)
{
	const struct bsr_ranges *files = &bootstrap_record(r->bsr, i)->file_index;

	for (size_t k = 0; k < files->n; k++) {
		uint64_t first = files->v[k].first > from ? files->v[k].first : from;
		uint64_t last = u64_min(files->v[k].last, to);

		if (first > last)
			continue;
		add_lost(r, e, list, first, last);
		bootstrap_note_lost(r->bsr, i, first, last);
	}
}

void
damage_lost_files(struct reader *r, struct seen_session *e, int32_t last)
{
	OWNED(buf_release) struct buf list = BUF_INIT(2 * DIR_SD_LOST_FILES_MAX);
	uint64_t from = (uint64_t)e->file_index + 1, to = (uint64_t)last;
	bool known = false;

	e->damaged = false;
	for (size_t i = 0; i < bootstrap_n_records(r->bsr); i++) {
		const struct bsr_record *b = bootstrap_record(r->bsr, i);

		if (!is_of(b, e) || !bootstrap_is_here(r->bsr, i, r->volume) ||
		    b->file_index.n == 0)
			continue;
		known = true;
		add_wanted(r, e, i, &list, from, to);
	}
	if (!known)
		add_lost(r, e, &list, from, to);
	say_lost(r, e, &list);
}

/* The session that record i wants something of on this volume; NULL: it is not one, or another
 * volume's. */
static struct seen_session *
session_wanted_here(struct reader *r, size_t i)
{
	const struct bsr_record *b = bootstrap_record(r->bsr, i);

	if (!bootstrap_is_here(r->bsr, i, r->volume) || !is_of_one_session(b))
		return NULL;
	return read_session_of(r, (uint32_t)b->session_id.v[0].first,
			       (uint32_t)b->session_time.v[0].first);
}

/* What a record wants behind the last file seen. */
static void
say_rest(struct reader *r, struct seen_session *e, size_t i)
{
	OWNED(buf_release) struct buf list = BUF_INIT(2 * DIR_SD_LOST_FILES_MAX);
	const struct bsr_ranges *files = &bootstrap_record(r->bsr, i)->file_index;

	add_wanted(r, e, i, &list, (uint64_t)e->file_index + 1, INT32_MAX);
	if (files->n > 0 && files->v[files->n - 1].last > (uint64_t)e->file_index)
		e->file_index = (int32_t)files->v[files->n - 1].last;
	say_lost(r, e, &list);
}

void
damage_rest_of_volume(struct reader *r, bool damaged_only)
{
	struct seen_session *e;

	/* A session may have several records here: its mark stays until all were asked. */
	for (size_t i = 0; i < bootstrap_n_records(r->bsr); i++) {
		e = session_wanted_here(r, i);
		if (e != NULL && (e->damaged || !damaged_only))
			say_rest(r, e, i);
	}
	for (size_t i = 0; i < bootstrap_n_records(r->bsr); i++) {
		e = session_wanted_here(r, i);
		if (e != NULL)
			e->damaged = false;
	}
}

/* ---- what is not there at all ---- */

static void
say_unmet_files(struct reader *r, struct seen_session *e, const struct bsr_ranges *unmet)
{
	OWNED(buf_release) struct buf list = BUF_INIT(2 * DIR_SD_LOST_FILES_MAX);

	job_report(r->s->msg, MSG_ERROR,
		   "Volume \"%s\": files that the bootstrap names of session %u/%u were not "
		   "found.\n",
		   r->volume, id_of(e), (unsigned)(e->key >> 32));
	for (size_t i = 0; i < unmet->n; i++)
		add_lost(r, e, &list, unmet->v[i].first, unmet->v[i].last);
	say_lost(r, e, &list);
}

static void
say_unmet(struct reader *r, size_t i, const struct bsr_ranges *unmet)
{
	struct seen_session *e = session_wanted_here(r, i);

	if (e != NULL && unmet->n > 0)
		say_unmet_files(r, e, unmet);
	else if (bsr_names_have(&r->unread, r->volume))
		return; /* that was told */
	else if (e != NULL)
		job_report(r->s->msg, MSG_ERROR,
			   "Volume \"%s\": nothing of session %u/%u was found.\n", r->volume,
			   id_of(e), (unsigned)(e->key >> 32));
	else
		job_report(r->s->msg, MSG_ERROR,
			   "Volume \"%s\": nothing that the bootstrap wants of it was found.\n",
			   r->volume);
}

void
damage_unmet(struct reader *r)
{
	for (size_t i = 0; i < bootstrap_n_records(r->bsr); i++) {
		OWNED(bsr_ranges_release) struct bsr_ranges unmet = { 0 };

		if (!bootstrap_unmet(r->bsr, i, &unmet))
			continue;
		r->volume = bootstrap_record(r->bsr, i)->volumes.v[0];
		say_unmet(r, i, &unmet);
	}
}

static void
report_open_file(struct reader *r, struct seen_session *e)
{
	e->damaged = true;
	if (e->file_index <= 0)
		return;
	job_report(r->s->msg, MSG_ERROR,
		   "Volume \"%s\": file %d (%s) of session %u may be incomplete.\n", r->volume,
		   e->file_index, PATH_PRINT(name_of(e)), id_of(e));
}

void
damage_incomplete(struct reader *r, struct seen_session *e, int32_t file_index, const char *why)
{
	e->damaged |= e->file_index > 0; /* else it may just begin here */
	if (e->incomplete == file_index)
		return;
	e->incomplete = file_index;
	job_report(r->s->msg, MSG_ERROR,
		   "Volume \"%s\": a record of file %d of session %u is incomplete: its %s.\n",
		   r->volume, file_index, id_of(e), why);
}

void
damage_too_long(struct reader *r, struct seen_session *e, const struct err *why)
{
	job_report(r->s->msg, MSG_ERROR,
		   "Volume \"%s\": file %d (%s) of session %u is incomplete: %s.\n", r->volume,
		   e->file_index, PATH_PRINT(name_of(e)), id_of(e), why->text);
}

/* ---- bad places ---- */

/* Records of the bootstrap want bytes of this range for one session each: it has lost something,
 * whether it was met before or not. */
static void
enter_wanted_sessions(struct reader *r, const struct volume_block *range)
{
	for (size_t i = 0; i < bootstrap_n_records(r->bsr); i++) {
		const struct bsr_record *b = bootstrap_record(r->bsr, i);

		if (is_of_one_session(b) && bootstrap_is_here(r->bsr, i, r->volume) &&
		    b->addr.n > 0 && ranges_meet(&b->addr, range->at, range->end - 1))
			(void)read_session_of(r, (uint32_t)b->session_id.v[0].first,
					      (uint32_t)b->session_time.v[0].first);
	}
}

/* Can the range hold records of this session that are wanted? */
static bool
may_be_hit(const struct reader *r, const struct seen_session *e, const struct volume_block *range)
{
	bool known = false;

	for (size_t i = 0; i < bootstrap_n_records(r->bsr); i++) {
		const struct bsr_record *b = bootstrap_record(r->bsr, i);

		if (!is_of(b, e) || !bootstrap_is_here(r->bsr, i, r->volume))
			continue;
		if (ranges_meet(&b->addr, range->at, range->end - 1))
			return true;
		known = true;
	}
	return !known;
}

/* The open record of a session misses bytes: what goes on behind the range is not its rest. */
static void
drop_open_record(struct reader *r, struct seen_session *e)
{
	uint32_t id = id_of(e), time = (uint32_t)(e->key >> 32);
	int32_t open = record_join_open_index(r->join, id, time);

	if (open <= 0)
		return;
	record_join_drop_session(r->join, id, time);
	damage_incomplete(r, e, open, "continuation is missing");
}

/* A session that the block names and that was met here has lost it; no other has. */
static bool
is_named(const struct volume_block *b, const struct seen_session *e)
{
	return (b->head_known || b->bytes.n > 0) && b->head.head_len == BLOCK_HEAD_LEN &&
	       e->key == ((uint64_t)b->head.session_time << 32 | b->head.session_id);
}

void
damage_block(struct reader *r, const struct volume_block *b, const struct err *why)
{
	/* A session id that was hit itself is hardly ever that of another session. */
	bool foreign = b->head_known && read_has_passed(r, &b->head) &&
		       !wants_session(r->bsr, &b->head);
	struct seen_session *e, *next;
	bool named = false;

	job_report(r->s->msg, foreign ? MSG_WARNING : MSG_ERROR,
		   "Volume \"%s\": damaged block at address %" PRIu64 ": %s; %" PRIu64
		   " bytes%s skipped.\n",
		   r->volume, b->at, why->text, b->end - b->at, foreign ? " of another job" : "");
	if (foreign)
		return;
	enter_wanted_sessions(r, b);
	HASH_ITER (hh, r->seen, e, next) {
		named |= is_named(b, e);
	}
	HASH_ITER (hh, r->seen, e, next) {
		if (!may_be_hit(r, e, b))
			continue;
		report_open_file(r, e);
		if (!named || is_named(b, e))
			drop_open_record(r, e);
	}
}

void
damage_early_end(struct reader *r, uint64_t at)
{
	struct seen_session *e, *next;
	uint64_t last = 0;

	if (!bootstrap_last_wanted(r->bsr, r->volume, &last) || last < at)
		return;
	job_report(r->s->msg, MSG_ERROR,
		   "Volume \"%s\" ends at address %" PRIu64 ", the job goes on to address %" PRIu64
		   ": what was there is lost.\n",
		   r->volume, at, last);
	HASH_ITER (hh, r->seen, e, next) {
		report_open_file(r, e);
	}
	damage_rest_of_volume(r, false);
}
