/*
 * storage-daemon/session/data_commands.h - the file daemon's side of a job
 *
 * Purpose: serves append and read commands on the data connection until the file daemon is done.
 * Threads: the job's thread.
 * Errors:  what ended the job badly; it has been reported to the director already.
 * Spec:    wire.md 7.1, 7.3
 */
#ifndef TERCET_STORAGE_DAEMON_SESSION_DATA_COMMANDS_H
#define TERCET_STORAGE_DAEMON_SESSION_DATA_COMMANDS_H

#include "storage-daemon/session/session.h"

MUST_CHECK enum err_code data_serve(struct session *s, struct err *err);

#endif
