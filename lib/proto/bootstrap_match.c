/*
 * Matching.  What is common to a block (volume, address, session) is tested once per block and
 * leaves a short list of candidate records; per piece only FileIndex and stream are left.
 */
#include "lib/proto/bootstrap_internal.h"

#include <stdlib.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/proto/stream.h"

static bool
ranges_have(const struct bsr_ranges *r, uint64_t v)
{
	size_t lo = 0, hi = r->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (v < r->v[mid].first)
			hi = mid;
		else if (v > r->v[mid].last)
			lo = mid + 1;
		else
			return true;
	}
	return false;
}

/* No range means no condition. */
static bool
ranges_allow(const struct bsr_ranges *r, uint64_t v)
{
	return r->n == 0 || ranges_have(r, v);
}

static bool
ranges_are_below(const struct bsr_ranges *r, uint64_t v)
{
	return r->n > 0 && r->v[r->n - 1].last < v;
}

static bool
ranges_are_single(const struct bsr_ranges *r)
{
	return r->n == 1 && r->v[0].first == r->v[0].last;
}

static bool
names_allow(const struct bsr_names *n, const char *s)
{
	return n->n == 0 || s == NULL || bsr_names_have(n, s);
}

/* Every file it names is known to be there. */
static bool
is_counted(const struct bsr_record *r)
{
	return r->count > 0 && r->file_index.n > 0 &&
	       r->file_index.v[r->file_index.n - 1].last < INT32_MAX;
}

void
bootstrap_prepare(struct bootstrap *b)
{
	for (size_t i = 0; i < b->n; i++) {
		struct bsr_state *s = &b->records[i];

		s->one_session = ranges_are_single(&s->bsr.session_id) &&
				 ranges_are_single(&s->bsr.session_time);
		s->counted = s->one_session && is_counted(&s->bsr);
		s->done = s->bsr.volumes.n == 0; /* a record without volume never matches */
		b->any_regex |= s->has_regex;
	}
	b->to = b->n;
	b->here = NEW_ARRAY(struct bsr_state *, b->n + 1);
	b->candidates = NEW_ARRAY(struct bsr_state *, b->n + 1);
}

void
bootstrap_match_release(struct bootstrap *b)
{
	for (size_t i = 0; i < b->n; i++)
		bsr_ranges_release(&b->records[i].met);
	free(b->here);
	free(b->candidates);
	free(b->volume);
	free(b->storage);
}

static void
visit(struct bootstrap *b, size_t from, size_t to)
{
	b->from = from;
	b->to = to;
	free(b->volume);
	b->volume = NULL; /* select anew */
}

void
bootstrap_enter_visit(struct bootstrap *b, size_t i)
{
	visit(b, b->volumes[i].first, b->volumes[i].last + 1);
}

void
bootstrap_leave_visit(struct bootstrap *b)
{
	visit(b, 0, b->n);
}

bool
bootstrap_is_here(const struct bootstrap *b, size_t i, const char *volume)
{
	return i >= b->from && i < b->to && bsr_names_have(&b->records[i].bsr.volumes, volume);
}

/* The records of this volume, and this visit, that are not done. */
static void
select_volume(struct bootstrap *b, const char *volume)
{
	size_t n = 0;

	if (b->volume == NULL || strcmp(b->volume, volume) != 0) {
		free(b->volume);
		b->volume = str_dup(volume);
		b->n_here = 0;
		for (size_t i = b->from; i < b->to; i++)
			if (names_allow(&b->records[i].bsr.volumes, volume))
				b->here[b->n_here++] = &b->records[i];
	}
	for (size_t i = 0; i < b->n_here; i++)
		if (!b->here[i]->done)
			b->here[n++] = b->here[i];
	b->n_here = n;
}

/* Addresses only grow on a volume; but a record of several volumes meets them anew. */
static bool
address_wanted(struct bsr_state *s, const struct bsr_block *blk)
{
	const struct bsr_record *r = &s->bsr;
	bool past = ranges_are_below(&r->addr, blk->start) ||
		    ranges_are_below(&r->file, blk->start >> 32);

	if (past && r->volumes.n == 1)
		s->done = true;
	return !past && ranges_allow(&r->file, blk->end >> 32) &&
	       (ranges_allow(&r->addr, blk->end) || ranges_have(&r->addr, blk->start));
}

static bool
session_wanted(const struct bsr_record *r, const struct bsr_block *blk, const struct bsr_session *s)
{
	if (!ranges_allow(&r->session_time, blk->session_time) ||
	    !ranges_allow(&r->session_id, blk->session_id))
		return false;
	if (s == NULL)
		return true;
	return (s->job_id == 0 || ranges_allow(&r->job_ids, s->job_id)) &&
	       (s->job_type == 0 || ranges_allow(&r->job_types, s->job_type)) &&
	       (s->job_level == 0 || ranges_allow(&r->job_levels, s->job_level)) &&
	       names_allow(&r->jobs, s->job) && names_allow(&r->clients, s->client);
}

static bool
asks_for_label(const struct bsr_record *r)
{
	return r->job_ids.n + r->jobs.n + r->clients.n + r->job_types.n + r->job_levels.n > 0;
}

bool
bootstrap_enter_block(struct bootstrap *b, const struct bsr_block *blk,
		      const struct bsr_session *session)
{
	select_volume(b, blk->volume);
	b->n_candidates = 0;
	for (size_t i = 0; i < b->n_here; i++)
		if (address_wanted(b->here[i], blk) &&
		    session_wanted(&b->here[i]->bsr, blk, session)) {
			/* Without its label it may still turn out to be another's. */
			b->here[i]->entered |= !asks_for_label(&b->here[i]->bsr);
			b->candidates[b->n_candidates++] = b->here[i];
		}
	return b->n_candidates > 0;
}

