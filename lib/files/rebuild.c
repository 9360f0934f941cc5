/*
 * The state machine: an attribute record begins a file and ends the one before; what follows with
 * the same FileIndex belongs to it.  Each session has its own current file, since jobs interleave
 * on a volume.  Whatever goes wrong with a file is told once and the records of it that still come
 * are dropped; only a full target and a cancel end the restore.
 */
#include "lib/files/rebuild_internal.h"

#include <inttypes.h>
#include <unistd.h>

#include "lib/base/own.h"
#include "lib/base/path.h"

#define ATTR_RECORD_MAX 20000000u /* RECORD_DATA_MAX of a volume */

/* ---- reports ---- */

static void
send_report(struct rebuild *r, const struct rebuild_report *report)
{
	uint64_t *counts[] = {
		[REBUILD_RESTORED] = &r->counts.files,
		[REBUILD_SKIPPED] = &r->counts.skipped,
		[REBUILD_WARNING] = &r->counts.warnings,
		[REBUILD_ERROR] = &r->counts.errors,
	};

	(*counts[report->event])++;
	r->report(r->user, report);
}

void
rebuild_say(struct rebuild *r, const struct rebuild_file *f, enum rebuild_event event,
	    const struct err *err)
{
	struct rebuild_report report = { .event = event, .err = err };

	if (f->state != FILE_NONE) {
		report.file_index = f->file_index;
		report.name = f->attr.name;
		report.target = buf_bytes(&f->target);
		report.attr = &f->attr;
		report.stat = &f->st;
	}
	send_report(r, &report);
}

/* An error about a file of which only the index is known. */
static void
say_index(struct rebuild *r, int32_t file_index, const struct err *err)
{
	struct rebuild_report report = { .event = REBUILD_ERROR,
					 .file_index = file_index,
					 .err = err };

	send_report(r, &report);
}

void
rebuild_fail(struct rebuild *r, struct rebuild_file *f, const struct err *err)
{
	struct err e = *err;

	if (f->beside != 0) {
		rebuild_drop(r, f);
		(void)err_set(&e, err->code, "%s; the file that was there stays", err->text);
	}
	rebuild_say(r, f, REBUILD_ERROR, &e);
	closep(&f->fd);
	f->fd = -1;
	f->state = FILE_SKIP;
}

/* ---- files of sessions ---- */

struct rebuild_file *
rebuild_file_new(void)
{
	struct rebuild_file *f = NEW(struct rebuild_file);

	f->fd = -1;
	f->record.max = ATTR_RECORD_MAX;
	f->mapped.max = ATTR_RECORD_MAX;
	f->target.max = 2 * ATTR_RECORD_MAX;
	f->path.max = ATTR_RECORD_MAX;
	f->small.max = ATTR_RECORD_MAX;
	f->acl_access.max = f->acl_default.max = f->xattr.max = ATTR_RECORD_MAX;
	f->digest = digest_new();
	return f;
}

void
rebuild_file_free(struct rebuild_file *f)
{
	if (f == NULL)
		return;
	closep(&f->fd);
	buf_release(&f->record);
	buf_release(&f->mapped);
	buf_release(&f->target);
	buf_release(&f->path);
	buf_release(&f->small);
	buf_release(&f->acl_access);
	buf_release(&f->acl_default);
	buf_release(&f->xattr);
	digest_free(f->digest);
	free(f->extents);
	free(f);
}

void
rebuild_file_move(struct rebuild_file *f, struct rebuild_file *to)
{
	struct rebuild_file spare = *to;

	*to = *f;
	*f = spare;
	f->session_id = to->session_id;
	f->session_time = to->session_time;
	f->used = to->used;
	f->file_index = to->file_index;
	f->lost_before = to->lost_before;
	f->lost_index = to->lost_index;
	f->state = FILE_NONE;
	f->damaged = false;
	f->fd = -1;
}

void
rebuild_close(struct rebuild_file *f)
{
	f->close_errno = f->into == INTO_DEVICE && fsync(f->fd) != 0 ? errno : 0;
	if (close(f->fd) != 0)
		f->close_errno = errno;
	f->fd = -1;
}

