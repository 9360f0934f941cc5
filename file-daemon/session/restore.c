/*
 * file-daemon/session/restore.c - the restore job: the read dialogue, records into files
 *
 * Spec: wire.md 5.7, 7.3
 */
#include <stdlib.h>
#include <unistd.h>

#include "file-daemon/restore/feed.h"
#include "file-daemon/session/listing.h"
#include "file-daemon/session/session_internal.h"
#include "lib/base/clock.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/files/rebuild.h"

#define LINE_MAX_BYTES 900000u
#define RECORDS_A_LOOK 64u /* between updates of what status shows */

struct restore {
	struct fd_job *job;
	struct rebuild *rebuild; /* owned */
	struct ls_names names;
	struct buf line;
	uint32_t base_files; /* of the storages before */
	uint64_t base_bytes;
	unsigned since_look;
};

/* ---- what became of each file ---- */

static void
stat_of(const struct lstat_fields *f, struct stat *st)
{
	*st = (struct stat){ .st_mode = (mode_t)f->mode,
			     .st_nlink = (nlink_t)f->nlink,
			     .st_uid = (uid_t)f->uid,
			     .st_gid = (gid_t)f->gid,
			     .st_size = f->size,
			     .st_ctim = { .tv_sec = f->ctime } };
}

/* Spec: wire.md 5.8: the line of estimate, with the saved lstat and the name restored to. */
static void
tell_restored(struct restore *r, const struct rebuild_report *rep)
{
	struct stat st;
	bool symlink = rep->attr != NULL && rep->attr->type == FT_LNK;

	if (rep->stat == NULL || (r->job->wanted & (1u << MSG_RESTORED)) == 0)
		return;
	stat_of(rep->stat, &st);
	buf_clear(&r->line);
	listing_line(&r->names, &st, rep->target.n > 0 ? rep->target : rep->name,
		     symlink ? rep->attr->link : bytes_of("", 0), &r->line);
	job_report(r->job->msg, MSG_RESTORED, "%.*s", (int)r->line.len, (const char *)r->line.p);
}

static void
on_report(void *user, const struct rebuild_report *rep)
{
	struct restore *r = user;
	struct bytes name = rep->target.n > 0 ? rep->target : rep->name;

	switch (rep->event) {
	case REBUILD_RESTORED:
		tell_restored(r, rep);
		return;
	case REBUILD_SKIPPED:
		job_report(r->job->msg, MSG_SKIPPED, "%s: %s", PATH_PRINT(name), rep->err->text);
		return;
	case REBUILD_WARNING:
		job_report(r->job->msg, MSG_WARNING, "%s: %s", PATH_PRINT(name), rep->err->text);
		return;
	case REBUILD_ERROR:
		job_report(r->job->msg, MSG_ERROR, "%s: %s", PATH_PRINT(name), rep->err->text);
		return;
	}
}

/* ---- records ---- */

static void
take_counts(struct restore *r)
{
	struct rebuild_counts c = rebuild_counts(r->rebuild);
	struct fd_job *j = r->job;

	atomic_store(&j->progress.files, r->base_files + (uint32_t)c.files);
	atomic_store(&j->progress.bytes, r->base_bytes + c.bytes);
}

static void
look_around(struct restore *r)
{
	if (++r->since_look < RECORDS_A_LOOK)
		return;
	r->since_look = 0;
	take_counts(r);
	pipe_progress_set(&r->job->progress, rebuild_current(r->rebuild));
}

static enum err_code
write_records(struct restore *r, struct feed *feed, struct err *err)
{
	struct rebuild_record rec;
	enum err_code code;

	while ((code = feed_next(feed, &rec, err)) == ERR_OK) {
		if (rebuild_record(r->rebuild, &rec, err) != ERR_OK)
			return err->code;
		look_around(r);
	}
	return code == ERR_EOF ? ERR_OK : code;
}

static enum err_code
read_records(struct restore *r, struct err *err)
{
	const struct fd_client *own = r->job->conf->client;
	OWNED(feed_freep) struct feed *feed = NULL;
	struct feed_options o = { .workers = own->maximum_workers_per_job,
				  .memory_bytes = (size_t)own->pipeline_memory,
				  .sd = r->job->sd,
				  .cancel = &r->job->cancel,
				  .read_bytes = &r->job->progress.read_bytes,
				  .stages = &r->job->progress.stages };

	if (feed_start(&o, &feed, err) != ERR_OK)
		return err->code;
	return write_records(r, feed, err);
}

