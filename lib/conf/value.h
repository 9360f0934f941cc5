/*
 * lib/conf/value.h - the values that configuration directives store
 *
 * Purpose: plain structs inside the resources of the four programs.
 * Owns:    everything here belongs to the configuration generation (lib/conf/parse.h) and lives
 *          as long as a reference to that is held.
 * Spec:    config.md 1.7-1.14
 */
#ifndef TERCET_CONF_VALUE_H
#define TERCET_CONF_VALUE_H

#include "lib/base/secret.h"
#include "lib/base/tls_conf.h"

/* An ordered list of strings. */
struct str_list {
	char **v;
	size_t n;
};

void str_list_add(struct str_list *l, const char *s);
void str_list_release(struct str_list *l);
bool str_list_has(const struct str_list *l, const char *s);

/* ---- addresses, config.md 1.8 ---- */

#define CONF_HOST_MAX 127

/* The same members as struct listen_addr of lib/net. */
struct conf_addr {
	char host[CONF_HOST_MAX + 1]; /* "" any IPv4, "::" any IPv6, else address or name */
	uint16_t port;
	bool ipv6_only;
};

struct conf_addrs {
	struct conf_addr *v; /* after loading at least one */
	size_t n;
};

/* ---- access lists, config.md 1.10 ---- */

struct conf_acl {
	struct str_list entry; /* in the order written; "!" in front denies */
};

enum acl_verdict { ACL_NO_MATCH, ACL_ALLOW, ACL_DENY };

/* The verdict of the first entry that matches item. */
enum acl_verdict conf_acl_match(const struct conf_acl *acl, const char *item);

/* ---- messages, config.md 1.11 ---- */

/* clang-format off */
/*        name                word             bit  meaning of the number: config.md 1.11, msg_type.h */
#define CONF_MSG_TYPES(X)                                        \
	X(CONF_MSG_ABORT,     "abort",          1)               \
	X(CONF_MSG_DEBUG,     "debug",          2)               \
	X(CONF_MSG_FATAL,     "fatal",          3)               \
	X(CONF_MSG_ERROR,     "error",          4)               \
	X(CONF_MSG_WARNING,   "warning",        5)               \
	X(CONF_MSG_INFO,      "info",           6)               \
	X(CONF_MSG_SAVED,     "saved",          7)               \
	X(CONF_MSG_NOTSAVED,  "notsaved",       8)               \
	X(CONF_MSG_SKIPPED,   "skipped",        9)               \
	X(CONF_MSG_MOUNT,     "mount",         10)               \
	X(CONF_MSG_ERRTERM,   "error-term",    11)               \
	X(CONF_MSG_TERMINATE, "terminate",     12)               \
	X(CONF_MSG_RESTORED,  "restored",      13)               \
	X(CONF_MSG_SECURITY,  "security",      14)               \
	X(CONF_MSG_ALERT,     "alert",         15)               \
	X(CONF_MSG_VOLMGMT,   "volmgmt",       16)               \
	X(CONF_MSG_AUDIT,     "audit",         17)

/*        name                 directive        has a target */
#define CONF_MSG_DESTS(X)                                        \
	X(CONF_DEST_SYSLOG,    "Syslog",         false)          \
	X(CONF_DEST_MAIL,      "Mail",           true)           \
	X(CONF_DEST_MAIL_ERR,  "MailOnError",    true)           \
	X(CONF_DEST_MAIL_OK,   "MailOnSuccess",  true)           \
	X(CONF_DEST_FILE,      "File",           true)           \
	X(CONF_DEST_APPEND,    "Append",         true)           \
	X(CONF_DEST_STDOUT,    "Stdout",         false)          \
	X(CONF_DEST_STDERR,    "Stderr",         false)          \
	X(CONF_DEST_DIRECTOR,  "Director",       true)           \
	X(CONF_DEST_CONSOLE,   "Console",        false)          \
	X(CONF_DEST_OPERATOR,  "Operator",       true)           \
	X(CONF_DEST_CATALOG,   "Catalog",        false)
/* clang-format on */

enum conf_msg_type {
#define X(name, word, number) name = (number),
	CONF_MSG_TYPES(X)
#undef X
};
#define CONF_MSG_BIT(type) (1u << (unsigned)(type))
#define CONF_MSG_ALL       0x3fffeu

enum conf_msg_dest_kind {
#define X(name, word, target) name,
	CONF_MSG_DESTS(X)
#undef X
};

struct conf_msg_dest {
	enum conf_msg_dest_kind kind;
	char *target;   /* recipients joined by one blank, file, director; NULL if it has none */
	int facility;   /* Syslog only: value of <syslog.h>, LOG_DAEMON when not given */
	uint32_t types; /* CONF_MSG_BIT of each type wanted */
};

/* ---- scripts, config.md 1.13 ---- */

/* Values are those of the wire. */
enum script_when {
	SCRIPT_NEVER = 0,
	SCRIPT_AFTER = 1,
	SCRIPT_BEFORE = 2,
	SCRIPT_ALWAYS = 3,
	SCRIPT_AFTER_VSS = 4
};

struct conf_script {
	char *command;   /* as written, codes not expanded */
	bool is_console; /* a console command of the director, not a program */
	bool on_client;  /* run by the file daemon of the job */
	bool on_success, on_failure, fail_job_on_error;
	enum script_when when;
	char *short_form; /* "RunBeforeJob" when written as that, else NULL */
};

#endif
