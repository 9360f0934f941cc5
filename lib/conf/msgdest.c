/*
 * lib/conf/msgdest.c - the destinations of a Messages resource
 *
 * Spec: config.md 1.11
 */
#include "lib/conf/parse_internal.h"

#include "lib/conf/messages.h"

#include "lib/base/own.h"

#include <string.h>
#include <strings.h>
#include <syslog.h>

struct msg_word {
	const char *word;
	unsigned value;
	bool target; /* of a destination: there is one */
};

static const struct msg_word dests[] = {
#define X(name, word, target) { word, name, target },
	CONF_MSG_DESTS(X)
#undef X
};

static const struct msg_word types[] = {
#define X(name, word, number) { word, CONF_MSG_BIT(number), false },
	CONF_MSG_TYPES(X)
#undef X
		{ "all", CONF_MSG_ALL, false },
};

/* clang-format off */
static const struct msg_word facilities[] = {
	{ "kern", LOG_KERN, false }, { "user", LOG_USER, false }, { "mail", LOG_MAIL, false },
	{ "daemon", LOG_DAEMON, false }, { "auth", LOG_AUTH, false }, { "syslog", LOG_SYSLOG, false },
	{ "lpr", LOG_LPR, false }, { "news", LOG_NEWS, false }, { "uucp", LOG_UUCP, false },
	{ "cron", LOG_CRON, false }, { "authpriv", LOG_AUTHPRIV, false }, { "ftp", LOG_FTP, false },
	{ "local0", LOG_LOCAL0, false }, { "local1", LOG_LOCAL1, false },
	{ "local2", LOG_LOCAL2, false }, { "local3", LOG_LOCAL3, false },
	{ "local4", LOG_LOCAL4, false }, { "local5", LOG_LOCAL5, false },
	{ "local6", LOG_LOCAL6, false }, { "local7", LOG_LOCAL7, false },
};
/* clang-format on */

static const struct msg_word *
find_word(const struct msg_word *rows, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(rows[i].word, word) == 0)
			return &rows[i];
	return NULL;
}

const char *
conf_msg_dest_word(enum conf_msg_dest_kind kind)
{
	return dests[kind].word;
}

const char *
conf_facility_word(int facility)
{
	for (size_t i = 0; i < sizeof(facilities) / sizeof(*facilities); i++)
		if (facilities[i].value == (unsigned)facility)
			return facilities[i].word;
	return "daemon";
}

void
conf_msg_types_text(uint32_t set, struct buf *out)
{
	bool most = (unsigned)__builtin_popcount(set) > 17 / 2;
	size_t before = out->len;

	if (most)
		buf_text(out, "all");
	for (size_t i = 0; i + 1 < sizeof(types) / sizeof(*types); i++)
		if (((set & types[i].value) != 0) != most)
			buf_text(out, "%s%s%s", out->len > before ? "," : "", most ? "!" : "",
				 types[i].word);
}

uint32_t
conf_messages_mask(const struct conf_messages *m, enum conf_msg_dest_kind kind, const char *target)
{
	uint32_t mask = 0;

	for (size_t i = 0; m != NULL && i < m->n_dest; i++)
		if (m->dest[i].kind == kind &&
		    (target == NULL ||
		     (m->dest[i].target != NULL && strcmp(m->dest[i].target, target) == 0)))
			mask |= m->dest[i].types;
	return mask;
}

/* The destination of this kind and target, made if there is none. */
static struct conf_msg_dest *
get_dest(struct conf_gen *g, struct conf_messages *m, enum conf_msg_dest_kind kind,
	 const char *target, int facility)
{
	struct conf_msg_dest *d;

	for (size_t i = 0; i < m->n_dest; i++) {
		d = &m->dest[i];
		if (d->kind == kind && d->facility == facility &&
		    (d->target == NULL) == (target == NULL) &&
		    (target == NULL || strcmp(d->target, target) == 0))
			return d;
	}
	m->dest = (struct conf_msg_dest *)conf_grow(g, m->dest, m->n_dest, sizeof(*m->dest));
	d = &m->dest[m->n_dest++];
	*d = (struct conf_msg_dest){ .kind = kind, .facility = facility };
	if (target != NULL)
		d->target = conf_strdup(g, target);
	return d;
}

