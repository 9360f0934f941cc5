/*
 * lib/conf/lex_internal.h - what the lexer and its includes share
 */
#ifndef TERCET_CONF_LEX_INTERNAL_H
#define TERCET_CONF_LEX_INTERNAL_H

#include "lib/conf/lex.h"

struct lexer {
	struct conf_gen *gen;
	struct conf_diag *diag;
	struct conf_tokens *out;
	unsigned n_sources; /* read so far */
};

/* A place while scanning one source. */
struct scan {
	const struct conf_source *source;
	const char *p; /* NUL ends the text */
	uint32_t line, col;
	uint32_t odd_line; /* strings of this line end with it: its quotes do not pair up */
	bool unclosed;     /* a quote met the end of the text */
	uint32_t unclosed_line;
};

/* All tokens of a source, behind those already there. */
void lex_source(struct lexer *lx, const struct conf_source *source);
/* Insert what "@spec" names; from is the source it stands in, NULL at the top. */
void lex_include(struct lexer *lx, const struct conf_source *from, const struct conf_pos *pos,
		 const char *spec, bool quoted);

#endif
