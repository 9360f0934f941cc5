/*
 * lib/net/origin.h - what is known of source addresses: strangers at the door, recent failures
 *
 * Purpose: connections that have not said who they are cannot keep anybody out: there are places
 *          for so many, and for so many of one address; when they are taken, the oldest stranger
 *          gives way to the newest.  Who knows a password is through the door in milliseconds, so
 *          whatever is sent by whomever, he is served.  A wrong password costs its sender time,
 *          not others (wire.md 3.4, 14.14), and the log has a bound, too.
 * Threads: any; one table per process (RANK_LEAF inside).
 */
#ifndef TERCET_NET_ORIGIN_H
#define TERCET_NET_ORIGIN_H

#include <stdatomic.h>
#include <stdbool.h>

#define ORIGIN_STRANGERS_MAX 64  /* unauthenticated connections of one address at once */
#define STRANGERS_MAX        256 /* of all addresses together */

/* A connection at the door; the caller's, borrowed from enter to leave. */
struct stranger {
	char host[64]; /* "": counted with all, not with its address */
	int fd;        /* open until origin_leave */
	atomic_bool shown_out;
	bool inside;
	struct stranger *prev, *next; /* oldest first */
};

/*
 * A connection begins.  One that has to give way for it is shut down: its reads and writes fail,
 * a wait for it ends, and shown_out says why.
 */
void origin_enter(struct stranger *s, const char *host, int fd);
/* It is authenticated or about to be closed. */
void origin_leave(struct stranger *s);
/* Show the oldest stranger out, to have his place in a full house; false: there is none. */
bool origin_show_one_out(void);

/* An attempt was refused: milliseconds by which to delay its end. */
unsigned origin_failed(const char *host);
/* An attempt went well: what failed before is forgotten. */
void origin_succeeded(const char *host);

/*
 * May a line about this address be logged?  Some a minute for each, and for all; *unsaid: how many
 * of it were kept back since its last line.
 */
bool origin_may_log(const char *host, unsigned *unsaid);

#endif
