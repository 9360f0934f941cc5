#include "lib/conf/lex_internal.h"

#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"

#include <ctype.h>
#include <string.h>

#define STRING_MAX (1u * MIB)

static void
step(struct scan *s)
{
	if (*s->p == '\n') {
		s->line++;
		s->col = 1;
	} else if (((unsigned char)s->p[1] & 0xc0) != 0x80) {
		s->col++;
	}
	s->p++;
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* What ends an unquoted word. */
static bool
ends_word(char c)
{
	return c == '\0' || is_blank(c) || strchr("\n;={},\"#", c) != NULL;
}

static struct conf_pos
here(const struct scan *s)
{
	return (struct conf_pos){ s->source->name, s->line, s->col, s->col };
}

static struct conf_token *
push(struct lexer *lx, const struct scan *s, enum conf_token_kind kind)
{
	struct conf_tokens *t = lx->out;

	t->v = (struct conf_token *)mem_grow(t->v, t->n, &t->cap, sizeof(*t->v));
	t->v[t->n] = (struct conf_token){ .kind = kind,
					  .text = "",
					  .pos = here(s),
					  .source = s->source,
					  .begin = (size_t)(s->p - s->source->text) };
	t->v[t->n].end = t->v[t->n].begin;
	return &t->v[t->n++];
}

static void
finish(struct conf_token *t, const struct scan *s, uint32_t col_end)
{
	t->end = (size_t)(s->p - s->source->text);
	if (s->line == t->pos.line && col_end > t->pos.col)
		t->pos.col_end = col_end - 1;
}

/* Whether only blanks, and at most one line end, stand before another quote. */
static bool
next_is_quote(struct scan *s)
{
	struct scan ahead = *s;

	while (is_blank(*ahead.p))
		step(&ahead);
	if (*ahead.p == '\n') {
		step(&ahead);
		while (is_blank(*ahead.p))
			step(&ahead);
	}
	if (*ahead.p != '"')
		return false;
	*s = ahead;
	return true;
}

/* The byte at hand into text, unless that is full. */
static void
take(struct scan *s, struct buf *text)
{
	if (text->len < text->max)
		buf_put(text, s->p, 1);
	step(s);
}

/* One "..." into text; false: the closing quote is missing. */
static bool
scan_quotes(struct scan *s, struct buf *text)
{
	bool one_line = s->line == s->odd_line;

	step(s);
	while (*s->p != '"') {
		if (*s->p == '\0')
			return false;
		if (one_line && *s->p == '\n')
			return true;
		if (*s->p == '\\' && s->p[1] != '\0')
			step(s);
		take(s, text);
	}
	step(s);
	return true;
}

static void
scan_string(struct lexer *lx, struct scan *s)
{
	OWNED(buf_release) struct buf text = BUF_INIT(STRING_MAX);
	struct conf_token *t = push(lx, s, TOK_QUOTED);
	uint32_t first = s->line, end = s->col;

	do {
		if (!scan_quotes(s, &text)) {
			s->unclosed = true;
			s->unclosed_line = first;
			break;
		}
		if (s->line == first)
			end = s->col;
	} while (s->p[-1] == '"' && next_is_quote(s));
	if (text.len == text.max)
		conf_error(lx->diag, &t->pos, "a text is longer than %u bytes", STRING_MAX);
	t->text = conf_strndup(lx->gen, buf_str(&text), text.len);
	finish(t, s, end);
	if (end > t->pos.col)
		t->pos.col_end = end - 1;
}

/* "@": the rest of the word, a quoted text, or for commands the rest of the line. */
static void
scan_include(struct lexer *lx, struct scan *s)
{
	OWNED(buf_release) struct buf spec = BUF_INIT(STRING_MAX);
	struct conf_pos pos = here(s);
	bool quoted = s->p[1] == '"' || (s->p[1] == '|' && s->p[2] == '"');

	step(s);
	if (quoted && *s->p == '|') {
		buf_put(&spec, "|", 1);
		step(s);
	}
	if (quoted) {
		if (!scan_quotes(s, &spec)) {
			s->unclosed = true;
			s->unclosed_line = pos.line;
			return;
		}
	} else if (*s->p == '|') {
		while (*s->p != '\0' && strchr("\n;#", *s->p) == NULL)
			take(s, &spec);
		while (spec.len > 0 && is_blank((char)spec.p[spec.len - 1]))
			spec.len--;
	} else {
		while (!ends_word(*s->p) || *s->p == '=')
			take(s, &spec);
	}
	if (s->line == pos.line && s->col > pos.col)
		pos.col_end = s->col - 1;
	lex_include(lx, s->source, &pos, buf_str(&spec), quoted);
}

/* The rest of a word, to text. */
static void
scan_word_rest(struct scan *s, struct buf *text)
{
	while (!ends_word(*s->p))
		take(s, text);
}

/*
 * Letters, with blanks inside dropped; any other character makes it a word, which ends at the
 * next blank.  Spec: config.md 1.2
 */
static void
scan_identifier(struct lexer *lx, struct scan *s)
{
	OWNED(buf_release) struct buf text = BUF_INIT(STRING_MAX);
	struct conf_token *t = push(lx, s, TOK_IDENT);
	struct scan behind = *s; /* behind the last letter */
	bool blanks = false;

	for (;;) {
		if (is_letter(*s->p)) {
			blanks = blanks || behind.p != s->p;
			take(s, &text);
			behind = *s;
		} else if (is_blank(*s->p)) {
			step(s);
		} else {
			break;
		}
	}
	if (!ends_word(*s->p)) {
		blanks = blanks || behind.p != s->p;
		t->kind = TOK_WORD;
		scan_word_rest(s, &text);
		behind = *s;
	}
	*s = behind;
	t->blanks_dropped = blanks;
	t->text = conf_strndup(lx->gen, buf_str(&text), text.len);
	finish(t, s, s->col);
	if (*s->p != '\0' && strchr("#=\"", *s->p) != NULL)
		t->cut = *s->p;
}

static void
scan_word(struct lexer *lx, struct scan *s)
{
	OWNED(buf_release) struct buf text = BUF_INIT(STRING_MAX);
	struct conf_token *t = push(lx, s, TOK_NUMBER);

	scan_word_rest(s, &text);
	t->text = conf_strndup(lx->gen, buf_str(&text), text.len);
	for (const char *p = t->text; *p != '\0'; p++)
		if (!is_digit(*p))
			t->kind = TOK_WORD;
	finish(t, s, s->col);
	if (*s->p != '\0' && strchr("#=\"", *s->p) != NULL)
		t->cut = *s->p;
}

static void
scan_one(struct lexer *lx, struct scan *s)
{
	static const struct {
		char c;
		enum conf_token_kind kind;
	} single[] = { { '{', TOK_LBRACE }, { '}', TOK_RBRACE }, { '=', TOK_EQUAL },
		       { ',', TOK_COMMA },  { ';', TOK_EOL },    { '\n', TOK_EOL } };

	for (size_t i = 0; i < sizeof(single) / sizeof(*single); i++)
		if (*s->p == single[i].c) {
			struct conf_token *t = push(lx, s, single[i].kind);

			step(s);
			t->end = (size_t)(s->p - s->source->text);
			return;
		}
	if (is_blank(*s->p))
		step(s);
	else if (*s->p == '#')
		while (*s->p != '\0' && *s->p != '\n')
			step(s);
	else if (*s->p == '"')
		scan_string(lx, s);
	else if (*s->p == '@')
		scan_include(lx, s);
	else if (is_letter(*s->p))
		scan_identifier(lx, s);
	else
		scan_word(lx, s);
}

/* The first line whose quotes do not pair up, comments left out; 0: none. */
static uint32_t
find_odd_line(const char *text)
{
	uint32_t line = 1;
	bool odd = false;

	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '\n') {
			if (odd)
				return line;
			line++;
		} else if (*p == '"') {
			odd = !odd;
		} else if (odd && *p == '\\' && p[1] != '\0' && p[1] != '\n') {
			p++;
		} else if (!odd && *p == '#') {
			while (p[1] != '\0' && p[1] != '\n')
				p++;
		}
	}
	return odd ? line : 0;
}

