/*
 * storage-daemon/conf/sd_types.c - resource types of the storage daemon
 *
 * Spec: config.md 2.3, 4
 */
#include "storage-daemon/conf/sd_conf_internal.h"

static const struct conf_type sd_type_director = {
	.name = "Director",
	.plural = "directors",
	.spec = "4.1",
	.help = "A director that may give orders",
	.size = sizeof(struct sd_director),
	.groups = { { sd_director_rows, 0 }, { conf_tls_rows, offsetof(struct sd_director, tls) } },
};

static const struct conf_type sd_type_storage = {
	.name = "Storage",
	.plural = "storages",
	.spec = "4.2",
	.help = "The storage daemon itself",
	.size = sizeof(struct sd_storage),
	.groups = { { sd_storage_rows, 0 }, { conf_tls_rows, offsetof(struct sd_storage, tls) } },
	.port = 9103,
};

static const struct conf_type sd_type_device = {
	.name = "Device",
	.plural = "devices",
	.spec = "4.3",
	.help = "A place for volumes",
	.size = sizeof(struct sd_device),
	.groups = { { sd_device_rows, 0 } },
};

static const struct conf_type sd_type_autochanger = {
	.name = "Autochanger",
	.plural = "autochangers",
	.spec = "4.4",
	.help = "Devices that share volumes",
	.size = sizeof(struct sd_autochanger),
	.groups = { { sd_autochanger_rows, 0 } },
};

static const struct conf_type sd_type_messages = {
	.name = "Messages",
	.plural = "messages",
	.spec = "3.10",
	.help = "Where messages go",
	.size = sizeof(struct conf_messages),
	.groups = { { conf_messages_rows, 0 } },
};

static const struct conf_type sd_type_ndmp = {
	.name = "Ndmp",
	.plural = "",
	.note = "NDMP is not supported",
};

static const struct conf_type sd_type_statistics = {
	.name = "Statistics",
	.plural = "",
	.note = "Tercet has no use for it",
};

static const struct conf_type sd_type_cloud = {
	.name = "Cloud",
	.plural = "",
	.note = "cloud devices are not supported",
};

static const struct conf_type *const types[] = {
	&sd_type_director, &sd_type_storage, &sd_type_device,     &sd_type_autochanger,
	&sd_type_messages, &sd_type_ndmp,    &sd_type_statistics, &sd_type_cloud,
};

static const char *const files[] = { "tercet-sd", "bareos-sd", "bacula-sd", NULL };

/* Types of other programs, for a hint. */
static const char *const foreign_types[] = {
	"Job",        "director",
	"JobDefs",    "director",
	"Client",     "director or file daemon",
	"FileDaemon", "file daemon",
	"Catalog",    "director",
	"Schedule",   "director",
	"FileSet",    "director",
	"Pool",       "director",
	"Counter",    "director",
	"Profile",    "director",
	"Console",    "director or console",
	"User",       "director",
	NULL,
};

const struct conf_program sd_program = {
	.daemon = "storage daemon",
	.component = "tercet-sd",
	.files = files,
	.types = types,
	.n_types = sizeof(types) / sizeof(*types),
	.foreign_types = foreign_types,
};
