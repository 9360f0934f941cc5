#include "regress/fuzz/lib/peer.h"

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/own.h"
#include "lib/net/frame.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MARK_SIGNAL 0xff
#define MARK_FRAME  0xfe
#define MARK_RAW    0xfc
#define SAID_MAX    (1u << 20)
#define PATIENCE_MS 500 /* of a peer that has said everything and is not hung up on */
#define PEERS_MAX   64

static int epoll_fd = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	int fd; /* 0: a free place */
	int64_t end_ms;
} peers[PEERS_MAX];

/* Read and drop; false: the program hung up. */
static bool
drop_input(int fd)
{
	uint8_t heap[4096];
	ssize_t got = recv(fd, heap, sizeof(heap), MSG_DONTWAIT);

	return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

static void
look_at_peers(void)
{
	int64_t now = clock_mono_ms();

	(void)pthread_mutex_lock(&lock);
	for (size_t i = 0; i < PEERS_MAX; i++)
		if (peers[i].fd != 0 && (!drop_input(peers[i].fd) || now > peers[i].end_ms)) {
			(void)close(peers[i].fd);
			peers[i].fd = 0;
		}
	(void)pthread_mutex_unlock(&lock);
}

static void *
drain(void *arg)
{
	(void)arg;
	for (;;) {
		struct epoll_event e[16];

		(void)epoll_wait(epoll_fd, e, 16, PATIENCE_MS / 10);
		look_at_peers();
	}
	return NULL;
}

static bool
add_locked(int fd)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLRDHUP };

	for (size_t i = 0; i < PEERS_MAX; i++)
		if (peers[i].fd == 0) {
			peers[i].fd = fd;
			peers[i].end_ms = clock_mono_ms() + PATIENCE_MS;
			if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e) != 0)
				abort();
			return true;
		}
	return false;
}

static void
add_peer(int fd)
{
	bool added;

	do {
		(void)pthread_mutex_lock(&lock);
		added = add_locked(fd);
		(void)pthread_mutex_unlock(&lock);
		if (!added)
			look_at_peers(); /* the thread that reads is behind */
	} while (!added);
}

static void
start_draining(void)
{
	pthread_t thread;

	if (epoll_fd >= 0)
		return;
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0 || pthread_create(&thread, NULL, drain, NULL) != 0)
		abort();
}

struct bytes
peer_section(struct bytes input, unsigned i)
{
	for (;; i--) {
		const uint8_t *end = input.n > 0 ? memchr(input.p, PEER_SECTION, input.n) : NULL;
		size_t n = end != NULL ? (size_t)(end - input.p) : input.n;

		if (i == 0)
			return bytes_of(input.p, n);
		input = bytes_skip(input, end != NULL ? n + 1 : n);
	}
}

struct bytes
peer_rest(struct bytes input, unsigned i)
{
	struct bytes s = peer_section(input, i);

	return bytes_of(s.p, input.n - (size_t)(s.p - input.p));
}

static void
put_frame(struct buf *out, struct bytes data)
{
	uint8_t head[FRAME_HEAD_LEN];

	frame_head_emit(data.n, head);
	buf_put(out, head, sizeof(head));
	buf_put(out, data.p, data.n);
}

/* One frame from the front of in; returns what is left. */
static struct bytes
take_frame(struct bytes in, struct buf *out)
{
	uint8_t head[FRAME_HEAD_LEN];
	size_t n = 0;

	if (in.p[0] == MARK_SIGNAL) {
		frame_head_emit(0, head);
		n = in.n > 1 ? in.p[1] % 32 : 0;
		head[0] = head[1] = head[2] = 0xff;
		head[3] = (uint8_t)(0xff - n);
		buf_put(out, head, sizeof(head));
		return bytes_skip(in, in.n > 1 ? 2 : 1);
	}
	if (in.p[0] == MARK_FRAME && in.n >= 3) {
		n = (size_t)in.p[1] + ((size_t)in.p[2] << 8);
		in = bytes_skip(in, 3);
		n = n < in.n ? n : in.n;
		put_frame(out, bytes_of(in.p, n));
		return bytes_skip(in, n);
	}
	while (n < in.n && in.p[n] != '\n' && (n == 0 || in.p[n] < MARK_FRAME))
		n++;
	n += n < in.n && in.p[n] == '\n';
	n += n == 0;
	put_frame(out, bytes_of(in.p, n));
	return bytes_skip(in, n);
}

int
peer_socket(struct bytes raw)
{
	int ends[2], room = SAID_MAX;

	start_draining();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		abort();
	(void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	/* What does not fit is not said: the peer hangs up in the middle. */
	if (raw.n > 0)
		(void)!send(ends[0], raw.p, raw.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)shutdown(ends[0], SHUT_WR);
	add_peer(ends[0]);
	return ends[1];
}

struct conn *
peer_say(struct bytes section)
{
	OWNED(buf_release) struct buf said = BUF_INIT(SAID_MAX);
	struct conn *c = NULL;
	struct err err = ERR_INIT;

	if (section.n > 0 && section.p[0] == MARK_RAW)
		buf_put(&said, section.p + 1, section.n - 1);
	else
		while (section.n > 0 && said.len < SAID_MAX / 4)
			section = take_frame(section, &said);
	if (conn_wrap(peer_socket(buf_bytes(&said)), "peer", &c, &err) != ERR_OK)
		abort();
	return c;
}
