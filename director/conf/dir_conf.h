/*
 * director/conf/dir_conf.h - the resources of the director, as loaded
 *
 * Purpose: one struct per resource type; a member is the directive of config.md in snake_case.
 *          Strings are NULL, references NULL and numbers 0 when unset and without default.
 *          Sizes are bytes, times seconds, speeds bytes per second; a password is its pw-hash
 *          (32 hex digits).
 * Owns:    the generation owns all of it; hold a reference while you use any of it.
 * Threads: immutable after loading.
 * Spec:    config.md 3, 7
 */
#ifndef TERCET_DIRECTOR_CONF_DIR_CONF_H
#define TERCET_DIRECTOR_CONF_DIR_CONF_H

#include "director/conf/fileset.h"
#include "director/conf/run_spec.h"
#include "lib/conf/check.h"
#include "lib/conf/diag.h"
#include "lib/conf/messages.h"
#include "lib/proto/job_code.h"

/* clang-format off */
/*       name            directive */
#define ACL_LIST(X)                               \
	X(ACL_JOB,        "JobAcl")               \
	X(ACL_CLIENT,     "ClientAcl")            \
	X(ACL_STORAGE,    "StorageAcl")           \
	X(ACL_SCHEDULE,   "ScheduleAcl")          \
	X(ACL_POOL,       "PoolAcl")              \
	X(ACL_COMMAND,    "CommandAcl")           \
	X(ACL_FILESET,    "FileSetAcl")           \
	X(ACL_CATALOG,    "CatalogAcl")           \
	X(ACL_WHERE,      "WhereAcl")             \
	X(ACL_PLUGIN,     "PluginOptionsAcl")
/* clang-format on */

enum acl_kind {
#define X(name, directive) name,
	ACL_LIST(X)
#undef X
		ACL_KINDS,
};

/* Values are those of the wire. */
enum dir_replace {
	REPLACE_ALWAYS = 'a',
	REPLACE_IF_NEWER = 'w',
	REPLACE_IF_OLDER = 'o',
	REPLACE_NEVER = 'n'
};

enum dir_selection {
	SELECT_NONE,
	SELECT_SMALLEST_VOLUME,
	SELECT_OLDEST_VOLUME,
	SELECT_POOL_OCCUPANCY,
	SELECT_POOL_TIME,
	SELECT_POOL_UNCOPIED_JOBS,
	SELECT_CLIENT,
	SELECT_VOLUME,
	SELECT_JOB,
	SELECT_SQL_QUERY
};

enum dir_pool_type {
	POOL_BACKUP,
	POOL_COPY,
	POOL_CLONED,
	POOL_ARCHIVE,
	POOL_MIGRATION,
	POOL_SCRATCH
};
/* "Backup": the word of the Pool row in the catalog. */
const char *dir_pool_type_text(enum dir_pool_type t);

enum conf_label_type { CONF_LABEL_BAREOS, CONF_LABEL_ANSI, CONF_LABEL_IBM };

#define ACTION_ON_PURGE_TRUNCATE 1u

/* A Run line of a Schedule with its names resolved; NULL where the line has no such override. */
struct dir_run {
	struct run_spec spec;
	struct conf_pos pos;
	struct dir_pool *pool, *full_pool, *incremental_pool, *differential_pool;
	struct dir_pool *virtual_full_pool, *next_pool;
	struct dir_storage *storage;
	struct conf_messages *messages;
};

struct dir_director {
	struct conf_res res;
	char *name;
	char *description;
	struct conf_messages *messages;
	struct conf_addrs addresses;
	char *source_address;
	char *query_file;
	char *working_directory;
	char *plugin_directory;
	struct str_list plugin_names;
	char *scripts_directory;
	uint32_t subscriptions;
	uint32_t maximum_concurrent_jobs;
	uint32_t maximum_console_connections;
	struct secret password;
	int64_t fd_connect_timeout;
	int64_t sd_connect_timeout;
	int64_t heartbeat_interval;
	int64_t statistics_retention;
	uint32_t statistics_collect_interval;
	char *ver_id;
	struct secret key_encryption_key;
	uint32_t absolute_job_timeout;
	bool auditing;
	struct str_list audit_events;
	char *secure_erase_command;
	char *log_timestamp_format;
	bool enable_ktls;
	struct tls_conf tls;
};

