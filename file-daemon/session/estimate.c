/* file-daemon/session/estimate.c - what a backup would save.  Spec: wire.md 5.8 */
#include <fcntl.h>
#include <unistd.h>

#include "file-daemon/session/listing.h"
#include "file-daemon/session/session_internal.h"
#include "lib/base/own.h"

#define LINE_MAX_BYTES 900000u /* of a frame */

struct estimate {
	struct session *s;
	struct ls_names names;
	struct buf line;
	bool list;
	uint64_t files, bytes;
};

static enum err_code
on_entry(void *arg, const struct file_entry *e, struct err *err)
{
	struct estimate *est = arg;
	char target[4096];
	ssize_t n = 0;

	est->files++;
	if (e->type == FT_REG && (e->link == 0 || e->link_first))
		est->bytes += (uint64_t)e->st.st_size;
	if (!est->list)
		return ERR_OK;
	if (e->type == FT_LNK)
		n = readlinkat(e->dir->fd, (const char *)e->path.p + e->name_at, target,
			       sizeof(target));
	buf_clear(&est->line);
	listing_line(&est->names, &e->st, e->path, bytes_of(target, n > 0 ? (size_t)n : 0),
		     &est->line);
	if (est->line.len == est->line.max)
		est->line.len--;
	buf_put(&est->line, "\n", 1);
	return conn_send(est->s->dir, buf_bytes(&est->line), err);
}

static void
on_note(void *arg, enum msg_type type, const struct err *e)
{
	job_report_err(((struct estimate *)arg)->s->job->msg, type, e);
}

enum err_code
cmd_estimate(struct session *s, struct bytes line, struct err *err)
{
	struct fd_job *j = s->job;
	OWNED(link_table_freep)
	struct link_table *links = link_table_new(j->conf->client->working_directory);
	struct estimate est = { .s = s, .line = BUF_INIT(LINE_MAX_BYTES) };
	struct walk_sink sink = { .entry = on_entry, .note = on_note, .arg = &est };
	struct walk_options wo = { .since_counts = j->since_counts,
				   .since = j->since,
				   .cancel = &j->cancel,
				   .links = links,
				   .examined = &j->examined };
	char files[32], bytes[32];
	int list = 0;
	enum err_code rc;

	if (!j->has_fileset || !wire_scan(line, DIR_FD_ESTIMATE_SCAN, &list))
		return session_refuse(s, err, DIR_FD_BAD_ESTIMATE);
	est.list = list != 0;
	fileset_expand(j);
	rc = walk_run(&j->fileset, &wo, &sink, err);
	fd_job_report_links(j, links);
	buf_release(&est.line);
	if (rc != ERR_OK)
		return rc;
	if (conn_printf(s->dir, err, DIR_FD_OK_ESTIMATE, number_with_commas(est.files, files),
			number_with_commas(est.bytes, bytes)) != ERR_OK)
		return err->code;
	return conn_signal(s->dir, FRAME_EOD, err);
}
