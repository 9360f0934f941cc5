/*
 * lib/net/conn.h - one authenticated conversation: frames over TCP, TLS when asked for
 *
 * Purpose: what the daemons talk through.  Connects or accepts, does TLS, Hello and CRAM-MD5 in
 *          both roles, then sends and receives frames.
 * Wire:    wire.md 1 (frames, signals), 3 (connection set-up)
 * Buffers: what is sent is buffered; it leaves when the buffer is full (256 KiB), when conn_recv
 *          is about to wait for the peer, and at conn_flush.  Received frames are handed out as
 *          views into the receive buffer (256 KiB, at most FRAME_MAX): no copy, no call per frame.
 * Threads: one receiver and any number of senders may use a conn at once (sending takes
 *          RANK_CONN, TLS RANK_TLS); closing is for the last user alone.
 * Errors:  ERR_EOF      the peer ended the conversation between two frames (close or TERMINATE)
 *          ERR_PEER     it is gone, or silent past the deadline
 *          ERR_PROTO    it broke the framing or said what it may not say
 *          ERR_AUTH     it could not prove who it is (or we could not to it)
 *          ERR_CANCELED the cancel given was asked for
 */
#ifndef TERCET_NET_CONN_H
#define TERCET_NET_CONN_H

#include "lib/base/buf.h"
#include "lib/base/secret.h"
#include "lib/base/tls_conf.h"
#include "lib/base/wait.h"

#define FRAME_MAX      1000000 /* largest payload accepted */
#define FRAME_SEND_MAX 999996  /* largest payload sent; longer text goes in several frames */

/* clang-format off */
/*       name                  wire  meaning */
#define FRAME_SIGNALS(X)                                                          \
	X(FRAME_EOD,            -1, "end of a list, a stream, a phase")           \
	X(FRAME_EOD_POLL,       -2, "end of data, poll")                          \
	X(FRAME_STATUS,         -3, "status wanted")                              \
	X(FRAME_TERMINATE,      -4, "the conversation ends")                      \
	X(FRAME_POLL,           -5, "are you there")                              \
	X(FRAME_HEARTBEAT,      -6, "still alive")                                \
	X(FRAME_HB_RESPONSE,    -7, "answer to a heartbeat")                      \
	X(FRAME_BTIME,          -9, "your time please")                           \
	X(FRAME_BREAK,         -10, "break")                                      \
	X(FRAME_START_SELECT,  -11, "a selection list begins")                    \
	X(FRAME_END_SELECT,    -12, "a selection list ends")                      \
	X(FRAME_INVALID_CMD,   -13, "invalid command")                            \
	X(FRAME_CMD_FAILED,    -14, "command failed")                             \
	X(FRAME_CMD_OK,        -15, "command ended well")                         \
	X(FRAME_CMD_BEGIN,     -16, "command begins")                             \
	X(FRAME_MSGS_PENDING,  -17, "messages are waiting")                       \
	X(FRAME_MAIN_PROMPT,   -18, "ready for the next command")                 \
	X(FRAME_SELECT_INPUT,  -19, "input for a selection wanted")               \
	X(FRAME_WARNING_MSG,   -20, "the next message is a warning")              \
	X(FRAME_ERROR_MSG,     -21, "the next message is an error")               \
	X(FRAME_INFO_MSG,      -22, "the next message is information")            \
	X(FRAME_RUN_CMD,       -23, "a run dialogue follows")                     \
	X(FRAME_YESNO,         -24, "a yes or no wanted")                         \
	X(FRAME_START_RTREE,   -25, "restore tree mode begins")                   \
	X(FRAME_END_RTREE,     -26, "restore tree mode ends")                     \
	X(FRAME_SUB_PROMPT,    -27, "sub prompt, input wanted")                   \
	X(FRAME_TEXT_INPUT,    -28, "free text wanted")
/* clang-format on */

enum frame_signal {
	FRAME_DATA = 0,
#define X(name, wire, meaning) name = (wire),
	FRAME_SIGNALS(X)
#undef X
		FRAME_UNKNOWN = -1000, /* a signal of no row: ignored by every loop */
};

struct frame {
	enum frame_signal signal; /* FRAME_DATA, or a signal with empty data */
	struct bytes data;        /* borrowed; a NUL stands behind it; valid until the next recv */
};

