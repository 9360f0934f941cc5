#include "lib/base/secret.h"

#include "lib/base/mem.h"

#include <string.h>

void
secret_release(struct secret *s)
{
	if (s->p != NULL)
		explicit_bzero(s->p, s->n);
	free(s->p);
	s->p = NULL;
	s->n = 0;
}

void
secret_set(struct secret *s, struct bytes from)
{
	char *p = str_ndup(from.n > 0 ? (const char *)from.p : "", from.n);

	secret_release(s);
	s->p = p;
	s->n = from.n;
}

struct bytes
secret_bytes(const struct secret *s)
{
	return bytes_of(s->p, s->n);
}

bool
secret_eq(struct bytes a, struct bytes b)
{
	unsigned diff = a.n != b.n;

	for (size_t i = 0; i < a.n && i < b.n; i++)
		diff |= a.p[i] ^ b.p[i];
	return diff == 0;
}
