/*
 * lib/conf/res.h - what every parsed resource begins with
 *
 * Purpose: name, place and origin of a resource; the first member of each resource struct is a
 *          struct conf_res, followed by name and description.
 * Threads: a loaded configuration is immutable and may be read by all.
 * Spec:    config.md 1.3, 11
 */
#ifndef TERCET_CONF_RES_H
#define TERCET_CONF_RES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONF_ROWS_MAX 128 /* directives of one resource type */

/* A place in a file; file is owned by the generation. */
struct conf_pos {
	const char *file;
	uint32_t line, col, col_end; /* from 1; columns count characters */
};

struct conf_type;
struct conf_res_state;

struct conf_res {
	const struct conf_type *type;
	struct conf_pos pos, end;               /* of the type word and of the closing brace */
	uint32_t order;                         /* in which it was read, from 0 over all types */
	uint64_t set[CONF_ROWS_MAX / 64];       /* rows written in the resource itself */
	uint64_t inherited[CONF_ROWS_MAX / 64]; /* rows taken from a JobDefs */
	struct conf_pos *row_pos;               /* where each row was set; an entry per row */
	bool made;                              /* by the daemon, not written in a file */
	struct conf_res_state *state;           /* of the parser */
};

#endif
