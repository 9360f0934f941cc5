/*
 * director/tools/catalog_main.c - tercet-catalog: create, check and upgrade the catalog
 *
 * Purpose: reads the director's configuration and works on its Catalog resources.  With Managed
 *          the private cluster is started for it, or used when the director runs it.
 * Spec:    catalog.md 2.1, 2.4, 15, 18
 */
#include <stdio.h>
#include <string.h>

#include "director/catalog_options.h"
#include "director/conf/dir_conf.h"
#include "lib/base/cli.h"
#include "lib/base/fd.h"
#include "lib/base/log.h"
#include "lib/base/own.h"
#include "lib/base/secret.h"
#include "lib/base/thread.h"
#include "lib/catalog/cat_schema.h"

#define PROGRAM "tercet-catalog"

/* clang-format off */
/*         name          nr  meaning */
#define EXITS(X)                                                                      \
	X(EXIT_GOOD,       0, "done, nothing to complain about")                      \
	X(EXIT_PROBLEMS,   1, "check found problems; each is a line of its output")   \
	X(EXIT_FAILED,     2, "the catalog could not be reached, or it refused")      \
	X(EXIT_OPTIONS,   41, "wrong options")                                        \
	X(EXIT_CONFIG,    42, "the configuration is wrong")
/* clang-format on */

enum exit_code {
#define X(name, nr, meaning) name = (nr),
	EXITS(X)
#undef X
};

typedef enum err_code (*work_fn)(const struct catalog_options *o, struct buf *lines,
				 size_t *problems, struct err *err);

static enum err_code
work_create(const struct catalog_options *o, struct buf *lines, size_t *problems, struct err *err)
{
	*problems = 0;
	return cat_schema_create(o, lines, err);
}

static enum err_code
work_upgrade(const struct catalog_options *o, struct buf *lines, size_t *problems, struct err *err)
{
	*problems = 0;
	return cat_schema_upgrade(o, lines, err);
}

static const struct command {
	const char *name;
	work_fn work;
	const char *help;
} commands[] = {
	{ "create", work_create, "make the database if the role may, and its tables" },
	{ "check", cat_schema_check, "version, encoding, tables, columns, indexes, orphaned rows" },
	{ "upgrade", work_upgrade, "take over a catalog of a Bareos director in place" },
};

struct options {
	const char *config, *catalog;
	int debug;
	bool help, version;
	int man;
};

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void
print_manual(const struct cli *cli)
{
	static const struct cli_exit exits[] = {
#define X(name, nr, meaning) { nr, meaning },
		EXITS(X)
#undef X
			{ 0, NULL },
	};
	OWNED(buf_release) struct buf text = BUF_INIT(1u << 20), commands_text = BUF_INIT(65536);

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		buf_text(&commands_text, "%s%s: %s.\n", i > 0 ? "\n" : "", commands[i].name,
			 commands[i].help);
	cli_manual(cli,
		   &(struct cli_manual){ .section = 8,
					 .description = buf_str(&commands_text),
					 .exits = exits,
					 .see_also = "tercet-dir(8), tercet-dir.conf(5)" },
		   &text);
	(void)fputs(buf_str(&text), stdout);
}

