/*
 * lib/catalog/cat_fileset.h - rows of table FileSet: one per version of a FileSet resource
 *
 * Threads: any.
 * Spec:    catalog.md 4.7, 6.2, 8.3
 */
#ifndef TERCET_CATALOG_CAT_FILESET_H
#define TERCET_CATALOG_CAT_FILESET_H

#include "lib/catalog/catalog.h"

struct cat_fileset {
	uint32_t file_set_id; /* out */
	const char *name;
	const char *md5;     /* digest of the include/exclude part */
	const char *text;    /* stored, refreshed when found; NULL: "" */
	int64_t create_time; /* out */
	bool created;        /* out: a new version */
};

/* Look up by (name, md5); insert with CreateTime now when missing. */
MUST_CHECK enum err_code cat_fileset_ensure(struct catalog *c, struct cat_fileset *f,
					    struct err *err);
/* Ignore FileSet Changes: the latest row of that name; falls back to cat_fileset_ensure. */
MUST_CHECK enum err_code cat_fileset_ensure_latest(struct catalog *c, struct cat_fileset *f,
						   struct err *err);

#endif