struct dir_client {
	struct conf_res res;
	char *name;
	char *description;
	unsigned protocol;
	char *address;
	char *lan_address;
	uint32_t port;
	struct secret password;
	struct dir_catalog *catalog;
	bool passive;
	bool connection_from_director_to_client;
	bool connection_from_client_to_director;
	bool enabled;
	uint64_t hard_quota;
	uint64_t soft_quota;
	int64_t soft_quota_grace_period;
	bool strict_quotas;
	bool quota_include_failed_jobs;
	int64_t file_retention;
	int64_t job_retention;
	int64_t heartbeat_interval;
	bool auto_prune;
	uint32_t maximum_concurrent_jobs;
	uint64_t maximum_bandwidth_per_job;
	char *fd_storage_address; /* address this client uses for the storage daemon */
	struct tls_conf tls;
};

struct dir_job {
	struct conf_res res;
	char *name;
	char *description;
	enum job_type type;
	unsigned protocol;
	char *backup_format;
	enum job_level level; /* never 0: resolved by type (config.md 7.2), LEVEL_NONE for none */
	struct conf_messages *messages;
	struct dir_storage **storage;
	size_t n_storage;
	struct dir_pool *pool;
	struct dir_pool *full_backup_pool;
	struct dir_pool *incremental_backup_pool;
	struct dir_pool *differential_backup_pool;
	struct dir_pool *virtual_full_backup_pool;
	struct dir_pool *next_pool;
	struct dir_client *client;
	struct dir_fileset *file_set;
	struct dir_schedule *schedule;
	struct dir_job *job_to_verify;
	struct dir_catalog *catalog;
	struct dir_job *job_defs;
	struct str_list run;
	char *where;
	char *regex_where;
	char *strip_prefix;
	char *add_prefix;
	char *add_suffix;
	char *bootstrap;
	char *write_bootstrap;
	char *write_verify_list;
	enum dir_replace replace;
	uint64_t maximum_bandwidth;
	int64_t max_run_sched_time;
	int64_t max_run_time;
	int64_t full_max_runtime;
	int64_t incremental_max_runtime;
	int64_t differential_max_runtime;
	int64_t max_wait_time;
	int64_t max_start_delay;
	int64_t max_full_interval;
	int64_t max_virtual_full_interval;
	int64_t max_diff_interval;
	bool prefix_links;
	bool prune_jobs;
	bool prune_files;
	bool prune_volumes;
	bool purge_migration_job;
	bool enabled;
	bool spool_attributes;
	bool spool_data;
	uint64_t spool_size;
	bool rerun_failed_levels;
	bool prefer_mounted_volumes;
	struct conf_script *run_script; /* all forms, in order of execution */
	size_t n_run_script;
	uint32_t maximum_concurrent_jobs;
	bool reschedule_on_error;
	int64_t reschedule_interval;
	uint32_t reschedule_times;
	uint32_t priority;
	bool allow_mixed_priority;
	char *selection_pattern;
	enum dir_selection selection_type;
	bool accurate;
	bool allow_duplicate_jobs;
	bool allow_higher_duplicates;
	bool cancel_lower_level_duplicates;
	bool cancel_queued_duplicates;
	bool cancel_running_duplicates;
	struct str_list fd_plugin_options;
	struct str_list sd_plugin_options;
	struct str_list dir_plugin_options;
	uint32_t max_concurrent_copies;
	bool always_incremental;
	int64_t always_incremental_job_retention;
	uint32_t always_incremental_keep_number;
	int64_t always_incremental_max_full_age;
	uint32_t max_full_consolidations;
	int64_t run_on_incoming_connect_interval;
	struct dir_client *restore_client; /* default client of restores */
};

