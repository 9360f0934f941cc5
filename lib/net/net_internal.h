/*
 * lib/net/net_internal.h - what the files of lib/net share
 */
#ifndef TERCET_NET_NET_INTERNAL_H
#define TERCET_NET_NET_INTERNAL_H

#include "lib/net/chan.h"
#include "lib/net/conn.h"

extern const struct chan_ops chan_tcp_ops;
extern const struct chan_ops chan_tls_ops;

/* Socket primitives shared by both kinds of channel: ERR_OK with 0 is "not now". */
MUST_CHECK enum err_code chan_recv_now(struct chan *c, void *p, size_t n, size_t *got,
				       struct err *err);
MUST_CHECK enum err_code chan_send_all(struct chan *c, struct bytes a, struct bytes b,
				       struct err *err);

/* ERR_PEER behind the deadline, also of a peer that never gives occasion to wait for it. */
MUST_CHECK enum err_code chan_in_time(struct chan *c, struct err *err);

/* A conversation over a channel; takes it on success.  No Hello, no authentication. */
struct conn *conn_new(struct chan **chan);
struct chan *conn_chan(struct conn *c);
/* Refuse received frames with more bytes than max (FRAME_MAX). */
void conn_set_frame_max(struct conn *c, size_t max);
/* Answer POLL as a director ("1000 OK") instead of as a daemon ("2000 OK"). */
void conn_set_director(struct conn *c);

#endif