static bool
is_word(const struct conf_token *t)
{
	return t->kind == TOK_QUOTED || t->kind == TOK_NUMBER || t->kind == TOK_IDENT ||
	       t->kind == TOK_WORD;
}

/* Words up to "=" or the end, separated by commas; joined by one blank. */
static bool
take_targets(struct conf_parser *p, const struct conf_row *row, bool only_one, struct buf *out)
{
	size_t n = 0;

	for (;;) {
		const struct conf_token *t = conf_tok(p);

		if (!is_word(t)) {
			conf_error(p->diag, &t->pos, "%s wants \"target = types\"", row->name);
			return false;
		}
		if (n++ > 0 && only_one) {
			conf_error(p->diag, &t->pos, "%s takes one target", row->name);
			return false;
		}
		buf_text(out, "%s%s", out->len > 0 ? " " : "", t->text);
		conf_next(p);
		if (conf_tok(p)->kind != TOK_COMMA)
			return true;
		conf_next(p);
		conf_skip_lines(p);
	}
}

static bool
take_types(struct conf_parser *p, const struct conf_row *row, uint32_t *set)
{
	for (;;) {
		const struct conf_token *t = conf_tok(p);
		const struct msg_word *w;
		bool negated;

		if (!is_word(t)) {
			conf_error(p->diag, &t->pos,
				   "%s wants message types, such as all, !skipped", row->name);
			return false;
		}
		negated = t->text[0] == '!';
		w = find_word(types, sizeof(types) / sizeof(*types), t->text + negated);
		if (w == NULL) {
			conf_error(p->diag, &t->pos, "unknown message type \"%s\" in %s",
				   t->text + negated, row->name);
			for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
				if (conf_distance(t->text + negated, types[i].word) != SIZE_MAX) {
					conf_help(p->diag, "did you mean \"%s\"?", types[i].word);
					return false;
				}
			conf_help(p->diag, "accepted: all, abort, debug, fatal, error, warning, "
					   "info, saved, notsaved, skipped, mount, terminate, "
					   "restored, security, alert, volmgmt, audit");
			return false;
		}
		*set = negated ? *set & ~w->value : *set | w->value;
		conf_next(p);
		if (conf_tok(p)->kind != TOK_COMMA)
			return true;
		conf_next(p);
		conf_skip_lines(p);
	}
}

bool
conf_parse_msgdest(struct conf_parser *p, struct conf_res *res, const struct conf_row *row)
{
	struct conf_messages *m = (struct conf_messages *)res;
	const struct msg_word *dest = find_word(dests, sizeof(dests) / sizeof(*dests), row->name);
	OWNED(buf_release) struct buf target = BUF_INIT(SIZE_MAX);
	enum conf_msg_dest_kind kind;
	struct conf_msg_dest *d;
	int facility;

	if (dest == NULL)
		return false; /* a row without a kind: no table has one */
	kind = (enum conf_msg_dest_kind)dest->value;
	facility = kind == CONF_DEST_SYSLOG ? LOG_DAEMON : 0;
	if (dest->target) {
		bool one = kind == CONF_DEST_FILE || kind == CONF_DEST_APPEND;

		if (!take_targets(p, row, one, &target))
			return false;
		if (conf_tok(p)->kind != TOK_EQUAL) {
			conf_error(p->diag, &conf_tok_ahead(p, 0)->pos,
				   "%s wants \"target = types\"; the types are missing", row->name);
			return false;
		}
		conf_next(p);
	} else if (kind == CONF_DEST_SYSLOG && conf_tok_ahead(p, 1)->kind == TOK_EQUAL) {
		const struct conf_token *t = conf_tok(p);
		const struct msg_word *w =
			find_word(facilities, sizeof(facilities) / sizeof(*facilities), t->text);

		if (w == NULL)
			conf_warn(p->diag, CONF_W_SURPRISE, &t->pos,
				  "unknown syslog facility \"%s\", daemon is used", t->text);
		else
			facility = (int)w->value;
		conf_next(p);
		conf_next(p);
	}
	d = get_dest(p->gen, m, kind, dest->target ? buf_str(&target) : NULL, facility);
	return take_types(p, row, &d->types);
}
