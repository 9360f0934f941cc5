/*
 * storage-daemon/media/mount_internal.h - between mount.c and vol_open.c
 */
#ifndef TERCET_STORAGE_DAEMON_MEDIA_MOUNT_INTERNAL_H
#define TERCET_STORAGE_DAEMON_MEDIA_MOUNT_INTERNAL_H

#include "storage-daemon/media/mount.h"

/* A volume that was opened, labelled if need be, and agrees with the catalog. */
struct vol_opened {
	struct dev *dev; /* owned */
	struct volume_label label;
	uint64_t end;
	struct vol_info vol; /* counters corrected */
	bool tell_label;     /* a label was written or found: the catalog must hear relabel=1 */
	bool corrected;      /* the catalog's size was wrong */
};

/* Why the blocks of w do not suit a volume; NULL: they do. */
const char *mount_misfit(const struct mount_wish *w, uint32_t block_max, enum label_style style);

/*
 * Open v in d.  ERR_FORMAT: this volume cannot be used; *broken says that the catalog should
 * call it Error.  ERR_EOF: it is not labelled and may not be.  ERR_ABSENT: nothing is known of it.
 * Anything else: the medium fails, another volume would fare no better.
 */
MUST_CHECK enum err_code vol_open_append(struct media *m, struct device *d,
					 const struct media_job *j, const struct mount_wish *w,
					 const struct vol_info *v, struct vol_opened *out,
					 bool *broken, struct err *err);

#endif
