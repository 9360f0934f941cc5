#include "director/job/fd_session.h"

#include "director/job/sd_session.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/catalog/cat_client.h"
#include "lib/proto/dir_fd.h"
#include "lib/proto/scan.h"

#include <inttypes.h>

/* How long a client that refused or was cancelled may take to say why. */
#define LAST_WORDS_SECONDS 5

static void
say_link(void *arg, const char *line)
{
	job_say(arg, MSG_INFO, "%s", line);
}

static enum err_code
store_client(struct fd_session *s, struct bytes line, struct err *err)
{
	struct job *j = s->job;
	const struct dir_client *cl = j->plan.client;
	struct cat_client row = { .name = cl->name,
				  .uname = j->uname,
				  .auto_prune = cl->auto_prune,
				  .file_retention = cl->file_retention,
				  .job_retention = cl->job_retention };

	while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\0'))
		line.n--;
	if (line.n > DIR_FD_OK_JOB_UNAME_AT)
		(void)snprintf(j->uname, sizeof(j->uname), "%.*s",
			       (int)(line.n - DIR_FD_OK_JOB_UNAME_AT),
			       (const char *)line.p + DIR_FD_OK_JOB_UNAME_AT);
	return cat_client_update(j->catalog, &row, err);
}

static enum err_code
send_job(struct fd_session *s, const struct sd_session *sd, struct err *err)
{
	struct job *j = s->job;
	const char *key = sd != NULL ? sd->key : DIR_FD_NO_AUTHORIZATION;
	uint32_t id = sd != NULL ? sd->session_id : 0, time = sd != NULL ? sd->session_time : 0;
	struct err why = ERR_INIT;
	struct bytes line;
	enum err_code code;

	if (fd_link_is_tls(s->link))
		code = conn_printf(s->peer.conn, err, DIR_FD_JOBID, j->id, j->unique, id, time, key,
				   sd == NULL                ? DIR_FD_SSL_NO_STORAGE
				   : sd->storage->tls.enable ? DIR_FD_SSL_FIRST
							     : DIR_FD_SSL_NONE);
	else
		code = conn_printf(s->peer.conn, err, DIR_FD_JOBID_CLEAR, j->id, j->unique, id,
				   time, key);
	if (code != ERR_OK || peer_reply(&s->peer, &line, NULL, err) != ERR_OK)
		return err->code;
	if (!bytes_starts(line, DIR_FD_OK_JOB_PREFIX))
		return peer_refused(&s->peer, "the job", line, err);
	if (store_client(s, line, &why) != ERR_OK)
		job_say(j, MSG_WARNING, "Client row: %s", why.text);
	return ERR_OK;
}

static char *
expand_word(void *arg, const char *word)
{
	return job_expand(arg, word, NULL);
}

enum err_code
fd_session_open(struct fd_session *s, struct job *j, const struct sd_session *sd, struct err *err)
{
	struct dir_client *client = j->plan.client;
	const struct fd_link_options o = {
		.timeout_seconds = j->conf->director->fd_connect_timeout,
		.cancel = &j->cancel,
		.say = say_link,
		.say_arg = j,
		.expand = expand_word,
		.expand_arg = j,
	};

	*s = (struct fd_session){ .job = j };
	(void)snprintf(s->who, sizeof(s->who), "Client \"%s\"", client->name);
	s->peer = (struct peer){ .job = j, .who = s->who };
	if (fd_link_open(j->d, j->conf, client, &o, &s->link, err) != ERR_OK)
		return err->code;
	peer_attach(&s->peer, fd_link_conn(s->link));
	mutex_lock(&j->lock);
	j->on_fd = true;
	mutex_unlock(&j->lock);
	return send_job(s, sd, err);
}