/* A full target and a cancel concern everything that follows; any other failure only this file. */
static enum err_code
judge(struct rebuild *r, struct rebuild_file *f, enum err_code code, struct err *err)
{
	if (code == ERR_OK)
		return ERR_OK;
	rebuild_fail(r, f, err);
	return code == ERR_FULL || code == ERR_CANCELED ? code : ERR_OK;
}

static void
say_restored(struct rebuild *r, struct rebuild_file *f)
{
	if (f->state > FILE_SKIP && !f->damaged)
		rebuild_say(r, f, REBUILD_RESTORED, NULL);
	f->state = FILE_NONE;
	f->damaged = false;
}

enum err_code
rebuild_settled(struct rebuild *r, struct rebuild_file *f, struct err *err)
{
	enum err_code code = ERR_OK;

	if (!f->settled) {
		code = judge(r, f, rebuild_write_small(f, err), err);
		if (f->state != FILE_OPEN) /* it could not be written */
			return code;
		rebuild_attrs(r, f);
		rebuild_close(f);
	}
	/* Devices and some file systems tell about lost writes only here. */
	if (f->close_errno != 0) {
		errno = f->close_errno;
		code = judge(r, f, rebuild_write_failed(f, err), err);
	}
	if (f->state == FILE_OPEN && f->beside != 0)
		code = judge(r, f, rebuild_take_place(r, f, err), err);
	say_restored(r, f);
	return code;
}

/* At once, and not by the thread: the names that are linked to it are to find it. */
static enum err_code
end_beside(struct rebuild *r, struct rebuild_file *f, struct err *err)
{
	f->settled = false;
	if (!f->damaged)
		return rebuild_settled(r, f, err);
	(void)err_set(err, ERR_FORMAT, "not replaced by what is damaged");
	rebuild_fail(r, f, err);
	return ERR_OK;
}

/* What has no content. */
static void
end_other(struct rebuild *r, struct rebuild_file *f)
{
	if (f->state == FILE_DIR)
		rebuild_dir_recorded(r, f);
	if (f->state != FILE_MADE)
		return;
	rebuild_link_known(r, f);
	rebuild_attrs(r, f);
	closep(&f->fd);
	f->fd = -1;
}

/* All records of the current file are there. */
static enum err_code
end_file(struct rebuild *r, struct rebuild_file *f, struct err *err)
{
	enum err_code code = ERR_OK;

	if (f->state == FILE_OPEN)
		code = judge(r, f, rebuild_data_end(r, f, err), err);
	if (!r->o.dry_run && f->state == FILE_OPEN) {
		rebuild_link_known(r, f);
		if (f->beside != 0)
			return end_beside(r, f, err);
		return settle_put(r->settle, f, err);
	}
	if (!r->o.dry_run)
		end_other(r, f);
	say_restored(r, f);
	return code;
}

static enum err_code
drop_oldest(struct rebuild *r, struct err *err)
{
	size_t oldest = 0;
	enum err_code code;

	for (size_t i = 1; i < r->n_files; i++)
		if (r->files[i]->used < r->files[oldest]->used)
			oldest = i;
	code = end_file(r, r->files[oldest], err);
	rebuild_file_free(r->files[oldest]);
	r->files[oldest] = r->files[--r->n_files];
	return code;
}

static enum err_code
find_file(struct rebuild *r, const struct rebuild_record *rec, struct rebuild_file **out,
	  struct err *err)
{
	struct rebuild_file *f = r->last;

	if (f != NULL && f->session_id == rec->session_id && f->session_time == rec->session_time) {
		*out = f;
		return ERR_OK;
	}
	r->clock++;
	r->last = NULL;
	for (size_t i = 0; i < r->n_files && r->last == NULL; i++)
		if (r->files[i]->session_id == rec->session_id &&
		    r->files[i]->session_time == rec->session_time)
			r->last = r->files[i];
	if (r->last == NULL) {
		if (r->n_files == REBUILD_SESSIONS_MAX && drop_oldest(r, err) != ERR_OK)
			return err->code;
		r->last = r->files[r->n_files++] = rebuild_file_new();
		r->last->session_id = rec->session_id;
		r->last->session_time = rec->session_time;
	}
	r->last->used = r->clock;
	*out = r->last;
	return ERR_OK;
}

