/* show: resources as configuration text.  Spec: console.md 6.5, config.md 8.3 */
#include <string.h>
#include <strings.h>

#include "director/shell/command.h"
#include "lib/base/own.h"
#include "lib/conf/show.h"

#define SHOW_MAX (64u << 20)

/* The order in which abbreviations are tried, and of "show all". */
static const enum res_kind shown[] = {
	RES_DIRECTOR, RES_CLIENT, RES_JOB,      RES_JOBDEFS, RES_STORAGE, RES_CATALOG, RES_SCHEDULE,
	RES_FILESET,  RES_POOL,   RES_MESSAGES, RES_COUNTER, RES_PROFILE, RES_CONSOLE, RES_USER,
};
#define N_SHOWN (sizeof(shown) / sizeof(shown[0]))

/* Passwords stay hidden from everybody: their hashes are as good as the passwords themselves. */
static unsigned
show_flags(struct shell *sh)
{
	return args_has(&sh->args, "verbose") ? CONF_SHOW_VERBOSE : 0;
}

static void
show_one(struct shell *sh, const struct named *r)
{
	OWNED(buf_release) struct buf text = BUF_INIT(SHOW_MAX);

	if (out_mode(sh->out) == API_JSON) {
		conf_show_json(&r->res, show_flags(sh), &text);
		out_json_text(sh->out, r->name, buf_str(&text));
		return;
	}
	conf_show_text(&r->res, show_flags(sh), &text);
	out_put(sh->out, text.p, text.len);
}

static void
show_kind(struct shell *sh, enum res_kind kind)
{
	OWNED(freep) struct named **list = NULL;
	size_t n = res_list(sh, kind, &list);

	out_open_object(sh->out, res_facts(kind)->plural);
	for (size_t i = 0; i < n; i++)
		show_one(sh, list[i]);
	out_close(sh->out);
}

/* By abbreviation of the plural: "job" finds jobs. */
static enum res_kind
kind_of(const char *word)
{
	for (size_t i = 0; i < N_SHOWN; i++)
		if (args_is_prefix(word, res_facts(shown[i])->plural))
			return shown[i];
	return RES_N_KINDS;
}

/* ---- show disabled ---- */

static const struct {
	const char *word;
	enum res_kind kind;
	enum director_switch how;
} switchable[] = {
	{ "jobs", RES_JOB, SWITCH_JOB },
	{ "clients", RES_CLIENT, SWITCH_CLIENT },
	{ "schedules", RES_SCHEDULE, SWITCH_SCHEDULE },
};

static enum err_code
show_disabled(struct shell *sh)
{
	const char *only = sh->args.n > 2 ? sh->args.v[2].key : NULL;

	out_open_object(sh->out, "disabled");
	for (size_t i = 0; i < sizeof(switchable) / sizeof(switchable[0]); i++) {
		OWNED(freep) struct named **list = NULL;
		bool any = false;

		if (only != NULL && !args_is_prefix(only, switchable[i].word))
			continue;
		size_t n = res_list(sh, switchable[i].kind, &list);
		out_open_array(sh->out, switchable[i].word);
		for (size_t k = 0; k < n; k++) {
			if (director_is_enabled(sh->d, switchable[i].how, list[k]->name))
				continue;
			if (!any)
				out_text(sh->out, "Disabled %s:\n", switchable[i].word);
			any = true;
			out_text(sh->out, "   %s\n", list[k]->name);
			out_string(sh->out, NULL, list[k]->name);
		}
		if (!any)
			out_text(sh->out, "No disabled %s.\n", switchable[i].word);
		out_close(sh->out);
	}
	out_close(sh->out);
	return ERR_OK;
}

static enum err_code
show_help(struct shell *sh)
{
	out_text(sh->out, "Keywords for the show command are:\n");
	for (size_t i = 0; i < N_SHOWN; i++)
		out_text(sh->out, "%s\n", res_facts(shown[i])->plural);
	out_text(sh->out, "all\ndisabled\nhelp\nverbose\n");
	return ERR_OK;
}

enum err_code
cmd_show(struct shell *sh, struct err *err)
{
	const char *word = sh->args.n > 1 ? sh->args.v[1].key : "all";

	if (strcasecmp(word, "help") == 0)
		return show_help(sh);
	if (strcasecmp(word, "disabled") == 0)
		return show_disabled(sh);
	if (strcasecmp(word, "all") == 0 || strcasecmp(word, "verbose") == 0) {
		for (size_t i = 0; i < N_SHOWN; i++)
			show_kind(sh, shown[i]);
		return ERR_OK;
	}
	enum res_kind kind = kind_of(word);
	if (kind == RES_N_KINDS)
		return err_set(err, ERR_CONFIG, "Resource %s not found", word);
	const char *name = sh->args.n > 1 ? sh->args.v[1].value : NULL;
	if (name == NULL) {
		show_kind(sh, kind);
		return ERR_OK;
	}
	const struct named *r = res_find(sh, kind, name);
	if (r == NULL)
		return err_set(err, ERR_CONFIG, "%s resource %s not found.",
			       res_facts(kind)->plural, name);
	out_open_object(sh->out, res_facts(kind)->plural);
	show_one(sh, r);
	out_close(sh->out);
	return ERR_OK;
}
