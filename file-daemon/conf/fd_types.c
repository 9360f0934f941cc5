/*
 * file-daemon/conf/fd_types.c - resource types of the file daemon
 *
 * Spec: config.md 2.3, 5
 */
#include "file-daemon/conf/fd_conf_internal.h"

static const struct conf_type fd_type_client = {
	.name = "Client",
	.plural = "clients",
	.aliases = { "FileDaemon" },
	.spec = "5.1",
	.help = "The file daemon itself",
	.size = sizeof(struct fd_client),
	.groups = { { fd_client_rows, 0 }, { conf_tls_rows, offsetof(struct fd_client, tls) } },
	.port = 9102,
};

static const struct conf_type fd_type_director = {
	.name = "Director",
	.plural = "directors",
	.spec = "5.2",
	.help = "A director that may give orders",
	.size = sizeof(struct fd_director),
	.groups = { { fd_director_rows, 0 }, { conf_tls_rows, offsetof(struct fd_director, tls) } },
};

static const struct conf_type fd_type_messages = {
	.name = "Messages",
	.plural = "messages",
	.spec = "5.3",
	.help = "Where messages go",
	.size = sizeof(struct conf_messages),
	.groups = { { conf_messages_rows, 0 } },
};

static const struct conf_type fd_type_statistics = {
	.name = "Statistics",
	.plural = "",
	.note = "Tercet has no use for it",
};

static const struct conf_type fd_type_console = {
	.name = "Console",
	.plural = "",
	.note = "there is no remote console in the file daemon",
};

static const struct conf_type fd_type_schedule = {
	.name = "Schedule",
	.plural = "",
	.note = "there is no remote console in the file daemon",
};

static const struct conf_type *const types[] = {
	&fd_type_client,     &fd_type_director, &fd_type_messages,
	&fd_type_statistics, &fd_type_console,  &fd_type_schedule,
};

static const char *const files[] = { "tercet-fd", "bareos-fd", "bacula-fd", NULL };

/* Types of other programs, for a hint. */
static const char *const foreign_types[] = {
	"Job",         "director",
	"JobDefs",     "director",
	"Storage",     "director or storage daemon",
	"Device",      "storage daemon",
	"Autochanger", "storage daemon",
	"Catalog",     "director",
	"FileSet",     "director",
	"Pool",        "director",
	"Counter",     "director",
	"Profile",     "director",
	"User",        "director",
	NULL,
};

const struct conf_program fd_program = {
	.daemon = "file daemon",
	.component = "tercet-fd",
	.files = files,
	.types = types,
	.n_types = sizeof(types) / sizeof(*types),
	.foreign_types = foreign_types,
};
