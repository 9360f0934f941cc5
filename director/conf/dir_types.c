/*
 * director/conf/dir_types.c - resource types of the director
 *
 * Spec: config.md 2.3, 3
 */
#include "director/conf/dir_conf_internal.h"

static const struct conf_type dir_type_director = {
	.name = "Director",
	.plural = "directors",
	.spec = "3.2",
	.help = "The director itself",
	.size = sizeof(struct dir_director),
	.groups = { { director_rows, 0 }, { conf_tls_rows, offsetof(struct dir_director, tls) } },
	.port = 9101,
};

static const struct conf_type dir_type_client = {
	.name = "Client",
	.plural = "clients",
	.spec = "3.3",
	.help = "A file daemon",
	.size = sizeof(struct dir_client),
	.groups = { { client_rows, 0 }, { conf_tls_rows, offsetof(struct dir_client, tls) } },
};

static const struct conf_type dir_type_jobdefs = {
	.name = "JobDefs",
	.plural = "jobdefs",
	.spec = "3.4",
	.help = "Defaults for jobs",
	.size = sizeof(struct dir_job),
	.groups = { { job_rows, 0 } },
	.defaults_only = true,
	.inherit = "JobDefs",
};

static const struct conf_type dir_type_job = {
	.name = "Job",
	.plural = "jobs",
	.spec = "3.4",
	.help = "What to do",
	.size = sizeof(struct dir_job),
	.groups = { { job_rows, 0 } },
	.inherit = "JobDefs",
};

static const struct conf_type dir_type_storage = {
	.name = "Storage",
	.plural = "storages",
	.aliases = { "Autochanger" },
	.spec = "3.5",
	.help = "A storage daemon with a device",
	.size = sizeof(struct dir_storage),
	.groups = { { storage_rows, 0 }, { conf_tls_rows, offsetof(struct dir_storage, tls) } },
};

static const struct conf_type dir_type_catalog = {
	.name = "Catalog",
	.plural = "catalogs",
	.spec = "3.6",
	.help = "A database",
	.size = sizeof(struct dir_catalog),
	.groups = { { catalog_rows, 0 } },
};

static const struct conf_type dir_type_schedule = {
	.name = "Schedule",
	.plural = "schedules",
	.spec = "3.7",
	.help = "When jobs start",
	.size = sizeof(struct dir_schedule),
	.groups = { { schedule_rows, 0 } },
};

static const struct conf_type dir_type_fileset = {
	.name = "FileSet",
	.plural = "filesets",
	.spec = "3.8",
	.help = "What is saved",
	.size = sizeof(struct dir_fileset),
	.groups = { { fileset_rows, 0 } },
};

static const struct conf_type dir_type_pool = {
	.name = "Pool",
	.plural = "pools",
	.spec = "3.9",
	.help = "Volumes used alike",
	.size = sizeof(struct dir_pool),
	.groups = { { pool_rows, 0 } },
};

static const struct conf_type dir_type_messages = {
	.name = "Messages",
	.plural = "messages",
	.spec = "3.10",
	.help = "Where messages go",
	.size = sizeof(struct conf_messages),
	.groups = { { conf_messages_rows, 0 } },
};

static const struct conf_type dir_type_counter = {
	.name = "Counter",
	.plural = "counters",
	.spec = "3.11",
	.help = "A number for volume names",
	.size = sizeof(struct dir_counter),
	.groups = { { counter_rows, 0 } },
};

static const struct conf_type dir_type_profile = {
	.name = "Profile",
	.plural = "profiles",
	.spec = "3.12",
	.help = "Rights that consoles share",
	.size = sizeof(struct dir_profile),
	.groups = { { profile_rows, 0 } },
};

static const struct conf_type dir_type_console = {
	.name = "Console",
	.plural = "consoles",
	.spec = "3.13",
	.help = "A named console and its rights",
	.size = sizeof(struct dir_console),
	.groups = { { console_rows, 0 },
		    { acl_rows, 0 },
		    { conf_tls_rows, offsetof(struct dir_console, tls) } },
};

static const struct conf_type dir_type_user = {
	.name = "User",
	.plural = "users",
	.spec = "3.14",
	.help = "Rights of a user known to PAM",
	.size = sizeof(struct dir_user),
	.groups = { { user_rows, 0 }, { user_acl_rows, 0 } },
};

static const struct conf_type dir_type_statistics = {
	.name = "Statistics",
	.plural = "",
	.note = "Tercet has no use for it",
};

static const struct conf_type dir_type_device = {
	.name = "Device",
	.plural = "",
	.note = "devices are named in Storage; they are configured in the storage daemon",
	.refused = true,
};

static const struct conf_type *const types[] = {
	&dir_type_director, &dir_type_client,   &dir_type_jobdefs,    &dir_type_job,
	&dir_type_storage,  &dir_type_catalog,  &dir_type_schedule,   &dir_type_fileset,
	&dir_type_pool,     &dir_type_messages, &dir_type_counter,    &dir_type_profile,
	&dir_type_console,  &dir_type_user,     &dir_type_statistics, &dir_type_device,
};

static const char *const files[] = { "tercet-dir", "bareos-dir", "bacula-dir", NULL };

/* Types of other programs, for a hint. */
static const char *const foreign_types[] = {
	"Device", "storage daemon", "Autochanger", "storage daemon", "FileDaemon", "file daemon",
	"Ndmp",   "storage daemon", NULL,
};

const struct conf_program dir_program = {
	.daemon = "director",
	.component = "tercet-dir",
	.files = files,
	.types = types,
	.n_types = sizeof(types) / sizeof(*types),
	.foreign_types = foreign_types,
};
