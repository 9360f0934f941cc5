/*
 * storage-daemon/device/vol_info.h - a volume as the director's catalog knows it
 *
 * Wire:    wire.md 6.5 "Answer with volume data"
 * Threads: plain values.
 */
#ifndef TERCET_STORAGE_DAEMON_DEVICE_VOL_INFO_H
#define TERCET_STORAGE_DAEMON_DEVICE_VOL_INFO_H

#include "lib/base/bytes.h"
#include "lib/base/err.h"

struct vol_info {
	char name[128];
	uint32_t jobs, files, blocks;
	uint64_t bytes;
	uint32_t mounts, errors, writes;
	uint64_t max_bytes, capacity;
	char status[21];
	int32_t slot;
	uint32_t max_jobs, max_files;
	int32_t in_changer;
	int64_t read_us, write_us;
	uint32_t end_file, end_block;
	int32_t label_type;
	uint64_t media_id;
	char key[128];
	uint32_t min_block, max_block;
};

/* An answer "1000 OK VolName=..."; anything else is ERR_CATALOG with its text. */
MUST_CHECK enum err_code vol_info_parse(struct bytes line, struct vol_info *out, struct err *err);
/* Status is one of those a job may write on after (re)labelling. */
bool vol_info_wants_label(const struct vol_info *v);
void vol_info_set_status(struct vol_info *v, const char *status);

#endif