struct dir_storage {
	struct conf_res res;
	char *name;
	char *description;
	unsigned protocol;
	char *address;
	char *lan_address;
	uint32_t port;
	struct secret password;
	struct str_list device;
	char *media_type;
	bool auto_changer;
	bool enabled;
	bool allow_compression;
	int64_t heartbeat_interval;
	int64_t cache_status_interval;
	uint32_t maximum_concurrent_jobs;
	uint32_t maximum_concurrent_read_jobs;
	uint64_t maximum_bandwidth_per_job;
	bool collect_statistics;
	char *fd_storage_address; /* address clients use for this storage daemon */
	struct tls_conf tls;
};

struct dir_catalog {
	struct conf_res res;
	char *name;
	char *description;
	char *db_address;
	uint32_t db_port;
	struct secret db_password;
	char *db_user;
	char *db_name;
	char *db_socket;
	bool reconnect;
	bool exit_on_fatal;
	bool managed;      /* the director runs a private cluster of its own */
	char *db_ssl_mode; /* libpq sslmode */
	char *db_ssl_key;  /* libpq sslkey */
	char *db_ssl_cert; /* libpq sslcert */
	char *db_ssl_ca;   /* libpq sslrootcert */
};

struct dir_schedule {
	struct conf_res res;
	char *name;
	char *description;
	struct dir_run **run; /* in the order written */
	size_t n_run;
	bool enabled;
};

struct dir_pool {
	struct conf_res res;
	char *name;
	char *description;
	enum dir_pool_type pool_type;
	char *label_format;
	enum conf_label_type label_type;
	char *cleaning_prefix;
	bool use_catalog;
	bool purge_oldest_volume;
	unsigned action_on_purge; /* ACTION_ON_PURGE_TRUNCATE */
	bool recycle_oldest_volume;
	bool recycle_current_volume;
	uint32_t maximum_volumes;
	uint32_t maximum_volume_jobs;
	uint32_t maximum_volume_files;
	uint64_t maximum_volume_bytes;
	bool catalog_files;
	int64_t volume_retention;
	int64_t volume_use_duration;
	int64_t migration_time;
	uint64_t migration_high_bytes;
	uint64_t migration_low_bytes;
	struct dir_pool *next_pool;
	struct dir_storage **storage;
	size_t n_storage;
	bool auto_prune;
	bool recycle;
	struct dir_pool *recycle_pool;
	struct dir_pool *scratch_pool;
	struct dir_catalog *catalog;
	int64_t file_retention;
	int64_t job_retention;
	uint64_t minimum_block_size;
	uint64_t maximum_block_size;
};

struct dir_counter {
	struct conf_res res;
	char *name;
	char *description;
	int32_t minimum;
	uint32_t maximum;
	struct dir_counter *wrap_counter;
	struct dir_catalog *catalog;
};

struct dir_profile {
	struct conf_res res;
	char *name;
	char *description;
	struct conf_acl acl[ACL_KINDS]; /* own lists */
};

struct dir_console {
	struct conf_res res;
	char *name;
	char *description;
	struct secret password;
	struct conf_acl acl[ACL_KINDS]; /* own lists */
	struct dir_profile **profile;
	size_t n_profile;
	bool use_pam_authentication;
	struct tls_conf tls;
};

struct dir_user {
	struct conf_res res;
	char *name;
	char *description;
	struct conf_acl acl[ACL_KINDS]; /* own lists */
	struct dir_profile **profile;
	size_t n_profile;
};
/* ---- the configuration: one immutable, reference-counted generation ---- */

struct conf_gen;

