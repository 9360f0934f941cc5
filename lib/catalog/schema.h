/*
 * lib/catalog/schema.h - is this database a catalog, and how to make it one
 *
 * Threads: one caller.
 * Spec:    catalog.md 2.1, 2.4, 18, 19
 */
#ifndef TERCET_CATALOG_SCHEMA_H
#define TERCET_CATALOG_SCHEMA_H

#include "lib/base/buf.h"
#include "lib/catalog/pg.h"

enum schema_state {
	SCHEMA_EMPTY,   /* no tables */
	SCHEMA_FOREIGN, /* a Bareos catalog of our version, not yet taken over */
	SCHEMA_OTHER,   /* some other version */
	SCHEMA_BEHIND,  /* ours, without the newest steps of catalog-sql/schema */
	SCHEMA_READY,
};

MUST_CHECK enum err_code schema_state_read(struct pg *pg, enum schema_state *out, struct err *err);
/* Encoding and version, with the spec's texts, and our physical design in place. */
MUST_CHECK enum err_code schema_check_usable(struct pg *pg, struct err *err);
/* From EMPTY, FOREIGN or BEHIND to READY, in one transaction. */
MUST_CHECK enum err_code schema_install(struct pg *pg, struct err *err);

#endif