/* ---- records ---- */

/* Target name: where + name, or what the rules make of it. */
static enum err_code
map_name(struct rebuild *r, struct rebuild_file *f, struct err *err)
{
	buf_clear(&f->mapped);
	buf_clear(&f->target);
	if (r->rules != NULL) {
		if (rename_apply(r->rules, f->attr.name, &f->mapped, err) != ERR_OK)
			return err->code;
		if (f->mapped.len == 0)
			return err_set(err, ERR_LIMIT, "regexwhere leaves no name");
	} else if (buf_append(&f->mapped, f->attr.name.p, f->attr.name.n, err) != ERR_OK) {
		return err->code;
	}
	if (buf_append(&f->target, r->where, strlen(r->where), err) != ERR_OK)
		return err->code;
	if (r->where[0] != '\0' && f->mapped.p[0] != '/' &&
	    buf_append(&f->target, "/", 1, err) != ERR_OK)
		return err->code;
	return buf_append(&f->target, f->mapped.p, f->mapped.len, err);
}

/* Records lost before may have been whole files: their indexes are missing then. */
static void
tell_gap(struct rebuild *r, struct rebuild_file *f, int32_t file_index)
{
	struct err e = ERR_INIT;

	if (!f->lost_before)
		return;
	f->lost_before = false;
	if (file_index <= f->file_index + 1)
		return;
	(void)err_set(&e, ERR_FORMAT, "files with index %" PRId32 " to %" PRId32 " may be missing",
		      f->file_index + 1, file_index - 1);
	say_index(r, f->file_index + 1, &e);
}

static enum err_code
begin_file(struct rebuild *r, struct rebuild_file *f, const struct rebuild_record *rec,
	   struct err *err)
{
	if (end_file(r, f, err) != ERR_OK)
		return err->code;
	tell_gap(r, f, rec->file_index);
	f->file_index = rec->file_index;
	f->begun = r->counts.records;
	f->has_acl_access = f->has_acl_default = f->has_xattr = false;
	buf_clear(&f->record);
	if (buf_append(&f->record, rec->data.p, rec->data.n, err) != ERR_OK ||
	    attr_record_parse(buf_bytes(&f->record), &f->attr, err) != ERR_OK) {
		f->lost_index = rec->file_index;
		say_index(r, rec->file_index, err);
		return ERR_OK;
	}
	f->state = FILE_SKIP;
	f->attr.file_index = rec->file_index; /* after a copy only the header is right */
	f->st = (struct lstat_fields){ 0 };
	buf_clear(&f->target);
	if (lstat_parse(f->attr.lstat, &f->st, err) != ERR_OK || map_name(r, f, err) != ERR_OK)
		return judge(r, f, err->code, err);
	rebuild_data_begin(r, f);
	return judge(r, f, rebuild_make(r, f, err), err);
}

static void
warn_stream(struct rebuild *r, struct rebuild_file *f, uint32_t id, const struct stream_row *row)
{
	struct err e = ERR_INIT;

	if (r->warned[id])
		return;
	r->warned[id] = true;
	(void)err_set(&e, ERR_FORMAT, "stream %" PRIu32 " (%s) cannot be restored on this system",
		      id, row != NULL ? row->name : "unknown");
	rebuild_say(r, f, REBUILD_WARNING, &e);
}

/* A record whose file's attributes never came. */
static void
tell_lost(struct rebuild *r, struct rebuild_file *f, int32_t file_index)
{
	struct err e = ERR_INIT;

	if (f->lost_index == file_index)
		return;
	f->lost_index = file_index;
	(void)err_set(&e, ERR_FORMAT,
		      "file index %" PRId32 ": its name and attributes are not among the records",
		      file_index);
	say_index(r, file_index, &e);
}

