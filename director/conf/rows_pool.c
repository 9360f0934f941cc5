/*
 * director/conf/rows_pool.c - directives of Pool, Schedule, FileSet
 *
 * Spec: config.md 3.7-3.9, 10
 */
#include "director/conf/dir_conf_internal.h"

static const struct conf_word pool_type_words[] = {
	{ "Backup", POOL_BACKUP, NULL },
	{ "Copy", POOL_COPY, NULL },
	{ "Cloned", POOL_CLONED, NULL },
	{ "Archive", POOL_ARCHIVE, NULL },
	{ "Migration", POOL_MIGRATION, NULL },
	{ "Scratch", POOL_SCRATCH, NULL },
	{ NULL, 0, NULL },
};

static const struct conf_word label_type_words[] = {
	{ "bareos", CONF_LABEL_BAREOS, NULL },
	{ "bacula", CONF_LABEL_BAREOS, "accepted" },
	{ "ansi", CONF_LABEL_ANSI, NULL },
	{ "ibm", CONF_LABEL_IBM, NULL },
	{ NULL, 0, NULL },
};

const struct conf_row pool_rows[] = {
	/* clang-format off */
	{ "Name", CONF_NAME_AT(struct dir_pool, name), .flags = CONF_REQUIRED,
	  .help = "Name of the resource: letters, digits, blanks and : . - _ /" },
	{ "Description", CONF_STR_AT(struct dir_pool, description),
	  .help = "Free text, only displayed" },
	{ "PoolType", CONF_KEYWORD_AT(struct dir_pool, pool_type), .words = pool_type_words, .def = "Backup",
	  .help = "Backup, Copy, Cloned, Archive, Migration, Scratch" },
	{ "LabelFormat", CONF_STR127_AT(struct dir_pool, label_format),
	  .help = "Volume name rule" },
	{ "LabelType", CONF_KEYWORD_AT(struct dir_pool, label_type), .words = label_type_words, .def = "bareos", .note = "since Bareos 23", .flags = CONF_DEPRECATED,
	  .help = "bareos, ansi, ibm. Accept bacula as bareos" },
	{ "CleaningPrefix", CONF_STR127_AT(struct dir_pool, cleaning_prefix), .def = "CLN", .flags = CONF_LATER,
	  .help = "Barcodes with this prefix are cleaning tapes" },
	{ "UseCatalog", CONF_BOOL_AT(struct dir_pool, use_catalog), .def = "yes",
	  .help = "Keep at yes" },
	{ "PurgeOldestVolume", CONF_BOOL_AT(struct dir_pool, purge_oldest_volume), .def = "no", .flags = CONF_LATER,
	  .help = "No volume left: purge the oldest, whatever its retention. Warn when set" },
	{ "ActionOnPurge", .type = CONF_CUSTOM, .custom = &action_on_purge, .at = CONF_AT(struct dir_pool, action_on_purge, unsigned),
	  .help = "None or Truncate (values add up)" },
	{ "RecycleOldestVolume", CONF_BOOL_AT(struct dir_pool, recycle_oldest_volume), .def = "no", .flags = CONF_LATER,
	  .help = "No volume left: prune the oldest, recycle if it becomes empty" },
	{ "RecycleCurrentVolume", CONF_BOOL_AT(struct dir_pool, recycle_current_volume), .def = "no", .flags = CONF_LATER,
	  .help = "Same for the current volume" },
	{ "MaximumVolumes", CONF_UINT32_AT(struct dir_pool, maximum_volumes), .def = "0",
	  .help = "Limit of volumes; 0 = none" },
	{ "MaximumVolumeJobs", CONF_UINT32_AT(struct dir_pool, maximum_volume_jobs), .def = "0",
	  .help = "Jobs per volume, then Used; 0 = none" },
	{ "MaximumVolumeFiles", CONF_UINT32_AT(struct dir_pool, maximum_volume_files), .def = "0",
	  .help = "Files (EOF marks) per volume; 0 = none" },
	{ "MaximumVolumeBytes", CONF_SIZE_AT(struct dir_pool, maximum_volume_bytes), .def = "0",
	  .help = "Bytes per volume; 0 = none" },
	{ "CatalogFiles", CONF_BOOL_AT(struct dir_pool, catalog_files), .def = "yes",
	  .help = "no: file names are not stored in the catalog" },
	{ "VolumeRetention", CONF_TIME_AT(struct dir_pool, volume_retention), .def = "1 y",
	  .help = "Time after the last write until the volume may be pruned" },
	{ "VolumeUseDuration", CONF_TIME_AT(struct dir_pool, volume_use_duration), .def = "0",
	  .help = "Time after the first write until the volume becomes Used; 0 = none" },
	{ "MigrationTime", CONF_TIME_AT(struct dir_pool, migration_time), .def = "0", .flags = CONF_LATER,
	  .help = "For SelectionType PoolTime" },
	{ "MigrationHighBytes", CONF_SIZE_AT(struct dir_pool, migration_high_bytes), .def = "0", .flags = CONF_LATER,
	  .help = "For SelectionType PoolOccupancy: start above / stop below" },
	{ "MigrationLowBytes", CONF_SIZE_AT(struct dir_pool, migration_low_bytes), .def = "0", .flags = CONF_LATER,
	  .help = "For SelectionType PoolOccupancy: start above / stop below" },
	{ "NextPool", CONF_REF_AT(struct dir_pool, next_pool, struct dir_pool, "Pool"),
	  .help = "Destination of Copy/Migrate/VirtualFull" },
	{ "Storage", CONF_REFS_AT(struct dir_pool, storage, struct dir_storage, "Storage"),
	  .help = "Storage for jobs of this pool; overrules Job.Storage" },
	{ "AutoPrune", CONF_BOOL_AT(struct dir_pool, auto_prune), .def = "yes", .flags = CONF_LATER,
	  .help = "Prune volumes when one is needed" },
	{ "Recycle", CONF_BOOL_AT(struct dir_pool, recycle), .def = "yes",
	  .help = "Purged volumes may be reused" },
	{ "RecyclePool", CONF_REF_AT(struct dir_pool, recycle_pool, struct dir_pool, "Pool"),
	  .help = "Move a volume here when it is purged" },
	{ "ScratchPool", CONF_REF_AT(struct dir_pool, scratch_pool, struct dir_pool, "Pool"),
	  .help = "Pool to borrow volumes from; default: the pool named Scratch" },
	{ "Catalog", CONF_REF_AT(struct dir_pool, catalog, struct dir_catalog, "Catalog"),
	  .help = "Create the pool only in this catalog" },
	{ "FileRetention", CONF_TIME_AT(struct dir_pool, file_retention), .def = "0", .note = "since Bareos 25.1", .flags = CONF_LATER | CONF_DEPRECATED,
	  .help = "Overrules the Client value when > 0; still effective" },
	{ "JobRetention", CONF_TIME_AT(struct dir_pool, job_retention), .def = "0", .note = "since Bareos 25.1", .flags = CONF_LATER | CONF_DEPRECATED,
	  .help = "Overrules the Client value when > 0; still effective" },
	{ "MinimumBlockSize", CONF_SIZE32_AT(struct dir_pool, minimum_block_size), .def = "0",
	  .help = "Block size for volumes of the pool; 0 = as the device" },
	{ "MaximumBlockSize", CONF_SIZE32_AT(struct dir_pool, maximum_block_size), .def = "0",
	  .help = "Block size for volumes of the pool; 0 = as the device" },
	/* Bacula */
	{ "UseVolumeOnce", .type = CONF_CUSTOM, .custom = &use_volume_once, .flags = CONF_FOREIGN },
	{ "CopyPool", .type = CONF_CUSTOM, .custom = &copy_pool, .flags = CONF_FOREIGN },
	{ "CacheRetention", .type = CONF_ANY, .flags = CONF_FOREIGN, .note = "there is no cloud cache" },
	{ "StorageGroupPolicy", .type = CONF_ANY, .flags = CONF_FOREIGN, .note = "the first Storage is used" },
	{ .name = NULL },
	/* clang-format on */
};

