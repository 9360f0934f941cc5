/*
 * regress/fuzz/fuzz_accept.c - what a stranger sends to a daemon's port, up to the end of its
 * authentication: classification, TLS, Hello, CRAM in both roles
 *
 * needs: lib-net
 * wraps: mac_cram_verify
 *
 * The first byte chooses which daemon it is; the rest comes as it is, in one piece.  Every answer
 * but a refusal has the right password.
 */
#include "lib/net/conn.h"

#include "lib/base/bytes.h"
#include "regress/fuzz/lib/peer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
bool __real_mac_cram_verify(struct bytes key, struct bytes challenge, struct bytes response);
bool __wrap_mac_cram_verify(struct bytes key, struct bytes challenge, struct bytes response);

static const struct {
	const char *own_name;
	size_t min, max;
	bool clear;
} daemons[] = {
	{ "R_DIRECTOR::dir", 15, 153, true },
	{ "R_STORAGE::sd", 25, 158, true },
	{ "R_CLIENT::fd", 25, 500, true },
	{ "R_CLIENT::fd", 25, 500, false },
};

static bool
find_peer(void *arg, enum peer_kind kind, const char *name, struct peer_policy *out)
{
	const bool *clear = arg;

	(void)kind;
	if (strstr(name, "nobody") != NULL)
		return false;
	secret_set(&out->key, bytes_str("af2904ba21987b283d3f14cb9cfb5579"));
	out->cleartext_ok = *clear;
	return true;
}

bool
__wrap_mac_cram_verify(struct bytes key, struct bytes challenge, struct bytes response)
{
	return __real_mac_cram_verify(key, challenge, response) || !bytes_starts(response, "1999");
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	size_t which = n > 0 ? p[0] % 4 : 0;
	bool clear = daemons[which].clear;
	struct acceptor a = { .own_name = daemons[which].own_name,
			      .find_peer = find_peer,
			      .arg = &clear,
			      .hello_min = daemons[which].min,
			      .hello_max = daemons[which].max,
			      .deadline_seconds = 1 };
	struct hello who = { .name = "" };
	struct conn *c = NULL;
	struct err err = ERR_INIT;

	if (n < 1)
		return 0;
	if (conn_accept(peer_socket(bytes_of(p + 1, n - 1)), &a, NULL, &who, &c, &err) == ERR_OK)
		conn_free(c);
	return 0;
}
