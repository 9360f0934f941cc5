/*
 * regress/fuzz/fuzz_hello.c - Hello lines, PSK identities and CRAM challenges
 *
 * needs: lib-net
 */
#include "lib/net/auth.h"
#include "lib/net/hello.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct auth_challenge challenge;
	struct err err = ERR_INIT;
	char name[128], identity[160];
	enum peer_kind kind;
	struct hello h;

	if (hello_parse(in, &h, &err) == ERR_OK) {
		assert(h.name[0] != '\0');
		assert(strlen(h.name) <= 127);
		(void)!hello_identity_emit(h.kind, h.name, identity, sizeof(identity));
	}
	if (hello_identity_parse(in, &kind, name, sizeof(name))) {
		assert(hello_identity_emit(kind, name, identity, sizeof(identity)));
		assert(bytes_eq(bytes_str(identity), in) || memchr(data, 0, size) != NULL);
	}
	if (auth_challenge_parse(in, &challenge, &err) == ERR_OK) {
		assert(challenge.text[0] == '<');
		(void)auth_challenge_is_ours(&challenge, "R_DIRECTOR::dir");
	}
	return 0;
}
