/*
 * director/job/backup.c - one backup: two conversations, the attributes, and the verdict
 *
 * The job's thread talks with the client; a thread of its own reads the storage daemon, serves its
 * catalog requests and hands attributes to the catalog's loader.  A backup is good only when the
 * client, the storage daemon and the catalog counted the same files.
 * Spec: director.md 10, wire.md 5.5, 6
 */
#include "director/job/expect.h"
#include "director/job/fd_session.h"
#include "director/job/sd_session.h"

#include "lib/base/clock.h"
#include "lib/base/own.h"
#include "lib/catalog/cat_jobmedia.h"
#include "lib/proto/dir_fd.h"

#include <inttypes.h>

#define AFTER_FAILURE_SECONDS 30  /* for the other daemon to end by itself (wire.md 12) */
#define CATALOG_SECONDS       900 /* for a catalog away at the end: ten minutes, and its recovery */

struct backup {
	struct job *job;
	struct sd_session sd;
	struct fd_session fd;
	struct cat_attr *attr; /* owned */
	struct attr_recv recv;
};

static enum err_code
open_attributes(struct backup *b, struct err *err)
{
	struct job *j = b->job;
	const struct cat_attr_options o = {
		.job_id = j->id,
		.previous_job_id = j->choice.previous_job_id,
		.no_files = !j->plan.pool->catalog_files,
		.cancel = &j->abort,
	};

	if (cat_attr_open(j->catalog, &o, &b->attr, err) != ERR_OK)
		return err->code;
	b->recv.attr = b->attr;
	return ERR_OK;
}

/* Steps 2 and 3 of 10.1. */
static enum err_code
start_storage(struct backup *b, struct err *err)
{
	struct job *j = b->job;

	job_set_wait(j, STATUS_WAIT_SD, "connecting the storage daemon");
	if (sd_session_open(&b->sd, j, j->plan.write_storage, &b->recv, err) != ERR_OK)
		return err->code;
	j->vol_session_id = b->sd.session_id;
	j->vol_session_time = b->sd.session_time;
	return sd_session_reserve(&b->sd, true, err);
}

/* Steps 4 to 7. */
static enum err_code
start_client(struct backup *b, struct err *err)
{
	struct job *j = b->job;

	job_set_wait(j, STATUS_WAIT_FD, "connecting the client");
	if (fd_session_open(&b->fd, j, &b->sd, err) != ERR_OK)
		return err->code;
	job_set_status(j, STATUS_RUNNING);
	if (fd_session_level(&b->fd, err) != ERR_OK || fd_session_fileset(&b->fd, err) != ERR_OK ||
	    fd_session_plugin_options(&b->fd, err) != ERR_OK ||
	    fd_session_secure_erase(&b->fd, err) != ERR_OK ||
	    fd_session_bandwidth(&b->fd, err) != ERR_OK ||
	    fd_session_scripts(&b->fd, err) != ERR_OK)
		return err->code;
	/* Again, so that files made by the scripts are not saved a second time. */
	return job_store_start(j, err);
}

/* Steps 8 to 10. */
static enum err_code
start_data(struct backup *b, struct err *err)
{
	struct job *j = b->job;
	enum err_code code;

	if (j->plan.client->passive)
		code = sd_session_call_client(&b->sd, j->plan.client, fd_link_is_tls(b->fd.link),
					      err);
	else
		code = fd_session_storage(&b->fd, b->sd.storage, NULL, err);
	if (code != ERR_OK || sd_session_run(&b->sd, err) != ERR_OK ||
	    conn_printf(b->fd.peer.conn, err, DIR_FD_BACKUP, 0u) != ERR_OK)
		return err->code;
	if (peer_expect(&b->fd.peer, DIR_FD_OK_BACKUP, err) != ERR_OK)
		return err->code;
	mutex_lock(&j->lock);
	j->client_start_ms = clock_mono_ms();
	mutex_unlock(&j->lock);
	return ERR_OK;
}

static enum err_code
run_all(struct backup *b, struct err *err)
{
	struct job *j = b->job;

	job_say(j, MSG_INFO, "Start Backup JobId %u, Job=%s", j->id, j->unique);
	job_expect(j);
	if (open_attributes(b, err) != ERR_OK || start_storage(b, err) != ERR_OK ||
	    job_check(j, err) != ERR_OK || start_client(b, err) != ERR_OK ||
	    job_check(j, err) != ERR_OK || start_data(b, err) != ERR_OK)
		return err->code;
	return fd_session_end(&b->fd, err);
}

/* The storage daemon's last word; whether the client ended well decides how long we wait. */
static void
await_storage(struct backup *b, bool client_ok)
{
	struct job *j = b->job;
	struct sd_end end = { .seen = false };

	if (!b->sd.thread.running)
		return;
	(void)sd_session_wait(&b->sd, client_ok ? 0 : AFTER_FAILURE_SECONDS, &end);
	mutex_lock(&j->lock);
	j->sd = end;
	j->sd_status = end.seen ? end.status : STATUS_ERROR;
	mutex_unlock(&j->lock);
}