/* Spec: wire.md 7.3 */
static enum err_code
read_session(struct restore *r, struct err *err)
{
	struct fd_job *j = r->job;
	struct bytes line;
	int ticket, status;

	if (conn_printf(j->sd, err, FD_SD_READ_OPEN, j->sd_session_id, j->sd_session_time, 0u, 0u,
			0u, 0u) != ERR_OK ||
	    sd_line(j, &line, err) != ERR_OK)
		return err->code;
	if (!wire_scan(line, FD_SD_OK_OPEN_SCAN, &ticket))
		return err_set(err, ERR_PROTO, "the storage daemon said: %.*s", BYTES_ARG(line));
	if (conn_printf(j->sd, err, FD_SD_READ_DATA, ticket) != ERR_OK ||
	    sd_expect(j, FD_SD_OK_DATA, err) != ERR_OK)
		return err->code;
	if (read_records(r, err) != ERR_OK || rebuild_finish(r->rebuild, err) != ERR_OK)
		return err->code;
	take_counts(r);
	if (conn_printf(j->sd, err, FD_SD_READ_CLOSE, ticket) != ERR_OK ||
	    sd_line(j, &line, err) != ERR_OK)
		return err->code;
	if (!wire_scan(line, FD_SD_OK_CLOSE_SCAN, &status))
		return err_set(err, ERR_PROTO, "the storage daemon said: %.*s", BYTES_ARG(line));
	return ERR_OK;
}

/* What is called restored is on the disk.  That may take long: the storage daemon is free
 * meanwhile, and the director gets its signs of life. */
static enum err_code
sync_restored(struct restore *r, struct err *err)
{
	struct fd_job *j = r->job;
	int64_t since;
	enum err_code rc;

	sd_close(j);
	since = clock_mono_ns();
	atomic_store(&j->waits_for, "the disks to have all that was restored");
	rc = rebuild_sync(r->rebuild, err);
	(void)stage_busy(&j->progress.stages, STAGE_SYNC, since);
	atomic_store(&j->waits_for, NULL);
	return rc;
}

static enum err_code
run_restore(struct fd_job *j, struct rebuild_options *o, struct err *err)
{
	struct restore r = { .job = j, .line = BUF_INIT(LINE_MAX_BYTES) };
	enum err_code rc;

	r.base_files = atomic_load(&j->progress.files);
	r.base_bytes = atomic_load(&j->progress.bytes);
	o->digest_guess = (enum digest_kind)atomic_load(&j->daemon->digest_kind);
	rc = rebuild_new(o, on_report, &r, &r.rebuild, err);
	if (rc == ERR_OK) {
		rc = read_session(&r, err);
		if (rc != ERR_OK)
			rebuild_stop(r.rebuild);
		else
			rc = sync_restored(&r, err);
		take_counts(&r);
		atomic_store(&j->daemon->digest_kind, (int)rebuild_digest_kind(r.rebuild));
	}
	rebuild_free(r.rebuild);
	buf_release(&r.line);
	return rc;
}

/* ---- commands ---- */

static bool
scan_restore(struct bytes line, char *replace, int *prelinks, char **where, bool *regex)
{
	*regex = false;
	if (wire_scan(line, DIR_FD_RESTORE_SCAN, replace, prelinks, where))
		return true;
	*regex = true;
	return wire_scan(line, DIR_FD_RESTORE_REGEX_SCAN, replace, prelinks, where);
}

enum err_code
cmd_restore(struct session *s, struct bytes line, struct err *err)
{
	struct fd_job *j = s->job;
	struct rebuild_options o = { .where = NULL };
	OWNED(freep) char *where = NULL;
	char replace = REPLACE_ALWAYS;
	int prelinks = 0;
	bool regex;

	atomic_store(&j->type, JOB_RESTORE);
	if (!scan_restore(line, &replace, &prelinks, &where, &regex) ||
	    strchr("awon", replace) == NULL)
		return err_set(err, ERR_PROTO, "unknown restore command: %.*s", BYTES_ARG(line));
	wire_unbash(where);
	o.where = regex ? NULL : where;
	o.regexwhere = regex ? where : NULL;
	o.prelinks = prelinks != 0;
	o.replace = (enum rebuild_replace)replace;
	o.no_owner = geteuid() != 0;
	o.cancel = &j->cancel;
	o.implied = &j->implied;
	if (fd_job_await_sd(j, j->conf->client->sd_connect_timeout, err) != ERR_OK)
		return err->code;
	/* It may skip the records of others for long, in silence. */
	conn_set_wait(j->sd, &j->cancel, j->conf->client->absolute_job_timeout,
		      "the storage daemon");
	sd_report(j);
	if (conn_printf(s->dir, err, DIR_FD_OK_RESTORE) != ERR_OK ||
	    conn_flush(s->dir, err) != ERR_OK)
		return err->code;
	beat_start(j);
	if (run_restore(j, &o, err) != ERR_OK) {
		fd_job_fatal(j, err);
		return err_set(err, ERR_EOF, "the restore failed");
	}
	fd_job_set_status(j, STATUS_OK);
	if (j->key_given_twice)
		return conn_printf(s->dir, err, DIR_FD_OK_STORAGE_END);
	return ERR_OK;
}

enum err_code
cmd_endrestore(struct session *s, struct bytes line, struct err *err)
{
	(void)s;
	(void)line;
	return err_set(err, ERR_EOF, "the restore is over");
}
