/*
 * lib/base/ready.h - tell the service manager how the daemon is doing
 *
 * Purpose: one datagram to the socket named by $NOTIFY_SOCKET ("READY=1", "RELOADING=1",
 *          "STOPPING=1"); without that variable each call does nothing.  A path or, with a
 *          leading '@', an abstract name.
 * Threads: any.
 */
#ifndef TERCET_BASE_READY_H
#define TERCET_BASE_READY_H

/* All sockets listen; the service counts as started. */
void ready_started(void);
void ready_reloading(void);
void ready_stopping(void);
/* One line for `systemctl status`, without LF. */
void ready_status(const char *text);

#endif
