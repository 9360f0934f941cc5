#include "lib/conf/diag.h"

#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/conf/parse.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Behind these they are only counted. */
static const size_t kept[] = { [CONF_NOTE] = 1000, [CONF_WARNING] = 1000, [CONF_ERROR] = 50 };

#define REMARKS_MAX  (64u * KIB)
#define SOURCE_SHOWN 500 /* bytes of a line */

struct source {
	const char *name, *text, *from;
};

struct problem {
	enum conf_severity severity;
	enum conf_warning id;
	char *file; /* owned; NULL: no place */
	uint32_t line, col, col_end;
	char *text;         /* owned */
	char *source;       /* owned copy of the line, secrets masked; NULL */
	struct buf remarks; /* "help: ..." lines */
	char *from;         /* owned */
	size_t order;
};

struct conf_diag {
	bool strict;
	struct source *sources;
	size_t n_sources, cap_sources;
	struct problem *v;
	size_t n, cap;
	size_t counts[CONF_ERROR + 1];
	bool dropped; /* the problem recorded last was beyond the limit */
};

struct conf_diag *
conf_diag_new(bool strict)
{
	struct conf_diag *d = NEW(struct conf_diag);

	d->strict = strict;
	return d;
}

void
conf_diag_free(struct conf_diag *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->n; i++) {
		free(d->v[i].file);
		free(d->v[i].text);
		free(d->v[i].source);
		free(d->v[i].from);
		buf_release(&d->v[i].remarks);
	}
	free(d->v);
	free(d->sources);
	free(d);
}

void
conf_diag_freep(struct conf_diag **d)
{
	conf_diag_free(*d);
}

size_t
conf_diag_errors(const struct conf_diag *d)
{
	return d->counts[CONF_ERROR];
}

size_t
conf_diag_warnings(const struct conf_diag *d)
{
	return d->counts[CONF_WARNING];
}

size_t
conf_diag_notes(const struct conf_diag *d)
{
	return d->counts[CONF_NOTE];
}

void
conf_diag_source(struct conf_diag *d, const char *name, const char *text, const char *from)
{
	d->sources = (struct source *)mem_grow(d->sources, d->n_sources, &d->cap_sources,
					       sizeof(*d->sources));
	d->sources[d->n_sources++] = (struct source){ name, text, from };
}

void
conf_diag_sources_end(struct conf_diag *d)
{
	d->n_sources = 0;
}

#define WORD_MAX        40 /* longer than any directive that holds a secret */
#define WORD_CHARACTERS " \t-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

bool
conf_names_secret(const char *directive)
{
	static const char *const words[] = { "password", "encryptionkey", "secret", "pass" };
	char word[WORD_MAX + 1];
	size_t n = 0;

	for (; *directive != '\0' && n < WORD_MAX; directive++)
		if (isalpha((unsigned char)*directive))
			word[n++] = (char)tolower((unsigned char)*directive);
	word[n] = '\0';
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(word, words[i]) != NULL)
			return true;
	return n > 0 && conf_distance(word, "password") != SIZE_MAX;
}

/* Stars over what stands up to the end of the directive; returns where that is. */
static char *
mask_value(char *p)
{
	bool quoted = false;

	for (; *p != '\0'; p++) {
		if (quoted && *p == '\\' && p[1] != '\0') {
			*p++ = '*';
			*p = '*';
		} else if (*p == '"') {
			quoted = !quoted;
		} else if (!quoted && (*p == ';' || *p == '}')) {
			break;
		} else if (strchr(" \t=:{", *p) == NULL) {
			*p = '*';
		}
	}
	return p;
}

/* Over a directive that begins at p, its value hidden if it is a secret. */
static char *
mask_directive(char *p)
{
	char word[WORD_MAX + 1];
	bool quoted = false;
	size_t n;

	p += strspn(p, " \t");
	n = strspn(p, WORD_CHARACTERS);
	(void)snprintf(word, sizeof(word), "%.*s", (int)(n < WORD_MAX ? n : WORD_MAX), p);
	if (conf_names_secret(word)) {
		/* Without a "=" the value may look like a part of the word. */
		if (p[n] != '=' && p[n] != ':')
			n = strcspn(p, " \t\"");
		return mask_value(p + n);
	}
	for (p += n; *p != '\0' && (quoted || strchr(";{}", *p) == NULL); p++)
		if (*p == '"')
			quoted = !quoted;
	return p;
}

/* Values of secret directives never reach a message, however the line is broken.  Spec:
 * config.md 11 */
static void
mask_secrets(char *line)
{
	for (char *p = line; *p != '\0'; p += *p != '\0')
		p = mask_directive(p);
}

/* What goes on in the next line: a quoted text, or a secret directive without its value yet. */
struct unfinished {
	bool quote, secret; /* secret: the text is one */
	bool directive;
};

