#include "lib/net/addr.h"

#include "lib/base/own.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void
addrinfo_freep(struct addrinfo **list)
{
	if (*list != NULL)
		freeaddrinfo(*list);
}

static void
set_text(struct addr *a)
{
	char host[64], port[8];

	if (getnameinfo((const struct sockaddr *)&a->sa, a->len, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		(void)snprintf(a->text, sizeof(a->text), "local");
	else if (a->sa.ss_family == AF_INET6)
		(void)snprintf(a->text, sizeof(a->text), "[%s]:%s", host, port);
	else
		(void)snprintf(a->text, sizeof(a->text), "%s:%s", host, port);
}

/* /etc/hosts may give a name one address twice. */
static bool
is_among(const struct addrinfo *a, const struct addr *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].len == a->ai_addrlen &&
		    memcmp(&list[i].sa, a->ai_addr, a->ai_addrlen) == 0)
			return true;
	return false;
}

enum err_code
addr_resolve(const char *host, uint16_t port, enum addr_use use, struct addr out[ADDR_LIST_MAX],
	     size_t *n, struct err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	OWNED(addrinfo_freep) struct addrinfo *list = NULL;
	char name[256], service[8];
	size_t len = strlen(host);
	int rc;

	if (len >= sizeof(name))
		return err_set(err, ERR_PEER, "host name of %zu bytes is too long", len);
	if (len > 2 && host[0] == '[' && host[len - 1] == ']')
		(void)snprintf(name, sizeof(name), "%.*s", (int)(len - 2), host + 1);
	else
		(void)snprintf(name, sizeof(name), "%s", host);
	(void)snprintf(service, sizeof(service), "%u", port);
	if (use == ADDR_BIND) {
		hints.ai_flags |= AI_PASSIVE;
		if (len == 0)
			hints.ai_family = AF_INET;
	}
	rc = getaddrinfo(len > 0 ? name : NULL, service, &hints, &list);
	if (rc != 0)
		return err_set(err, rc == EAI_AGAIN ? ERR_ABSENT : ERR_PEER,
			       "host \"%s\" cannot be resolved: %s", host, gai_strerror(rc));
	*n = 0;
	for (const struct addrinfo *a = list; a != NULL && *n < ADDR_LIST_MAX; a = a->ai_next) {
		struct addr *to = &out[*n];

		if (is_among(a, out, *n))
			continue;
		++*n;
		memcpy(&to->sa, a->ai_addr, a->ai_addrlen);
		to->len = a->ai_addrlen;
		set_text(to);
	}
	return ERR_OK;
}

void
addr_of_peer(int fd, struct addr *out)
{
	memset(out, 0, sizeof(*out));
	out->len = sizeof(out->sa);
	if (getpeername(fd, (struct sockaddr *)&out->sa, &out->len) != 0)
		out->len = 0;
	set_text(out);
}

void
addr_host(const struct addr *a, char *out, size_t cap)
{
	out[0] = '\0';
	if (a->sa.ss_family != AF_INET && a->sa.ss_family != AF_INET6)
		return;
	(void)getnameinfo((const struct sockaddr *)&a->sa, a->len, out, (socklen_t)cap, NULL, 0,
			  NI_NUMERICHOST);
}