enum err_code
fd_session_level(struct fd_session *s, struct err *err)
{
	struct job *j = s->job;
	const struct level_choice *c = &j->choice;
	struct cat_job prev;
	struct err why = ERR_INIT;
	bool found = false;
	const char *prev_job = "";

	if (c->previous_job_id != 0 &&
	    cat_job_get(j->catalog, c->previous_job_id, &prev, &found, &why) == ERR_OK && found)
		prev_job = prev.job;
	if (fd_link_send_level(s->link, j->plan.level, c->since, prev_job, false, err) != ERR_OK)
		return err->code;
	return peer_expect(&s->peer, DIR_FD_OK_LEVEL, err);
}

enum err_code
fd_session_fileset(struct fd_session *s, struct err *err)
{
	const struct job_plan *p = &s->job->plan;
	bool compress = p->write_storage == NULL || p->write_storage->allow_compression;

	if (fd_link_send_fileset(s->link, p->fileset, compress, err) != ERR_OK)
		return err->code;
	return peer_expect(&s->peer, DIR_FD_OK_FILESET, err);
}

static enum err_code
send_plugin_option(struct fd_session *s, const char *option, struct err *err)
{
	OWNED(freep) char *bashed = wire_bash(str_dup(option));

	if (conn_printf(s->peer.conn, err, DIR_FD_PLUGINOPTIONS, bashed) != ERR_OK)
		return err->code;
	return peer_expect(&s->peer, DIR_FD_OK_PLUGINOPTIONS, err);
}

enum err_code
fd_session_plugin_options(struct fd_session *s, struct err *err)
{
	const struct job *j = s->job;
	const struct str_list *list = &j->plan.job->fd_plugin_options;

	if (j->req.plugin_options != NULL)
		return send_plugin_option(s, j->req.plugin_options, err);
	for (size_t i = 0; i < list->n; i++)
		if (send_plugin_option(s, list->v[i], err) != ERR_OK)
			return err->code;
	return ERR_OK;
}

enum err_code
fd_session_secure_erase(struct fd_session *s, struct err *err)
{
	int version = fd_link_version(s->link);
	OWNED(freep) char *command = NULL;
	struct bytes line;

	if (version < FD_PROTO_VERSION || version >= FD_PROTO_BACULA_MIN)
		return ERR_OK;
	if (conn_send(s->peer.conn, bytes_str(DIR_FD_SECURE_ERASE), err) != ERR_OK ||
	    peer_reply(&s->peer, &line, NULL, err) != ERR_OK)
		return err->code;
	if (!wire_scan(line, DIR_FD_OK_SECURE_ERASE_SCAN, &command))
		return peer_refused(&s->peer, "getSecureEraseCmd", line, err);
	if (strcmp(command, DIR_FD_NO_SECURE_ERASE) != 0)
		(void)snprintf(s->job->fd_erase, sizeof(s->job->fd_erase), "%s", command);
	return ERR_OK;
}

enum err_code
fd_session_bandwidth(struct fd_session *s, struct err *err)
{
	const struct job_plan *p = &s->job->plan;
	uint64_t limit = p->job->maximum_bandwidth > 0 ? p->job->maximum_bandwidth
						       : p->client->maximum_bandwidth_per_job;

	if (limit == 0 || fd_link_version(s->link) < 4)
		return ERR_OK;
	if (conn_printf(s->peer.conn, err, DIR_FD_BANDWIDTH, (int64_t)limit, s->job->unique) !=
	    ERR_OK)
		return err->code;
	return peer_expect(&s->peer, DIR_FD_OK_BANDWIDTH, err);
}

