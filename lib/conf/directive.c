/*
 * lib/conf/directive.c - one directive's value into its row
 *
 * What may follow a value, what repeating means, and what is said about both.
 * Spec: config.md 1.3, 1.6, 1.7
 */
#include "lib/conf/parse_internal.h"

#include "lib/base/own.h"
#include "lib/base/units.h"
#include "lib/conf/value_set.h"

#include <string.h>

static const char *const value_words[] = {
#define X(name, ctype, words, schema) words,
	CONF_VALUES(X)
#undef X
};

static bool
is_text(enum conf_value t)
{
	return t == CONF_NAME || t == CONF_STR || t == CONF_STR127 || t == CONF_PATH ||
	       t == CONF_PATH_CMD || t == CONF_ADDR || t == CONF_PASSWORD || t == CONF_SECRET ||
	       t == CONF_REF;
}

static bool
is_joined(enum conf_value t)
{
	return t == CONF_SIZE || t == CONF_SIZE32 || t == CONF_SPEED || t == CONF_TIME;
}

static bool
is_number(enum conf_value t)
{
	return t == CONF_UINT16 || t == CONF_UINT32 || t == CONF_INT32 || t == CONF_LISTEN_PORT;
}

/* Lists grow when repeated; see config.md 1.3. */
static bool
appends(const struct conf_row *row)
{
	switch (row->type) {
	case CONF_LIST:
	case CONF_DEVICES:
	case CONF_PATH_LIST:
	case CONF_NAMES:
	case CONF_ACL_LIST:
	case CONF_REFS:
	case CONF_MSGDEST:
	case CONF_CUSTOM:
	case CONF_LISTEN:
	case CONF_ANY:
		return true;
	default:
		return false;
	}
}

static void
bad_value(struct conf_parser *p, const struct conf_row *row, const struct conf_pos *pos,
	  const char *text, const struct err *err)
{
	bool secret = row->type == CONF_PASSWORD || row->type == CONF_SECRET;

	if (secret)
		conf_error(p->diag, pos, "bad value for %s in %s: %s", row->name, p->where,
			   err->text);
	else
		conf_error(p->diag, pos, "bad value \"%s\" for %s in %s: %s", text, row->name,
			   p->where, err->text);
	if (is_number(row->type) && row->max != 0)
		conf_help(p->diag, "%s wants a whole number from %llu to %llu", row->name,
			  (unsigned long long)row->min, (unsigned long long)row->max);
	else if (row->type != CONF_KEYWORD && row->type != CONF_BOOL)
		conf_help(p->diag, "%s wants %s", row->name, value_words[row->type]);
}

/* A value of one token. */
static bool
parse_single(struct conf_parser *p, const struct conf_row *row, void *slot)
{
	const struct conf_token *t = conf_take_value(p, row->name, value_words[row->type]);
	struct err err = ERR_INIT;

	if (t == NULL)
		return false;
	if (is_number(row->type) && conf_tok(p)->kind == TOK_COMMA) {
		conf_error(p->diag, &conf_tok(p)->pos, "%s wants %s, without commas", row->name,
			   value_words[row->type]);
		return false;
	}
	if (conf_value_set(p->gen, row, slot, t->text, &err) != ERR_OK) {
		bad_value(p, row, &t->pos, t->text, &err);
		return false;
	}
	conf_end_value(p, row->name, is_text(row->type));
	return true;
}

/* Sizes, times, speeds: all words of the line. */
static bool
parse_joined(struct conf_parser *p, const struct conf_row *row, void *slot)
{
	struct err err = ERR_INIT;
	struct conf_pos pos;
	const char *text = conf_take_joined(p, &pos);

	if (text[0] == '\0') {
		conf_error(p->diag, &pos, "%s wants %s, the value is missing", row->name,
			   value_words[row->type]);
		return false;
	}
	if (conf_value_set(p->gen, row, slot, text, &err) != ERR_OK) {
		bad_value(p, row, &pos, text, &err);
		return false;
	}
	if (row->type == CONF_TIME && units_time_has_bare_m(text)) {
		conf_warn(p->diag, CONF_W_SURPRISE, &pos, "%s = %s: \"m\" is months", row->name,
			  text);
		conf_help(p->diag, "write \"months\", or \"mi\" for minutes");
	}
	conf_end_value(p, row->name, false);
	return true;
}

static bool
parse_ref(struct conf_parser *p, struct conf_res *res, const struct conf_row *row, void *slot)
{
	const struct conf_token *t = conf_take_value(p, row->name, value_words[row->type]);

	if (t == NULL)
		return false;
	conf_want_ref(p, res, row->name, row->ref, t->text, t->pos, slot);
	conf_end_value(p, row->name, true);
	return true;
}

static bool
add_entry(struct conf_parser *p, struct conf_res *res, const struct conf_row *row, void *slot,
	  const struct conf_token *t)
{
	struct err err = ERR_INIT;
	uintptr_t base = (uintptr_t)slot - row->at;
	size_t *n = (size_t *)(base + row->at_n);
	void ***refs = (void ***)slot;

	if (row->type == CONF_REFS) {
		/* The place of an entry is fixed only when all are there: finish looks it up. */
		*refs = (void **)conf_grow(p->gen, *refs, *n, sizeof(**refs));
		conf_want_ref(p, res, row->name, row->ref, t->text, t->pos, slot);
		++*n;
		return true;
	}
	if (conf_list_set(p->gen, row, (struct str_list *)slot, t->text, &err) != ERR_OK) {
		bad_value(p, row, &t->pos, t->text, &err);
		return false;
	}
	if (row->type == CONF_ACL_LIST && !conf_acl_entry_has_effect(t->text)) {
		conf_warn(p->diag, CONF_W_SURPRISE, &t->pos,
			  "\"%s\" in %s is no regular expression and matches only itself", t->text,
			  row->name);
		conf_help(p->diag, "any text is \".*\", everything is *all*");
	}
	return true;
}

