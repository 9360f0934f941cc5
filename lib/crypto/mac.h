/*
 * lib/crypto/mac.h - HMAC-MD5, the CRAM response in both base64 forms, random bytes, job keys
 *
 * Threads: pure functions; random_bytes asks the kernel.
 * Spec:    wire.md 3.4 (CRAM-MD5), 9 (job authorization key)
 */
#ifndef TERCET_CRYPTO_MAC_H
#define TERCET_CRYPTO_MAC_H

#include "lib/base/bytes.h"

#define MAC_MD5_LEN       16
#define MAC_RESPONSE_LEN  22 /* base64 characters of a CRAM response */
#define MAC_RESPONSE_SIZE (MAC_RESPONSE_LEN + 1)

enum mac_base64 {
	MAC_BASE64_ODD,      /* sign-extended bytes, last group not shifted: "cram-md5" */
	MAC_BASE64_STANDARD, /* "cram-md5c" */
};

void mac_hmac_md5(struct bytes key, struct bytes text, uint8_t out[MAC_MD5_LEN]);
/* The response to challenge, the "<...>" with its brackets; NUL-terminated. */
void mac_cram_response(struct bytes key, struct bytes challenge, enum mac_base64 form,
		       char out[MAC_RESPONSE_SIZE]);
/* Is response (a trailing NUL allowed) right in either form?  In constant time. */
bool mac_cram_verify(struct bytes key, struct bytes challenge, struct bytes response);

/* From the kernel's generator; never fails (aborts when there is none). */
void random_bytes(void *out, size_t n);

/* 16 random bytes as "KOFI-CHEA-FGFF-PECI-HKGM-ACFL-GOFB-ODBO"; wire.md 9 */
#define JOB_KEY_LEN   39
#define JOB_KEY_BYTES 16
void job_key_new(char out[JOB_KEY_LEN + 1]);
/* The text of given bytes; pure. */
void job_key_text(const uint8_t raw[JOB_KEY_BYTES], char out[JOB_KEY_LEN + 1]);

#endif
