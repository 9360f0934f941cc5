/*
 * regress/interop/net_peer.c - one end of a conversation, to meet the scripted peers
 *
 *   net_peer dial fd|sd HOST:PORT clear|tls DIRECTOR PASSWORD COMMAND
 *       as a director: Hello, greeting, one command; prints lines until a signal
 *   net_peer accept dir|fd|sd PORT NAME PEER PASSWORD COUNT
 *       COUNT connections of PEER (a director, or a console when dir), clear or TLS; a listing
 *       that names the command is the answer to every command
 * Exit status 0: everything went as it should.
 */
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/crypto/digest.h"
#include "lib/net/conn.h"
#include "lib/net/listen.h"
#include "lib/proto/dir_fd.h"
#include "lib/proto/dir_sd.h"
#include "lib/proto/scan.h"
#include "lib/proto/shell_rows.h"

#include <stdio.h>
#include <string.h>

struct host {
	struct acceptor a;
	const char *role, *name, *peer;
	char own_name[160];
	char key[DIGEST_PW_HASH_LEN + 1];
	atomic_int served, good;
	struct cancel enough;
	int wanted;
};

static bool
find_peer(void *arg, enum peer_kind kind, const char *name, struct peer_policy *out)
{
	const struct host *h = (const struct host *)arg;

	if (kind != (strcmp(h->role, "dir") == 0 ? PEER_CONSOLE : PEER_DIRECTOR) ||
	    strcmp(name, h->peer) != 0)
		return false;
	secret_set(&out->key, bytes_str(h->key));
	out->cleartext_ok = true;
	return true;
}

static enum err_code
greet(const struct host *h, struct conn *c, const struct hello *who, struct err *err)
{
	enum err_code rc;

	if (strcmp(h->role, "fd") == 0)
		return conn_printf(c, err, DIR_FD_OK_HELLO, FD_PROTO_VERSION);
	if (strcmp(h->role, "sd") == 0)
		return conn_printf(c, err, DIR_SD_OK_HELLO);
	if (who->version < SHELL_NEW_VERSION)
		return conn_printf(c, err, SHELL_OLD_GREETING, h->name, "25.1.0", "today",
				   conn_encryption(c));
	rc = conn_printf(c, err, SHELL_OK, h->name, "25.1.0", "today");
	return rc == ERR_OK ? conn_printf(c, err, SHELL_INFO, conn_encryption(c)) : rc;
}

static enum err_code
serve(const struct host *h, struct conn *c, const struct hello *who, struct err *err)
{
	enum err_code rc = greet(h, c, who, err);
	struct bytes line;
	bool eod;

	while (rc == ERR_OK) {
		rc = conn_recv_line(c, &line, &eod, err);
		if (rc == ERR_OK)
			rc = conn_printf(c, err, "%s heard \"%.*s\" in %s\n", h->name,
					 (int)strcspn((const char *)line.p, "\n"),
					 (const char *)line.p, conn_encryption(c));
		if (rc == ERR_OK)
			rc = conn_signal(c, FRAME_EOD, err);
	}
	return rc;
}

static void
receive(void *arg, int fd)
{
	struct host *h = (struct host *)arg;
	OWNED(conn_freep) struct conn *c = NULL;
	struct err err = ERR_INIT;
	struct hello who;
	enum err_code rc = conn_accept(fd, &h->a, NULL, &who, &c, &err);

	if (rc == ERR_OK)
		rc = serve(h, c, &who, &err);
	if (rc != ERR_EOF)
		(void)fprintf(stderr, "net_peer: %s\n", err.text);
	else
		atomic_fetch_add(&h->good, 1);
	if (atomic_fetch_add(&h->served, 1) + 1 == h->wanted)
		cancel_now(&h->enough);
}

