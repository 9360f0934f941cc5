/*
 * file-daemon/session/verify.c - attributes and digests of the files as they are, to the director
 *
 * Levels init, catalog and disk_to_catalog.  Spec: wire.md 5.6
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "file-daemon/session/session_internal.h"
#include "lib/base/own.h"
#include "lib/crypto/digest.h"
#include "lib/proto/attr_record.h"

#define LETTERS_MAX 512u

struct verify {
	struct session *s;
	struct link_table *links;
	struct buf line, first_name;
	char letters[LETTERS_MAX];
};

/* "V", and "V" with its letters for each Options block of the Includes. */
static void
join_letters(const struct fileset *fs, char out[LETTERS_MAX])
{
	size_t n = (size_t)snprintf(out, LETTERS_MAX, "V");

	for (size_t i = 0; i < fs->n; i++)
		for (size_t k = 0; k < fs->blocks[i].n_options; k++) {
			const char *v = fs->blocks[i].options[k].verify;

			if (!fs->blocks[i].is_exclude && v[0] != '\0' &&
			    n + strlen(v) + 2 < LETTERS_MAX)
				n += (size_t)snprintf(out + n, LETTERS_MAX - n, "V%s", v);
		}
}

static enum err_code
send_attributes(struct verify *v, const struct file_entry *e, uint32_t index, struct err *err)
{
	char lstat[LSTAT_TEXT_MAX], target[4096], head[64 + LETTERS_MAX];
	struct lstat_fields f;
	struct bytes name = fileset_strip_path(e->path, e->options->strip);
	struct bytes link = bytes_of("", 0);
	struct link_saved saved = { 0 };
	bool later = e->link != 0 && !e->link_first;
	int n;

	if (later) {
		link_table_look(v->links, e->link, &saved, &v->first_name);
		link = buf_bytes(&v->first_name);
	} else if (e->type == FT_LNK) {
		ssize_t got = readlinkat(e->dir->fd, (const char *)e->path.p + e->name_at, target,
					 sizeof(target));

		link = bytes_of(target, got > 0 ? (size_t)got : 0);
	}
	lstat_from_stat(&e->st, saved.file_index, 0, &f);
	n = snprintf(head, sizeof(head), "%u 1 %s ", index, v->letters);
	buf_clear(&v->line);
	if (buf_append(&v->line, head, (size_t)n, err) != ERR_OK ||
	    buf_append(&v->line, name.p, name.n, err) != ERR_OK ||
	    (e->type == FT_DIREND && name.n > 1 && buf_append(&v->line, "/", 1, err) != ERR_OK) ||
	    buf_append(&v->line, "", 1, err) != ERR_OK ||
	    buf_append(&v->line, lstat, lstat_emit(&f, lstat) + 1, err) != ERR_OK ||
	    buf_append(&v->line, link.p, link.n, err) != ERR_OK ||
	    buf_append(&v->line, "", 1, err) != ERR_OK)
		return err->code;
	return conn_send(v->s->dir, buf_bytes(&v->line), err);
}

static enum err_code
send_digest(struct verify *v, const struct file_entry *e, uint32_t index, struct err *err)
{
	struct fd_job *j = v->s->job;
	uint8_t digest[DIGEST_MAX];
	char text[BASE64_BYTES_MAX(DIGEST_MAX) + 1];
	struct err bad = ERR_INIT;
	enum err_code rc;
	size_t n = 0;

	if (e->options->digest_stream == 0 || (e->type != FT_REG && e->type != FT_REGE))
		return ERR_OK;
	rc = pipe_digest_of(e, j->conf->client->maximum_network_buffer_size, &j->cancel, digest, &n,
			    &bad);
	if (rc == ERR_CANCELED) {
		*err = bad;
		return rc;
	}
	if (rc != ERR_OK)
		job_report_err(j->msg, MSG_ERROR, &bad);
	if (n == 0)
		return ERR_OK;
	atomic_fetch_add(&j->progress.read_bytes, (uint64_t)e->st.st_size);
	(void)base64_bytes_emit(bytes_of(digest, n), true, text);
	return conn_printf(v->s->dir, err, "%u %u %s *%s-%u*", index, e->options->digest_stream,
			   text, digest_name(digest_of_stream((int)e->options->digest_stream)),
			   index);
}

static enum err_code
on_entry(void *arg, const struct file_entry *e, struct err *err)
{
	struct verify *v = arg;
	uint32_t index = atomic_fetch_add(&v->s->job->progress.files, 1) + 1;

	if (e->link != 0 && e->link_first)
		link_table_settle(v->links, e->link, &(struct link_saved){ .file_index = index },
				  fileset_strip_path(e->path, e->options->strip));
	if (send_attributes(v, e, index, err) != ERR_OK)
		return err->code;
	return send_digest(v, e, index, err);
}

static void
on_note(void *arg, enum msg_type type, const struct err *e)
{
	job_report_err(((struct verify *)arg)->s->job->msg, type, e);
}

enum err_code
cmd_verify(struct session *s, struct bytes line, struct err *err)
{
	struct fd_job *j = s->job;
	OWNED(link_table_freep)
	struct link_table *links = link_table_new(j->conf->client->working_directory);
	struct verify v = { .s = s,
			    .links = links,
			    .line = BUF_INIT(FRAME_SEND_MAX),
			    .first_name = BUF_INIT(PATH_BYTES_MAX) };
	struct walk_sink sink = { .entry = on_entry, .note = on_note, .arg = &v };
	struct walk_options wo = { .cancel = &j->cancel, .links = links, .examined = &j->examined };
	char level[WIRE_NAME_MAX + 1];
	enum err_code rc;

	atomic_store(&j->type, JOB_VERIFY);
	if (!wire_scan(line, DIR_FD_VERIFY_SCAN, level))
		return session_refuse(s, err, DIR_FD_BAD_VERIFY, (const char *)line.p);
	if (strcmp(level, "init") != 0 && strcmp(level, "catalog") != 0 &&
	    strcmp(level, "disk_to_catalog") != 0)
		return session_refuse(s, err, DIR_FD_BAD_VERIFY_LEVEL, level);
	if (!j->has_fileset)
		return err_set(err, ERR_PROTO, "the director sent no FileSet");
	if (conn_printf(s->dir, err, DIR_FD_OK_VERIFY) != ERR_OK)
		return err->code;
	beat_start(j);
	fileset_expand(j);
	join_letters(&j->fileset, v.letters);
	rc = walk_run(&j->fileset, &wo, &sink, err);
	fd_job_report_links(j, links);
	buf_release(&v.line);
	buf_release(&v.first_name);
	if (rc != ERR_OK || conn_signal(s->dir, FRAME_EOD, err) != ERR_OK)
		return err->code;
	fd_job_set_status(j, STATUS_OK);
	return err_set(err, ERR_EOF, "the verify is over");
}
