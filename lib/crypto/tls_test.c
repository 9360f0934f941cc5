/*
 * Two sessions joined in memory: what one has to send is fed to the other.
 */
#include "lib/crypto/tls.h"

#include "lib/base/mem.h"
#include "lib/base/own.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>

/* ---- certificates, made once ---- */

static char dir[] = "/tmp/net-tls-test.XXXXXX";
static EVP_PKEY *ca_key;
static X509 *ca;

static char *
in_dir(const char *name)
{
	static char paths[8][128];
	static unsigned next;
	char *p = paths[next++ % 8];

	(void)snprintf(p, sizeof(paths[0]), "%s/%s", dir, name);
	return p;
}

/* A '@' in cn stands for a NUL byte. */
static X509 *
make_cert(EVP_PKEY *key, const char *cn, const char *san, long serial)
{
	X509 *c = X509_new();
	size_t n_cn = strlen(cn);
	OWNED(freep) char *bytes = str_dup(cn);
	X509_NAME *name;
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	(void)X509_set_version(c, 2);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(c), serial);
	(void)X509_gmtime_adj(X509_getm_notBefore(c), -3600);
	(void)X509_gmtime_adj(X509_getm_notAfter(c), 3600);
	(void)X509_set_pubkey(c, key);
	name = X509_get_subject_name(c);
	for (size_t i = 0; i < n_cn; i++)
		if (bytes[i] == '@')
			bytes[i] = '\0';
	(void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)bytes,
					 (int)n_cn, -1, 0);
	(void)X509_set_issuer_name(c, ca != NULL ? X509_get_subject_name(ca) : name);
	X509V3_set_ctx(&ctx, ca != NULL ? ca : c, c, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, NID_basic_constraints,
				  ca != NULL ? "CA:FALSE" : "critical,CA:TRUE");
	(void)X509_add_ext(c, ext, -1);
	X509_EXTENSION_free(ext);
	if (san != NULL) {
		ext = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, san);
		(void)X509_add_ext(c, ext, -1);
		X509_EXTENSION_free(ext);
	}
	(void)X509_sign(c, ca_key != NULL ? ca_key : key, EVP_sha256());
	return c;
}

static void
write_pem(const char *name, X509 *cert, EVP_PKEY *key)
{
	OWNED(fclosep) FILE *f = fopen(in_dir(name), "w");

	assert_non_null(f);
	if (cert != NULL)
		(void)PEM_write_X509(f, cert);
	if (key != NULL)
		(void)PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
}

static void
make_identity(const char *file, const char *cn, const char *san, long serial)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *c = make_cert(key, cn, san, serial);

	write_pem(file, c, key);
	X509_free(c);
	EVP_PKEY_free(key);
}

/* A list that revokes serial 3. */
static void
make_crl(void)
{
	OWNED(fclosep) FILE *f = fopen(in_dir("crl.pem"), "w");
	X509_CRL *crl = X509_CRL_new();
	X509_REVOKED *gone = X509_REVOKED_new();
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	ASN1_TIME *t = X509_gmtime_adj(NULL, -60);

	(void)X509_CRL_set_version(crl, 1);
	(void)X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca));
	(void)X509_CRL_set1_lastUpdate(crl, t);
	(void)X509_gmtime_adj(t, 3600);
	(void)X509_CRL_set1_nextUpdate(crl, t);
	(void)ASN1_INTEGER_set(serial, 3);
	(void)X509_REVOKED_set_serialNumber(gone, serial);
	(void)X509_gmtime_adj(t, -60);
	(void)X509_REVOKED_set_revocationDate(gone, t);
	(void)X509_CRL_add0_revoked(crl, gone);
	(void)X509_CRL_sign(crl, ca_key, EVP_sha256());
	(void)PEM_write_X509_CRL(f, crl);
	ASN1_INTEGER_free(serial);
	ASN1_TIME_free(t);
	X509_CRL_free(crl);
}

static int
make_all(void **state UNUSED)
{
	EVP_PKEY *key;

	if (mkdtemp(dir) == NULL)
		return -1;
	key = EVP_EC_gen("P-256");
	ca = make_cert(key, "test authority", NULL, 1);
	ca_key = key;
	write_pem("ca.pem", ca, NULL);
	make_identity("server.pem", "server.example", "DNS:server.example,IP:192.0.2.7", 2);
	make_identity("revoked.pem", "revoked.example", "DNS:revoked.example", 3);
	make_identity("client.pem", "client.example", NULL, 4);
	make_identity("nul.pem", "server.example@.evil.example", NULL, 5);
	make_crl();
	return 0;
}

