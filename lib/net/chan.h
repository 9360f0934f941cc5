/*
 * lib/net/chan.h - a connected byte stream: TCP, or TLS over it
 *
 * Purpose: move bytes; waits end by cancel, by silence or by chan_shutdown.  Frames are
 *          lib/net/frame, conversations lib/net/conn.
 * Owns:    its descriptor (non-blocking) and the TLS session.
 * Threads: one reader and one writer at once.  chan_set_wait and chan_shutdown from any thread;
 *          what chan_set_wait borrows must live as long as the channel or the next chan_set_wait
 *          that returned before a wait began.
 * Errors:  ERR_EOF       try_read: the peer closed
 *          ERR_PEER      the peer is gone, silent past the deadline, or chan_shutdown was called
 *          ERR_CANCELED  the cancel was asked for
 */
#ifndef TERCET_NET_CHAN_H
#define TERCET_NET_CHAN_H

#include <stdatomic.h>
#include <sys/uio.h>

#include "lib/base/bytes.h"
#include "lib/base/wait.h"
#include "lib/crypto/tls.h"

struct chan;

struct chan_ops {
	/* Bytes that are there now; *got = 0: none yet. */
	enum err_code (*try_read)(struct chan *c, void *p, size_t n, size_t *got, struct err *err);
	/* All of a, then all of b. */
	enum err_code (*write)(struct chan *c, struct bytes a, struct bytes b, struct err *err);
	/* Would try_read give something? */
	bool (*has_input)(struct chan *c);
	void (*say_goodbye)(struct chan *c);
};

#define CHAN_PEER_MAX 160

struct chan {
	const struct chan_ops *ops;
	int fd;                          /* owned */
	struct tls *tls;                 /* owned; NULL in clear */
	char peer[CHAN_PEER_MAX];        /* "host:port", for messages */
	_Atomic(struct cancel *) cancel; /* borrowed */
	_Atomic(const char *) what;      /* borrowed; what a wait is for */
	atomic_llong silence_ms;         /* that ends a wait; 0: no limit */
	atomic_llong lost_ms;            /* the same, of a peer that sends heartbeats; 0: none */
	atomic_llong deadline_ms;        /* of everything together; 0: none */
	atomic_bool down;                /* chan_shutdown was called */
};

/* Own fd from now on (also on failure); peer is copied. */
MUST_CHECK enum err_code chan_new(int fd, const char *peer, struct chan **out, struct err *err);
void chan_free(struct chan *c);
void chan_freep(struct chan **c);

/* Go over to TLS, in either role; the handshake runs under the wait set. */
MUST_CHECK enum err_code chan_start_tls_client(struct chan *c, const struct tls_client *tls,
					       struct err *err);
MUST_CHECK enum err_code chan_start_tls_server(struct chan *c, const struct tls_server *tls,
					       struct err *err);

void chan_set_wait(struct chan *c, struct cancel *cancel, int64_t silence_seconds,
		   const char *what);
/* Silence that ends a wait as well, whatever chan_set_wait says; 0: none. */
void chan_set_lost_after(struct chan *c, int64_t seconds);
/* Absolute end of all waits, clock_mono_ms(); 0: none. */
void chan_set_deadline(struct chan *c, int64_t mono_ms);
/* Wait for POLLIN or POLLOUT. */
MUST_CHECK enum err_code chan_wait(struct chan *c, short events, struct err *err);
void chan_shutdown(struct chan *c);
/* Look at what came without taking it; at least want bytes or an error. */
MUST_CHECK enum err_code chan_peek(struct chan *c, uint8_t *p, size_t cap, size_t want, size_t *got,
				   struct err *err);

/* SO_KEEPALIVE always; idle and interval seconds when > 0.  Spec: wire.md 12 */
void chan_keepalive(int fd, unsigned seconds);

#endif
