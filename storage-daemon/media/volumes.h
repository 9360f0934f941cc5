/*
 * storage-daemon/media/volumes.h - volumes in use, by name
 *
 * Purpose: no volume is open for writing in two devices, and none is emptied while somebody
 *          reads it.
 * Threads: any (RANK_VOLUMES inside).
 */
#ifndef TERCET_STORAGE_DAEMON_MEDIA_VOLUMES_H
#define TERCET_STORAGE_DAEMON_MEDIA_VOLUMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct device;
struct volumes;

struct volumes *volumes_new(void);
void volumes_free(struct volumes *v);

/* d alone writes on it from now on; false: another device does. */
bool volumes_claim_write(struct volumes *v, const char *name, struct device *d);
void volumes_drop_write(struct volumes *v, const char *name);
/* Its medium failed; remembered until volumes_forgive: the catalog knows, or it has a new label. */
void volumes_condemn(struct volumes *v, const char *name);
void volumes_forgive(struct volumes *v, const char *name);
bool volumes_is_condemned(struct volumes *v, const char *name);
/*
 * The volume is about to be emptied by the device that has claimed it, or, writer NULL, by somebody
 * who has it for himself until _done: no device may claim it meanwhile.  False: it is being read,
 * or written by another.
 */
bool volumes_begin_rewrite(struct volumes *v, const char *name, const struct device *writer);
void volumes_rewrite_done(struct volumes *v, const char *name);
/* False: it is being emptied just now. */
bool volumes_add_reader(struct volumes *v, const char *name);
void volumes_drop_reader(struct volumes *v, const char *name);
/* The device that has it for writing, or NULL. */
struct device *volumes_writer(struct volumes *v, const char *name);

struct volume_use {
	char name[128];
	struct device *writer; /* or NULL */
	uint32_t readers;
};
/* At most cap entries into out, by name; returns how many. */
size_t volumes_list(struct volumes *v, struct volume_use *out, size_t cap);

#endif
