#include "director/job/sd_session.h"

#include "lib/base/clock.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/catalog/cat_storage.h"
#include "lib/proto/dir_fd.h"
#include "lib/proto/dir_sd.h"
#include "lib/proto/scan.h"

#include <inttypes.h>

#define WAIT_SLICE_MS 500
/* How long a storage daemon that refused or was cancelled may take to say why. */
#define LAST_WORDS_SECONDS 5

static void
say_link(void *arg, const char *line)
{
	job_say(arg, MSG_INFO, "%s", line);
}

static char *
bashed(const char *s)
{
	return wire_bash(str_dup(s != NULL ? s : DIR_SD_NONE));
}

static enum err_code
send_job(struct sd_session *s, struct err *err)
{
	struct job *j = s->job;
	const struct job_plan *p = &j->plan;
	bool backup = p->type == JOB_BACKUP;
	OWNED(freep) char *name = bashed(p->job->name);
	OWNED(freep) char *client = bashed(p->client != NULL ? p->client->name : NULL);
	OWNED(freep) char *fileset = bashed(p->fileset != NULL ? p->fileset->name : NULL);
	struct bytes line;

	if (conn_printf(s->peer.conn, err, DIR_SD_JOBID, j->id, j->unique, name, client, p->type,
			backup ? p->level : LEVEL_NONE, fileset,
			backup && !p->pool->catalog_files ? 1 : 0,
			backup && (p->job->spool_attributes || p->spool_data) ? 1 : 0,
			p->fileset != NULL ? p->fileset->md5 : DIR_SD_NO_MD5, p->spool_data ? 1 : 0,
			p->job->prefer_mounted_volumes ? 1 : 0, p->job->spool_size, 0, 0u, 0u,
			(uint64_t)0, 0, DIR_SD_FORMAT_NATIVE) != ERR_OK ||
	    peer_reply(&s->peer, &line, NULL, err) != ERR_OK)
		return err->code;
	if (!wire_scan(line, DIR_SD_OK_JOB_SCAN, &s->session_id, &s->session_time, s->key))
		return peer_refused(&s->peer, "the job", line, err);
	return ERR_OK;
}

static enum err_code
ask_secure_erase(struct sd_session *s, struct err *err)
{
	struct bytes line;
	OWNED(freep) char *command = NULL;

	if (conn_send(s->peer.conn, bytes_str(DIR_SD_SECURE_ERASE), err) != ERR_OK ||
	    peer_reply(&s->peer, &line, NULL, err) != ERR_OK)
		return err->code;
	if (!wire_scan(line, DIR_SD_OK_SECURE_ERASE_SCAN, &command))
		return peer_refused(&s->peer, "getSecureEraseCmd", line, err);
	if (strcmp(command, DIR_SD_NO_SECURE_ERASE) != 0)
		(void)snprintf(s->job->sd_erase, sizeof(s->job->sd_erase), "%s", command);
	return ERR_OK;
}

enum err_code
sd_session_open(struct sd_session *s, struct job *j, struct dir_storage *storage,
		struct attr_recv *attrs, struct err *err)
{
	const struct sd_link_options o = {
		.timeout_seconds = j->conf->director->sd_connect_timeout,
		.cancel = &j->cancel,
		.say = say_link,
		.say_arg = j,
	};

	*s = (struct sd_session){ .job = j, .storage = storage };
	(void)snprintf(s->who, sizeof(s->who), "Storage daemon \"%s\"", storage->name);
	mutex_init(&s->lock, RANK_LEAF);
	cond_init(&s->ended);
	s->peer = (struct peer){
		.job = j, .who = s->who, .is_storage = true, .storage = storage, .attrs = attrs
	};
	if (cat_storage_ensure(j->catalog, storage->name, storage->auto_changer,
			       &s->peer.storage_id, err) != ERR_OK)
		return err->code;
	if (sd_link_open(j->d, j->conf, storage, &o, &s->link, err) != ERR_OK)
		return err->code;
	peer_attach(&s->peer, sd_link_conn(s->link));
	mutex_lock(&j->lock);
	j->on_sd = true;
	j->now_storage = storage;
	mutex_unlock(&j->lock);
	if (send_job(s, err) != ERR_OK)
		return err->code;
	return ask_secure_erase(s, err);
}

