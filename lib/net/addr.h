/*
 * lib/net/addr.h - host names and ports to socket addresses, and back to text
 *
 * Errors:  ERR_PEER    a name does not resolve; the text names it
 *          ERR_ABSENT  nobody can tell just now: no name server answers
 */
#ifndef TERCET_NET_ADDR_H
#define TERCET_NET_ADDR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "lib/base/err.h"

struct addr {
	struct sockaddr_storage sa;
	socklen_t len;
	char text[80]; /* "192.0.2.1:9102", "[2001:db8::1]:9102" */
};

#define ADDR_LIST_MAX 16

enum addr_use { ADDR_CONNECT, ADDR_BIND };

/*
 * All addresses of a host, each once, at most ADDR_LIST_MAX.  host "" with ADDR_BIND is any IPv4,
 * "::" any IPv6.  Brackets around an IPv6 address are allowed.
 */
MUST_CHECK enum err_code addr_resolve(const char *host, uint16_t port, enum addr_use use,
				      struct addr out[ADDR_LIST_MAX], size_t *n, struct err *err);
/* Of the peer of a connected socket; "local" for a socketpair. */
void addr_of_peer(int fd, struct addr *out);
/* The host part alone, for what is counted per source address; "" for a socketpair. */
void addr_host(const struct addr *a, char *out, size_t cap);

#endif
