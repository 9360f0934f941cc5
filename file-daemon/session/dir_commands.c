/* file-daemon/session/dir_commands.c - the director's commands, by row.  Spec: wire.md 5.1 */
#include "file-daemon/session/session_internal.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "file-daemon/find/match.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/thread.h"

#define CLOCK_TOLERATED_SECONDS 3
#define CLOCK_WARNED_SECONDS    600
#define CLOCK_ROUNDS_DROPPED    2
#define RESTORE_OBJECT_FRAMES   2

#define REPLY(s, err, ...) conn_printf((s)->dir, (err), __VA_ARGS__)

/* ---- job ---- */

static enum err_code
cmd_jobid(struct session *s, struct bytes line, struct err *err)
{
	struct fd_job *j = s->job;
	char key[WIRE_NAME_MAX + 1], name[JOB_NAME_MAX], os[128];
	uint32_t id;

	if (s->in_table)
		return session_refuse(s, err, DIR_FD_BAD_JOB);
	if (!wire_scan(line, DIR_FD_JOBID_SCAN, &id, name, &j->sd_session_id, &j->sd_session_time,
		       key, &j->ssl)) {
		j->ssl = 0;
		if (!wire_scan(line, DIR_FD_JOBID_CLEAR_SCAN, &id, name, &j->sd_session_id,
			       &j->sd_session_time, key))
			return session_refuse(s, err, DIR_FD_BAD_JOB);
	}
	mutex_lock(&s->daemon->lock);
	secret_set(&j->key, bytes_str(key));
	mutex_unlock(&s->daemon->lock);
	explicit_bzero(key, sizeof(key));
	job_msg_set_job(j->msg, id, name);
	fd_job_enter(j, id, name);
	s->in_table = true;
	return REPLY(s, err, DIR_FD_OK_JOB, TERCET_VERSION, "21Nov26", os_text(os, sizeof(os)),
		     "linux");
}

/* ---- level ---- */

/* By how much our clock is ahead of the director's. */
static enum err_code
clock_difference(struct session *s, int64_t *ahead_us, struct err *err)
{
	int64_t sum = 0;

	for (int i = 0; i < DIR_FD_BTIME_ROUNDS; i++) {
		int64_t before = clock_now_us(), after;
		uint64_t theirs;
		struct bytes line;

		if (conn_signal(s->dir, FRAME_BTIME, err) != ERR_OK ||
		    conn_recv_line(s->dir, &line, NULL, err) != ERR_OK)
			return err->code;
		after = clock_now_us();
		if (!wire_scan(line, DIR_FD_BTIME_SCAN, &theirs) || theirs > INT64_MAX / 2)
			return err_set(err, ERR_PROTO, "the director's clock answer is unknown");
		if (i >= CLOCK_ROUNDS_DROPPED)
			sum += before + (after - before) / 2 - (int64_t)theirs;
	}
	*ahead_us = sum / (DIR_FD_BTIME_ROUNDS - CLOCK_ROUNDS_DROPPED);
	return ERR_OK;
}

static enum err_code
level_since(struct session *s, struct bytes line, struct err *err)
{
	struct fd_job *j = s->job;
	int64_t since, ahead_us = 0, seconds;
	int mtime_only;

	if (!wire_scan(line, DIR_FD_SINCE_OLD_SCAN, &since, &mtime_only))
		return err_set(err, ERR_PROTO, "unknown level command: %.*s", (int)line.n,
			       (const char *)line.p);
	if (clock_difference(s, &ahead_us, err) != ERR_OK)
		return err->code;
	seconds = ahead_us / 1000000;
	if (seconds > CLOCK_TOLERATED_SECONDS || seconds < -CLOCK_TOLERATED_SECONDS)
		job_report(j->msg,
			   seconds > CLOCK_WARNED_SECONDS || seconds < -CLOCK_WARNED_SECONDS
				   ? MSG_WARNING
				   : MSG_INFO,
			   DIR_FD_CLOCK_INFO, seconds);
	j->since = since_on_our_clock(since, ahead_us);
	j->since_counts = true;
	if (atomic_load(&j->level) == LEVEL_NONE)
		atomic_store(&j->level, LEVEL_SINCE);
	if (conn_signal(s->dir, FRAME_EOD, err) != ERR_OK)
		return err->code;
	return REPLY(s, err, DIR_FD_OK_LEVEL);
}

