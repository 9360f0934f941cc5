/*
 * lib/volume/gather_damage.c - what is said of bytes that a volume did not give
 *
 * Each bad place is said once, with the files it may have cost: at once those that were being read,
 * and those that lay wholly in it when the next record of their session shows the gap.
 *
 * Spec: volume.md 2.5 "Do better (data loss)"
 */
#include "lib/volume/gather_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/proto/dir_sd.h"

/* A volume may be made of bad places. */
#define SAID_MAX 20000u

static void say(struct gather *g, enum msg_type type, const char *fmt, ...) PRINTF(3, 4);

static void
say(struct gather *g, enum msg_type type, const char *fmt, ...)
{
	OWNED(freep) char *text = NULL;
	va_list ap;
	int n;

	if (g->said > SAID_MAX)
		return;
	if (g->said++ == SAID_MAX) {
		g->ops->say(g->user, MSG_ERROR, "More is lost than is told here.");
		return;
	}
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n >= 0)
		g->ops->say(g->user, type, text);
}

static uint32_t
id_of(const struct seen_session *e)
{
	return (uint32_t)e->key;
}

static uint32_t
time_of(const struct seen_session *e)
{
	return (uint32_t)(e->key >> 32);
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

#define NAME_PRINT(e) ((e)->head_len > 0 ? PATH_PRINT(name_of(e)) : "its name is lost")

/* ---- what the bootstrap wants ---- */

static size_t
n_records(const struct gather *g)
{
	return g->bsr != NULL ? bootstrap_n_records(g->bsr) : 0;
}

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
	return is_of_one_session(b) && b->session_id.v[0].first == id_of(e) &&
	       b->session_time.v[0].first == time_of(e);
}

/* The session that record i wants something of on this volume; NULL: it is not one, or another
 * volume's. */
