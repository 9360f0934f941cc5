#include "lib/crypto/digest.h"
#include "lib/crypto/xxh128.h"

#include "lib/base/own.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

static const char *
hex(const uint8_t *p, size_t n)
{
	static char out[2 * DIGEST_MAX + 1];

	out[0] = '\0';
	for (size_t i = 0; i < n; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", p[i]);
	return out;
}

static const struct {
	enum digest_kind kind;
	const char *text, *hex;
} known[] = {
	{ DIGEST_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72" },
	{ DIGEST_MD5, "", "d41d8cd98f00b204e9800998ecf8427e" },
	{ DIGEST_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ DIGEST_SHA256, "abc",
	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ DIGEST_SHA512, "abc",
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23"
	  "a3fe"
	  "ebbd454d4423643ce80e2a9ac94fa54ca49f" },
	/* XXH3-128 of nothing, seed 0: 0x99aa06d3014798d86001c324468d497f, big-endian */
	{ DIGEST_XXH128, "", "99aa06d3014798d86001c324468d497f" },
	{ DIGEST_NONE, "abc", "" },
};

static void
known_answers_in_one_go_and_in_pieces(void **state UNUSED)
{
	OWNED(digest_freep) struct digest *d = digest_new();
	uint8_t out[DIGEST_MAX];
	size_t n;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct bytes in = bytes_str(known[i].text);

		n = digest_once(known[i].kind, in, out);
		assert_string_equal(hex(out, n), known[i].hex);
		n = digest_whole(d, known[i].kind, in, out);
		assert_string_equal(hex(out, n), known[i].hex);
		digest_begin(d, known[i].kind);
		for (size_t k = 0; k < in.n; k++)
			digest_update(d, bytes_of(in.p + k, 1));
		n = digest_end(d, out);
		assert_string_equal(hex(out, n), known[i].hex);
		assert_int_equal(n, digest_size(known[i].kind));
	}
}

/* A large XXH128 in pieces equals the one-shot, which takes another road. */
static void
pieces_equal_the_whole(void **state UNUSED)
{
	OWNED(digest_freep) struct digest *d = digest_new();
	uint8_t data[5000], a[DIGEST_MAX], b[DIGEST_MAX];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 31 + i / 256);
	for (int k = DIGEST_MD5; k <= DIGEST_XXH128; k++) {
		size_t n = digest_once((enum digest_kind)k, bytes_of(data, sizeof(data)), a);

		digest_begin(d, (enum digest_kind)k);
		digest_update(d, bytes_of(data, 1));
		digest_update(d, bytes_of(data + 1, 4000));
		digest_update(d, bytes_of(data + 4001, 999));
		assert_int_equal(digest_end(d, b), n);
		assert_memory_equal(a, b, n);
	}
}

static void
streams_name_their_digest(void **state UNUSED)
{
	assert_int_equal(digest_of_stream(40), DIGEST_XXH128);
	assert_int_equal(digest_of_stream(3), DIGEST_MD5);
	assert_int_equal(digest_of_stream(0), DIGEST_NONE);
	assert_int_equal(digest_of_stream(2), DIGEST_NONE);
	assert_int_equal(digest_stream(DIGEST_SHA512), 18);
	assert_string_equal(digest_name(DIGEST_SHA256), "SHA256");
}

/* wire.md 3.2 */
static void
a_password_hash_is_its_md5_in_hex(void **state UNUSED)
{
	char out[DIGEST_PW_HASH_LEN + 1];

	digest_pw_hash(bytes_str("sfdpw"), out);
	assert_string_equal(out, "b8e0d5a3ab60aa897a0042be9348269d");
}

/* All lengths around the borders between the algorithm's parts, whole and in two pieces. */
static void
every_xxh128_gives_the_same(void **state)
{
	const struct xxh128 *plain = xxh128_plain(), *fast = xxh128_best();
	void *a = plain->state_new(), *b = fast->state_new();
	static uint8_t data[5000];
	uint8_t want[XXH128_BYTES], got[XXH128_BYTES];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * i >> 3);
	for (size_t n = 0; n < sizeof(data); n += n < 600 ? 1 : 61) {
		plain->whole(data, n, want);
		fast->whole(data, n, got);
		assert_memory_equal(got, want, sizeof(want));
		fast->begin(b);
		fast->update(b, data, n / 3);
		fast->update(b, data + n / 3, n - n / 3);
		fast->end(b, got);
		assert_memory_equal(got, want, sizeof(want));
		plain->begin(a);
		plain->update(a, data, n);
		plain->end(a, got);
		assert_memory_equal(got, want, sizeof(want));
	}
	plain->state_free(a);
	fast->state_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_xxh128_gives_the_same),
		cmocka_unit_test(known_answers_in_one_go_and_in_pieces),
		cmocka_unit_test(pieces_equal_the_whole),
		cmocka_unit_test(streams_name_their_digest),
		cmocka_unit_test(a_password_hash_is_its_md5_in_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
