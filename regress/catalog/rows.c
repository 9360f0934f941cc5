#include "regress/catalog/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/catalog/cat_jobmedia.h"
#include "lib/catalog/catalog_internal.h"

struct catalog *cat;
uint32_t fd1, fs1;

int
rows_set_up(void **state)
{
	(void)state;
	farm_open(&farm);
	cat = farm.catalog;
	fd1 = farm_client(&farm, "fd1");
	fs1 = farm_fileset(&farm, "FS", "hioEvw/ha6dKF6gdw1+9uD");
	return 0;
}

uint32_t
done_job(const char *name, char level, int64_t start, char status)
{
	uint32_t id = farm_job(&farm, name, level, start, fd1, fs1);

	farm_end_job(&farm, id, status, 10);
	return id;
}

uint32_t
pool_of(const char *name, uint32_t max_vols, struct cat_pool *out)
{
	struct err err = ERR_INIT;
	struct cat_pool p = { .max_vols = max_vols,
			      .use_catalog = true,
			      .recycle = true,
			      .vol_retention = 1000,
			      .max_vol_jobs = 0 };

	(void)snprintf(p.name, sizeof(p.name), "%s", name);
	(void)snprintf(p.label_format, sizeof(p.label_format), "%s-", name);
	MUST(cat_pool_sync(cat, &p, &err));
	*out = p;
	return p.pool_id;
}

uint32_t
volume(const struct cat_pool *pool, const char *name, const char *status)
{
	struct err err = ERR_INIT;
	struct cat_media m;
	bool exists;

	cat_media_from_pool(pool, name, "FileA", status, &m);
	MUST(cat_media_create(cat, &m, &exists, &err));
	assert_false(exists);
	return m.media_id;
}

void
put_on(uint32_t job_id, uint32_t media_id)
{
	struct err err = ERR_INIT;
	struct cat_jobmedia jm = { .job_id = job_id,
				   .media_id = media_id,
				   .first_index = 1,
				   .last_index = 9,
				   .start_block = 182,
				   .end_block = 4000000000u };

	MUST(cat_jobmedia_insert(cat, &jm, &err));
}

void
run_sql(const char *sql, uint32_t id)
{
	struct err err = ERR_INIT;
	OWNED(freep) char *text = str_printf("%s%u", sql, id);
	struct pg *pg = NULL;

	MUST(catalog_take(cat, &pg, &err));
	MUST(pg_run_text(pg, text, NULL, &err));
	catalog_put(cat, pg);
}

bool
job_is_there(uint32_t id)
{
	struct err err = ERR_INIT;
	struct cat_job job;
	bool found;

	MUST(cat_job_get(cat, id, &job, &found, &err));
	return found;
}
