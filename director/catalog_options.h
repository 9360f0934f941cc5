/*
 * director/catalog_options.h - what a Catalog resource says, as lib/catalog takes it
 *
 * Purpose: the director and tercet-catalog reach the same database by the same words.
 */
#ifndef TERCET_DIRECTOR_CATALOG_OPTIONS_H
#define TERCET_DIRECTOR_CATALOG_OPTIONS_H

#include "lib/catalog/catalog.h"

struct dir_catalog;

/* All is borrowed from the resource, from working_directory, and from *words, which is the
 * caller's. */
struct catalog_options director_catalog_options(const struct dir_catalog *c,
						const char *working_directory, char **words);

#endif
