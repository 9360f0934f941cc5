/*
 * Two conversations' ends in one process: a listener on loopback with conn_accept, and
 * conn_dial against it; raw bytes where a peer misbehaves.
 *
 * labels: tsan
 */
#include "lib/net/conn.h"

#include "lib/base/clock.h"
#include "lib/base/own.h"
#include "lib/base/thread.h"
#include "lib/crypto/digest.h"
#include "lib/net/frame.h"
#include "lib/net/listen.h"
#include "lib/net/origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

/* ---- the accepting end ---- */

struct door {
	struct acceptor a;
	struct listener *l;
	struct cancel cancel;
	const char *name, *password;
	bool cleartext_ok;
	bool no_key;        /* it has no password for its visitors */
	atomic_int hang_up; /* that many visitors are sent away without a word */
	/* what became of the last visitor; read after door_close */
	enum err_code rc;
	struct err err;
	struct hello who;
	char encryption[96];
	uint64_t echoed;
};

static bool
find_peer(void *arg, enum peer_kind kind, const char *name, struct peer_policy *out)
{
	struct door *d = (struct door *)arg;
	char hash[DIGEST_PW_HASH_LEN + 1];

	if (kind != PEER_DIRECTOR || strcmp(name, d->name) != 0)
		return false;
	digest_pw_hash(bytes_str(d->password), hash);
	secret_set(&out->key, d->no_key ? bytes_of(NULL, 0) : bytes_str(hash));
	out->cleartext_ok = d->cleartext_ok;
	out->ssl = d->cleartext_ok ? 0 : 2;
	return true;
}

/* Greet, then send every line back until the peer ends. */
static enum err_code
echo(struct door *d, struct conn *c)
{
	struct err err = ERR_INIT;
	enum err_code rc = conn_printf(c, &err, "2000 OK Hello %d\n", 54);
	struct bytes line;
	bool eod;

	while (rc == ERR_OK) {
		rc = conn_recv_line(c, &line, &eod, &err);
		if (rc == ERR_OK)
			rc = eod ? conn_signal(c, FRAME_EOD, &err) : conn_send(c, line, &err);
		if (rc == ERR_OK)
			d->echoed += line.n;
	}
	return rc;
}

static void
receive(void *arg, int fd)
{
	struct door *d = (struct door *)arg;
	struct conn *c = NULL;

	if (atomic_fetch_sub(&d->hang_up, 1) > 0) {
		(void)close(fd);
		return;
	}
	d->rc = conn_accept(fd, &d->a, &d->cancel, &d->who, &c, &d->err);
	if (d->rc != ERR_OK)
		return;
	(void)snprintf(d->encryption, sizeof(d->encryption), "%s", conn_encryption(c));
	d->rc = echo(d, c);
	conn_free(c);
}

static void
door_open(struct door *d, bool cleartext_ok)
{
	struct listen_addr addr = { .host = "127.0.0.1" };
	struct err err = ERR_INIT;

	origin_succeeded("127.0.0.1"); /* what other tests did costs nothing here */
	d->a = (struct acceptor){ .own_name = "R_CLIENT::t-fd",
				  .tls = d->a.tls,
				  .find_peer = find_peer,
				  .arg = d,
				  .hello_min = 25,
				  .hello_max = 500,
				  .deadline_seconds = 20 };
	d->name = "t dir";
	d->password = "fdpw";
	d->cleartext_ok = cleartext_ok;
	assert_int_equal(cancel_init(&d->cancel, &err), ERR_OK);
	if (listen_open(&addr, 1, &d->l, &err) != ERR_OK ||
	    listen_serve(d->l, 10, receive, d, &err) != ERR_OK)
		fail_msg("%s", err.text);
}

static void
door_close(struct door *d)
{
	listen_free(d->l);
	cancel_release(&d->cancel);
}

/* ---- the dialling end ---- */

static struct dial
dial_for(const struct door *d, enum dial_security security)
{
	return (struct dial){
		.host = "127.0.0.1",
		.port = listen_port(d->l),
		.security = security,
		.psk_kind = PEER_DIRECTOR,
		.psk_name = "t dir",
		.key = bytes_str("af2904ba21987b283d3f14cb9cfb5579"),
		.hello = "Hello Director t\001dir calling\n",
		.own_name = "R_DIRECTOR::t\001dir",
		.timeout_seconds = 20,
	};
}

