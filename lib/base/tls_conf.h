/*
 * lib/base/tls_conf.h - TLS parameters of one configuration resource
 *
 * Purpose: a plain value that lib/conf fills and lib/net uses; neither sees the other.
 * Owns:    nothing: strings belong to the configuration generation.
 * Spec:    wire.md 3.3, config.md 3.1
 */
#ifndef TERCET_BASE_TLS_CONF_H
#define TERCET_BASE_TLS_CONF_H

#include <stdbool.h>
#include <stddef.h>

struct tls_conf {
	bool enable, require, verify_peer, authenticate;
	char *ca_file, *ca_dir, *cert_file, *key_file, *crl_file, *dh_file;
	char *cipher_list, *cipher_suites, *protocol;
	char **allowed_cn; /* n_allowed_cn entries */
	size_t n_allowed_cn;
};

#endif
