/*
 * director/job/cat_request.c - catalog requests of the storage daemon
 *
 * Strict request and answer, one row per request.  While the catalog is away the request waits
 * with it (job_catalog_again): the storage daemon is patient.
 * Spec: wire.md 6.5, catalog.md 8.7
 */
#include "director/job/peer.h"

#include "director/media/next_volume.h"
#include "lib/base/clock.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/catalog/cat_attr.h"
#include "lib/catalog/cat_jobmedia.h"
#include "lib/catalog/cat_storage.h"
#include "lib/proto/dir_sd.h"
#include "lib/proto/scan.h"

#define NOTES_MAX (1u << 20)

/* Each line of notes as a message. */
static void
say_lines(struct job *j, enum msg_type type, struct buf *notes)
{
	const char *p = buf_str(notes);

	while (*p != '\0') {
		size_t n = strcspn(p, "\n");

		if (n > 0)
			job_say(j, type, "%.*s", (int)n, p);
		p += n + (p[n] == '\n');
	}
	buf_clear(notes);
}

static bool
use_counter(void *arg, const char *name, bool increment, int64_t *value)
{
	struct job *j = arg;
	struct err err = ERR_INIT;
	int32_t v;

	if (dir_conf_find_counter(j->conf, name) == NULL ||
	    cat_counter_use(j->catalog, name, increment, &v, &err) != ERR_OK)
		return false;
	*value = v;
	return true;
}

static enum err_code
find_scratch(struct job *j, const struct cat_pool *pool, uint32_t *out, struct err *err)
{
	struct cat_pool scratch;
	bool found = false;

	*out = pool->scratch_pool_id;
	if (*out != 0)
		return ERR_OK;
	if (cat_pool_get(j->catalog, "Scratch", &scratch, &found, err) != ERR_OK)
		return err->code;
	if (found)
		*out = scratch.pool_id;
	return ERR_OK;
}

static enum err_code
make_search(struct peer *p, struct volume_search *s, struct err *err)
{
	struct job *j = p->job;
	const struct job_plan *plan = &j->plan;

	*s = (struct volume_search){
		.catalog = j->catalog,
		.pool = plan->pool,
		.media_type = p->storage->media_type,
		.storage_id = p->storage_id,
		.autochanger = p->storage->auto_changer,
		.names = { .now = clock_now(),
			   .job = plan->job->name,
			   .job_name = j->unique,
			   .job_id = j->id,
			   .level = job_level_text(plan->level),
			   .type = job_type_text(plan->type),
			   .client = plan->client != NULL ? plan->client->name : NULL,
			   .dir = director_name(j->d),
			   .pool = plan->pool->name,
			   .storage = p->storage->name,
			   .catalog = catalog_name(j->catalog),
			   .media_type = p->storage->media_type,
			   .counter = use_counter,
			   .counter_arg = j },
	};
	if (job_pool_row(j, j->plan.pool, &s->pool_row, err) != ERR_OK)
		return err->code;
	return find_scratch(j, &s->pool_row, &s->scratch_pool_id, err);
}

static enum err_code
answer_volume(struct peer *p, const struct cat_media *m, struct err *err)
{
	char name[CAT_NAME_MAX];

	(void)snprintf(name, sizeof(name), "%s", m->name);
	return conn_printf(p->conn, err, CATREQ_OK_VOL, wire_bash(name), m->vol_jobs, m->vol_files,
			   m->vol_blocks, m->vol_bytes, m->vol_mounts, m->vol_errors, m->vol_writes,
			   m->max_vol_bytes, m->vol_capacity_bytes, m->status, m->slot,
			   m->max_vol_jobs, m->max_vol_files, m->in_changer ? 1 : 0,
			   m->vol_read_time, m->vol_write_time, m->end_file, m->end_block,
			   (int)m->label_type, (uint64_t)m->media_id, m->encryption_key,
			   m->min_block_size, m->max_block_size);
}

/* Say why no volume was found, once per set of reasons. */
static void
say_why(struct peer *p, struct buf *why)
{
	const char *text = buf_str(why);

	if (p->last_why != NULL && strcmp(p->last_why, text) == 0)
		return;
	free(p->last_why);
	p->last_why = str_dup(text);
	job_say(p->job, MSG_INFO,
		"No volume of pool \"%s\" can be written now:", p->job->plan.pool->name);
	say_lines(p->job, MSG_INFO, why);
}

/* ---- the requests ---- */

