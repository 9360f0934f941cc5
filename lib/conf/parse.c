/*
 * lib/conf/parse.c - resources and their directives
 *
 * Recovery: an error in a directive skips to its end at the same brace depth; an unknown resource
 * skips its block; a resource that is not closed ends with the file it began in, or where another
 * one begins inside of it.  Spec: config.md 1.3, 2.3, 11
 */
#include "lib/conf/parse_internal.h"

#include "lib/base/mem.h"
#include "lib/base/own.h"

#include <string.h>

const struct conf_type *
conf_find_type(const struct conf_program *program, const char *word)
{
	for (size_t i = 0; i < program->n_types; i++) {
		const struct conf_type *t = program->types[i];

		if (conf_same_word(t->name, word))
			return t;
		for (size_t k = 0; k < 3 && t->aliases[k] != NULL; k++)
			if (conf_same_word(t->aliases[k], word))
				return t;
	}
	return NULL;
}

static const struct conf_row *
find_row(const struct conf_type *t, const char *word, size_t *at)
{
	const struct conf_row *row;
	size_t base;

	for (size_t i = 0; (row = conf_type_row(t, i, &base)) != NULL; i++)
		if (conf_same_word(row->name, word) ||
		    (row->alias != NULL && conf_same_word(row->alias, word))) {
			*at = i;
			return row;
		}
	return NULL;
}

/* "Pool \"Full\"" once the name is known. */
static void
set_where(struct conf_parser *p, const struct conf_res *res)
{
	const char *name = conf_res_name(res);

	if (name[0] != '\0')
		p->where = conf_printf(p->gen, "%s \"%s\"", res->type->name, name);
	else
		p->where = conf_printf(p->gen, "this %s", res->type->name);
}

/* The text as written, for messages: "Volumme Retention". */
static const char *
as_written(struct conf_parser *p, const struct conf_token *t)
{
	if (t->source == NULL || t->end <= t->begin)
		return t->text;
	return conf_strndup(p->gen, t->source->text + t->begin, t->end - t->begin);
}

/* "Recycle yes": the first words are a directive. */
static bool
suggest_equal(struct conf_parser *p, const struct conf_res *res, const struct conf_token *t)
{
	OWNED(freep) char *words = str_dup(as_written(p, t));
	OWNED(buf_release) struct buf simple = BUF_INIT(1024);
	size_t i;

	for (char *blank; (blank = strrchr(words, ' ')) != NULL;) {
		*blank = '\0';
		buf_clear(&simple);
		for (const char *c = words; *c != '\0'; c++)
			if (*c != ' ' && *c != '\t' && simple.len < 1000)
				buf_put(&simple, c, 1);
		if (find_row(res->type, buf_str(&simple), &i) != NULL) {
			conf_help(p->diag, "\"=\" expected behind \"%s\"", words);
			return true;
		}
	}
	return false;
}

static void
unknown_directive(struct conf_parser *p, struct conf_res *res, const struct conf_token *t)
{
	const char *words = t->kind == TOK_QUOTED ? t->text : as_written(p, t);

	/* Without a "=" a value may be among the words. */
	if (t->blanks_dropped && conf_names_secret(words))
		words = conf_printf(p->gen, "%.*s ****", (int)strcspn(words, " \t"), words);
	conf_error(p->diag, &t->pos, "unknown directive \"%s\" in %s", words, p->where);
	if (t->blanks_dropped && conf_tok_ahead(p, 1)->kind != TOK_EQUAL &&
	    suggest_equal(p, res, t))
		; /* the "=" is what is missing */
	else if (t->kind == TOK_QUOTED)
		conf_help(p->diag, "names of directives are not quoted");
	else if (t->kind == TOK_WORD && strpbrk(t->text, "-_") != NULL)
		conf_help(p->diag,
			  "names of directives have no \"-\" or \"_\"; blanks do not count");
	conf_suggest_directive(p, res->type, t->text);
	conf_mark_bad(res);
	conf_next(p);
	conf_skip_directive(p);
}

/* Whether the word at the cursor is followed by "{". */
static bool
opens_block(const struct conf_parser *p)
{
	size_t n = 1;

	while (conf_tok_ahead(p, n)->kind == TOK_EOL)
		n++;
	return conf_tok_ahead(p, n)->kind == TOK_LBRACE;
}

static void
parse_directive(struct conf_parser *p, struct conf_res *res)
{
	const struct conf_token *t = conf_tok(p);
	const struct conf_row *row = NULL;
	size_t i = 0;

	if (t->kind == TOK_IDENT)
		row = find_row(res->type, t->text, &i);
	if (row != NULL && row->type == CONF_ALIAS) {
		conf_note(p->diag, &t->pos, "%s is taken as %s", row->name, row->ref);
		row = find_row(res->type, row->ref, &i);
	}
	if (row == NULL &&
	    (t->kind == TOK_EQUAL || t->kind == TOK_COMMA || t->kind == TOK_LBRACE)) {
		conf_error(p->diag, &t->pos, "a directive expected here in %s", p->where);
		conf_mark_bad(res);
		conf_skip_directive(p);
		return;
	}
	if (row == NULL) {
		unknown_directive(p, res, t);
		return;
	}
	conf_parse_value(p, res, row, i);
	if (row->type == CONF_NAME)
		set_where(p, res);
}

static void
not_closed(struct conf_parser *p, struct conf_res *res, const struct conf_pos *pos)
{
	res->end = *pos;
	if (p->tokens.broken)
		return;
	conf_error(p->diag, pos, "%s is not closed", p->where);
	conf_also(p->diag, "it was opened at %s:%u:%u; a \"}\" is missing", res->pos.file,
		  res->pos.line, res->pos.col);
	conf_mark_bad(res);
}

