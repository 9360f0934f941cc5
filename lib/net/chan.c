#include "lib/net/chan.h"

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/net/net_internal.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define PEEK_PAUSE_MS 20

enum err_code
chan_new(int fd, const char *peer, struct chan **out, struct err *err)
{
	struct chan *c = NEW(struct chan);
	int flags = fcntl(fd, F_GETFL);
	int one = 1;

	c->fd = fd;
	c->ops = &chan_tcp_ops;
	(void)snprintf(c->peer, sizeof(c->peer), "%s", peer);
	atomic_init(&c->what, "the peer");
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
		chan_free(c);
		return err_errno(err, ERR_SYS, "%s: socket", peer);
	}
	/* Frames leave in large writes, or because somebody waits: never hold one back. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	*out = c;
	return ERR_OK;
}

void
chan_free(struct chan *c)
{
	if (c == NULL)
		return;
	if (!atomic_load(&c->down) && c->ops->say_goodbye != NULL)
		c->ops->say_goodbye(c);
	if (c->fd >= 0)
		(void)close(c->fd);
	tls_free(c->tls);
	free(c);
}

void
chan_freep(struct chan **c)
{
	chan_free(*c);
}

void
chan_set_wait(struct chan *c, struct cancel *cancel, int64_t silence_seconds, const char *what)
{
	atomic_store(&c->cancel, cancel);
	atomic_store(&c->silence_ms, silence_seconds * 1000);
	atomic_store(&c->what, what != NULL ? what : "the peer");
}

void
chan_set_lost_after(struct chan *c, int64_t seconds)
{
	atomic_store(&c->lost_ms, seconds * 1000);
}

/* The shorter of the two limits; 0: there is none. */
static int64_t
silence_of(struct chan *c)
{
	int64_t silence = atomic_load(&c->silence_ms), lost = atomic_load(&c->lost_ms);

	return silence == 0 || (lost > 0 && lost < silence) ? lost : silence;
}

void
chan_set_deadline(struct chan *c, int64_t mono_ms)
{
	atomic_store(&c->deadline_ms, mono_ms);
}

static int
bytes_waiting(int fd)
{
	int n = 0;

	return ioctl(fd, FIONREAD, &n) == 0 ? n : 0;
}

static bool
past_deadline(struct chan *c)
{
	int64_t deadline = atomic_load(&c->deadline_ms);

	return deadline != 0 && clock_mono_ms() >= deadline;
}

enum err_code
chan_in_time(struct chan *c, struct err *err)
{
	return past_deadline(c) ? err_set(err, ERR_PEER, "%s: time is up waiting for %s", c->peer,
					  atomic_load(&c->what))
				: ERR_OK;
}

static enum err_code
wait_once(struct chan *c, short events, struct err *err)
{
	int64_t silence = silence_of(c);
	int64_t deadline = atomic_load(&c->deadline_ms);
	struct wait w = { atomic_load(&c->cancel), deadline, atomic_load(&c->what) };

	if (silence > 0) {
		int64_t end = clock_mono_ms() + silence;

		if (deadline == 0 || end < deadline)
			w.deadline_ms = end;
	}
	return wait_fd(&w, c->fd, events, err);
}

enum err_code
chan_wait(struct chan *c, short events, struct err *err)
{
	bool listens = (events & POLLOUT) != 0 && silence_of(c) > 0;
	enum err_code rc;
	int before = 0;

	/* A peer that takes nothing, but has said something since, is not silent. */
	do {
		before = listens ? bytes_waiting(c->fd) : 0;
		rc = wait_once(c, events, err);
	} while (rc == ERR_PEER && listens && bytes_waiting(c->fd) > before && !past_deadline(c));
	if (rc != ERR_OK)
		return err_ctx(err, "%s", c->peer);
	if (atomic_load(&c->down))
		return err_set(err, ERR_PEER, "%s: the connection was shut down", c->peer);
	return ERR_OK;
}

void
chan_shutdown(struct chan *c)
{
	atomic_store(&c->down, true);
	(void)shutdown(c->fd, SHUT_RDWR);
}

/* Bytes that are there already make poll return at once: look again in a moment. */
static enum err_code
pause_peek(struct chan *c, size_t got, struct err *err)
{
	struct wait pause = { atomic_load(&c->cancel), clock_mono_ms() + PEEK_PAUSE_MS,
			      "the first bytes" };
	int64_t deadline = atomic_load(&c->deadline_ms);
	struct pollfd p = { c->fd, POLLRDHUP, 0 };

	if (poll(&p, 1, 0) > 0)
		return err_set(err, ERR_EOF, "%s sent %zu bytes and closed", c->peer, got);
	if (deadline != 0 && clock_mono_ms() > deadline)
		return err_set(err, ERR_PEER, "%s sent %zu bytes and no more", c->peer, got);
	return wait_pause(&pause, err);
}

enum err_code
chan_peek(struct chan *c, uint8_t *p, size_t cap, size_t want, size_t *got, struct err *err)
{
	for (;;) {
		ssize_t n = recv(c->fd, p, cap, MSG_PEEK);
		enum err_code rc;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return err_errno(err, ERR_PEER, "%s", c->peer);
		if (n == 0)
			return err_set(err, ERR_EOF, "%s closed the connection", c->peer);
		if (n > 0)
			*got = (size_t)n;
		if (n >= (ssize_t)want)
			return ERR_OK;
		rc = n > 0 ? pause_peek(c, *got, err) : chan_wait(c, POLLIN, err);
		if (rc != ERR_OK)
			return rc;
	}
}

void
chan_keepalive(int fd, unsigned seconds)
{
	int one = 1, value = (int)seconds;

	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	if (seconds == 0)
		return;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &value, sizeof(value));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &value, sizeof(value));
}
