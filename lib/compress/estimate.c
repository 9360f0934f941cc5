/*
 * Is it worth trying to compress?  Two looks at little: how evenly the byte values are spread
 * (compressed and encrypted data: as evenly as chance does), and, since evenly spread bytes may
 * still repeat, what LZ4 makes of the beginning.
 */
#include "lib/compress/codec.h"

#include <lz4.h>

#include "lib/base/num.h"

#define SAMPLE_MIN   1024u /* of fewer bytes chance says too much */
#define PIECES       16u
#define PIECE_BYTES  256u
#define EVEN_PERCENT 120u /* of the pairs of equal bytes that chance gives: 3 % to be gained */
#define TRIAL_BYTES  4096u

static bool
is_even(struct bytes in)
{
	size_t step = in.n / PIECES, piece = size_min(step, PIECE_BYTES), n = PIECES * piece;
	uint32_t count[256] = { 0 };
	uint64_t pairs = 0;

	for (size_t i = 0; i < PIECES; i++)
		for (size_t k = 0; k < piece; k++)
			count[in.p[i * step + k]]++;
	for (size_t i = 0; i < 256; i++)
		pairs += (uint64_t)count[i] * (count[i] - 1);
	return pairs * 256 * 100 <= n * (n - 1) * EVEN_PERCENT;
}

static bool
repeats(struct bytes in)
{
	char out[LZ4_COMPRESSBOUND(TRIAL_BYTES)];
	int n = (int)size_min(in.n, TRIAL_BYTES);

	return LZ4_compress_default((const char *)in.p, out, n, sizeof(out)) < n - n / 32;
}

bool
codec_looks_packed(struct bytes in)
{
	return in.n >= SAMPLE_MIN && is_even(in) && !repeats(in);
}
