/*
 * file-daemon/session/backup.c - the backup job: walk, pipe, the append dialogue
 *
 * Spec: wire.md 5.5, 7.1
 */
#include "file-daemon/session/session_internal.h"
#include "lib/base/own.h"
#include "lib/crypto/digest.h"

/* What a failure of the whole job is called is decided in fd_job_fatal; what is wrong with one
 * file comes as a note of the walk or from the pipe's writer, and the job goes on. */
struct backup {
	struct fd_job *job;
	struct pipe *pipe;
	uint32_t digest_stream; /* of the last file; 0 none */
};

static enum err_code
on_entry(void *arg, const struct file_entry *e, struct err *err)
{
	struct backup *b = arg;

	if (e->options->digest_stream != 0)
		b->digest_stream = e->options->digest_stream;
	return pipe_put(b->pipe, e, err);
}

static void
on_note(void *arg, enum msg_type type, const struct err *e)
{
	job_report_err(((struct backup *)arg)->job->msg, type, e);
}

static enum err_code
send_files(struct fd_job *j, uint32_t first_index, struct err *err)
{
	const struct fd_client *own = j->conf->client;
	OWNED(link_table_freep)
	struct link_table *links = link_table_new(
		j->conf->client->working_directory); /* outlives p */
	OWNED(pipe_freep) struct pipe *p = NULL;
	struct pipe_options o = { .chunk_bytes = own->maximum_network_buffer_size,
				  .first_index = first_index,
				  .workers = own->maximum_workers_per_job,
				  .memory_bytes = (size_t)own->pipeline_memory,
				  .bandwidth = &j->bandwidth,
				  .sd = j->sd,
				  .links = links,
				  .msg = j->msg,
				  .cancel = &j->cancel,
				  .progress = &j->progress };
	struct walk_options wo = { .since_counts = j->since_counts,
				   .since = j->since,
				   .cancel = &j->cancel,
				   .links = links,
				   .examined = &j->examined };
	struct backup backup = { .job = j };
	struct walk_sink sink = { .entry = on_entry, .note = on_note, .arg = &backup };
	struct err walking = ERR_INIT;
	enum err_code rc, rc_pipe;

	if (pipe_start(&o, &p, err) != ERR_OK)
		return err->code;
	backup.pipe = p;
	rc = walk_run(&j->fileset, &wo, &sink, &walking);
	atomic_store(&j->daemon->digest_kind, (int)digest_of_stream((int)backup.digest_stream));
	rc_pipe = pipe_finish(p, err);
	fd_job_report_links(j, links);
	if (rc_pipe != ERR_OK) /* it knows the reason when it stopped the walk */
		return err->code;
	if (rc != ERR_OK)
		*err = walking;
	return rc;
}

/* Spec: wire.md 7.1 */
static enum err_code
append(struct fd_job *j, uint32_t first_index, struct err *err)
{
	struct bytes line;
	int ticket, status;

	if (conn_printf(j->sd, err, FD_SD_APPEND_OPEN) != ERR_OK ||
	    sd_line(j, &line, err) != ERR_OK)
		return err->code;
	if (!wire_scan(line, FD_SD_OK_OPEN_SCAN, &ticket))
		return err_set(err, ERR_PROTO, "the storage daemon said: %.*s", BYTES_ARG(line));
	if (conn_printf(j->sd, err, FD_SD_APPEND_DATA, ticket) != ERR_OK ||
	    sd_expect(j, FD_SD_OK_DATA, err) != ERR_OK)
		return err->code;
	if (send_files(j, first_index, err) != ERR_OK)
		return err->code;
	if (conn_signal(j->sd, FRAME_EOD, err) != ERR_OK ||
	    sd_expect(j, FD_SD_OK_APPEND, err) != ERR_OK ||
	    conn_printf(j->sd, err, FD_SD_APPEND_END, ticket) != ERR_OK ||
	    sd_expect(j, FD_SD_OK_END, err) != ERR_OK ||
	    conn_printf(j->sd, err, FD_SD_APPEND_CLOSE, ticket) != ERR_OK ||
	    sd_line(j, &line, err) != ERR_OK)
		return err->code;
	if (!wire_scan(line, FD_SD_OK_CLOSE_SCAN, &status))
		return err_set(err, ERR_PROTO, "the storage daemon said: %.*s", BYTES_ARG(line));
	if (status != STATUS_OK && status != STATUS_WARNINGS)
		return err_set(err, ERR_PROTO,
			       "the storage daemon ended the job with status %c (%s)", status,
			       job_status_text(status));
	return ERR_OK;
}

static void
report_support(struct fd_job *j)
{
	unsigned flags = 0;

	for (size_t i = 0; i < j->fileset.n; i++)
		for (size_t k = 0; k < j->fileset.blocks[i].n_options; k++)
			if (!j->fileset.blocks[i].is_exclude)
				flags |= j->fileset.blocks[i].options[k].flags;
	if ((flags & OPT_XATTR) != 0)
		job_report(j->msg, MSG_INFO, "Extended attribute support is enabled");
	if ((flags & OPT_ACL) != 0)
		job_report(j->msg, MSG_INFO, "ACL support is enabled");
}

enum err_code
cmd_backup(struct session *s, struct bytes line, struct err *err)
{
	struct fd_job *j = s->job;
	uint32_t first_index;

	if (!wire_scan(line, DIR_FD_BACKUP_SCAN, &first_index))
		first_index = 0;
	atomic_store(&j->type, JOB_BACKUP);
	if (!j->has_fileset)
		return err_set(err, ERR_PROTO, "the director sent no FileSet");
	if (fd_job_await_sd(j, j->conf->client->sd_connect_timeout, err) != ERR_OK)
		return session_refuse(s, err, DIR_FD_BAD_BACKUP);
	conn_set_job_wait(j->sd, &j->cancel, j->conf->client->absolute_job_timeout,
			  "the storage daemon");
	sd_report(j);
	report_support(j);
	if (conn_printf(s->dir, err, DIR_FD_OK_BACKUP) != ERR_OK ||
	    conn_flush(s->dir, err) != ERR_OK)
		return err->code;
	beat_start(j);
	fileset_expand(j);
	/* No heartbeats to the storage daemon: inside the data a signal is fatal (wire.md 7.1). */
	if (append(j, first_index, err) != ERR_OK)
		fd_job_fatal(j, err);
	else
		fd_job_set_status(j, STATUS_OK);
	return err_set(err, ERR_EOF, "the backup is over");
}
