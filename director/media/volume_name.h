/*
 * director/media/volume_name.h - names of new volumes from a Label Format
 *
 * Threads: pure, but for the counter callback and the environment.
 * Errors:  ERR_CONFIG  the format or its result is not usable; text names it
 * Spec:    director.md 11.4, 11.5; config.md 9.3
 */
#ifndef TERCET_DIRECTOR_MEDIA_VOLUME_NAME_H
#define TERCET_DIRECTOR_MEDIA_VOLUME_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"

#define VOLUME_NAME_SIZE 128

struct volume_name_facts {
	int64_t now;
	const char *job, *job_name, *level, *type, *client, *dir, *pool, *storage, *catalog,
		*media_type; /* NULL: empty */
	uint32_t job_id, num_vols;
	/* Value of a Counter, then increased when asked to; false: there is no such counter. */
	bool (*counter)(void *arg, const char *name, bool increment, int64_t *value);
	void *counter_arg;
};

enum label_form {
	LABEL_NONE,      /* empty or "*": no automatic naming */
	LABEL_NUMBERED,  /* prefix and a number of so many digits */
	LABEL_VARIABLES, /* expand */
};

struct label_format {
	enum label_form form;
	char prefix[VOLUME_NAME_SIZE];
	int width; /* 4, or the one of "%06d" */
};

MUST_CHECK enum err_code label_format_parse(const char *text, struct label_format *out,
					    struct err *err);
bool volume_name_is_legal(const char *name);
/* "Full-" and 7 and width 4: "Full-0007".  ERR_LIMIT: longer than a name may be. */
MUST_CHECK enum err_code volume_name_number(const struct label_format *f, uint64_t number,
					    char out[VOLUME_NAME_SIZE], struct err *err);
MUST_CHECK enum err_code volume_name_expand(const char *format,
					    const struct volume_name_facts *facts,
					    char out[VOLUME_NAME_SIZE], struct err *err);

#endif