static void
expect_line(struct conn *c, const char *want)
{
	struct err err = ERR_INIT;
	struct bytes line;

	if (conn_recv_line(c, &line, NULL, &err) != ERR_OK)
		fail_msg("%s", err.text);
	assert_string_equal((const char *)line.p, want); /* a NUL stands behind it */
}

static void
talk(enum dial_security security, const char *encryption)
{
	struct door d = { 0 };
	struct err err = ERR_INIT;
	struct conn *c = NULL;
	struct dial dial;
	bool eod = false;
	struct bytes line;

	door_open(&d, security == DIAL_CLEAR);
	dial = dial_for(&d, security);
	if (conn_dial(&dial, &c, &err) != ERR_OK)
		fail_msg("%s", err.text);
	expect_line(c, "2000 OK Hello 54\n");
	assert_int_equal(conn_printf(c, &err, "level = %s\n", "full"), ERR_OK);
	assert_int_equal(conn_signal(c, FRAME_HEARTBEAT, &err), ERR_OK);
	assert_int_equal(conn_send(c, bytes_of(NULL, 0), &err), ERR_OK);
	assert_int_equal(conn_signal(c, FRAME_EOD, &err), ERR_OK);
	expect_line(c, "level = full\n");
	expect_line(c, "");
	assert_int_equal(conn_recv_line(c, &line, &eod, &err), ERR_OK);
	assert_true(eod);
	assert_int_equal(conn_signal(c, FRAME_POLL, &err), ERR_OK);
	expect_line(c, "2000 OK\n");
	assert_int_equal(conn_signal(c, FRAME_TERMINATE, &err), ERR_OK);
	assert_non_null(strstr(conn_encryption(c), encryption));
	assert_non_null(strstr(conn_peer(c), "127.0.0.1:"));
	conn_free(c);
	door_close(&d);
	assert_int_equal(d.rc, ERR_EOF);
	assert_int_equal(d.who.kind, PEER_DIRECTOR);
	assert_string_equal(d.who.name, "t dir");
	assert_non_null(strstr(d.encryption, encryption));
}

static void
director_and_client_talk_in_clear(void **state UNUSED)
{
	talk(DIAL_CLEAR, "None");
}

static void
director_and_client_talk_in_tls_with_the_password_as_key(void **state UNUSED)
{
	talk(DIAL_TLS, "TLSv1.3");
}

/* ---- refusals ---- */

static void
refused(struct door *d, const struct dial *dial, enum err_code want, const char *text)
{
	struct err err = ERR_INIT;
	struct conn *c = NULL;
	enum err_code rc = conn_dial(dial, &c, &err);

	conn_free(c);
	if (rc != want)
		fail_msg("%d: %s", rc, err.text);
	if (strstr(err.text, text) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.text, text);
	door_close(d);
}

static void
a_wrong_password_is_refused_and_named_in_tls(void **state UNUSED)
{
	struct door d = { 0 };
	struct dial dial;

	door_open(&d, false);
	dial = dial_for(&d, DIAL_TLS);
	dial.key = bytes_str("00000000000000000000000000000000");
	refused(&d, &dial, ERR_AUTH, "different passwords");
	assert_int_equal(d.rc, ERR_AUTH);
	assert_non_null(strstr(d.err.text, "refused"));
	assert_non_null(strstr(d.err.text, "R_DIRECTOR t dir"));
}

static void
a_wrong_password_is_refused_in_clear(void **state UNUSED)
{
	struct door d = { 0 };
	int64_t began_ms = clock_mono_ms();
	struct dial dial;

	door_open(&d, true);
	dial = dial_for(&d, DIAL_CLEAR);
	dial.key = bytes_str("00000000000000000000000000000000");
	refused(&d, &dial, ERR_AUTH, "refused our password");
	assert_int_equal(d.rc, ERR_AUTH);
	assert_non_null(strstr(d.err.text, "wrong password"));
	assert_true(clock_mono_ms() - began_ms >= 1000); /* so many guesses a second */
}

