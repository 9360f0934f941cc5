#include "director/job/report_text.h"

#include "lib/base/clock.h"
#include "lib/base/units.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define VALUE_COLUMN 24 /* label and its blanks behind the two of the margin */

static void row(struct buf *out, const char *label, const char *fmt, ...) PRINTF(3, 4);

static void
row(struct buf *out, const char *label, const char *fmt, ...)
{
	char value[4096];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	buf_text(out, "  %s:%*s%s\n", label,
		 (int)(strlen(label) < VALUE_COLUMN - 1 ? VALUE_COLUMN - 1 - strlen(label) : 1), "",
		 value);
}

static const char *
or_none(const char *s)
{
	return s != NULL && s[0] != '\0' ? s : "*None*";
}

static void
date_row(struct buf *out, const char *label, int64_t t)
{
	char text[40];

	row(out, label, "%s", clock_format(t, "%d-%b-%Y %H:%M:%S", text, sizeof(text)));
}

static void
count_row(struct buf *out, const char *label, uint64_t n)
{
	char text[UNITS_TEXT_MAX];

	row(out, label, "%s", units_commas(n, text));
}

static void
bytes_row(struct buf *out, const char *label, uint64_t n)
{
	char commas[UNITS_TEXT_MAX], suffix[UNITS_TEXT_MAX];

	row(out, label, "%s (%sB)", units_commas(n, commas), units_suffix(n, suffix));
}

static void
source_row(struct buf *out, const char *label, const char *name, const char *source)
{
	row(out, label, "\"%s\" (From %s)", or_none(name),
	    source != NULL ? source : "unknown source");
}

static void
elapsed_rows(const struct report *r, struct buf *out)
{
	char text[UNITS_TEXT_MAX];
	int64_t seconds = r->end_time > r->start_time ? r->end_time - r->start_time : 0;

	row(out, "Elapsed time", "%s", units_elapsed(seconds, text));
}

static void
rate_row(const struct report *r, uint64_t bytes, struct buf *out)
{
	int64_t seconds = r->end_time - r->start_time;

	row(out, "Rate", "%.1f KB/s", seconds > 0 ? (double)bytes / 1000.0 / (double)seconds : 0.0);
}

static const char *
status_word(int letter)
{
	return letter != 0 ? job_status_word(letter) : "";
}

void
report_termination(int type, int status, char *out, size_t cap)
{
	const char *word = job_type_text(type);

	switch (status) {
	case STATUS_OK:
		(void)snprintf(out, cap, "%s OK", word);
		break;
	case STATUS_WARNINGS:
		(void)snprintf(out, cap, "%s OK -- with warnings", word);
		break;
	case STATUS_INCOMPLETE:
		(void)snprintf(out, cap, "%s failed -- incomplete", word);
		break;
	case STATUS_FATAL:
	case STATUS_ERROR:
		(void)snprintf(out, cap, "*** %s Error ***", word);
		break;
	case STATUS_CANCELED:
		(void)snprintf(out, cap, "%s Canceled", word);
		break;
	default:
		(void)snprintf(out, cap, "Inappropriate term code: %c", status);
		break;
	}
}

static void
tail_rows(const struct report *r, struct buf *out)
{
	char text[128];

	row(out, "Tercet binary info", "%s", r->binary_info);
	row(out, "Job triggered by", "%s", job_trigger_text(r->trigger));
	report_termination(r->type, r->status, text, sizeof(text));
	row(out, "Termination", "%s", text);
}

static void
status_rows(const struct report *r, struct buf *out)
{
	row(out, "FD termination status", "%s", status_word(r->fd_status));
	row(out, "SD termination status", "%s", status_word(r->sd_status));
	if (r->dir_erase != NULL)
		row(out, "Dir Secure Erase Cmd", "%s", r->dir_erase);
	if (r->fd_erase != NULL)
		row(out, "FD  Secure Erase Cmd", "%s", r->fd_erase);
	if (r->sd_erase != NULL)
		row(out, "SD  Secure Erase Cmd", "%s", r->sd_erase);
}

