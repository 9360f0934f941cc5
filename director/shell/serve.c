#include "director/shell/shell.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "director/shell/command.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/thread.h"
#include "lib/proto/shell_rows.h"

/* ---- the connection as shell_io ---- */

static enum err_code
io_recv(void *arg, struct frame *out, struct err *err)
{
	return conn_recv((struct conn *)arg, out, err);
}

static enum err_code
io_send(void *arg, struct bytes data, struct err *err)
{
	return conn_send((struct conn *)arg, data, err);
}

static enum err_code
io_signal(void *arg, enum frame_signal s, struct err *err)
{
	return conn_signal((struct conn *)arg, s, err);
}

static enum err_code
io_flush(void *arg, struct err *err)
{
	return conn_flush((struct conn *)arg, err);
}

static void
io_hang_up(void *arg)
{
	conn_shutdown((struct conn *)arg);
}

/* ---- one command ---- */

static void
audit(struct shell *sh, const char *line)
{
	const struct dir_director *me = sh->conf->director;

	if (me != NULL && me->auditing)
		log_info("Console [%s] from [%s] cmdline %s", sh->name, sh->peer, line);
}

static bool
is_permitted(const struct shell *sh, const struct command *c)
{
	return (c->flags & CMD_ALWAYS) != 0 || acl_allows(sh, ACL_COMMAND, c->name);
}

/* Find and judge the command of the words; NULL: refused, and said so. */
static const struct command *
choose(struct shell *sh)
{
	const char *word = sh->args.v[0].key;
	char candidates[512];
	const struct command *c = command_find(word, candidates, sizeof(candidates));

	if (c != NULL && is_permitted(sh, c))
		return c;
	out_begin(sh->out, false);
	if (c != NULL)
		log_info("Console [%s] from [%s], Audit acl failure for %s %s", sh->name, sh->peer,
			 "Command", c->name);
	if (candidates[0] != '\0')
		out_error(sh->out, "%s: is an ambiguous command: %s\n", word, candidates);
	else
		out_error(sh->out, "%s: is an invalid command.\n", word);
	return NULL;
}

static enum err_code
run_command(struct shell *sh, const struct command *c, struct err *err)
{
	if (sh->in_script && (c->flags & CMD_SCRIPT) == 0)
		return err_set(err, ERR_CONFIG, "Can't use %s command in a runscript", c->name);
	if (c->run == NULL)
		return err_set(err, ERR_CONFIG, "%s: is not available in this version yet",
			       c->name);
	return c->run(sh, err);
}

/* The text of a failure as a message: what a person did is information, the rest is an error. */
static void
say_failure(struct shell *sh, const struct err *e)
{
	size_t n = strlen(e->text);

	if (n == 0)
		return;
	const char *end = e->text[n - 1] == '\n' ? "" : "\n";
	if (e->code == ERR_CANCELED)
		out_info(sh->out, "%s%s", e->text, end);
	else
		out_error(sh->out, "%s%s", e->text, end);
}

enum err_code
shell_run_words(struct shell *sh, struct err *err)
{
	const struct command *c = choose(sh);

	if (c == NULL)
		return err_set(err, ERR_CONFIG, "%s", "");
	return run_command(sh, c, err);
}

/* Messages are waiting that this console may see and was not told of. */
static bool
messages_due(struct shell *sh, bool *pending)
{
	*pending = false;
	if (sh->in_script || !acl_allows(sh, ACL_COMMAND, "messages"))
		return false;
	bool any = shell_has_messages(sh);
	if (!any)
		sh->told_pending = false;
	*pending = any;
	return any && !sh->told_pending;
}

/* The end of an answer.  Spec: console.md 1.3 */
static enum err_code
finish(struct shell *sh, bool known, bool failed, struct err *err)
{
	bool pending, due = messages_due(sh, &pending), signal = false;

	if (pending && sh->autodisplay && out_mode(sh->out) == API_TEXT && !sh->quit) {
		(void)shell_print_messages(sh);
	} else if (due && !sh->quit) {
		sh->told_pending = true;
		if (out_mode(sh->out) != API_TEXT)
			signal = true;
		else if (!sh->gui)
			out_text(sh->out, "You have messages.\n");
	}
	return out_end(sh->out, known, failed, signal, err);
}

/*
 * The configuration in force, and what it allows this console: a reload takes rights away, too.
 * False: the console is not in it any more.
 */
