#include "lib/conf/reference.h"

#include "lib/conf/gen.h"

#include <string.h>

static const char *const value_words[] = {
#define X(name, ctype, words, schema) words,
	CONF_VALUES(X)
#undef X
};

static bool
is_ours_to_show(const struct conf_row *row)
{
	return (row->flags & CONF_FOREIGN) == 0 && row->type != CONF_ALIAS;
}

/* A cell: "|" is escaped. */
static void
put_cell(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '|')
			buf_put(out, "\\", 1);
		buf_put(out, text, 1);
	}
}

static void
put_value(struct buf *out, const struct conf_row *row)
{
	if (row->type == CONF_KEYWORD) {
		bool some = false;

		for (const struct conf_word *w = row->words; w->word != NULL; w++) {
			if (w->note != NULL)
				continue;
			buf_text(out, "%s%s", some ? ", " : "", w->word);
			some = true;
		}
	} else if (row->type == CONF_REF || row->type == CONF_REFS) {
		buf_text(out, "%s %s", row->type == CONF_REF ? "a" : "one or more", row->ref);
	} else {
		put_cell(out,
			 row->type == CONF_CUSTOM ? row->custom->words : value_words[row->type]);
	}
}

static void
put_row(struct buf *out, const struct conf_row *row, bool required)
{
	buf_text(out, "| `%s`", row->name);
	if (row->alias != NULL)
		buf_text(out, " (`%s`)", row->alias);
	buf_put(out, " | ", 3);
	put_value(out, row);
	buf_put(out, " | ", 3);
	if (row->def != NULL)
		put_cell(out, row->def[0] != '\0' ? row->def : "\"\"");
	else if (required)
		buf_text(out, "**required**");
	buf_put(out, " | ", 3);
	put_cell(out, row->help != NULL ? row->help : "");
	if ((row->flags & CONF_DEPRECATED) != 0)
		buf_text(out, " (deprecated %s)", row->note);
	if ((row->flags & CONF_LATER) != 0)
		buf_text(out, " *Not in force yet.*");
	buf_put(out, " |\n", 3);
}

static void
put_type(struct buf *out, const struct conf_type *t)
{
	const struct conf_row *row;
	size_t base;

	buf_text(out, "\n## %s\n\n%s.\n\n", t->name, t->help);
	for (size_t k = 0; k < 3 && t->aliases[k] != NULL; k++)
		buf_text(out, "Also written `%s`.\n\n", t->aliases[k]);
	buf_text(out, "| Directive | Value | Default | Meaning |\n|---|---|---|---|\n");
	for (size_t i = 0; (row = conf_type_row(t, i, &base)) != NULL; i++)
		if (is_ours_to_show(row))
			put_row(out, row, (row->flags & CONF_REQUIRED) != 0 && !t->defaults_only);
}

static void
put_later(struct buf *out, const struct conf_type *t)
{
	const struct conf_row *row;
	bool some = false;
	size_t base;

	for (size_t i = 0; (row = conf_type_row(t, i, &base)) != NULL; i++) {
		if ((row->flags & CONF_LATER) == 0)
			continue;
		if (!some)
			buf_text(out, "- **%s**: ", t->name);
		buf_text(out, "%s`%s`", some ? ", " : "", row->name);
		some = true;
	}
	if (some)
		buf_put(out, "\n", 1);
}

void
conf_reference_text(const struct conf_program *program, struct buf *out)
{
	buf_text(out,
		 "# Directives of the %s\n\nGenerated from the tables of the program; do not "
		 "edit.\n\n"
		 "## Accepted, not in force yet\n\n",
		 program->daemon);
	for (size_t i = 0; i < program->n_types; i++)
		if (program->types[i]->size > 0 && !program->types[i]->defaults_only)
			put_later(out, program->types[i]);
	for (size_t i = 0; i < program->n_types; i++)
		if (program->types[i]->size > 0)
			put_type(out, program->types[i]);
}
