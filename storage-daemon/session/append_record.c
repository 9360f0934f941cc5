/*
 * storage-daemon/session/append_record.c - records and session labels into blocks
 */
#include "storage-daemon/session/append_internal.h"

#include "lib/base/clock.h"
#include "lib/proto/stream.h"
#include "storage-daemon/session/sd.h"

/* Volumes that come later take blocks as long as this one's. */
static enum err_code
be_ready(struct append *a, struct err *err)
{
	enum err_code code;

	if (a->block != NULL)
		return ERR_OK;
	code = append_get_volume(a, 0, err);
	if (code != ERR_OK)
		return code;
	a->block_cap = a->on.block_max;
	if (a->on.style == LABEL_BACULA)
		a->recode = recode_new();
	a->block = append_block_new(a->block_cap);
	return append_put_session_label(a, false, 0, err);
}

static void
copy_name(char *out, size_t cap, const char *from)
{
	size_t n = strnlen(from, cap - 1);

	memcpy(out, from, n);
	out[n] = '\0';
}

static void
fill_session_label(const struct append *a, bool end, int status, struct session_label *l)
{
	const struct session_job *j = &a->s->job;
	uint64_t expected = 0;

	*l = (struct session_label){ .style = a->on.style,
				     .version = a->on.label_version,
				     .job_id = j->job_id,
				     .write_us = clock_now_us(),
				     .job_type = (uint32_t)j->type,
				     .job_level = (uint32_t)j->level };
	copy_name(l->pool, sizeof(l->pool), a->s->append_wish->pool);
	copy_name(l->pool_type, sizeof(l->pool_type), a->s->append_wish->pool_type);
	copy_name(l->job_name, sizeof(l->job_name), j->job_name);
	copy_name(l->client, sizeof(l->client), j->client);
	copy_name(l->job, sizeof(l->job), j->job);
	copy_name(l->fileset, sizeof(l->fileset), j->fileset);
	copy_name(l->fileset_md5, sizeof(l->fileset_md5), j->fileset_md5);
	if (!end)
		return;
	l->files = a->files;
	l->bytes = a->bytes;
	l->errors = job_msg_errors(a->s->msg);
	l->status = (uint32_t)status;
	if (!device_good_end(a->device, a->on.volume, &expected))
		expected = a->end_addr + 1;
	l->start_addr = a->start_addr != 0 ? a->start_addr : expected;
	l->end_addr = expected + a->block->fill.len - 1;
}

enum err_code
append_put_session_label(struct append *a, bool end, int status, struct err *err)
{
	struct session_label l;
	uint8_t data[LABEL_MAX];
	struct record_put put = { .file_index = end ? EOS_LABEL : SOS_LABEL,
				  .stream = (int32_t)a->s->job.job_id };
	enum err_code code;

	fill_session_label(a, end, status, &l);
	put.data = bytes_of(data, session_label_emit(&l, end, data));
	if (!record_fits_whole(&a->block->fill, put.data.n)) {
		code = append_pass_block(a, err);
		if (code != ERR_OK)
			return code;
	}
	if (!record_put(&a->block->fill, &put))
		return err_set(err, ERR_BUG, "a session label of %zu bytes does not fit a block",
			       put.data.n);
	a->ended = end;
	return ERR_OK;
}

static enum err_code
put_record(struct append *a, int32_t file_index, int32_t stream, struct bytes data, struct err *err)
{
	struct record_put put = { .file_index = file_index, .stream = stream, .data = data };

	while (!record_put(&a->block->fill, &put)) {
		enum err_code code = append_pass_block(a, err);

		if (code != ERR_OK)
			return code;
	}
	a->bytes += data.n;
	return ERR_OK;
}

/* The same with the file as the recoder does not know it. */
struct put_for {
	struct append *a;
	int32_t file_index;
};

static enum err_code
put_recoded(void *arg, int32_t stream, struct bytes data, struct err *err)
{
	const struct put_for *f = arg;

	return put_record(f->a, f->file_index, stream, data, err);
}

/* Once a job: bextract restores such a file, but nobody there can prove it. */
static void
warn_of_foreign_digest(struct append *a, int32_t stream)
{
	if (a->foreign_digest_told || stream_id_of(stream) != STREAM_XXH128_DIGEST)
		return;
	a->foreign_digest_told = true;
	job_report(
		a->s->msg, MSG_WARNING,
		"XXH128 digests go onto volumes of Label Style = Bacula, and Bacula's programs "
		"cannot check them; a FileSet with Signature = SHA256 or MD5 suits such volumes");
}

enum err_code
append_put(struct append *a, int32_t file_index, int32_t stream, struct bytes data, struct err *err)
{
	struct put_for f = { a, file_index };
	enum err_code code = be_ready(a, err);

	if (code != ERR_OK)
		return code;
	if (a->recode != NULL) {
		warn_of_foreign_digest(a, stream);
		return recode_record(a->recode, stream, data, put_recoded, &f, err);
	}
	return put_record(a, file_index, stream, data, err);
}

uint8_t *
append_there(const struct append *a, int32_t stream, size_t *n)
{
	*n = 0;
	if (a->recode != NULL && recode_is_for(stream))
		return NULL;
	return a->block != NULL ? record_there(&a->block->fill, n) : NULL;
}

void
append_put_there(struct append *a, int32_t file_index, int32_t stream, size_t n)
{
	record_put_there(&a->block->fill, file_index, stream, n);
	a->bytes += n;
}
