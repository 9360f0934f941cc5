/*
 * lib/catalog/cat_client.h - rows of table Client
 *
 * Threads: any.
 * Spec:    catalog.md 4.7, 8.1, 8.3
 */
#ifndef TERCET_CATALOG_CAT_CLIENT_H
#define TERCET_CATALOG_CAT_CLIENT_H

#include "lib/catalog/catalog.h"

struct cat_client {
	uint32_t client_id; /* out */
	const char *name;
	const char *uname; /* version and system of the client; NULL keeps what is stored */
	bool auto_prune;
	int64_t file_retention, job_retention; /* seconds */
};

/* Insert if missing, without touching a row that is there; sets client_id.  Start of director,
 * set-up of a job. */
MUST_CHECK enum err_code cat_client_ensure(struct catalog *c, struct cat_client *client,
					   struct err *err);
/* The same, and store uname and the three settings (after a successful connection). */
MUST_CHECK enum err_code cat_client_update(struct catalog *c, struct cat_client *client,
					   struct err *err);
/* *client_id is 0 when there is none. */
MUST_CHECK enum err_code cat_client_find(struct catalog *c, const char *name, uint32_t *client_id,
					 struct err *err);
/* name is "" when there is none. */
MUST_CHECK enum err_code cat_client_name(struct catalog *c, uint32_t client_id,
					 char name[CAT_NAME_MAX], struct err *err);

#endif
