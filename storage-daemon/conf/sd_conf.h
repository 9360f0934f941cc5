/*
 * storage-daemon/conf/sd_conf.h - the resources of the storage daemon, as loaded
 *
 * Purpose: one struct per resource type; a member is the directive of config.md in snake_case.
 *          Strings are NULL, references NULL and numbers 0 when unset and without default.
 *          Sizes are bytes, times seconds, speeds bytes per second; a password is its pw-hash
 *          (32 hex digits).
 * Owns:    the generation owns all of it; hold a reference while you use any of it.
 * Threads: immutable after loading.
 * Spec:    config.md 4, 7
 */
#ifndef TERCET_STORAGE_DAEMON_CONF_SD_CONF_H
#define TERCET_STORAGE_DAEMON_CONF_SD_CONF_H

#include "lib/conf/check.h"
#include "lib/conf/diag.h"
#include "lib/conf/messages.h"

enum sd_device_type { SD_DEVICE_UNKNOWN, SD_DEVICE_FILE, SD_DEVICE_TAPE, SD_DEVICE_FIFO };
enum sd_access_mode { SD_ACCESS_READWRITE, SD_ACCESS_READONLY, SD_ACCESS_WRITEONLY };
enum sd_io_direction { SD_IO_NONE = 0, SD_IO_IN = 1, SD_IO_OUT = 2, SD_IO_BOTH = 3 };
enum sd_deflate_algorithm {
	SD_DEFLATE_NONE,
	SD_DEFLATE_GZIP,
	SD_DEFLATE_LZO,
	SD_DEFLATE_LZFAST,
	SD_DEFLATE_LZ4,
	SD_DEFLATE_LZ4HC
};
enum conf_label_type { CONF_LABEL_BAREOS, CONF_LABEL_ANSI, CONF_LABEL_IBM };
enum conf_label_style { CONF_STYLE_BAREOS, CONF_STYLE_BACULA };

struct sd_director {
	struct conf_res res;
	char *name;
	char *description;
	struct secret password;
	bool monitor;
	uint64_t maximum_bandwidth_per_job;
	struct secret key_encryption_key;
	struct tls_conf tls;
};

struct sd_storage {
	struct conf_res res;
	char *name;
	char *description;
	struct conf_addrs addresses;
	char *source_address;
	char *working_directory;
	struct str_list backend_directory;
	bool just_in_time_reservation;
	char *plugin_directory;
	struct str_list plugin_names;
	char *scripts_directory;
	uint32_t maximum_concurrent_jobs;
	struct conf_messages *messages;
	int64_t sd_connect_timeout;
	int64_t fd_connect_timeout;
	int64_t heartbeat_interval;
	int64_t checkpoint_interval;
	uint32_t maximum_network_buffer_size;
	int64_t client_connect_wait;
	char *ver_id;
	uint64_t maximum_bandwidth_per_job;
	bool allow_bandwidth_bursting;
	bool auto_x_flate_on_replication;
	uint32_t absolute_job_timeout;
	bool collect_device_statistics;
	bool collect_job_statistics;
	uint32_t statistics_collect_interval;
	bool device_reserve_by_media_type;
	bool file_device_concurrent_read;
	char *secure_erase_command;
	char *log_timestamp_format;
	bool enable_ktls;
	struct tls_conf tls;
};

