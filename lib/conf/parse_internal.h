/*
 * lib/conf/parse_internal.h - what the parts of the parser share
 */
#ifndef TERCET_CONF_PARSE_INTERNAL_H
#define TERCET_CONF_PARSE_INTERNAL_H

#include "lib/conf/parse.h"

/* Beside a resource while it is parsed. */
struct conf_res_state {
	bool bad;                           /* a directive of it was wrong */
	uint64_t tried[CONF_ROWS_MAX / 64]; /* written, right or wrong */
	char *listen_address;               /* Address, until the end of the resource */
	uint32_t listen_port;               /* Port; 0: not given */
	struct conf_pos listen_single, listen_block;
};

/* A reference to resolve when all is read. */
struct conf_pending {
	struct conf_res *res;
	const char *directive, *type, *name;
	struct conf_pos pos;
	void *slot;
};

/* Store the value at the cursor into row i of res; problems are reported. */
void conf_parse_value(struct conf_parser *p, struct conf_res *res, const struct conf_row *row,
		      size_t i);
/* "{ ip = { addr = ...; port = ... } }" */
bool conf_parse_addresses(struct conf_parser *p, const struct conf_row *row, uint16_t port,
			  struct conf_addrs *out);
/* The listen addresses from what was written. */
void conf_finish_listen(struct conf_parser *p, struct conf_res *res);
/* Targets and types of a Messages line. */
bool conf_parse_msgdest(struct conf_parser *p, struct conf_res *res, const struct conf_row *row);

/* After all is read: references, inheritance, defaults, required directives, double names. */
void conf_finish(struct conf_parser *p);

/* Suggestions; each adds its lines to the problem recorded last. */
void conf_suggest_directive(struct conf_parser *p, const struct conf_type *t, const char *word);
void conf_suggest_type(struct conf_parser *p, const char *word);
void conf_suggest_resource(struct conf_parser *p, const char *type, const char *name);

/* To the end of the directive that began at token start, over the braces it opened. */
void conf_skip_from(struct conf_parser *p, size_t start);
/* A bad directive: remember it in the resource. */
void conf_mark_bad(struct conf_res *res);
bool conf_same_word(const char *a, const char *b);
const struct conf_type *conf_find_type(const struct conf_program *program, const char *word);

#endif
