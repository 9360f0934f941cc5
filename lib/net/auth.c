#include "lib/net/auth.h"

#include "lib/base/clock.h"
#include "lib/crypto/mac.h"
#include "lib/net/frame.h"

#include <stdio.h>

#define AUTH_OK     "1000 OK auth\n"
#define AUTH_FAILED "1999 Authorization failed.\n"

/* What came instead of an answer, for people. */
static enum err_code
hung_up(struct conn *c, const char *where, struct err *err)
{
	return err_set(err, ERR_AUTH,
		       "%s hung up %s: it does not know our name or address, or wants TLS",
		       conn_peer(c), where);
}

/* The next frame, whose absence means that the peer wants no more of us. */
static enum err_code
recv_step(struct conn *c, const char *where, struct bytes *line, struct err *err)
{
	struct err reading = ERR_INIT;
	enum err_code rc = conn_recv_line(c, line, NULL, &reading);

	if (rc == ERR_EOF || (rc == ERR_PEER && reading.sys != 0))
		return hung_up(c, where, err);
	if (rc != ERR_OK)
		*err = reading;
	return rc;
}

enum err_code
auth_challenge_peer(struct conn *c, struct bytes key, const char *own_name, int ssl,
		    struct err *err)
{
	char text[AUTH_TEXT_MAX + 1];
	struct bytes answer;
	enum err_code rc;
	uint32_t nonce;
	bool good;

	random_bytes(&nonce, sizeof(nonce));
	(void)snprintf(text, sizeof(text), "<%u.%u@%s>", nonce, (unsigned)clock_now(), own_name);
	rc = conn_printf(c, err, "auth cram-md5 %s ssl=%d\n", text, ssl);
	if (rc == ERR_OK)
		rc = recv_step(c, "when it was asked for its password", &answer, err);
	if (rc != ERR_OK)
		return rc;
	good = key.n > 0 && mac_cram_verify(key, bytes_str(text), answer);
	rc = conn_printf(c, err, "%s", good ? AUTH_OK : AUTH_FAILED);
	if (rc != ERR_OK || good)
		return rc;
	rc = conn_flush(c, err);
	if (rc != ERR_OK)
		return rc;
	if (bytes_starts(answer, "1999"))
		return err_set(err, ERR_AUTH, "%s refused us: %.*s", conn_peer(c),
			       (int)answer.n - 1, (const char *)answer.p);
	return err_set(err, ERR_AUTH, "%s gave a wrong password", conn_peer(c));
}

enum err_code
auth_answer_peer(struct conn *c, struct bytes key, const char *own_name, int *ssl, struct err *err)
{
	struct auth_challenge challenge;
	char response[MAC_RESPONSE_SIZE];
	struct bytes line;
	enum err_code rc;

	rc = recv_step(c, "at our Hello", &line, err);
	if (rc != ERR_OK)
		return rc;
	rc = auth_challenge_parse(line, &challenge, err);
	if (rc != ERR_OK)
		return err_ctx(err, "%s", conn_peer(c));
	if (auth_challenge_is_ours(&challenge, own_name))
		return err_set(err, ERR_AUTH, "%s sent our own challenge back", conn_peer(c));
	mac_cram_response(key, bytes_str(challenge.text),
			  challenge.standard_base64 ? MAC_BASE64_STANDARD : MAC_BASE64_ODD,
			  response);
	rc = conn_send(c, bytes_of(response, sizeof(response)), err);
	if (rc == ERR_OK)
		rc = recv_step(c, "at our password", &line, err);
	if (rc != ERR_OK)
		return rc;
	if (!bytes_eq(line, bytes_str(AUTH_OK)))
		return err_set(err, ERR_AUTH, "%s refused our password", conn_peer(c));
	*ssl = challenge.ssl;
	return ERR_OK;
}
