/*
 * The pure part of auth.h.
 */
#include "lib/net/auth.h"

#include "lib/proto/scan.h"

#include <inttypes.h>

/* Quote what came instead, without its line feed: mostly it says why we are not wanted. */
static enum err_code
no_challenge(struct bytes line, struct err *err)
{
	int n = 0;

	while ((size_t)n < line.n && n < 160 && line.p[n] >= ' ')
		n++;
	return err_set(err, ERR_PROTO, "the answer to our Hello is \"%.*s\"", n,
		       (const char *)line.p);
}

enum err_code
auth_challenge_parse(struct bytes line, struct auth_challenge *out, struct err *err)
{
	struct auth_challenge c = { .ssl = AUTH_SSL_MISSING };
	char name[AUTH_TEXT_MAX + 1];
	struct bytes rest;
	unsigned random_part;
	uint64_t when;
	size_t n;

	if (bytes_starts(line, "auth cram-md5c "))
		c.standard_base64 = true;
	else if (!bytes_starts(line, "auth cram-md5 "))
		return no_challenge(line, err);
	rest = bytes_skip(line, strlen("auth cram-md5 ") + (c.standard_base64 ? 1 : 0));
	if (!wire_scan(rest, "%255s", c.text))
		return err_set(err, ERR_PROTO, "the peer's challenge is longer than %d bytes",
			       AUTH_TEXT_MAX);
	n = strlen(c.text);
	if (!wire_scan(bytes_str(c.text), "<%u.%" SCNu64 "@%255s", &random_part, &when, name) ||
	    n == 0 || c.text[n - 1] != '>')
		return err_set(err, ERR_PROTO, "the peer's challenge \"%s\" is malformed", c.text);
	if (!wire_scan(bytes_skip(rest, n), " ssl=%d", &c.ssl))
		c.ssl = AUTH_SSL_MISSING;
	*out = c;
	return ERR_OK;
}

bool
auth_challenge_is_ours(const struct auth_challenge *c, const char *own_name)
{
	const char *at = strchr(c->text, '@');
	size_t n = strlen(own_name);

	if (at == NULL || strstr(c->text, "R_STORAGE") != NULL)
		return false;
	return strncmp(at + 1, own_name, n) == 0 && strcmp(at + 1 + n, ">") == 0;
}
