/*
 * A conversation after its beginning: frames out through one buffer, frames in as views.
 *
 * Sending: everything is appended to out under RANK_CONN and leaves in writes of 256 KiB.  A
 * large batch of ready frames goes out beside what the buffer holds, without being copied.
 * The lock is held while sending: frames of two senders must not mix.
 *
 * Receiving is one thread's; it takes the lock only to flush, when it is about to wait.
 */
#include "lib/net/conn.h"

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/base/sync.h"
#include "lib/net/frame.h"
#include "lib/net/net_internal.h"
#include "lib/proto/dir_fd.h"

#include <assert.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>

#define OUT_CAP            (256u * 1024)
#define LAST_FLUSH_SECONDS 5            /* for what is buffered when a conversation is freed */
#define DIRECT_BYTES       (32u * 1024) /* from here on ready frames are not copied into out */
#define LOST_SECONDS       600          /* of silence behind a heartbeat; wire.md 12 */
#define INTO_MIN           (32u * 1024) /* from here on a frame is received where it is wanted */
#define HEAD_BYTES         1024u        /* read for the head of a frame that may be such a one */

struct conn {
	struct chan *chan;              /* owned */
	struct mutex lock;              /* RANK_CONN */
	uint8_t *out GUARDED_BY(&lock); /* owned, OUT_CAP bytes */
	size_t out_len GUARDED_BY(&lock);
	bool broken GUARDED_BY(&lock); /* a send failed: half a frame may be out */
	atomic_bool has_out;           /* out_len > 0, for the receiver's look */
	struct frame_reader in;        /* the receiver's */
	bool only_head;                /* the last frame was received elsewhere; the receiver's */
	bool terminated;               /* TERMINATE came; the receiver's */
	bool director;                 /* immutable: how POLL is answered */
	int64_t lost_after_seconds;    /* of silence behind a heartbeat, 0: none; the receiver's */
	atomic_ullong bytes_in, bytes_out;
};

struct conn *
conn_new(struct chan **chan) NO_ANALYSIS
{
	struct conn *c = NEW(struct conn);

	c->chan = TAKE_PTR(*chan);
	mutex_init(&c->lock, RANK_CONN);
	c->out = NEW_ARRAY(uint8_t, OUT_CAP);
	return c;
}

struct chan *
conn_chan(struct conn *c)
{
	return c->chan;
}

void
conn_set_director(struct conn *c)
{
	c->director = true;
}

void
conn_set_frame_max(struct conn *c, size_t max)
{
	c->in.max = max < FRAME_MAX ? max : 0;
}

enum err_code
conn_wrap(int fd, const char *peer, struct conn **out, struct err *err)
{
	OWNED(chan_freep) struct chan *chan = NULL;
	enum err_code rc = chan_new(fd, peer, &chan, err);

	if (rc == ERR_OK)
		*out = conn_new(&chan);
	return rc;
}

/* ---- sending ---- */

/* Send out and then more, which is whole frames. */
static enum err_code
send_locked(struct conn *c, struct bytes more, struct err *err) REQUIRES(c->lock)
{
	struct bytes first = { c->out, c->out_len };
	enum err_code rc;

	if (c->broken)
		return err_set(err, ERR_PEER, "%s: the connection failed before", c->chan->peer);
	if (first.n + more.n == 0)
		return ERR_OK;
	rc = c->chan->ops->write(c->chan, first, more, err);
	c->out_len = 0;
	atomic_store_explicit(&c->has_out, false, memory_order_relaxed);
	c->broken = rc != ERR_OK;
	if (rc == ERR_OK)
		atomic_fetch_add_explicit(&c->bytes_out, first.n + more.n, memory_order_relaxed);
	return rc;
}

/* At least n <= OUT_CAP bytes of room in out. */
static enum err_code
room_locked(struct conn *c, size_t n, struct err *err) REQUIRES(c->lock)
{
	if (OUT_CAP - c->out_len >= n)
		return ERR_OK;
	return send_locked(c, bytes_of(NULL, 0), err);
}

static void
put_locked(struct conn *c, const void *p, size_t n) REQUIRES(c->lock)
{
	if (n > 0)
		memcpy(c->out + c->out_len, p, n);
	c->out_len += n;
	atomic_store_explicit(&c->has_out, true, memory_order_relaxed);
}

