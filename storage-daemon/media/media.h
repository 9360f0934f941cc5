/*
 * storage-daemon/media/media.h - devices, volumes in use and reservations of this daemon
 *
 * Purpose: what every session shares; made once by main.
 * Owns:    its three parts.
 * Threads: immutable pointers; each part has its own lock.
 */
#ifndef TERCET_STORAGE_DAEMON_MEDIA_MEDIA_H
#define TERCET_STORAGE_DAEMON_MEDIA_MEDIA_H

#include "storage-daemon/device/device.h"
#include "storage-daemon/media/media_job.h"
#include "storage-daemon/media/volumes.h"

struct reserve;

struct media {
	const struct sd_conf *conf; /* borrowed; outlives this */
	struct devices *devices;
	struct volumes *volumes;
	struct reserve *reserve;
};

void media_init(struct media *m, const struct sd_conf *conf);
void media_release(struct media *m);
/* Everybody who waits looks whether he was cancelled. */
void media_wake(struct media *m);

#endif
