/*
 * director/conf/run_script.c - RunScript blocks and their short forms
 *
 * Spec: config.md 1.13
 */
#include "director/conf/dir_conf_internal.h"

#include "lib/conf/show.h"

#include <string.h>
#include <strings.h>

struct short_form {
	const char *name;
	enum script_when when;
	bool on_success, on_failure, fail_job, on_client;
};

static const struct short_form short_forms[] = {
	{ "RunBeforeJob", SCRIPT_BEFORE, true, false, true, false },
	{ "RunAfterJob", SCRIPT_AFTER, true, false, false, false },
	{ "RunAfterFailedJob", SCRIPT_AFTER, false, true, false, false },
	{ "ClientRunBeforeJob", SCRIPT_BEFORE, true, false, true, true },
	{ "ClientRunAfterJob", SCRIPT_AFTER, true, false, false, true },
};

static const struct {
	const char *word;
	enum script_when when;
} when_words[] = {
	{ "Before", SCRIPT_BEFORE }, { "After", SCRIPT_AFTER },
	{ "Always", SCRIPT_ALWAYS }, { "AfterVSS", SCRIPT_AFTER_VSS },
	{ "Never", SCRIPT_NEVER },   { "AtJobCompletion", SCRIPT_AFTER },
};

static struct conf_script *
add_script(struct conf_gen *g, struct dir_job *job)
{
	job->run_script = (struct conf_script *)conf_grow(g, job->run_script, job->n_run_script,
							  sizeof(*job->run_script));
	return &job->run_script[job->n_run_script++];
}

static bool
parse_short(struct conf_parser *p, struct conf_res *res, const struct conf_row *row, void *slot)
{
	struct dir_job *job = (struct dir_job *)res;
	const struct conf_token *t = conf_take_value(p, row->name, "a command");

	(void)slot;
	if (t == NULL)
		return false;
	for (size_t i = 0; i < sizeof(short_forms) / sizeof(*short_forms); i++) {
		const struct short_form *f = &short_forms[i];

		if (strcasecmp(f->name, row->name) != 0)
			continue;
		*add_script(p->gen, job) =
			(struct conf_script){ .command = conf_strdup(p->gen, t->text),
					      .on_client = f->on_client,
					      .on_success = f->on_success,
					      .on_failure = f->on_failure,
					      .fail_job_on_error = f->fail_job,
					      .when = f->when,
					      .short_form = conf_strdup(p->gen, f->name) };
	}
	conf_end_value(p, row->name, true);
	return true;
}

/* ---- blocks ---- */

/* The flags of a block and its commands so far. */
struct block {
	struct conf_script flags;
	bool have_when;
	struct conf_script *command;
	size_t n;
};

static bool
take_when(struct conf_parser *p, struct block *b)
{
	const struct conf_token *t = conf_take_value(p, "RunsWhen", "Before, After or Always");

	if (t == NULL)
		return false;
	for (size_t i = 0; i < sizeof(when_words) / sizeof(*when_words); i++)
		if (strcasecmp(when_words[i].word, t->text) == 0) {
			b->flags.when = when_words[i].when;
			b->have_when = true;
			conf_end_value(p, "RunsWhen", false);
			return true;
		}
	conf_error(p->diag, &t->pos,
		   "bad value \"%s\" for RunsWhen: accepted: Before, After, "
		   "Always, AfterVSS, Never",
		   t->text);
	if (strcasecmp(t->text, "Queued") == 0)
		conf_also(p->diag, "Tercet runs no scripts when a job is queued");
	return false;
}

static bool
take_target(struct conf_parser *p, struct block *b)
{
	const struct conf_token *t = conf_take_value(p, "RunsOnClient", "yes or no");

	if (t == NULL)
		return false;
	if (strcasecmp(t->text, "yes") == 0 || strcasecmp(t->text, "true") == 0 ||
	    strcasecmp(t->text, "%c") == 0) {
		b->flags.on_client = true;
	} else if (strcasecmp(t->text, "no") == 0 || strcasecmp(t->text, "false") == 0 ||
		   t->text[0] == '\0') {
		b->flags.on_client = false;
	} else {
		conf_error(p->diag, &t->pos,
			   "a script runs on the client of its job or on the director, not on "
			   "\"%s\"",
			   t->text);
		conf_help(p->diag, "accepted: yes, no, %%c");
		return false;
	}
	conf_end_value(p, "RunsOnClient", false);
	return true;
}

static bool
take_command(struct conf_parser *p, struct block *b, bool is_console)
{
	const struct conf_token *t = conf_take_value(p, is_console ? "Console" : "Command",
						     "a command");

	if (t == NULL)
		return false;
	b->command = (struct conf_script *)conf_grow(p->gen, b->command, b->n, sizeof(*b->command));
	b->command[b->n++] = (struct conf_script){ .command = conf_strdup(p->gen, t->text),
						   .is_console = is_console };
	conf_end_value(p, is_console ? "Console" : "Command", true);
	return true;
}

