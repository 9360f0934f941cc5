#include "director/job/expect.h"

#include <stdio.h>

#include "director/job/job_internal.h"
#include "lib/base/log.h"
#include "lib/base/own.h"
#include "lib/base/units.h"
#include "lib/catalog/cat_query.h"

static uint64_t
number_of(const char *cell)
{
	struct err ignored = ERR_INIT;
	int64_t v = 0;

	if (cell == NULL || units_i64(cell, 0, INT64_MAX, &v, &ignored) != ERR_OK)
		return 0;
	return (uint64_t)v;
}

void
job_expect(struct job *j)
{
	OWNED(cat_table_release) struct cat_table t = { 0 };
	struct err err = ERR_INIT;
	char client[24], fileset[24];

	/* What an incremental will find says nothing about the one before. */
	if (j->choice.level != LEVEL_FULL)
		return;
	(void)snprintf(client, sizeof(client), "%u", j->client_id);
	(void)snprintf(fileset, sizeof(fileset), "%u", j->file_set_id);
	const struct cat_arg args[] = { { "name", j->plan.job->name },
					{ "clientid", client },
					{ "filesetid", fileset } };
	if (cat_query(j->catalog, "job_expected", args, sizeof(args) / sizeof(args[0]), &t, &err) !=
	    ERR_OK) {
		log_info("JobId %u: size of the last Full: %s", j->id, err.text);
		return;
	}
	if (t.n_rows == 0)
		return;
	mutex_lock(&j->lock);
	j->expected_files = number_of(cat_cell(&t, 0, 0));
	j->expected_bytes = number_of(cat_cell(&t, 0, 1));
	mutex_unlock(&j->lock);
}
