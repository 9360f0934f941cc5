/*
 * lib/conf/rows.c - directives that several programs share: TLS, Messages
 *
 * Spec: config.md 3.1, 3.10
 */
#include "lib/conf/messages.h"
#include "lib/conf/table.h"

_Static_assert(offsetof(struct tls_conf, n_allowed_cn) - offsetof(struct tls_conf, allowed_cn) ==
		       offsetof(struct str_list, n),
	       "allowed_cn and n_allowed_cn are laid out as a struct str_list");

const struct conf_row conf_tls_rows[] = {
	/* clang-format off */
	{ "TlsAuthenticate", CONF_BOOL_AT(struct tls_conf, authenticate), .def = "no", .flags = CONF_LATER,
	  .help = "TLS only for the handshake; the session continues in clear afterwards" },
	{ "TlsEnable", CONF_BOOL_AT(struct tls_conf, enable), .def = "yes",
	  .help = "Offer TLS on this connection (PSK built from name + password, or certificates when configured)" },
	{ "TlsRequire", CONF_BOOL_AT(struct tls_conf, require), .def = "yes",
	  .help = "Refuse peers that do not end up in TLS. Bacula and Bareos < 23 default to no" },
	{ "TlsCipherList", CONF_STR_AT(struct tls_conf, cipher_list),
	  .help = "OpenSSL cipher list for TLS <= 1.2" },
	{ "TlsCipherSuites", CONF_STR_AT(struct tls_conf, cipher_suites),
	  .help = "OpenSSL ciphersuites for TLS 1.3" },
	{ "TlsDhFile", CONF_PATH_AT(struct tls_conf, dh_file),
	  .help = "PEM Diffie-Hellman parameters" },
	{ "TlsProtocol", CONF_STR_AT(struct tls_conf, protocol),
	  .help = "OpenSSL \"Protocol\" setting, e.g. restrict versions" },
	{ "TlsVerifyPeer", CONF_BOOL_AT(struct tls_conf, verify_peer), .def = "no",
	  .help = "Verify the peer certificate and its CN (against Address or TLS Allowed CN). Bacula default: yes" },
	{ "TlsCaCertificateFile", CONF_PATH_AT(struct tls_conf, ca_file),
	  .help = "PEM bundle of trusted CAs" },
	{ "TlsCaCertificateDir", CONF_PATH_AT(struct tls_conf, ca_dir),
	  .help = "Hashed directory of trusted CAs" },
	{ "TlsCertificateRevocationList", CONF_PATH_AT(struct tls_conf, crl_file),
	  .help = "CRL file" },
	{ "TlsCertificate", CONF_PATH_AT(struct tls_conf, cert_file),
	  .help = "PEM certificate presented to the peer" },
	{ "TlsKey", CONF_PATH_AT(struct tls_conf, key_file),
	  .help = "PEM private key, not encrypted" },
	{ "TlsAllowedCn", .type = CONF_LIST, .at = offsetof(struct tls_conf, allowed_cn),
	  .help = "Accepted certificate common names" },
	/* older Bareos, Bacula */
	{ "TlsPskEnable", .type = CONF_ANY, .flags = CONF_FOREIGN, .note = "PSK follows TlsEnable" },
	{ "TlsPskRequire", .type = CONF_ANY, .flags = CONF_FOREIGN, .note = "PSK follows TlsRequire" },
	{ "FipsRequire", .type = CONF_ANY, .flags = CONF_FOREIGN | CONF_REFUSE_YES, .note = "a FIPS provider cannot be demanded" },
	{ .name = NULL },
	/* clang-format on */
};

const struct conf_row conf_messages_rows[] = {
	/* clang-format off */
	{ "Name", CONF_NAME_AT(struct conf_messages, name), .flags = CONF_REQUIRED,
	  .help = "Identity" },
	{ "Description", CONF_STR_AT(struct conf_messages, description),
	  .help = "Free text, only displayed" },
	{ "MailCommand", CONF_STR_AT(struct conf_messages, mail_command),
	  .help = "Program for the mail destinations; must stand before them" },
	{ "OperatorCommand", CONF_STR_AT(struct conf_messages, operator_command),
	  .help = "Program for operator destinations; must stand before them" },
	{ "TimestampFormat", CONF_STR_AT(struct conf_messages, timestamp_format),
	  .help = "strftime format for destinations of this resource that follow it" },
	{ "Syslog", .type = CONF_MSGDEST, .at = CONF_AT(struct conf_messages, dest, struct conf_msg_dest *),
	  .help = "To syslog" },
	{ "Mail", .type = CONF_MSGDEST, .at = CONF_AT(struct conf_messages, dest, struct conf_msg_dest *),
	  .help = "One mail per job, at job end" },
	{ "MailOnError", .type = CONF_MSGDEST, .at = CONF_AT(struct conf_messages, dest, struct conf_msg_dest *),
	  .help = "Mail only if the job did not end OK or with warnings" },
	{ "MailOnSuccess", .type = CONF_MSGDEST, .at = CONF_AT(struct conf_messages, dest, struct conf_msg_dest *),
	  .help = "Mail only if the job ended OK or with warnings" },
	{ "File", .type = CONF_MSGDEST, .at = CONF_AT(struct conf_messages, dest, struct conf_msg_dest *),
	  .help = "To a file, truncated when opened" },
	{ "Append", .type = CONF_MSGDEST, .at = CONF_AT(struct conf_messages, dest, struct conf_msg_dest *),
	  .help = "To a file, appended" },
	{ "Stdout", .type = CONF_MSGDEST, .at = CONF_AT(struct conf_messages, dest, struct conf_msg_dest *),
	  .help = "To stdout of the daemon" },
	{ "Stderr", .type = CONF_MSGDEST, .at = CONF_AT(struct conf_messages, dest, struct conf_msg_dest *),
	  .help = "To stderr of the daemon" },
	{ "Director", .type = CONF_MSGDEST, .at = CONF_AT(struct conf_messages, dest, struct conf_msg_dest *),
	  .help = "FD and SD only: send to the named director over the job connection" },
	{ "Console", .type = CONF_MSGDEST, .at = CONF_AT(struct conf_messages, dest, struct conf_msg_dest *),
	  .help = "Queue for the messages command" },
	{ "Operator", .type = CONF_MSGDEST, .at = CONF_AT(struct conf_messages, dest, struct conf_msg_dest *),
	  .help = "One process per single message" },
	{ "Catalog", .type = CONF_MSGDEST, .at = CONF_AT(struct conf_messages, dest, struct conf_msg_dest *),
	  .help = "Row in table Log (director only)" },
	{ .name = NULL },
	/* clang-format on */
};