static bool
is_secret_directive(const char *p)
{
	char word[WORD_MAX + 1];

	p += strspn(p, " \t");
	(void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(p, "=:\"\n"), p);
	return conf_names_secret(word);
}

static bool
has_no_value(const char *p)
{
	p += strspn(p, WORD_CHARACTERS);
	p += *p == '=';
	p += strspn(p, " \t\r");
	return *p == '\0' || *p == '\n' || *p == '#';
}

static void
scan_line(const char *p, const char *end, struct unfinished *u)
{
	const char *directive = p, *opened = NULL; /* the directive of the last quoted text */
	bool secret = u->directive, opened_secret = false;

	for (; p < end && (u->quote || *p != '#'); p++) {
		if (u->quote && *p == '\\' && p + 1 < end) {
			p++;
		} else if (*p == '"') {
			u->quote = !u->quote;
			opened = directive;
			opened_secret = secret;
		} else if (!u->quote && strchr(";{}", *p) != NULL) {
			directive = p + 1;
			secret = false;
		}
	}
	if (u->quote && opened != NULL)
		u->secret = opened_secret || is_secret_directive(opened);
	u->directive = has_no_value(directive) && (secret || is_secret_directive(directive));
}

/* The second line of a secret and those behind it: nothing is shown. */
static void
mask_all(char *line)
{
	for (; *line != '\0'; line++)
		if (!isspace((unsigned char)*line))
			*line = '*';
}

static char *
copy_line(const char *text, uint32_t line)
{
	const char *end;
	struct unfinished before = { .quote = false };
	char *copy;

	for (uint32_t at = 1; at < line; at++) {
		end = strchr(text, '\n');
		if (end == NULL)
			return NULL;
		scan_line(text, end, &before);
		text = end + 1;
	}
	end = strchr(text, '\n');
	copy = end != NULL ? str_ndup(text, (size_t)(end - text)) : str_dup(text);
	if (copy[0] != '\0' && copy[strlen(copy) - 1] == '\r')
		copy[strlen(copy) - 1] = '\0';
	if (before.quote && before.secret)
		mask_all(copy);
	else
		mask_secrets(before.directive ? mask_value(copy) : copy);
	return copy;
}

