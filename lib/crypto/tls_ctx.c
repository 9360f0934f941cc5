/*
 * From a tls_conf to an SSL_CTX, and the check of a certificate's names.
 */
#include "lib/crypto/crypto_internal.h"

#include "lib/base/mem.h"
#include "lib/base/own.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

/* TLS 1.2 and older: forward secrecy, authenticated; PSK only together with ECDHE or DHE. */
#define OLD_CIPHERS "HIGH:!aNULL:!eNULL:!kRSA:!kPSK:!kRSAPSK:!MD5:!3DES"
/* An external PSK is bound to SHA-256, so the SHA-384 suite stands last. */
#define SUITES_AES    "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"
#define SUITES_CHACHA "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"

enum err_code
tls_err(struct err *err, enum err_code code, const char *what)
{
	unsigned long e = ERR_get_error();
	const char *reason = ERR_reason_error_string(e);
	char number[32];

	ERR_clear_error();
	(void)snprintf(number, sizeof(number), "OpenSSL error %lx", e);
	return err_set(err, code, "%s: %s", what, reason != NULL ? reason : number);
}

static bool
cpu_has_aes(void)
{
#if defined(__x86_64__) || defined(__i386__)
	return __builtin_cpu_supports("aes") != 0;
#elif defined(__aarch64__)
	return (getauxval(AT_HWCAP) & HWCAP_AES) != 0;
#else
	return false;
#endif
}

/* conf's own words, by the name of their directive. */
static enum err_code
set_ciphers(SSL_CTX *ctx, const struct tls_conf *conf, struct err *err)
{
	const char *list = conf != NULL ? conf->cipher_list : NULL;
	const char *suites = conf != NULL ? conf->cipher_suites : NULL;

	if (SSL_CTX_set_cipher_list(ctx, list != NULL ? list : OLD_CIPHERS) != 1)
		return tls_err(err, ERR_CONFIG, "TLS Cipher List");
	if (suites == NULL)
		suites = cpu_has_aes() ? SUITES_AES : SUITES_CHACHA;
	if (SSL_CTX_set_ciphersuites(ctx, suites) != 1)
		return tls_err(err, ERR_CONFIG, "TLS Cipher Suites");
	return ERR_OK;
}

static void
conf_ctx_freep(SSL_CONF_CTX **c)
{
	SSL_CONF_CTX_free(*c);
}

static enum err_code
set_protocol(SSL_CTX *ctx, const struct tls_conf *conf, struct err *err)
{
	OWNED(conf_ctx_freep) SSL_CONF_CTX *c = NULL;

	if (conf == NULL || conf->protocol == NULL) {
		(void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
		return ERR_OK;
	}
	c = SSL_CONF_CTX_new();
	(void)SSL_CONF_CTX_set_flags(c, SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_CLIENT |
						SSL_CONF_FLAG_SERVER);
	SSL_CONF_CTX_set_ssl_ctx(c, ctx);
	if (SSL_CONF_cmd(c, "Protocol", conf->protocol) <= 0)
		return err_set(err, ERR_CONFIG, "TLS Protocol \"%s\" is not understood",
			       conf->protocol);
	return ERR_OK;
}

static enum err_code
load_certificate(SSL_CTX *ctx, const struct tls_conf *conf, struct err *err)
{
	const char *key = conf->key_file != NULL ? conf->key_file : conf->cert_file;

	if (conf->cert_file == NULL)
		return ERR_OK;
	if (SSL_CTX_use_certificate_chain_file(ctx, conf->cert_file) != 1) {
		(void)!tls_err(err, ERR_CONFIG, conf->cert_file);
		return err_ctx(err, "TLS Certificate");
	}
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) {
		(void)!tls_err(err, ERR_CONFIG, key);
		return err_ctx(err, "TLS Key");
	}
	if (SSL_CTX_check_private_key(ctx) != 1)
		return err_set(err, ERR_CONFIG, "TLS Key %s does not belong to TLS Certificate %s",
			       key, conf->cert_file);
	return ERR_OK;
}

static enum err_code
load_crl(SSL_CTX *ctx, const char *path, struct err *err)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());

	if (lookup == NULL || X509_load_crl_file(lookup, path, X509_FILETYPE_PEM) < 1) {
		(void)!tls_err(err, ERR_CONFIG, path);
		return err_ctx(err, "TLS Certificate Revocation List");
	}
	(void)X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
	return ERR_OK;
}

