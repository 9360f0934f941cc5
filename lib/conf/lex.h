/*
 * lib/conf/lex.h - configuration files into tokens
 *
 * Purpose: reads a file and all it includes into one array of tokens, each with its place.
 * Owns:    tokens and texts belong to the generation.
 * Errors:  all problems go to diag; what can be read is still tokenised.
 * Spec:    config.md 1.1, 1.2, 1.4, 1.5
 */
#ifndef TERCET_CONF_LEX_H
#define TERCET_CONF_LEX_H

#include "lib/conf/diag.h"
#include "lib/conf/gen.h"

#define CONF_INCLUDE_DEPTH 32

enum conf_token_kind {
	TOK_EOF,      /* behind everything */
	TOK_FILE_END, /* a file or included output ended; counts as end of line */
	TOK_EOL,      /* newline or ";" */
	TOK_LBRACE,
	TOK_RBRACE,
	TOK_EQUAL,
	TOK_COMMA,
	TOK_QUOTED,
	TOK_NUMBER, /* digits only */
	TOK_IDENT,  /* letters only, blanks inside dropped */
	TOK_WORD,
};

/* One file, or the output of one command. */
struct conf_source {
	const char *name; /* path, or "|command" */
	const char *text; /* NUL-terminated */
	size_t len;
	const struct conf_source *included; /* the source with the "@", or NULL */
	const char *pattern;                /* what stood behind the "@" */
	uint32_t line;                      /* where */
	unsigned depth;
	uint64_t dev, ino; /* of a file; 0 of a command */
};

struct conf_token {
	enum conf_token_kind kind;
	bool blanks_dropped; /* an identifier that was written with blanks inside */
	char cut;            /* the '#', '=' or '"' directly behind an unquoted token, or 0 */
	const char *text;
	struct conf_pos pos;
	const struct conf_source *source;
	size_t begin, end; /* offsets in the source's text */
};

struct conf_tokens {
	struct conf_token *v; /* ends with TOK_EOF; release with conf_tokens_release */
	size_t n, cap;
	bool broken; /* a quote is missing: later complaints may be consequences */
};

void conf_tokens_release(struct conf_tokens *t);

/* Read path (or every file that a pattern with * ? [ matches, as an include would). */
void conf_lex_path(struct conf_gen *g, struct conf_diag *d, const char *path,
		   struct conf_tokens *out);
/* The same for a text in memory; name is shown as the file name. */
void conf_lex_text(struct conf_gen *g, struct conf_diag *d, const char *name, const char *text,
		   struct conf_tokens *out);

#endif
