/*
 * file-daemon/conf/fd_conf.h - the resources of the file daemon, as loaded
 *
 * Purpose: one struct per resource type; a member is the directive of config.md in snake_case.
 *          Strings are NULL, references NULL and numbers 0 when unset and without default.
 *          Sizes are bytes, times seconds, speeds bytes per second; a password is its pw-hash
 *          (32 hex digits).
 * Owns:    the generation owns all of it; hold a reference while you use any of it.
 * Threads: immutable after loading.
 * Spec:    config.md 5, 7
 */
#ifndef TERCET_FILE_DAEMON_CONF_FD_CONF_H
#define TERCET_FILE_DAEMON_CONF_FD_CONF_H

#include "lib/conf/check.h"
#include "lib/conf/diag.h"
#include "lib/conf/messages.h"

enum fd_pki_cipher {
	PKI_AES128,
	PKI_AES192,
	PKI_AES256,
	PKI_BLOWFISH,
	PKI_3DES,
	PKI_CAMELLIA128,
	PKI_CAMELLIA192,
	PKI_CAMELLIA256,
	PKI_AES128_HMAC_SHA1,
	PKI_AES256_HMAC_SHA1
};

struct fd_client {
	struct conf_res res;
	char *name;
	char *description;
	struct conf_addrs addresses;
	char *source_address;
	char *working_directory;
	char *plugin_directory;
	struct str_list plugin_names;
	char *scripts_directory;
	uint32_t maximum_concurrent_jobs;
	uint32_t maximum_workers_per_job;
	uint64_t pipeline_memory;
	struct conf_messages *messages;
	int64_t sd_connect_timeout;
	int64_t heartbeat_interval;
	uint32_t maximum_network_buffer_size;
	bool pki_signatures;
	bool pki_encryption;
	char *pki_key_pair;
	struct str_list pki_signer;
	struct str_list pki_master_key;
	enum fd_pki_cipher pki_cipher;
	char *ver_id;
	uint64_t maximum_bandwidth_per_job;
	bool allow_bandwidth_bursting;
	struct str_list allowed_script_dir;
	struct str_list allowed_job_command;
	uint32_t absolute_job_timeout;
	bool always_use_lmdb;
	uint32_t lmdb_threshold;
	char *secure_erase_command;
	char *log_timestamp_format;
	char *grpc_module;
	bool enable_ktls;
	struct tls_conf tls;
};

struct fd_director {
	struct conf_res res;
	char *name;
	char *description;
	struct secret password;
	char *address;
	uint32_t port;
	bool connection_from_director_to_client;
	bool connection_from_client_to_director;
	bool monitor;
	uint64_t maximum_bandwidth_per_job;
	struct str_list allowed_script_dir;
	struct str_list allowed_job_command;
	struct tls_conf tls;
};
/* ---- the configuration: one immutable, reference-counted generation ---- */

struct conf_gen;

struct fd_conf {
	struct conf_gen *gen;     /* files, texts and resources; of lib/conf/parse.h */
	struct fd_client *client; /* the daemon itself */
	struct fd_director **director;
	size_t n_director;
	struct conf_messages **messages;
	size_t n_messages;
};

/*
 * Read, resolve and check.  path: -c (a file or a directory); NULL: the compiled-in place.
 * Problems of all files go to diag, also warnings of a configuration that loads.
 * Errors: ERR_CONFIG  diag has the reasons; *out is untouched
 */
MUST_CHECK enum err_code fd_conf_load(const char *path, struct fd_conf **out,
				      struct conf_diag *diag, struct err *err);
/* One more user of the generation; a running job keeps the one it started with. */
struct fd_conf *fd_conf_ref(struct fd_conf *c);
/* One user less; the last one frees it.  NULL does nothing. */
void fd_conf_unref(struct fd_conf *c);
void fd_conf_unrefp(struct fd_conf **c);

/* For -t and --xc. */
extern const struct conf_kind fd_conf_kind;
/* --man 5 and --xs, appended. */
void fd_conf_manual(struct buf *out);
void fd_conf_schema(struct buf *out);

/* By exact name; NULL: there is none. */
struct fd_director *fd_conf_find_director(const struct fd_conf *c, const char *name);
struct conf_messages *fd_conf_find_messages(const struct fd_conf *c, const char *name);

/*
 * Whether director d may give this command ("backup", "restore", "verify", "estimate",
 * "runscript").  Spec: config.md 7.2
 */
bool fd_conf_allows(const struct fd_conf *c, const struct fd_director *d, const char *command);
/* The directories scripts of d may come from; NULL: any.  Spec: config.md 1.13, 7.2 */
const struct str_list *fd_conf_script_dirs(const struct fd_conf *c, const struct fd_director *d);

#endif
