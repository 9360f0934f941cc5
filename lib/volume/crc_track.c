/*
 * A CRC is the rest of a division of polynomials: with c(A) of some bytes A and n bytes B behind
 * them, c(AB) = c(A) * x^8n + c(B).  Hence the sum of a stretch between two marks follows from the
 * marks, and that of a range from its ends and the stretch between.
 */
#include "lib/volume/crc_track.h"

#include <libdeflate.h>

#include "lib/base/mem.h"
#include "lib/base/num.h"

#define STEP      1024u
#define TRACK_MAX ((uint64_t)64 * MIB) /* then begin anew */

/* Bit 31 is x^0. */
#define POLYNOMIAL 0xedb88320u
#define X_TO_0     0x80000000u
#define X_TO_8     0x00800000u

static uint32_t
multiply(uint32_t a, uint32_t b)
{
	uint32_t product = 0;

	for (uint32_t bit = X_TO_0; bit != 0; bit >>= 1) {
		product ^= (a & bit) != 0 ? b : 0;
		b = b >> 1 ^ ((b & 1) != 0 ? POLYNOMIAL : 0);
	}
	return product;
}

/* c * x^8n */
static uint32_t
shift(uint32_t c, uint64_t n)
{
	for (uint32_t power = X_TO_8; n != 0; n >>= 1) {
		if ((n & 1) != 0)
			c = multiply(c, power);
		power = multiply(power, power);
	}
	return c;
}

void
crc_track_release(struct crc_track *t)
{
	free(t->marks);
	*t = (struct crc_track){ .from = 0 };
}

static void
add_mark(struct crc_track *t, uint32_t sum)
{
	t->marks = (uint32_t *)mem_grow(t->marks, t->n, &t->cap, sizeof(*t->marks));
	t->marks[t->n++] = sum;
}

static uint64_t
mark_at(const struct crc_track *t, uint64_t i)
{
	return t->from + i * STEP;
}

/* Marks up to the end of b, and one at its beginning or behind it. */
static void
extend(struct crc_track *t, struct bytes b, uint64_t at)
{
	if (t->n == 0 || at < t->from || at > mark_at(t, t->n - 1) || at - t->from > TRACK_MAX) {
		t->from = at;
		t->n = 0;
		add_mark(t, 0);
	}
	while (mark_at(t, t->n) <= at + b.n) {
		const uint8_t *p = b.p + (mark_at(t, t->n - 1) - at);

		add_mark(t, libdeflate_crc32(t->marks[t->n - 1], p, STEP));
	}
}

uint32_t
crc_track_sum(struct crc_track *t, struct bytes b, uint64_t at)
{
	uint64_t first, last, end = at + b.n;
	uint32_t sum;

	extend(t, b, at);
	first = (at - t->from + STEP - 1) / STEP;
	last = (end - t->from) / STEP;
	if (last <= first)
		return libdeflate_crc32(0, b.p, b.n);
	sum = libdeflate_crc32(0, b.p, (size_t)(mark_at(t, first) - at));
	sum = shift(sum ^ t->marks[first], (last - first) * STEP) ^ t->marks[last];
	return libdeflate_crc32(sum, b.p + (mark_at(t, last) - at),
				(size_t)(end - mark_at(t, last)));
}