static enum err_code
set_verify(SSL_CTX *ctx, enum tls_role role, const struct tls_conf *conf, struct err *err)
{
	int mode = SSL_VERIFY_PEER;

	if (!conf->verify_peer)
		return ERR_OK;
	if (conf->ca_file == NULL && conf->ca_dir == NULL)
		return err_set(err, ERR_CONFIG,
			       "TLS Verify Peer = yes needs TLS CA Certificate File or Dir");
	if (SSL_CTX_load_verify_locations(ctx, conf->ca_file, conf->ca_dir) != 1) {
		(void)!tls_err(err, ERR_CONFIG,
			       conf->ca_file != NULL ? conf->ca_file : conf->ca_dir);
		return err_ctx(err, "TLS CA Certificate");
	}
	if (role == TLS_SERVER) {
		mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
		if (conf->ca_file != NULL)
			SSL_CTX_set_client_CA_list(ctx, SSL_load_client_CA_file(conf->ca_file));
	}
	SSL_CTX_set_verify(ctx, mode, NULL);
	return conf->crl_file != NULL ? load_crl(ctx, conf->crl_file, err) : ERR_OK;
}

static void
pkey_freep(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static enum err_code
set_dh(SSL_CTX *ctx, const char *path, struct err *err)
{
	OWNED(pkey_freep) EVP_PKEY *params = NULL;
	BIO *file;

	if (path == NULL) {
		(void)SSL_CTX_set_dh_auto(ctx, 1);
		return ERR_OK;
	}
	file = BIO_new_file(path, "r");
	if (file != NULL)
		params = PEM_read_bio_Parameters(file, NULL);
	BIO_free(file);
	if (params == NULL || SSL_CTX_set0_tmp_dh_pkey(ctx, params) != 1) {
		(void)!tls_err(err, ERR_CONFIG, path);
		return err_ctx(err, "TLS DH File");
	}
	params = NULL; /* the context's now */
	return ERR_OK;
}

static enum err_code
load_conf(SSL_CTX *ctx, enum tls_role role, const struct tls_conf *conf, struct err *err)
{
	enum err_code rc = load_certificate(ctx, conf, err);

	if (rc == ERR_OK)
		rc = set_verify(ctx, role, conf, err);
	if (rc == ERR_OK && role == TLS_SERVER)
		rc = set_dh(ctx, conf->dh_file, err);
	return rc;
}

enum err_code
tls_ctx_new(enum tls_role role, const struct tls_conf *conf, SSL_CTX **out, struct err *err)
{
	OWNED(ssl_ctx_freep)
	SSL_CTX *ctx = SSL_CTX_new(role == TLS_CLIENT ? TLS_client_method() : TLS_server_method());
	enum err_code rc;

	if (ctx == NULL)
		return tls_err(err, ERR_SYS, "TLS context");
	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
					       SSL_OP_CIPHER_SERVER_PREFERENCE |
					       SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_TICKET);
	(void)SSL_CTX_set_num_tickets(ctx, 0); /* nobody resumes; wire.md 3.2 */
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	rc = set_ciphers(ctx, conf, err);
	if (rc == ERR_OK)
		rc = set_protocol(ctx, conf, err);
	if (rc == ERR_OK && conf != NULL)
		rc = load_conf(ctx, role, conf, err);
	if (rc == ERR_OK)
		*out = TAKE_PTR(ctx);
	return rc;
}

void
tls_names_release(struct tls_names *n)
{
	free(n->host);
	for (size_t i = 0; i < n->n_cn; i++)
		free(n->cn[i]);
	free(n->cn);
	*n = (struct tls_names){ 0 };
}

/* The first common name of the subject; "" when there is none, or a NUL in it: what stands before
 * that is not the name that was certified. */
static void
common_name(X509 *cert, char *out, size_t cap)
{
	int n = X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, out,
					  (int)cap);

	if (n < 0 || strlen(out) != (size_t)n)
		out[0] = '\0';
}

static void
x509_freep(X509 **cert)
{
	X509_free(*cert);
}

enum err_code
tls_names_check(const struct tls_names *n, enum tls_role role, const SSL *ssl, struct err *err)
{
	OWNED(x509_freep) X509 *cert = SSL_get1_peer_certificate(ssl);
	char cn[256];

	if (cert == NULL)
		return err_set(err, ERR_AUTH, "the peer showed no certificate");
	common_name(cert, cn, sizeof(cn));
	for (size_t i = 0; i < n->n_cn; i++)
		if (strcasecmp(n->cn[i], cn) == 0)
			return ERR_OK;
	if (n->n_cn > 0)
		return err_set(err, ERR_AUTH,
			       "the certificate is for \"%s\", which TLS Allowed CN does not list",
			       cn);
	if (role == TLS_SERVER || n->host == NULL)
		return ERR_OK;
	if (X509_check_host(cert, n->host, 0, X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT, NULL) == 1 ||
	    X509_check_ip_asc(cert, n->host, 0) == 1)
		return ERR_OK;
	return err_set(err, ERR_AUTH, "the certificate is for \"%s\", not for %s", cn, n->host);
}
