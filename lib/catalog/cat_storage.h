/*
 * lib/catalog/cat_storage.h - rows of tables Storage, MediaType and Counters
 *
 * Threads: any.
 * Spec:    catalog.md 4.7, 8.1, 8.9
 */
#ifndef TERCET_CATALOG_CAT_STORAGE_H
#define TERCET_CATALOG_CAT_STORAGE_H

#include "lib/catalog/catalog.h"

/* Insert if missing; AutoChanger follows the configuration. */
MUST_CHECK enum err_code cat_storage_ensure(struct catalog *c, const char *name, bool autochanger,
					    uint32_t *storage_id, struct err *err);
MUST_CHECK enum err_code cat_media_type_ensure(struct catalog *c, const char *media_type,
					       struct err *err);
/* Name of a storage row; "" when there is none.  out has CAT_NAME_MAX bytes. */
MUST_CHECK enum err_code cat_storage_name(struct catalog *c, uint32_t storage_id, char *out,
					  struct err *err);

struct cat_counter {
	const char *name;
	int32_t min, max;
	const char *wrap; /* counter increased at the wrap, "" none */
};
/* Insert if missing with CurrentValue = min; an existing row wins. */
MUST_CHECK enum err_code cat_counter_ensure(struct catalog *c, const struct cat_counter *counter,
					    struct err *err);
/* The value now; with increment it is raised after use, from max back to min. */
MUST_CHECK enum err_code cat_counter_use(struct catalog *c, const char *name, bool increment,
					 int32_t *value, struct err *err);

#endif
