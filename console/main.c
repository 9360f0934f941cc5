/*
 * console/main.c - tconsole: talk to a director
 *
 * Purpose: options, the choice of director and console, connecting, and then lines until the end.
 * Threads: one; SIGPIPE and SIGQUIT are ignored, Ctrl-C is console/interrupt.h.
 * Spec:    console.md 2, config.md 6
 */
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "console/conf/con_conf.h"
#include "console/interrupt.h"
#include "console/session.h"
#include "console/split.h"
#include "lib/base/cli.h"
#include "lib/base/fd.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/secret.h"
#include "lib/conf/diag.h"
#include "lib/proto/scan.h"
#include "lib/proto/shell_rows.h"

#define CONNECT_SECONDS 15 /* for all attempts */
#define RETRY_SECONDS   5
#define LAST_LINE_MAX   65536

enum {
	EXIT_CONNECT = 1,
	EXIT_INTERRUPTED = 1,
	EXIT_COMMAND = 2,
	EXIT_USAGE = 41,
	EXIT_CONFIG = 42
};

struct options {
	const char *config, *director, *execute;
	bool list, test, help, version, strict, json, no_signals, dump, schema, dt;
	int timeout, debug, verbose, man;
};

static void
show_diag(struct conf_diag *diag, bool verbose)
{
	OWNED(buf_release) struct buf text = BUF_INIT(16u << 20);

	conf_diag_text(diag, verbose, &text);
	(void)fputs(buf_str(&text), stderr);
}

/* ---- which director ---- */

static struct con_director *
ask_director(const struct con_conf *c)
{
	OWNED(freep) char *answer = NULL;
	size_t cap = 0;

	/* What stands behind the answer is the session's to read. */
	(void)setvbuf(stdin, NULL, _IONBF, 0);
	(void)printf("Available Directors:\n");
	for (size_t i = 0; i < c->n_director; i++)
		(void)printf("%2zu:  %s at %s:%u\n", i + 1, c->director[i]->name,
			     c->director[i]->address, c->director[i]->port);
	for (;;) {
		size_t v = 0;

		(void)printf("Select Director by entering a number: ");
		(void)fflush(stdout);
		if (getline(&answer, &cap, stdin) < 0)
			return NULL;
		for (const char *p = answer; *p >= '0' && *p <= '9' && v < 10000; p++)
			v = v * 10 + (size_t)(*p - '0');
		if (v >= 1 && v <= c->n_director)
			return c->director[v - 1];
		(void)printf("You must enter a number between 1 and %zu\n", c->n_director);
	}
}

static struct con_director *
choose_director(const struct con_conf *c, const struct options *o)
{
	if (o->director != NULL) {
		struct con_director *d = con_conf_find_director(c, o->director);

		if (d == NULL)
			(void)fprintf(stderr, "Can't find %s in Director list\n", o->director);
		return d;
	}
	return c->n_director == 1 ? c->director[0] : ask_director(c);
}

/* ---- connecting ---- */

static enum err_code
dial(const struct con_director *d, const struct con_console *con, const struct options *o,
     struct conn **out, struct err *err)
{
	const struct tls_conf *tls = con != NULL ? &con->tls : &d->tls;
	const char *name = con != NULL ? con->name : SHELL_DEFAULT_CONSOLE;
	OWNED(freep) char *bashed = wire_bash(str_dup(name));
	OWNED(freep) char *own = str_printf("R_CONSOLE::%s", bashed);
	OWNED(freep) char *hello = str_printf(SHELL_HELLO, bashed, SHELL_HELLO_VERSION);
	struct dial dial = {
		.host = d->address,
		.port = (uint16_t)d->port,
		.security = !tls->enable   ? DIAL_CLEAR
			    : tls->require ? DIAL_TLS
					   : DIAL_TLS_OR_CLEAR,
		.psk_kind = PEER_CONSOLE,
		.psk_name = name,
		.key = secret_bytes(con != NULL ? &con->password : &d->password),
		.tls = tls,
		.hello = hello,
		.own_name = own,
		.retry_seconds = RETRY_SECONDS,
		.timeout_seconds = o->timeout > 0 ? o->timeout : CONNECT_SECONDS,
		.heartbeat_seconds = (unsigned)(con != NULL ? con->heartbeat_interval
							    : d->heartbeat_interval),
		.cancel = interrupt_cancel(),
	};

	if (conn_dial(&dial, out, err) != ERR_OK)
		return err->code;
	conn_set_wait(*out, interrupt_cancel(), 0, "the director's answer");
	return ERR_OK;
}