static enum err_code
cmd_level(struct session *s, struct bytes line, struct err *err)
{
	struct fd_job *j = s->job;
	char word[WIRE_NAME_MAX + 1];
	const char *text = (const char *)line.p; /* a NUL stands behind a frame */

	if (!wire_scan(line, DIR_FD_LEVEL_SCAN, word))
		return err_set(err, ERR_PROTO, "unknown level command: %s", text);
	if (strcmp(word, "since_utime") == 0)
		return level_since(s, line, err);
	if (strstr(text, DIR_FD_LEVEL_ACCURATE) != NULL)
		j->accurate = true;
	if (strcmp(word, "full") == 0 || strcmp(word, "base") == 0) {
		atomic_store(&j->level, word[0] == 'f' ? LEVEL_FULL : LEVEL_BASE);
		return REPLY(s, err, DIR_FD_OK_LEVEL);
	}
	if (strstr(word, "differential") != NULL)
		atomic_store(&j->level, LEVEL_DIFFERENTIAL);
	else if (strstr(word, "incremental") != NULL)
		atomic_store(&j->level, LEVEL_INCREMENTAL);
	else
		return err_set(err, ERR_PROTO, "unknown backup level: %s", word);
	return ERR_OK; /* no reply: the since time follows */
}

/* ---- fileset ---- */

static enum err_code
cmd_fileset(struct session *s, struct bytes line, struct err *err)
{
	struct err bad = ERR_INIT;
	bool eod = false;

	(void)line;
	fileset_release(&s->job->fileset);
	for (;;) {
		struct bytes item;

		if (conn_recv_line(s->dir, &item, &eod, err) != ERR_OK)
			return err->code;
		if (eod)
			break;
		if (bad.code == ERR_OK)
			(void)!fileset_parse_line(&s->job->fileset, item, &bad);
	}
	if (bad.code != ERR_OK) {
		*err = bad;
		return err->code;
	}
	s->job->has_fileset = true;
	return REPLY(s, err, DIR_FD_OK_FILESET);
}

/* ---- accurate: later ---- */

static enum err_code
cmd_accurate(struct session *s, struct bytes line, struct err *err)
{
	(void)line;
	for (;;) {
		struct bytes item;
		bool eod = false;

		if (conn_recv_line(s->dir, &item, &eod, err) != ERR_OK)
			return err->code;
		if (eod)
			break;
	}
	return err_set(
		err, ERR_CONFIG,
		"accurate mode is not supported by this file daemon yet: set Accurate = no in "
		"the job");
}

/* ---- small commands ---- */

static enum err_code
cmd_cancel(struct session *s, struct bytes line, struct err *err)
{
	char job[JOB_NAME_MAX];
	enum err_code rc;

	if (!wire_scan(line, DIR_FD_CANCEL_SCAN, job))
		rc = REPLY(s, err, DIR_FD_BAD_CANCEL);
	else if (fd_job_cancel(s->daemon, job))
		rc = REPLY(s, err, DIR_FD_OK_CANCEL, job);
	else
		rc = REPLY(s, err, DIR_FD_NO_JOB, job);
	if (rc != ERR_OK)
		return rc;
	return conn_signal(s->dir, FRAME_EOD, err);
}

static enum err_code
cmd_setbandwidth(struct session *s, struct bytes line, struct err *err)
{
	char job[JOB_NAME_MAX];
	int64_t limit;

	if (!wire_scan(line, DIR_FD_BANDWIDTH_SCAN, &limit, job) || limit < 0)
		return REPLY(s, err, DIR_FD_BAD_BANDWIDTH, (const char *)line.p);
	if (job[0] == '\0') {
		mutex_lock(&s->daemon->lock);
		s->daemon->bandwidth = (uint64_t)limit;
		mutex_unlock(&s->daemon->lock);
	} else if (!fd_job_limit(s->daemon, job, (uint64_t)limit)) {
		return REPLY(s, err, DIR_FD_NO_JOB, job); /* one line only; wire.md 5.9 */
	}
	return REPLY(s, err, DIR_FD_OK_BANDWIDTH);
}

static enum err_code
cmd_setdebug(struct session *s, struct bytes line, struct err *err)
{
	int level, to_file, hangup = -1, stamp = -1;
	bool full = wire_scan(line, DIR_FD_SETDEBUG_SCAN, &level, &to_file, &hangup, &stamp);
	char path[512];

	if (!full && !wire_scan(line, DIR_FD_SETDEBUG_OLD_SCAN, &level, &to_file, &hangup) &&
	    !wire_scan(line, DIR_FD_SETDEBUG_OLDEST_SCAN, &level, &to_file))
		return REPLY(s, err, DIR_FD_BAD_SETDEBUG, (const char *)line.p);
	if (level >= 0)
		atomic_store(&log_trace_level, level);
	(void)snprintf(path, sizeof(path), "%s/%s.trace", s->conf->client->working_directory,
		       s->conf->client->name);
	/* Below 0: as it is; the answer says what is in force. */
	if (to_file >= 0 && !log_set_file(to_file > 0 ? path : NULL))
		log_warn("%s cannot be opened", path);
	to_file = log_has_file();
	if (!to_file)
		(void)snprintf(path, sizeof(path), "*None*");
	if (full)
		return REPLY(s, err, DIR_FD_OK_SETDEBUG, level, to_file, hangup, stamp, path);
	return REPLY(s, err, DIR_FD_OK_SETDEBUG_OLD, level, to_file, hangup, path);
}