static enum err_code
send_framed_locked(struct conn *c, struct bytes frames, struct err *err) REQUIRES(c->lock)
{
	enum err_code rc;

	if (frames.n >= DIRECT_BYTES)
		return send_locked(c, frames, err);
	rc = room_locked(c, frames.n, err);
	if (rc == ERR_OK)
		put_locked(c, frames.p, frames.n);
	return rc;
}

/* One frame of at most FRAME_SEND_MAX bytes. */
static enum err_code
send_one_locked(struct conn *c, struct bytes data, struct err *err) REQUIRES(c->lock)
{
	uint8_t head[FRAME_HEAD_LEN];
	enum err_code rc;

	frame_head_emit(data.n, head);
	rc = room_locked(c, data.n < DIRECT_BYTES ? sizeof(head) + data.n : sizeof(head), err);
	if (rc != ERR_OK)
		return rc;
	put_locked(c, head, sizeof(head));
	if (data.n >= DIRECT_BYTES)
		return send_locked(c, data, err);
	put_locked(c, data.p, data.n);
	return ERR_OK;
}

static enum err_code
send_data_locked(struct conn *c, struct bytes data, struct err *err) REQUIRES(c->lock)
{
	enum err_code rc;

	do {
		size_t n = size_min(data.n, FRAME_SEND_MAX);

		rc = send_one_locked(c, bytes_of(data.p, n), err);
		data = bytes_skip(data, n);
	} while (rc == ERR_OK && data.n > 0);
	return rc;
}

enum err_code
conn_send(struct conn *c, struct bytes data, struct err *err)
{
	enum err_code rc;

	mutex_lock(&c->lock);
	rc = c->broken ? send_locked(c, data, err) : send_data_locked(c, data, err);
	mutex_unlock(&c->lock);
	return rc;
}

enum err_code
conn_send_framed(struct conn *c, struct bytes frames, struct err *err)
{
	enum err_code rc;

	mutex_lock(&c->lock);
	rc = c->broken ? send_locked(c, frames, err) : send_framed_locked(c, frames, err);
	mutex_unlock(&c->lock);
	return rc;
}

static enum err_code
send_framed_two_locked(struct conn *c, struct bytes head, struct bytes rest, struct err *err)
	REQUIRES(c->lock)
{
	enum err_code rc;

	if (c->broken)
		return send_locked(c, head, err);
	rc = send_framed_locked(c, head, err);
	return rc == ERR_OK && rest.n > 0 ? send_framed_locked(c, rest, err) : rc;
}

enum err_code
conn_send_framed_two(struct conn *c, struct bytes head, struct bytes rest, struct err *err)
{
	enum err_code rc;

	mutex_lock(&c->lock);
	rc = send_framed_two_locked(c, head, rest, err);
	mutex_unlock(&c->lock);
	return rc;
}

enum err_code
conn_printf(struct conn *c, struct err *err, const char *fmt, ...)
{
	OWNED(freep) char *big = NULL;
	char small[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0)
		return err_set(err, ERR_BUG, "format %s", fmt);
	if ((size_t)n < sizeof(small))
		return conn_send(c, bytes_of(small, (size_t)n), err);
	va_start(ap, fmt);
	n = vasprintf(&big, fmt, ap);
	va_end(ap);
	if (n < 0)
		return err_set(err, ERR_LIMIT, "no memory for a message");
	return conn_send(c, bytes_of(big, (size_t)n), err);
}

enum err_code
conn_signal(struct conn *c, enum frame_signal s, struct err *err)
{
	uint8_t head[FRAME_HEAD_LEN];

	frame_signal_emit(s, head);
	return conn_send_framed(c, bytes_of(head, sizeof(head)), err);
}

enum err_code
conn_flush(struct conn *c, struct err *err)
{
	enum err_code rc = ERR_OK;

	mutex_lock(&c->lock);
	if (c->out_len > 0 || c->broken)
		rc = send_locked(c, bytes_of(NULL, 0), err);
	mutex_unlock(&c->lock);
	return rc;
}

/* ---- receiving ---- */

