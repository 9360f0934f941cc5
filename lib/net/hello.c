#include "lib/net/hello.h"

#include "lib/proto/scan.h"

#include <stdio.h>

/* clang-format off */
/* What a Hello line may be, tried in this order (wire.md 3.1, bacula.md 1.3). */
#define NAME_ONLY  0
#define CALLING    1 /* " calling", perhaps a number, behind the name */
#define CLIENT     2 /* " FdProtocolVersion=%d calling", or " calling" */
#define BACULA_FD  3 /* a number behind the job */
static const struct {
	const char *prefix;
	enum peer_kind kind;
	int tail;
	bool storage_calling, replicate, bacula;
	const char *refused; /* why this one is known and not served */
} forms[] = {
	{ "Hello Storage calling Start Job ", PEER_JOB,      NAME_ONLY, true,  false, false, NULL },
	{ "Hello Start Storage Job ",         PEER_JOB,      NAME_ONLY, false, true,  false, NULL },
	{ "Hello Start Job ",                 PEER_JOB,      NAME_ONLY, false, false, false, NULL },
	{ "Hello Bacula SD: Start Job ",      PEER_JOB,      BACULA_FD, false, false, true,  NULL },
	{ "Hello SD: Bacula Director ",       PEER_DIRECTOR, NAME_ONLY, false, false, true,
	  "a Bacula director is not served by this storage daemon" },
	{ "Hello FD: Bacula Storage ",        PEER_JOB,      NAME_ONLY, false, false, true,
	  "a Bacula storage daemon is not served by this file daemon" },
	{ "Hello Director ",                  PEER_DIRECTOR, CALLING,   false, false, false, NULL },
	{ "Hello Storage ",                   PEER_STORAGE,  CALLING,   false, false, false, NULL },
	{ "Hello Client ",                    PEER_CLIENT,   CLIENT,    false, false, false, NULL },
};

static const struct {
	enum peer_kind kind;
	const char *resource, *text;
} kinds[] = {
	{ PEER_CONSOLE,  "R_CONSOLE",  "console" },
	{ PEER_DIRECTOR, "R_DIRECTOR", "director" },
	{ PEER_CLIENT,   "R_CLIENT",   "client" },
	{ PEER_STORAGE,  "R_STORAGE",  "storage daemon" },
	{ PEER_JOB,      "R_JOB",      "job" },
};
/* clang-format on */

#define IDENTITY_SEPARATOR '\x1e'

const char *
hello_kind_resource(enum peer_kind kind)
{
	return kinds[kind].resource;
}

const char *
hello_kind_text(enum peer_kind kind)
{
	return kinds[kind].text;
}

bool
hello_identity_emit(enum peer_kind kind, const char *name, char *out, size_t cap)
{
	int n = snprintf(out, cap, "%s%c%s", kinds[kind].resource, IDENTITY_SEPARATOR, name);

	return n > 0 && (size_t)n < cap;
}

bool
hello_identity_parse(struct bytes identity, enum peer_kind *kind, char *name, size_t cap)
{
	const uint8_t *cut = identity.n > 0 ? memchr(identity.p, IDENTITY_SEPARATOR, identity.n)
					    : NULL;
	struct bytes type, rest;

	if (cut == NULL)
		return false;
	type = bytes_of(identity.p, (size_t)(cut - identity.p));
	rest = bytes_skip(identity, type.n + 1);
	if (rest.n == 0 || rest.n >= cap || memchr(rest.p, IDENTITY_SEPARATOR, rest.n) != NULL)
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (bytes_eq(type, bytes_str(kinds[i].resource))) {
			*kind = kinds[i].kind;
			memcpy(name, rest.p, rest.n);
			name[rest.n] = '\0';
			return true;
		}
	return false;
}

/* "25.1.0" -> 2501 */
static int
version_number(const char *text)
{
	int major, minor = 0;

	if (!wire_scan(bytes_str(text), "%d.%d", &major, &minor) &&
	    !wire_scan(bytes_str(text), "%d", &major))
		return 0;
	if (major < 0 || major > 9999 || minor < 0 || minor > 99)
		return 0;
	return major * 100 + minor;
}

/* What stands behind the name; false: it must not stand there. */
static bool
parse_tail(struct bytes tail, int form, struct hello *h)
{
	int second;

	switch (form) {
	case CALLING:
		return wire_scan(tail, " calling");
	case CLIENT:
		return wire_scan(tail, " FdProtocolVersion=%d calling", &h->version) ||
		       wire_scan(tail, " calling");
	case BACULA_FD:
		/* A second number would be a storage daemon that copies. */
		return wire_scan(tail, " %d", &h->version) && h->version > 0 &&
		       !(wire_scan(tail, " %d %d", &second, &second) && second > 0);
	}
	return true;
}

static bool
parse_console_tail(struct bytes tail, struct hello *h)
{
	char version[64];
	int number = 0;

	if (wire_scan(tail, " calling version %63s", version)) {
		h->version = version_number(version);
		return true;
	}
	if (!wire_scan(tail, " calling"))
		return false;
	h->bacula = wire_scan(tail, " calling %d", &number) && number > 0;
	return true;
}

/* The name that stands first in rest; *tail is what follows. */
static bool
take_name(struct bytes rest, struct hello *h, struct bytes *tail)
{
	if (!wire_scan(rest, "%127s", h->name) || h->name[0] == '\0')
		return false;
	*tail = bytes_skip(rest, strlen(h->name));
	(void)wire_unbash(h->name);
	return true;
}

static enum err_code
not_known(const struct hello *h, struct err *err)
{
	return err_set(err, ERR_PROTO, "\"%.80s\" is no Hello that is known here", h->words);
}

enum err_code
hello_parse(struct bytes line, struct hello *out, struct err *err)
{
	struct hello h = { .kind = PEER_CONSOLE };
	struct bytes tail;

	while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\0'))
		line.n--;
	if (line.n >= sizeof(h.words) || (line.n > 0 && memchr(line.p, 0, line.n) != NULL))
		return err_set(err, ERR_PROTO, "a Hello of %zu bytes is no Hello", line.n);
	if (line.n > 0)
		memcpy(h.words, line.p, line.n);

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (!bytes_starts(line, forms[i].prefix))
			continue;
		if (forms[i].refused != NULL)
			return err_set(err, ERR_PROTO, "%s", forms[i].refused);
		h.kind = forms[i].kind;
		h.storage_calling = forms[i].storage_calling;
		h.replicate = forms[i].replicate;
		h.bacula = forms[i].bacula;
		if (!take_name(bytes_skip(line, strlen(forms[i].prefix)), &h, &tail) ||
		    !parse_tail(tail, forms[i].tail, &h))
			return not_known(&h, err);
		*out = h;
		return ERR_OK;
	}
	if (!bytes_starts(line, "Hello ") ||
	    !take_name(bytes_skip(line, strlen("Hello ")), &h, &tail) ||
	    !parse_console_tail(tail, &h))
		return not_known(&h, err);
	*out = h;
	return ERR_OK;
}
