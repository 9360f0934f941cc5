/*
 * director/job/bootstrap_write.c - Write Bootstrap.  Spec: director.md 10.3, 14.6
 */
#include "director/job/job_internal.h"

#include "lib/base/clock.h"
#include "lib/base/fd.h"
#include "lib/base/own.h"
#include "lib/base/proc.h"
#include "lib/catalog/cat_jobmedia.h"
#include "lib/proto/bootstrap.h"

#define BOOTSTRAP_MAX   (64u * 1024 * 1024)
#define PROGRAM_SECONDS 300

static enum err_code
emit_row(struct job *j, const struct cat_bsr_row *row, struct buf *out, struct err *err)
{
	struct bsr_record r = { .media_type = str_dup(row->media_type) };
	const char *storage = row->storage[0] != '\0' ? row->storage : j->plan.write_storage->name;

	r.storage = str_dup(storage);
	bsr_names_add(&r.volumes, row->volume);
	r.slot = row->in_changer ? row->slot : 0;
	bsr_ranges_add(&r.session_id, row->vol_session_id, row->vol_session_id);
	bsr_ranges_add(&r.session_time, row->vol_session_time, row->vol_session_time);
	bsr_ranges_add(&r.addr, row->start_addr, row->end_addr);
	bsr_ranges_add(&r.file_index, row->first_index, row->last_index);
	(void)!bsr_record_emit(&r, out, err);
	bsr_record_release(&r);
	return err->code;
}

static enum err_code
make_text(struct job *j, struct buf *out, struct err *err)
{
	struct cat_bsr_rows rows = { 0 };
	struct job_info info;
	char when[40];

	if (cat_jobmedia_list(j->catalog, &j->id, 1, &rows, err) != ERR_OK)
		return err->code;
	job_fill_info(j, &info);
	buf_text(out, "# %s - %s - %s\n",
		 clock_format(info.end_time, "%d-%b-%Y %H:%M:%S", when, sizeof(when)), j->unique,
		 info.level_text);
	for (size_t i = 0; i < rows.n && err->code == ERR_OK; i++)
		(void)!emit_row(j, &rows.v[i], out, err);
	cat_bsr_rows_release(&rows);
	return err->code;
}

static enum err_code
feed_program(const char *command, struct bytes text, struct err *err)
{
	struct proc_argv argv = { .n = 0 };
	struct proc p = PROC_INIT;
	struct wait w = wait_for(NULL, PROGRAM_SECONDS, "the Write Bootstrap program");
	char how[128];
	int status = 0;

	if (proc_split(command, &argv, err) != ERR_OK)
		return err->code;
	const struct proc_spec spec = { .argv = argv.words,
					.write_stdin = true,
					.discard_output = true };
	if (proc_start(&spec, &p, err) == ERR_OK && proc_feed(&p, text, &w, err) == ERR_OK) {
		close(TAKE_FD(p.in));
		if (proc_wait(&p, &w, &status, err) == ERR_OK && status != 0)
			(void)err_set(err, ERR_SYS, "%s: %s", command,
				      proc_status_text(status, how, sizeof(how)));
	}
	proc_release(&p);
	proc_argv_release(&argv);
	return err->code;
}

static enum err_code
read_old(const char *where, struct buf *out, struct err *err)
{
	struct err why = ERR_INIT;

	if (fd_read_file(where, out, &why) == ERR_OK || why.sys == ENOENT)
		return ERR_OK;
	*err = why;
	return err->code;
}

static enum err_code
write_to(struct job *j, const char *where, struct bytes text, struct err *err)
{
	struct buf whole = BUF_INIT(BOOTSTRAP_MAX);
	enum err_code code = ERR_OK;

	if (where[0] == '|')
		return feed_program(where + 1, text, err);
	/* Not a Full: what is there stays in front; what cannot be read must not be replaced. */
	if (j->plan.level != LEVEL_FULL)
		code = read_old(where, &whole, err);
	if (code == ERR_OK)
		code = buf_append(&whole, text.p, text.n, err);
	if (code == ERR_OK)
		code = fd_replace_file(where, buf_bytes(&whole), 0640, err);
	buf_release(&whole);
	return code;
}

void
bootstrap_write(struct job *j)
{
	struct buf text = BUF_INIT(BOOTSTRAP_MAX);
	OWNED(freep) char *where = NULL;
	struct err err = ERR_INIT;

	if (j->plan.job->write_bootstrap == NULL)
		return;
	const char *spec = j->plan.job->write_bootstrap;
	where = spec[0] == '|' ? job_expand(j, spec, NULL) : job_expand_path(j, spec);
	if (make_text(j, &text, &err) != ERR_OK ||
	    write_to(j, where, buf_bytes(&text), &err) != ERR_OK) {
		job_say(j, MSG_ERROR, "Write Bootstrap: %s", err.text);
		job_set_status(j, STATUS_WARNINGS);
	}
	buf_release(&text);
}
