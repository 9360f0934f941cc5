/*
 * storage-daemon/device/dev.h - one opened volume on some kind of medium
 *
 * Purpose: the seam between what a volume is and where it lies: a table of operations per kind
 *          of device.  File now; tape, fifo and object store are further tables.
 * Owns:    struct dev owns its descriptor.
 * Threads: a read handle belongs to one session.  Of an append handle one thread writes while
 *          others may sync; what else there is to do the holder of its device does (device.h).
 * Errors:  ERR_EOF   open: no such volume · read: at the end of the volume
 *          ERR_ABSENT open: no such volume, and nothing else either: the medium is not mounted;
 *                    with an errno its place itself is missing, without it is empty
 *          ERR_FULL  write: no room; what was written of it has been cut off again
 *          ERR_SYS   the system refused
 * Spec:    volume.md 2.3, 2.5, 5, 20 row 19
 */
#ifndef TERCET_STORAGE_DAEMON_DEVICE_DEV_H
#define TERCET_STORAGE_DAEMON_DEVICE_DEV_H

#include <stdatomic.h>
#include <stdbool.h>

#include "lib/base/bytes.h"
#include "lib/base/err.h"
#include "lib/base/sync.h"

enum dev_mode {
	DEV_READ,
	DEV_APPEND, /* must exist */
	DEV_CREATE, /* created when missing; its directory is synced with it */
};

struct dev_ops;

struct dev {
	const struct dev_ops *ops;
	int fd;
	char *path;               /* owned; for messages */
	atomic_bool entry_unsafe; /* its directory entry may not be on stable storage yet */
	uint64_t flushed;         /* file: write-back was started up to here */
	uint64_t settled;         /* file: write-back was waited for up to here */
	/* file: the kernel tells an error of write-back to one caller only; so that all hear of
	 * it, asking and remembering are one (RANK_LEAF; not taken per block). */
	struct mutex told;
	bool lost GUARDED_BY(&told); /* write-back failed */
};

struct dev_ops {
	const char *kind;   /* Device Type word */
	bool random_access; /* addresses are byte offsets; several handles at once are fine */
	enum err_code (*open)(struct dev *d, const char *where, const char *volume,
			      enum dev_mode mode, struct err *err);
	/* Up to n bytes at address at; *got 0 at the end. */
	enum err_code (*read)(struct dev *d, void *p, size_t n, uint64_t at, size_t *got,
			      struct err *err);
	/* n bytes at address at will be read soon; a hint, NULL: the medium takes none. */
	void (*read_ahead)(struct dev *d, size_t n, uint64_t at);
	/* All n bytes at address at (the end of the volume), or none. */
	enum err_code (*write)(struct dev *d, const void *p, size_t n, uint64_t at,
			       struct err *err);
	enum err_code (*size)(struct dev *d, uint64_t *out, struct err *err);
	/* Both are handles of one and the same medium, whatever its name is by now. */
	bool (*same)(const struct dev *a, const struct dev *b);
	/* Forget everything from address at on. */
	enum err_code (*truncate)(struct dev *d, uint64_t at, struct err *err);
	/* What was written is on stable storage afterwards. */
	enum err_code (*sync)(struct dev *d, struct err *err);
	enum err_code (*close)(struct dev *d, struct err *err);
};

/* The table for a Device Type word; NULL: not a kind of this build. */
const struct dev_ops *dev_ops_find(const char *kind);

MUST_CHECK enum err_code dev_open(const struct dev_ops *ops, const char *where, const char *volume,
				  enum dev_mode mode, struct dev **out, struct err *err);
/* Close where loss matters; *d becomes NULL in any case. */
MUST_CHECK enum err_code dev_close(struct dev **d, struct err *err);
void dev_freep(struct dev **d);

#endif
