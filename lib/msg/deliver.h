/*
 * lib/msg/deliver.h - job messages to their destinations
 *
 * Purpose: one msg_sink per job takes finished messages and brings them to the destinations of its
 *          Messages resource: console spool, files, catalog (by a callback: this room knows no
 *          catalog), mail at the end of the job.  No shell is ever used.
 * Owns:    a sink owns its open files and mail spools; the resource is borrowed.
 * Threads: msg_sink_put from any thread; new, finish and free from its owner.  RANK_MSG inside;
 *          the catalog callback is called without a lock held.
 * Errors:  delivering never fails a job: what could not be delivered goes to the daemon log.
 * Spec:    director.md 20
 */
#ifndef TERCET_MSG_DELIVER_H
#define TERCET_MSG_DELIVER_H

#include "lib/base/buf.h"
#include "lib/conf/messages.h"
#include "lib/msg/route.h"

/* ---- messages for consoles ---- */

/*
 * The spool "<working directory>/<name>.conmsg": lines wait here until a console reads them.
 * Every reader (console name) has its own position; the newest lines are kept, bounded.
 */
struct msg_console;

struct msg_console *msg_console_new(const char *spool_path); /* copies; reads an old spool */
void msg_console_free(struct msg_console *c);
/* text: whole lines without the last line feed. */
void msg_console_put(struct msg_console *c, int64_t time, uint32_t job_id, const char *text);
/* Number of lines this reader has not seen. */
size_t msg_console_pending(struct msg_console *c, const char *reader);

struct msg_console_line {
	int64_t time;     /* epoch seconds */
	uint32_t job_id;  /* 0 none */
	const char *text; /* borrowed during the call */
};
/*
 * Hand every unseen line to fn in order and count it as seen when fn returns true; stops at the
 * first false.  fn is called without a lock held.
 */
void msg_console_read(struct msg_console *c, const char *reader,
		      bool (*fn)(void *arg, const struct msg_console_line *line), void *arg);
/* The last n lines, seen or not; nothing is counted as seen. */
void msg_console_last(struct msg_console *c, size_t n,
		      bool (*fn)(void *arg, const struct msg_console_line *line), void *arg);

/* ---- one job's messages ---- */

struct msg_sink;

struct msg_sink_options {
	const struct conf_messages *messages; /* borrowed while the sink lives */
	const char *daemon;                   /* name in the lines; copied */
	const char *working_directory;        /* mail spools; copied */
	const char *timestamp_format;         /* the daemon's: "%d-%b %H:%M"; copied */
	struct msg_console *console;          /* borrowed; may be NULL */
	/* Log row; may be NULL.  text has no time stamp. */
	void (*catalog)(void *arg, uint32_t job_id, int64_t time, const char *text);
	void *catalog_arg;
	/* A word of a mail or operator command with its %-codes replaced; owned by the caller.  May
	 * be NULL.  Called without a lock held.  "%r" as a word of its own never gets here: it is a
	 * word for each recipient. */
	char *(*expand)(void *arg, const char *word, const char *recipients);
	void *expand_arg;
};

struct msg_sink *msg_sink_new(const struct msg_sink_options *o);
/* From now on lines carry this id; mail spools are named by the unique name. */
void msg_sink_set_job(struct msg_sink *s, uint32_t job_id, const char *unique);

/*
 * Deliver one message.
 *   time  epoch seconds; 0, or more than a day from now: now
 *   text  complete with "<daemon> JobId <n>: " and prefix as wire.md 4 has it, no time stamp;
 *         line feeds inside are kept, one at the end is dropped
 */
void msg_sink_put(struct msg_sink *s, enum msg_type type, int64_t time, const char *text);
/* The same for a fact of this daemon: adds "<daemon> JobId <n>: " and the type's prefix. */
void msg_sink_say(struct msg_sink *s, enum msg_type type, const char *text);

struct msg_mail {
	const char *subject_status; /* "Backup OK" */
	int status;                 /* letter of the job's end; 0: not a job */
};
/* End of the job: close files, send or drop mail (NULL: drop).  What is said later, as by who
 * cancels a job that has just ended, goes to the destinations that are no files. */
void msg_sink_finish(struct msg_sink *s, const struct msg_mail *mail);
/* One that was not finished drops its mail. */
void msg_sink_free(struct msg_sink *s);

/* Remove "<dir>/<name>.*.mail" and "<dir>/<name>.restore.*.bsr" left by an earlier process. */
void msg_clean_spools(const char *working_directory, const char *daemon);

#endif
