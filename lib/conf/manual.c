#include "lib/conf/manual.h"

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/roff.h"
#include "lib/conf/gen.h"

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

/* What a value looks like, in words. */
static void
put_value(struct buf *out, const struct conf_row *row)
{
	bool some = false;

	switch (row->type) {
	case CONF_KEYWORD:
		for (const struct conf_word *w = row->words; w->word != NULL; w++) {
			if (w->note != NULL)
				continue;
			buf_text(out, "%s%s", some ? ", " : "", w->word);
			some = true;
		}
		break;
	case CONF_REF:
	case CONF_REFS:
		buf_text(out, "%s %s", row->type == CONF_REF ? "a" : "one or more", row->ref);
		break;
	case CONF_CUSTOM:
		buf_text(out, "%s", row->custom->words);
		break;
	default:
		buf_text(out, "%s", value_words[row->type]);
	}
}

static void
put_row(struct buf *out, const struct conf_row *row, bool required)
{
	OWNED(buf_release) struct buf body = BUF_INIT(65536), value = BUF_INIT(65536);

	put_value(&value, row);
	if (row->help != NULL && row->help[0] != '\0')
		buf_text(&body, "%s.\n", row->help);
	if (row->def != NULL)
		buf_text(&body, "Default: %s.\n", row->def[0] != '\0' ? row->def : "\"\"");
	if (required)
		buf_text(&body, "Required.\n");
	if (row->alias != NULL)
		buf_text(&body, "Also written %s.\n", row->alias);
	if ((row->flags & CONF_DEPRECATED) != 0)
		buf_text(&body, "Deprecated %s.\n", row->note);
	if ((row->flags & CONF_LATER) != 0)
		buf_text(&body, "Accepted, not in force yet.\n");
	OWNED(freep) char *head = str_printf("%s =", row->name);
	roff_item(out, head, buf_str(&value), buf_str(&body));
}

static void
put_type(struct buf *out, const struct conf_type *t)
{
	const struct conf_row *row;
	size_t base;

	roff_part(out, t->name);
	OWNED(freep) char *help = str_printf("%s.", t->help);
	roff_text(out, help);
	for (size_t k = 0; k < 3 && t->aliases[k] != NULL; k++) {
		OWNED(freep) char *also = str_printf("Also written %s.", t->aliases[k]);

		roff_text(out, also);
	}
	for (size_t i = 0; (row = conf_type_row(t, i, &base)) != NULL; i++)
		if (is_ours_to_show(row))
			put_row(out, row, (row->flags & CONF_REQUIRED) != 0 && !t->defaults_only);
}

void
conf_manual_text(const struct conf_program *program, struct buf *out)
{
	OWNED(freep) char *name = str_printf("%s.conf", program->component);
	OWNED(freep) char *summary = str_printf("the configuration of the %s", program->daemon);

	roff_begin(out, name, 5, summary);
	roff_section(out, "DESCRIPTION");
	roff_text(
		out,
		"A file of resources, or a directory with a file for each. A resource is a type, "
		"a block in braces, and a directive in each line of it: name, equals sign, value.\n"
		"Names of directives ignore case and blanks. \"#\" begins a comment, \"@file\" "
		"reads another file, \"@|command\" the output of a command.\n"
		"\n"
		"The option -t of the program checks the file, --xc prints it as it was "
		"understood.");
	roff_section(out, "RESOURCES");
	for (size_t i = 0; i < program->n_types; i++)
		if (program->types[i]->size > 0)
			put_type(out, program->types[i]);
	roff_section(out, "SEE ALSO");
	roff_text(out, "tercet-dir(8), tercet-sd(8), tercet-fd(8), tconsole(1)");
}