static enum err_code
record_of_file(struct rebuild *r, struct rebuild_file *f, const struct stream_row *row,
	       const struct rebuild_record *rec, struct err *err)
{
	switch (row->kind) {
	case STREAM_KIND_DATA:
		return judge(r, f, rebuild_data(r, f, row, rec, err), err);
	case STREAM_KIND_DIGEST:
		return judge(r, f, rebuild_check_digest(r, f, row->id, rec->data, err), err);
	case STREAM_KIND_ACL:
	case STREAM_KIND_XATTR:
		rebuild_keep_meta(f, row->id, rec->data);
		return ERR_OK;
	case STREAM_KIND_FOREIGN:
		warn_stream(r, f, row->id, row);
		return ERR_OK;
	case STREAM_KIND_ATTRIBUTES:
	case STREAM_KIND_SIGNATURE: /* checked by who has the certificates */
	case STREAM_KIND_SESSION:   /* the file was refused when its attributes came */
	case STREAM_KIND_OBJECT:
	case STREAM_KIND_PLUGIN:
		break;
	}
	return ERR_OK;
}

/* Spec: volume.md 16 */
enum err_code
rebuild_record(struct rebuild *r, const struct rebuild_record *rec, struct err *err)
{
	uint32_t id = stream_id_of(rec->stream);
	const struct stream_row *row = stream_find(id);
	struct rebuild_file *f = NULL;

	if (rec->file_index <= 0)
		return ERR_OK;
	r->counts.records++;
	if (find_file(r, rec, &f, err) != ERR_OK)
		return err->code;
	if (row != NULL && row->kind == STREAM_KIND_ATTRIBUTES)
		return begin_file(r, f, rec, err);
	if (row == NULL || row->kind == STREAM_KIND_OBJECT) {
		if (row == NULL)
			warn_stream(r, f, id, row);
		return ERR_OK;
	}
	if (f->state == FILE_NONE || f->file_index != rec->file_index) {
		/* Plugin marks stand in front of the file they name and behind it. */
		if (row->kind == STREAM_KIND_PLUGIN)
			return end_file(r, f, err);
		if (f->file_index != rec->file_index && end_file(r, f, err) != ERR_OK)
			return err->code;
		tell_lost(r, f, rec->file_index);
		return ERR_OK;
	}
	if (f->state == FILE_SKIP || f->state == FILE_LINKED)
		return ERR_OK;
	return record_of_file(r, f, row, rec, err);
}

void
rebuild_damaged(struct rebuild *r, uint32_t session_id, uint32_t session_time, int32_t file_index,
		const struct err *why)
{
	struct rebuild_file *f = NULL;
	struct err e = *why;

	for (size_t i = 0; i < r->n_files; i++)
		if (r->files[i]->session_id == session_id &&
		    r->files[i]->session_time == session_time)
			f = r->files[i];
	if (f == NULL)
		return;
	f->lost_before = true;
	if (file_index != 0 && file_index != f->file_index) {
		tell_lost(r, f, file_index);
		return;
	}
	if (f->state <= FILE_SKIP || f->damaged)
		return;
	f->damaged = true;
	(void)err_ctx(&e, "damaged");
	rebuild_say(r, f, REBUILD_ERROR, &e);
}

/* ---- the whole ---- */

static bool
mode_is_known(enum rebuild_replace m)
{
	return m == REPLACE_ALWAYS || m == REPLACE_IF_NEWER || m == REPLACE_IF_OLDER ||
	       m == REPLACE_NEVER;
}

static char *
root_of(const struct rebuild_options *o)
{
	const char *where = o->where != NULL && o->regexwhere == NULL ? o->where : "";
	size_t n = strlen(where);

	while (n > 0 && where[n - 1] == '/')
		n--;
	return str_ndup(where, n);
}

/* Who owns the target directory may put other files in place of those restored. */
static void
tell_owner(struct rebuild *r)
{
	struct rebuild_file named = { .state = FILE_DIR, .attr.name = bytes_str(r->where) };
	struct err e = ERR_INIT;
	struct stat st;

	if (!r->is_root || fstat(place_root_fd(r->place), &st) != 0 || st.st_uid == 0)
		return;
	(void)err_set(&e, ERR_SYS, "belongs to user %u, who can replace what is restored into it",
		      (unsigned)st.st_uid);
	rebuild_say(r, &named, REBUILD_WARNING, &e);
}

