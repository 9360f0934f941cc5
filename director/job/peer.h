/*
 * director/job/peer.h - one conversation of a job, with the dispatcher of wire.md 4
 *
 * Purpose: read a daemon's replies while serving everything else it says in between: job
 *          messages, status, catalog requests, attributes.
 * Threads: one receiver at a time; handing over from the job's thread to the storage daemon's
 *          message thread happens before that is started.
 * Errors:  ERR_EOF     the daemon ended the conversation
 *          ERR_PEER, ERR_PROTO, ERR_CANCELED
 *          ERR_CATALOG the catalog failed for good while serving a request
 * Spec:    wire.md 4, 6.5, 6.6
 */
#ifndef TERCET_DIRECTOR_JOB_PEER_H
#define TERCET_DIRECTOR_JOB_PEER_H

#include "director/attrs/attr_recv.h"
#include "director/job/job_internal.h"
#include "lib/net/conn.h"

struct peer {
	struct job *job;
	struct conn *conn; /* borrowed from the link */
	const char *who;   /* "storage daemon File1", for messages; borrowed */
	bool is_storage;
	struct dir_storage *storage; /* the one spoken with; NULL for a client */
	uint32_t storage_id;         /* its row; 0 none */
	struct attr_recv *attrs;     /* NULL: none expected */
	struct err attr_err;         /* first failure that spoils the job; code ERR_OK: none */
	char *last_why;              /* owned: reasons said last, to say them once */
	bool out_of_media;
};

void peer_release(struct peer *p);

/* What ends its waits: the job's abort, and the loss of a peer that sends heartbeats. */
void peer_attach(struct peer *p, struct conn *conn);

/*
 * The next reply; serves what is not one.  eod as in conn_recv_line (NULL: an error).
 */
MUST_CHECK enum err_code peer_reply(struct peer *p, struct bytes *line, bool *eod, struct err *err);
/* A reply that must be exactly this. */
MUST_CHECK enum err_code peer_expect(struct peer *p, const char *exact, struct err *err);
/* A refusal as an error naming what was asked. */
MUST_CHECK enum err_code peer_refused(struct peer *p, const char *what, struct bytes line,
				      struct err *err);

/* One request of the storage daemon, answered on the same conversation. */
MUST_CHECK enum err_code cat_request_serve(struct peer *p, struct bytes line, struct err *err);

#endif
