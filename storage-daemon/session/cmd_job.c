/*
 * storage-daemon/session/cmd_job.c - what the director says before `run`
 *
 * Spec: wire.md 6.2, 6.3 bootstrap, 6.4
 */
#include "storage-daemon/session/sd_conversation.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/base/thread.h"
#include "lib/proto/dir_sd.h"
#include "lib/proto/job_code.h"
#include "lib/proto/scan.h"
#include "storage-daemon/session/ask_director.h"
#include "storage-daemon/session/sd.h"

/* Without a JobId before: say so, end the conversation. */
static bool
needs_session(struct conversation *v)
{
	if (v->session != NULL)
		return false;
	v->over = true;
	return true;
}

/* Scripts may run on the client meanwhile: only a limit that somebody set ends it. */
static void
await_command(struct conversation *v)
{
	conn_set_wait(v->c, &v->session->cancel, v->sd->conf->storage->absolute_job_timeout,
		      "the director's next command");
}

static bool
scan_jobid(struct bytes line, struct session_job *j)
{
	int no_attr, spool_attr, spool_data, prefer, rerunning, protocol;
	uint64_t spool_size, quota;
	char format[WIRE_NAME_MAX + 1];

	if (!wire_scan(line, DIR_SD_JOBID_SCAN, &j->job_id, j->job, j->job_name, j->client,
		       &j->type, &j->level, j->fileset, &no_attr, &spool_attr, j->fileset_md5,
		       &spool_data, &prefer, &spool_size, &rerunning, &j->session_id,
		       &j->session_time, &quota, &protocol, format))
		return false;
	wire_unbash(j->job_name);
	wire_unbash(j->client);
	wire_unbash(j->fileset);
	if (strcmp(j->fileset_md5, DIR_SD_NO_MD5) == 0)
		j->fileset_md5[0] = '\0';
	j->no_attr = no_attr != 0;
	j->spool_attr = spool_attr != 0;
	j->spool_data = spool_data != 0;
	j->prefer_mounted = prefer != 0;
	j->rerunning = rerunning != 0;
	return protocol == 0 && j->job[0] != '\0';
}

enum err_code
cmd_jobid(struct conversation *v, struct bytes line, struct err *err)
{
	struct session_job job = { .job_id = 0 };
	struct err why = ERR_INIT;
	char key[JOB_KEY_LEN + 1];
	enum err_code code;

	if (!scan_jobid(line, &job)) {
		v->over = true;
		return conn_printf(v->c, err, DIR_SD_BAD_JOB, -1, (const char *)line.p);
	}
	cmd_end_session(v); /* a second JobId replaces the first */
	v->over = false;
	code = session_new(v->sd, &job, v->director->name, &v->session, &why);
	if (code != ERR_OK) {
		v->over = true;
		log_warn("director %s: %s", v->director->name, why.text);
		return conn_printf(v->c, err, DIR_SD_BAD_JOB, 0, why.text);
	}
	v->session->dir = v->c;
	session_set_msg(v->session, v->msg);
	if (v->director->maximum_bandwidth_per_job != 0)
		atomic_store(&v->session->bandwidth, v->director->maximum_bandwidth_per_job);
	thread_set_job(job.job_id);
	job_msg_set_job(v->msg, job.job_id, v->session->job.job);
	await_command(v);
	session_key_text(v->session, key);
	code = conn_printf(v->c, err, DIR_SD_OK_JOB, v->session->job.session_id,
			   v->session->job.session_time, key);
	explicit_bzero(key, sizeof(key));
	return code;
}

enum err_code
cmd_secure_erase(struct conversation *v, struct bytes line UNUSED, struct err *err)
{
	const char *command = v->sd->conf->storage->secure_erase_command;

	return conn_printf(v->c, err, DIR_SD_OK_SECURE_ERASE,
			   command != NULL ? command : DIR_SD_NO_SECURE_ERASE);
}

enum err_code
cmd_pluginoptions(struct conversation *v, struct bytes line UNUSED, struct err *err)
{
	return conn_printf(v->c, err, DIR_SD_OK_PLUGINOPTIONS);
}

/* Lines up to EOD into text. */
static enum err_code
recv_text(struct conversation *v, struct buf *text, struct err *err)
{
	for (;;) {
		struct bytes line;
		bool eod = false;
		enum err_code code = conn_recv_line(v->c, &line, &eod, err);

		if (code != ERR_OK || eod)
			return code;
		code = buf_append(text, line.p, line.n, err);
		if (code == ERR_OK && (line.n == 0 || line.p[line.n - 1] != '\n'))
			code = buf_append(text, "\n", 1, err);
		if (code != ERR_OK)
			return code;
	}
}

enum err_code
cmd_bootstrap(struct conversation *v, struct bytes line UNUSED, struct err *err)
{
	OWNED(buf_release) struct buf text = BUF_INIT(BSR_TEXT_MAX);
	struct bootstrap *bsr = NULL;
	struct err why = ERR_INIT;
	enum err_code code;

	if (needs_session(v))
		return conn_printf(v->c, err, DIR_SD_BAD_BOOTSTRAP);
	code = recv_text(v, &text, err);
	if (code != ERR_OK)
		return code;
	if (bootstrap_parse(buf_bytes(&text), &bsr, &why) != ERR_OK) {
		job_report(v->msg, MSG_FATAL, "bootstrap: %s\n", why.text);
		return conn_printf(v->c, err, DIR_SD_BAD_BOOTSTRAP);
	}
	bootstrap_free(v->session->bsr);
	v->session->bsr = bsr;
	return conn_printf(v->c, err, DIR_SD_OK_BOOTSTRAP);
}

/* ---- use storage ---- */