const struct conf_row schedule_rows[] = {
	/* clang-format off */
	{ "Name", CONF_NAME_AT(struct dir_schedule, name), .flags = CONF_REQUIRED,
	  .help = "Name of the resource: letters, digits, blanks and : . - _ /" },
	{ "Description", CONF_STR_AT(struct dir_schedule, description),
	  .help = "Free text, only displayed" },
	{ "Run", .type = CONF_CUSTOM, .custom = &run_line, .at = CONF_AT(struct dir_schedule, run, struct dir_run **),
	  .help = "One line per start rule; may repeat" },
	{ "Enabled", CONF_BOOL_AT(struct dir_schedule, enabled), .def = "yes",
	  .help = "no: jobs that use it are not scheduled" },
	{ .name = NULL },
	/* clang-format on */
};

const struct conf_row fileset_rows[] = {
	/* clang-format off */
	{ "Name", CONF_NAME_AT(struct dir_fileset, name), .flags = CONF_REQUIRED,
	  .help = "Name of the resource: letters, digits, blanks and : . - _ /" },
	{ "Description", CONF_STR_AT(struct dir_fileset, description),
	  .help = "Free text, only displayed" },
	{ "Include", .type = CONF_CUSTOM, .custom = &fileset_include, .at = CONF_AT(struct dir_fileset, block, struct fileset_block *),
	  .help = "Block, may repeat" },
	{ "Exclude", .type = CONF_CUSTOM, .custom = &fileset_exclude, .at = CONF_AT(struct dir_fileset, block, struct fileset_block *),
	  .help = "Block, may repeat" },
	{ "IgnoreFileSetChanges", CONF_BOOL_AT(struct dir_fileset, ignore_file_set_changes), .def = "no",
	  .help = "yes: a changed list does not force a Full" },
	{ "EnableVSS", CONF_BOOL_AT(struct dir_fileset, enable_vss), .def = "yes",
	  .help = "Windows snapshots" },
	/* Bacula */
	{ "EnableSnapshot", .type = CONF_ANY, .flags = CONF_FOREIGN, .note = "snapshots are not supported" },
	{ .name = NULL },
	/* clang-format on */
};