/* A byte inside a character. */
static bool
is_inside(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The beginning of a long line, whole characters. */
static char *
shorten(char *line)
{
	size_t n = SOURCE_SHOWN;

	if (strlen(line) <= n)
		return line;
	while (n > 0 && is_inside(line[n]))
		n--;
	OWNED(freep) char *whole = line;
	return str_ndup(whole, n);
}

static void
set_place(struct conf_diag *d, struct problem *p, const struct conf_pos *pos)
{
	if (pos == NULL || pos->file == NULL)
		return;
	p->file = str_dup(pos->file);
	p->line = pos->line;
	p->col = pos->col;
	p->col_end = pos->col_end;
	for (size_t i = 0; i < d->n_sources; i++) {
		const struct source *s = &d->sources[i];

		if (s->name != pos->file)
			continue;
		p->source = copy_line(s->text, pos->line);
		if (p->source != NULL)
			p->source = shorten(p->source);
		if (s->from != NULL)
			p->from = str_dup(s->from);
		return;
	}
}

static void add_problem(struct conf_diag *d, enum conf_severity severity, enum conf_warning id,
			const struct conf_pos *pos, const char *fmt, va_list ap) PRINTF(5, 0);

static void
add_problem(struct conf_diag *d, enum conf_severity severity, enum conf_warning id,
	    const struct conf_pos *pos, const char *fmt, va_list ap)
{
	struct buf text = BUF_INIT(64 * KIB);
	char line[4096];
	struct problem *p;

	d->counts[severity]++;
	d->dropped = d->counts[severity] > kept[severity];
	if (d->dropped)
		return;
	d->v = (struct problem *)mem_grow(d->v, d->n, &d->cap, sizeof(*d->v));
	p = &d->v[d->n];
	*p = (struct problem){ .severity = severity, .id = id, .order = d->n++ };
	p->remarks.max = REMARKS_MAX;
	vsnprintf(line, sizeof(line), fmt, ap);
	buf_text(&text, "%s", line);
	p->text = buf_take_str(&text);
	set_place(d, p, pos);
}

void
conf_error(struct conf_diag *d, const struct conf_pos *pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_problem(d, CONF_ERROR, CONF_W_NONE, pos, fmt, ap);
	va_end(ap);
}

void
conf_warn(struct conf_diag *d, enum conf_warning id, const struct conf_pos *pos, const char *fmt,
	  ...)
{
	static const bool fatal_when_strict[] = {
#define X(name, word, strict) strict,
		CONF_WARNINGS(X)
#undef X
	};
	va_list ap;

	va_start(ap, fmt);
	add_problem(d, d->strict && fatal_when_strict[id] ? CONF_ERROR : CONF_WARNING, id, pos, fmt,
		    ap);
	va_end(ap);
}

void
conf_note(struct conf_diag *d, const struct conf_pos *pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_problem(d, CONF_NOTE, CONF_W_NONE, pos, fmt, ap);
	va_end(ap);
}

static void add_remark(struct conf_diag *d, const char *kind, const char *fmt, va_list ap)
	PRINTF(3, 0);

static void
add_remark(struct conf_diag *d, const char *kind, const char *fmt, va_list ap)
{
	struct err full =
		ERR_INIT; /* of a long chain of includes or JobDefs the rest is left out */
	char line[2048];

	if (d->dropped || d->n == 0)
		return;
	vsnprintf(line, sizeof(line), fmt, ap);
	(void)!buf_printf(&d->v[d->n - 1].remarks, &full, "      = %s: %s\n", kind, line);
}

void
conf_help(struct conf_diag *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_remark(d, "help", fmt, ap);
	va_end(ap);
}

void
conf_also(struct conf_diag *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_remark(d, "note", fmt, ap);
	va_end(ap);
}

static int
by_place(const void *a, const void *b)
{
	const struct problem *x = *(const struct problem *const *)a;
	const struct problem *y = *(const struct problem *const *)b;
	int c;

	if ((x->file == NULL) != (y->file == NULL))
		return x->file == NULL ? 1 : -1;
	c = x->file != NULL ? strcmp(x->file, y->file) : 0;
	if (c != 0)
		return c;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->col != y->col)
		return x->col < y->col ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* "    4 |   text" and, where that is shown, the caret below; tabs are copied so that columns
 * agree. */
static void
put_source(const struct problem *p, struct buf *out)
{
	uint32_t col = 1, shown = 0, last = p->col_end > p->col ? p->col_end : p->col;

	buf_text(out, "%5u | %s\n", p->line, p->source);
	for (const char *s = p->source; *s != '\0'; s++)
		shown += !is_inside(*s);
	if (p->col > shown + 1)
		return;
	buf_text(out, "      | ");
	for (const char *s = p->source; *s != '\0' && col < p->col; s++) {
		if (is_inside(*s))
			continue;
		buf_put(out, *s == '\t' ? "\t" : " ", 1);
		col++;
	}
	buf_put(out, "^", 1);
	for (col = p->col + 1; col <= last && col - p->col < 80; col++)
		buf_put(out, "~", 1);
	buf_put(out, "\n", 1);
}

static const char *const words[] = { "note", "warning", "error" };

static void
put_problem(const struct problem *p, struct buf *out)
{
	static const char *const ids[] = {
#define X(name, id, strict) id,
		CONF_WARNINGS(X)
#undef X
	};

	if (p->file != NULL)
		buf_text(out, "%s:%u:%u: ", p->file, p->line, p->col);
	buf_text(out, "%s: %s", words[p->severity], p->text);
	if (p->id != CONF_W_NONE)
		buf_text(out, " [%s]", ids[p->id]);
	buf_put(out, "\n", 1);
	if (p->source != NULL)
		put_source(p, out);
	buf_put(out, p->remarks.p, p->remarks.len);
	if (p->from != NULL)
		buf_text(out, "      = note: %s\n", p->from);
}

static void
put_count(struct conf_diag *d, enum conf_severity severity, struct buf *out, bool *some)
{
	size_t n = d->counts[severity];

	if (n == 0)
		return;
	buf_text(out, "%s%zu %s%s", *some ? ", " : "", n, words[severity], n == 1 ? "" : "s");
	if (n > kept[severity])
		buf_text(out, " (the first %zu are shown)", kept[severity]);
	*some = true;
}

#define COUNTS_MAX 512

static void
put_if_room(const struct problem *p, struct buf *out)
{
	OWNED(buf_release) struct buf one = BUF_INIT(REMARKS_MAX + 128 * KIB);

	put_problem(p, &one);
	if (out->len + one.len + COUNTS_MAX <= out->max)
		buf_put(out, one.p, one.len);
}

void
conf_diag_text(struct conf_diag *d, bool verbose, struct buf *out)
{
	OWNED(freep)
	const struct problem **sorted = (const struct problem **)mem_zalloc(d->n + 1,
									    sizeof(*sorted));
	bool some = false;

	for (size_t i = 0; i < d->n; i++)
		sorted[i] = &d->v[i];
	qsort(sorted, d->n, sizeof(*sorted), by_place);
	for (size_t i = 0; i < d->n; i++)
		if (verbose || sorted[i]->severity != CONF_NOTE)
			put_if_room(sorted[i], out);
	put_count(d, CONF_ERROR, out, &some);
	put_count(d, CONF_WARNING, out, &some);
	if (verbose)
		put_count(d, CONF_NOTE, out, &some);
	if (some)
		buf_put(out, "\n", 1);
}