static bool
scan_use_storage(struct bytes line, struct reserve_wish *w)
{
	int append = 0, copy, stripe;

	if (!wire_scan(line, DIR_SD_USE_STORAGE_SCAN, w->storage, w->media_type, w->pool,
		       w->pool_type, &append, &copy, &stripe))
		return false;
	wire_unbash(w->storage);
	wire_unbash(w->media_type);
	wire_unbash(w->pool);
	wire_unbash(w->pool_type);
	w->append = append != 0;
	return true;
}

/* "use device" lines up to EOD. */
static enum err_code
recv_devices(struct conversation *v, struct reserve_wish *w, bool *ok, struct err *err)
{
	for (;;) {
		struct bytes line;
		bool eod = false;
		char name[WIRE_NAME_MAX + 1];
		enum err_code code = conn_recv_line(v->c, &line, &eod, err);

		if (code != ERR_OK || eod)
			return code;
		if (!wire_scan(line, DIR_SD_USE_DEVICE_SCAN, name)) {
			*ok = false;
			continue;
		}
		if (w->n_device < RESERVE_DEVICES_MAX) {
			(void)snprintf(w->device[w->n_device], sizeof(w->device[0]), "%s",
				       wire_unbash(name));
			w->n_device++;
		}
	}
}

/*
 * All groups up to the second EOD.  The director's order is its preference: of several groups
 * the first that this daemon can serve is taken.
 */
static enum err_code
recv_wishes(struct conversation *v, struct bytes first, struct reserve_wish **out, bool *ok,
	    struct err *why, struct err *err)
{
	OWNED(freep) struct reserve_wish *chosen = NULL;
	struct bytes line = first;
	bool eod = false;

	while (!eod) {
		OWNED(freep) struct reserve_wish *w = NEW(struct reserve_wish);
		enum err_code code;

		*ok = *ok && scan_use_storage(line, w);
		w->prefer_mounted = v->session != NULL && v->session->job.prefer_mounted;
		code = recv_devices(v, w, ok, err);
		if (code == ERR_OK && *ok &&
		    (chosen == NULL || reserve_check(&v->sd->media, chosen, why) != ERR_OK)) {
			free(chosen);
			chosen = TAKE_PTR(w);
		}
		if (code == ERR_OK)
			code = conn_recv_line(v->c, &line, &eod, err);
		if (code != ERR_OK)
			return code;
	}
	*out = TAKE_PTR(chosen);
	return ERR_OK;
}

static enum err_code
no_device(struct conversation *v, const struct reserve_wish *w, const struct err *why,
	  struct err *err)
{
	v->over = true;
	job_report_err(v->msg, MSG_FATAL, why);
	return conn_printf(v->c, err, DIR_SD_NO_DEVICE,
			   w->n_device > 0 ? w->device[0] : w->storage);
}

static enum err_code
use_ok(struct conversation *v, const char *device, struct err *err)
{
	char name[WIRE_NAME_MAX + 1];

	(void)snprintf(name, sizeof(name), "%s", device);
	return conn_printf(v->c, err, DIR_SD_OK_USE, wire_bash(name));
}

static enum err_code
take_append(struct conversation *v, struct err *err)
{
	struct session *s = v->session;
	struct media_job j = ask_media_job(s);
	struct device *d = NULL;
	struct err why = ERR_INIT;
	enum err_code code;

	if (v->sd->conf->storage->just_in_time_reservation) {
		job_report(v->msg, MSG_INFO, "Using just in time reservation for job %u\n",
			   s->job.job_id);
		return use_ok(v, DIR_SD_JUST_IN_TIME, err);
	}
	if (s->append_device != NULL)
		reserve_drop(&v->sd->media, TAKE_PTR(s->append_device), true);
	code = reserve_append(&v->sd->media, s->append_wish, &j, NULL, &d, &why);
	if (code != ERR_OK)
		return no_device(v, s->append_wish, &why, err);
	s->append_device = d;
	job_report(v->msg, MSG_INFO, "Using Device \"%s\" to write.\n", d->conf->name);
	return use_ok(v, d->conf->name, err);
}

static enum err_code
take_read(struct conversation *v, struct err *err)
{
	struct session *s = v->session;
	struct err why = ERR_INIT;

	if (s->read_device != NULL)
		reserve_drop(&v->sd->media, TAKE_PTR(s->read_device), false);
	if (reserve_read(&v->sd->media, s->read_wish, &s->read_device, &why) != ERR_OK)
		return no_device(v, s->read_wish, &why, err);
	job_report(v->msg, MSG_INFO, "Using Device \"%s\" to read.\n", s->read_device->conf->name);
	return use_ok(v, s->read_device->conf->name, err);
}

enum err_code
cmd_use_storage(struct conversation *v, struct bytes line, struct err *err)
{
	OWNED(freep) struct reserve_wish *w = NULL;
	OWNED(freep) char *said = str_ndup((const char *)line.p, size_min(line.n, 200));
	struct err why = ERR_INIT;
	struct reserve_wish **slot;
	bool ok = true;
	enum err_code code = recv_wishes(v, line, &w, &ok, &why, err);

	if (code != ERR_OK)
		return code;
	if (!ok || w == NULL || needs_session(v)) {
		v->over = true;
		return conn_printf(v->c, err, DIR_SD_BAD_USE, said);
	}
	if (reserve_check(&v->sd->media, w, &why) != ERR_OK)
		return no_device(v, w, &why, err);
	conn_set_wait(v->c, &v->session->cancel, DIRECTOR_ANSWER_S, "the director");
	slot = w->append ? &v->session->append_wish : &v->session->read_wish;
	free(*slot);
	*slot = TAKE_PTR(w);
	code = (*slot)->append ? take_append(v, err) : take_read(v, err);
	await_command(v);
	return code;
}
