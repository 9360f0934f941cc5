#include "director/job/job_internal.h"
#include "director/job/report_text.h"

#include "director/conf/fileset.h"
#include "lib/base/own.h"

static const char *
or_null(const char *s)
{
	return s[0] != '\0' ? s : NULL;
}

static void
fill_report(struct job *j, const struct job_info *i, struct report *r)
{
	const struct job_plan *p = &j->plan;

	*r = (struct report){
		.director = director_name(j->d),
		.version = director_version_short(),
		.os = director_os_text(),
		.binary_info = "self-compiled",
		.job_id = j->id,
		.unique = j->unique,
		.level_text = i->level_text,
		.type = p->type,
		.status = i->status,
		.client = p->client != NULL ? p->client->name : NULL,
		.uname = or_null(j->uname),
		.fileset = p->fileset != NULL ? p->fileset->name : NULL,
		.fileset_created = j->fileset_created,
		.compression = p->fileset != NULL ? fileset_compression(p->fileset) : NULL,
		.pool = p->pool != NULL ? p->pool->name : NULL,
		.pool_source = p->pool_source,
		.catalog = p->catalog != NULL ? p->catalog->name : NULL,
		.catalog_source = p->catalog_source,
		.storage = p->write_storage != NULL ? p->write_storage->name : NULL,
		.storage_source = p->storage_source,
		.sched_time = i->sched_time,
		.start_time = i->start_time,
		.end_time = i->end_time,
		.priority = p->priority,
		.allow_mixed = p->job->allow_mixed_priority,
		.volumes = i->volumes,
		.session_id = j->vol_session_id,
		.session_time = j->vol_session_time,
		.fd_status = i->fd_status,
		.sd_status = i->sd_status,
		.dir_erase = j->conf->director->secure_erase_command,
		.fd_erase = or_null(j->fd_erase),
		.sd_erase = or_null(j->sd_erase),
		.trigger = j->trigger,
	};
	mutex_lock(&j->lock);
	r->fd_files = j->fd.files;
	r->fd_bytes = j->fd.bytes;
	r->fd_bytes_read = j->fd.read_bytes;
	r->fd_errors = j->fd.errors;
	r->vss = j->fd.vss != 0;
	r->encryption = j->fd.encrypt != 0;
	r->sd_files = j->sd.files;
	r->sd_bytes = j->sd.bytes;
	r->sd_errors = j->sd.errors;
	r->last_volume_bytes = j->last_volume_bytes;
	r->files_expected = j->expected_files;
	mutex_unlock(&j->lock);
}

static enum msg_type
type_of(int status)
{
	return status == STATUS_OK ? MSG_INFO : status == STATUS_WARNINGS ? MSG_WARNING : MSG_ERROR;
}

void
report_send(struct job *j)
{
	struct buf text = BUF_INIT(256 * 1024);
	struct job_info info;
	struct report r;
	char *line;

	job_fill_info(j, &info);
	fill_report(j, &info, &r);
	report_emit(&r, &text);
	/* The report has no prefix, whatever its type. */
	line = str_printf("%s JobId %u: %s", director_name(j->d), j->id, buf_str(&text));
	msg_sink_put(j->sink, type_of(info.status), 0, line);
	free(line);
	buf_release(&text);
}
