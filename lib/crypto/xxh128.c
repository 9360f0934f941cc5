#include "lib/crypto/xxh128.h"

#include "lib/crypto/xxh128_functions.h"

const struct xxh128 *
xxh128_plain(void)
{
	return &functions;
}

const struct xxh128 *
xxh128_best(void)
{
	const struct xxh128 *fast = xxh128_avx2();

	return fast != NULL ? fast : xxh128_plain();
}
