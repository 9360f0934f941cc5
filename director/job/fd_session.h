/*
 * director/job/fd_session.h - a job's conversation with its client
 *
 * Owns:    the link.
 * Threads: the job's worker.
 * Spec:    wire.md 5; director.md 10.1
 */
#ifndef TERCET_DIRECTOR_JOB_FD_SESSION_H
#define TERCET_DIRECTOR_JOB_FD_SESSION_H

#include "director/job/peer.h"
#include "director/link/fd_link.h"

struct sd_session;

struct fd_session {
	struct job *job;
	struct fd_link *link; /* owned */
	struct peer peer;
	char who[160];
};

/* Connect, JobId=, client row, getSecureEraseCmd is apart (its place differs). */
MUST_CHECK enum err_code fd_session_open(struct fd_session *s, struct job *j,
					 const struct sd_session *sd, struct err *err);
MUST_CHECK enum err_code fd_session_level(struct fd_session *s, struct err *err);
MUST_CHECK enum err_code fd_session_fileset(struct fd_session *s, struct err *err);
MUST_CHECK enum err_code fd_session_plugin_options(struct fd_session *s, struct err *err);
MUST_CHECK enum err_code fd_session_secure_erase(struct fd_session *s, struct err *err);
MUST_CHECK enum err_code fd_session_bandwidth(struct fd_session *s, struct err *err);
/* Scripts of the client sent, those before run. */
MUST_CHECK enum err_code fd_session_scripts(struct fd_session *s, struct err *err);
/* Where the storage daemon is; key: NULL or the authorization for this one (restores). */
MUST_CHECK enum err_code fd_session_storage(struct fd_session *s, const struct dir_storage *st,
					    const char *key, struct err *err);
/* Read until 2800 and the end of the conversation; fills the job's fd_end. */
MUST_CHECK enum err_code fd_session_end(struct fd_session *s, struct err *err);
/* A reply that is 2800 is the end of the job, whatever was waited for. */
bool fd_session_take_end(struct fd_session *s, struct bytes line);
/* Serve what a client that refused or was cancelled has to say yet: reasons, 2800. */
void fd_session_last_words(struct fd_session *s);
void fd_session_close(struct fd_session *s);

#endif
