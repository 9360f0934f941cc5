#include "lib/crypto/mac.h"

#include "lib/base/secret.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <sys/random.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
mac_hmac_md5(struct bytes key, struct bytes text, uint8_t out[MAC_MD5_LEN])
{
	static const uint8_t none[1];
	unsigned len = 0;
	uint8_t *done;

	assert(key.n <= INT_MAX);
	done = HMAC(EVP_md5(), key.n > 0 ? key.p : none, (int)key.n, text.p, text.n, out, &len);
	assert(done != NULL);
	assert(len == MAC_MD5_LEN);
}

/* wire.md 3.4 "Odd base64"; the register is 32 bits and loses its top on purpose. */
static void
base64_emit(const uint8_t in[MAC_MD5_LEN], enum mac_base64 form, char out[MAC_RESPONSE_SIZE])
{
	uint32_t reg = 0, byte, tail;
	unsigned rem = 0;
	size_t i = 0, n = 0;

	while (i < MAC_MD5_LEN) {
		if (rem < 6) {
			byte = in[i++];
			if (form == MAC_BASE64_ODD && byte >= 0x80)
				byte |= 0xffffff00u;
			reg = reg << 8 | byte;
			rem += 8;
		}
		out[n++] = digits[reg >> (rem - 6) & 63];
		rem -= 6;
	}
	if (rem > 0) {
		tail = reg & ((1u << rem) - 1);
		if (form == MAC_BASE64_STANDARD)
			tail <<= 6 - rem;
		out[n++] = digits[tail & 63];
	}
	assert(n == MAC_RESPONSE_LEN);
	out[n] = '\0';
}

void
mac_cram_response(struct bytes key, struct bytes challenge, enum mac_base64 form,
		  char out[MAC_RESPONSE_SIZE])
{
	uint8_t mac[MAC_MD5_LEN];

	mac_hmac_md5(key, challenge, mac);
	base64_emit(mac, form, out);
	explicit_bzero(mac, sizeof(mac));
}

bool
mac_cram_verify(struct bytes key, struct bytes challenge, struct bytes response)
{
	char odd[MAC_RESPONSE_SIZE], standard[MAC_RESPONSE_SIZE];
	bool is_odd, is_standard;

	if (response.n == MAC_RESPONSE_SIZE && response.p[MAC_RESPONSE_LEN] == '\0')
		response.n--;
	mac_cram_response(key, challenge, MAC_BASE64_ODD, odd);
	mac_cram_response(key, challenge, MAC_BASE64_STANDARD, standard);
	is_odd = secret_eq(bytes_of(odd, MAC_RESPONSE_LEN), response);
	is_standard = secret_eq(bytes_of(standard, MAC_RESPONSE_LEN), response);
	explicit_bzero(odd, sizeof(odd));
	explicit_bzero(standard, sizeof(standard));
	return is_odd || is_standard;
}

void
random_bytes(void *out, size_t n)
{
	uint8_t *p = (uint8_t *)out;

	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			abort(); /* without random numbers no key is one */
		p += got;
		n -= (size_t)got;
	}
}

void
job_key_text(const uint8_t raw[JOB_KEY_BYTES], char out[JOB_KEY_LEN + 1])
{
	char *p = out;

	for (size_t i = 0; i < JOB_KEY_BYTES; i++) {
		*p++ = (char)('A' + (raw[i] & 15));
		*p++ = (char)('A' + (raw[i] >> 4));
		if (i % 2 == 1 && i + 1 < JOB_KEY_BYTES)
			*p++ = '-';
	}
	*p = '\0';
}

void
job_key_new(char out[JOB_KEY_LEN + 1])
{
	uint8_t raw[JOB_KEY_BYTES];

	random_bytes(raw, sizeof(raw));
	job_key_text(raw, out);
	explicit_bzero(raw, sizeof(raw));
}
