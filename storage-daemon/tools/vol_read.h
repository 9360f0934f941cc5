/*
 * storage-daemon/tools/vol_read.h - read disk volumes without a daemon
 *
 * Purpose: goes through the files one after the other and lets lib/volume/gather take what a
 *          bootstrap and name lists want.  One that cannot be read is told, and the next one read.
 * Owns:    descriptors, buffers.
 * Threads: one.
 * Errors:  ERR_SYS, ERR_FORMAT  no volume at all could be read: it cannot be opened, is none, or
 *                               not the one that was asked for
 *          what ops->record answers
 */
#ifndef TERCET_STORAGE_DAEMON_TOOLS_VOL_READ_H
#define TERCET_STORAGE_DAEMON_TOOLS_VOL_READ_H

#include "lib/volume/gather.h"
#include "storage-daemon/tools/name_list.h"

struct vol_input {
	char *path;   /* owned */
	char *volume; /* owned; name it must have, NULL: any */
	size_t visit; /* of the bootstrap; VOL_NO_VISIT: what it wants of the volume at all */
};
#define VOL_NO_VISIT SIZE_MAX

struct vol_inputs {
	struct vol_input *v; /* owned */
	size_t n, cap;
};

void vol_inputs_add(struct vol_inputs *in, const char *path, const char *volume, size_t visit);
void vol_inputs_release(struct vol_inputs *in);

/* The first member of what the callbacks get as user. */
struct vol_reading {
	const struct vol_inputs *inputs;           /* borrowed */
	struct bootstrap *bootstrap;               /* borrowed or NULL: everything */
	const struct name_list *include, *exclude; /* borrowed or NULL */
	/* A volume was opened; NULL: of no interest. */
	void (*seen)(struct vol_reading *r, const struct vol_input *in,
		     const struct volume_label *label);
	uint64_t damaged; /* sentences said of what is lost */
};

/* ops without wants: that is what the name lists say. */
MUST_CHECK enum err_code vol_read(struct vol_reading *r, const struct gather_ops *ops,
				  struct err *err);

#endif