/* "1000 OK ..." and, from a director of today, the 1002 message behind it. */
static enum err_code
read_greeting(struct session *s, struct err *err)
{
	for (;;) {
		struct frame f;

		if (conn_recv(s->conn, &f, err) != ERR_OK)
			return err_ctx(err, "the director did not greet");
		if (f.signal == FRAME_TERMINATE)
			return err_set(err, ERR_AUTH, "the director refused this console");
		if (f.signal != FRAME_DATA)
			continue;
		bool new_form = f.data.n > 4 && f.data.p[4] == SHELL_RS;
		bool is_info = new_form && bytes_starts(f.data, "1002");
		if (!bytes_starts(f.data, "1000") && !is_info)
			return err_set(err, ERR_AUTH, "%.*s", BYTES_ARG(f.data));
		if (is_info) {
			page_printf(&s->page, "%.*s\n", BYTES_ARG(bytes_skip(f.data, 5)));
			return ERR_OK;
		}
		page_printf(&s->page, new_form ? "1000 %.*s\n" : "%.*s",
			    BYTES_ARG(bytes_skip(f.data, new_form ? 5 : 0)));
		if (!new_form)
			return ERR_OK;
	}
}

static enum err_code
connect_to(struct session *s, const struct con_conf *conf, const struct con_director *d,
	   const struct options *o, struct err *err)
{
	page_printf(&s->page, "Connecting to Director %s:%u\n", d->address, d->port);
	page_flush(&s->page);
	if (dial(d, con_conf_console_for(conf, d), o, &s->conn, err) != ERR_OK)
		return err->code;
	page_printf(&s->page, " Encryption: %s\n", conn_encryption(s->conn));
	if (read_greeting(s, err) != ERR_OK)
		return err->code;
	page_printf(&s->page, "\nEnter a period (.) to cancel a command.\n");
	return ERR_OK;
}

/* ---- the session ---- */

/* A file of the user who runs this. */
static char *
in_home(const char *name)
{
	const char *home = getenv("HOME");
	const struct passwd *me = home == NULL || home[0] == '\0' ? getpwuid(getuid()) : NULL;

	if (me != NULL)
		home = me->pw_dir;
	return home == NULL || home[0] == '\0' ? NULL : str_printf("%s/%s", home, name);
}

/* Lines to begin with: ours, else those of the console this one stands in for. */
static void
push_rc(struct session *s)
{
	static const char *const names[] = { ".tconsolerc", ".bconsolerc" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		OWNED(freep) char *rc = in_home(names[i]);
		struct err ignored = ERR_INIT;

		if (rc == NULL || access(rc, R_OK) != 0)
			continue;
		(void)!line_push_file(s->line, rc, &ignored);
		return;
	}
}

static void
start_lines(struct session *s, const struct con_console *con)
{
	OWNED(freep)
	char *history = con != NULL && con->history_file != NULL ? str_dup(con->history_file)
								 : in_home(".tconsole_history");
	struct line_options lines = { .interactive = s->interactive,
				      .history_file = history,
				      .history_length = con != NULL ? con->history_length : 100,
				      .complete = session_complete,
				      .complete_arg = s };

	s->line = line_new(&lines);
	if (s->interactive)
		push_rc(s);
}

/* -x "command; command": each in turn, then leave. */
static enum err_code
execute(struct session *s, const char *commands, struct err *err)
{
	while (*commands != '\0' && !s->quit) {
		size_t n = split_length(commands, ';');
		OWNED(freep) char *one = str_ndup(commands, n);
		const char *text = one + strspn(one, " ");

		if (*text != '\0' && session_command(s, text, err) != ERR_OK)
			return err->code;
		session_end_line(s);
		if (s->sub_prompt) {
			page_printf(&s->page, "\n");
			return err_set(err, ERR_CONFIG, "\"%s\" asks a question: use a script",
				       text);
		}
		commands += n + (commands[n] == ';');
	}
	return ERR_OK;
}

/* In text mode the director signals failures only to who asks; others answer "api: 0". */
static enum err_code
tell_failures(struct session *s, struct buf *quiet, struct err *err)
{
	struct buf *saved = s->page.capture;

	s->page.capture = quiet;
	enum err_code rc = session_command(s, ".api 0 signals=yes", err);
	s->page.capture = saved;
	return rc;
}