static int
remove_all(void **state UNUSED)
{
	static const char *const files[] = { "ca.pem",     "server.pem", "revoked.pem",
					     "client.pem", "crl.pem",    "nul.pem" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		(void)unlink(in_dir(files[i]));
	X509_free(ca);
	EVP_PKEY_free(ca_key);
	return rmdir(dir);
}

/* ---- two ends ---- */

struct ends {
	struct tls *client, *server;
	enum err_code client_rc, server_rc;
	struct err client_err, server_err;
};

static bool
find_key(void *arg, struct bytes identity, struct secret *out)
{
	if (!bytes_eq(identity, bytes_str("R_DIRECTOR\x1et-dir")))
		return false;
	secret_set(out, bytes_str((const char *)arg));
	return true;
}

/* Feed what from has to send to to; false: nothing. */
static bool
carry(struct tls *from, struct tls *to)
{
	struct bytes out = tls_out_take(from);
	bool some = out.n > 0;

	while (out.n > 0) {
		struct tls_room room = tls_in_room(to);
		size_t n = out.n < room.n ? out.n : room.n;

		memcpy(room.p, out.p, n);
		tls_in_added(to, n);
		out = bytes_skip(out, n);
	}
	return some;
}

static void
shake(struct ends *e)
{
	bool client_done = false, server_done = false, moved = true;

	for (int i = 0; i < 20 && moved; i++) {
		if (!client_done && e->client_rc == ERR_OK)
			e->client_rc = tls_handshake(e->client, &client_done, &e->client_err);
		moved = carry(e->client, e->server);
		if (!server_done && e->server_rc == ERR_OK)
			e->server_rc = tls_handshake(e->server, &server_done, &e->server_err);
		moved = carry(e->server, e->client) || moved;
	}
	/* A client that is done early learns of a refusal when it reads. */
	if (client_done && e->client_rc == ERR_OK && e->server_rc == ERR_OK)
		assert_true(server_done);
}

static void
ends_open(struct ends *e, const struct tls_conf *client, const struct tls_conf *server,
	  const char *identity, const char *client_key, const char *server_key, const char *host)
{
	struct tls_client c = { .conf = client, .identity = identity, .host = host };
	struct tls_server s = { .conf = server, .find_key = find_key };

	s.arg = (void *)(uintptr_t)server_key;
	if (identity != NULL)
		c.key = bytes_str(client_key);
	*e = (struct ends){ 0 };
	if (tls_new_client(&c, &e->client, &e->client_err) != ERR_OK)
		fail_msg("%s", e->client_err.text);
	if (tls_new_server(&s, &e->server, &e->server_err) != ERR_OK)
		fail_msg("%s", e->server_err.text);
	shake(e);
}

static void
ends_close(struct ends *e)
{
	tls_free(e->client);
	tls_free(e->server);
}

static const char identity[] = "R_DIRECTOR\x1et-dir";
static const char key[] = "b8e0d5a3ab60aa897a0042be9348269d";

static void
a_shared_key_makes_a_tls_1_3_session(void **state UNUSED)
{
	struct err err = ERR_INIT;
	uint8_t got[100];
	struct ends e;
	size_t n;

	ends_open(&e, NULL, NULL, identity, key, key, NULL);
	assert_int_equal(e.client_rc, ERR_OK);
	assert_int_equal(e.server_rc, ERR_OK);
	assert_true(tls_is_psk(e.client));
	assert_true(tls_is_psk(e.server));
	assert_string_equal(tls_identity(e.server), identity);
	assert_non_null(strstr(tls_description(e.client), "TLSv1.3"));
	assert_int_equal(tls_write(e.client, bytes_str("hello"), &err), ERR_OK);
	assert_false(tls_has_input(e.server));
	assert_true(carry(e.client, e.server));
	assert_true(tls_has_input(e.server));
	assert_int_equal(tls_read(e.server, got, sizeof(got), &n, &err), ERR_OK);
	assert_int_equal(n, 5);
	assert_memory_equal(got, "hello", 5);
	assert_int_equal(tls_read(e.server, got, sizeof(got), &n, &err), ERR_OK);
	assert_int_equal(n, 0);
	tls_close(e.client);
	assert_true(carry(e.client, e.server));
	assert_int_equal(tls_read(e.server, got, sizeof(got), &n, &err), ERR_EOF);
	ends_close(&e);
}

/* The Bareos order of suites, 1302 first, still ends in the shared key. */
static void
suites_in_the_order_of_bareos_still_use_the_key(void **state UNUSED)
{
	char suites[] =
		"TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";
	struct tls_conf bareos = { .enable = true, .cipher_suites = suites };
	struct tls_conf with_cert = { .enable = true, .cert_file = in_dir("server.pem") };
	struct ends e;

	ends_open(&e, &bareos, NULL, identity, key, key, NULL);
	assert_int_equal(e.server_rc, ERR_OK);
	assert_true(tls_is_psk(e.server));
	ends_close(&e);
	ends_open(&e, &bareos, &with_cert, identity, key, key, NULL);
	assert_int_equal(e.server_rc, ERR_OK);
	assert_int_equal(e.client_rc, ERR_OK);
	ends_close(&e);
}

static void
tls_1_2_works_with_the_key_too(void **state UNUSED)
{
	char only[] = "-ALL,TLSv1.2";
	struct tls_conf old = { .enable = true, .protocol = only };
	struct ends e;

	ends_open(&e, &old, NULL, identity, key, key, NULL);
	assert_int_equal(e.server_rc, ERR_OK);
	assert_true(tls_is_psk(e.server));
	assert_string_equal(tls_identity(e.server), identity);
	assert_non_null(strstr(tls_description(e.client), "TLSv1.2"));
	ends_close(&e);
}

static void
a_wrong_key_and_an_unknown_identity_are_named(void **state UNUSED)
{
	struct ends e;

	ends_open(&e, NULL, NULL, identity, "another key", key, NULL);
	assert_int_equal(e.server_rc, ERR_AUTH);
	assert_non_null(strstr(e.server_err.text, "R_DIRECTOR t-dir: the two ends have different"));
	assert_int_equal(e.client_rc, ERR_AUTH);
	assert_non_null(strstr(e.client_err.text, "different passwords"));
	ends_close(&e);

	ends_open(&e, NULL, NULL, "R_DIRECTOR\x1enobody", key, key, NULL);
	assert_int_equal(e.server_rc, ERR_AUTH);
	assert_non_null(strstr(e.server_err.text, "unknown identity \"R_DIRECTOR nobody\""));
	assert_int_equal(e.client_rc, ERR_AUTH);
	ends_close(&e);
}

/* ---- certificates ---- */

struct cert_case {
	const char *what;
	const char *server_cert, *host, *allowed, *crl, *client_cert;
	bool server_verifies;
	enum err_code client_rc, server_rc;
	const char *text; /* of the side that refuses */
};

/* clang-format off */
static const struct cert_case cert_cases[] = {
	{ "name in the certificate", "server.pem", "server.example", NULL, NULL, NULL, false, ERR_OK, ERR_OK, NULL },
	{ "name in other case", "server.pem", "SERVER.example", NULL, NULL, NULL, false, ERR_OK, ERR_OK, NULL },
	{ "address in the certificate", "server.pem", "192.0.2.7", NULL, NULL, NULL, false, ERR_OK, ERR_OK, NULL },
	{ "other name", "server.pem", "other.example", NULL, NULL, NULL, false, ERR_AUTH, ERR_OK, "not for other.example" },
	{ "other address", "server.pem", "192.0.2.8", NULL, NULL, NULL, false, ERR_AUTH, ERR_OK, "not for 192.0.2.8" },
	{ "allowed CN", "server.pem", "other.example", "server.example", NULL, NULL, false, ERR_OK, ERR_OK, NULL },
	{ "other allowed CN", "server.pem", "server.example", "x.example", NULL, NULL, false, ERR_AUTH, ERR_OK, "TLS Allowed CN" },
	{ "allowed CN with a NUL behind it", "nul.pem", "server.example", "server.example", NULL, NULL, false, ERR_AUTH, ERR_OK, "TLS Allowed CN" },
	{ "name with a NUL behind it", "nul.pem", "server.example", NULL, NULL, NULL, false, ERR_AUTH, ERR_OK, "not for server.example" },
	{ "with a revocation list", "server.pem", "server.example", NULL, "crl.pem", NULL, false, ERR_OK, ERR_OK, NULL },
	{ "revoked", "revoked.pem", "revoked.example", NULL, "crl.pem", NULL, false, ERR_AUTH, ERR_AUTH, "revoked" },
	{ "client certificate wanted and shown", "server.pem", "server.example", NULL, NULL, "client.pem", true, ERR_OK, ERR_OK, NULL },
	{ "client certificate wanted and missing", "server.pem", "server.example", NULL, NULL, NULL, true, ERR_OK, ERR_AUTH, NULL },
};
/* clang-format on */

static void
certificates_are_judged_as_the_configuration_says(void **state UNUSED)
{
	for (size_t i = 0; i < sizeof(cert_cases) / sizeof(cert_cases[0]); i++) {
		const struct cert_case *t = &cert_cases[i];
		char allowed[64];
		char *cn[] = { allowed };
		struct tls_conf client = { .enable = true,
					   .verify_peer = true,
					   .ca_file = in_dir("ca.pem") };
		struct tls_conf server = { .enable = true, .cert_file = in_dir(t->server_cert) };
		struct ends e;

		if (t->allowed != NULL) {
			(void)snprintf(allowed, sizeof(allowed), "%s", t->allowed);
			client.allowed_cn = cn;
			client.n_allowed_cn = 1;
		}
		if (t->crl != NULL)
			client.crl_file = in_dir(t->crl);
		if (t->client_cert != NULL)
			client.cert_file = in_dir(t->client_cert);
		if (t->server_verifies) {
			server.verify_peer = true;
			server.ca_file = in_dir("ca.pem");
		}
		ends_open(&e, &client, &server, identity, key, key, t->host);
		if (e.client_rc != t->client_rc || e.server_rc != t->server_rc)
			fail_msg("%s: client %d %s, server %d %s", t->what, e.client_rc,
				 e.client_rc != ERR_OK ? e.client_err.text : "", e.server_rc,
				 e.server_rc != ERR_OK ? e.server_err.text : "");
		if (t->text != NULL && strstr(e.client_err.text, t->text) == NULL)
			fail_msg("%s: %s", t->what, e.client_err.text);
		if (e.client_rc == ERR_OK)
			assert_false(tls_is_psk(e.client));
		ends_close(&e);
	}
}

static void
without_verification_any_certificate_will_do(void **state UNUSED)
{
	char suites[] = "TLS_AES_256_GCM_SHA384";
	struct tls_conf client = { .enable = true, .cipher_suites = suites };
	struct tls_conf server = { .enable = true, .cert_file = in_dir("revoked.pem") };
	struct ends e;

	ends_open(&e, &client, &server, identity, key, key, "x");
	assert_int_equal(e.client_rc, ERR_OK);
	assert_int_equal(e.server_rc, ERR_OK);
	assert_false(tls_is_psk(e.server));
	assert_string_equal(tls_identity(e.server), "");
	ends_close(&e);
}

static void
unusable_files_are_named(void **state UNUSED)
{
	char nothing[] = "/nonexistent/x.pem", words[] = "no such protocol";
	struct tls_conf cases[] = {
		{ .cert_file = nothing },
		{ .verify_peer = true, .ca_file = nothing },
		{ .verify_peer = true },
		{ .verify_peer = true, .ca_file = in_dir("ca.pem"), .crl_file = nothing },
		{ .cert_file = in_dir("server.pem"), .key_file = in_dir("client.pem") },
		{ .cipher_list = words },
		{ .cipher_suites = words },
		{ .protocol = words },
		{ .dh_file = nothing },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tls_server s = { .conf = &cases[i], .find_key = find_key };
		struct err err = ERR_INIT;
		struct tls *t = NULL;

		if (tls_new_server(&s, &t, &err) != ERR_CONFIG)
			fail_msg("case %zu", i);
		assert_non_null(strstr(err.text, "TLS "));
	}
}

/* A changed cipher byte is an error, whichever it is. */
static void
every_flipped_byte_is_noticed(void **state UNUSED)
{
	for (size_t i = 0;; i++) {
		struct err err = ERR_INIT;
		struct tls_room room;
		enum err_code rc;
		uint8_t got[64];
		struct bytes out;
		struct ends e;
		size_t n, len;

		ends_open(&e, NULL, NULL, identity, key, key, NULL);
		assert_int_equal(tls_write(e.client, bytes_str("0123456789"), &err), ERR_OK);
		out = tls_out_take(e.client);
		len = out.n;
		room = tls_in_room(e.server);
		memcpy(room.p, out.p, len);
		if (i < len)
			room.p[i] ^= 1;
		tls_in_added(e.server, len);
		tls_in_added(e.server, 0);
		rc = tls_read(e.server, got, sizeof(got), &n, &err);
		assert_int_equal(rc == ERR_OK && n == 10, i >= len);
		ends_close(&e);
		if (i >= len)
			break;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shared_key_makes_a_tls_1_3_session),
		cmocka_unit_test(suites_in_the_order_of_bareos_still_use_the_key),
		cmocka_unit_test(tls_1_2_works_with_the_key_too),
		cmocka_unit_test(a_wrong_key_and_an_unknown_identity_are_named),
		cmocka_unit_test(certificates_are_judged_as_the_configuration_says),
		cmocka_unit_test(without_verification_any_certificate_will_do),
		cmocka_unit_test(unusable_files_are_named),
		cmocka_unit_test(every_flipped_byte_is_noticed),
	};

	return cmocka_run_group_tests(tests, make_all, remove_all);
}