/* Entries separated by commas; a comma at the end of a line continues on the next one. */
static bool
parse_list(struct conf_parser *p, struct conf_res *res, const struct conf_row *row, void *slot)
{
	bool good = true;

	for (;;) {
		const struct conf_token *t = conf_take_value(p, row->name, value_words[row->type]);

		if (t == NULL)
			return false;
		good = add_entry(p, res, row, slot, t) && good;
		if (conf_tok(p)->kind != TOK_COMMA) {
			conf_end_value(p, row->name, true);
			return good;
		}
		conf_next(p);
	}
}

static bool
parse_listen(struct conf_parser *p, struct conf_res *res, const struct conf_row *row,
	     const struct conf_pos *pos, void *slot)
{
	struct conf_res_state *st = res->state;
	struct conf_row text = *row;

	if (row->type == CONF_LISTEN) {
		st->listen_block = *pos;
		if (!conf_parse_addresses(p, row, res->type->port, (struct conf_addrs *)slot))
			return false;
		conf_end_value(p, row->name, false);
		return true;
	}
	st->listen_single = *pos;
	if (row->type == CONF_LISTEN_ADDR) {
		text.type = CONF_STR127;
		text.max = CONF_HOST_MAX;
		return parse_single(p, &text, &st->listen_address);
	}
	text.type = CONF_UINT32;
	text.min = 1;
	text.max = 65535;
	return parse_single(p, &text, &st->listen_port);
}

/* Words of Bacula and older Bareos without an effect here.  Spec: config.md 10 */
static bool
parse_any(struct conf_parser *p, const struct conf_row *row, const struct conf_pos *pos)
{
	bool yes = false, is_no = units_bool(conf_tok(p)->text, &yes) && !yes;
	bool refuse = (row->flags & CONF_REFUSE) != 0 ||
		      ((row->flags & CONF_REFUSE_YES) != 0 && !is_no);

	conf_skip_directive(p);
	if (refuse) {
		conf_error(p->diag, pos, "%s cannot be honoured: %s", row->name, row->note);
		return false;
	}
	conf_warn(p->diag, CONF_W_FOREIGN, pos, "%s is ignored: %s", row->name,
		  row->note != NULL ? row->note : "Tercet has no use for it");
	return true;
}

static bool
parse_by_type(struct conf_parser *p, struct conf_res *res, const struct conf_row *row,
	      const struct conf_pos *pos, void *slot)
{
	switch (row->type) {
	case CONF_REF:
		return parse_ref(p, res, row, slot);
	case CONF_LIST:
	case CONF_DEVICES:
	case CONF_PATH_LIST:
	case CONF_NAMES:
	case CONF_ACL_LIST:
	case CONF_REFS:
		return parse_list(p, res, row, slot);
	case CONF_LISTEN:
	case CONF_LISTEN_ADDR:
	case CONF_LISTEN_PORT:
		return parse_listen(p, res, row, pos, slot);
	case CONF_MSGDEST:
		if (!conf_parse_msgdest(p, res, row))
			return false;
		conf_end_value(p, row->name, false);
		return true;
	case CONF_CUSTOM:
		return row->custom->parse(p, res, row, slot);
	case CONF_ANY:
		return parse_any(p, row, pos);
	default:
		return is_joined(row->type) ? parse_joined(p, row, slot)
					    : parse_single(p, row, slot);
	}
}

/* Said before the value is read. */
static void
check_repeated(struct conf_parser *p, struct conf_res *res, const struct conf_row *row, size_t i,
	       const struct conf_pos *pos)
{
	if ((res->state->tried[i / 64] >> (i % 64) & 1) == 0 || appends(row) ||
	    row->type == CONF_REF)
		return;
	if (row->type == CONF_NAME) {
		conf_error(p->diag, pos, "a second %s in %s", row->name, p->where);
		conf_mark_bad(res);
	} else {
		conf_warn(p->diag, CONF_W_TWICE, pos,
			  "%s is given twice in %s; the last one counts", row->name, p->where);
	}
	conf_also(p->diag, "the first one is at %s:%u", res->row_pos[i].file, res->row_pos[i].line);
}

void
conf_parse_value(struct conf_parser *p, struct conf_res *res, const struct conf_row *row, size_t i)
{
	const struct conf_token *word = conf_tok_ahead(p, 0);
	size_t start = p->at;
	struct conf_pos pos = word->pos;
	bool block = row->type == CONF_CUSTOM && row->custom->is_block;

	conf_next(p);
	if (!block && !conf_take_equal(p, row->name)) {
		conf_skip_directive(p);
		conf_mark_bad(res);
		return;
	}
	check_repeated(p, res, row, i, &pos);
	res->state->tried[i / 64] |= UINT64_C(1) << (i % 64);
	if (res->row_pos[i].file == NULL || !appends(row))
		res->row_pos[i] = pos;
	if (!parse_by_type(p, res, row, &pos, conf_row_slot(res, i))) {
		conf_skip_from(p, start);
		conf_mark_bad(res);
		return;
	}
	res->set[i / 64] |= UINT64_C(1) << (i % 64);
	if ((row->flags & CONF_DEPRECATED) != 0)
		conf_note(p->diag, &pos, "%s is deprecated%s%s", row->name,
			  row->note != NULL ? ": " : "", row->note != NULL ? row->note : "");
}
