#include "director/job/level.h"

#include "lib/base/clock.h"

#include <stdio.h>

static const char *const reason_texts[] = {
#define X(name, message) message,
	LEVEL_REASONS(X)
#undef X
};

const char *
level_reason_text(enum level_reason r)
{
	return reason_texts[r];
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static bool
is_over(const struct level_rules *r, int64_t since, int64_t interval)
{
	return interval > 0 && r->now - since >= interval;
}

/* The first rule that wants another level: one that no later job and no restore would build on is
 * done as a Full, then those of 7.2. */
static enum level_reason
upgrade_reason(const struct level_rules *r, const struct cat_level_facts *f)
{
	if (r->level == LEVEL_FULL || r->level == LEVEL_VIRTUAL_FULL)
		return LEVEL_AS_WANTED;
	if (r->level != LEVEL_INCREMENTAL && r->level != LEVEL_DIFFERENTIAL)
		return LEVEL_UNFIT;
	if (f->full_start == 0)
		return f->newest_start == 0 ? LEVEL_NO_PRIOR : LEVEL_FULL_NEEDED;
	if (is_over(r, f->full_start, r->max_full_interval))
		return LEVEL_FULL_NEEDED;
	if (r->max_full_interval == 0 && is_over(r, f->full_start, r->max_virtual_full_interval))
		return LEVEL_VFULL_NEEDED;
	if (r->level == LEVEL_INCREMENTAL &&
	    is_over(r, later(f->diff_start, f->full_start), r->max_diff_interval))
		return LEVEL_DIFF_NEEDED;
	return LEVEL_AS_WANTED;
}

static int
level_of_reason(enum level_reason reason, int wanted)
{
	switch (reason) {
	case LEVEL_NO_PRIOR:
	case LEVEL_FULL_NEEDED:
	case LEVEL_UNFIT:
		return LEVEL_FULL;
	case LEVEL_VFULL_NEEDED:
		return LEVEL_VIRTUAL_FULL;
	case LEVEL_DIFF_NEEDED:
		return LEVEL_DIFFERENTIAL;
	case LEVEL_AS_WANTED:
	case LEVEL_PRIOR_FAILED:
		break;
	}
	return wanted;
}

/* A failed Full or Differential since the last good one: not less than that is done now. */
static bool
prior_failed(const struct level_rules *r, const struct cat_level_facts *f)
{
	if (!r->rerun_failed_levels || f->failed_job_id == 0)
		return false;
	if (f->failed_level == LEVEL_FULL)
		return r->level == LEVEL_INCREMENTAL || r->level == LEVEL_DIFFERENTIAL;
	return f->failed_level == LEVEL_DIFFERENTIAL && r->level == LEVEL_INCREMENTAL;
}

void
level_choose(const struct level_rules *rules, const struct cat_level_facts *facts,
	     struct level_choice *out)
{
	*out = (struct level_choice){ .reason = upgrade_reason(rules, facts) };
	out->level = level_of_reason(out->reason, rules->level);
	if (out->reason == LEVEL_AS_WANTED && prior_failed(rules, facts)) {
		out->reason = LEVEL_PRIOR_FAILED;
		out->level = facts->failed_level;
	}
	if (out->level != rules->level)
		out->upgraded_from = rules->level;
	if (out->level == LEVEL_DIFFERENTIAL) {
		out->since = facts->full_start;
		out->previous_job_id = facts->full_job_id;
	} else if (out->level == LEVEL_INCREMENTAL) {
		out->since = facts->newest_start;
		out->previous_job_id = facts->newest_job_id;
	}
}

void
level_text(const struct level_choice *c, char *out, size_t cap)
{
	char when[32];

	if (c->upgraded_from != 0)
		(void)snprintf(out, cap, "%s (upgraded from %s)", job_level_text(c->level),
			       job_level_text(c->upgraded_from));
	else if (c->since != 0)
		(void)snprintf(out, cap, "%s, since=%s", job_level_text(c->level),
			       clock_format(c->since, "%Y-%m-%d %H:%M:%S", when, sizeof(when)));
	else
		(void)snprintf(out, cap, "%s", job_level_text(c->level));
}
