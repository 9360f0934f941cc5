/*
 * regress/fuzz/fuzz_dial.c - what a daemon that we call sends: TLS, CRAM in both roles
 *
 * needs: lib-net
 * wraps: connect mac_cram_verify
 *
 * The first byte chooses clear text or TLS; the rest comes as it is, in one piece.  Every answer
 * but a refusal has the right password.
 */
#include "lib/net/conn.h"

#include "lib/base/bytes.h"
#include "regress/fuzz/lib/peer.h"

#include <assert.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
bool __real_mac_cram_verify(struct bytes key, struct bytes challenge, struct bytes response);
bool __wrap_mac_cram_verify(struct bytes key, struct bytes challenge, struct bytes response);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t len);

static struct bytes input;

int
__wrap_connect(int fd, const struct sockaddr *to, socklen_t len)
{
	int peer = peer_socket(input);
	int rc = dup2(peer, fd);

	(void)to;
	(void)len;
	assert(rc == fd);
	(void)close(peer);
	return 0;
}

bool
__wrap_mac_cram_verify(struct bytes key, struct bytes challenge, struct bytes response)
{
	return __real_mac_cram_verify(key, challenge, response) || !bytes_starts(response, "1999");
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct dial d = { .host = "127.0.0.1",
			  .port = 9102,
			  .psk_kind = PEER_DIRECTOR,
			  .psk_name = "dir",
			  .key = bytes_str("af2904ba21987b283d3f14cb9cfb5579"),
			  .hello = "Hello Director dir calling\n",
			  .own_name = "R_DIRECTOR::dir",
			  .timeout_seconds = 1 };
	struct conn *c = NULL;
	struct err err = ERR_INIT;
	struct frame f;

	if (n < 1)
		return 0;
	d.security = (enum dial_security)(p[0] % 3);
	input = bytes_of(p + 1, n - 1);
	if (conn_dial(&d, &c, &err) != ERR_OK)
		return 0;
	while (conn_recv(c, &f, &err) == ERR_OK)
		continue;
	conn_free(c);
	return 0;
}
