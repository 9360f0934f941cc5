/*
 * console/conf/con_types.c - resource types of the console
 *
 * Spec: config.md 2.3, 6
 */
#include "console/conf/con_conf_internal.h"

static const struct conf_type con_type_console = {
	.name = "Console",
	.plural = "consoles",
	.spec = "6.1",
	.help = "Who this console is",
	.size = sizeof(struct con_console),
	.groups = { { con_console_rows, 0 }, { conf_tls_rows, offsetof(struct con_console, tls) } },
};

static const struct conf_type con_type_director = {
	.name = "Director",
	.plural = "directors",
	.spec = "6.2",
	.help = "A director to talk to",
	.size = sizeof(struct con_director),
	.groups = { { con_director_rows, 0 },
		    { conf_tls_rows, offsetof(struct con_director, tls) } },
};

static const struct conf_type *const types[] = {
	&con_type_console,
	&con_type_director,
};

static const char *const files[] = { "tconsole", "tercet-console", "bconsole", NULL };

/* Types of other programs, for a hint. */
static const char *const foreign_types[] = {
	"Job",        "director",
	"JobDefs",    "director",
	"Client",     "director or file daemon",
	"FileDaemon", "file daemon",
	"Storage",    "director or storage daemon",
	"Device",     "storage daemon",
	"Catalog",    "director",
	"Schedule",   "director",
	"FileSet",    "director",
	"Pool",       "director",
	"Messages",   "director",
	"Counter",    "director",
	"Profile",    "director",
	"User",       "director",
	NULL,
};

const struct conf_program con_program = {
	.daemon = "console",
	.component = "tconsole",
	.files = files,
	.types = types,
	.n_types = sizeof(types) / sizeof(*types),
	.foreign_types = foreign_types,
};
