/*
 * storage-daemon/session/read.h - the records a bootstrap wants, from volumes to a file daemon
 *
 * Purpose: volumes in order of first mention; seeks where the bootstrap knows addresses; blocks
 *          in between are checked, whoever's they are: a length that was not checked could lead
 *          anywhere.  Records are joined over blocks and volumes.  Damage is named with volume,
 *          address and files, stepped over, and makes the job end with errors unless it hit
 *          another job's block.
 * Threads: the job's thread.
 * Errors:  ERR_PEER, ERR_CANCELED of the conversation; ERR_CONFIG nothing to read from
 * Spec:    wire.md 7.3; volume.md 2.5, 3.2, 15
 */
#ifndef TERCET_STORAGE_DAEMON_SESSION_READ_H
#define TERCET_STORAGE_DAEMON_SESSION_READ_H

#include "storage-daemon/session/session.h"

/* Can reading begin: a bootstrap and a device are there. */
MUST_CHECK enum err_code read_check(struct session *s, struct err *err);
/* Send all wanted records and the closing EOD. */
MUST_CHECK enum err_code read_run(struct session *s, struct err *err);

#endif
