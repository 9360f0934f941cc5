/*
 * file-daemon/session/session.h - one conversation with a director, or a storage daemon calling in
 *
 * Purpose: accepts, authenticates, then runs the director's commands from a table until the
 *          conversation ends.
 * Threads: session_serve runs in the connection's own thread.
 * Spec:    wire.md 3, 5
 */
#ifndef TERCET_FILE_DAEMON_SESSION_SESSION_H
#define TERCET_FILE_DAEMON_SESSION_SESSION_H

#include "file-daemon/session/job.h"

/* The handler of lib/net/listen: arg is the struct fd_daemon, fd is taken. */
void session_serve(void *arg, int fd);

#endif
