/*
 * file-daemon/session/listing.h - one file as a line, like ls -l
 *
 * Purpose: the line of estimate and of the "restored" message; lib/files/ls_line.h has its parts.
 * Threads: one at a time.
 * Spec:    wire.md 5.8
 */
#ifndef TERCET_FILE_DAEMON_SESSION_LISTING_H
#define TERCET_FILE_DAEMON_SESSION_LISTING_H

#include <sys/stat.h>

#include "lib/files/ls_line.h"

/* Append the line without its end to out (cut at out's maximum); target empty: none. */
void listing_line(struct ls_names *names, const struct stat *st, struct bytes name,
		  struct bytes target, struct buf *out);
/* "1,000,026" into out; returns it. */
const char *number_with_commas(uint64_t v, char out[32]);

#endif