static bool
take_item(struct conf_parser *p, struct block *b)
{
	const struct conf_token *t = conf_tok(p);
	const struct {
		const char *word;
		bool *flag;
	} flags[] = {
		{ "RunsOnSuccess", &b->flags.on_success },
		{ "RunsOnFailure", &b->flags.on_failure },
		{ "FailJobOnError", &b->flags.fail_job_on_error },
		{ "AbortJobOnError", &b->flags.fail_job_on_error },
	};
	const char *word = t->text;

	conf_next(p);
	if (t->kind != TOK_IDENT || conf_tok(p)->kind != TOK_EQUAL) {
		conf_error(p->diag, &t->pos, "a directive of RunScript expected here");
		return false;
	}
	conf_next(p);
	if (strcasecmp(word, "Command") == 0 || strcasecmp(word, "Console") == 0)
		return take_command(p, b, strcasecmp(word, "Console") == 0);
	if (strcasecmp(word, "RunsWhen") == 0)
		return take_when(p, b);
	if (strcasecmp(word, "RunsOnClient") == 0 || strcasecmp(word, "Target") == 0)
		return take_target(p, b);
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (strcasecmp(word, flags[i].word) == 0)
			return conf_take_bool(p, flags[i].word, flags[i].flag);
	conf_error(p->diag, &t->pos, "unknown directive \"%s\" in RunScript", word);
	conf_help(p->diag, "accepted: Command, Console, RunsWhen, RunsOnSuccess, RunsOnFailure, "
			   "FailJobOnError, RunsOnClient");
	return false;
}

static void
finish_block(struct conf_parser *p, struct dir_job *job, const struct block *b,
	     const struct conf_pos *pos)
{
	if (b->n == 0)
		conf_warn(p->diag, CONF_W_SURPRISE, pos,
			  "RunScript without Command or Console does nothing");
	else if (!b->have_when)
		conf_warn(p->diag, CONF_W_SURPRISE, pos, "RunScript without RunsWhen never runs");
	for (size_t i = 0; i < b->n; i++) {
		struct conf_script *s = add_script(p->gen, job);

		*s = b->flags;
		s->command = b->command[i].command;
		s->is_console = b->command[i].is_console;
		if (s->is_console)
			s->on_client = false;
	}
}

static bool
parse_block(struct conf_parser *p, struct conf_res *res, const struct conf_row *row, void *slot)
{
	struct block b = {
		.flags = { .on_client = true, .on_success = true, .fail_job_on_error = true }
	};
	struct conf_pos pos = conf_tok(p)->pos;
	bool good = true;

	(void)slot;
	conf_skip_lines(p);
	if (conf_tok(p)->kind != TOK_LBRACE) {
		conf_error(p->diag, &conf_tok(p)->pos, "\"{\" expected behind %s", row->name);
		return false;
	}
	conf_next(p);
	for (conf_skip_lines(p); conf_tok(p)->kind != TOK_RBRACE; conf_skip_lines(p)) {
		if (conf_tok(p)->kind == TOK_EOF) {
			conf_error(p->diag, &pos, "this RunScript is not closed");
			return false;
		}
		if (!take_item(p, &b)) {
			conf_skip_directive(p);
			good = false;
		}
	}
	conf_next(p);
	if (good)
		finish_block(p, (struct dir_job *)res, &b, &pos);
	return good;
}

/* Those of the job first, then copies of those of its JobDefs. */
static void
inherit_scripts(struct conf_gen *g, const struct conf_res *from, struct conf_res *to,
		const struct conf_row *row)
{
	const struct dir_job *defs = (const struct dir_job *)from;

	for (size_t i = 0; i < defs->n_run_script; i++) {
		const struct conf_script *s = &defs->run_script[i];

		if (s->short_form == NULL ? strcmp(row->name, "RunScript") == 0
					  : strcmp(row->name, s->short_form) == 0)
			*add_script(g, (struct dir_job *)to) = *s;
	}
}

static const char *
when_word(enum script_when when)
{
	for (size_t i = 0; i < sizeof(when_words) / sizeof(*when_words); i++)
		if (when_words[i].when == when)
			return when_words[i].word;
	return "Never";
}

static void
show_block(struct conf_show *show, const struct conf_res *res, const struct conf_row *row,
	   const void *slot)
{
	const struct dir_job *job = (const struct dir_job *)res;

	(void)slot;
	for (size_t i = 0; i < job->n_run_script; i++) {
		const struct conf_script *s = &job->run_script[i];

		conf_show_open(show, row->name, i);
		conf_show_quoted(show, s->is_console ? "Console" : "Command", s->command,
				 CONF_SHOW_ONE);
		conf_show_raw(show, "RunsWhen", when_word(s->when), CONF_SHOW_ONE);
		conf_show_bool(show, "RunsOnSuccess", s->on_success);
		conf_show_bool(show, "RunsOnFailure", s->on_failure);
		conf_show_bool(show, "FailJobOnError", s->fail_job_on_error);
		conf_show_bool(show, "RunsOnClient", s->on_client);
		conf_show_close(show);
	}
	if (job->n_run_script > 0)
		conf_show_end(show);
}

const struct conf_custom script_block = { .words = "a block of commands and when they run",
					  .schema = "RUNSCRIPT",
					  .is_block = true,
					  .parse = parse_block,
					  .show = show_block,
					  .inherit = inherit_scripts,
					  .inherit_always = true };
const struct conf_custom script_short = { .words = "a command",
					  .schema = "RUNSCRIPT_SHORT",
					  .parse = parse_short,
					  .inherit = inherit_scripts,
					  .inherit_always = true };
