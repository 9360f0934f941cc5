#include "lib/files/names.h"

#include "lib/base/hash.h"
#include "lib/crypto/mac.h"

#define SLOTS_FIRST 256u /* a power of two, as all that follow */

void
names_release(struct names *s)
{
	free(s->slots);
	*s = (struct names){ 0 };
}

static uint64_t
digest_of(const struct names *s, struct bytes name)
{
	uint64_t digest = XXH3_64bits_withSeed(name.p, name.n, s->seed);

	return digest != 0 ? digest : 1;
}

/* Where it is, or where it is to go. */
static uint64_t *
slot_of(const struct names *s, uint64_t digest)
{
	size_t i = (size_t)digest & (s->n_slots - 1);

	while (s->slots[i] != 0 && s->slots[i] != digest)
		i = (i + 1) & (s->n_slots - 1);
	return &s->slots[i];
}

static void
grow(struct names *s)
{
	struct names old = *s;

	if (old.n_slots == 0)
		random_bytes(&s->seed, sizeof(s->seed));
	s->n_slots = old.n_slots != 0 ? 2 * old.n_slots : SLOTS_FIRST;
	s->slots = NEW_ARRAY(uint64_t, s->n_slots);
	for (size_t i = 0; i < old.n_slots; i++)
		if (old.slots[i] != 0)
			*slot_of(s, old.slots[i]) = old.slots[i];
	free(old.slots);
}

void
names_add(struct names *s, struct bytes name)
{
	uint64_t digest, *slot;

	if (s->n >= s->n_slots / 4 * 3)
		grow(s);
	digest = digest_of(s, name);
	slot = slot_of(s, digest);
	s->n += *slot == 0;
	*slot = digest;
}

bool
names_has(const struct names *s, struct bytes name)
{
	return s->n > 0 && *slot_of(s, digest_of(s, name)) != 0;
}
