/*
 * storage-daemon/media/vol_label.h - the label block of a volume: write, read, check
 *
 * Purpose: what stands between an opened medium and "this is volume V, ready for appending".
 * Spec:    volume.md 4.2, 4.6, 5, 17.1
 */
#ifndef TERCET_STORAGE_DAEMON_MEDIA_VOL_LABEL_H
#define TERCET_STORAGE_DAEMON_MEDIA_VOL_LABEL_H

#include "storage-daemon/device/device.h"

struct label_wish {
	const char *volume, *pool, *media_type, *daemon;
	enum label_style style;
	int64_t label_us;                  /* first labelled; 0: now */
	uint32_t session_id, session_time; /* of the block; 0 for the label command */
	bool checksum;
};

/* Empty the medium, write the label block and put it on stable storage.  *len: its bytes. */
MUST_CHECK enum err_code vol_label_write(struct dev *dev, const struct label_wish *w,
					 struct volume_label *out, uint64_t *len, struct err *err);
/*
 * Read the label block.  ERR_EOF an empty medium · ERR_FORMAT something else is there.
 * *len: bytes of the block.
 */
MUST_CHECK enum err_code vol_label_read(struct dev *dev, struct volume_label *out, uint64_t *len,
					struct err *err);

/*
 * What lies behind an address, and how much of it is to be kept.  Blocks behind a damaged place are
 * what a power failure leaves of blocks that were not synced yet, and then worth nothing; but not
 * when a whole job lies there, or more than is ever unsynced.
 */
struct vol_tail {
	uint64_t good_end; /* behind the last block to be kept */
	uint32_t blocks;   /* whole, undamaged ones between from and good_end */
	uint64_t damaged;  /* bytes of damaged places there */
	uint64_t size;     /* of the medium */
};

/* cancel: borrowed or NULL; a tail may be long. */
MUST_CHECK enum err_code vol_tail_scan(struct dev *dev, uint64_t from, struct cancel *cancel,
				       struct vol_tail *out, struct err *err);

#endif
