/*
 * storage-daemon/session/append.h - the file daemon's records onto a volume
 *
 * Purpose: frames become records, records fill blocks, blocks go to the device; a device is
 *          taken when the first record comes (or earlier), volumes follow one another when one
 *          is full; attributes go to the director once their file is on the volume; at the end
 *          everything is on stable storage and in the catalog before anybody hears of it.
 * Threads: the job's thread; a writer of its own while blocks are written.
 * Errors:  of append_run: what ended the job; it has been reported and the volume is finished.
 * Spec:    wire.md 6.5, 6.6, 7.1; volume.md 14, 17
 */
#ifndef TERCET_STORAGE_DAEMON_SESSION_APPEND_H
#define TERCET_STORAGE_DAEMON_SESSION_APPEND_H

#include "storage-daemon/session/session.h"

struct append;

/* Nothing is written yet; a device reserved early is taken over from the session. */
struct append *append_new(struct session *s);
void append_free(struct append *a);
/* Receive all streams up to the closing EOD, finish the volume, tell the catalog. */
MUST_CHECK enum err_code append_run(struct append *a, struct err *err);

#endif
