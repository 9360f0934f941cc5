#include "lib/base/secret.h"

#include "lib/base/mem.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

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

void
secret_guard_process(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	/* A core file's reader that is a program (core_pattern "|") does not ask the limit. */
	if (!SANITIZED)
		(void)prctl(PR_SET_DUMPABLE, 0);
}