static void
no_password_is_none_that_could_be_right(void **state UNUSED)
{
	struct door d = { .no_key = true };
	struct dial dial;

	door_open(&d, true);
	dial = dial_for(&d, DIAL_CLEAR);
	dial.key = bytes_of(NULL, 0);
	refused(&d, &dial, ERR_AUTH, "hung up");
	assert_int_equal(d.rc, ERR_AUTH);
}

static void
an_unknown_name_is_refused(void **state UNUSED)
{
	struct door d = { 0 };
	struct dial dial;

	door_open(&d, true);
	dial = dial_for(&d, DIAL_CLEAR);
	dial.hello = "Hello Director nobody calling\n";
	refused(&d, &dial, ERR_AUTH, "does not know our name");
	assert_non_null(strstr(d.err.text, "unknown director \"nobody\""));

	d = (struct door){ 0 };
	door_open(&d, true);
	dial = dial_for(&d, DIAL_TLS);
	dial.psk_name = "nobody";
	refused(&d, &dial, ERR_AUTH, "TLS handshake");
	assert_non_null(strstr(d.err.text, "unknown identity \"R_DIRECTOR nobody\""));
}

static void
clear_text_is_refused_where_tls_is_required(void **state UNUSED)
{
	struct door d = { 0 };
	struct dial dial;

	door_open(&d, false);
	dial = dial_for(&d, DIAL_CLEAR);
	refused(&d, &dial, ERR_AUTH, "wants TLS");
	assert_non_null(strstr(d.err.text, "in clear"));
}

/* Who proves to be one may not say that it is another. */
static void
the_hello_must_name_the_identity_of_tls(void **state UNUSED)
{
	struct door d = { 0 };
	struct dial dial;

	door_open(&d, false);
	dial = dial_for(&d, DIAL_TLS);
	dial.hello = "Hello Director other calling\n";
	refused(&d, &dial, ERR_AUTH, "hung up");
	assert_non_null(strstr(d.err.text, "proved to be director \"t dir\""));

	d = (struct door){ 0 };
	door_open(&d, false);
	dial = dial_for(&d, DIAL_TLS);
	dial.hello = "Hello Storage t\001dir calling\n";
	refused(&d, &dial, ERR_AUTH, "hung up");
	assert_non_null(strstr(d.err.text, "says it is storage daemon \"t dir\""));
}

static void
nobody_listening_is_told_at_once(void **state UNUSED)
{
	struct door d = { 0 };
	struct dial dial;

	door_open(&d, true);
	dial = dial_for(&d, DIAL_CLEAR);
	door_close(&d);
	d = (struct door){ 0 };
	door_open(&d, true); /* another port */
	refused(&d, &dial, ERR_PEER, "Connection refused");
}

/* A peer that knows no TLS hangs up on it; then clear text is tried if that is allowed. */
static void
clear_text_is_tried_after_tls_only_where_allowed(void **state UNUSED)
{
	struct door d = { 0 };
	struct err err = ERR_INIT;
	struct conn *c = NULL;
	struct dial dial;

	door_open(&d, true);
	atomic_store(&d.hang_up, 1);
	dial = dial_for(&d, DIAL_TLS_OR_CLEAR);
	if (conn_dial(&dial, &c, &err) != ERR_OK)
		fail_msg("%s", err.text);
	expect_line(c, "2000 OK Hello 54\n");
	assert_string_equal(conn_encryption(c), "None");
	conn_free(c);
	atomic_store(&d.hang_up, 1);
	dial.security = DIAL_TLS;
	c = NULL;
	assert_int_not_equal(conn_dial(&dial, &c, &err), ERR_OK);
	door_close(&d);
}

static void
a_host_without_an_address_is_final(void **state UNUSED)
{
	struct door d = { 0 };
	struct dial dial;

	door_open(&d, true);
	dial = dial_for(&d, DIAL_CLEAR);
	dial.host = "no-such-host.invalid";
	dial.retry_seconds = 5;
	refused(&d, &dial, ERR_PEER, "\"no-such-host.invalid\" cannot be resolved");
}

