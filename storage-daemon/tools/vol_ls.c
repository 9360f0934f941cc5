#include <inttypes.h>
#include <stdio.h>

#include "lib/base/cli.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/own.h"
#include "lib/files/ls_line.h"
#include "lib/proto/job_code.h"
#include "lib/proto/stream.h"
#include "storage-daemon/tools/vol_tool.h"

struct ls_options {
	struct vol_options common;
	bool jobs, blocks, label, records;
	bool check; /* accepted for bls's sake: every record is checked */
};

struct ls {
	struct vol_reading reading; /* the first member */
	const struct ls_options *o;
	struct ls_names names;
	struct buf line;
	uint64_t files;
	bool list_files;
};

static const char *
when(int64_t us, char *out, size_t cap)
{
	return clock_format(us / 1000000, "%Y-%m-%d %H:%M:%S", out, cap);
}

static void
show_volume(struct vol_reading *r, const struct vol_input *in, const struct volume_label *l)
{
	const struct ls *ls = (const struct ls *)r;
	char t1[32], t2[32];

	if (!ls->o->label && !ls->o->jobs && ls->o->common.verbose == 0)
		return;
	vol_print("Volume %s: pool %s, media type %s, labelled %s, last written from the start %s",
		  l->volume, l->pool, l->media_type, when(l->label_us, t1, sizeof(t1)),
		  when(l->write_us, t2, sizeof(t2)));
	if (!ls->o->label)
		return;
	vol_print("  label:    %s version %" PRIu32, l->style == LABEL_BAREOS ? "Bareos" : "Bacula",
		  l->version);
	vol_print("  pool type: %s", l->pool_type);
	vol_print("  previous: %s", l->previous);
	vol_print("  host:     %s", l->host);
	vol_print("  program:  %s %s %s", l->program, l->program_version, l->program_date);
	vol_print("  file:     %s", in->path);
}

static void
show_session(void *user, const struct record_piece *p, const struct session_label *l)
{
	const struct ls *ls = user;
	bool end = p->file_index == EOS_LABEL;
	char t[32], total[160] = "";

	if (!ls->o->jobs && ls->o->common.verbose == 0)
		return;
	if (end)
		(void)snprintf(total, sizeof(total),
			       ", %" PRIu32 " files, %" PRIu64 " bytes, %" PRIu32 " errors, %s",
			       l->files, l->bytes, l->errors, job_status_text((int)l->status));
	vol_print("%s job %" PRIu32 " %s: session %" PRIu32 "/%" PRIu32
		  ", client %s, fileset %s, %s, level %s, %s%s",
		  end ? "End of" : "Begin of", l->job_id, l->job, p->session_id, p->session_time,
		  l->client, l->fileset, job_type_text((int)l->job_type),
		  job_level_text((int)l->job_level), when(l->write_us, t, sizeof(t)), total);
}

static void
show_block(void *user, const struct volume_block *b)
{
	const struct ls *ls = user;

	if (ls->o->blocks)
		printf("Block at %" PRIu64 ": length %" PRIu32 ", number %" PRIu32
		       ", session %" PRIu32 "/%" PRIu32 ", checksum 0x%08" PRIx32 "\n",
		       b->at, b->head.len, b->head.number, b->head.session_id, b->head.session_time,
		       b->head.checksum);
}

static void
show_file(struct ls *ls, const struct record *rec)
{
	struct attr_record a;
	struct lstat_fields st;
	struct err e = ERR_INIT;

	if (attr_record_parse(rec->data, &a, &e) != ERR_OK ||
	    lstat_parse(a.lstat, &st, &e) != ERR_OK) {
		vol_say("file index %" PRId32 ": %s", rec->file_index, e.text);
		ls->reading.damaged++;
		return;
	}
	ls->files++;
	if (!ls->list_files)
		return;
	buf_clear(&ls->line);
	if (a.type == FT_DELETED)
		buf_text(&ls->line, "deleted: ");
	ls_line_emit(&ls->names, a.name, a.type, &st, a.link, &ls->line);
	buf_put(&ls->line, "\n", 1);
	(void)fwrite(ls->line.p, 1, ls->line.len, stdout);
}

