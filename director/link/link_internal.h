/*
 * director/link/link_internal.h - what both kinds of links do alike
 */
#ifndef TERCET_DIRECTOR_LINK_LINK_INTERNAL_H
#define TERCET_DIRECTOR_LINK_LINK_INTERNAL_H

#include "director/director.h"
#include "lib/base/path.h"
#include "lib/base/secret.h"
#include "lib/net/conn.h"

struct dir_conf;

struct link_dial {
	struct dir_conf *conf;
	const char *what, *name; /* "Client", "win-pc" */
	const char *host;
	uint32_t port;
	const struct secret *key;
	const struct tls_conf *tls;
	enum dial_security security;
	int64_t heartbeat, timeout_seconds;
	unsigned retry_seconds;
	struct cancel *cancel;
	director_say say; /* why it takes its time; or NULL */
	void *say_arg;
};

/* Connect as this director; the greeting is the caller's to read. */
MUST_CHECK enum err_code link_dial(const struct link_dial *ld, struct conn **out, struct err *err);
/* Every line up to EOD or the end of the conversation to say.  ERR_LIMIT: more than max bytes. */
MUST_CHECK enum err_code link_relay(struct conn *c, uint64_t max, director_say say, void *arg,
				    struct err *err);
#define LINE_COST       64          /* of the bytes, for each line */
#define LINK_ANSWER_MAX (32u << 20) /* a status; what a console collects of it is in memory */
void link_say(director_say say, void *arg, const char *fmt, ...) PRINTF(3, 4);
/* A line as it came: NULs and line ends stripped. */
void link_say_bytes(director_say say, void *arg, struct bytes line);

/* Lines of a file, or of a program's output, as "<prefix> <line>\n" frames.  Spec: wire.md 5.3 */
MUST_CHECK enum err_code link_send_file_lines(struct conn *c, char prefix, const char *path,
					      struct err *err);
struct link_program {
	const char *command;
	struct cancel *cancel; /* or NULL */
	/* Replaces the %-codes of a word, owned; or NULL. */
	char *(*expand)(void *arg, const char *word);
	void *expand_arg;
};
MUST_CHECK enum err_code link_send_program_lines(struct conn *c, char prefix,
						 const struct link_program *program,
						 struct err *err);

#endif