enum err_code
sd_session_reserve(struct sd_session *s, bool append, struct err *err)
{
	const struct job_plan *p = &s->job->plan;
	OWNED(freep) char *name = bashed(s->storage->name);
	OWNED(freep) char *media_type = bashed(s->storage->media_type);
	OWNED(freep) char *pool = bashed(p->pool != NULL ? p->pool->name : "Default");
	char device[JOB_NAME_SIZE];
	struct bytes line;

	if (conn_printf(s->peer.conn, err, DIR_SD_USE_STORAGE, name, media_type, pool,
			p->pool != NULL ? dir_pool_type_text(p->pool->pool_type) : "Backup",
			append ? 1 : 0, 0, 0) != ERR_OK)
		return err->code;
	for (size_t i = 0; i < s->storage->device.n; i++) {
		OWNED(freep) char *dev = bashed(s->storage->device.v[i]);

		if (conn_printf(s->peer.conn, err, DIR_SD_USE_DEVICE, dev) != ERR_OK)
			return err->code;
	}
	if (conn_signal(s->peer.conn, FRAME_EOD, err) != ERR_OK ||
	    conn_signal(s->peer.conn, FRAME_EOD, err) != ERR_OK)
		return err->code;
	job_set_wait(s->job, STATUS_WAIT_SD, "the storage daemon looks for a device");
	if (peer_reply(&s->peer, &line, NULL, err) != ERR_OK)
		return err->code;
	if (!wire_scan(line, DIR_SD_OK_USE_SCAN, device))
		return peer_refused(&s->peer, "the device", line, err);
	(void)wire_unbash(device);
	mutex_lock(&s->job->lock);
	(void)snprintf(s->job->device, sizeof(s->job->device), "%s", device);
	mutex_unlock(&s->job->lock);
	job_say(s->job, MSG_INFO, "Using Device \"%s\" to %s.", device, append ? "write" : "read");
	return ERR_OK;
}

enum err_code
sd_session_bootstrap(struct sd_session *s, struct bytes text, struct err *err)
{
	if (conn_send(s->peer.conn, bytes_str(DIR_SD_BOOTSTRAP), err) != ERR_OK)
		return err->code;
	while (text.n > 0) {
		const uint8_t *nl = memchr(text.p, '\n', text.n);
		size_t n = nl != NULL ? (size_t)(nl - text.p) + 1 : text.n;

		if (conn_send(s->peer.conn, bytes_of(text.p, n), err) != ERR_OK)
			return err->code;
		text = bytes_skip(text, n);
	}
	if (conn_signal(s->peer.conn, FRAME_EOD, err) != ERR_OK)
		return err->code;
	return peer_expect(&s->peer, DIR_SD_OK_BOOTSTRAP, err);
}

int
sd_session_ssl(const struct dir_storage *storage, bool client_tls)
{
	if (!storage->tls.enable)
		return DIR_FD_SSL_NONE;
	if (client_tls)
		return DIR_FD_SSL_FIRST;
	return storage->tls.require ? 2 : 1;
}

enum err_code
sd_session_call_client(struct sd_session *s, struct dir_client *client, bool client_tls,
		       struct err *err)
{
	const char *address = client->lan_address != NULL && s->storage->lan_address != NULL
				      ? client->lan_address
				      : client->address;

	if (conn_printf(s->peer.conn, err, DIR_SD_PASSIVE, address, (int)client->port,
			client_tls ? DIR_FD_SSL_FIRST : DIR_FD_SSL_NONE) != ERR_OK)
		return err->code;
	return peer_expect(&s->peer, DIR_SD_OK_PASSIVE, err);
}

/* ---- the message thread ---- */

static bool
take_end(struct sd_session *s, struct bytes line, struct sd_end *out)
{
	char unique[JOB_NAME_SIZE];
	struct sd_end e = { .seen = true };

	(void)s;
	if (!wire_scan(line, DIR_SD_JOB_END_SCAN, unique, &e.status, &e.files, &e.bytes, &e.errors))
		return false;
	*out = e;
	return true;
}

