/*
 * lib/base/detach.h - a daemon that goes to the background
 *
 * Purpose: without fork: the program runs itself again in a session of its own with "-f", waits
 *          until that one is ready, and passes on what it has to say until then.
 * Use:     main(): if (!foreground) return detach_run(argc, argv);  and, once the daemon listens:
 *          detach_ready();
 * Threads: the main thread, before others start (detach_ready: any).
 */
#ifndef TERCET_BASE_DETACH_H
#define TERCET_BASE_DETACH_H

/* The exit code of the caller: 0 when the daemon is ready, else 1 (its output tells why).  Ctrl-C
 * and SIGTERM reach the daemon. */
int detach_run(int argc, char **argv);
/* In the daemon: tell the waiting parent, and give up the terminal, the log goes to the system's;
 * does nothing for a daemon that was started in the foreground. */
void detach_ready(void);

#endif