static int
do_accept(char **argv)
{
	struct host h = { .role = argv[0], .name = argv[2], .peer = argv[3] };
	struct listen_addr addr = { .host = "127.0.0.1" };
	struct listener *l = NULL;
	struct err err = ERR_INIT;
	struct wait until;
	unsigned port, wanted;

	if (!wire_scan(bytes_str(argv[1]), "%u", &port) ||
	    !wire_scan(bytes_str(argv[5]), "%u", &wanted))
		return 2;
	addr.port = (uint16_t)port;
	h.wanted = (int)wanted;
	digest_pw_hash(bytes_str(argv[4]), h.key);
	(void)snprintf(h.own_name, sizeof(h.own_name), "%s::%s",
		       strcmp(h.role, "dir") == 0  ? "R_DIRECTOR"
		       : strcmp(h.role, "fd") == 0 ? "R_CLIENT"
						   : "R_STORAGE",
		       h.name);
	h.a = (struct acceptor){ .own_name = wire_bash(h.own_name),
				 .find_peer = find_peer,
				 .arg = &h,
				 .hello_min = 15,
				 .hello_max = 500,
				 .deadline_seconds = 30 };
	if (cancel_init(&h.enough, &err) != ERR_OK || listen_open(&addr, 1, &l, &err) != ERR_OK ||
	    listen_serve(l, 20, receive, &h, &err) != ERR_OK) {
		(void)fprintf(stderr, "net_peer: %s\n", err.text);
		return 1;
	}
	(void)printf("%u\n", listen_port(l));
	(void)fflush(stdout);
	until = wait_for(&h.enough, 60, "connections");
	(void)!wait_pause(&until, &err);
	listen_free(l);
	cancel_release(&h.enough);
	return h.good == h.wanted ? 0 : 1;
}

static enum err_code
ask(struct conn *c, const char *command, struct err *err)
{
	enum err_code rc = conn_send(c, bytes_str(command), err);
	struct bytes line;
	bool eod = false;

	while (rc == ERR_OK && !eod) {
		rc = conn_recv_line(c, &line, &eod, err);
		if (rc == ERR_OK)
			(void)printf("%.*s", (int)line.n, (const char *)line.p);
	}
	return rc == ERR_OK ? conn_signal(c, FRAME_TERMINATE, err) : rc;
}

static int
do_dial(char **argv)
{
	OWNED(conn_freep) struct conn *c = NULL;
	struct err err = ERR_INIT;
	char host[128], name[160], hello[200], own_name[160], key[DIGEST_PW_HASH_LEN + 1];
	const char *colon = strrchr(argv[1], ':');
	struct bytes greeting;
	enum err_code rc;
	unsigned port;
	struct dial d = { .psk_kind = PEER_DIRECTOR, .timeout_seconds = 15, .retry_seconds = 1 };

	if (colon == NULL || !wire_scan(bytes_str(colon + 1), "%u", &port))
		return 2;
	(void)snprintf(host, sizeof(host), "%.*s", (int)(colon - argv[1]), argv[1]);
	(void)snprintf(name, sizeof(name), "%s", argv[3]);
	digest_pw_hash(bytes_str(argv[4]), key);
	d.host = host;
	d.port = (uint16_t)port;
	d.security = strcmp(argv[2], "tls") == 0 ? DIAL_TLS : DIAL_CLEAR;
	d.psk_name = argv[3];
	d.key = bytes_str(key);
	(void)snprintf(hello, sizeof(hello), DIR_FD_HELLO, wire_bash(name));
	(void)snprintf(own_name, sizeof(own_name), "R_DIRECTOR::%.127s", name);
	d.hello = hello;
	d.own_name = own_name;
	rc = conn_dial(&d, &c, &err);
	if (rc == ERR_OK)
		rc = conn_recv_line(c, &greeting, NULL, &err);
	if (rc == ERR_OK)
		(void)printf("%s %.*s", conn_encryption(c), (int)greeting.n,
			     (const char *)greeting.p);
	if (rc == ERR_OK)
		rc = ask(c, argv[5], &err);
	if (rc != ERR_OK)
		(void)fprintf(stderr, "net_peer: %s\n", err.text);
	return rc == ERR_OK ? 0 : 1;
}

int
main(int argc, char **argv)
{
	if (argc == 8 && strcmp(argv[1], "accept") == 0)
		return do_accept(argv + 2);
	if (argc == 8 && strcmp(argv[1], "dial") == 0)
		return do_dial(argv + 2);
	(void)fprintf(stderr, "net_peer: see the head of its source\n");
	return 2;
}
