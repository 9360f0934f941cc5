/* Where restored files go: strip, add, or a regular expression.  Spec: console.md 7.1 */
#include "director/shell/run_internal.h"

#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/files/rename.h"

/* Items of the relocation menu behind the four values. */
enum { RELOCATION_TEST = 4, RELOCATION_USE };

/* The expression of what was entered; owned, NULL: nothing was. */
static char *
relocation_of(char *const parts[static 4])
{
	if (parts[3] != NULL && parts[3][0] != '\0')
		return str_dup(parts[3]);
	return dir_relocation(parts[0], parts[1], parts[2]);
}

/* Show what becomes of names, until a period. */
static enum err_code
test_relocation(struct shell *sh, char *const parts[static 4], struct err *err)
{
	OWNED(freep) char *regex = relocation_of(parts);
	OWNED(rename_rules_freep) struct rename_rules *rules = NULL;
	struct err e = ERR_INIT;

	out_text(sh->out, "regexwhere=%s\n", run_or_none(regex));
	if (regex != NULL && rename_rules_new(regex, &rules, &e) != ERR_OK) {
		out_info(sh->out, "%s\n", e.text);
		return ERR_OK;
	}
	out_text(sh->out, "Enter a period (.) to stop this test\n");
	for (;;) {
		OWNED(freep) char *name = NULL;
		OWNED(buf_release) struct buf to = BUF_INIT(1u << 20);

		if (ask_line(sh, "Please enter filename to test: ", false, &name, err) != ERR_OK)
			return err->code;
		if (strcmp(name, ".") == 0)
			return ERR_OK;
		if (rules != NULL && rename_apply(rules, bytes_str(name), &to, &e) != ERR_OK)
			out_info(sh->out, "%s\n", e.text);
		else
			out_text(sh->out, "%s -> %s\n", name, rules != NULL ? buf_str(&to) : name);
	}
}

enum err_code
run_modify_relocation(struct shell *sh, struct job_request *req, UNUSED const struct job_plan *p,
		      struct err *err)
{
	static const char *const items[] = { "Strip prefix",
					     "Add prefix",
					     "Add file suffix",
					     "Enter a regexp",
					     "Test filename manipulation",
					     "Use this ?" };
	static const char *const questions[] = {
		"Please enter the path prefix to strip: ",
		"Please enter the path prefix to add (/ for none): ",
		"Please enter the file suffix to add: ",
		"Please enter a valid regexp (!from!to!): ",
	};
	char *parts[4] = { NULL, NULL, NULL, NULL };
	enum err_code rc = ERR_OK;
	size_t at = 0;

	while (rc == ERR_OK && at != RELOCATION_USE) {
		struct ask_list ask = { .kind = "File Relocation",
					.header = "This will replace your current Where value",
					.question = "Select parameter to modify",
					.items = items,
					.n = RELOCATION_USE + 1 };
		out_text(sh->out, "strip_prefix=%s add_prefix=%s add_suffix=%s\n",
			 run_or_none(parts[0]), run_or_none(parts[1]), run_or_none(parts[2]));
		rc = ask_select(sh, &ask, &at, err);
		if (rc != ERR_OK || at == RELOCATION_USE)
			break;
		if (at == RELOCATION_TEST) {
			rc = test_relocation(sh, parts, err);
			continue;
		}
		free(parts[at]);
		parts[at] = NULL;
		rc = ask_text(sh, &parts[at], err, "%s", questions[at]);
	}
	if (rc == ERR_OK) {
		OWNED(freep) char *regex = relocation_of(parts);
		if (regex != NULL)
			rc = run_take_word(sh, "regexwhere", regex, req, err);
		if (regex != NULL && rc == ERR_OK)
			run_set_text(req, offsetof(struct job_request, where), NULL);
	}
	for (size_t i = 0; i < 4; i++)
		free(parts[i]);
	return rc;
}
