/* --xs: the directives as JSON.  Spec: config.md 8.2 */
#include "lib/conf/gen.h"
#include "lib/conf/manual.h"

static const char *const value_schemas[] = {
#define X(name, ctype, words, schema) schema,
	CONF_VALUES(X)
#undef X
};

static void
put_string(struct buf *out, const char *key, const char *text)
{
	buf_text(out, "%s\"%s\":\"", key[0] == '+' ? "," : "", key + (key[0] == '+'));
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_put(out, "\\", 1);
		if ((unsigned char)*text < 0x20)
			buf_text(out, "\\u%04x", (unsigned)(unsigned char)*text);
		else
			buf_put(out, text, 1);
	}
	buf_put(out, "\"", 1);
}

static void
put_row(struct buf *out, const struct conf_row *row, bool required)
{
	buf_text(out, "\"%s\":{", row->name);
	put_string(out, "datatype", value_schemas[row->type]);
	buf_text(out, ",\"code\":0,\"equals\":%s", row->type == CONF_CUSTOM ? "false" : "true");
	if (required)
		buf_text(out, ",\"required\":true");
	if (row->def != NULL)
		put_string(out, "+default_value", row->def);
	if (row->alias != NULL)
		put_string(out, "+alias", row->alias);
	if ((row->flags & CONF_DEPRECATED) != 0)
		buf_text(out, ",\"deprecated\":true");
	if (row->help != NULL)
		put_string(out, "+description", row->help);
	buf_text(out, "}");
}

static void
put_type(struct buf *out, const struct conf_type *t)
{
	const struct conf_row *row;
	bool some = false;
	size_t base;

	buf_text(out, "\"%s\":{", t->name);
	for (size_t i = 0; (row = conf_type_row(t, i, &base)) != NULL; i++) {
		if ((row->flags & CONF_FOREIGN) != 0 || row->type == CONF_ALIAS)
			continue;
		buf_text(out, "%s", some ? "," : "");
		put_row(out, row, (row->flags & CONF_REQUIRED) != 0 && !t->defaults_only);
		some = true;
	}
	buf_text(out, "}");
}

void
conf_schema_text(const struct conf_program *program, struct buf *out)
{
	bool some = false;

	buf_text(out, "{\"format-version\":2,\"component\":\"%s\",\"version\":\"%s\",",
		 program->component, TERCET_VERSION);
	buf_text(out, "\"resource\":{\"%s\":{", program->component);
	for (size_t i = 0; i < program->n_types; i++) {
		if (program->types[i]->size == 0)
			continue;
		buf_text(out, "%s", some ? "," : "");
		put_type(out, program->types[i]);
		some = true;
	}
	buf_text(out, "}}}\n");
}
