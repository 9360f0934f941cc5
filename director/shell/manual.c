/* The page of the commands, made from the command table.  Spec: product.md 6 */
#include <string.h>

#include "director/shell/command.h"
#include "director/shell/shell.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/roff.h"

static void
put_command(struct buf *out, const struct command *c)
{
	OWNED(freep) char *body = str_printf("%s.", c->help);

	roff_item(out, c->name, c->arguments[0] != '\0' ? c->arguments : NULL, body);
	if (c->run == NULL)
		roff_text(out, "Not available in this version yet.");
	if (c->example != NULL)
		roff_example(out, c->example);
}

static void
put_commands(struct buf *out, bool dot)
{
	for (size_t i = 0; i < n_commands; i++)
		if ((commands[i].name[0] == '.') == dot)
			put_command(out, &commands[i]);
}

void
shell_manual(struct buf *out)
{
	roff_begin(out, "tercet-commands", 7, "commands of the director, as typed in tconsole");
	roff_section(out, "DESCRIPTION");
	roff_text(out,
		  "A command is a word, and behind it keywords, most of them with a value: "
		  "keyword=value. Values with blanks stand in double quotes; a backslash takes "
		  "the next character as it is. Keywords ignore case.\n"
		  "\n"
		  "A command may be abbreviated as long as it means one command only. What is "
		  "missing is asked for; a period as answer leaves the question and the "
		  "command. The word yes answers a confirmation in advance.");
	roff_section(out, "COMMANDS");
	put_commands(out, false);
	roff_section(out, "COMMANDS FOR PROGRAMS");
	roff_text(out, "They begin with a period, ask nothing and answer one name in each line. "
		       "After \".api 2\" all commands answer in JSON.");
	put_commands(out, true);
	roff_section(out, "SEE ALSO");
	roff_text(out, "tconsole(1), tercet-dir(8)");
}