struct conn;

/* ---- who is at the other end ---- */

enum peer_kind { PEER_CONSOLE, PEER_DIRECTOR, PEER_CLIENT, PEER_STORAGE, PEER_JOB };

/* ---- connecting ---- */

enum dial_security {
	DIAL_CLEAR,        /* plain text; both sides' configuration asked for it */
	DIAL_TLS,          /* TLS at once, else fail */
	DIAL_TLS_OR_CLEAR, /* TLS; when that handshake fails, once more in clear */
};

struct dial {
	const char *host;
	uint16_t port;
	const char *source_address; /* or NULL */
	enum dial_security security;
	enum peer_kind psk_kind;    /* identity offered: R_DIRECTOR 1E name, R_JOB 1E job ... */
	const char *psk_name;       /* not bashed */
	struct bytes key;           /* CRAM key and PSK: pw-hash text or job key; borrowed */
	const struct tls_conf *tls; /* own resource's parameters; NULL: PSK only */
	const char *hello;          /* first line, already bashed, with its LF */
	const char *own_name;       /* qualified and bashed, for our challenge: "R_DIRECTOR::dir" */
	unsigned retry_seconds;     /* between attempts; 0: one attempt over all addresses */
	int64_t timeout_seconds;    /* of all attempts together */
	unsigned heartbeat_seconds; /* TCP keep-alive; 0: system default */
	struct cancel *cancel;      /* or NULL */
	/* Or NULL: told why an attempt failed that will be repeated, and for how many seconds
	 * more; the first, and one in 5 minutes. */
	void (*failed)(void *arg, const char *why, int64_t seconds);
	void *failed_arg;
};

/* Connect, TLS, Hello, CRAM both ways.  The greeting reply, if any, is the caller's to read. */
MUST_CHECK enum err_code conn_dial(const struct dial *d, struct conn **out, struct err *err);

/* ---- accepting ---- */

struct hello {
	enum peer_kind kind;
	char name[128];  /* unbashed: director, client, console or unique job name */
	char words[256]; /* the whole line, for what only one daemon cares about */
	int version;     /* major*100+minor of a console; FdProtocolVersion of a client; 0 none */
	bool storage_calling; /* "Hello Storage calling Start Job": passive client */
	bool replicate;       /* "Hello Start Storage Job" */
	bool bacula; /* Bacula's dialect (wire.md 13): "Hello Bacula SD: Start Job %s %d" */
};

/* What the accepting daemon knows about a name; key is copied into *key. */
struct peer_policy {
	struct secret key; /* CRAM key and PSK; released by the caller of find_peer */
	bool cleartext_ok; /* a cleartext Hello is allowed (wire.md 3.1) */
	int ssl;           /* policy announced in our challenge: 0 none, 1 possible, 2 required */
};

struct acceptor {
	const char *own_name;       /* qualified and bashed */
	const struct tls_conf *tls; /* own resource; NULL: PSK only */
	/* Look name up; false: unknown.  Called from the connection's thread. */
	bool (*find_peer)(void *arg, enum peer_kind kind, const char *name,
			  struct peer_policy *out);
	void *arg;
	size_t hello_min, hello_max; /* bounds of the Hello frame (wire.md 3.1) */
	unsigned deadline_seconds;   /* for all of it; wire.md 12 */
	unsigned heartbeat_seconds;
};

/*
 * Classify, TLS, read and judge the Hello, CRAM both ways.  Owns fd from the call on.
 * A refusal is answered as the spec says, delayed per source address, described in err with the
 * peer's address, and logged here, so many lines a minute; not so ERR_EOF: somebody connected and
 * closed without a word (a port probe).  The greeting is the caller's to send; with who->bacula a
 * job connection needs FD_SD_OK_HELLO_BACULA (lib/proto/fd_sd.h).  find_peer is called without
 * any lock held.  When too many are in here, the oldest gives way (lib/net/origin.h).
 */
MUST_CHECK enum err_code conn_accept(int fd, const struct acceptor *a, struct cancel *cancel,
				     struct hello *who, struct conn **out, struct err *err);

