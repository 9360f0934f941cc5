/*
 * lib/catalog/cat_rows.h - rows to structs, shared by the files of lib/catalog
 */
#ifndef TERCET_CATALOG_CAT_ROWS_H
#define TERCET_CATALOG_CAT_ROWS_H

#include "lib/catalog/cat_job.h"
#include "lib/catalog/pg.h"

void job_from_row(const PGresult *r, int row, struct cat_job *out);
void jobs_from_result(const PGresult *r, struct cat_jobs *out);

#endif
