/*
 * lib/catalog/cat_media_internal.h - what cat_media.c and cat_media_update.c share
 */
#ifndef TERCET_CATALOG_CAT_MEDIA_INTERNAL_H
#define TERCET_CATALOG_CAT_MEDIA_INTERNAL_H

#include "lib/catalog/cat_media.h"
#include "lib/catalog/pg.h"

void media_from_row(const PGresult *r, int row, struct cat_media *m);
MUST_CHECK enum err_code media_run_one(struct pg *pg, enum sql_id id, const struct sql_args *a,
				       struct cat_media *out, bool *found, struct err *err);
MUST_CHECK enum err_code media_unique_slot(struct pg *pg, const struct cat_media *m,
					   struct err *err);
/* In the caller's transaction. */
MUST_CHECK enum err_code media_limits(struct pg *pg, struct cat_media *m, bool *changed,
				      struct buf *notes, struct err *err);
MUST_CHECK enum err_code media_recycle(struct pg *pg, uint32_t media_id, struct cat_media *out,
				       bool *done, struct err *err);

#endif