static void
message_main(void *arg)
{
	struct sd_session *s = arg;
	struct sd_end end = { .seen = false };
	struct err err = ERR_INIT;
	struct bytes line;
	char unique[JOB_NAME_SIZE];
	bool eod, given_up;

	thread_set_job(s->job->id);
	thread_set_cancel(&s->job->abort);
	while (!end.seen && err.code == ERR_OK) {
		eod = false;
		if (peer_reply(&s->peer, &line, &eod, &err) != ERR_OK || eod)
			continue;
		if (!take_end(s, line, &end) && !wire_scan(line, DIR_SD_JOB_START_SCAN, unique))
			job_say(s->job, MSG_ERROR, "Unexpected Storage daemon message: %s",
				PATH_PRINT(line));
	}
	mutex_lock(&s->lock);
	s->done = true;
	s->end = end;
	given_up = s->given_up;
	cond_broadcast(&s->ended);
	mutex_unlock(&s->lock);
	if (end.seen || given_up || cancel_asked(&s->job->cancel))
		return;
	/* The client works on for nobody: it is told at once. */
	job_say(s->job, MSG_FATAL, "Director's comm line to SD dropped. %s", err.text);
	job_stop_daemons_soon(s->job);
}

enum err_code
sd_session_run(struct sd_session *s, struct err *err)
{
	if (conn_send(s->peer.conn, bytes_str(DIR_SD_RUN), err) != ERR_OK ||
	    conn_flush(s->peer.conn, err) != ERR_OK)
		return err_ctx(err, "%s", s->who);
	explicit_bzero(s->key, sizeof(s->key));
	return thread_start(&s->thread, "sd-messages", message_main, s, err);
}

/* Nobody waits for 3099 any more. */
static void
give_up(struct sd_session *s)
{
	mutex_lock(&s->lock);
	s->given_up = true;
	mutex_unlock(&s->lock);
	conn_shutdown(s->peer.conn);
}

bool
sd_session_wait(struct sd_session *s, int64_t seconds, struct sd_end *out)
{
	int64_t until = seconds > 0 ? clock_mono_ms() + seconds * 1000 : 0;
	bool late = false;

	if (!s->thread.running)
		return false;
	mutex_lock(&s->lock);
	while (!s->done && !late) {
		(void)cond_wait_ms(&s->ended, &s->lock, WAIT_SLICE_MS);
		late = until != 0 && !s->done && clock_mono_ms() >= until;
	}
	mutex_unlock(&s->lock);
	if (late) {
		give_up(s);
		if (!cancel_asked(&s->job->cancel))
			job_say(s->job, MSG_FATAL,
				"%s did not end the job within %" PRId64 " seconds after the "
				"client had failed",
				s->who, seconds);
	}
	thread_join(&s->thread);
	mutex_lock(&s->lock);
	*out = s->end;
	mutex_unlock(&s->lock);
	return out->seen;
}

void
sd_session_last_words(struct sd_session *s)
{
	struct err err = ERR_INIT;
	struct bytes line;
	bool eod = false;

	if (s->job == NULL || s->link == NULL || s->thread.running)
		return;
	conn_set_wait(s->peer.conn, &s->job->abort, LAST_WORDS_SECONDS, s->who);
	while (peer_reply(&s->peer, &line, &eod, &err) == ERR_OK)
		continue;
}

void
sd_session_close(struct sd_session *s)
{
	if (s->job == NULL)
		return;
	if (s->thread.running) {
		give_up(s);
		thread_join(&s->thread);
	}
	mutex_lock(&s->job->lock);
	s->job->on_sd = false;
	mutex_unlock(&s->job->lock);
	sd_link_free(s->link);
	s->link = NULL;
	peer_release(&s->peer);
	explicit_bzero(s->key, sizeof(s->key));
	cond_release(&s->ended);
	mutex_release(&s->lock);
	s->job = NULL;
}
