/*
 * One thread polls all sockets and starts a thread per connection.  A handler that has ended is
 * joined by the accepting thread at its next turn; the rest by listen_free.
 *
 * In a full house strangers are shown out (lib/net/origin) and the one at the door waits for the
 * place: only when all are known peers is he refused.
 */
#include "lib/net/listen.h"

#include "lib/base/clock.h"
#include "lib/base/hash.h"
#include "lib/base/log.h"
#include "lib/base/own.h"
#include "lib/base/sync.h"
#include "lib/base/thread.h"
#include "lib/net/addr.h"
#include "lib/net/origin.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#define SOCKETS_MAX    64
#define BACKLOG        4096 /* the kernel cuts it to what it allows */
#define PLACE_MS       1000 /* within which a stranger that was shown out is gone */
#define YOUNG_MS       500  /* within which a new one is known to lib/net/origin */
#define LOOK_MS        2
#define FAILURE_LOG_MS 10000 /* why connections are not taken is said at most this often */

struct visitor {
	struct listener *l;
	struct thread thread;
	int fd;
	atomic_bool ended; /* set as the thread's last act */
	struct visitor *next;
};

struct listener {
	int fds[SOCKETS_MAX]; /* owned; immutable after the start */
	size_t n_fds;
	uint16_t port;
	size_t max;
	void (*handler)(void *arg, int fd);
	void *arg;
	struct cancel stop;
	struct thread thread;
	struct visitor *visitors; /* the accepting thread's; listen_free's after its end */
	size_t n_visitors;
	uint64_t n_refused;
	int64_t failure_logged_ms;
	int64_t newest_ms; /* when the last visitor was let in */
};

static void
visit(void *arg)
{
	struct visitor *v = (struct visitor *)arg;

	v->l->handler(v->l->arg, v->fd);
	atomic_store(&v->ended, true);
}

static void
join_ended(struct listener *l)
{
	struct visitor *v, *next;

	LL_FOREACH_SAFE(l->visitors, v, next)
	{
		if (!atomic_load(&v->ended))
			continue;
		LL_DELETE(l->visitors, v);
		thread_join(&v->thread);
		free(v);
		l->n_visitors--;
	}
}

/* Whatever it is that fails now, it fails for each that comes. */
static bool
may_log_failure(struct listener *l)
{
	int64_t now = clock_mono_ms();

	if (l->failure_logged_ms != 0 && now - l->failure_logged_ms < FAILURE_LOG_MS)
		return false;
	l->failure_logged_ms = now;
	return true;
}

static void
too_many(struct listener *l, const struct addr *from)
{
	l->n_refused++;
	if (may_log_failure(l))
		log_warn("connection from %s closed: %zu connections are open already (%llu "
			 "refused so far)",
			 from->text, l->n_visitors, (unsigned long long)l->n_refused);
}

/*
 * In a full house: a place that ended meanwhile, or a stranger's.  Those who came a moment ago are
 * strangers, too, but may not have got as far as saying so.
 */
static bool
find_place(struct listener *l)
{
	int64_t end_ms = clock_mono_ms() + PLACE_MS;
	bool shown_out = false;

	for (;;) {
		int64_t now = clock_mono_ms();

		join_ended(l);
		if (l->n_visitors < l->max)
			return true;
		if (!shown_out)
			shown_out = origin_show_one_out();
		if (cancel_asked(&l->stop) || now >= end_ms ||
		    (!shown_out && now - l->newest_ms > YOUNG_MS))
			return false;
		clock_pause_ms(LOOK_MS);
	}
}

static void
receive(struct listener *l, int fd)
{
	struct err err = ERR_INIT;
	struct visitor *v;
	struct addr from;

	if (l->n_visitors >= l->max && !find_place(l)) {
		addr_of_peer(fd, &from);
		too_many(l, &from);
		(void)close(fd);
		return;
	}
	v = NEW(struct visitor);
	v->l = l;
	v->fd = fd;
	if (thread_start(&v->thread, "conn", visit, v, &err) != ERR_OK) {
		if (may_log_failure(l))
			log_error("a connection was closed: %s", err.text);
		(void)close(fd);
		free(v);
		return;
	}
	LL_PREPEND(l->visitors, v);
	l->n_visitors++;
	l->newest_ms = clock_mono_ms();
}

