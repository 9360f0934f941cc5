/*
 * director/conf/fileset_parse.c - Include and Exclude blocks
 *
 * Spec: config.md 1.14
 */
#include "director/conf/dir_conf_internal.h"
#include "director/conf/fileset_options.h"

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/regexp.h"
#include "lib/base/units.h"
#include "lib/conf/show.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* While one Options block is read. */
struct options {
	struct fileset_options *out;
	bool given[FILESET_OPTIONS_MAX];
	struct conf_pos pos;
};

static bool
add_letters(struct conf_parser *p, struct options *o, const struct conf_pos *pos,
	    const char *letters)
{
	size_t n = strlen(o->out->letters);

	if (n + strlen(letters) > FILESET_LETTERS_MAX) {
		conf_error(p->diag, pos, "the options of one block are longer than %d letters",
			   FILESET_LETTERS_MAX);
		return false;
	}
	memcpy(o->out->letters + n, letters, strlen(letters) + 1);
	return true;
}

static bool
bad_option(struct conf_parser *p, const struct option_row *row, const struct conf_token *t,
	   const char *accepted)
{
	conf_error(p->diag, &t->pos, "bad value \"%s\" for option %s", t->text, row->name);
	conf_help(p->diag, "accepted: %s", accepted);
	return false;
}

static bool
option_words(struct conf_parser *p, struct options *o, const struct option_row *row,
	     const struct conf_token *t)
{
	OWNED(buf_release) struct buf accepted = BUF_INIT(1024);

	for (const struct option_word *w = row->words; w->word != NULL; w++) {
		if (strcasecmp(w->word, t->text) == 0)
			return add_letters(p, o, &t->pos, w->letters);
		buf_text(&accepted, "%s%s", accepted.len > 0 ? ", " : "", w->word);
	}
	return bad_option(p, row, t, buf_str(&accepted));
}

static bool
option_letters(struct conf_parser *p, struct options *o, const struct option_row *row,
	       const struct conf_token *t)
{
	char text[64];

	if (strspn(t->text, row->accepted) != strlen(t->text) || strlen(t->text) > 32)
		return bad_option(p, row, t, row->accepted);
	snprintf(text, sizeof(text), "%s%s:", row->yes, t->text);
	return add_letters(p, o, &t->pos, text);
}

static bool
option_number(struct conf_parser *p, struct options *o, const struct option_row *row,
	      const struct conf_token *t)
{
	struct err err = ERR_INIT;
	char text[64];
	uint64_t v;

	if (units_u64(t->text, 0, 255, &v, &err) != ERR_OK)
		return bad_option(p, row, t, "a number from 0 to 255");
	snprintf(text, sizeof(text), "%s%llu:", row->yes, (unsigned long long)v);
	return add_letters(p, o, &t->pos, text);
}

/* n, a-b, <n, >n */
static bool
option_size(struct conf_parser *p, struct options *o, const struct option_row *row,
	    const struct conf_token *t)
{
	const char *first = t->text + (t->text[0] == '<' || t->text[0] == '>');
	const char *dash = strchr(first, '-');
	OWNED(freep)
	char *a = str_ndup(first, dash != NULL ? (size_t)(dash - first) : strlen(first));
	struct err err = ERR_INIT;
	char text[96];
	uint64_t v, w = 0;

	if (units_size(a, &v, &err) != ERR_OK ||
	    (dash != NULL && units_size(dash + 1, &w, &err) != ERR_OK))
		return bad_option(p, row, t, "a size, a range a-b, <n or >n");
	if (dash != NULL && w < v)
		return bad_option(p, row, t, "a range with the smaller size first");
	snprintf(text, sizeof(text), "%s%s:", row->yes, t->text);
	return add_letters(p, o, &t->pos, text);
}

static bool
is_regex(enum fileset_pattern k)
{
	return k == FILESET_REGEX || k == FILESET_REGEX_DIR || k == FILESET_REGEX_FILE;
}