static int
raw_connect(const struct door *d)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(listen_port(d->l)) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* Signals may be skipped, but not for ever: what never pauses never waits, either. */
static void
a_stranger_that_never_pauses_has_no_more_time_than_others(void **state UNUSED)
{
	static const char hello[] = "\0\0\0\035Hello Director t\001dir calling\n";
	static uint8_t beats[64 * 1024];
	struct door d = { 0 };
	int64_t began;
	ssize_t n;
	int fd;

	for (size_t i = 0; i < sizeof(beats); i++)
		beats[i] = i % 4 == 3 ? 0xfa : 0xff;
	door_open(&d, true);
	d.a.deadline_seconds = 1;
	fd = raw_connect(&d);
	assert_int_equal(write(fd, hello, sizeof(hello) - 1), sizeof(hello) - 1);
	began = clock_mono_ms();
	do {
		n = send(fd, beats, sizeof(beats), MSG_NOSIGNAL);
	} while (n == sizeof(beats) && clock_mono_ms() - began < 15000);
	(void)close(fd);
	door_close(&d);
	assert_true(n != sizeof(beats));
	assert_int_equal(d.rc, ERR_PEER);
	assert_non_null(strstr(d.err.text, "time is up"));
}

/* Garbage in, one TERMINATE (or an alert) out, and the reason in the log. */
static void
garbage_is_named_and_ended(void **state UNUSED)
{
	static const struct {
		const char *what;
		struct bytes sent;
		const char *text;
	} cases[] = {
		{ "http",
		  { (const uint8_t *)"GET / HTTP/1.1\r\n", 16 },
		  "neither a Hello nor TLS" },
		{ "short", { (const uint8_t *)"Hello", 5 }, "sent 5 bytes and no Hello" },
		{ "no hello",
		  { (const uint8_t *)"\0\0\0\036Hello Nobody is here, honestly\n", 36 },
		  "no Hello that is known" },
		{ "too long",
		  { (const uint8_t *)"\0\0\2\000Hello Director x", 20 },
		  "outside 25..500" },
		{ "tls garbage",
		  { (const uint8_t *)"\026\003\001\000\005hellohello", 15 },
		  "TLS handshake" },
		{ "nothing", { NULL, 0 }, "without a word" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct door d = { 0 };
		uint8_t answer[64];
		int fd;

		door_open(&d, true);
		fd = raw_connect(&d);
		if (cases[i].sent.n > 0)
			assert_int_equal(write(fd, cases[i].sent.p, cases[i].sent.n),
					 cases[i].sent.n);
		(void)shutdown(fd, SHUT_WR);
		while (read(fd, answer, sizeof(answer)) > 0)
			;
		(void)close(fd);
		door_close(&d);
		assert_int_not_equal(d.rc, ERR_OK);
		if (strstr(d.err.text, cases[i].text) == NULL)
			fail_msg("%s: \"%s\"", cases[i].what, d.err.text);
		assert_non_null(strstr(d.err.text, "127.0.0.1"));
	}
}

static void
a_hello_in_two_segments_is_no_problem(void **state UNUSED)
{
	static const char hello[] = "\0\0\0\036Hello Director t\001dir calling\n";
	struct door d = { 0 };
	uint8_t answer[64] = { 0 };
	int fd;

	door_open(&d, true);
	fd = raw_connect(&d);
	assert_int_equal(write(fd, hello, 4), 4);
	clock_pause_ms(50);
	assert_int_equal(write(fd, hello + 4, 8), 8);
	clock_pause_ms(50);
	assert_int_equal(write(fd, hello + 12, 22), 22);
	assert_true(read(fd, answer, sizeof(answer) - 1) > 20);
	assert_memory_equal(answer + 4, "auth cram-md5 <", 15);
	(void)close(fd);
	door_close(&d);
}

/* Who has not proved who it is cannot make us take memory for it. */
static void
a_large_frame_from_a_stranger_is_not_waited_for(void **state UNUSED)
{
	static const char hello[] = "\0\0\0\036Hello Director t\001dir calling\n";
	struct door d = { 0 };
	uint8_t answer[128];
	int fd;

	door_open(&d, true);
	fd = raw_connect(&d);
	assert_int_equal(write(fd, hello, sizeof(hello)), sizeof(hello));
	assert_true(read(fd, answer, sizeof(answer)) > 20); /* the challenge */
	assert_int_equal(write(fd, "\0\0\020\0abc", 7), 7);
	while (read(fd, answer, sizeof(answer)) > 0)
		;
	(void)close(fd);
	door_close(&d);
	assert_int_equal(d.rc, ERR_PROTO);
	assert_non_null(strstr(d.err.text, "frame of 4096 bytes, when only 1024"));
}

/* A daemon that does not know the password: it lets us answer what we asked it in another call. */
static void
mirror(void *arg)
{
	static const char challenge[] = "auth cram-md5 <1.2@R_DIRECTOR::t\001dir> ssl=0\n";
	uint8_t head[FRAME_HEAD_LEN], hello[128];
	int fd = accept(*(const int *)arg, NULL, NULL);

	assert_true(read(fd, hello, sizeof(hello)) > 0);
	frame_head_emit(sizeof(challenge) - 1, head);
	assert_int_equal(write(fd, head, sizeof(head)), sizeof(head));
	assert_int_equal(write(fd, challenge, sizeof(challenge) - 1), sizeof(challenge) - 1);
	assert_true(read(fd, hello, sizeof(hello)) <= 0); /* no answer */
	(void)close(fd);
}

static void
our_own_challenge_is_not_answered(void **state UNUSED)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct door d = { 0 };
	struct err err = ERR_INIT;
	struct thread t = { 0 };
	struct conn *c = NULL;
	struct dial dial;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, n), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	assert_int_equal(thread_start(&t, "mirror", mirror, &fd, &err), ERR_OK);
	door_open(&d, true);
	dial = dial_for(&d, DIAL_CLEAR);
	dial.port = ntohs(at.sin_port);
	assert_int_equal(conn_dial(&dial, &c, &err), ERR_AUTH);
	assert_non_null(strstr(err.text, "sent our own challenge back"));
	thread_join(&t);
	(void)close(fd);
	door_close(&d);
}

