/*
 * lib/files/names.h - a set of names, remembered by a digest of 64 bits each
 *
 * Purpose: which paths a restore has made, and which links, millions of them, in 11 to 22 bytes
 *          each.  The digest has a seed that nobody knows, so no names can be chosen to be taken
 *          for one another.
 * Owns:    its slots.  All-zero is an empty set.
 * Threads: one at a time.
 */
#ifndef TERCET_FILES_NAMES_H
#define TERCET_FILES_NAMES_H

#include <stdbool.h>

#include "lib/base/bytes.h"

struct names {
	uint64_t *slots; /* owned; 0: free */
	size_t n, n_slots;
	uint64_t seed;
};

void names_release(struct names *s);
void names_add(struct names *s, struct bytes name);
bool names_has(const struct names *s, struct bytes name);

#endif
