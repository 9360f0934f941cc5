/*
 * director/job/sd_session.h - a job's conversation with one storage daemon
 *
 * Purpose: the steps a job type puts together: open, reserve a device, hand over a bootstrap, run,
 *          and the thread that reads the conversation until 3099.
 * Owns:    the link, the thread, the message receiver.
 * Threads: the job's worker; after sd_session_run the message thread has the conversation.
 * Spec:    wire.md 6; director.md 10.1
 */
#ifndef TERCET_DIRECTOR_JOB_SD_SESSION_H
#define TERCET_DIRECTOR_JOB_SD_SESSION_H

#include "director/job/peer.h"
#include "director/link/sd_link.h"

struct sd_session {
	struct job *job;
	struct dir_storage *storage;
	struct sd_link *link; /* owned */
	struct peer peer;
	char key[128]; /* authorization key of the job; wiped at close */
	char who[160];
	uint32_t session_id, session_time;
	struct thread thread; /* "sd-messages" */
	struct mutex lock;    /* RANK_LEAF */
	struct cond ended;
	bool done GUARDED_BY(&lock); /* the thread has read 3099 or lost the conversation */
	struct sd_end end GUARDED_BY(&lock);
	bool given_up GUARDED_BY(&lock); /* we cut it: its loss is no news */
};

/* Connect and start the job there: 10.1 steps 2, 3 up to JobId. */
MUST_CHECK enum err_code sd_session_open(struct sd_session *s, struct job *j,
					 struct dir_storage *storage, struct attr_recv *attrs,
					 struct err *err);
/* Wait for a device; append: to write. */
MUST_CHECK enum err_code sd_session_reserve(struct sd_session *s, bool append, struct err *err);
MUST_CHECK enum err_code sd_session_bootstrap(struct sd_session *s, struct bytes text,
					      struct err *err);
/* A passive client is to be connected by the storage daemon. */
MUST_CHECK enum err_code sd_session_call_client(struct sd_session *s, struct dir_client *client,
						bool client_tls, struct err *err);
/* "run", and the message thread. */
MUST_CHECK enum err_code sd_session_run(struct sd_session *s, struct err *err);
/*
 * Wait for the end, at most seconds (0: as long as it takes or the job's abort); false: it did not
 * come.  Why has been said to the job then; a line that is lost is said at once, and the client
 * is told to stop.
 */
bool sd_session_wait(struct sd_session *s, int64_t seconds, struct sd_end *out);
/* Before "run" only: serve what a storage daemon that refused or was cancelled has to say yet. */
void sd_session_last_words(struct sd_session *s);
/* Cut what is open and free; may be called at any time, again as well. */
void sd_session_close(struct sd_session *s);

/* ssl= of storage and passive client.  Spec: wire.md 5.5 */
int sd_session_ssl(const struct dir_storage *storage, bool client_tls);

#endif