static void
backup_setting_rows(const struct report *r, struct buf *out)
{
	char created[40] = "";

	if (r->fileset_created != 0)
		clock_format(r->fileset_created, " %Y-%m-%d %H:%M:%S", created, sizeof(created));
	row(out, "OS Information", "%s", r->os);
	row(out, "JobId", "%u", r->job_id);
	row(out, "Job", "%s", r->unique);
	row(out, "Backup Level", "%s", r->level_text);
	row(out, "Client", "\"%s\" %s", or_none(r->client), r->uname != NULL ? r->uname : "");
	row(out, "FileSet", "\"%s\"%s", or_none(r->fileset), created);
	source_row(out, "Pool", r->pool, r->pool_source);
	source_row(out, "Catalog", r->catalog, r->catalog_source);
	source_row(out, "Storage", r->storage, r->storage_source);
	date_row(out, "Scheduled time", r->sched_time);
	date_row(out, "Start time", r->start_time);
	date_row(out, "End time", r->end_time);
	elapsed_rows(r, out);
	row(out, "Priority", "%d", r->priority);
	row(out, "Allow Mixed Priority", "%s", r->allow_mixed ? "yes" : "no");
}

/* Spec: director.md 21.2; saved by compression as the peer prints it. */
static void
compression_row(const struct report *r, struct buf *out)
{
	double saved = r->fd_bytes_read > 0 && r->fd_bytes < r->fd_bytes_read
			       ? 100.0 - 100.0 * (double)r->fd_bytes / (double)r->fd_bytes_read
			       : 0.0;

	if (saved < 0.5 || r->compression == NULL)
		row(out, "Software Compression", "None");
	else
		row(out, "Software Compression", "%.1f %% (%s)", saved, r->compression);
}

static void
emit_backup(const struct report *r, struct buf *out)
{
	backup_setting_rows(r, out);
	count_row(out, "FD Files Written", r->fd_files);
	count_row(out, "SD Files Written", r->sd_files);
	bytes_row(out, "FD Bytes Read", r->fd_bytes_read);
	bytes_row(out, "FD Bytes Written", r->fd_bytes);
	bytes_row(out, "SD Bytes Written", r->sd_bytes);
	rate_row(r, r->fd_bytes, out);
	compression_row(r, out);
	row(out, "VSS", "%s", r->vss ? "yes" : "no");
	row(out, "Encryption", "%s", r->encryption ? "yes" : "no");
	row(out, "Accurate", "%s", r->accurate ? "yes" : "no");
	row(out, "Volume name(s)", "%s", r->volumes != NULL ? r->volumes : "");
	row(out, "Volume Session Id", "%u", r->session_id);
	row(out, "Volume Session Time", "%u", r->session_time);
	bytes_row(out, "Last Volume Bytes", r->last_volume_bytes);
	row(out, "Non-fatal FD errors", "%u", r->fd_errors);
	row(out, "SD Errors", "%u", r->sd_errors);
	status_rows(r, out);
	tail_rows(r, out);
}

static void
emit_restore(const struct report *r, struct buf *out)
{
	row(out, "OS Information", "%s", r->os);
	row(out, "JobId", "%u", r->job_id);
	row(out, "Job", "%s", r->unique);
	row(out, "Restore Client", "\"%s\" %s", or_none(r->client),
	    r->uname != NULL ? r->uname : "");
	date_row(out, "Start time", r->start_time);
	date_row(out, "End time", r->end_time);
	elapsed_rows(r, out);
	count_row(out, "Files Expected", r->files_expected);
	count_row(out, "Files Restored", r->fd_files);
	count_row(out, "Bytes Restored", r->fd_bytes);
	rate_row(r, r->fd_bytes, out);
	row(out, "FD Errors", "%u", r->fd_errors);
	status_rows(r, out);
	tail_rows(r, out);
}

static void
emit_other(const struct report *r, struct buf *out)
{
	row(out, "JobId", "%u", r->job_id);
	row(out, "Job", "%s", r->unique);
	date_row(out, "Scheduled time", r->sched_time);
	date_row(out, "Start time", r->start_time);
	date_row(out, "End time", r->end_time);
	tail_rows(r, out);
}

void
report_emit(const struct report *r, struct buf *out)
{
	char end[40];

	switch (r->type) {
	case JOB_BACKUP:
		buf_text(out, "Tercet %s %s:\n", r->director, r->version);
		emit_backup(r, out);
		break;
	case JOB_RESTORE:
		buf_text(out, "Tercet %s %s:\n", r->director, r->version);
		emit_restore(r, out);
		break;
	default:
		buf_text(out, "TERCET %s: %s\n", r->version,
			 clock_format(r->end_time, "%d-%b-%Y %H:%M:%S", end, sizeof(end)));
		emit_other(r, out);
		break;
	}
}