struct dir_conf {
	struct conf_gen *gen; /* files, texts and resources; of lib/conf/parse.h */
	struct dir_director *director;
	struct dir_client **client; /* in the order read, all of them */
	size_t n_client;
	struct dir_job **job; /* Jobs only */
	size_t n_job;
	struct dir_job **jobdefs;
	size_t n_jobdefs;
	struct dir_storage **storage;
	size_t n_storage;
	struct dir_catalog **catalog;
	size_t n_catalog;
	struct dir_schedule **schedule;
	size_t n_schedule;
	struct dir_fileset **fileset;
	size_t n_fileset;
	struct dir_pool **pool;
	size_t n_pool;
	struct conf_messages **messages;
	size_t n_messages;
	struct dir_counter **counter;
	size_t n_counter;
	struct dir_profile **profile;
	size_t n_profile;
	struct dir_console **console; /* without the unnamed root console */
	size_t n_console;
	struct dir_user **user;
	size_t n_user;
};

/*
 * Read, resolve and check.  path: -c (a file or a directory); NULL: the compiled-in place.
 * Problems of all files go to diag, also warnings of a configuration that loads.
 * Errors: ERR_CONFIG  diag has the reasons; *out is untouched
 */
MUST_CHECK enum err_code dir_conf_load(const char *path, struct dir_conf **out,
				       struct conf_diag *diag, struct err *err);
/* One more user of the generation; a running job keeps the one it started with. */
struct dir_conf *dir_conf_ref(struct dir_conf *c);
/* One user less; the last one frees it.  NULL does nothing. */
void dir_conf_unref(struct dir_conf *c);
void dir_conf_unrefp(struct dir_conf **c);

/* For -t and --xc. */
extern const struct conf_kind dir_conf_kind;
/* --man 5 and --xs, appended. */
void dir_conf_manual(struct buf *out);
void dir_conf_schema(struct buf *out);

/* By exact name; NULL: there is none. */
struct dir_client *dir_conf_find_client(const struct dir_conf *c, const char *name);
struct dir_job *dir_conf_find_job(const struct dir_conf *c, const char *name);
struct dir_job *dir_conf_find_jobdefs(const struct dir_conf *c, const char *name);
struct dir_storage *dir_conf_find_storage(const struct dir_conf *c, const char *name);
struct dir_catalog *dir_conf_find_catalog(const struct dir_conf *c, const char *name);
struct dir_schedule *dir_conf_find_schedule(const struct dir_conf *c, const char *name);
struct dir_fileset *dir_conf_find_fileset(const struct dir_conf *c, const char *name);
struct dir_pool *dir_conf_find_pool(const struct dir_conf *c, const char *name);
struct conf_messages *dir_conf_find_messages(const struct dir_conf *c, const char *name);
struct dir_counter *dir_conf_find_counter(const struct dir_conf *c, const char *name);
struct dir_profile *dir_conf_find_profile(const struct dir_conf *c, const char *name);
struct dir_console *dir_conf_find_console(const struct dir_conf *c, const char *name);
struct dir_user *dir_conf_find_user(const struct dir_conf *c, const char *name);

/* Whether own lists, then profiles, allow item; item names no resource may have are denied except
 * for ACL_WHERE and ACL_PLUGIN.  Spec: config.md 1.10 */
bool dir_console_allows(const struct dir_console *con, enum acl_kind kind, const char *item);
bool dir_user_allows(const struct dir_user *user, enum acl_kind kind, const char *item);

/* ---- rules over several resources, config.md 7.2 ---- */

/*
 * Strip Prefix, Add Prefix, Add Suffix as one RegexWhere; owned; NULL: none of them is given.  The
 * prefix goes where a path begins, as it is written.  Spec: console.md 7.1, 15.1
 */
char *dir_relocation(const char *strip, const char *prefix, const char *suffix);

struct dir_catalog *dir_job_catalog(const struct dir_conf *c, const struct dir_job *job,
				    const struct dir_pool *pool);

#endif