static struct scan
scan_all(struct lexer *lx, const struct conf_source *source, uint32_t odd_line)
{
	struct scan s = {
		.source = source, .p = source->text, .line = 1, .col = 1, .odd_line = odd_line
	};

	if (strncmp(s.p, "\xef\xbb\xbf", 3) == 0)
		s.p += 3;
	while (*s.p != '\0')
		scan_one(lx, &s);
	push(lx, &s, TOK_FILE_END);
	return s;
}

static void
report_unclosed(struct lexer *lx, const struct conf_source *source, uint32_t odd_line)
{
	struct conf_pos pos = { source->name, odd_line, 1, 1 };
	const char *line = source->text, *quote, *end;

	for (uint32_t i = 1; i < odd_line; i++)
		line = strchr(line, '\n') + 1;
	end = strchrnul(line, '\n');
	quote = (const char *)memrchr(line, '"', (size_t)(end - line));
	for (const char *p = line; quote != NULL && p < quote; p++)
		if (((unsigned char)p[1] & 0xc0) != 0x80)
			pos.col++;
	pos.col_end = pos.col;
	conf_error(lx->diag, &pos, "this quote has no partner");
	conf_help(lx->diag, "close the text with \" on this line");
}

/*
 * A text that is never closed swallows the rest of its file.  The file is then read once more,
 * with the strings of the first line that has an odd number of quotes ending at its end, so that
 * what follows is still looked at.
 */
void
lex_source(struct lexer *lx, const struct conf_source *source)
{
	size_t before = lx->out->n;
	struct scan s = scan_all(lx, source, 0);
	uint32_t odd;

	if (!s.unclosed)
		return;
	odd = find_odd_line(source->text);
	if (odd == 0)
		odd = s.unclosed_line;
	report_unclosed(lx, source, odd);
	lx->out->broken = true;
	lx->out->n = before;
	(void)scan_all(lx, source, odd);
}
