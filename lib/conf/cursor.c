/*
 * lib/conf/cursor.c - walking the tokens of a value
 *
 * Where a value ends and what is said about text behind it.  Spec: config.md 1.6
 */
#include "lib/conf/parse_internal.h"

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/units.h"

#include <string.h>

const struct conf_token *
conf_tok(const struct conf_parser *p)
{
	return &p->tokens.v[p->at];
}

const struct conf_token *
conf_tok_ahead(const struct conf_parser *p, size_t n)
{
	return &p->tokens.v[p->at + n < p->tokens.n ? p->at + n : p->tokens.n];
}

void
conf_next(struct conf_parser *p)
{
	if (p->at < p->tokens.n)
		p->at++;
}

static bool
ends_line(const struct conf_token *t)
{
	return t->kind == TOK_EOL || t->kind == TOK_FILE_END || t->kind == TOK_EOF;
}

bool
conf_at_end(const struct conf_parser *p)
{
	return ends_line(conf_tok(p)) || conf_tok(p)->kind == TOK_RBRACE;
}

void
conf_skip_lines(struct conf_parser *p)
{
	while (conf_tok(p)->kind == TOK_EOL || conf_tok(p)->kind == TOK_FILE_END)
		conf_next(p);
}

void
conf_skip_block(struct conf_parser *p)
{
	size_t depth = 0;

	do {
		if (conf_tok(p)->kind == TOK_LBRACE)
			depth++;
		else if (conf_tok(p)->kind == TOK_RBRACE)
			depth--;
		conf_next(p);
	} while (depth > 0 && conf_tok(p)->kind != TOK_EOF);
}

void
conf_skip_directive(struct conf_parser *p)
{
	while (!conf_at_end(p)) {
		if (conf_tok(p)->kind == TOK_LBRACE)
			conf_skip_block(p);
		else
			conf_next(p);
	}
}

void
conf_skip_from(struct conf_parser *p, size_t start)
{
	size_t depth = 0, at = p->at;

	for (size_t i = start; i < at; i++) {
		if (p->tokens.v[i].kind == TOK_LBRACE)
			depth++;
		else if (p->tokens.v[i].kind == TOK_RBRACE && depth > 0)
			depth--;
	}
	while (depth > 0 && conf_tok(p)->kind != TOK_EOF) {
		if (conf_tok(p)->kind == TOK_LBRACE)
			depth++;
		else if (conf_tok(p)->kind == TOK_RBRACE)
			depth--;
		conf_next(p);
	}
	conf_skip_directive(p);
}

bool
conf_take_equal(struct conf_parser *p, const char *directive)
{
	conf_skip_lines(p);
	if (conf_tok(p)->kind != TOK_EQUAL) {
		conf_error(p->diag, &conf_tok(p)->pos, "\"=\" expected behind %s", directive);
		return false;
	}
	conf_next(p);
	return true;
}

static bool
is_value(const struct conf_token *t)
{
	return t->kind == TOK_QUOTED || t->kind == TOK_NUMBER || t->kind == TOK_IDENT ||
	       t->kind == TOK_WORD;
}

/* "Name =" and the value on the next line; but not the next directive. */
static void
skip_to_value(struct conf_parser *p)
{
	size_t n = 0;
	const struct conf_token *t;

	while ((t = conf_tok_ahead(p, n))->kind == TOK_EOL && t->source->text[t->begin] == '\n')
		n++;
	if (n > 0 && is_value(t) && conf_tok_ahead(p, n + 1)->kind != TOK_EQUAL &&
	    conf_tok_ahead(p, n + 1)->kind != TOK_LBRACE)
		p->at += n;
}

const struct conf_token *
conf_take_value(struct conf_parser *p, const char *directive, const char *words)
{
	const struct conf_token *t;

	skip_to_value(p);
	t = conf_tok(p);
	if (!is_value(t)) {
		conf_error(p->diag, &t->pos, "%s wants %s%s", directive, words,
			   conf_at_end(p) ? ", the value is missing" : "");
		return NULL;
	}
	conf_next(p);
	return t;
}