/*
 * A conversation in clear over a connected socket, without Hello and authentication: for tests
 * and for sockets that were handed over.  Owns fd from the call on.
 */
MUST_CHECK enum err_code conn_wrap(int fd, const char *peer, struct conn **out, struct err *err);

/* ---- talking ---- */

/* Send what is buffered, TERMINATE not included, and close; NULL does nothing. */
void conn_free(struct conn *c);
void conn_freep(struct conn **c);

/*
 * The next frame of any kind (TERMINATE too; after it ERR_EOF), flushing first when it has to wait.
 * A sender in another thread than the receiver must conn_flush what nobody else will wait for.
 */
MUST_CHECK enum err_code conn_recv(struct conn *c, struct frame *out, struct err *err);
/*
 * The same, but a large data frame with at most n bytes may be received straight into p:
 * out->data.p is p then, and no NUL stands behind it.  Else p is not touched (n may be 0).
 */
MUST_CHECK enum err_code conn_recv_into(struct conn *c, uint8_t *p, size_t n, struct frame *out,
					struct err *err);
/*
 * The next data frame.  HEARTBEAT and unknown signals are skipped, POLL and BTIME are answered.
 * EOD and EOD_POLL return ERR_OK with *eod = true and no data (eod NULL: ERR_PROTO);
 * TERMINATE is ERR_EOF.
 */
MUST_CHECK enum err_code conn_recv_line(struct conn *c, struct bytes *line, bool *eod,
					struct err *err);
/* True when a whole frame can be had without waiting for the peer; never blocks. */
bool conn_has_input(struct conn *c);

MUST_CHECK enum err_code conn_send(struct conn *c, struct bytes data, struct err *err);
MUST_CHECK enum err_code conn_printf(struct conn *c, struct err *err, const char *fmt, ...)
	PRINTF(3, 4);
MUST_CHECK enum err_code conn_signal(struct conn *c, enum frame_signal s, struct err *err);
MUST_CHECK enum err_code conn_flush(struct conn *c, struct err *err);
/*
 * The hot path: bytes that already are whole frames (4-byte heads included), appended to the
 * buffer or written directly when large.
 */
MUST_CHECK enum err_code conn_send_framed(struct conn *c, struct bytes frames, struct err *err);
/* The same in two pieces, a frame or frames together: a small head and a large payload behind it.
 */
MUST_CHECK enum err_code conn_send_framed_two(struct conn *c, struct bytes head, struct bytes rest,
					      struct err *err);

/* What ends waits on c from now on: cancel (borrowed, or NULL) and silence in seconds (0: none). */
void conn_set_wait(struct conn *c, struct cancel *cancel, int64_t silence_seconds,
		   const char *what);
/*
 * A peer that has sent a HEARTBEAT and then nothing at all for seconds is lost (ERR_PEER).  Peers
 * that do not send any may be silent for ever.  The receiver's; before it starts.
 */
void conn_set_lost_after(struct conn *c, int64_t seconds);
/*
 * The HEARTBEATs that came promise nothing any more: the peer has begun something else.  Some send
 * them only while they wait for something, and not while they work.  The receiver's.
 */
void conn_forget_beats(struct conn *c);
/*
 * What a job asks of a conversation while the peer works: silence ends it after absolute_seconds
 * (Absolute Job Timeout); with 0 only a peer that sent a HEARTBEAT is lost, after 10 minutes.
 * A peer that takes nothing but goes on talking is not silent.
 */
void conn_set_job_wait(struct conn *c, struct cancel *cancel, int64_t absolute_seconds,
		       const char *what);
/* Wake a blocked receiver and sender for good (another thread's cancel); they return ERR_PEER. */
void conn_shutdown(struct conn *c);

const char *conn_peer(const struct conn *c);       /* "host:port" for messages */
const char *conn_encryption(const struct conn *c); /* "TLS_AES_128_GCM_SHA256 TLSv1.3" or "None" */
uint64_t conn_bytes_in(const struct conn *c);
uint64_t conn_bytes_out(const struct conn *c);
/* The peer closed or the connection failed, as far as the socket says without being read. */
bool conn_has_hung_up(const struct conn *c);
/* The descriptor, for polling a pooled idle connection only. */
int conn_fd(const struct conn *c);

#endif
