#include "lib/conf/parse_internal.h"

#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define WORD_MAX 127

/* Lower case, without blanks and dashes; returns the length. */
static size_t
simplify(const char *s, char out[WORD_MAX + 1])
{
	size_t n = 0;

	for (; *s != '\0' && n < WORD_MAX; s++)
		if (*s != ' ' && *s != '\t' && *s != '-' && *s != '_')
			out[n++] = (char)tolower((unsigned char)*s);
	out[n] = '\0';
	return n;
}

/* Insert, delete, replace, swap of neighbours. */
static size_t
edit_distance(const char *a, size_t na, const char *b, size_t nb)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t j = 0; j <= nb; j++)
		last[j] = j;
	memset(rows[0], 0, sizeof(rows[0]));
	for (size_t i = 1; i <= na; i++) {
		size_t *spare;

		now[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);

			best = size_min(best, size_min(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = size_min(best, before[j - 2] + 1);
			now[j] = best;
		}
		spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[nb];
}

size_t
conf_distance(const char *a, const char *b)
{
	char x[WORD_MAX + 1], y[WORD_MAX + 1];
	size_t nx = simplify(a, x), ny = simplify(b, y), d, limit = nx / 4 > 1 ? nx / 4 : 1;

	if (nx > ny + limit || ny > nx + limit)
		return SIZE_MAX;
	d = edit_distance(x, nx, y, ny);
	return d <= limit ? d : SIZE_MAX;
}

bool
conf_same_word(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

/* The nearest row of t by name or alias; foreign words only if asked for. */
static const char *
nearest_row(const struct conf_type *t, const char *word, bool foreign, size_t *distance)
{
	const struct conf_row *row;
	const char *best = NULL;
	size_t base;

	for (size_t i = 0; (row = conf_type_row(t, i, &base)) != NULL; i++) {
		size_t d = conf_distance(word, row->name);

		if (foreign != ((row->flags & CONF_FOREIGN) != 0))
			continue;
		if (row->alias != NULL)
			d = size_min(d, conf_distance(word, row->alias));
		if (d < *distance) {
			*distance = d;
			best = row->name;
		}
	}
	return best;
}

static bool
suggest_other_type(struct conf_parser *p, const struct conf_type *t, const char *word)
{
	const struct conf_program *prog = conf_gen_program(p->gen);

	for (size_t k = 0; k < prog->n_types; k++) {
		size_t distance = 1; /* the same word only */
		const char *name;

		if (prog->types[k] == t || prog->types[k]->size == 0)
			continue;
		name = nearest_row(prog->types[k], word, false, &distance);
		if (name != NULL) {
			conf_help(p->diag, "\"%s\" belongs to %s, not to %s", name,
				  prog->types[k]->name, t->name);
			return true;
		}
	}
	return false;
}

void
conf_suggest_directive(struct conf_parser *p, const struct conf_type *t, const char *word)
{
	size_t distance = SIZE_MAX;
	const char *name = nearest_row(t, word, false, &distance);

	if (name != NULL && distance > 0 && suggest_other_type(p, t, word))
		return;
	if (name == NULL && suggest_other_type(p, t, word))
		return;
	if (name == NULL)
		name = nearest_row(t, word, true, &distance);
	if (name != NULL)
		conf_help(p->diag, "did you mean \"%s\"?", name);
}

void
conf_suggest_type(struct conf_parser *p, const char *word)
{
	const struct conf_program *prog = conf_gen_program(p->gen);
	size_t distance = SIZE_MAX;
	const char *name = NULL;

	for (size_t i = 0; prog->foreign_types != NULL && prog->foreign_types[i] != NULL; i += 2)
		if (conf_same_word(prog->foreign_types[i], word)) {
			conf_help(p->diag, "\"%s\" is a %s resource", prog->foreign_types[i],
				  prog->foreign_types[i + 1]);
			return;
		}
	for (size_t k = 0; k < prog->n_types; k++) {
		size_t d = conf_distance(word, prog->types[k]->name);

		if (d < distance) {
			distance = d;
			name = prog->types[k]->name;
		}
	}
	if (name != NULL)
		conf_help(p->diag, "did you mean \"%s\"?", name);
}

void
conf_suggest_resource(struct conf_parser *p, const char *type, const char *name)
{
	OWNED(buf_release) struct buf all = BUF_INIT(4096);
	const struct conf_res *best = NULL;
	size_t distance = SIZE_MAX, n = 0;

	for (size_t i = 0; i < conf_gen_count(p->gen); i++) {
		const struct conf_res *r = conf_gen_at(p->gen, i);
		size_t d;

		if (strcmp(r->type->name, type) != 0 || conf_res_name(r)[0] == '\0')
			continue;
		if (strcasecmp(conf_res_name(r), name) == 0) {
			conf_help(p->diag, "upper and lower case differ: %s \"%s\" (%s:%u)", type,
				  conf_res_name(r), r->pos.file, r->pos.line);
			return;
		}
		if (++n <= 10)
			buf_text(&all, "%s\"%s\"", all.len > 0 ? ", " : "", conf_res_name(r));
		d = conf_distance(name, conf_res_name(r));
		if (d < distance) {
			distance = d;
			best = r;
		}
	}
	if (best != NULL)
		conf_help(p->diag, "did you mean \"%s\" (%s:%u)?", conf_res_name(best),
			  best->pos.file, best->pos.line);
	else if (n == 0)
		conf_also(p->diag, "there is no %s at all", type);
	else if (n <= 10)
		conf_also(p->diag, "defined: %s", buf_str(&all));
}