enum err_code
rebuild_new(const struct rebuild_options *o, rebuild_report_fn *report, void *user,
	    struct rebuild **out, struct err *err)
{
	OWNED(rebuild_freep) struct rebuild *r = NEW(struct rebuild);

	r->o = *o;
	r->o.where = r->o.regexwhere = NULL;
	if (o->replace == 0)
		r->o.replace = REPLACE_ALWAYS;
	if (!mode_is_known(r->o.replace))
		return err_set(err, ERR_CONFIG, "replace mode '%c' is unknown", (int)o->replace);
	if (o->regexwhere != NULL && rename_rules_new(o->regexwhere, &r->rules, err) != ERR_OK)
		return err->code;
	r->report = report;
	r->user = user;
	r->where = root_of(o);
	r->uid = geteuid();
	r->is_root = r->uid == 0;
	r->work = codec_work_new();
	r->plain.max = ATTR_RECORD_MAX;
	r->guess = o->digest_guess != DIGEST_NONE ? o->digest_guess : DIGEST_XXH128;
	r->settle = settle_new(r);
	r->dir_path.max = PATH_BYTES_MAX;
	if (!o->dry_run) {
		if (place_new(r->where, &r->place, err) != ERR_OK)
			return err->code;
		place_on(r->place, rebuild_dir_made, rebuild_dir_entered, r);
		tell_owner(r);
	}
	*out = TAKE_PTR(r);
	return ERR_OK;
}

/* More of the file may have been to come. */
static void
break_off(struct rebuild *r, struct rebuild_file *f)
{
	struct err e = ERR_INIT;

	if (f->state == FILE_DIR)
		rebuild_dir_recorded(r, f);
	if (f->state != FILE_OPEN && f->state != FILE_MADE)
		return;
	(void)err_set(&e, ERR_PEER, "is incomplete: the restore ended in the middle of it");
	rebuild_fail(r, f, &e);
}

void
rebuild_stop(struct rebuild *r)
{
	struct err told = ERR_INIT;

	if (r->ended || r->o.dry_run)
		return;
	r->ended = r->broken = true;
	for (size_t i = 0; i < r->n_files; i++)
		break_off(r, r->files[i]);
	(void)!settle_drain(r->settle, &told);
	rebuild_dirs_finish(r);
}

void
rebuild_free(struct rebuild *r)
{
	if (r == NULL)
		return;
	if (r->place != NULL)
		rebuild_stop(r);
	settle_free(r->settle);
	for (size_t i = 0; i < r->n_files; i++)
		rebuild_file_free(r->files[i]);
	rebuild_dirs_free(r);
	inodes_release(&r->linked);
	names_release(&r->made);
	names_release(&r->dirs_set);
	place_free(r->place);
	rename_rules_free(r->rules);
	codec_work_free(r->work);
	buf_release(&r->plain);
	buf_release(&r->dir_path);
	free(r->where);
	free(r);
}

void
rebuild_freep(struct rebuild **r)
{
	rebuild_free(*r);
	*r = NULL;
}

enum err_code
rebuild_finish(struct rebuild *r, struct err *err)
{
	enum err_code code = ERR_OK;
	struct err other = ERR_INIT;

	for (size_t i = 0; i < r->n_files; i++) {
		struct err *e = code == ERR_OK ? err : &other;

		if (end_file(r, r->files[i], e) != ERR_OK && code == ERR_OK)
			code = err->code;
	}
	if (settle_drain(r->settle, code == ERR_OK ? err : &other) != ERR_OK && code == ERR_OK)
		code = err->code;
	r->ended = true;
	r->broken = code != ERR_OK;
	if (!r->o.dry_run)
		rebuild_dirs_finish(r);
	return code;
}

enum err_code
rebuild_sync(struct rebuild *r, struct err *err)
{
	return r->place != NULL ? place_sync(r->place, err) : ERR_OK;
}

struct rebuild_counts
rebuild_counts(const struct rebuild *r)
{
	return r->counts;
}

enum digest_kind
rebuild_digest_kind(const struct rebuild *r)
{
	return r->guess;
}

struct bytes
rebuild_current(const struct rebuild *r)
{
	return r->last != NULL && r->last->state != FILE_NONE ? r->last->attr.name
							      : bytes_of(NULL, 0);
}