static bool
option_pattern(struct conf_parser *p, struct options *o, const struct option_row *row,
	       const struct conf_token *t)
{
	enum fileset_pattern kind = row->pattern;
	struct err why = ERR_INIT;
	regex_t re;

	if (is_regex(kind)) {
		if (regexp_compile(t->text, REG_EXTENDED | REG_NOSUB, &re, &why) != ERR_OK) {
			conf_error(p->diag, &t->pos, "bad regular expression \"%.200s\": %s",
				   t->text, why.text);
			return false;
		}
		regfree(&re);
	}
	if (kind == FILESET_WILD_FILE && strpbrk(t->text, "/\\") == NULL)
		kind = FILESET_WILD_BASE;
	conf_list_add(p->gen, &o->out->pattern[kind], t->text);
	return true;
}

static bool
option_value(struct conf_parser *p, struct options *o, const struct option_row *row,
	     const struct conf_token *t)
{
	bool yes;

	switch (row->kind) {
	case OPTION_WORDS:
		return option_words(p, o, row, t);
	case OPTION_BOOL:
		if (!units_bool(t->text, &yes))
			return bad_option(p, row, t, "yes, no");
		return add_letters(p, o, &t->pos, yes ? row->yes : row->no);
	case OPTION_LETTERS:
		return option_letters(p, o, row, t);
	case OPTION_NUMBER:
		return option_number(p, o, row, t);
	case OPTION_SIZE:
		return option_size(p, o, row, t);
	case OPTION_PATTERN:
		return option_pattern(p, o, row, t);
	case OPTION_IGNORED:
		conf_warn(p->diag, CONF_W_FOREIGN, &t->pos, "option %s is ignored: %s", row->name,
			  row->note);
		return true;
	case OPTION_REFUSED:
		conf_error(p->diag, &t->pos, "option %s: %s", row->name, row->note);
		return false;
	}
	return false;
}

static void
unknown_option(struct conf_parser *p, const struct conf_token *t)
{
	conf_error(p->diag, &t->pos, "unknown option \"%s\" in Options", t->text);
	for (const struct option_row *r = fileset_option_rows; r->name != NULL; r++)
		if (conf_distance(t->text, r->name) != SIZE_MAX) {
			conf_help(p->diag, "did you mean \"%s\"?", r->name);
			return;
		}
	for (const char *const *w = (const char *const[]){ "File", "ExcludeDirContaining", NULL };
	     *w != NULL; w++)
		if (strcasecmp(*w, t->text) == 0)
			conf_help(p->diag, "%s belongs behind the \"}\" of Options", *w);
}

static void
remember(struct conf_parser *p, struct options *o, const struct option_row *row,
	 const struct conf_token *word, const char *value)
{
	size_t i = (size_t)(row - fileset_option_rows);
	struct fileset_options *out = o->out;

	if (o->given[i] && row->kind != OPTION_PATTERN)
		conf_warn(p->diag, CONF_W_TWICE, &word->pos,
			  "%s is given twice in one block; the last one counts", row->name);
	o->given[i] = true;
	if (row->kind == OPTION_IGNORED)
		return;
	out->option = (struct fileset_option *)conf_grow(p->gen, out->option, out->n_option,
							 sizeof(*out->option));
	out->option[out->n_option++] = (struct fileset_option){ row->name,
								conf_strdup(p->gen, value) };
}

static bool
take_option(struct conf_parser *p, struct options *o)
{
	const struct conf_token *word = conf_tok(p), *t;
	const struct option_row *row = word->kind == TOK_IDENT ? fileset_option_find(word->text)
							       : NULL;

	conf_next(p);
	if (row == NULL) {
		unknown_option(p, word);
		return false;
	}
	if (!conf_take_equal(p, row->name))
		return false;
	t = conf_take_value(p, row->name, "a value");
	if (t == NULL || !option_value(p, o, row, t))
		return false;
	remember(p, o, row, word, t->text);
	conf_end_value(p, row->name, row->kind == OPTION_PATTERN);
	return true;
}

/* Defaults that were not mentioned come last.  Spec: config.md 1.14 */
static bool
finish_options(struct conf_parser *p, struct options *o)
{
	for (size_t i = 0; fileset_option_rows[i].name != NULL; i++)
		if (fileset_option_rows[i].fallback != NULL && !o->given[i] &&
		    !add_letters(p, o, &o->pos, fileset_option_rows[i].fallback))
			return false;
	return true;
}