static enum err_code
find_media(struct peer *p, struct bytes line, struct err *err)
{
	char unique[JOB_NAME_SIZE], pool[JOB_NAME_SIZE], media_type[JOB_NAME_SIZE];
	OWNED(freep) char *unwanted = NULL;
	struct buf notes = BUF_INIT(NOTES_MAX), why = BUF_INIT(NOTES_MAX);
	struct volume_search s;
	struct cat_media m;
	int64_t since = 0;
	enum err_code code;
	bool found = false;
	int index;

	if (!wire_scan(line, CATREQ_FIND_MEDIA_SCAN, unique, &index, pool, media_type, &unwanted))
		return err_set(err, ERR_PROTO, "bad FindMedia: %s", PATH_PRINT(line));
	(void)wire_unbash(unwanted);
	do {
		buf_clear(&notes);
		buf_clear(&why);
		code = make_search(p, &s, err);
		s.index = index > 0 ? (uint32_t)index : 1;
		s.unwanted = unwanted;
		s.media_type = wire_unbash(media_type);
		if (code == ERR_OK)
			code = next_volume_find(&s, &m, &found, &notes, &why, err);
	} while (code != ERR_OK && job_catalog_again(p->job, &since, err));
	say_lines(p->job, MSG_INFO, &notes);
	if (code != ERR_OK)
		job_say(p->job, MSG_ERROR, "%s", err->text);
	if (code == ERR_OK && !found)
		say_why(p, &why);
	buf_release(&notes);
	buf_release(&why);
	if (code != ERR_OK || !found)
		return conn_send(p->conn, bytes_str(CATREQ_NO_MEDIA), err);
	return answer_volume(p, &m, err);
}

static enum err_code
get_volume(struct peer *p, struct bytes line, struct err *err)
{
	char unique[JOB_NAME_SIZE], name[JOB_NAME_SIZE];
	struct buf notes = BUF_INIT(NOTES_MAX);
	const char *reason = NULL;
	struct volume_search s;
	struct cat_media m;
	int64_t since = 0;
	enum err_code code;
	bool found = false;
	int write = 0;

	if (!wire_scan(line, CATREQ_GET_VOL_SCAN, unique, name, &write))
		return err_set(err, ERR_PROTO, "bad GetVolInfo: %s", PATH_PRINT(line));
	(void)wire_unbash(name);
	do {
		buf_clear(&notes);
		code = cat_media_get(p->job->catalog, name, &m, &found, err);
		if (code == ERR_OK && found && write != 0) {
			code = make_search(p, &s, err);
			if (code == ERR_OK)
				code = next_volume_judge(&s, &m, &reason, &notes, err);
		} else if (code == ERR_OK && found && m.enabled != 1) { /* to be read */
			reason = "is not Enabled";
		}
	} while (code != ERR_OK && job_catalog_again(p->job, &since, err));
	say_lines(p->job, MSG_INFO, &notes);
	buf_release(&notes);
	if (code != ERR_OK) {
		job_say(p->job, MSG_ERROR, "%s", err->text);
		return conn_printf(p->conn, err, CATREQ_VOL_UNKNOWN, name);
	}
	if (!found)
		return conn_printf(p->conn, err, CATREQ_VOL_UNKNOWN, name);
	if (reason != NULL)
		return conn_printf(p->conn, err, CATREQ_VOL_BAD_STATUS, name, m.status, reason);
	return answer_volume(p, &m, err);
}

static enum err_code
update_media(struct peer *p, struct bytes line, struct err *err)
{
	char unique[JOB_NAME_SIZE], name[JOB_NAME_SIZE], status[CATREQ_VOL_STATUS_MAX + 1];
	struct cat_media_update u = { .name = name, .status = status };
	struct buf notes = BUF_INIT(NOTES_MAX);
	int relabel, in_changer;
	int64_t since = 0;
	struct cat_media m;
	enum err_code code;
	bool found = false;

	if (!wire_scan(line, CATREQ_UPDATE_MEDIA_SCAN, unique, name, &u.vol_jobs, &u.vol_files,
		       &u.vol_blocks, &u.vol_bytes, &u.vol_mounts, &u.vol_errors, &u.vol_writes,
		       &u.max_vol_bytes, &u.end_time, status, &u.slot, &relabel, &in_changer,
		       &u.vol_read_time, &u.vol_write_time, &u.vol_first_written))
		return err_set(err, ERR_PROTO, "bad UpdateMedia: %s", PATH_PRINT(line));
	(void)wire_unbash(name);
	u.relabel = relabel != 0;
	u.in_changer = in_changer != 0;
	u.storage_id = p->job->plan.type == JOB_BACKUP ? p->storage_id : 0;
	mutex_lock(&p->job->lock);
	u.job_start = p->job->start_time;
	mutex_unlock(&p->job->lock);
	do {
		buf_clear(&notes);
		code = cat_media_update(p->job->catalog, &u, &m, &found, &notes, err);
	} while (code != ERR_OK && job_catalog_again(p->job, &since, err));
	say_lines(p->job, MSG_INFO, &notes);
	buf_release(&notes);
	if (code != ERR_OK) {
		job_say(p->job, MSG_FATAL, "Volume \"%s\": %s", name, err->text);
		return conn_send(p->conn, bytes_str(CATREQ_UPDATE_ERROR), err);
	}
	if (!found)
		return conn_printf(p->conn, err, CATREQ_UPDATE_FAILED, name, "no such volume");
	mutex_lock(&p->job->lock);
	p->job->last_volume_bytes = m.vol_bytes;
	mutex_unlock(&p->job->lock);
	return answer_volume(p, &m, err);
}

