/*
 * lib/conf/parse.h - from files to a checked configuration generation
 *
 * Purpose: reads, parses by the tables, inherits, resolves references, fills defaults, checks
 *          that required directives are there.  What needs several resources to judge is the
 *          business of each program's own conf room.
 * Errors:  all problems go to diag; ERR_CONFIG when there was an error.
 * Spec:    config.md 1.3, 1.6, 2, 7.1, 11
 */
#ifndef TERCET_CONF_PARSE_H
#define TERCET_CONF_PARSE_H

#include "lib/conf/lex.h"

#ifndef TERCET_CONF_DIR
#define TERCET_CONF_DIR "/etc/tercet"
#endif

/*
 * Find the configuration: path is a file or a directory, NULL the compiled-in directory.
 * Returns an owned path or pattern.  Spec: config.md 2.1
 */
MUST_CHECK enum err_code conf_search(const struct conf_program *program, const char *path,
				     char **out, struct err *err);

/*
 * Load what conf_search finds.  On ERR_CONFIG *out still holds what could be read, for further
 * checks; the caller drops it.
 */
MUST_CHECK enum err_code conf_load(const struct conf_program *program, const char *path,
				   struct conf_diag *diag, struct conf_gen **out, struct err *err);
/* The same from a text in memory, for tests. */
MUST_CHECK enum err_code conf_load_text(const struct conf_program *program, const char *text,
					struct conf_diag *diag, struct conf_gen **out,
					struct err *err);

/* Whether a resource was parsed without error: only then its values are worth judging. */
bool conf_res_is_good(const struct conf_res *r);
/* Warn when a file with passwords is readable by everybody. */
void conf_check_modes(const struct conf_gen *g, struct conf_diag *diag);
/* Lists rows that were set but are not in force yet, as notes. */
void conf_note_not_in_force(const struct conf_gen *g, struct conf_diag *diag);

/* ---- for directives with a grammar of their own (struct conf_custom) ---- */

struct conf_pending;

struct conf_parser {
	struct conf_gen *gen;
	struct conf_diag *diag;
	struct conf_tokens tokens;
	size_t at; /* the cursor */
	struct conf_pending *pending;
	size_t n_pending, cap_pending;
	const char *where; /* "Pool \"Full\"" of the resource at hand, for messages */
};

/* The token at the cursor; TOK_EOF does not move. */
const struct conf_token *conf_tok(const struct conf_parser *p);
const struct conf_token *conf_tok_ahead(const struct conf_parser *p, size_t n);
void conf_next(struct conf_parser *p);
/* Whether the cursor is where a value ends: end of line, "}", end of file. */
bool conf_at_end(const struct conf_parser *p);
void conf_skip_lines(struct conf_parser *p);
/* To the end of this directive, over nested braces. */
void conf_skip_directive(struct conf_parser *p);
/* Over "{ ... }". */
void conf_skip_block(struct conf_parser *p);
/* "=" and the line ends around it; false: reported. */
bool conf_take_equal(struct conf_parser *p, const char *directive);
/* The one value token of a directive; NULL: reported. */
const struct conf_token *conf_take_value(struct conf_parser *p, const char *directive,
					 const char *words);
/* Complain about what stands behind a complete value, and skip it.  text: the value was taken as
 * a text, so that a cut token matters. */
void conf_end_value(struct conf_parser *p, const char *directive, bool text);
/* All tokens up to the end of the value as one text, joined by blanks; *pos spans them.
 * Quoted parts count as their content. */
char *conf_take_joined(struct conf_parser *p, struct conf_pos *pos);
/* The characters as written up to the end of the value, e.g. of a Run line; *pos spans them. */
char *conf_take_raw(struct conf_parser *p, struct conf_pos *pos);
/* One bool value; false: reported. */
bool conf_take_bool(struct conf_parser *p, const char *directive, bool *out);
/* Put the resource of type called name into *slot when all is read. */
void conf_want_ref(struct conf_parser *p, struct conf_res *res, const char *directive,
		   const char *type, const char *name, struct conf_pos pos, void *slot);

/* ---- suggestions ---- */

/* Edit distance with case, blanks, '-' and '_' removed, if close enough; else SIZE_MAX. */
size_t conf_distance(const char *a, const char *b);

#endif
