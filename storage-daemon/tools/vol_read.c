#include "storage-daemon/tools/vol_read.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/fd.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/path.h"

struct reader {
	struct vol_reading *r;
	struct gather *gather;
	const struct vol_input *in;
	char volume[128]; /* its name in bootstraps: the label's, or the file's */
};

/* ---- inputs ---- */

void
vol_inputs_add(struct vol_inputs *in, const char *path, const char *volume, size_t visit)
{
	in->v = (struct vol_input *)mem_grow(in->v, in->n, &in->cap, sizeof(*in->v));
	in->v[in->n++] = (struct vol_input){ str_dup(path), volume != NULL ? str_dup(volume) : NULL,
					     visit };
}

void
vol_inputs_release(struct vol_inputs *in)
{
	for (size_t i = 0; i < in->n; i++) {
		free(in->v[i].path);
		free(in->v[i].volume);
	}
	free(in->v);
	*in = (struct vol_inputs){ 0 };
}

static enum err_code
pread_volume(void *user, void *p, size_t n, uint64_t at, size_t *got, struct err *err)
{
	const int *fd = user;
	size_t have = 0;

	while (have < n) {
		ssize_t r = pread(*fd, (char *)p + have, n - have, (off_t)(at + have));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_errno(err, ERR_SYS, "cannot be read at %" PRIu64, at + have);
		if (r == 0)
			break;
		have += (size_t)r;
	}
	*got = have;
	return ERR_OK;
}

static bool
is_chosen(void *user, struct bytes name)
{
	const struct vol_reading *r = (const struct vol_reading *)user;

	return (r->include == NULL || name_list_has(r->include, name)) &&
	       (r->exclude == NULL || !name_list_has(r->exclude, name));
}

/* ---- one volume ---- */

static enum err_code
judge_label(struct reader *v, const struct volume_label *label, struct err *err)
{
	if (v->in->volume != NULL && strcmp(v->in->volume, label->volume) != 0)
		return err_set(err, ERR_FORMAT, "this is volume %s, not %s",
			       PATH_PRINT(bytes_str(label->volume)), v->in->volume);
	(void)snprintf(v->volume, sizeof(v->volume), "%s", label->volume);
	if (v->r->seen != NULL)
		v->r->seen(v->r, v->in, label);
	return ERR_OK;
}

/* A good first block without a label may be what is left of a volume. */
static enum err_code
take_label(struct reader *v, const struct volume_block *first, struct err *err)
{
	struct record_reader records;
	struct record_piece p;
	struct volume_label label;
	struct err ignored = ERR_INIT;

	record_reader_init(&records, first->bytes, &first->head);
	if (record_next(&records, &p, &ignored) != ERR_OK ||
	    (p.file_index != VOL_LABEL && p.file_index != PRE_LABEL))
		return ERR_OK;
	if (volume_label_parse(p.data, &label, err) != ERR_OK)
		return err->code;
	return judge_label(v, &label, err);
}

/* Is it a volume, and which?  Only its first block may be bad. */
static enum err_code
begin_volume(struct reader *v, struct volume_scan *scan, struct err *err)
{
	struct volume_block b = { 0 };
	struct err why = ERR_INIT, ignored = ERR_INIT;
	enum err_code code = volume_scan_next(scan, &b, &why);

	if (code == ERR_OK)
		return take_label(v, &b, err);
	if (code == ERR_EOF)
		return err_set(err, ERR_FORMAT, "the file is empty");
	if (code != ERR_FORMAT) {
		*err = why;
		return code;
	}
	if (b.head.len == 0 && volume_scan_next(scan, &b, &ignored) == ERR_EOF)
		return err_set(err, ERR_FORMAT, "not a volume: %s", why.text);
	return ERR_OK;
}

static enum err_code
read_scanned(struct reader *v, struct volume_scan *scan, uint64_t end, struct err *err)
{
	enum err_code code = begin_volume(v, scan, err);

	volume_scan_seek(scan, 0);
	if (code == ERR_OK)
		code = gather_volume(v->gather, v->volume, scan, end, err);
	if (code != ERR_OK && !gather_was_refused(v->gather))
		return err_ctx(err, "volume %s", v->in->path);
	return code;
}

static enum err_code
read_volume(struct reader *v, struct err *err)
{
	OWNED(closep) int fd = -1;
	OWNED(volume_scan_freep) struct volume_scan *scan = NULL;
	const struct vol_input *in = v->in;
	const char *slash = strrchr(in->path, '/');
	off_t end;

	if (in->visit != VOL_NO_VISIT)
		bootstrap_enter_visit(v->r->bootstrap, in->visit);
	(void)snprintf(v->volume, sizeof(v->volume), "%s",
		       in->volume != NULL ? in->volume
		       : slash != NULL    ? slash + 1
					  : in->path);
	if (fd_open(in->path, O_RDONLY, 0, &fd, err) != ERR_OK)
		return err_ctx(err, "volume");
	end = lseek(fd, 0, SEEK_END);
	if (end < 0)
		return err_errno(err, ERR_SYS, "volume %s", in->path);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	scan = volume_scan_new(pread_volume, &fd);
	volume_scan_read_past_errors(scan);
	return read_scanned(v, scan, (uint64_t)end, err);
}

/* Those behind a volume that cannot be read may still serve. */
static enum err_code
read_volumes(struct reader *v, struct err *err)
{
	const struct vol_inputs *in = v->r->inputs;
	size_t unread = 0;

	for (size_t i = 0; i < in->n; i++) {
		struct err why = ERR_INIT;

		v->in = &in->v[i];
		if (read_volume(v, &why) == ERR_OK)
			continue;
		*err = why;
		if (gather_was_refused(v->gather) || ++unread == in->n)
			return why.code;
		gather_unread(v->gather, v->volume, &why);
	}
	gather_finish(v->gather);
	return ERR_OK;
}

enum err_code
vol_read(struct vol_reading *r, const struct gather_ops *ops, struct err *err)
{
	struct gather_ops all = *ops;
	struct reader v = { .r = r };
	enum err_code code;

	if (r->include != NULL || r->exclude != NULL)
		all.wants = is_chosen;
	v.gather = gather_new(r->bootstrap, &all, r);
	code = read_volumes(&v, err);
	gather_free(v.gather);
	return code;
}