static void
append_address(struct buf *out, const struct addrinfo *a)
{
	char text[INET6_ADDRSTRLEN] = "";
	const void *addr =
		a->ai_family == AF_INET
			? (const void *)&((const struct sockaddr_in *)(const void *)a->ai_addr)
				  ->sin_addr
			: (const void *)&((const struct sockaddr_in6 *)(const void *)a->ai_addr)
				  ->sin6_addr;

	if (inet_ntop(a->ai_family, addr, text, sizeof(text)) != NULL && out->len < 2000)
		buf_text(out, "host[%s;%s] ", a->ai_family == AF_INET ? "ipv4" : "ipv6", text);
}

static enum err_code
cmd_resolve(struct session *s, struct bytes line, struct err *err)
{
	OWNED(buf_release) struct buf out = BUF_INIT(4096);
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
	char host[256];
	enum err_code rc;

	if (!wire_scan(line, DIR_FD_RESOLVE_SCAN, host))
		return session_refuse(s, err, DIR_FD_BAD_COMMAND);
	if (getaddrinfo(host, NULL, &hints, &list) != 0) {
		rc = REPLY(s, err, DIR_FD_BAD_RESOLVE, s->conf->client->name, host);
	} else {
		for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
			if (a->ai_family == AF_INET || a->ai_family == AF_INET6)
				append_address(&out, a);
		freeaddrinfo(list);
		rc = REPLY(s, err, DIR_FD_OK_RESOLVE, s->conf->client->name, host, buf_str(&out));
	}
	if (rc != ERR_OK)
		return rc;
	return conn_signal(s->dir, FRAME_EOD, err);
}

static enum err_code
cmd_secure_erase(struct session *s, struct bytes line, struct err *err)
{
	(void)line; /* SecureEraseCommand is not in force: nothing is erased that way */
	return REPLY(s, err, DIR_FD_OK_SECURE_ERASE, DIR_FD_NO_SECURE_ERASE);
}

static enum err_code
cmd_pluginoptions(struct session *s, struct bytes line, struct err *err)
{
	(void)line;
	job_report(s->job->msg, MSG_WARNING,
		   "This file daemon has no plugins: plugin options are "
		   "ignored");
	return REPLY(s, err, DIR_FD_OK_PLUGINOPTIONS);
}

static enum err_code
cmd_session_obsolete(struct session *s, struct bytes line, struct err *err)
{
	(void)line;
	return REPLY(s, err, "2000 OK session\n");
}

static enum err_code
cmd_bootstrap_obsolete(struct session *s, struct bytes line, struct err *err)
{
	(void)s;
	(void)line;
	return err_set(err, ERR_PROTO, "the obsolete bootstrap command is not supported");
}

enum err_code
cmd_restoreobject(struct session *s, struct bytes line, struct err *err)
{
	if (bytes_starts(line, "restoreobject end"))
		return REPLY(s, err, DIR_FD_OK_RESTOREOBJECT);
	for (int i = 0; i < RESTORE_OBJECT_FRAMES; i++) {
		struct bytes ignored;

		if (conn_recv_line(s->dir, &ignored, NULL, err) != ERR_OK)
			return err->code;
	}
	return ERR_OK;
}

/* ---- the table ---- */

enum needs { NEEDS_NOTHING, NEEDS_JOB };

#define PREFIX_OF(name, prefix, monitor) [name##_ROW] = { prefix, (monitor) != 0 },
#define ROW_OF(name, prefix, monitor)    name##_ROW,
enum { DIR_FD_COMMANDS(ROW_OF) COMMAND_ROWS };

struct prefix_row {
	const char *prefix;
	bool monitor;
};

static const struct prefix_row prefixes[] = { DIR_FD_COMMANDS(PREFIX_OF) };