static enum err_code
serve(struct session *s, const struct con_conf *conf, const struct con_director *d,
      const struct options *o, struct err *err)
{
	OWNED(buf_release) struct buf quiet = BUF_INIT(1u << 20);

	/* One-shot commands print their answers only. */
	if (o->execute != NULL || o->json)
		s->page.capture = &quiet;
	if (connect_to(s, conf, d, o, err) != ERR_OK)
		return err->code;
	start_lines(s, con_conf_console_for(conf, d));
	enum err_code rc = ERR_OK;
	if (o->json)
		rc = session_command(s, ".api 2", err);
	else if (o->strict)
		rc = tell_failures(s, &quiet, err);
	else if (s->interactive) {
		struct buf *saved = s->page.capture;

		s->page.capture = &quiet;
		rc = session_command(s, "autodisplay on", err);
		s->page.capture = saved;
	}
	s->page.capture = NULL;
	s->failed = false;
	if (rc != ERR_OK)
		return rc;
	if (o->execute != NULL)
		return execute(s, o->execute, err);
	return session_run(s, err);
}

static int
run_session(const struct con_conf *conf, const struct con_director *d, const struct options *o)
{
	OWNED(session_release)
	struct session s = {
		.interactive = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && o->execute == NULL,
		.last = BUF_INIT(LAST_LINE_MAX),
		.tail = BUF_INIT(1u << 20),
	};
	struct err err = ERR_INIT, output = ERR_INIT;

	enum err_code rc = serve(&s, conf, d, o, &err);
	if (page_end(&s.page, &output) != ERR_OK)
		(void)fprintf(stderr, "%s\n", output.text);
	if (rc == ERR_CANCELED)
		return EXIT_INTERRUPTED;
	if (rc != ERR_OK && s.line == NULL) {
		(void)fprintf(stderr, "%s\nFailed to connect to Director. Giving up.\n", err.text);
		return EXIT_CONNECT;
	}
	if (rc != ERR_OK) {
		(void)fprintf(stderr, "%s\n", err.text);
		return EXIT_CONNECT;
	}
	if (output.code != ERR_OK)
		return EXIT_CONNECT;
	return o->strict && s.failed ? EXIT_COMMAND : 0;
}

static int
run(const struct options *o)
{
	OWNED(conf_diag_freep) struct conf_diag *diag = conf_diag_new(false);
	OWNED(con_conf_unrefp) struct con_conf *conf = NULL;
	struct err err = ERR_INIT;

	if (o->dump)
		return conf_kind_dump(&con_conf_kind, o->config, NULL, NULL, stdout);
	if (o->test)
		return conf_kind_check(&con_conf_kind, o->config, false, o->verbose > 0, stderr);
	if (con_conf_load(o->config, &conf, diag, &err) != ERR_OK) {
		show_diag(diag, false);
		(void)fprintf(stderr, "%s\n", err.text);
		return EXIT_CONFIG;
	}
	if (o->list) {
		for (size_t i = 0; i < conf->n_director; i++)
			(void)printf("%s\n", conf->director[i]->name);
		return 0;
	}
	const struct con_director *d = choose_director(conf, o);
	return d == NULL ? EXIT_CONNECT : run_session(conf, d, o);
}

static const struct cli_exit exits[] = {
	{ 0, "It ended as asked, even if commands failed." },
	{ EXIT_CONNECT,
	  "It could not connect, the director refused it, Ctrl-C ended it, or its output "
	  "could not be written." },
	{ EXIT_COMMAND, "With --strict: a command failed." },
	{ EXIT_USAGE, "An option is wrong." },
	{ EXIT_CONFIG, "The configuration has errors; each is printed with its place." },
	{ 0, NULL },
};

static const struct cli_manual manual = {
	.section = 1,
	.description =
		"Talks with a director: what is typed are the director's commands, see "
		"tercet-commands(7). TAB completes commands, keywords and names; the lines typed "
		"are "
		"kept in ~/.tconsole_history, or in the HistoryFile of the configuration. Lines of "
		"~/.tconsolerc are run first.\n"
		"\n"
		"Ctrl-C forgets the line that is being typed, leaves a question, or stops the "
		"command that runs; the session goes on. At an empty prompt a second one leaves.\n"
		"\n"
		"When standard input is no terminal, its lines are commands and answers; each is "
		"shown in front of what it does.\n"
		"\n"
		"Lines that begin with @ stay in the console: @input FILE runs the lines of a "
		"file, "
		"@output FILE and @tee FILE send the answers there, @help lists the others.",
	.exits = exits,
	.see_also = "tercet-commands(7), tconsole.conf(5), tercet-dir(8)",
};

