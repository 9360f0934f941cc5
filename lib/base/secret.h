/*
 * lib/base/secret.h - memory that is wiped and never printed
 *
 * Purpose: passwords and keys.  There is no printf path to one.
 * Owns:    its bytes; secret_release wipes and frees, and may be called again.
 */
#ifndef TERCET_BASE_SECRET_H
#define TERCET_BASE_SECRET_H

#include "lib/base/bytes.h"

struct secret {
	char *p; /* owned, NUL behind n */
	size_t n;
};

void secret_set(struct secret *s, struct bytes from);
void secret_release(struct secret *s);
/* Borrowed until the next change. */
struct bytes secret_bytes(const struct secret *s);
/* In constant time. */
bool secret_eq(struct bytes a, struct bytes b);

/* This process has secrets in its memory: no core file of it is written, nobody but root attaches
 * to it.  To be said again after a change of user, where the system decides anew
 * (fs.suid_dumpable). Not with a sanitizer, whose leak check attaches. */
void secret_guard_process(void);

#endif