/* At least one byte; waits, after flushing what the peer may be waiting for. */
static enum err_code
receive(struct conn *c, uint8_t *p, size_t n, size_t *got, struct err *err)
{
	for (;;) {
		enum err_code rc = chan_in_time(c->chan, err);

		if (rc == ERR_OK)
			rc = c->chan->ops->try_read(c->chan, p, n, got, err);
		if (rc != ERR_OK)
			return rc;
		if (*got > 0) {
			atomic_fetch_add_explicit(&c->bytes_in, *got, memory_order_relaxed);
			return ERR_OK;
		}
		if (atomic_load_explicit(&c->has_out, memory_order_relaxed)) {
			rc = conn_flush(c, err);
			if (rc != ERR_OK)
				return rc;
		}
		rc = chan_wait(c->chan, POLLIN, err);
		if (rc != ERR_OK)
			return rc;
	}
}

static enum err_code
cut_off(const struct conn *c, struct err *err)
{
	return err_set(err, ERR_PEER, "%s closed the connection inside a frame", c->chan->peer);
}

/*
 * More bytes into the reader.  Of a large frame no more than it misses, so that the next one
 * begins at the buffer's start and is not moved; and behind a frame that was received elsewhere
 * just the next head, because the payload behind it may go there, too.
 */
static enum err_code
fill(struct conn *c, struct err *err)
{
	size_t n, got, missing = frame_reader_missing(&c->in);
	uint8_t *p = frame_reader_room(&c->in, &n);
	enum err_code rc;

	if (missing >= INTO_MIN)
		n = size_min(n, missing);
	else if (c->only_head)
		n = size_min(n, HEAD_BYTES);
	rc = receive(c, p, n, &got, err);
	if (rc == ERR_EOF && frame_reader_partial(&c->in))
		return cut_off(c, err);
	if (rc == ERR_OK)
		frame_reader_added(&c->in, got);
	return rc;
}

/* The rest of a data frame, behind the have bytes that are in p. */
static enum err_code
receive_rest(struct conn *c, uint8_t *p, size_t have, size_t len, struct err *err)
{
	while (have < len) {
		size_t got;
		enum err_code rc = receive(c, p + have, len - have, &got, err);

		if (rc == ERR_EOF)
			return cut_off(c, err);
		if (rc != ERR_OK)
			return rc;
		have += got;
	}
	return ERR_OK;
}

enum err_code
conn_recv_into(struct conn *c, uint8_t *p, size_t n, struct frame *out, struct err *err)
{
	enum err_code rc;
	size_t have, len;
	bool whole;

	if (c->terminated)
		return err_set(err, ERR_EOF, "%s ended the conversation", c->chan->peer);
	for (;;) {
		rc = frame_reader_next(&c->in, out, &whole, err);
		if (rc != ERR_OK)
			return err_ctx(err, "%s", c->chan->peer);
		if (whole) {
			c->terminated = out->signal == FRAME_TERMINATE;
			if (out->signal == FRAME_HEARTBEAT && c->lost_after_seconds > 0)
				chan_set_lost_after(c->chan, c->lost_after_seconds);
			c->only_head = false;
			return ERR_OK;
		}
		if (frame_reader_take_part(&c->in, INTO_MIN, n, p, &have, &len)) {
			*out = (struct frame){ FRAME_DATA, { p, len } };
			c->only_head = true;
			return receive_rest(c, p, have, len, err);
		}
		rc = fill(c, err);
		if (rc != ERR_OK)
			return rc;
	}
}

enum err_code
conn_recv(struct conn *c, struct frame *out, struct err *err)
{
	return conn_recv_into(c, NULL, 0, out, err);
}

/* What a signal between lines asks for; nothing for most. */
static enum err_code
answer_signal(struct conn *c, enum frame_signal s, struct err *err)
{
	if (s == FRAME_POLL)
		return conn_printf(c, err, "%s", c->director ? "1000 OK\n" : "2000 OK\n");
	if (s == FRAME_BTIME)
		return conn_printf(c, err, DIR_FD_BTIME, (uint64_t)clock_now_us());
	trace(200, "%s: %s skipped", c->chan->peer, frame_signal_name(s));
	return ERR_OK;
}