enum err_code
fd_session_scripts(struct fd_session *s, struct err *err)
{
	const struct dir_job *job = s->job->plan.job;
	bool before = false;

	for (size_t i = 0; i < job->n_run_script; i++) {
		const struct conf_script *r = &job->run_script[i];
		OWNED(freep) char *command = NULL;

		if (r->when & SCRIPT_BEFORE)
			before = true; /* the director's too: wire.md 5.5 step 9 */
		if (!r->on_client || r->is_console)
			continue;
		command = wire_bash(job_expand(s->job, r->command, NULL));
		if (conn_printf(s->peer.conn, err, DIR_FD_RUN, r->on_success ? 1u : 0u,
				r->on_failure ? 1u : 0u, r->fail_job_on_error ? 1u : 0u,
				(unsigned)r->when, command) != ERR_OK ||
		    peer_expect(&s->peer, DIR_FD_OK_RUN, err) != ERR_OK)
			return err->code;
	}
	if (!before)
		return ERR_OK;
	if (conn_send(s->peer.conn, bytes_str(DIR_FD_RUN_BEFORE_NOW), err) != ERR_OK)
		return err->code;
	return peer_expect(&s->peer, DIR_FD_OK_RUN_BEFORE_NOW, err);
}

enum err_code
fd_session_storage(struct fd_session *s, const struct dir_storage *st, const char *key,
		   struct err *err)
{
	const struct dir_client *cl = s->job->plan.client;
	int ssl = sd_session_ssl(st, fd_link_is_tls(s->link));
	const char *address = cl->fd_storage_address != NULL   ? cl->fd_storage_address
			      : st->fd_storage_address != NULL ? st->fd_storage_address
			      : cl->lan_address != NULL && st->lan_address != NULL ? st->lan_address
										   : st->address;
	enum err_code code = key == NULL ? conn_printf(s->peer.conn, err, DIR_FD_STORAGE, address,
						       (int)st->port, ssl)
					 : conn_printf(s->peer.conn, err, DIR_FD_STORAGE_AUTH,
						       address, (int)st->port, ssl, key);

	if (code != ERR_OK)
		return code;
	return peer_expect(&s->peer, DIR_FD_OK_STORAGE, err);
}

bool
fd_session_take_end(struct fd_session *s, struct bytes line)
{
	struct fd_end e = { .seen = true };

	if (!wire_scan(line, DIR_FD_END_JOB_SCAN, &e.term_code, &e.files, &e.read_bytes, &e.bytes,
		       &e.errors, &e.vss, &e.encrypt))
		return false;
	mutex_lock(&s->job->lock);
	s->job->fd = e;
	s->job->fd_status = e.term_code;
	mutex_unlock(&s->job->lock);
	return true;
}

enum err_code
fd_session_end(struct fd_session *s, struct err *err)
{
	struct bytes line;
	bool seen, eod;

	mutex_lock(&s->job->lock);
	seen = s->job->fd.seen;
	mutex_unlock(&s->job->lock);
	for (;;) {
		enum err_code code;

		eod = false;
		code = peer_reply(&s->peer, &line, &eod, err);
		if (code == ERR_OK && !eod && fd_session_take_end(s, line))
			seen = true; /* messages may follow until TERMINATE */
		else if (code == ERR_OK && !eod)
			job_say(s->job, MSG_ERROR, "Unexpected Client Job message: %s",
				PATH_PRINT(line));
		if (code != ERR_OK && seen)
			return ERR_OK;
		if (code == ERR_EOF)
			return err_set(err, ERR_PEER, "No Job status returned from FD.");
		if (code != ERR_OK)
			return code;
	}
}

void
fd_session_last_words(struct fd_session *s)
{
	struct err err = ERR_INIT;
	struct bytes line;
	bool eod = false;

	if (s->job == NULL || s->link == NULL)
		return;
	conn_set_wait(s->peer.conn, &s->job->abort, LAST_WORDS_SECONDS, s->who);
	while (peer_reply(&s->peer, &line, &eod, &err) == ERR_OK)
		if (!eod)
			(void)fd_session_take_end(s, line);
}

void
fd_session_close(struct fd_session *s)
{
	if (s->job == NULL)
		return;
	mutex_lock(&s->job->lock);
	s->job->on_fd = false;
	mutex_unlock(&s->job->lock);
	fd_link_free(s->link);
	s->link = NULL;
	peer_release(&s->peer);
	s->job = NULL;
}
