/* help, .help.  Spec: console.md 6.8, 11 */
#include <string.h>
#include <strings.h>

#include "director/shell/command.h"

static bool
is_permitted(const struct shell *sh, const struct command *c)
{
	return (c->flags & CMD_ALWAYS) != 0 || acl_allows(sh, ACL_COMMAND, c->name);
}

static void
json_entry(struct shell *sh, const struct command *c)
{
	struct out *o = sh->out;

	out_open_object(o, c->name);
	out_string(o, "command", c->name);
	out_string(o, "description", c->help);
	out_string(o, "arguments", c->arguments);
	out_bool(o, "permission", is_permitted(sh, c));
	if (c->example != NULL)
		out_string(o, "example", c->example);
	out_close(o);
}

static const struct command *
named(const char *word)
{
	char candidates[512];

	return command_find(word, candidates, sizeof(candidates));
}

static void
say_unknown(struct out *o, const char *word)
{
	char candidates[512];

	(void)command_find(word, candidates, sizeof(candidates));
	if (candidates[0] != '\0')
		out_text(o, "\n%s may mean %s.\n\n", word, candidates);
	else
		out_text(o, "\nCan't find %s command.\n\n", word);
}

/* A tab, then the words of text, broken before column 80. */
static void
print_wrapped(struct out *o, const char *text)
{
	const size_t width = 80 - 8;
	size_t column = 0;

	out_text(o, "\t");
	for (const char *p = text; *p != '\0';) {
		size_t n = strcspn(p, " ");

		if (column > 0 && column + 1 + n > width) {
			out_text(o, "\n\t");
			column = 0;
		}
		out_text(o, "%s%.*s", column > 0 ? " " : "", (int)n, p);
		column += n + (column > 0 ? 1 : 0);
		p += n;
		p += strspn(p, " ");
	}
	out_text(o, "\n");
}

enum err_code
cmd_help(struct shell *sh, UNUSED struct err *err)
{
	const struct command *one = sh->args.n > 1 ? named(sh->args.v[1].key) : NULL;
	struct out *o = sh->out;

	out_text(o, "  Command            Description\n  =======            ===========\n");
	if (sh->args.n > 1 && one == NULL) {
		say_unknown(o, sh->args.v[1].key);
		return ERR_OK;
	}
	for (size_t i = 0; i < n_commands; i++) {
		const struct command *c = &commands[i];

		if (one != NULL && c != one)
			continue;
		json_entry(sh, c);
		if (one == NULL && (c->name[0] == '.' || c->run == NULL || !is_permitted(sh, c)))
			continue;
		out_text(o, "  %-18s %s\n", c->name, c->help);
	}
	if (one != NULL) {
		out_text(o, "\nArguments:\n");
		print_wrapped(o, one->arguments);
		if (one->example != NULL)
			out_text(o, "\nExample:\n\t%s\n", one->example);
		if (one->run == NULL)
			out_text(o, "\nThis version does not have it yet.\n");
		out_text(o, "\n");
		return ERR_OK;
	}
	out_text(o, "\nWhen at a prompt, entering a period cancels the command.\n"
		    "\"help <command>\" shows its arguments.\n\n");
	return ERR_OK;
}

enum err_code
cmd_dot_help(struct shell *sh, UNUSED struct err *err)
{
	const char *item = args_value(&sh->args, "item");
	bool all = args_has(&sh->args, "all");

	if (item != NULL) {
		const struct command *c = named(item);

		if (c == NULL || !is_permitted(sh, c))
			return ERR_OK;
		out_text(sh->out, "%s\n", c->arguments);
		json_entry(sh, c);
		return ERR_OK;
	}
	for (size_t i = 0; i < n_commands; i++) {
		const struct command *c = &commands[i];

		json_entry(sh, c);
		if (is_permitted(sh, c) && (all || c->name[0] != '.'))
			out_text(sh->out, "%s %s -- %s\n", c->name, c->arguments, c->help);
	}
	return ERR_OK;
}
