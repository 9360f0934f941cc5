/*
 * storage-daemon/device/device.h - the Device resources at work: mounted volume and position
 *
 * Purpose: several jobs write whole blocks to the volume mounted for append; this keeps them
 *          apart, keeps the counters of the volume, and says when the volume is full or another
 *          one has taken its place.  Reading uses handles of its own (dev.h).
 * Owns:    the append handle.
 * Threads: any.  Each device has one lock (RANK_DEVICE), never held while the medium works: who
 *          writes a block or syncs says so by a flag under it.  Whoever changes the mounted volume,
 *          or tells a director its counters, is its holder meanwhile (a flag too, because both
 *          talk to the director).  The use_* members belong to media/reserve (RANK_RESERVE).
 * Errors:  ERR_SYS the medium refused · ERR_CANCELED while waiting for the holder or a writer
 */
#ifndef TERCET_STORAGE_DAEMON_DEVICE_DEVICE_H
#define TERCET_STORAGE_DAEMON_DEVICE_DEVICE_H

#include "lib/base/sync.h"
#include "lib/base/wait.h"
#include "lib/volume/label.h"
#include "storage-daemon/conf/sd_conf.h"
#include "storage-daemon/device/dev.h"
#include "storage-daemon/device/vol_info.h"

enum device_hold {
	HOLD_NONE,
	HOLD_TALK,   /* the holder tells a director about the volume; blocks may be written */
	HOLD_CHANGE, /* the holder changes the mounted volume; writers wait */
};

#define DEVICE_FAILED_KEPT 16

struct device {
	const struct sd_device *conf; /* borrowed from the configuration */
	const struct dev_ops *ops;    /* NULL: a kind of device this build does not know */

	struct mutex lock;
	struct cond turn;  /* hold, writing or syncing changed */
	struct cond asked; /* the operator's wish changed */
	enum device_hold hold GUARDED_BY(&lock);
	bool writing GUARDED_BY(&lock);         /* a block is on its way: the end is its writer's */
	bool syncing GUARDED_BY(&lock);         /* a sync is: the handle may not be closed */
	uint32_t blocked GUARDED_BY(&lock);     /* sessions that wait for an operator */
	uint32_t mount_asked GUARDED_BY(&lock); /* grows with each mount command */
	struct dev *dev GUARDED_BY(&lock);      /* owned; NULL: nothing mounted for append */
	uint64_t generation GUARDED_BY(&lock);  /* grows with each mount and unmount */
	/* Generations whose sync failed, a ring: their data cannot be trusted. */
	uint64_t failed[DEVICE_FAILED_KEPT] GUARDED_BY(&lock);
	size_t n_failed GUARDED_BY(&lock);
	struct vol_info vol GUARDED_BY(&lock); /* the mounted volume, with what was written since */
	struct vol_info safe GUARDED_BY(&lock); /* its counters when it was last synced */
	char pool[128] GUARDED_BY(&lock);       /* of the volume's label */
	enum label_style style GUARDED_BY(&lock);
	uint32_t label_version GUARDED_BY(&lock);
	uint64_t end GUARDED_BY(&lock);    /* address behind the last good block */
	uint32_t joined GUARDED_BY(&lock); /* sessions counted on this generation, still writing */
	uint64_t bytes_written GUARDED_BY(&lock); /* since the daemon started */

	/* GUARDED_BY the reservation lock of media/reserve */
	uint32_t use_writers, use_readers;
	char use_pool[128], use_pool_type[128];
	bool use_unmounted; /* an operator's unmount: no job may have it until mount */
	bool use_no_autoselect;
};

struct devices {
	struct device *v; /* owned, n of them */
	size_t n;
};

/* One struct device per usable Device resource.  conf must outlive the result. */
struct devices *devices_new(const struct sd_conf *conf);
void devices_free(struct devices *ds);
struct device *devices_find(struct devices *ds, const char *name);
/* Every wait on a device looks again (a job was cancelled). */
void devices_wake(struct devices *ds);

/* "name" (/archive/device), for messages; into out, returned. */
const char *device_print(const struct device *d, char *out, size_t cap);
#define DEVICE_PRINT_MAX 400

/* Become the holder for a change, if nobody holds it or writes on its volume; does not wait. */
bool device_hold_idle(struct device *d);
/* Become the holder; waits for the one before, and for a change until no block is on its way. */
MUST_CHECK enum err_code device_hold(struct device *d, enum device_hold how, struct cancel *cancel,
				     struct err *err);
void device_drop(struct device *d);

/* What a session must know of the volume it writes on. */
struct mounted {
	uint64_t generation;
	uint64_t media_id;
	uint32_t block_max; /* largest block this volume takes */
	char volume[128];
	enum label_style style;
	uint32_t label_version;
};

/* The mounted volume; false: none. */
bool device_mounted(struct device *d, struct mounted *out);

enum block_fate {
	BLOCK_WRITTEN,
	BLOCK_MOVED,    /* another volume is mounted by now: end the piece, join it, try again */
	BLOCK_FULL,     /* the volume's limit or the medium's is reached */
	BLOCK_BROKEN,   /* the medium refused */
	BLOCK_CANCELED, /* while others wrote or changed the volume */
};

/*
 * Write one block at the end of the volume of this generation.  *at: its address, when written;
 * else nothing of it is there, and but for BLOCK_MOVED *err says why.
 */
MUST_CHECK enum block_fate device_write_block(struct device *d, uint64_t generation,
					      struct bytes block, struct cancel *cancel,
					      uint64_t *at, struct err *err);
/*
 * All blocks written to this generation so far are on stable storage.  One sync at a time, which
 * serves all who wait; what failed once stays failed for all (the kernel tells only once).
 */
MUST_CHECK enum err_code device_sync(struct device *d, uint64_t generation, struct err *err);

/* A session that joined this generation writes no more on it. */
void device_leave(struct device *d, uint64_t generation);
/* How many write on the mounted volume. */
uint32_t device_joined(struct device *d);

/* ---- for the holder ---- */

/* Put a handle in, with the volume it is; takes *dev. */
void device_set_mounted(struct device *d, struct dev **dev, const struct vol_info *v,
			const struct volume_label *label, uint64_t end);
/* Sync and close what is mounted; nothing mounted is fine.  Only when the result of the sync is
 * known the generation ends: whoever syncs meanwhile, or later, hears of a failure. */
MUST_CHECK enum err_code device_unmount(struct device *d, struct err *err);
/* Counters as they are now. */
struct vol_info device_vol(struct device *d);
/* ... but only of what is on stable storage: this much a catalog may be told. */
struct vol_info device_vol_safe(struct device *d);
/* What the director answered to our counters: status and limits are its, the rest is ours. */
void device_vol_answer(struct device *d, const struct vol_info *answer);
/* One more job writes on the mounted volume; its counters say so.  The generation, for
 * device_leave. */
uint64_t device_join(struct device *d);
/* other is a handle of the very medium that is mounted, not of a copy with its name. */
bool device_is_on(struct device *d, struct dev *other);
void device_vol_status(struct device *d, const char *status);
/* How often an operator's mount (or a new label) was noticed; wait until it has changed. */
uint32_t device_mount_asked(struct device *d);
void device_ask_mount(struct device *d);

/* True when name is mounted here for append; *end: address behind the last good block. */
bool device_good_end(struct device *d, const char *name, uint64_t *end);
/* Largest block for a volume: its own limit, the device's, the label style's. */
uint32_t device_block_max(const struct device *d, const struct vol_info *v, enum label_style style);

#endif