static void
cancel_ends_the_wait_for_a_hello(void **state UNUSED)
{
	struct door d = { 0 };
	int fd;

	door_open(&d, true);
	fd = raw_connect(&d);
	clock_pause_ms(50);
	cancel_now(&d.cancel);
	door_close(&d);
	(void)close(fd);
	assert_int_equal(d.rc, ERR_CANCELED);
}

/* ---- a pair of conversations without a beginning ---- */

struct pair {
	struct conn *a, *b;
	int fd_b; /* of b, or the raw end when b is NULL */
};

static void
pair_open(struct pair *p, bool raw)
{
	struct err err = ERR_INIT;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(conn_wrap(fds[0], "b", &p->a, &err), ERR_OK);
	p->b = NULL;
	p->fd_b = fds[1];
	if (!raw)
		assert_int_equal(conn_wrap(fds[1], "a", &p->b, &err), ERR_OK);
}

static void
pair_close(struct pair *p)
{
	conn_free(p->a);
	conn_free(p->b);
}

static void
what_is_sent_waits_until_somebody_waits_for_an_answer(void **state UNUSED)
{
	struct err err = ERR_INIT;
	struct pair p;

	pair_open(&p, false);
	assert_int_equal(conn_printf(p.a, &err, "hello\n"), ERR_OK);
	assert_false(conn_has_input(p.b));
	assert_int_equal(conn_flush(p.a, &err), ERR_OK);
	assert_true(conn_has_input(p.b));
	expect_line(p.b, "hello\n");
	assert_false(conn_has_input(p.b));
	pair_close(&p);
}

static void
a_view_stays_while_more_is_looked_for(void **state UNUSED)
{
	struct err err = ERR_INIT;
	struct frame f;
	struct pair p;

	pair_open(&p, false);
	assert_int_equal(conn_printf(p.a, &err, "first"), ERR_OK);
	assert_int_equal(conn_flush(p.a, &err), ERR_OK);
	assert_int_equal(conn_recv(p.b, &f, &err), ERR_OK);
	assert_int_equal(conn_printf(p.a, &err, "second"), ERR_OK);
	assert_int_equal(conn_flush(p.a, &err), ERR_OK);
	assert_true(conn_has_input(p.b));
	assert_string_equal((const char *)f.data.p, "first");
	expect_line(p.b, "second");
	pair_close(&p);
}

