#include "lib/base/wait.h"

#include "lib/base/clock.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum err_code
cancel_init(struct cancel *c, struct err *err)
{
	c->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	atomic_init(&c->asked, false);
	if (c->event < 0)
		return err_errno(err, ERR_SYS, "eventfd");
	return ERR_OK;
}

void
cancel_release(struct cancel *c)
{
	if (c->event > 0)
		close(c->event);
	c->event = -1;
}

void
cancel_now(struct cancel *c)
{
	uint64_t one = 1;

	atomic_store_explicit(&c->asked, true, memory_order_release);
	if (write(c->event, &one, sizeof(one)) < 0) {
		/* The counter is full: it is readable already, which is all that is wanted. */
	}
}

void
cancel_reset(struct cancel *c)
{
	uint64_t count;

	if (read(c->event, &count, sizeof(count)) < 0) {
		/* Nothing to take: it was not asked. */
	}
	atomic_store_explicit(&c->asked, false, memory_order_release);
}

struct wait
wait_for(struct cancel *cancel, int64_t seconds, const char *what)
{
	return (struct wait){ cancel, seconds > 0 ? clock_mono_ms() + seconds * 1000 : 0, what };
}

/* ERR_OK: something happened on fd, or (fd < 0) the deadline came. */
static enum err_code
wait_poll(const struct wait *w, int fd, short events, struct err *err)
{
	struct pollfd p[2] = { { fd, events, 0 },
			       { w->cancel != NULL ? w->cancel->event : -1, POLLIN, 0 } };

	for (;;) {
		int timeout = -1;
		int n;

		if (cancel_asked(w->cancel))
			return err_set(err, ERR_CANCELED, "canceled while waiting for %s", w->what);
		if (w->deadline_ms != 0) {
			int64_t left = w->deadline_ms - clock_mono_ms();

			timeout = left <= 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
		}
		n = poll(p, 2, timeout);
		if (n < 0 && errno != EINTR)
			return err_errno(err, ERR_SYS, "poll");
		if (n > 0 && p[0].revents != 0)
			return ERR_OK;
		if (n == 0 && w->deadline_ms != 0 && clock_mono_ms() >= w->deadline_ms)
			return fd < 0 ? ERR_OK
				      : err_set(err, ERR_PEER, "time is up waiting for %s",
						w->what);
	}
}

enum err_code
wait_fd(const struct wait *w, int fd, short events, struct err *err)
{
	return wait_poll(w, fd, events, err);
}

enum err_code
wait_pause(const struct wait *w, struct err *err)
{
	return wait_poll(w, -1, 0, err);
}
