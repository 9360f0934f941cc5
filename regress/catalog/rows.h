/*
 * regress/catalog/rows.h - rows for the tests of jobs, volumes and lists: one client, one FileSet
 *
 * Purpose: the catalog of the test program (farm.h) with short names, and rows as a director makes
 * them.
 */
#ifndef TERCET_REGRESS_CATALOG_ROWS_H
#define TERCET_REGRESS_CATALOG_ROWS_H

#include "lib/catalog/cat_media.h"
#include "lib/catalog/cat_pool.h"
#include "regress/catalog/farm.h"

#define T0 1795000000

extern struct catalog *cat; /* that of the farm */
extern uint32_t fd1, fs1;   /* the client, the FileSet */

int rows_set_up(void **state);
/* A job that has ended, with ten files. */
uint32_t done_job(const char *name, char level, int64_t start, char status);
uint32_t pool_of(const char *name, uint32_t max_vols, struct cat_pool *out);
uint32_t volume(const struct cat_pool *pool, const char *name, const char *status);
/* Files 1 to 9 of the job are on the volume. */
void put_on(uint32_t job_id, uint32_t media_id);
/* The id ends the statement. */
void run_sql(const char *sql, uint32_t id);
bool job_is_there(uint32_t id);

#endif