static void
terminate_and_close_are_ends_and_a_cut_frame_is_not(void **state UNUSED)
{
	struct err err = ERR_INIT;
	struct frame f;
	struct pair p;

	pair_open(&p, false);
	assert_int_equal(conn_signal(p.a, FRAME_TERMINATE, &err), ERR_OK);
	assert_int_equal(conn_signal(p.a, FRAME_EOD, &err), ERR_OK);
	assert_int_equal(conn_flush(p.a, &err), ERR_OK);
	assert_int_equal(conn_recv(p.b, &f, &err), ERR_OK);
	assert_int_equal(f.signal, FRAME_TERMINATE);
	assert_int_equal(conn_recv(p.b, &f, &err), ERR_EOF);
	pair_close(&p);

	pair_open(&p, true);
	assert_int_equal(write(p.fd_b, "\0\0\0\5ab", 6), 6);
	(void)close(p.fd_b);
	assert_int_equal(conn_recv(p.a, &f, &err), ERR_PEER);
	assert_non_null(strstr(err.text, "inside a frame"));
	pair_close(&p);

	pair_open(&p, true);
	(void)close(p.fd_b);
	assert_true(conn_has_input(p.a));
	assert_int_equal(conn_recv(p.a, &f, &err), ERR_EOF);
	pair_close(&p);
}

static void
an_oversize_frame_is_a_breach_that_names_the_peer(void **state UNUSED)
{
	struct err err = ERR_INIT;
	struct frame f;
	struct pair p;

	pair_open(&p, true);
	assert_int_equal(write(p.fd_b, "\0\x0f\x42\x41", 4), 4);
	assert_int_equal(conn_recv(p.a, &f, &err), ERR_PROTO);
	assert_string_equal(err.text, "b: frame of 1000001 bytes is larger than 1000000");
	(void)close(p.fd_b);
	pair_close(&p);
}

static void
a_silent_peer_ends_the_wait(void **state UNUSED)
{
	struct err err = ERR_INIT;
	struct frame f;
	struct pair p;

	pair_open(&p, true);
	conn_set_wait(p.a, NULL, 1, "the answer to status");
	assert_int_equal(conn_recv(p.a, &f, &err), ERR_PEER);
	assert_non_null(strstr(err.text, "the answer to status"));
	(void)close(p.fd_b);
	pair_close(&p);
}

struct ender {
	struct conn *c;
	struct cancel *cancel;
};

static void
end_soon(void *arg)
{
	struct ender *e = (struct ender *)arg;

	clock_pause_ms(50);
	if (e->cancel != NULL)
		cancel_now(e->cancel);
	else
		conn_shutdown(e->c);
}

static void
cancel_and_shutdown_wake_a_receiver_and_a_sender(void **state UNUSED)
{
	static uint8_t much[4000000];

	for (int i = 0; i < 4; i++) {
		struct cancel cancel;
		struct err err = ERR_INIT;
		struct thread t = { 0 };
		struct ender e;
		struct frame f;
		struct pair p;
		enum err_code rc;

		pair_open(&p, true);
		assert_int_equal(cancel_init(&cancel, &err), ERR_OK);
		conn_set_wait(p.a, &cancel, 0, "nothing");
		e = (struct ender){ p.a, i % 2 == 0 ? &cancel : NULL };
		assert_int_equal(thread_start(&t, "ender", end_soon, &e, &err), ERR_OK);
		rc = i < 2 ? conn_recv(p.a, &f, &err)
			   : conn_send(p.a, bytes_of(much, sizeof(much)), &err);
		assert_int_equal(rc, i % 2 == 0 ? ERR_CANCELED : ERR_PEER);
		thread_join(&t);
		cancel_release(&cancel);
		(void)close(p.fd_b);
		pair_close(&p);
	}
}

/* ---- much data, both ways, clear and TLS ---- */