static enum err_code
show_record(void *user, const struct record *rec, struct err *err UNUSED)
{
	struct ls *ls = user;
	uint32_t id = stream_id_of(rec->stream);
	const struct stream_row *row = stream_find(id);

	if (ls->o->records)
		printf("Record: session %" PRIu32 "/%" PRIu32 ", file index %" PRId32
		       ", stream %" PRIu32 " %s, length %zu\n",
		       rec->session_id, rec->session_time, rec->file_index, id,
		       row != NULL ? row->name : "unknown", rec->data.n);
	if (row != NULL && row->kind == STREAM_KIND_ATTRIBUTES)
		show_file(ls, rec);
	return ERR_OK;
}

static const struct gather_ops ops = {
	.record = show_record,
	.say = vol_say_lost,
	.block = show_block,
	.session = show_session,
};

static int
list(const struct ls_options *o, char **operands, size_t n)
{
	OWNED(vol_job_release) struct vol_job j = { 0 };
	struct ls ls = { .o = o, .line = BUF_INIT(64 * 1024 * 1024) };
	struct err err = ERR_INIT;
	enum err_code code;

	ls.list_files = !o->jobs && !o->blocks && !o->label;
	if (vol_job_open(&o->common, operands, n, &j, &err) != ERR_OK) {
		vol_say("%s", err.text);
		return VOL_EXIT_UNUSABLE;
	}
	ls.reading = vol_job_reading(&j);
	ls.reading.seen = show_volume;
	code = vol_read(&ls.reading, &ops, &err);
	buf_release(&ls.line);
	if (ls.list_files && (code == ERR_OK || ls.files > 0))
		printf("%" PRIu64 " files found.\n", ls.files);
	if (code != ERR_OK) {
		vol_say("%s", err.text);
		return VOL_EXIT_UNUSABLE;
	}
	return ls.reading.damaged > 0 ? VOL_EXIT_DAMAGED : VOL_EXIT_OK;
}

int
vol_ls(int argc, char **argv)
{
	struct ls_options o = { 0 };
	const struct cli_row rows[] = {
		VOL_ROWS(&o.common),
		{ 'j', "jobs", CLI_FLAG, &o.jobs, NULL, "list the jobs on the volumes" },
		{ 'E', "check", CLI_FLAG, &o.check, NULL, "accepted: everything read is checked" },
		{ 'k', "blocks", CLI_FLAG, &o.blocks, NULL, "list the blocks" },
		{ 'L', "label", CLI_FLAG, &o.label, NULL, "show the volume's label" },
		{ 'r', "records", CLI_FLAG, &o.records, NULL, "list every record" },
	};
	const struct cli cli = { "tercet-volume ls", "list what is on volumes",
				 "VOLUME-FILE|DIRECTORY|DEVICE...", rows,
				 sizeof(rows) / sizeof(*rows) };
	struct err err = ERR_INIT;
	int first;

	if (cli_parse(&cli, argc, argv, &first, &err) != ERR_OK) {
		vol_say("%s", err.text);
		return VOL_EXIT_UNUSABLE;
	}
	if (o.common.man != 0)
		return vol_manual(
			&cli, o.common.man,
			"Reads volumes without a daemon and lists what is on them: files, "
			"or with options jobs, blocks or records. Called as bls it takes "
			"the options of that program.");
	if (o.common.help) {
		OWNED(buf_release) struct buf help = BUF_INIT(64 * 1024);

		cli_help(&cli, &help);
		printf("%sExit codes: 0 all well, 1 damage was found, 2 cannot be read at all\n",
		       buf_str(&help));
		return VOL_EXIT_OK;
	}
	log_trace_level = o.common.debug;
	return list(&o, argv + first, (size_t)(argc - first));
}