/* "{" behind a word; false: reported. */
static bool
open_block(struct conf_parser *p, const char *word)
{
	conf_skip_lines(p);
	if (conf_tok(p)->kind == TOK_EQUAL) {
		conf_error(p->diag, &conf_tok(p)->pos,
			   "\"%s =\" is the old style and not supported; write %s { ... }", word,
			   word);
		return false;
	}
	if (conf_tok(p)->kind != TOK_LBRACE) {
		conf_error(p->diag, &conf_tok(p)->pos, "\"{\" expected behind %s", word);
		return false;
	}
	conf_next(p);
	return true;
}

static bool
take_options(struct conf_parser *p, struct fileset_block *b)
{
	struct options o = { .pos = conf_tok(p)->pos };
	bool good = true;

	conf_next(p);
	if (!open_block(p, "Options"))
		return false;
	b->options = (struct fileset_options *)conf_grow(p->gen, b->options, b->n_options,
							 sizeof(*b->options));
	o.out = &b->options[b->n_options++];
	o.out->pos = o.pos;
	for (conf_skip_lines(p); conf_tok(p)->kind != TOK_RBRACE; conf_skip_lines(p)) {
		if (conf_tok(p)->kind == TOK_EOF) {
			conf_error(p->diag, &o.pos, "this Options block is not closed");
			return false;
		}
		if (!take_option(p, &o)) {
			conf_skip_directive(p);
			good = false;
		}
	}
	conf_next(p);
	return finish_options(p, &o) && good;
}

static bool
take_text_item(struct conf_parser *p, struct fileset_block *b)
{
	const struct conf_token *word = conf_tok(p), *t;
	bool is_file = strcasecmp(word->text, "File") == 0;
	bool is_plugin = strcasecmp(word->text, "Plugin") == 0;

	conf_next(p);
	if (!conf_take_equal(p, word->text))
		return false;
	t = conf_take_value(p, word->text, "a path");
	if (t == NULL)
		return false;
	if (is_file && t->kind != TOK_QUOTED && strchr(t->text, '\\') != NULL) {
		conf_error(p->diag, &t->pos, "quote a path with a backslash, and double it");
		return false;
	}
	if (t->text[0] == '\0') {
		conf_error(p->diag, &t->pos, "%s is empty", word->text);
		return false;
	}
	if (is_file || is_plugin) {
		b->item = (struct fileset_item *)conf_grow(p->gen, b->item, b->n_item,
							   sizeof(*b->item));
		b->item[b->n_item++] = (struct fileset_item){ is_plugin,
							      conf_strdup(p->gen, t->text) };
	} else {
		conf_list_add(p->gen, &b->exclude_dir_containing, t->text);
	}
	conf_end_value(p, word->text, true);
	return true;
}

static bool
take_block_item(struct conf_parser *p, struct fileset_block *b)
{
	const struct conf_token *word = conf_tok(p);
	bool only_file = b->exclude;

	if (word->kind == TOK_IDENT && strcasecmp(word->text, "File") == 0)
		return take_text_item(p, b);
	if (word->kind == TOK_IDENT && !only_file && strcasecmp(word->text, "Options") == 0)
		return take_options(p, b);
	if (word->kind == TOK_IDENT && !only_file &&
	    (strcasecmp(word->text, "Plugin") == 0 ||
	     strcasecmp(word->text, "ExcludeDirContaining") == 0))
		return take_text_item(p, b);
	conf_error(p->diag, &word->pos, "unknown directive \"%s\" in %s", word->text,
		   b->exclude ? "Exclude" : "Include");
	conf_help(p->diag, "accepted: %s",
		  b->exclude ? "File" : "File, Options, ExcludeDirContaining, Plugin");
	if (fileset_option_find(word->text) != NULL)
		conf_help(p->diag, "\"%s\" belongs into Options { ... }", word->text);
	conf_next(p);
	return false;
}

