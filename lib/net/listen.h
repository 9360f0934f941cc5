/*
 * lib/net/listen.h - listening sockets and a thread per connection
 *
 * Purpose: bind all configured addresses, accept until stopped, run the handler in a thread of
 *          its own per connection, join them all at the end.  Binding comes first and alone: a
 *          daemon whose port is taken ends before it has touched anything, and one that needed
 *          root's rights for the port gives them up before it hears anybody.
 * Limits:  at most max_connections at once.  Beyond that one that is not authenticated yet gives
 *          way (lib/net/origin.h); when there is none, the new one is closed and counted.
 */
#ifndef TERCET_NET_LISTEN_H
#define TERCET_NET_LISTEN_H

#include "lib/base/wait.h"

struct listen_addr {
	char host[128]; /* "" any IPv4, "::" any IPv6, else address or name */
	uint16_t port;  /* 0: the OS chooses */
	bool ipv6_only;
};

struct listener;

/*
 * Bind all.  A machine without IPv6, or without one of several addresses of a name, listens on the
 * others; the log says so.  Who connects from now on waits until listen_serve.
 */
MUST_CHECK enum err_code listen_open(const struct listen_addr *addrs, size_t n,
				     struct listener **out, struct err *err);
/* Start accepting.  handler(arg, fd) owns fd and runs in its own thread. */
MUST_CHECK enum err_code listen_serve(struct listener *l, size_t max_connections,
				      void (*handler)(void *arg, int fd), void *arg,
				      struct err *err);
uint16_t listen_port(const struct listener *l);
/* Stop accepting and close the sockets; handlers go on. */
void listen_stop(struct listener *l);
/* Stop, join every handler, free.  Handlers must have been told to end. */
void listen_free(struct listener *l);

#endif