static bool
stream_wanted(const struct bsr_record *r, int32_t stream)
{
	return r->streams.n == 0 || ranges_have(&r->streams, (uint64_t)stream) ||
	       ranges_have(&r->streams, stream_id_of(stream));
}

#define MET_TIDY 1024u

/* A volume may name two files in turn for ever. */
void
bsr_state_add_met(struct bsr_state *s, uint64_t first, uint64_t last)
{
	struct bsr_range *end = s->met.n > 0 ? &s->met.v[s->met.n - 1] : NULL;

	if (end != NULL && end->last + 1 == first) {
		end->last = last;
		return;
	}
	if (s->met.n >= MET_TIDY && s->met.n >= s->met_tidy_at) {
		bsr_ranges_normalise(&s->met);
		s->met_tidy_at = 2 * s->met.n + MET_TIDY;
	}
	bsr_ranges_add(&s->met, first, last);
}

static void
note_file(struct bsr_state *s, int32_t file_index)
{
	if (file_index == s->last_index)
		return;
	s->last_index = file_index;
	s->n_files++;
	if (s->counted)
		bsr_state_add_met(s, (uint64_t)file_index, (uint64_t)file_index);
}

/* FileIndexes grow within a session: of one that is the only one nothing more may be wanted. */
static bool
is_past(const struct bsr_state *s, int32_t file_index)
{
	const struct bsr_record *r = &s->bsr;

	return s->one_session &&
	       (ranges_are_below(&r->file_index, (uint64_t)file_index) ||
		(r->count > 0 && s->n_files >= r->count && file_index != s->last_index));
}

static bool
index_wanted(struct bsr_state *s, int32_t file_index)
{
	if (s->bsr.file_index.n == 0)
		return true;
	s->done = is_past(s, file_index);
	if (s->done || !ranges_have(&s->bsr.file_index, (uint64_t)file_index))
		return false;
	note_file(s, file_index);
	return true;
}

bool
bootstrap_match(struct bootstrap *b, int32_t file_index, int32_t stream)
{
	bool wanted = false;

	/* Each that wants it has met it: ask them all. */
	for (size_t i = 0; i < b->n_candidates; i++) {
		struct bsr_state *s = b->candidates[i];

		s->entered = true;
		if (!s->done && index_wanted(s, file_index))
			wanted |= stream_wanted(&s->bsr, stream);
	}
	return wanted;
}

/* ---- FileRegex ---- */

static bool
name_wanted(const struct bootstrap *b, int32_t file_index, struct bytes name)
{
	OWNED(freep) char *text = str_ndup((const char *)name.p, name.n);

	for (size_t i = 0; i < b->n_candidates; i++) {
		const struct bsr_state *s = b->candidates[i];

		if (!ranges_allow(&s->bsr.file_index, (uint64_t)file_index))
			continue;
		if (!s->has_regex || regexec(&s->regex, text, 0, NULL, 0) == 0)
			return true;
	}
	return false;
}

bool
bootstrap_keep(const struct bootstrap *b, struct bsr_verdict *v, int32_t file_index,
	       struct bytes name)
{
	if (!b->any_regex)
		return true;
	if (name.n > 0)
		*v = (struct bsr_verdict){ file_index, name_wanted(b, file_index, name) };
	return v->file_index == file_index && v->keep;
}

/* ---- positions ---- */

bool
bootstrap_record_is_done(const struct bootstrap *b, size_t i)
{
	return b->records[i].done;
}

bool
bootstrap_is_done(const struct bootstrap *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (!b->records[i].done)
			return false;
	return true;
}

/* The first address at or behind pos that r wants; false: none. */
static bool
next_wanted(const struct bsr_record *r, uint64_t pos, uint64_t *out)
{
	if (r->addr.n > 0) {
		for (size_t i = 0; i < r->addr.n; i++) {
			if (r->addr.v[i].last < pos)
				continue;
			*out = r->addr.v[i].first > pos ? r->addr.v[i].first : pos;
			return true;
		}
		return false;
	}
	if (r->file.n == 1 && r->block.n == 1) { /* of several none says which belong together */
		uint64_t start = r->file.v[0].first << 32 | r->block.v[0].first;

		*out = start > pos ? start : pos;
		return r->file.v[0].last >= pos >> 32;
	}
	*out = pos;
	return true;
}

enum bsr_seek
bootstrap_seek(struct bootstrap *b, const char *volume, uint64_t pos, uint64_t *to)
{
	uint64_t first = UINT64_MAX, start;
	bool any = false;

	select_volume(b, volume);
	for (size_t i = 0; i < b->n_here; i++) {
		struct bsr_state *s = b->here[i];

		if (next_wanted(&s->bsr, pos, &start)) {
			any = true;
			first = start < first ? start : first;
		} else if (s->bsr.volumes.n == 1) {
			s->done = true;
		}
	}
	if (!any)
		return BSR_VOLUME_DONE;
	if (first <= pos)
		return BSR_STAY;
	*to = first;
	return BSR_GO;
}

bool
bootstrap_last_wanted(struct bootstrap *b, const char *volume, uint64_t *last)
{
	bool any = false;

	select_volume(b, volume);
	for (size_t i = 0; i < b->n_here; i++) {
		const struct bsr_state *s = b->here[i];

		for (size_t k = 0; !s->done && k < s->bsr.addr.n; k++) {
			if (s->bsr.addr.v[k].last >= UINT64_MAX / 2)
				continue; /* "to the end", whatever that is */
			if (!any || s->bsr.addr.v[k].last > *last)
				*last = s->bsr.addr.v[k].last;
			any = true;
		}
	}
	return any;
}
