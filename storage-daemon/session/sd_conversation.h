/*
 * storage-daemon/session/sd_conversation.h - a director's conversation and its commands
 *
 * Purpose: the commands of wire.md 6.1 as rows; each handler reads its line, does the work and
 *          answers.
 * Threads: a conversation belongs to the thread that serves it.
 * Errors:  a handler fails only when the conversation cannot go on; refusals are answers.
 */
#ifndef TERCET_STORAGE_DAEMON_SESSION_SD_CONVERSATION_H
#define TERCET_STORAGE_DAEMON_SESSION_SD_CONVERSATION_H

#include "storage-daemon/session/session.h"

struct conversation {
	struct sd *sd;
	const struct sd_director *director;
	struct conn *c;          /* owned by sd_serve */
	struct job_msg *msg;     /* owned */
	struct session *session; /* owned reference; NULL before JobId */
	bool over;               /* the handler has said the last word */
	int64_t since;           /* seconds */
};

typedef enum err_code (*command_fn)(struct conversation *v, struct bytes line, struct err *err);

/* Serve the director until it or we end it. */
MUST_CHECK enum err_code conversation_serve(struct conversation *v, struct err *err);

/* EOD behind an answer that was sent with this result. */
MUST_CHECK enum err_code conversation_eod(struct conversation *v, enum err_code code,
					  struct err *err);

/* ---- the handlers, by the file they are in ---- */

/* cmd_job.c */
MUST_CHECK enum err_code cmd_jobid(struct conversation *v, struct bytes line, struct err *err);
MUST_CHECK enum err_code cmd_bootstrap(struct conversation *v, struct bytes line, struct err *err);
MUST_CHECK enum err_code cmd_use_storage(struct conversation *v, struct bytes line,
					 struct err *err);
MUST_CHECK enum err_code cmd_secure_erase(struct conversation *v, struct bytes line,
					  struct err *err);
MUST_CHECK enum err_code cmd_pluginoptions(struct conversation *v, struct bytes line,
					   struct err *err);
/* cmd_run.c */
MUST_CHECK enum err_code cmd_run(struct conversation *v, struct bytes line, struct err *err);
MUST_CHECK enum err_code cmd_passive(struct conversation *v, struct bytes line, struct err *err);
/* The job is over, well or not; nothing without a job. */
void cmd_end_session(struct conversation *v);
/* cmd_control.c */
MUST_CHECK enum err_code cmd_cancel(struct conversation *v, struct bytes line, struct err *err);
MUST_CHECK enum err_code cmd_bandwidth(struct conversation *v, struct bytes line, struct err *err);
MUST_CHECK enum err_code cmd_setdebug(struct conversation *v, struct bytes line, struct err *err);
MUST_CHECK enum err_code cmd_resolve(struct conversation *v, struct bytes line, struct err *err);
MUST_CHECK enum err_code cmd_setdevice(struct conversation *v, struct bytes line, struct err *err);
MUST_CHECK enum err_code cmd_stats(struct conversation *v, struct bytes line, struct err *err);
MUST_CHECK enum err_code cmd_autochanger(struct conversation *v, struct bytes line,
					 struct err *err);
MUST_CHECK enum err_code cmd_not_yet(struct conversation *v, struct bytes line, struct err *err);
/* cmd_volume.c */
MUST_CHECK enum err_code cmd_label(struct conversation *v, struct bytes line, struct err *err);
MUST_CHECK enum err_code cmd_relabel(struct conversation *v, struct bytes line, struct err *err);
MUST_CHECK enum err_code cmd_mount(struct conversation *v, struct bytes line, struct err *err);
MUST_CHECK enum err_code cmd_unmount(struct conversation *v, struct bytes line, struct err *err);
MUST_CHECK enum err_code cmd_release(struct conversation *v, struct bytes line, struct err *err);
MUST_CHECK enum err_code cmd_readlabel(struct conversation *v, struct bytes line, struct err *err);
/* cmd_status.c */
MUST_CHECK enum err_code cmd_status(struct conversation *v, struct bytes line, struct err *err);
MUST_CHECK enum err_code cmd_dot_status(struct conversation *v, struct bytes line, struct err *err);

#endif
