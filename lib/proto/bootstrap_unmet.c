/*
 * What was wanted and did not come.  A director that names a Count has counted the files of the
 * record one by one: each is missed.  Without it the numbers may come from the catalog's rows or
 * from somebody's hand, and may reach behind what a job has: then only a record that found nothing
 * at all is told.
 *
 * Spec: volume.md 15.1 "Count", "Write Bootstrap"
 */
#include "lib/proto/bootstrap_internal.h"

#include <stdlib.h>

void
bsr_ranges_subtract(const struct bsr_ranges *a, const struct bsr_ranges *b, struct bsr_ranges *out)
{
	size_t k = 0;

	for (size_t i = 0; i < a->n; i++) {
		uint64_t from = a->v[i].first > 0 ? a->v[i].first : 1; /* no file has 0 */

		for (; k < b->n && b->v[k].first <= a->v[i].last; k++) {
			if (b->v[k].first > from)
				bsr_ranges_add(out, from, b->v[k].first - 1);
			if (b->v[k].last >= from)
				from = b->v[k].last + 1;
			if (b->v[k].last > a->v[i].last)
				break; /* it may lie in the next one, too */
		}
		if (from <= a->v[i].last)
			bsr_ranges_add(out, from, a->v[i].last);
	}
}

static uint64_t
numbers_in(const struct bsr_ranges *r)
{
	uint64_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->v[i].last - r->v[i].first + 1;
	return n;
}

static bool
names_jobs(const struct bsr_record *r)
{
	return r->session_id.n > 0 || r->session_time.n > 0 || r->job_ids.n > 0 || r->jobs.n > 0 ||
	       r->clients.n > 0;
}

void
bootstrap_note_lost(struct bootstrap *b, size_t i, uint64_t first, uint64_t last)
{
	bsr_state_add_met(&b->records[i], first, last);
}

bool
bootstrap_unmet(struct bootstrap *b, size_t i, struct bsr_ranges *out)
{
	struct bsr_state *s = &b->records[i];
	size_t before = out->n;

	if (s->bsr.volumes.n == 0)
		return false;
	if (s->bsr.file_index.n == 0)
		return !s->entered && names_jobs(&s->bsr);
	bsr_ranges_normalise(&s->met);
	if (s->n_files > 0 && (!s->counted || numbers_in(&s->met) >= s->bsr.count))
		return false;
	bsr_ranges_subtract(&s->bsr.file_index, &s->met, out);
	return out->n > before;
}