static bool
take_conf(struct shell *sh)
{
	if (sh->conf != NULL)
		director_conf_put(sh->d, sh->conf);
	sh->conf = director_conf_get(sh->d);
	sh->console = NULL;
	if (strcmp(sh->name, SHELL_DEFAULT_CONSOLE) == 0)
		return true;
	sh->console = dir_conf_find_console(sh->conf, sh->name);
	return sh->console != NULL;
}

/* The end of a session whose console is gone. */
static enum err_code
dismiss(struct shell *sh, struct err *err)
{
	out_begin(sh->out, false);
	out_error(sh->out, "Console \"%s\" is not in the configuration any more.\n", sh->name);
	log_info("Console %s from %s is not in the configuration any more", sh->name, sh->peer);
	sh->quit = true;
	if (out_end(sh->out, false, true, false, err) != ERR_OK)
		return err->code;
	return sh->io.signal(sh->io.arg, FRAME_TERMINATE, err);
}

/*
 * A BREAK came while the command ran.  It counts when the command gave up for it or its text was
 * cut; what was done before all the same is reported as always.
 */
static bool
was_stopped(struct shell *sh, bool failed, struct err *e)
{
	bool cut = out_drop_cut(sh->out);

	if (!cut && !(failed && e->code == ERR_CANCELED))
		return failed;
	(void)err_set(e, ERR_CANCELED, "Command stopped.");
	return true;
}

/* One line: words, command, answer.  Not ERR_OK: the connection failed. */
static enum err_code
serve_line(struct shell *sh, const char *line, struct err *err)
{
	struct err e = ERR_INIT;
	const struct command *c = NULL;
	enum err_code rc;

	if (!take_conf(sh))
		return dismiss(sh, err);
	if (args_parse(line, &sh->args, &e) != ERR_OK) {
		out_begin(sh->out, false);
		say_failure(sh, &e);
		rc = finish(sh, false, true, err);
	} else if (sh->args.n == 0) {
		out_begin(sh->out, false);
		rc = out_mode(sh->out) == API_TEXT ? finish(sh, false, false, err) : ERR_OK;
	} else if ((c = choose(sh)) == NULL) {
		rc = finish(sh, false, true, err);
	} else {
		if ((c->flags & CMD_AUDITED) != 0)
			audit(sh, line);
		out_begin(sh->out, true);
		input_command_begin(sh->input);
		bool failed = run_command(sh, c, &e) != ERR_OK;
		if (input_command_end(sh->input))
			failed = was_stopped(sh, failed, &e);
		if (failed)
			say_failure(sh, &e);
		rc = finish(sh, true, failed, err);
	}
	args_release(&sh->args);
	return rc;
}

/* ---- the conversation ---- */

static enum err_code
greet(struct shell *sh, struct conn *conn, const struct hello *who, struct err *err)
{
	const char *name = director_name(sh->d);
	char ok[256];

	if (who->version < SHELL_NEW_VERSION)
		return conn_printf(conn, err, SHELL_OLD_GREETING, name, "25.1.0", "03 August 2026",
				   conn_encryption(conn));
	(void)snprintf(ok, sizeof(ok), SHELL_OK, name, "25.1.0", "03 August 2026");
	ok[SHELL_OK_MAX] = '\0';
	if (conn_send(conn, bytes_str(ok), err) != ERR_OK)
		return err->code;
	char info[512];
	if (sh->console == NULL)
		(void)snprintf(info, sizeof(info),
			       "Tercet director %s\nYou are connected using the default console",
			       director_version_long());
	else
		(void)snprintf(info, sizeof(info), "Tercet director %s\nYou are logged in as: %s",
			       director_version_long(), sh->name);
	return conn_printf(conn, err, SHELL_INFO, info);
}

/* The signal that asks for the next command: MAIN_PROMPT, or EOD behind an answer in mode 0. */
static enum err_code
prompt(struct shell *sh, bool answered, struct err *err)
{
	if (out_mode(sh->out) != API_TEXT)
		return sh->io.signal(sh->io.arg, FRAME_MAIN_PROMPT, err);
	if (answered)
		return sh->io.signal(sh->io.arg, FRAME_EOD, err);
	return ERR_OK;
}

static enum err_code
serve_loop(struct shell *sh, struct err *err)
{
	while (!sh->quit) {
		struct frame f;

		if (sh->io.recv(sh->io.arg, &f, err) != ERR_OK)
			return err->code;
		if (f.signal == FRAME_TERMINATE)
			return ERR_OK;
		if (f.signal != FRAME_DATA) {
			if (f.signal != FRAME_HEARTBEAT &&
			    sh->io.signal(sh->io.arg, FRAME_POLL, err) != ERR_OK)
				return err->code;
			continue;
		}
		size_t n = f.data.n;
		while (n > 0 && isspace(f.data.p[n - 1]))
			n--;
		OWNED(freep) char *line = str_ndup((const char *)f.data.p, n);
		if (serve_line(sh, line, err) != ERR_OK)
			return err->code;
		if (!sh->quit && prompt(sh, true, err) != ERR_OK)
			return err->code;
	}
	return sh->io.flush(sh->io.arg, err);
}