/* --man and --xs: nothing is read for them. */
static int
print_page(const struct cli *cli, const struct options *o)
{
	OWNED(buf_release) struct buf text = BUF_INIT(1024 * 1024);

	if (o->schema)
		con_conf_schema(&text);
	else if (o->man == 1)
		cli_manual(cli, &manual, &text);
	else if (o->man == 5)
		con_conf_manual(&text);
	if (text.len == 0) {
		(void)fprintf(stderr, "tconsole: there is no manual page of section %d\n", o->man);
		return EXIT_USAGE;
	}
	(void)fputs(buf_str(&text), stdout);
	return 0;
}

int
main(int argc, char **argv)
{
	struct options o = { 0 };
	const struct cli_row rows[] = {
		{ 'c', "config", CLI_TEXT, &o.config, "PATH", "configuration file or directory" },
		{ 'D', "director", CLI_TEXT, &o.director, "NAME", "the director to talk to" },
		{ 'l', "list-directors", CLI_FLAG, &o.list, NULL, "print the directors' names" },
		{ 't', "test-config", CLI_FLAG, &o.test, NULL, "check the configuration and exit" },
		{ 'x', "execute", CLI_TEXT, &o.execute, "COMMANDS",
		  "run these commands, separated by ';', and exit" },
		{ 0, "json", CLI_FLAG, &o.json, NULL, "answers as JSON" },
		{ 'e', "strict", CLI_FLAG, &o.strict, NULL, "exit with 2 if a command failed" },
		{ 'u', "timeout", CLI_NUMBER, &o.timeout, "SECONDS", "how long to try to connect" },
		{ 's', "no-signals", CLI_FLAG, &o.no_signals, NULL, "install no signal handlers" },
		{ 'd', "debug-level", CLI_NUMBER, &o.debug, "LEVEL", "trace level, 0 is off" },
		{ 0, "dt", CLI_FLAG, &o.dt, NULL, "trace with the time, as is done without it" },
		{ 'v', "verbose", CLI_COUNT, &o.verbose, NULL, "say more" },
		{ 'h', "help", CLI_FLAG, &o.help, NULL, "print this text" },
		{ '?', NULL, CLI_FLAG, &o.help, NULL, "the same" },
		{ 0, "xc", CLI_FLAG, &o.dump, NULL,
		  "print the configuration as it was understood" },
		{ 0, "export-config", CLI_FLAG, &o.dump, NULL, "the same" },
		{ 0, "xs", CLI_FLAG, &o.schema, NULL,
		  "print all directives with their types, as JSON" },
		{ 0, "export-schema", CLI_FLAG, &o.schema, NULL, "the same" },
		{ 0, "man", CLI_NUMBER, &o.man, "SECTION",
		  "print the manual page of that section" },
		{ 0, "version", CLI_FLAG, &o.version, NULL, "print the version" },
	};
	const struct cli cli = { "tconsole", "the console of the Tercet backup system", NULL, rows,
				 sizeof(rows) / sizeof(rows[0]) };
	struct err err = ERR_INIT;
	int operands = argc;

	fd_open_standard();
	secret_guard_process();
	log_init("tconsole");
	if (cli_parse(&cli, argc, argv, &operands, &err) != ERR_OK) {
		(void)fprintf(stderr, "tconsole: %s\n", err.text);
		return EXIT_USAGE;
	}
	if (o.man != 0 || o.schema)
		return print_page(&cli, &o);
	if (o.help) {
		OWNED(buf_release) struct buf text = BUF_INIT(65536);

		cli_help(&cli, &text);
		(void)fputs(buf_str(&text), stdout);
		return 0;
	}
	if (o.version) {
		(void)printf("%s\n", TERCET_VERSION);
		return 0;
	}
	if (operands < argc) {
		(void)fprintf(stderr, "tconsole: unexpected argument %s\n", argv[operands]);
		return EXIT_USAGE;
	}
	if (o.config != NULL && access(o.config, F_OK) != 0) {
		(void)fprintf(stderr, "tconsole: -c %s: there is no such file or directory\n",
			      o.config);
		return EXIT_USAGE;
	}
	atomic_store(&log_trace_level, o.debug);
	(void)sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	if (!o.no_signals) {
		(void)sigaction(SIGQUIT, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
		if (interrupt_catch(&err) != ERR_OK) {
			(void)fprintf(stderr, "tconsole: %s\n", err.text);
			return EXIT_CONNECT;
		}
	}
	return run(&o);
}