static bool
parse_block(struct conf_parser *p, struct conf_res *res, const struct conf_row *row, void *slot)
{
	struct dir_fileset *fs = (struct dir_fileset *)res;
	bool exclude = strcmp(row->name, "Exclude") == 0, good = true;
	struct conf_pos pos = conf_tok(p)->pos;
	struct fileset_block *b;

	(void)slot;
	if (!open_block(p, row->name))
		return false;
	fs->block = (struct fileset_block *)conf_grow(p->gen, fs->block, fs->n_block,
						      sizeof(*fs->block));
	b = &fs->block[fs->n_block++];
	b->exclude = exclude;
	b->pos = pos;
	for (conf_skip_lines(p); conf_tok(p)->kind != TOK_RBRACE; conf_skip_lines(p)) {
		if (conf_tok(p)->kind == TOK_EOF) {
			conf_error(p->diag, &pos, "this %s block is not closed", row->name);
			return false;
		}
		if (!take_block_item(p, b)) {
			conf_skip_directive(p);
			good = false;
		}
	}
	conf_next(p);
	return good;
}

/* ---- dump ---- */

static bool
is_shown_before(const struct fileset_options *o, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(o->option[k].name, o->option[i].name) == 0)
			return true;
	return false;
}

/* All values of the option at i; only patterns have several. */
static void
show_option(struct conf_show *show, const struct fileset_options *o, size_t i)
{
	const struct option_row *row = fileset_option_find(o->option[i].name);
	size_t nth = 0;

	if (row != NULL && row->kind == OPTION_PATTERN) {
		for (size_t k = i; k < o->n_option; k++)
			if (strcmp(o->option[k].name, row->name) == 0)
				conf_show_quoted(show, row->name, o->option[k].value, nth++);
		conf_show_end(show);
		return;
	}
	for (size_t k = i; k < o->n_option; k++)
		if (strcmp(o->option[k].name, o->option[i].name) == 0)
			i = k; /* the last one counts */
	if (row != NULL && row->kind == OPTION_SIZE)
		conf_show_quoted(show, o->option[i].name, o->option[i].value, CONF_SHOW_ONE);
	else
		conf_show_raw(show, o->option[i].name, o->option[i].value, CONF_SHOW_ONE);
}

static void
show_options(struct conf_show *show, const struct fileset_options *o, size_t nth)
{
	conf_show_open(show, "Options", nth);
	for (size_t i = 0; i < o->n_option; i++)
		if (!is_shown_before(o, i))
			show_option(show, o, i);
	conf_show_close(show);
}

static void
show_items(struct conf_show *show, const struct fileset_block *b, bool plugins)
{
	size_t nth = 0;

	for (size_t i = 0; i < b->n_item; i++)
		if (b->item[i].is_plugin == plugins)
			conf_show_quoted(show, plugins ? "Plugin" : "File", b->item[i].text, nth++);
	if (nth > 0)
		conf_show_end(show);
}

static void
show_block(struct conf_show *show, const struct conf_res *res, const struct conf_row *row,
	   const void *slot)
{
	const struct dir_fileset *fs = (const struct dir_fileset *)res;
	bool exclude = strcmp(row->name, "Exclude") == 0;
	size_t nth = 0;

	(void)slot;
	for (size_t i = 0; i < fs->n_block; i++) {
		const struct fileset_block *b = &fs->block[i];

		if (b->exclude != exclude)
			continue;
		conf_show_open(show, row->name, nth++);
		for (size_t k = 0; k < b->n_options; k++)
			show_options(show, &b->options[k], k);
		if (b->n_options > 0)
			conf_show_end(show);
		show_items(show, b, false);
		show_items(show, b, true);
		for (size_t k = 0; k < b->exclude_dir_containing.n; k++)
			conf_show_quoted(show, "ExcludeDirContaining",
					 b->exclude_dir_containing.v[k], k);
		if (b->exclude_dir_containing.n > 0)
			conf_show_end(show);
		conf_show_close(show);
	}
	if (nth > 0)
		conf_show_end(show);
}

const struct conf_custom fileset_include = { .words = "a block of what to save",
					     .schema = "INCLUDE_EXCLUDE_ITEM",
					     .is_block = true,
					     .parse = parse_block,
					     .show = show_block };
const struct conf_custom fileset_exclude = { .words = "a block of what to leave out",
					     .schema = "INCLUDE_EXCLUDE_ITEM",
					     .is_block = true,
					     .parse = parse_block,
					     .show = show_block };