static void
accept_one(struct listener *l, int socket_fd)
{
	int fd = accept4(socket_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0) {
		receive(l, fd);
		return;
	}
	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return;
	/* No descriptors or memory: the connection stays in the queue, so do not spin on it. */
	if (may_log_failure(l))
		log_error("connections have to wait: accept: %m");
	clock_pause_ms(100);
}

static void
accept_run(void *arg)
{
	struct listener *l = (struct listener *)arg;
	struct pollfd p[SOCKETS_MAX + 1];

	for (size_t i = 0; i < l->n_fds; i++)
		p[i] = (struct pollfd){ l->fds[i], POLLIN, 0 };
	p[l->n_fds] = (struct pollfd){ l->stop.event, POLLIN, 0 };
	while (!cancel_asked(&l->stop)) {
		if (poll(p, l->n_fds + 1, 1000) > 0)
			for (size_t i = 0; i < l->n_fds; i++)
				if (p[i].revents != 0)
					accept_one(l, l->fds[i]);
		join_ended(l);
	}
}

static enum err_code
bind_one(struct listener *l, const struct addr *a, bool ipv6_only, struct err *err)
{
	OWNED(closep)
	int fd = socket(a->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_storage bound;
	socklen_t len = sizeof(bound);
	int one = 1, only = ipv6_only;

	if (fd < 0)
		return err_errno(err, ERR_SYS, "listen on %s", a->text);
	if (l->n_fds == SOCKETS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d addresses to listen on", SOCKETS_MAX);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (a->sa.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	if (bind(fd, (const struct sockaddr *)&a->sa, a->len) != 0 || listen(fd, BACKLOG) != 0)
		return err_errno(err, ERR_SYS, "listen on %s", a->text);
	if (l->port == 0 && getsockname(fd, (struct sockaddr *)&bound, &len) == 0)
		l->port = ntohs(bound.ss_family == AF_INET6
					? ((struct sockaddr_in6 *)&bound)->sin6_port
					: ((struct sockaddr_in *)&bound)->sin_port);
	l->fds[l->n_fds++] = TAKE_FD(fd);
	return ERR_OK;
}

/* All addresses of a host, as far as this machine has them. */
static enum err_code
bind_host(struct listener *l, const struct listen_addr *a, struct err *err)
{
	struct addr list[ADDR_LIST_MAX];
	enum err_code rc;
	size_t n;

	rc = addr_resolve(a->host, a->port, ADDR_BIND, list, &n, err);
	for (size_t i = 0; rc == ERR_OK && i < n; i++) {
		rc = bind_one(l, &list[i], a->ipv6_only, err);
		if (rc != ERR_OK &&
		    (err->sys == EAFNOSUPPORT || (n > 1 && err->sys == EADDRNOTAVAIL))) {
			log_warn("%s", err->text);
			rc = ERR_OK;
		}
	}
	return rc;
}

static enum err_code
bind_all(struct listener *l, const struct listen_addr *addrs, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (bind_host(l, &addrs[i], err) != ERR_OK)
			return err->code;
	return l->n_fds > 0 ? ERR_OK : err->code;
}

static void
listener_freep(struct listener **l)
{
	listen_free(*l);
}

enum err_code
listen_open(const struct listen_addr *addrs, size_t n, struct listener **out, struct err *err)
{
	OWNED(listener_freep) struct listener *l = NEW(struct listener);
	enum err_code rc = cancel_init(&l->stop, err);

	if (rc == ERR_OK)
		rc = bind_all(l, addrs, n, err);
	if (rc == ERR_OK)
		*out = TAKE_PTR(l);
	return rc;
}

enum err_code
listen_serve(struct listener *l, size_t max_connections, void (*handler)(void *arg, int fd),
	     void *arg, struct err *err)
{
	l->max = max_connections;
	l->handler = handler;
	l->arg = arg;
	return thread_start(&l->thread, "accept", accept_run, l, err);
}

uint16_t
listen_port(const struct listener *l)
{
	return l->port;
}

void
listen_stop(struct listener *l)
{
	cancel_now(&l->stop);
	thread_join(&l->thread);
	for (size_t i = 0; i < l->n_fds; i++)
		(void)close(l->fds[i]);
	l->n_fds = 0;
}

void
listen_free(struct listener *l)
{
	struct visitor *v, *next;

	if (l == NULL)
		return;
	listen_stop(l);
	LL_FOREACH_SAFE(l->visitors, v, next)
	{
		LL_DELETE(l->visitors, v);
		thread_join(&v->thread);
		free(v);
	}
	cancel_release(&l->stop);
	free(l);
}
