/*
 * lib/catalog/cat_schema.h - create, check and upgrade a catalog (tercet-catalog)
 *
 * Threads: one caller; no struct catalog is open on the database.
 * Errors:  ERR_CATALOG  with what to do where that is known
 * Spec:    catalog.md 2.1, 2.4, 15, 18
 */
#ifndef TERCET_CATALOG_CAT_SCHEMA_H
#define TERCET_CATALOG_CAT_SCHEMA_H

#include "lib/base/buf.h"
#include "lib/catalog/catalog.h"

/* Database (when the role may), tables, functions, partitions.  lines: what was done. */
MUST_CHECK enum err_code cat_schema_create(const struct catalog_options *o, struct buf *lines,
					   struct err *err);
/* A Bareos catalog of our version gets Tercet's physical design; ERR_CATALOG for any other. */
MUST_CHECK enum err_code cat_schema_upgrade(const struct catalog_options *o, struct buf *lines,
					    struct err *err);
/* One line per thing looked at; *problems counts those that are not as they must be. */
MUST_CHECK enum err_code cat_schema_check(const struct catalog_options *o, struct buf *lines,
					  size_t *problems, struct err *err);

#endif