static void
fill_pattern(uint8_t *p, size_t n, size_t seed)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 7 + seed + i / 4096);
}

static void
push(void *arg)
{
	struct conn *c = (struct conn *)arg;
	static uint8_t data[300000];
	struct err err = ERR_INIT;

	for (size_t i = 0; i < 40; i++) {
		size_t n = i % 4 == 3 ? sizeof(data) : i * 997;

		fill_pattern(data, n, i);
		if (conn_send(c, bytes_of(data, n), &err) != ERR_OK)
			return;
	}
	(void)!conn_flush(c, &err);
}

/* into: offer a place for large frames. */
static void
much_data(enum dial_security security, bool into)
{
	static uint8_t want[300000], place[300000];
	struct door d = { 0 };
	struct err err = ERR_INIT;
	struct thread t = { 0 };
	struct conn *c = NULL;
	struct dial dial;
	struct frame f;
	size_t in_place = 0;

	door_open(&d, security == DIAL_CLEAR);
	dial = dial_for(&d, security);
	if (conn_dial(&dial, &c, &err) != ERR_OK)
		fail_msg("%s", err.text);
	expect_line(c, "2000 OK Hello 54\n");
	assert_int_equal(thread_start(&t, "push", push, c, &err), ERR_OK);
	for (size_t i = 0; i < 40; i++) {
		size_t n = i % 4 == 3 ? sizeof(want) : i * 997;

		fill_pattern(want, n, i);
		if (conn_recv_into(c, place, into ? sizeof(place) : 0, &f, &err) != ERR_OK)
			fail_msg("%s", err.text);
		assert_int_equal(f.data.n, n);
		assert_memory_equal(f.data.p, want, n);
		if (f.data.p != place)
			assert_int_equal(f.data.p[n], 0);
		in_place += f.data.p == place;
	}
	/* A frame of 300,000 bytes is larger than what is read at once. */
	assert_int_equal(in_place > 0, into);
	thread_join(&t);
	conn_free(c);
	door_close(&d);
}

static void
much_data_arrives_unchanged_in_both_directions_at_once(void **state UNUSED)
{
	much_data(DIAL_CLEAR, false);
	much_data(DIAL_TLS, false);
}

static void
large_frames_are_received_where_they_are_wanted(void **state UNUSED)
{
	much_data(DIAL_CLEAR, true);
	much_data(DIAL_TLS, true);
}

/* Frames of n bytes, each in pieces, to a receiver that offers room for cap bytes. */
static void
receive_in_pieces(size_t n, size_t cap, bool cut)
{
	static uint8_t data[70004], place[70000];
	struct err err = ERR_INIT;
	struct frame f;
	struct pair p;
	size_t half = n / 2 + 2;

	pair_open(&p, true);
	fill_pattern(data, sizeof(data), n);
	frame_head_emit(n, data);
	memset(place, 0, sizeof(place));
	assert_int_equal(write(p.fd_b, data, half), half);
	assert_false(conn_has_input(p.a));
	if (!cut)
		assert_int_equal(write(p.fd_b, data + half, n + 4 - half), n + 4 - half);
	(void)close(p.fd_b);
	if (cut) {
		assert_int_equal(conn_recv_into(p.a, place, cap, &f, &err), ERR_PEER);
		assert_non_null(strstr(err.text, "inside a frame"));
	} else {
		assert_int_equal(conn_recv_into(p.a, place, cap, &f, &err), ERR_OK);
		assert_int_equal(f.data.n, n);
		assert_memory_equal(f.data.p, data + 4, n);
		assert_int_equal(f.data.p == place, n <= cap && n >= 32768);
		assert_int_equal(conn_recv_into(p.a, place, cap, &f, &err), ERR_EOF);
	}
	pair_close(&p);
}

static void
a_frame_that_does_not_fit_the_place_is_a_view(void **state UNUSED)
{
	static const size_t sizes[] = { 1000, 32767, 32768, 65536, 70000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		receive_in_pieces(sizes[i], 70000, false);
		receive_in_pieces(sizes[i], 65536, false);
		receive_in_pieces(sizes[i], 0, false);
		receive_in_pieces(sizes[i], 70000, true);
	}
}