static void
note_volume(struct peer *p, uint32_t media_id)
{
	struct err err = ERR_INIT;
	struct cat_media m;
	bool found = false;

	if (cat_media_get_by_id(p->job->catalog, media_id, &m, &found, &err) == ERR_OK && found)
		job_add_volume(p->job, m.name, m.vol_bytes);
}

static enum err_code
create_jobmedia(struct peer *p, struct bytes line, struct err *err)
{
	char unique[JOB_NAME_SIZE];
	struct cat_jobmedia jm = { .job_id = p->job->id };
	uint64_t media_id;
	int copy, strip;
	int64_t since = 0;
	enum err_code code;

	if (!wire_scan(line, CATREQ_JOBMEDIA_SCAN, unique, &jm.first_index, &jm.last_index,
		       &jm.start_file, &jm.end_file, &jm.start_block, &jm.end_block, &copy, &strip,
		       &media_id) ||
	    !u32_from_u64(media_id, &jm.media_id))
		return err_set(err, ERR_PROTO, "bad CreateJobMedia: %s", PATH_PRINT(line));
	do {
		code = cat_jobmedia_insert(p->job->catalog, &jm, err);
	} while (code != ERR_OK && job_catalog_again(p->job, &since, err));
	if (code != ERR_OK) {
		job_say(p->job, MSG_FATAL, "Create JobMedia: %s", err->text);
		return conn_send(p->conn, bytes_str(CATREQ_BAD_JOBMEDIA), err);
	}
	/* For the placeholder too: from now on the volume is in use. */
	note_volume(p, jm.media_id);
	return conn_send(p->conn, bytes_str(CATREQ_OK_JOBMEDIA), err);
}

static enum err_code
delete_null(struct peer *p, struct bytes line, struct err *err)
{
	struct err why = ERR_INIT;

	(void)line;
	if (cat_jobmedia_delete_null(p->job->catalog, p->job->id, &why) != ERR_OK) {
		job_say(p->job, MSG_WARNING, "%s", why.text);
		return conn_send(p->conn, bytes_str(CATREQ_BAD_DELETE_NULL), err);
	}
	return conn_send(p->conn, bytes_str(CATREQ_OK_DELETE_NULL), err);
}

/* No answer, neither on success nor on failure (wire.md 6.5 Do better).  Known to status only: the
 * attributes behind it do not wait for a catalog that is away. */
static enum err_code
checkpoint_job(struct peer *p, struct bytes line, struct err *err)
{
	char unique[JOB_NAME_SIZE];
	uint32_t files;
	uint64_t bytes;

	if (!wire_scan(line, CATREQ_CHECKPOINT_JOB_SCAN, unique, &files, &bytes))
		return err_set(err, ERR_PROTO, "bad UpdateJobRecord: %s", PATH_PRINT(line));
	mutex_lock(&p->job->lock);
	p->job->checkpoint_bytes = bytes;
	mutex_unlock(&p->job->lock);
	return ERR_OK;
}

static enum err_code
checkpoint_files(struct peer *p, struct bytes line, struct err *err)
{
	struct err why = ERR_INIT;

	(void)line;
	(void)err;
	if (p->attrs != NULL && cat_attr_flush(p->attrs->attr, &why) != ERR_OK)
		job_say(p->job, MSG_WARNING, "Checkpoint: %s", why.text);
	return ERR_OK;
}

static const struct request {
	const char *word; /* third of the line */
	enum err_code (*serve)(struct peer *p, struct bytes line, struct err *err);
} requests[] = {
	{ "FindMedia=", find_media },
	{ "GetVolInfo", get_volume },
	{ "UpdateMedia", update_media },
	{ "CreateJobMedia", create_jobmedia },
	{ "DeleteNullJobmediaRecords", delete_null },
	{ "UpdateJobRecord", checkpoint_job },
	{ "UpdateFileList", checkpoint_files },
};

/* The third word of the line. */
static struct bytes
third_word(struct bytes line)
{
	for (int i = 0; i < 2; i++) {
		const uint8_t *blank = line.n > 0 ? memchr(line.p, ' ', line.n) : NULL;

		if (blank == NULL)
			return bytes_of(NULL, 0);
		line = bytes_skip(line, (size_t)(blank - line.p) + 1);
	}
	return line;
}

enum err_code
cat_request_serve(struct peer *p, struct bytes line, struct err *err)
{
	struct bytes word = third_word(line);
	char text[256];

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (bytes_starts(word, requests[i].word))
			return requests[i].serve(p, line, err);
	(void)snprintf(text, sizeof(text), "%.*s", (int)size_min(line.n, 200),
		       (const char *)line.p);
	job_say(p->job, MSG_ERROR, "%s: Invalid Catalog Request: %s", p->who, PATH_PRINT(line));
	return conn_printf(p->conn, err, CATREQ_BAD, text);
}