enum err_code
conn_recv_line(struct conn *c, struct bytes *line, bool *eod, struct err *err)
{
	struct frame f;
	enum err_code rc;

	for (;;) {
		rc = conn_recv(c, &f, err);
		if (rc != ERR_OK)
			return rc;
		if (f.signal == FRAME_TERMINATE)
			return err_set(err, ERR_EOF, "%s ended the conversation", c->chan->peer);
		if (f.signal == FRAME_DATA || f.signal == FRAME_EOD || f.signal == FRAME_EOD_POLL)
			break;
		rc = answer_signal(c, f.signal, err);
		if (rc != ERR_OK)
			return rc;
	}
	if (f.signal != FRAME_DATA && eod == NULL)
		return err_set(err, ERR_PROTO, "%s sent %s where an answer belongs", c->chan->peer,
			       frame_signal_name(f.signal));
	if (eod != NULL)
		*eod = f.signal != FRAME_DATA;
	*line = f.signal == FRAME_DATA ? f.data : bytes_of("", 0);
	return ERR_OK;
}

bool
conn_has_input(struct conn *c)
{
	struct err err = ERR_INIT;
	size_t n, got;
	uint8_t *p;

	if (c->terminated || frame_reader_has(&c->in))
		return true;
	if (!c->chan->ops->has_input(c->chan))
		return false;
	/* Take what came behind what is here, so that the view handed out last stays. */
	p = c->in.p != NULL ? frame_reader_tail(&c->in, &n) : frame_reader_room(&c->in, &n);
	if (n == 0 || c->chan->ops->try_read(c->chan, p, n, &got, &err) != ERR_OK)
		return true;
	frame_reader_added(&c->in, got);
	atomic_fetch_add_explicit(&c->bytes_in, got, memory_order_relaxed);
	return frame_reader_has(&c->in);
}

/* ---- the rest ---- */

void
conn_free(struct conn *c) NO_ANALYSIS
{
	struct err err = ERR_INIT;

	if (c == NULL)
		return;
	/* Whoever set the wait may be gone by now. */
	chan_set_wait(c->chan, NULL, LAST_FLUSH_SECONDS, "the last bytes to be taken");
	if (conn_flush(c, &err) != ERR_OK)
		trace(100, "%s: last bytes not sent: %s", c->chan->peer, err.text);
	chan_free(c->chan);
	frame_reader_release(&c->in);
	free(c->out);
	mutex_release(&c->lock);
	free(c);
}

void
conn_freep(struct conn **c)
{
	conn_free(*c);
}

void
conn_set_wait(struct conn *c, struct cancel *cancel, int64_t silence_seconds, const char *what)
{
	chan_set_wait(c->chan, cancel, silence_seconds, what);
}

void
conn_set_lost_after(struct conn *c, int64_t seconds)
{
	c->lost_after_seconds = seconds;
}

void
conn_set_job_wait(struct conn *c, struct cancel *cancel, int64_t absolute_seconds, const char *what)
{
	conn_set_wait(c, cancel, absolute_seconds, what);
	conn_set_lost_after(c, absolute_seconds > 0 ? absolute_seconds : LOST_SECONDS);
}

void
conn_forget_beats(struct conn *c)
{
	chan_set_lost_after(c->chan, 0);
}

bool
conn_has_hung_up(const struct conn *c)
{
	struct pollfd p = { .fd = c->chan->fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void
conn_shutdown(struct conn *c)
{
	chan_shutdown(c->chan);
}

const char *
conn_peer(const struct conn *c)
{
	return c->chan->peer;
}

const char *
conn_encryption(const struct conn *c)
{
	return c->chan->tls != NULL ? tls_description(c->chan->tls) : "None";
}

uint64_t
conn_bytes_in(const struct conn *c)
{
	return atomic_load_explicit(&((struct conn *)(uintptr_t)c)->bytes_in, memory_order_relaxed);
}

uint64_t
conn_bytes_out(const struct conn *c)
{
	return atomic_load_explicit(&((struct conn *)(uintptr_t)c)->bytes_out,
				    memory_order_relaxed);
}

int
conn_fd(const struct conn *c)
{
	return c->chan->fd;
}