static void
a_head_and_a_large_payload_are_one_frame(void **state UNUSED)
{
	static uint8_t data[100000];
	uint8_t head[FRAME_HEAD_LEN];
	struct err err = ERR_INIT;
	struct frame f;
	struct pair p;

	pair_open(&p, false);
	fill_pattern(data, sizeof(data), 1);
	assert_int_equal(conn_printf(p.a, &err, "before"), ERR_OK);
	frame_head_emit(sizeof(data), head);
	assert_int_equal(conn_send_framed_two(p.a, bytes_of(head, sizeof(head)),
					      bytes_of(data, sizeof(data)), &err),
			 ERR_OK);
	expect_line(p.b, "before");
	assert_int_equal(conn_recv(p.b, &f, &err), ERR_OK);
	assert_int_equal(f.data.n, sizeof(data));
	assert_memory_equal(f.data.p, data, sizeof(data));
	pair_close(&p);
}

static void
a_text_larger_than_a_frame_goes_in_several(void **state UNUSED)
{
	static uint8_t data[FRAME_SEND_MAX + 10];
	struct err err = ERR_INIT;
	struct door d = { 0 };
	struct conn *c = NULL;
	struct dial dial;
	struct frame f;

	door_open(&d, true);
	dial = dial_for(&d, DIAL_CLEAR);
	assert_int_equal(conn_dial(&dial, &c, &err), ERR_OK);
	expect_line(c, "2000 OK Hello 54\n");
	assert_int_equal(conn_send(c, bytes_of(data, sizeof(data)), &err), ERR_OK);
	assert_int_equal(conn_recv(c, &f, &err), ERR_OK);
	assert_int_equal(f.data.n, FRAME_SEND_MAX);
	assert_int_equal(conn_recv(c, &f, &err), ERR_OK);
	assert_int_equal(f.data.n, 10);
	conn_free(c);
	door_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(director_and_client_talk_in_clear),
		cmocka_unit_test(director_and_client_talk_in_tls_with_the_password_as_key),
		cmocka_unit_test(a_wrong_password_is_refused_and_named_in_tls),
		cmocka_unit_test(a_wrong_password_is_refused_in_clear),
		cmocka_unit_test(no_password_is_none_that_could_be_right),
		cmocka_unit_test(an_unknown_name_is_refused),
		cmocka_unit_test(clear_text_is_refused_where_tls_is_required),
		cmocka_unit_test(the_hello_must_name_the_identity_of_tls),
		cmocka_unit_test(nobody_listening_is_told_at_once),
		cmocka_unit_test(clear_text_is_tried_after_tls_only_where_allowed),
		cmocka_unit_test(a_host_without_an_address_is_final),
		cmocka_unit_test(cancel_ends_the_wait_for_a_hello),
		cmocka_unit_test(a_stranger_that_never_pauses_has_no_more_time_than_others),
		cmocka_unit_test(garbage_is_named_and_ended),
		cmocka_unit_test(a_hello_in_two_segments_is_no_problem),
		cmocka_unit_test(a_large_frame_from_a_stranger_is_not_waited_for),
		cmocka_unit_test(our_own_challenge_is_not_answered),
		cmocka_unit_test(what_is_sent_waits_until_somebody_waits_for_an_answer),
		cmocka_unit_test(a_view_stays_while_more_is_looked_for),
		cmocka_unit_test(terminate_and_close_are_ends_and_a_cut_frame_is_not),
		cmocka_unit_test(an_oversize_frame_is_a_breach_that_names_the_peer),
		cmocka_unit_test(a_silent_peer_ends_the_wait),
		cmocka_unit_test(cancel_and_shutdown_wake_a_receiver_and_a_sender),
		cmocka_unit_test(much_data_arrives_unchanged_in_both_directions_at_once),
		cmocka_unit_test(large_frames_are_received_where_they_are_wanted),
		cmocka_unit_test(a_frame_that_does_not_fit_the_place_is_a_view),
		cmocka_unit_test(a_head_and_a_large_payload_are_one_frame),
		cmocka_unit_test(a_text_larger_than_a_frame_goes_in_several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