struct sd_device {
	struct conf_res res;
	char *name;
	char *description;
	char *media_type;
	char *device_type;
	char *archive_device;
	char *device_options;
	char *diagnostic_device;
	bool hardware_end_of_file;
	bool hardware_end_of_medium;
	bool backward_space_record;
	bool backward_space_file;
	bool forward_space_record;
	bool forward_space_file;
	bool fast_forward_space_file;
	bool use_mtiocget;
	bool block_positioning;
	bool bsf_at_eom;
	bool two_eof;
	bool removable_media;
	bool random_access;
	bool automatic_mount;
	bool label_media;
	bool always_open;
	bool autochanger;
	bool close_on_poll;
	bool check_labels;
	bool requires_mount;
	bool offline_on_unmount;
	bool block_checksum;
	enum sd_access_mode access_mode;
	bool auto_select;
	char *changer_device;
	char *changer_command;
	char *alert_command;
	int64_t maximum_changer_wait;
	int64_t maximum_open_wait;
	uint32_t maximum_open_volumes;
	uint32_t maximum_network_buffer_size;
	int64_t volume_poll_interval;
	int64_t maximum_rewind_wait;
	uint32_t label_block_size;
	uint32_t minimum_block_size;
	uint64_t maximum_block_size;
	uint64_t maximum_file_size;
	uint64_t volume_capacity;
	uint32_t maximum_concurrent_jobs;
	char *spool_directory;
	uint64_t maximum_spool_size;
	uint64_t maximum_job_spool_size;
	uint32_t drive_index;
	char *mount_point;
	char *mount_command;
	char *unmount_command;
	enum conf_label_type label_type;
	bool no_rewind_on_close;
	bool drive_tape_alert_enabled;
	bool query_crypto_status;
	bool eof_on_error_is_eot;
	bool drive_crypto_enabled;
	enum sd_io_direction auto_deflate;
	enum sd_deflate_algorithm auto_deflate_algorithm;
	uint32_t auto_deflate_level;
	enum sd_io_direction auto_inflate;
	bool collect_statistics;
	uint32_t count;
	enum conf_label_style label_style; /* label written on new volumes */
	bool enabled;                      /* no: not offered */
	uint64_t maximum_volume_size;      /* bytes per volume on this device; 0 none */
	struct sd_autochanger *changer;    /* the Autochanger it belongs to, or NULL */
	bool hidden;                       /* original of a Count, kept aside and never used */
	enum sd_device_type kind; /* DeviceType decided by sd_device_kind (config.md 4.5) */
};

struct sd_autochanger {
	struct conf_res res;
	char *name;
	char *description;
	struct sd_device **device;
	size_t n_device;
	char *changer_device;
	char *changer_command;
};
/* ---- the configuration: one immutable, reference-counted generation ---- */

struct conf_gen;

struct sd_conf {
	struct conf_gen *gen; /* files, texts and resources; of lib/conf/parse.h */
	struct sd_storage *storage;
	struct sd_director **director;
	size_t n_director;
	struct sd_device **device; /* copies made by Count included */
	size_t n_device;
	struct sd_autochanger **autochanger;
	size_t n_autochanger;
	struct conf_messages **messages;
	size_t n_messages;
};

/*
 * Read, resolve and check.  path: -c (a file or a directory); NULL: the compiled-in place.
 * Problems of all files go to diag, also warnings of a configuration that loads.
 * Errors: ERR_CONFIG  diag has the reasons; *out is untouched
 */
MUST_CHECK enum err_code sd_conf_load(const char *path, struct sd_conf **out,
				      struct conf_diag *diag, struct err *err);
/* One more user of the generation; a running job keeps the one it started with. */
struct sd_conf *sd_conf_ref(struct sd_conf *c);
/* One user less; the last one frees it.  NULL does nothing. */
void sd_conf_unref(struct sd_conf *c);
void sd_conf_unrefp(struct sd_conf **c);

/* For -t and --xc. */
extern const struct conf_kind sd_conf_kind;
/* --man 5 and --xs, appended. */
void sd_conf_manual(struct buf *out);
void sd_conf_schema(struct buf *out);

/* By exact name; NULL: there is none. */
struct sd_director *sd_conf_find_director(const struct sd_conf *c, const char *name);
struct sd_device *sd_conf_find_device(const struct sd_conf *c, const char *name);
struct sd_autochanger *sd_conf_find_autochanger(const struct sd_conf *c, const char *name);
struct conf_messages *sd_conf_find_messages(const struct sd_conf *c, const char *name);

/*
 * The type of a device by its DeviceType, or by looking at ArchiveDevice when none is given.
 * What is not there and not below /dev is a directory that may be mounted later.
 * Errors: ERR_CONFIG  unknown type, or nothing there to look at
 * Spec: config.md 4.5
 */
MUST_CHECK enum err_code sd_device_kind(const struct sd_device *d, enum sd_device_type *out,
					struct err *err);

#endif
