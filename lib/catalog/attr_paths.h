/*
 * lib/catalog/attr_paths.h - names of directories to PathIds, missing rows made
 *
 * Purpose: the cache first, then one SELECT for all misses, then one INSERT for what is new,
 *          together with the rows of PathHierarchy and all ancestors.  Names too long for the
 *          index of Path have statements of their own, and very many bytes of names go in pieces.
 * Threads: the connection's; many jobs may do so at once: rows are inserted in sorted order and
 *          each statement commits by itself, so that two jobs cannot wait for one another.
 * Spec:    catalog.md 11, 16.4 (2), 16.5
 */
#ifndef TERCET_CATALOG_ATTR_PATHS_H
#define TERCET_CATALOG_ATTR_PATHS_H

#include "lib/catalog/attr_batch.h"
#include "lib/catalog/catalog_internal.h"

struct loader;

/* ids[i] of b->paths[i]; ids has room for b->n_paths. */
MUST_CHECK enum err_code attr_paths_resolve(struct loader *l, const struct batch *b, uint32_t *ids,
					    struct err *err);
/* Fill the cache with the directories of an earlier job. */
MUST_CHECK enum err_code attr_paths_preload(struct catalog *c, struct pg *pg, uint32_t job_id,
					    struct err *err);
/* The directory that holds a directory; false for the empty path.  Spec: catalog.md 11 */
bool path_parent(struct bytes path, struct bytes *parent);
/* Append one element of a PostgreSQL array text, quoted. */
void array_put(struct buf *out, struct bytes element);

#endif
