/*
 * storage-daemon/media/mount.h - get the right volume into a device for writing
 *
 * Purpose: use the mounted volume if the director agrees, else ask for one, open it, check or
 *          write its label, compare its size with the catalog, go to its end; when there is
 *          none, say what is needed, give the device back and wait for an operator.
 * Threads: any session, for a device it has reserved; the device is held meanwhile.
 * Errors:  ERR_EOF      the director has no volume: drop the device and mount_wait
 *          ERR_ABSENT   the archive is not mounted: the same; nothing is said of its volumes
 *          ERR_LIMIT    other jobs write on the mounted volume and this job may not: take
 *                       another device or wait until they are done
 *          ERR_CANCELED · ERR_PEER and ERR_CATALOG of the director · ERR_SYS of the medium
 * Spec:    volume.md 4.6, 5, 20 row 19; director.md 11; wire.md 6.5
 */
#ifndef TERCET_STORAGE_DAEMON_MEDIA_MOUNT_H
#define TERCET_STORAGE_DAEMON_MEDIA_MOUNT_H

#include "storage-daemon/media/media.h"

struct mount_wish {
	const char *pool, *pool_type, *media_type;
	uint32_t need_block; /* a block this long is waiting to be written; 0: none yet */
	bool not_bacula;     /* ... with records as Bacula's programs do not know them */
	bool quiet;          /* what was said of volumes before need not be said again */
};

/* On success the job is counted on the volume and *out says what it is. */
MUST_CHECK enum err_code mount_append(struct media *m, struct device *d, const struct media_job *j,
				      const struct mount_wish *w, struct mounted *out,
				      struct err *err);
/* Between two attempts of one job that found no volume; all zero at first. */
struct mount_pause {
	uint32_t asked; /* device_mount_asked before the attempt */
	int64_t pause_s, waited_s, say_at_s;
};

/*
 * Say what is needed (why: the error of mount_append), show both peers that we live, and wait for
 * a mount command, a new label, or until it is time to look again.  The device is not held and
 * need not be reserved meanwhile: other jobs may use it.
 */
MUST_CHECK enum err_code mount_wait(struct device *d, const struct media_job *j,
				    const struct mount_wish *w, struct mount_pause *p,
				    const struct err *why, struct err *err);
/*
 * The medium of the volume of this generation failed: say so, mark it Error in the catalog and
 * unmount it.  When the catalog cannot be told it is told with the next job.
 */
MUST_CHECK enum err_code mount_condemn(struct media *m, struct device *d, const struct media_job *j,
				       uint64_t generation, const struct err *why, struct err *err);
/* The volume of this generation is full, because of why: say so to the catalog and unmount it.
 * Another volume mounted by now is fine too. */
MUST_CHECK enum err_code mount_full(struct media *m, struct device *d, const struct media_job *j,
				    uint64_t generation, const struct err *why, struct err *err);
/* Tell the director the counters of the volume of this generation, if it is still mounted. */
MUST_CHECK enum err_code mount_tell(struct device *d, const struct media_job *j,
				    uint64_t generation, struct err *err);
/* Unmount for an operator; ERR_LIMIT: jobs are writing. */
MUST_CHECK enum err_code mount_release(struct media *m, struct device *d, struct cancel *cancel,
				       struct err *err);

#endif
