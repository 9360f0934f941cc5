#include "lib/crypto/mac.h"

#include "lib/base/attr.h"
#include "lib/crypto/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* wire.md 3.4, bacula.md 3.1; all seen on the wire */
static const struct {
	const char *password, *challenge, *odd, *standard;
} vectors[] = {
	{ "consolepw", "<493705428.1795228164@R_DIRECTOR::t-dir>", "qn45m9YW+++rzD+zoQ+rQB",
	  "qn45m9YW+emrzDqzoQ+rQQ" },
	{ "fdpw", "<1126263268.1795228164@R_CLIENT::t-fd>", "+SIEPV/w2/NRIHI0O8tITA",
	  "+SIEPVXw2fNRIHI0OstITA" },
	{ "fdpw", "<2042601931.1795227822@t-fd>", "Rj/0I6+HSj/zO4Ybd+/LZD",
	  "Rjf0IaeHSjvzO4YbdOrLZw" },
};

static void
responses_are_those_seen_on_the_wire(void **state UNUSED)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct bytes challenge = bytes_str(vectors[i].challenge);
		char key[DIGEST_PW_HASH_LEN + 1], out[MAC_RESPONSE_SIZE];

		digest_pw_hash(bytes_str(vectors[i].password), key);
		mac_cram_response(bytes_str(key), challenge, MAC_BASE64_ODD, out);
		assert_string_equal(out, vectors[i].odd);
		assert_true(mac_cram_verify(bytes_str(key), challenge, bytes_of(out, 23)));
		assert_true(mac_cram_verify(bytes_str(key), challenge, bytes_of(out, 22)));
		mac_cram_response(bytes_str(key), challenge, MAC_BASE64_STANDARD, out);
		assert_string_equal(out, vectors[i].standard);
		assert_true(mac_cram_verify(bytes_str(key), challenge, bytes_of(out, 23)));
	}
}

static void
wrong_responses_are_refused(void **state UNUSED)
{
	struct bytes key = bytes_str("af2904ba21987b283d3f14cb9cfb5579");
	struct bytes challenge = bytes_str(vectors[1].challenge);
	char right[MAC_RESPONSE_SIZE], wrong[MAC_RESPONSE_SIZE];

	mac_cram_response(key, challenge, MAC_BASE64_ODD, right);
	for (size_t n = 0; n < MAC_RESPONSE_LEN; n++)
		assert_false(mac_cram_verify(key, challenge, bytes_of(right, n)));
	for (size_t bit = 0; bit < MAC_RESPONSE_LEN * 8; bit++) {
		memcpy(wrong, right, sizeof(wrong));
		wrong[bit / 8] = (char)(wrong[bit / 8] ^ (1 << bit % 8));
		assert_false(mac_cram_verify(key, challenge, bytes_of(wrong, sizeof(wrong))));
	}
	assert_false(mac_cram_verify(bytes_str("other"), challenge, bytes_of(right, 22)));
	assert_false(mac_cram_verify(key, bytes_str("<1.2@x>"), bytes_of(right, 22)));
}

/* wire.md 9: two letters per byte, low nibble first */
static void
job_keys_have_the_spelling_of_the_spec(void **state UNUSED)
{
	static const uint8_t raw[JOB_KEY_BYTES] = {
		0xEA, 0x85, 0x72, 0x07, 0x65, 0x55, 0x4f, 0x82,
		0x67, 0xc6, 0x20, 0xb5, 0xe6, 0x1e, 0xe3, 0xe1
	};
	char out[JOB_KEY_LEN + 1], other[JOB_KEY_LEN + 1];

	job_key_text(raw, out);
	assert_string_equal(out, "KOFI-CHHA-FGFF-PECI-HGGM-ACFL-GOOB-DOBO");
	job_key_new(out);
	job_key_new(other);
	assert_string_not_equal(out, other);
	assert_int_equal(strlen(out), JOB_KEY_LEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(responses_are_those_seen_on_the_wire),
		cmocka_unit_test(wrong_responses_are_refused),
		cmocka_unit_test(job_keys_have_the_spelling_of_the_spec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
