/*
 * lib/volume/label.h - volume and session labels
 *
 * Layout:  volume.md 4
 * Threads: pure functions.
 */
#ifndef TERCET_VOLUME_LABEL_H
#define TERCET_VOLUME_LABEL_H

#include "lib/base/buf.h"

enum label_index { /* FileIndex of label records, volume.md 4.1 */
		   PRE_LABEL = -1,
		   VOL_LABEL = -2,
		   EOM_LABEL = -3,
		   SOS_LABEL = -4,
		   EOS_LABEL = -5,
};

enum label_style { LABEL_BAREOS, LABEL_BACULA };

#define LABEL_MAX 1024u /* bytes of a serialised label */

struct volume_label {
	enum label_style style;
	uint32_t version;           /* 20 Bareos, 11 Bacula, 9..10 old */
	int64_t label_us, write_us; /* microseconds since the epoch */
	char volume[128], previous[128], pool[128], pool_type[128], media_type[128];
	char host[128], program[64], program_version[64], program_date[64];
};

struct session_label {
	enum label_style style;
	uint32_t version;
	uint32_t job_id;
	int64_t write_us;
	char pool[128], pool_type[128], job_name[128], client[128], job[128], fileset[128];
	uint32_t job_type, job_level;
	char fileset_md5[64];
	/* end of session only */
	uint32_t files;
	uint64_t bytes;
	uint64_t start_addr, end_addr; /* block << 0, file << 32 as volume.md 14.1 */
	uint32_t errors, status;
};

/* ERR_FORMAT with the reason for labels of no known family. */
MUST_CHECK enum err_code volume_label_parse(struct bytes in, struct volume_label *out,
					    struct err *err);
size_t volume_label_emit(const struct volume_label *l, uint8_t out[LABEL_MAX]);
MUST_CHECK enum err_code session_label_parse(struct bytes in, bool end, struct session_label *out,
					     struct err *err);
size_t session_label_emit(const struct session_label *l, bool end, uint8_t out[LABEL_MAX]);

#endif