/* Step 13: all rows committed, or the job is not good. */
static void
finish_attributes(struct backup *b)
{
	struct job *j = b->job;
	struct cat_attr_count count = { 0 };
	struct wait w = wait_for(&j->abort, CATALOG_SECONDS, "the catalog");
	struct err err = ERR_INIT;

	if (b->attr == NULL)
		return;
	job_set_status(j, STATUS_ATTR_INSERT);
	if (cat_attr_finish(b->attr, &w, &count, &err) != ERR_OK) {
		job_fail(j, &err);
		return;
	}
	if (count.spooled > 0)
		job_say(j, MSG_INFO,
			"%" PRIu64 " attributes waited on disk while the catalog was away",
			count.spooled);
	job_say(j, MSG_INFO, "Insert of attributes batch table with %" PRIu64 " entries start",
		count.rows);
	job_say(j, MSG_INFO, "Insert of attributes batch table done");
	j->catalog_files = count.files + count.objects;
}

/* A job whose storage daemon has not said where its files are cannot be restored. */
static bool
has_positions(struct job *j, uint32_t files)
{
	OWNED(cat_bsr_rows_release) struct cat_bsr_rows rows = { 0 };
	struct err err = ERR_INIT;
	uint32_t reach;

	if (files == 0)
		return true;
	if (cat_jobmedia_list(j->catalog, &j->id, 1, &rows, &err) != ERR_OK) {
		job_say(j, MSG_ERROR, "%s", err.text);
		return false;
	}
	reach = cat_bsr_rows_reach(&rows);
	if (reach >= files)
		return true;
	job_say(j, MSG_ERROR,
		"The storage daemon has said where files 1 to %u of %u are on its volumes; the "
		"others cannot be restored",
		reach, files);
	return false;
}

/* The final letter; the comparison of the three counts is the last thing a backup does. */
static void
judge(struct backup *b)
{
	struct job *j = b->job;
	struct fd_end fd;
	struct sd_end sd;
	uint32_t complaints;
	int letter;

	mutex_lock(&j->lock);
	fd = j->fd;
	sd = j->sd;
	complaints = j->errors + j->warnings;
	letter = j->status;
	mutex_unlock(&j->lock);

	if (job_status_is_canceled(letter) || letter == STATUS_INCOMPLETE)
		return;
	if (!fd.seen || !sd.seen)
		job_say(j, MSG_FATAL, "the %s did not report how the job ended",
			fd.seen ? "storage daemon" : "client");
	else if (!job_status_is_ok(fd.term_code))
		job_set_status(j, fd.term_code);
	else if (!job_status_is_ok(sd.status))
		job_set_status(j, sd.status);
	else if (fd.files != sd.files ||
		 (j->plan.pool->catalog_files && fd.files != j->catalog_files)) {
		job_say(j, MSG_ERROR,
			"File counts disagree: client %u, storage daemon %u, catalog %" PRIu64
			"; this backup is not complete",
			fd.files, sd.files, j->catalog_files);
		job_set_status(j, STATUS_ERROR);
	} else if (!has_positions(j, fd.files))
		job_set_status(j, STATUS_ERROR);
	else if (fd.term_code == STATUS_WARNINGS || sd.status == STATUS_WARNINGS ||
		 fd.errors + sd.errors + complaints > 0)
		job_set_status(j, STATUS_WARNINGS);
	else
		job_set_status(j, STATUS_OK);
}

/* Live figures of the attributes, for status. */
static void
publish_figures(struct backup *b)
{
	struct job *j = b->job;

	mutex_lock(&j->lock);
	j->live = &b->recv;
	mutex_unlock(&j->lock);
}

static void
withdraw_figures(struct backup *b)
{
	struct job *j = b->job;

	mutex_lock(&j->lock);
	if (j->live != NULL) {
		j->live_files = atomic_load_explicit(&b->recv.files, memory_order_relaxed);
		j->live_bytes = atomic_load_explicit(&b->recv.bytes, memory_order_relaxed);
	}
	j->live = NULL;
	mutex_unlock(&j->lock);
}

void
backup_run(struct job *j)
{
	struct backup *b = NEW(struct backup);
	struct err err = ERR_INIT;
	bool client_ok;

	b->job = j;
	attr_recv_init(&b->recv, j->unique, NULL);
	publish_figures(b);
	client_ok = run_all(b, &err) == ERR_OK;
	if (!client_ok) {
		job_fail(j, &err);
		job_stop_daemons(j, NULL, NULL);
		if (err.code == ERR_PROTO || err.code == ERR_CANCELED)
			fd_session_last_words(&b->fd);
		sd_session_last_words(&b->sd);
	} else {
		mutex_lock(&j->lock);
		client_ok = job_status_is_ok(j->fd.term_code);
		mutex_unlock(&j->lock);
	}
	await_storage(b, client_ok);
	finish_attributes(b);
	withdraw_figures(b);
	fd_session_close(&b->fd);
	sd_session_close(&b->sd);
	judge(b);
	cat_attr_free(b->attr);
	free(b);
}
