#include "lib/base/cli.h"

#include "lib/base/roff.h"

#include "lib/base/units.h"

#include <stdio.h>

static const struct cli_row *
find_letter(const struct cli *c, char letter)
{
	for (size_t i = 0; i < c->n_rows; i++)
		if (c->rows[i].letter != '\0' && c->rows[i].letter == letter)
			return &c->rows[i];
	return NULL;
}

/* By whole name or unambiguous beginning; *ambiguous tells why there is none. */
static const struct cli_row *
find_name(const struct cli *c, const char *name, size_t n, bool *ambiguous)
{
	const struct cli_row *found = NULL;
	size_t hits = 0;

	for (size_t i = 0; i < c->n_rows; i++) {
		const char *row = c->rows[i].name;

		if (row == NULL || strncmp(row, name, n) != 0)
			continue;
		if (row[n] == '\0') {
			*ambiguous = false;
			return &c->rows[i];
		}
		found = &c->rows[i];
		hits++;
	}
	*ambiguous = hits > 1;
	return hits == 1 ? found : NULL;
}

static bool
takes_argument(const struct cli_row *row)
{
	return row->kind == CLI_TEXT || row->kind == CLI_NUMBER;
}

static enum err_code
store(const struct cli_row *row, const char *said, const char *arg, struct err *err)
{
	uint64_t v;
	enum err_code rc;

	switch (row->kind) {
	case CLI_FLAG:
		*(bool *)row->out = true;
		return ERR_OK;
	case CLI_COUNT:
		++*(int *)row->out;
		return ERR_OK;
	case CLI_TEXT:
		*(const char **)row->out = arg;
		return ERR_OK;
	case CLI_NUMBER:
		rc = units_u64(arg, 0, 1000000, &v, err);
		if (rc != ERR_OK)
			return err_ctx(err, "option %s", said);
		*(int *)row->out = (int)v;
		return ERR_OK;
	}
	return err_set(err, ERR_BUG, "option %s has an unknown kind", said);
}

/* One word of joined letters; *at may move on to the argument in the next word. */
static enum err_code
parse_letters(const struct cli *c, int argc, char **argv, int *at, struct err *err)
{
	for (const char *p = argv[*at] + 1; *p != '\0'; p++) {
		const struct cli_row *row = find_letter(c, *p);
		const char said[] = { '-', *p, '\0' };
		const char *arg = NULL;
		enum err_code rc;

		if (row == NULL)
			return err_set(err, ERR_CONFIG,
				       "unknown option -%c; %s --help lists the options", *p,
				       c->program);
		if (takes_argument(row)) {
			if (p[1] != '\0')
				arg = p + 1;
			else if (*at + 1 < argc)
				arg = argv[++*at];
			else
				return err_set(err, ERR_CONFIG, "option -%c wants %s", *p,
					       row->arg);
		}
		rc = store(row, said, arg, err);
		if (rc != ERR_OK)
			return rc;
		if (arg != NULL)
			return ERR_OK;
	}
	return ERR_OK;
}

static enum err_code
parse_name(const struct cli *c, int argc, char **argv, int *at, struct err *err)
{
	const char *name = argv[*at] + 2, *eq = strchr(name, '=');
	size_t n = eq != NULL ? (size_t)(eq - name) : strlen(name);
	bool ambiguous;
	const struct cli_row *row = find_name(c, name, n, &ambiguous);

	if (row == NULL)
		return err_set(err, ERR_CONFIG, "%s option --%.*s; %s --help lists the options",
			       ambiguous ? "ambiguous" : "unknown", (int)n, name, c->program);
	if (!takes_argument(row) && eq != NULL)
		return err_set(err, ERR_CONFIG, "option --%s takes no argument", row->name);
	if (takes_argument(row) && eq == NULL) {
		if (*at + 1 >= argc)
			return err_set(err, ERR_CONFIG, "option --%s wants %s", row->name,
				       row->arg);
		return store(row, name - 2, argv[++*at], err);
	}
	return store(row, name - 2, eq != NULL ? eq + 1 : NULL, err);
}

/* Move argv[from..to) behind argv[to..end), keeping both orders. */
static void
rotate(char **argv, int from, int to, int end)
{
	for (; to < end; from++, to++) {
		char *moved = argv[to];

		memmove(&argv[from + 1], &argv[from], (size_t)(to - from) * sizeof(*argv));
		argv[from] = moved;
	}
}

enum err_code
cli_parse(const struct cli *c, int argc, char **argv, int *operands, struct err *err)
{
	int first = 1; /* operands found so far are argv[first..at) */
	bool ended = false;

	for (int at = 1; at < argc && !ended;) {
		const char *word = argv[at];
		int begin = at;
		enum err_code rc = ERR_OK;

		if (word[0] != '-' || word[1] == '\0') {
			at++;
			continue;
		}
		ended = strcmp(word, "--") == 0;
		if (!ended && word[1] == '-')
			rc = parse_name(c, argc, argv, &at, err);
		else if (!ended)
			rc = parse_letters(c, argc, argv, &at, err);
		if (rc != ERR_OK)
			return rc;
		at++;
		rotate(argv, first, begin, at);
		first += at - begin;
	}
	*operands = first;
	return ERR_OK;
}

void
cli_help(const struct cli *c, struct buf *out)
{
	buf_text(out, "Usage: %s [OPTION...]%s%s\n%s - %s\n\n", c->program,
		 c->operands != NULL ? " " : "", c->operands != NULL ? c->operands : "", c->program,
		 c->summary);
	for (size_t i = 0; i < c->n_rows; i++) {
		const struct cli_row *r = &c->rows[i];
		char left[64];

		snprintf(left, sizeof(left), "%s%c%s%s%s%s%s", r->letter != '\0' ? "-" : " ",
			 r->letter != '\0' ? r->letter : ' ',
			 r->letter != '\0' && r->name != NULL ? ", " : "  ",
			 r->name != NULL ? "--" : "", r->name != NULL ? r->name : "",
			 r->arg != NULL ? " " : "", r->arg != NULL ? r->arg : "");
		buf_text(out, "  %-26s %s\n", left, r->help);
	}
}

void
cli_manual(const struct cli *c, const struct cli_manual *m, struct buf *out)
{
	roff_begin(out, c->program, m->section, c->summary);
	roff_section(out, "SYNOPSIS");
	roff_text(out, c->program);
	buf_text(out, "[\\fIoption\\fR...]%s%s\n", c->operands != NULL ? " " : "",
		 c->operands != NULL ? c->operands : "");
	roff_section(out, "DESCRIPTION");
	roff_text(out, m->description);
	roff_section(out, "OPTIONS");
	for (size_t i = 0; i < c->n_rows; i++) {
		const struct cli_row *r = &c->rows[i];
		char head[64];

		if (r->letter == '\0')
			(void)snprintf(head, sizeof(head), "--%s", r->name);
		else
			(void)snprintf(head, sizeof(head), "-%c%s%s", r->letter,
				       r->name != NULL ? ", --" : "",
				       r->name != NULL ? r->name : "");
		roff_item(out, head, r->arg, r->help);
	}
	roff_section(out, "EXIT STATUS");
	for (const struct cli_exit *e = m->exits; e->meaning != NULL; e++) {
		char code[16];

		(void)snprintf(code, sizeof(code), "%d", e->code);
		roff_item(out, code, NULL, e->meaning);
	}
	roff_section(out, "SEE ALSO");
	roff_text(out, m->see_also);
}