static struct seen_session *
session_wanted_here(struct gather *g, size_t i)
{
	const struct bsr_record *b = bootstrap_record(g->bsr, i);

	if (!bootstrap_is_here(g->bsr, i, g->volume) || !is_of_one_session(b))
		return NULL;
	return gather_session_of(g, (uint32_t)b->session_id.v[0].first,
				 (uint32_t)b->session_time.v[0].first);
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
wants_session(const struct gather *g, const struct block_head *h)
{
	for (size_t i = 0; i < n_records(g); i++) {
		const struct bsr_record *b = bootstrap_record(g->bsr, i);

		if (ranges_meet(&b->session_id, h->session_id, h->session_id) &&
		    ranges_meet(&b->session_time, h->session_time, h->session_time))
			return true;
	}
	return false;
}

/* ---- files that did not come ---- */

static void
say_lost(struct gather *g, const struct seen_session *e, struct buf *list)
{
	if (list->len > 0)
		say(g, MSG_ERROR, "Volume \"%s\": " DIR_SD_LOST_FILES ".", g->volume, buf_str(list),
		    id_of(e), time_of(e));
	buf_clear(list);
}

/* One more run of files for list; said when it is full. */
static void
add_lost(struct gather *g, const struct seen_session *e, struct buf *list, uint64_t first,
	 uint64_t last)
{
	if (first > last)
		return;
	if (list->len + 2 * 11 + 2 > DIR_SD_LOST_FILES_MAX)
		say_lost(g, e, list);
	buf_text(list, "%s%" PRIu64 "-%" PRIu64, list->len > 0 ? "," : "", first, last);
}

/* Files between two of a session that record i of the bootstrap wants. */
static void
add_wanted(struct gather *g, const struct seen_session *e, size_t i, struct buf *list,
	   uint64_t from, uint64_t to)
{
	const struct bsr_ranges *files = &bootstrap_record(g->bsr, i)->file_index;

	for (size_t k = 0; k < files->n; k++) {
		uint64_t first = files->v[k].first > from ? files->v[k].first : from;
		uint64_t last = u64_min(files->v[k].last, to);

		if (first > last)
			continue;
		add_lost(g, e, list, first, last);
		bootstrap_note_lost(g->bsr, i, first, last);
	}
}

void
damage_lost_files(struct gather *g, struct seen_session *e, int32_t last)
{
	OWNED(buf_release) struct buf list = BUF_INIT(2 * DIR_SD_LOST_FILES_MAX);
	uint64_t from = (uint64_t)e->file_index + 1, to = (uint64_t)last;
	bool known = false;

	e->damaged = false;
	for (size_t i = 0; i < n_records(g); i++) {
		const struct bsr_record *b = bootstrap_record(g->bsr, i);

		if (!is_of(b, e) || !bootstrap_is_here(g->bsr, i, g->volume) ||
		    b->file_index.n == 0)
			continue;
		known = true;
		add_wanted(g, e, i, &list, from, to);
	}
	if (!known)
		add_lost(g, e, &list, from, to);
	say_lost(g, e, &list);
}

/* What a record wants behind the last file seen. */
static void
say_rest(struct gather *g, struct seen_session *e, size_t i)
{
	OWNED(buf_release) struct buf list = BUF_INIT(2 * DIR_SD_LOST_FILES_MAX);
	const struct bsr_ranges *files = &bootstrap_record(g->bsr, i)->file_index;

	add_wanted(g, e, i, &list, (uint64_t)e->file_index + 1, INT32_MAX);
	if (files->n > 0 && files->v[files->n - 1].last > (uint64_t)e->file_index)
		e->file_index = (int32_t)files->v[files->n - 1].last;
	say_lost(g, e, &list);
}

void
damage_rest_of_volume(struct gather *g)
{
	struct seen_session *e;

	/* A session may have several records here: its mark stays until all were asked. */
	for (size_t i = 0; i < n_records(g); i++) {
		e = session_wanted_here(g, i);
		if (e != NULL && e->damaged)
			say_rest(g, e, i);
	}
	for (size_t i = 0; i < n_records(g); i++) {
		e = session_wanted_here(g, i);
		if (e != NULL)
			e->damaged = false;
	}
}

/* What is wanted of this volume and did not come is lost, damaged before or not. */
static void
lose_rest_of_volume(struct gather *g)
{
	for (size_t i = 0; i < n_records(g); i++) {
		struct seen_session *e = session_wanted_here(g, i);

		if (e != NULL)
			e->damaged = true;
	}
	damage_rest_of_volume(g);
}

static void
say_unmet_files(struct gather *g, const struct seen_session *e, const struct bsr_ranges *unmet)
{
	OWNED(buf_release) struct buf list = BUF_INIT(2 * DIR_SD_LOST_FILES_MAX);

	say(g, MSG_ERROR,
	    "Volume \"%s\": files that the bootstrap names of session %u/%u were not found.",
	    g->volume, id_of(e), time_of(e));
	for (size_t i = 0; i < unmet->n; i++)
		add_lost(g, e, &list, unmet->v[i].first, unmet->v[i].last);
	say_lost(g, e, &list);
}

static void
say_unmet(struct gather *g, size_t i, const struct bsr_ranges *unmet)
{
	const struct seen_session *e = session_wanted_here(g, i);

	if (e != NULL && unmet->n > 0)
		say_unmet_files(g, e, unmet);
	else if (bsr_names_have(&g->unread, g->volume))
		return; /* that was told */
	else if (e != NULL)
		say(g, MSG_ERROR, "Volume \"%s\": nothing of session %u/%u was found.", g->volume,
		    id_of(e), time_of(e));
	else
		say(g, MSG_ERROR,
		    "Volume \"%s\": nothing that the bootstrap wants of it was found.", g->volume);
}

void
damage_unmet(struct gather *g)
{
	for (size_t i = 0; i < n_records(g); i++) {
		OWNED(bsr_ranges_release) struct bsr_ranges unmet = { 0 };

		if (!bootstrap_unmet(g->bsr, i, &unmet))
			continue;
		g->volume = bootstrap_record(g->bsr, i)->volumes.v[0];
		say_unmet(g, i, &unmet);
	}
}

/* ---- files that came in part ---- */

static void
hit(struct gather *g, const struct seen_session *e, int32_t file_index, const struct err *why)
{
	if (g->ops->hit != NULL)
		g->ops->hit(g->user, id_of(e), time_of(e), file_index, why);
}

/* The session's current file may miss something. */
static void
hit_current_file(struct gather *g, struct seen_session *e, const struct err *why)
{
	e->damaged = true;
	hit(g, e, 0, why);
	if (e->file_index <= 0 || !e->keep || e->told == e->file_index)
		return;
	e->told = e->file_index;
	say(g, MSG_ERROR, "Volume \"%s\": file %d (%s) of session %u may be incomplete.", g->volume,
	    e->file_index, NAME_PRINT(e), id_of(e));
}

void
damage_incomplete(struct gather *g, struct seen_session *e, int32_t file_index, const char *part)
{
	struct err why = ERR_INIT;

	e->damaged |= e->file_index > 0; /* else it may just begin here */
	(void)err_set(&why, ERR_FORMAT, "the %s of a record is missing", part);
	hit(g, e, file_index, &why);
	if (e->told == file_index)
		return;
	e->told = file_index;
	say(g, MSG_ERROR,
	    "Volume \"%s\": a record of file %d of session %u is incomplete: its %s is missing.",
	    g->volume, file_index, id_of(e), part);
}

void
damage_too_long(struct gather *g, struct seen_session *e, const struct err *why)
{
	hit(g, e, 0, why);
	say(g, MSG_ERROR, "Volume \"%s\": file %d (%s) of session %u is incomplete: %s.", g->volume,
	    e->file_index, NAME_PRINT(e), id_of(e), why->text);
}

void
damage_label(struct gather *g, const struct seen_session *e, const struct err *why)
{
	say(g, MSG_WARNING, "Volume \"%s\": a label of session %u/%u cannot be read: %s.",
	    g->volume, id_of(e), time_of(e), why->text);
}

/* The open record of a session misses bytes: what goes on behind them is not its rest. */
static void
drop_open_record(struct gather *g, struct seen_session *e)
{
	int32_t open = record_join_open_index(g->join, id_of(e), time_of(e));

	if (open <= 0)
		return;
	record_join_drop_session(g->join, id_of(e), time_of(e));
	damage_incomplete(g, e, open, "continuation");
}

void
damage_open_records(struct gather *g)
{
	struct seen_session *e, *next;

	HASH_ITER (hh, g->seen, e, next) {
		drop_open_record(g, e);
	}
}

/* ---- bad places ---- */

/* Records of the bootstrap want bytes of this range for one session each: it has lost something,
 * whether it was met before or not. */
static void
enter_wanted_sessions(struct gather *g, const struct volume_block *range)
{
	for (size_t i = 0; i < n_records(g); i++) {
		const struct bsr_record *b = bootstrap_record(g->bsr, i);

		if (b->addr.n > 0 && ranges_meet(&b->addr, range->at, range->end - 1))
			(void)session_wanted_here(g, i);
	}
}

/* Can the range hold records of this session that are wanted? */
static bool
may_be_hit(const struct gather *g, const struct seen_session *e, const struct volume_block *range)
{
	bool known = false;

	for (size_t i = 0; i < n_records(g) && !e->ended; i++) {
		const struct bsr_record *b = bootstrap_record(g->bsr, i);

		if (!is_of(b, e))
			continue;
		if (bootstrap_is_here(g->bsr, i, g->volume) &&
		    !bootstrap_record_is_done(g->bsr, i) &&
		    ranges_meet(&b->addr, range->at, range->end - 1))
			return true;
		known = true;
	}
	return !known && !e->ended;
}

/* A session that the block names and that was met here has lost it; no other has. */
static bool
is_named(const struct volume_block *b, const struct seen_session *e)
{
	return (b->head_known || b->bytes.n > 0) && b->head.head_len == BLOCK_HEAD_LEN &&
	       e->key == gather_key(b->head.session_id, b->head.session_time);
}

static void
hit_sessions(struct gather *g, const struct volume_block *range, const struct err *why)
{
	struct seen_session *e, *next;
	bool named = false;

	HASH_ITER (hh, g->seen, e, next) {
		named |= is_named(range, e);
	}
	HASH_ITER (hh, g->seen, e, next) {
		if (!may_be_hit(g, e, range))
			continue;
		e->damaged = true; /* also if another is named: a gap would show */
		if (named && !is_named(range, e))
			continue;
		hit_current_file(g, e, why);
		drop_open_record(g, e);
	}
}

void
damage_block(struct gather *g, const struct volume_block *b, const struct err *why)
{
	/* A session id that was hit itself is hardly ever that of another session. */
	bool foreign = b->head_known && gather_has_passed(g, &b->head) &&
		       !wants_session(g, &b->head);
	struct err at = *why;

	say(g, foreign ? MSG_WARNING : MSG_ERROR,
	    "Volume \"%s\": damaged block at address %" PRIu64 ": %s; %" PRIu64 " bytes%s skipped.",
	    g->volume, b->at, why->text, b->end - b->at, foreign ? " of another job" : "");
	if (foreign)
		return;
	(void)err_ctx(&at, "block at %" PRIu64, b->at);
	enter_wanted_sessions(g, b);
	hit_sessions(g, b, &at);
}

void
damage_early_end(struct gather *g, uint64_t at)
{
	const struct volume_block behind = { .at = at, .end = UINT64_MAX };
	struct err why = ERR_INIT;
	uint64_t last = 0;

	if (g->bsr == NULL || !bootstrap_last_wanted(g->bsr, g->volume, &last) || last < at)
		return;
	say(g, MSG_ERROR,
	    "Volume \"%s\" ends at address %" PRIu64 ", the job goes on to address %" PRIu64
	    ": what was there is lost.",
	    g->volume, at, last);
	(void)err_set(&why, ERR_FORMAT, "the volume ends early");
	hit_sessions(g, &behind, &why);
	lose_rest_of_volume(g);
}

/* Does its current file go on here? */
static bool
is_to_go_on_here(const struct gather *g, const struct seen_session *e)
{
	uint64_t file = (uint64_t)e->file_index;
	bool known = false;

	for (size_t i = 0; i < n_records(g) && !e->ended; i++) {
		const struct bsr_record *b = bootstrap_record(g->bsr, i);

		if (!is_of(b, e))
			continue;
		if (bootstrap_is_here(g->bsr, i, g->volume) &&
		    !bootstrap_record_is_done(g->bsr, i) && ranges_meet(&b->file_index, file, file))
			return true;
		known = true;
	}
	return !known && !e->ended;
}

void
damage_unread(struct gather *g, const struct err *why)
{
	struct seen_session *e, *next;

	say(g, MSG_ERROR, "Cannot read volume \"%s\": %s", g->volume, why->text);
	HASH_ITER (hh, g->seen, e, next) {
		if (!is_to_go_on_here(g, e))
			continue;
		hit_current_file(g, e, why);
		drop_open_record(g, e);
	}
	lose_rest_of_volume(g);
}