static void
shell_release(struct shell *sh)
{
	args_release(&sh->args);
	out_free(sh->out);
	input_free(sh->input);
	if (sh->conf != NULL)
		director_conf_put(sh->d, sh->conf);
}

static enum err_code
listen_to(struct shell *sh, struct conn *conn, struct err *err)
{
	const struct shell_io console = { conn, io_recv, io_send, io_signal, io_flush, io_hang_up };

	if (input_new(&console, &sh->input, err) != ERR_OK)
		return err->code;
	sh->io = *input_io(sh->input);
	sh->stop = input_cancel(sh->input);
	sh->out = out_new(&sh->io);
	out_set_cancel(sh->out, sh->stop);
	thread_set_cancel(sh->stop); /* a catalog that hangs holds neither person nor director */
	return ERR_OK;
}

void
shell_serve(struct conn *conn, const struct hello *who, struct director *d)
{
	struct err err = ERR_INIT;
	OWNED(shell_release)
	struct shell sh = { .d = d };

	(void)snprintf(sh.name, sizeof(sh.name), "%s", who->name);
	(void)snprintf(sh.peer, sizeof(sh.peer), "%s", conn_peer(conn));
	if (!take_conf(&sh)) {
		log_warn("Console %s from %s: no such Console resource", sh.name, sh.peer);
		return;
	}
	conn_set_wait(conn, director_stop(d), 0, "the next command of the console");
	if (greet(&sh, conn, who, &err) != ERR_OK || listen_to(&sh, conn, &err) != ERR_OK ||
	    (serve_loop(&sh, &err) != ERR_OK && err.code != ERR_EOF && err.code != ERR_CANCELED))
		log_info("Console %s from %s: %s", sh.name, sh.peer, err.text);
	thread_set_cancel(NULL);
}

/* ---- a line of a run script ---- */

struct script_io {
	director_say say;
	void *arg;
	struct buf line; /* text up to its line end */
};

static enum err_code
script_recv(UNUSED void *arg, UNUSED struct frame *out, struct err *err)
{
	return err_set(err, ERR_EOF, "a run script cannot answer questions");
}

static enum err_code
script_send(void *arg, struct bytes data, UNUSED struct err *err)
{
	struct script_io *s = (struct script_io *)arg;

	for (size_t i = 0; i < data.n; i++) {
		if (data.p[i] != '\n') {
			buf_put(&s->line, &data.p[i], 1);
			continue;
		}
		s->say(s->arg, buf_str(&s->line));
		buf_clear(&s->line);
	}
	return ERR_OK;
}

static enum err_code
script_signal(UNUSED void *arg, UNUSED enum frame_signal s, UNUSED struct err *err)
{
	return ERR_OK;
}

static enum err_code
script_flush(UNUSED void *arg, UNUSED struct err *err)
{
	return ERR_OK;
}

static void
script_hang_up(UNUSED void *arg)
{
}

enum err_code
shell_run_line(struct director *d, const char *command, director_say say, void *arg,
	       struct err *err)
{
	struct script_io script = { say, arg, BUF_INIT(1u << 20) };
	OWNED(shell_release)
	struct shell sh = {
		.d = d,
		.io = { &script, script_recv, script_send, script_signal, script_flush,
			script_hang_up },
		.stop = director_stop(d),
		.conf = director_conf_get(d),
		.name = "-RunScript-",
		.batch = true,
		.in_script = true,
	};

	sh.out = out_new(&sh.io);
	out_begin(sh.out, true);
	struct err e = ERR_INIT;
	bool failed = args_parse(command, &sh.args, &e) != ERR_OK;
	if (!failed && sh.args.n > 0) {
		failed = shell_run_words(&sh, &e) != ERR_OK;
	}
	if (failed)
		say_failure(&sh, &e);
	struct err ignored = ERR_INIT;
	(void)!out_end(sh.out, true, failed, false, &ignored);
	if (script.line.len > 0)
		say(arg, buf_str(&script.line));
	buf_release(&script.line);
	if (failed)
		return err_set(err, ERR_CONFIG, "console command \"%s\" failed", command);
	return ERR_OK;
}