static void
print_help(const struct cli *cli)
{
	OWNED(buf_release) struct buf text = BUF_INIT(1u << 20);

	cli_help(cli, &text);
	buf_text(&text, "\nCommands:\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		buf_text(&text, "  %-8s  %s\n", commands[i].name, commands[i].help);
	buf_text(&text, "\nExit status:\n");
#define X(name, nr, meaning) buf_text(&text, "  %2d  %s\n", nr, meaning);
	EXITS(X)
#undef X
	(void)fputs(buf_str(&text), stdout);
}

static struct dir_conf *
load(const char *path)
{
	OWNED(conf_diag_freep) struct conf_diag *diag = conf_diag_new(false);
	OWNED(buf_release) struct buf text = BUF_INIT(4u << 20);
	struct dir_conf *conf = NULL;
	struct err err = ERR_INIT;

	if (dir_conf_load(path, &conf, diag, &err) == ERR_OK)
		return conf;
	conf_diag_text(diag, false, &text);
	(void)fprintf(stderr, "%s\n", text.len > 0 ? buf_str(&text) : err.text);
	return NULL;
}

static enum exit_code
work_on(const struct command *command, const struct dir_catalog *c,
	const struct dir_director *director)
{
	OWNED(freep) char *words = NULL;
	OWNED(buf_release) struct buf lines = BUF_INIT(1u << 24);
	struct catalog_options o = director_catalog_options(c, director->working_directory, &words);
	struct err err = ERR_INIT;
	size_t problems = 0;
	enum err_code code;

	o.guest = true;
	code = command->work(&o, &lines, &problems, &err);
	if (lines.len > 0)
		(void)fputs(buf_str(&lines), stdout);
	if (code != ERR_OK) {
		(void)fprintf(stderr, PROGRAM ": catalog %s: %s\n", c->name, err.text);
		return EXIT_FAILED;
	}
	return problems > 0 ? EXIT_PROBLEMS : EXIT_GOOD;
}

static enum exit_code
run(const struct options *o, const struct command *command)
{
	OWNED(dir_conf_unrefp) struct dir_conf *conf = load(o->config);
	enum exit_code worst = EXIT_GOOD;
	bool any = false;

	if (conf == NULL)
		return EXIT_CONFIG;
	for (size_t i = 0; i < conf->n_catalog; i++) {
		enum exit_code code;

		if (o->catalog != NULL && strcmp(conf->catalog[i]->name, o->catalog) != 0)
			continue;
		any = true;
		code = work_on(command, conf->catalog[i], conf->director);
		if (code > worst)
			worst = code;
	}
	if (!any) {
		(void)fprintf(stderr, PROGRAM ": no Catalog resource%s%s in the configuration\n",
			      o->catalog != NULL ? " named " : "",
			      o->catalog != NULL ? o->catalog : "");
		return EXIT_CONFIG;
	}
	return worst;
}

/* No command, an unknown one, or more than one. */
static enum exit_code
complain(int n, char *const *words)
{
	if (n == 0)
		(void)fputs(PROGRAM ": no command given", stderr);
	else if (find_command(words[0]) == NULL)
		(void)fprintf(stderr, PROGRAM ": unknown command %s", words[0]);
	else
		(void)fprintf(stderr, PROGRAM ": one command at a time, not also %s", words[1]);
	(void)fputs("; the commands are create, check and upgrade (--help explains)\n", stderr);
	return EXIT_OPTIONS;
}

int
main(int argc, char **argv)
{
	struct options o = { .config = NULL };
	const struct cli_row rows[] = {
		{ 'c', "config", CLI_TEXT, &o.config, "PATH",
		  "the director's configuration, file or directory" },
		{ 'C', "catalog", CLI_TEXT, &o.catalog, "NAME",
		  "only this Catalog resource (default: all)" },
		{ 'd', "debug", CLI_NUMBER, &o.debug, "LEVEL", "trace level, 0 is off" },
		{ 'h', "help", CLI_FLAG, &o.help, NULL, "print this text" },
		{ 0, "man", CLI_NUMBER, &o.man, "SECTION",
		  "print the manual page of that section" },
		{ 0, "version", CLI_FLAG, &o.version, NULL, "print the version" },
	};
	const struct cli cli = { .program = PROGRAM,
				 .summary = "create, check and upgrade the catalog",
				 .operands = "create|check|upgrade",
				 .rows = rows,
				 .n_rows = sizeof(rows) / sizeof(rows[0]) };
	const struct command *command;
	struct err err = ERR_INIT;
	int operands = 0;

	fd_open_standard();
	thread_block_signals();
	secret_guard_process();
	log_init(PROGRAM);
	if (cli_parse(&cli, argc, argv, &operands, &err) != ERR_OK) {
		(void)fprintf(stderr, PROGRAM ": %s\n", err.text);
		return EXIT_OPTIONS;
	}
	if (o.version) {
		(void)puts(PROGRAM " " TERCET_VERSION);
		return EXIT_GOOD;
	}
	if (o.help || o.man == 8) {
		(o.help ? print_help : print_manual)(&cli);
		return EXIT_GOOD;
	}
	command = operands == argc - 1 ? find_command(argv[operands]) : NULL;
	if (command == NULL)
		return (int)complain(argc - operands, argv + operands);
	atomic_store(&log_trace_level, o.debug);
	return (int)run(&o, command);
}
