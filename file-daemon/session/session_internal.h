/*
 * file-daemon/session/session_internal.h - what the commands of a session share
 *
 * Errors:  a command returns ERR_OK to go on; ERR_EOF to end the session in good order; anything
 *          else ends it, and a running job is told the reason.
 */
#ifndef TERCET_FILE_DAEMON_SESSION_SESSION_INTERNAL_H
#define TERCET_FILE_DAEMON_SESSION_SESSION_INTERNAL_H

#include "file-daemon/session/session.h"
#include "lib/proto/dir_fd.h"
#include "lib/proto/fd_sd.h"

struct session {
	struct fd_daemon *daemon;
	struct fd_conf *conf; /* owned reference */
	const struct fd_director *director;
	struct conn *dir;   /* owned */
	struct fd_job *job; /* owned; in the table once JobId came */
	bool in_table;
	bool over; /* the director said TERMINATE or is gone */
};

typedef enum err_code command_fn(struct session *s, struct bytes line, struct err *err);

/* dir_commands.c: run the command of this line. */
MUST_CHECK enum err_code session_command(struct session *s, struct bytes line, struct err *err);
/* Send a reply and end the session. */
MUST_CHECK enum err_code session_refuse(struct session *s, struct err *err, const char *fmt, ...)
	PRINTF(3, 4);

command_fn cmd_backup, cmd_estimate, cmd_verify;
command_fn cmd_restore, cmd_endrestore, cmd_restoreobject;
command_fn cmd_status, cmd_dot_status;
command_fn cmd_run, cmd_run_before_now;
command_fn cmd_storage, cmd_setauthorization;

/* script.c: run the scripts due now; false when one failed and the job shall stop. */
bool scripts_run(struct fd_job *j, unsigned when);
/* One command line for a list of names: "F |program" of a fileset. */
MUST_CHECK enum err_code program_lines(struct fd_job *j, const char *command,
				       void (*line)(void *arg, struct bytes text), void *arg,
				       struct err *err);

/* expand.c: run programs and read lists that stand in the fileset. */
void fileset_expand(struct fd_job *j);

/* sd_link.c */
/* The next line, which must be exactly want; otherwise ERR_PROTO quoting it. */
MUST_CHECK enum err_code sd_expect(struct fd_job *j, const char *want, struct err *err);
MUST_CHECK enum err_code sd_line(struct fd_job *j, struct bytes *line, struct err *err);
/* TERMINATE and close; does nothing when there is no connection. */
void sd_close(struct fd_job *j);
/* "Connected Storage daemon at ..." */
void sd_report(struct fd_job *j);

/* beat.c: from now on (does nothing when it has begun) and until the job's end, messages and
 * heartbeats leave while the job is busy or waits. */
void beat_start(struct fd_job *j);
void beat_stop(struct fd_job *j);

/* "Debian GNU/Linux 12 (bookworm)" into out; returns it. */
const char *os_text(char *out, size_t cap);

#endif