/* A second directive behind the first is what most often stands there. */
static void
warn_trailing(struct conf_parser *p, const char *directive)
{
	size_t n = 0;

	conf_warn(p->diag, CONF_W_TRAILING, &conf_tok(p)->pos,
		  "text behind the value of %s is ignored", directive);
	while (!ends_line(conf_tok_ahead(p, n)) && conf_tok_ahead(p, n)->kind != TOK_EQUAL)
		n++;
	if (conf_tok_ahead(p, n)->kind == TOK_EQUAL)
		conf_help(p->diag, "put \";\" between directives on one line");
}

void
conf_end_value(struct conf_parser *p, const char *directive, bool text)
{
	const struct conf_token *last = conf_tok_ahead(p, 0), *t = conf_tok(p);

	if (p->at > 0)
		last = &p->tokens.v[p->at - 1];
	if (text && last->kind != TOK_QUOTED && last->cut != '\0' && is_value(last))
		conf_warn(p->diag, CONF_W_CUT, &last->pos,
			  "the value of %s ends at the %c; quote it if that belongs to it",
			  directive, last->cut);
	else if (t->kind == TOK_COMMA)
		conf_warn(p->diag, CONF_W_LOST, &t->pos,
			  "%s takes one value; what follows the comma is not used", directive);
	else if (!conf_at_end(p))
		warn_trailing(p, directive);
	else if (text && last->blanks_dropped)
		conf_warn(p->diag, CONF_W_TRAILING, &last->pos,
			  "blanks in an unquoted value are dropped: %s is \"%s\"; quote it to keep "
			  "them",
			  directive, conf_names_secret(directive) ? "****" : last->text);
	conf_skip_directive(p);
}

static void
span(struct conf_pos *pos, const struct conf_token *first, const struct conf_token *last)
{
	*pos = first->pos;
	if (last->pos.line == first->pos.line)
		pos->col_end = last->pos.col_end;
}

char *
conf_take_joined(struct conf_parser *p, struct conf_pos *pos)
{
	OWNED(buf_release) struct buf b = BUF_INIT(SIZE_MAX);
	const struct conf_token *first;

	skip_to_value(p);
	first = conf_tok(p);
	*pos = first->pos;
	while (!conf_at_end(p) && (is_value(conf_tok(p)) || conf_tok(p)->kind == TOK_COMMA)) {
		const struct conf_token *t = conf_tok(p);

		span(pos, first, t);
		buf_text(&b, "%s%s", b.len > 0 ? " " : "", t->kind == TOK_COMMA ? "," : t->text);
		conf_next(p);
	}
	return conf_strndup(p->gen, buf_str(&b), b.len);
}

char *
conf_take_raw(struct conf_parser *p, struct conf_pos *pos)
{
	const struct conf_token *first = conf_tok(p), *last = first;

	while (!conf_at_end(p) && conf_tok(p)->source == first->source) {
		last = conf_tok(p);
		conf_next(p);
	}
	span(pos, first, last);
	if (first->source == NULL || last->end < first->begin)
		return conf_strdup(p->gen, "");
	return conf_strndup(p->gen, first->source->text + first->begin, last->end - first->begin);
}

bool
conf_take_bool(struct conf_parser *p, const char *directive, bool *out)
{
	const struct conf_token *t = conf_take_value(p, directive, "yes or no");

	if (t == NULL)
		return false;
	if (!units_bool(t->text, out)) {
		conf_error(p->diag, &t->pos, "bad value \"%s\" for %s: yes or no is wanted",
			   t->text, directive);
		return false;
	}
	conf_end_value(p, directive, false);
	return true;
}

void
conf_want_ref(struct conf_parser *p, struct conf_res *res, const char *directive, const char *type,
	      const char *name, struct conf_pos pos, void *slot)
{
	p->pending = (struct conf_pending *)mem_grow(p->pending, p->n_pending, &p->cap_pending,
						     sizeof(*p->pending));
	p->pending[p->n_pending++] = (struct conf_pending){ .res = res,
							    .directive = directive,
							    .type = type,
							    .name = conf_strdup(p->gen, name),
							    .pos = pos,
							    .slot = slot };
}

void
conf_mark_bad(struct conf_res *res)
{
	res->state->bad = true;
}

bool
conf_res_is_good(const struct conf_res *r)
{
	return !r->state->bad;
}