/* clang-format off */
static const struct {
	command_fn *run;
	enum needs needs;
	const char *allowed_as;
} handlers[] = {
	[DIR_FD_CMD_ACCURATE_ROW]      = { cmd_accurate, NEEDS_JOB, NULL },
	[DIR_FD_CMD_BACKUP_ROW]        = { cmd_backup, NEEDS_JOB, "backup" },
	[DIR_FD_CMD_BOOTSTRAP_ROW]     = { cmd_bootstrap_obsolete, NEEDS_JOB, NULL },
	[DIR_FD_CMD_CANCEL_ROW]        = { cmd_cancel, NEEDS_NOTHING, NULL },
	[DIR_FD_CMD_ENDRESTORE_ROW]    = { cmd_endrestore, NEEDS_JOB, NULL },
	[DIR_FD_CMD_ESTIMATE_ROW]      = { cmd_estimate, NEEDS_JOB, "estimate" },
	[DIR_FD_CMD_FILESET_ROW]       = { cmd_fileset, NEEDS_JOB, NULL },
	[DIR_FD_CMD_JOBID_ROW]         = { cmd_jobid, NEEDS_NOTHING, NULL },
	[DIR_FD_CMD_LEVEL_ROW]         = { cmd_level, NEEDS_JOB, NULL },
	[DIR_FD_CMD_PLUGINOPTIONS_ROW] = { cmd_pluginoptions, NEEDS_JOB, NULL },
	[DIR_FD_CMD_RUNBEFORENOW_ROW]  = { cmd_run_before_now, NEEDS_JOB, "runscript" },
	[DIR_FD_CMD_RUN_ROW]           = { cmd_run, NEEDS_JOB, "runscript" },
	[DIR_FD_CMD_RESTOREOBJECT_ROW] = { cmd_restoreobject, NEEDS_JOB, NULL },
	[DIR_FD_CMD_RESTORE_ROW]       = { cmd_restore, NEEDS_JOB, "restore" },
	[DIR_FD_CMD_RESOLVE_ROW]       = { cmd_resolve, NEEDS_NOTHING, NULL },
	[DIR_FD_CMD_SECURE_ERASE_ROW]  = { cmd_secure_erase, NEEDS_NOTHING, NULL },
	[DIR_FD_CMD_SESSION_ROW]       = { cmd_session_obsolete, NEEDS_JOB, NULL },
	[DIR_FD_CMD_AUTHORIZATION_ROW] = { cmd_setauthorization, NEEDS_JOB, NULL },
	[DIR_FD_CMD_BANDWIDTH_ROW]     = { cmd_setbandwidth, NEEDS_NOTHING, NULL },
	[DIR_FD_CMD_SETDEBUG_ROW]      = { cmd_setdebug, NEEDS_NOTHING, NULL },
	[DIR_FD_CMD_STATUS_ROW]        = { cmd_status, NEEDS_NOTHING, NULL },
	[DIR_FD_CMD_DOT_STATUS_ROW]    = { cmd_dot_status, NEEDS_NOTHING, NULL },
	[DIR_FD_CMD_STORAGE_ROW]       = { cmd_storage, NEEDS_JOB, NULL },
	[DIR_FD_CMD_VERIFY_ROW]        = { cmd_verify, NEEDS_JOB, "verify" },
};
/* clang-format on */

_Static_assert(sizeof(handlers) / sizeof(handlers[0]) == COMMAND_ROWS, "a handler per command");

enum err_code
session_command(struct session *s, struct bytes line, struct err *err)
{
	size_t i;

	for (i = 0; i < COMMAND_ROWS; i++)
		if (bytes_starts(line, prefixes[i].prefix))
			break;
	if (i == COMMAND_ROWS)
		return session_refuse(s, err, DIR_FD_BAD_COMMAND);
	if (s->director->monitor && !prefixes[i].monitor) {
		if (REPLY(s, err, DIR_FD_BAD_MONITOR) != ERR_OK ||
		    conn_signal(s->dir, FRAME_EOD, err) != ERR_OK)
			return err->code;
		return err_set(err, ERR_EOF, "monitor only");
	}
	if (handlers[i].needs == NEEDS_JOB && !s->in_table)
		return session_refuse(s, err, DIR_FD_BAD_COMMAND);
	if (handlers[i].allowed_as != NULL &&
	    !fd_conf_allows(s->conf, s->director, handlers[i].allowed_as)) {
		job_report(
			s->job->msg, MSG_SECURITY,
			"The command \"%s\" is not allowed to director %s by Allowed Job Command",
			handlers[i].allowed_as, s->director->name);
		return session_refuse(s, err, DIR_FD_BAD_COMMAND);
	}
	return handlers[i].run(s, line, err);
}
