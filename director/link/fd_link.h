/*
 * director/link/fd_link.h - a command session with one file daemon
 *
 * Purpose: connect with the handshake choice of wire.md 3.6 (remembered per client until the next
 *          reload) and run small commands.  Jobs use it for their conversation too.
 * Owns:    the conversation; closing sends TERMINATE.
 * Threads: one link, one thread (the conn inside may have a second sender).
 * Errors:  ERR_PEER, ERR_AUTH with client name, address and what to check; ERR_CANCELED.
 * Spec:    wire.md 3.6, 5; director.md 10.1 step 4
 */
#ifndef TERCET_DIRECTOR_LINK_FD_LINK_H
#define TERCET_DIRECTOR_LINK_FD_LINK_H

#include "director/director.h"
#include "lib/net/conn.h"

struct dir_client;
struct dir_fileset;
struct fd_link;

struct fd_link_options {
	int64_t timeout_seconds; /* all attempts; 0: one attempt within the connect timeout */
	struct cancel *cancel;   /* or NULL */
	director_say say;        /* "Connected Client: ...", "   Handshake: ..."; or NULL */
	void *say_arg;
	/* A word of a FileSet's program with its %-codes replaced, owned; NULL: they stay. */
	char *(*expand)(void *arg, const char *word);
	void *expand_arg;
};

MUST_CHECK enum err_code fd_link_open(struct director *d, struct dir_conf *conf,
				      struct dir_client *client, const struct fd_link_options *o,
				      struct fd_link **out, struct err *err);
void fd_link_free(struct fd_link *l);
void fd_link_freep(struct fd_link **l);

struct conn *fd_link_conn(struct fd_link *l); /* borrowed */
int fd_link_version(const struct fd_link *l); /* FD protocol version, 54 */
/* "Immediate TLS" or "Cleartext" */
const char *fd_link_handshake(const struct fd_link *l);
bool fd_link_is_tls(const struct fd_link *l);

/*
 * Send one command and hand every line up to EOD or TERMINATE to say, NULs and line ends
 * stripped.  For status, .status, estimate (after the session was prepared), cancel, resolve.
 */
MUST_CHECK enum err_code fd_link_command(struct fd_link *l, const char *command, director_say say,
					 void *arg, struct err *err);

/*
 * A whole estimate: JobId=0, level, fileset, estimate; lines to say, the last one is
 * "2000 OK estimate files=... bytes=...".
 *   level  letter; since: epoch seconds for incremental and differential, 0 for none
 * Spec: wire.md 5.8
 */
MUST_CHECK enum err_code fd_link_estimate(struct fd_link *l, struct dir_conf *conf,
					  struct dir_fileset *fileset, int level, int64_t since,
					  bool listing, director_say say, void *arg,
					  struct err *err);

/* The level commands, without reading the answer; since 0: a Full.  Spec: wire.md 5.4 */
MUST_CHECK enum err_code fd_link_send_level(struct fd_link *l, int level, int64_t since,
					    const char *prev_job, bool accurate, struct err *err);
/* "fileset", its lines and EOD, without reading the answer.  Spec: wire.md 5.3 */
MUST_CHECK enum err_code fd_link_send_fileset(struct fd_link *l, const struct dir_fileset *fs,
					      bool allow_compression, struct err *err);

#endif
