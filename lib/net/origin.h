/*
 * lib/net/origin.h - what is known of source addresses: strangers at the door, recent failures
 *
 * Purpose: one address cannot fill the daemon with connections that have not said who they
 *          are, and a wrong password costs its sender time, not others (wire.md 3.4, 14.14).
 * Threads: any; one table per process (RANK_LEAF inside).
 */
#ifndef TERCET_NET_ORIGIN_H
#define TERCET_NET_ORIGIN_H

#include <stdbool.h>

#define ORIGIN_STRANGERS_MAX 64 /* unauthenticated connections of one address at once */

/* A connection of this host ("" is not counted) begins; false: it has too many already. */
bool origin_enter(const char *host);
/* It is authenticated or gone. */
void origin_leave(const char *host);
/* An attempt was refused: milliseconds by which to delay its end. */
unsigned origin_failed(const char *host);
/* An attempt went well: what failed before is forgotten. */
void origin_succeeded(const char *host);

#endif
