#include "storage-daemon/device/vol_info.h"

#include <stdio.h>

#include "lib/proto/dir_sd.h"
#include "lib/proto/scan.h"

enum err_code
vol_info_parse(struct bytes line, struct vol_info *out, struct err *err)
{
	struct vol_info v = { .name = "" };

	if (!wire_scan(line, CATREQ_OK_VOL_SCAN, v.name, &v.jobs, &v.files, &v.blocks, &v.bytes,
		       &v.mounts, &v.errors, &v.writes, &v.max_bytes, &v.capacity, v.status,
		       &v.slot, &v.max_jobs, &v.max_files, &v.in_changer, &v.read_us, &v.write_us,
		       &v.end_file, &v.end_block, &v.label_type, &v.media_id, v.key, &v.min_block,
		       &v.max_block)) {
		while (line.n > 0 && line.p[line.n - 1] == '\n')
			line.n--;
		return err_set(err, ERR_CATALOG, "%.*s", BYTES_ARG(line));
	}
	if (v.name[0] == '\0')
		return err_set(err, ERR_CATALOG, "the director offers a volume without a name");
	wire_unbash(v.name);
	*out = v;
	return ERR_OK;
}

bool
vol_info_wants_label(const struct vol_info *v)
{
	return strcmp(v->status, "Unlabeled") == 0 || strcmp(v->status, "Recycle") == 0 ||
	       strcmp(v->status, "Purged") == 0;
}

void
vol_info_set_status(struct vol_info *v, const char *status)
{
	(void)snprintf(v->status, sizeof(v->status), "%s", status);
}
