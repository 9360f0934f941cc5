#include "director/job/duplicate.h"

#include "lib/proto/job_code.h"

#include <string.h>

/* Higher saves more. */
static int
level_height(int level)
{
	switch (level) {
	case LEVEL_FULL:
		return 3;
	case LEVEL_DIFFERENTIAL:
		return 2;
	case LEVEL_INCREMENTAL:
		return 1;
	default:
		return 0;
	}
}

static bool
is_queued(int status)
{
	return status != 0 && strchr("Cjcspdt", status) != NULL;
}

enum duplicate_action
duplicate_judge(const struct duplicate_rules *rules, const struct duplicate_pair *pair)
{
	if (rules->allow)
		return DUPLICATE_ALLOW;
	if (rules->cancel_lower && pair->new_type == JOB_BACKUP && pair->old_type == JOB_BACKUP) {
		int mine = level_height(pair->new_level), other = level_height(pair->old_level);

		if (mine > other && other > 0)
			return DUPLICATE_CANCEL_OLD;
		if (mine > 0 && mine < other)
			return DUPLICATE_CANCEL_NEW;
	}
	if (rules->cancel_queued && is_queued(pair->old_status))
		return DUPLICATE_CANCEL_OLD;
	if (rules->cancel_running)
		return DUPLICATE_CANCEL_OLD;
	return DUPLICATE_CANCEL_NEW;
}
