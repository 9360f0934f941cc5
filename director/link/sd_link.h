/*
 * director/link/sd_link.h - a command session with one storage daemon
 *
 * Purpose: connect (TLS when the Storage resource enables it, else clear, no fallback) and run
 *          operator commands.  Jobs use it for their conversation too.
 * Owns:    the conversation; closing sends TERMINATE.
 * Threads: one link, one thread (the conn inside may have a second sender).
 * Errors:  ERR_PEER, ERR_AUTH with storage name, address and what to check; ERR_CANCELED.
 * Spec:    wire.md 3.6, 6.7; director.md 10.1 step 2
 */
#ifndef TERCET_DIRECTOR_LINK_SD_LINK_H
#define TERCET_DIRECTOR_LINK_SD_LINK_H

#include "director/director.h"
#include "lib/net/conn.h"

struct dir_storage;
struct sd_link;

struct sd_link_options {
	int64_t timeout_seconds; /* all attempts, every 10 s; 0: one attempt */
	struct cancel *cancel;   /* or NULL */
	director_say say;        /* "Connected Storage daemon at ...", or NULL */
	void *say_arg;
};

MUST_CHECK enum err_code sd_link_open(struct director *d, struct dir_conf *conf,
				      struct dir_storage *storage, const struct sd_link_options *o,
				      struct sd_link **out, struct err *err);
void sd_link_free(struct sd_link *l);
void sd_link_freep(struct sd_link **l);

struct conn *sd_link_conn(struct sd_link *l); /* borrowed */

/* Send one command and hand every line up to EOD or TERMINATE to say. */
MUST_CHECK enum err_code sd_link_command(struct sd_link *l, const char *command, director_say say,
					 void *arg, struct err *err);
/* For commands answered by one line without EOD (setdebug, setdevice, setbandwidth). */
MUST_CHECK enum err_code sd_link_command_one(struct sd_link *l, const char *command,
					     director_say say, void *arg, struct err *err);

struct sd_label {
	const char *device;     /* name of the Storage's device, blanks as they are */
	const char *old_volume; /* relabel and truncate; NULL: label */
	const char *volume, *pool, *media_type;
	int slot, drive; /* 0; -1 any */
	uint32_t min_block_size, max_block_size;
};
struct sd_label_result {
	uint64_t vol_bytes;
	uint32_t vol_files;
};

/* label or relabel; every line to say.  ERR_PROTO: refused, err has the daemon's last line. */
MUST_CHECK enum err_code sd_link_label(struct sd_link *l, const struct sd_label *what,
				       director_say say, void *arg, struct sd_label_result *out,
				       struct err *err);

enum sd_mount_verb { SD_MOUNT, SD_UNMOUNT, SD_RELEASE };
/* mount, unmount, release of a device; lines to say. */
MUST_CHECK enum err_code sd_link_mount(struct sd_link *l, enum sd_mount_verb verb,
				       const char *device, int drive, int slot, director_say say,
				       void *arg, struct err *err);

#endif
