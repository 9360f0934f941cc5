/*
 * storage-daemon/session/sd.h - what every conversation of this daemon shares
 *
 * Threads: immutable after main has filled it, but for what its parts lock themselves.
 */
#ifndef TERCET_STORAGE_DAEMON_SESSION_SD_H
#define TERCET_STORAGE_DAEMON_SESSION_SD_H

#include "lib/base/wait.h"
#include "storage-daemon/media/media.h"

struct sessions;

struct sd {
	const struct sd_conf *conf; /* borrowed */
	struct media media;
	struct sessions *sessions;
	struct cancel stop; /* the daemon ends */
	int64_t started;    /* seconds; VolSessionTime of this run */
	char own_name[160]; /* "R_STORAGE::name", bashed */
	char os[128];       /* for status */
};

/* How long the director may take for an answer: a catalog that is away for minutes does not fail a
 * job; and for what there is still to say when a job is over. */
#define DIRECTOR_ANSWER_S 1800
#define LAST_WORDS_S      60

#define SD_VERSION_TEXT "Version: " TERCET_VERSION " (Tercet)"

/* Serve one accepted socket to its end; owns fd.  Handler of lib/net/listen. */
void sd_serve(void *sd, int fd);

#endif
