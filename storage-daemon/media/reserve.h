/*
 * storage-daemon/media/reserve.h - which job has which device
 *
 * Purpose: a job that writes gets one of the devices the director named, shared with other jobs
 *          of the same pool up to Maximum Concurrent Jobs; when none is free it waits and says
 *          why.  A job that reads gets a device to find volumes in: files can be read beside
 *          writers, so it never waits.
 * Threads: any (RANK_RESERVE inside).
 * Errors:  ERR_CONFIG   no device here will ever do; the text says why
 *          ERR_CANCELED · ERR_PEER (the director is gone) while waiting
 * Spec:    wire.md 6.4
 */
#ifndef TERCET_STORAGE_DAEMON_MEDIA_RESERVE_H
#define TERCET_STORAGE_DAEMON_MEDIA_RESERVE_H

#include "storage-daemon/media/media.h"

#define RESERVE_DEVICES_MAX 64

/* One "use storage" group of the director. */
struct reserve_wish {
	char storage[128], media_type[128], pool[128], pool_type[128];
	bool append;
	bool prefer_mounted;
	char device[RESERVE_DEVICES_MAX][128]; /* Device or Autochanger names */
	size_t n_device;
};

struct reserve *reserve_new(void);
void reserve_free(struct reserve *r);

/* ERR_OK when some device could ever serve w; does not wait. */
MUST_CHECK enum err_code reserve_check(struct media *m, const struct reserve_wish *w,
				       struct err *err);
/*
 * Take a device for writing; waits.  Not one whose mounted generation is *avoid (a mount said
 * ERR_LIMIT), as long as others write on it; avoid NULL: any.
 */
MUST_CHECK enum err_code reserve_append(struct media *m, const struct reserve_wish *w,
					const struct media_job *j, const struct mounted *avoid,
					struct device **out, struct err *err);
/* Take the first suitable device for reading. */
MUST_CHECK enum err_code reserve_read(struct media *m, const struct reserve_wish *w,
				      struct device **out, struct err *err);
void reserve_drop(struct media *m, struct device *d, bool append);

struct reserve_use {
	uint32_t writers, readers;
	char pool[128], pool_type[128];
	bool unmounted, no_autoselect;
};
struct reserve_use reserve_of(struct media *m, struct device *d);
void reserve_set_unmounted(struct media *m, struct device *d, bool unmounted);
void reserve_set_autoselect(struct media *m, struct device *d, bool autoselect);
void reserve_wake(struct reserve *r);

#endif
