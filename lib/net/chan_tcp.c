#include "lib/net/net_internal.h"

#include <poll.h>
#include <sys/socket.h>

enum err_code
chan_recv_now(struct chan *c, void *p, size_t n, size_t *got, struct err *err)
{
	ssize_t r;

	*got = 0;
	do {
		r = recv(c->fd, p, n, 0);
	} while (r < 0 && errno == EINTR);
	if (r > 0)
		*got = (size_t)r;
	if (r > 0 || (r < 0 && errno == EAGAIN))
		return ERR_OK;
	if (atomic_load(&c->down))
		return err_set(err, ERR_PEER, "%s: the connection was shut down", c->peer);
	if (r == 0)
		return err_set(err, ERR_EOF, "%s closed the connection", c->peer);
	return err_errno(err, ERR_PEER, "%s", c->peer);
}

enum err_code
chan_send_all(struct chan *c, struct bytes a, struct bytes b, struct err *err)
{
	while (a.n + b.n > 0) {
		struct iovec iov[2] = { { (void *)(uintptr_t)a.p, a.n },
					{ (void *)(uintptr_t)b.p, b.n } };
		struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
		ssize_t r = sendmsg(c->fd, &msg, MSG_NOSIGNAL);
		enum err_code rc;

		if (r >= 0) {
			size_t from_a = (size_t)r < a.n ? (size_t)r : a.n;

			a = bytes_skip(a, from_a);
			b = bytes_skip(b, (size_t)r - from_a);
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return err_errno(err, ERR_PEER, "send to %s", c->peer);
		rc = chan_wait(c, POLLOUT, err);
		if (rc != ERR_OK)
			return rc;
	}
	return ERR_OK;
}

static bool
tcp_has_input(struct chan *c)
{
	struct pollfd p = { c->fd, POLLIN, 0 };

	return poll(&p, 1, 0) > 0;
}

const struct chan_ops chan_tcp_ops = {
	.try_read = chan_recv_now,
	.write = chan_send_all,
	.has_input = tcp_has_input,
};
