/* Commands that begin with "@" and stay in the console.  Spec: console.md 2.5 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "console/interrupt.h"
#include "console/session.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"

#define SEPARATORS "!$%&'()*+,-/:;<>?[]^`{|}~"
#define SLEEP_MAX  86400

typedef void local_fn(struct session *s, const char *rest);

static void
say_err(struct session *s, const struct err *e)
{
	page_printf(&s->page, "%s\n", e->text);
	s->failed = true;
}

static void
local_input(struct session *s, const char *rest)
{
	struct err e = ERR_INIT;

	if (rest[0] == '\0')
		page_printf(&s->page, "Too few arguments on input command.\n");
	else if (line_push_file(s->line, rest, &e) != ERR_OK)
		say_err(s, &e);
}

/* FILE [MODE]; without argument back to standard output. */
static void
redirect(struct session *s, const char *rest, bool tee)
{
	size_t n = strcspn(rest, " ");
	OWNED(freep) char *path = str_ndup(rest, n);
	struct err e = ERR_INIT;

	while (rest[n] == ' ')
		n++;
	const char *mode = rest[n] == '\0' ? "a" : rest + n;
	if (strspn(mode, "rwa+be") != strlen(mode) || strlen(mode) > 4) {
		page_printf(&s->page, "Illegal mode %s: use a or w\n", mode);
		return;
	}
	/* What was lost is told where it is seen: not in the next file. */
	if (page_close(&s->page, &e) != ERR_OK)
		say_err(s, &e);
	if (path[0] != '\0' && page_open(&s->page, path, mode, tee, &e) != ERR_OK)
		say_err(s, &e);
}

static void
local_output(struct session *s, const char *rest)
{
	redirect(s, rest, false);
}

static void
local_tee(struct session *s, const char *rest)
{
	redirect(s, rest, true);
}

static void
local_sleep(struct session *s, const char *rest)
{
	unsigned seconds = 0;

	for (; isdigit((unsigned char)*rest) && seconds < SLEEP_MAX; rest++)
		seconds = seconds * 10 + (unsigned)(*rest - '0');
	page_flush(&s->page);
	struct wait wait = wait_for(interrupt_cancel(), seconds, "@sleep");
	struct err ignored = ERR_INIT;
	if (seconds > 0 && wait_pause(&wait, &ignored) == ERR_CANCELED && interrupt_take())
		line_drop_pending(s->line);
}

static void
local_time(struct session *s, UNUSED const char *rest)
{
	char text[64];

	page_printf(&s->page, "%s\n",
		    clock_format(clock_now(), "%d-%b-%Y %H:%M:%S", text, sizeof(text)));
}

static void
local_version(struct session *s, UNUSED const char *rest)
{
	page_printf(&s->page, "Version: tconsole %s\n", TERCET_VERSION);
}

static void
local_echo(struct session *s, const char *rest)
{
	page_printf(&s->page, "%s\n", rest);
}

static void
local_exec(struct session *s, UNUSED const char *rest)
{
	page_printf(&s->page, "@exec is not available in this version yet\n");
	s->failed = true;
}

static void
local_quit(struct session *s, UNUSED const char *rest)
{
	struct err ignored = ERR_INIT;

	if (conn_signal(s->conn, FRAME_TERMINATE, &ignored) == ERR_OK)
		(void)!conn_flush(s->conn, &ignored);
	s->quit = true;
}

static void
local_separator(struct session *s, const char *rest)
{
	if (rest[0] == '\0') {
		s->separator = '\0';
		return;
	}
	if (rest[1] != '\0' || strchr(SEPARATORS, rest[0]) == NULL) {
		page_printf(&s->page, "Illegal separator character.\n");
		return;
	}
	s->separator = rest[0];
}

static void
local_comment(UNUSED struct session *s, UNUSED const char *rest)
{
}

static local_fn local_help;

static const struct {
	const char *name;
	local_fn *run;
	const char *help;
} locals[] = {
	{ "input", local_input, "execute the lines of a file" },
	{ "output", local_output, "send output to a file; without argument back to the screen" },
	{ "quit", local_quit, "leave" },
	{ "tee", local_tee, "send output to a file as well; without argument stop that" },
	{ "sleep", local_sleep, "wait some seconds" },
	{ "time", local_time, "print the time" },
	{ "version", local_version, "print the version of the console" },
	{ "echo", local_echo, "print the text" },
	{ "exec", local_exec, "run a program" },
	{ "exit", local_quit, "leave" },
	{ "separator", local_separator, "several commands on a line, split at this character" },
	{ "help", local_help, "this list" },
	{ "#", local_comment, "a comment" },
};

static void
local_help(struct session *s, UNUSED const char *rest)
{
	for (size_t i = 0; i < sizeof(locals) / sizeof(locals[0]); i++)
		page_printf(&s->page, "  %-10s %s\n", locals[i].name, locals[i].help);
}

const char *
session_local_name(size_t i)
{
	return i < sizeof(locals) / sizeof(locals[0]) ? locals[i].name : NULL;
}

void
session_local(struct session *s, const char *text)
{
	size_t n = text[1] == '#' ? 1 : strcspn(text + 1, " ");
	OWNED(freep) char *word = str_ndup(text + 1, n);
	const char *rest = text + 1 + n;

	while (*rest == ' ')
		rest++;
	for (size_t i = 0; n > 0 && i < sizeof(locals) / sizeof(locals[0]); i++) {
		if (strncasecmp(word, locals[i].name, n) != 0)
			continue;
		locals[i].run(s, rest);
		return;
	}
	page_printf(&s->page, "@%s: is an invalid command\n", word);
}
