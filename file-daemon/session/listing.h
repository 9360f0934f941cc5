/*
 * file-daemon/session/listing.h - one file as a line, like ls -l
 *
 * Purpose: the line of estimate and of the "restored" message.
 * Owns:    a cache of the last user and group name.
 * Threads: one at a time.
 * Spec:    wire.md 5.8
 */
#ifndef TERCET_FILE_DAEMON_SESSION_LISTING_H
#define TERCET_FILE_DAEMON_SESSION_LISTING_H

#include <sys/stat.h>

#include "lib/base/buf.h"

struct listing {
	uid_t uid;
	gid_t gid;
	bool uid_known, gid_known;
	char user[33], group[33];
};

/* Append the line without its end to out (cut at out's maximum); target empty: none. */
void listing_line(struct listing *l, const struct stat *st, struct bytes name, struct bytes target,
		  struct buf *out);
/* "1,000,026" into out; returns it. */
const char *number_with_commas(uint64_t v, char out[32]);

#endif