/* Whether a resource begins here although the last one is open. */
static bool
begins_resource(const struct conf_parser *p, const struct conf_res *res)
{
	const struct conf_token *t = conf_tok(p);
	size_t i;

	return t->kind == TOK_IDENT && opens_block(p) && find_row(res->type, t->text, &i) == NULL &&
	       conf_find_type(conf_gen_program(p->gen), t->text) != NULL;
}

/* Directives up to "}". */
static void
parse_body(struct conf_parser *p, struct conf_res *res, const struct conf_source *source)
{
	for (;;) {
		const struct conf_token *t = conf_tok(p);

		switch (t->kind) {
		case TOK_RBRACE:
			res->end = t->pos;
			conf_next(p);
			return;
		case TOK_FILE_END:
			if (t->source == source) {
				not_closed(p, res, &t->pos);
				return;
			}
			conf_next(p);
			break;
		case TOK_EOL:
			conf_next(p);
			break;
		case TOK_EOF:
			not_closed(p, res, &t->pos);
			return;
		default:
			if (begins_resource(p, res)) {
				not_closed(p, res, &t->pos);
				return;
			}
			parse_directive(p, res);
		}
	}
}

static void
start_resource(struct conf_parser *p, const struct conf_type *type, const struct conf_token *word)
{
	struct conf_res *res = conf_gen_add(p->gen, type, word->pos);

	res->state = (struct conf_res_state *)conf_alloc(p->gen, sizeof(*res->state));
	set_where(p, res);
	parse_body(p, res, word->source);
	conf_finish_listen(p, res);
}

static void
skip_unknown(struct conf_parser *p)
{
	if (opens_block(p)) {
		conf_next(p);
		conf_skip_lines(p);
		conf_skip_block(p);
	} else {
		conf_next(p);
		conf_skip_directive(p);
	}
}

static void
parse_resource(struct conf_parser *p)
{
	const struct conf_token *word = conf_tok(p);
	struct conf_token first = *word;
	const struct conf_type *type = word->kind == TOK_IDENT
					       ? conf_find_type(conf_gen_program(p->gen),
								word->text)
					       : NULL;

	if (type == NULL && !opens_block(p)) {
		conf_error(p->diag, &first.pos, "a resource such as \"%s {\" expected, not \"%s\"",
			   conf_gen_program(p->gen)->types[0]->name, as_written(p, word));
		skip_unknown(p);
		return;
	}
	if (type == NULL) {
		conf_error(p->diag, &first.pos, "unknown resource type \"%s\"",
			   as_written(p, word));
		conf_suggest_type(p, word->text);
		skip_unknown(p);
		return;
	}
	if (type->size == 0) {
		if (type->refused)
			conf_error(p->diag, &first.pos, "%s: %s", type->name, type->note);
		else
			conf_warn(p->diag, CONF_W_FOREIGN, &first.pos, "%s is ignored: %s",
				  type->name, type->note);
		skip_unknown(p);
		return;
	}
	if (!opens_block(p)) {
		conf_error(p->diag, &first.pos, "\"{\" expected behind %s", type->name);
		skip_unknown(p);
		return;
	}
	conf_next(p);
	conf_skip_lines(p);
	conf_next(p);
	start_resource(p, type, &first);
}

static void
parse_all(struct conf_parser *p)
{
	struct conf_pos closed = { .file = NULL };

	for (;;) {
		const struct conf_token *t = conf_tok(p);

		if (t->kind == TOK_EOF)
			return;
		if (t->kind == TOK_EOL || t->kind == TOK_FILE_END) {
			conf_next(p);
		} else if (t->kind == TOK_RBRACE) {
			conf_error(p->diag, &t->pos, "\"}\" without \"{\"");
			if (closed.file != NULL)
				conf_also(p->diag, "the resource before it was closed at %s:%u",
					  closed.file, closed.line);
			conf_next(p);
		} else {
			parse_resource(p);
			if (p->at > 0 && p->tokens.v[p->at - 1].kind == TOK_RBRACE)
				closed = p->tokens.v[p->at - 1].pos;
		}
	}
}

static enum err_code
finish_load(struct conf_parser *p, struct conf_gen **gen, struct conf_gen **out, struct err *err)
{
	parse_all(p);
	conf_finish(p);
	free(p->pending);
	conf_tokens_release(&p->tokens);
	*out = TAKE_PTR(*gen);
	if (conf_diag_errors(p->diag) > 0)
		return err_set(err, ERR_CONFIG, "%zu errors in the configuration",
			       conf_diag_errors(p->diag));
	return ERR_OK;
}

enum err_code
conf_load(const struct conf_program *program, const char *path, struct conf_diag *diag,
	  struct conf_gen **out, struct err *err)
{
	OWNED(conf_gen_unrefp) struct conf_gen *gen = conf_gen_new(program);
	OWNED(freep) char *found = NULL;
	struct conf_parser p = { .gen = gen, .diag = diag };
	enum err_code rc = conf_search(program, path, &found, err);

	if (rc != ERR_OK) {
		conf_error(diag, NULL, "%s", err->text);
		*out = TAKE_PTR(gen);
		return rc;
	}
	conf_lex_path(gen, diag, found, &p.tokens);
	return finish_load(&p, &gen, out, err);
}

enum err_code
conf_load_text(const struct conf_program *program, const char *text, struct conf_diag *diag,
	       struct conf_gen **out, struct err *err)
{
	OWNED(conf_gen_unrefp) struct conf_gen *gen = conf_gen_new(program);
	struct conf_parser p = { .gen = gen, .diag = diag };

	conf_lex_text(gen, diag, "text", text, &p.tokens);
	return finish_load(&p, &gen, out, err);
}
