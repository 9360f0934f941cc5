#include "director/link/fd_link.h"

#include "director/conf/dir_conf.h"
#include "director/link/link_internal.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/proto/dir_fd.h"
#include "lib/proto/scan.h"

#include <stdio.h>

#define GREETING_SECONDS 60
#define SILENCE_SECONDS  600

struct fd_link {
	struct conn *conn; /* owned */
	int version;
	bool tls;
	char *client; /* owned */
	struct fd_link_options options;
};

void
fd_link_free(struct fd_link *l)
{
	struct err err = ERR_INIT;

	if (l == NULL)
		return;
	if (l->conn != NULL)
		(void)!conn_signal(l->conn, FRAME_TERMINATE, &err);
	conn_free(l->conn);
	free(l->client);
	free(l);
}

void
fd_link_freep(struct fd_link **l)
{
	fd_link_free(*l);
}

struct conn *
fd_link_conn(struct fd_link *l)
{
	return l->conn;
}

int
fd_link_version(const struct fd_link *l)
{
	return l->version;
}

const char *
fd_link_handshake(const struct fd_link *l)
{
	return l->tls ? "Immediate TLS" : "Cleartext";
}

bool
fd_link_is_tls(const struct fd_link *l)
{
	return l->tls;
}

/* TLS first; clear only when the client's resource does not require TLS.  Spec: wire.md 3.6 */
static enum dial_security
choose_security(struct director *d, const struct dir_client *client)
{
	enum handshake known = director_handshake_get(d, client->name);

	if (!client->tls.enable)
		return DIAL_CLEAR;
	if (client->tls.require || known == HANDSHAKE_TLS)
		return DIAL_TLS;
	return known == HANDSHAKE_CLEAR ? DIAL_CLEAR : DIAL_TLS_OR_CLEAR;
}

static enum err_code
read_greeting(struct fd_link *l, struct cancel *cancel, struct err *err)
{
	struct bytes line;

	conn_set_wait(l->conn, cancel, GREETING_SECONDS, "the client's greeting");
	if (conn_recv_line(l->conn, &line, NULL, err) != ERR_OK)
		return err->code;
	if (wire_scan(line, DIR_FD_OK_HELLO_SCAN, &l->version))
		return ERR_OK;
	if (bytes_eq(line, bytes_str(DIR_FD_OK_HELLO_OLD)))
		return ERR_OK;
	return err_set(err, ERR_AUTH, "greeting refused: %s", PATH_PRINT(line));
}

static void
say_connected(const struct fd_link_options *o, const struct dir_client *client,
	      const struct fd_link *l)
{
	if (o->say == NULL)
		return;
	link_say(o->say, o->say_arg, "Connected Client: %s at %s:%u, encryption: %s", client->name,
		 client->address, client->port, conn_encryption(l->conn));
	link_say(o->say, o->say_arg, "   Handshake: %s", fd_link_handshake(l));
	link_say(o->say, o->say_arg, "  Encryption: %s", conn_encryption(l->conn));
}

enum err_code
fd_link_open(struct director *d, struct dir_conf *conf, struct dir_client *client,
	     const struct fd_link_options *o, struct fd_link **out, struct err *err)
{
	OWNED(fd_link_freep) struct fd_link *l = NEW(struct fd_link);
	enum dial_security security = choose_security(d, client);
	struct link_dial ld = {
		.conf = conf,
		.what = "Client",
		.name = client->name,
		.host = client->address,
		.port = client->port,
		.key = &client->password,
		.tls = &client->tls,
		.security = security,
		.heartbeat = client->heartbeat_interval,
		.timeout_seconds = o->timeout_seconds > 0 ? o->timeout_seconds : 15,
		.retry_seconds = o->timeout_seconds > 0 ? 10 : 0,
		.cancel = o->cancel,
		.say = o->say,
		.say_arg = o->say_arg,
	};

	if (!client->connection_from_director_to_client)
		return err_set(err, ERR_CONFIG,
			       "client %s: Connection From Director To Client is no", client->name);
	if (security == DIAL_TLS_OR_CLEAR && o->say != NULL)
		link_say(o->say, o->say_arg,
			 "Probing client protocol... (result will be saved until config reload)");
	l->client = str_dup(client->name);
	l->options = *o;
	if (link_dial(&ld, &l->conn, err) != ERR_OK)
		return err_ctx(err, "client %s at %s:%u", client->name, client->address,
			       client->port);
	l->tls = strcmp(conn_encryption(l->conn), "None") != 0;
	if (read_greeting(l, o->cancel, err) != ERR_OK)
		return err_ctx(err, "client %s at %s:%u", client->name, client->address,
			       client->port);
	director_handshake_set(d, client->name, l->tls ? HANDSHAKE_TLS : HANDSHAKE_CLEAR);
	conn_set_wait(l->conn, o->cancel, SILENCE_SECONDS, "the client's answer");
	say_connected(o, client, l);
	*out = TAKE_PTR(l);
	return ERR_OK;
}

enum err_code
fd_link_command(struct fd_link *l, const char *command, director_say say, void *arg,
		struct err *err)
{
	if (conn_send(l->conn, bytes_str(command), err) != ERR_OK ||
	    link_relay(l->conn, LINK_ANSWER_MAX, say, arg, err) != ERR_OK)
		return err_ctx(err, "client %s", l->client);
	return ERR_OK;
}

/* ---- estimate; wire.md 5.8 ---- */

static enum err_code
expect(struct fd_link *l, const char *wanted, director_say say, void *arg, struct err *err)
{
	struct bytes line;
	bool eod;

	for (;;) {
		eod = false;
		if (conn_recv_line(l->conn, &line, &eod, err) != ERR_OK)
			return err->code;
		if (eod)
			continue; /* the clock comparison ends with one */
		if (bytes_eq(line, bytes_str(wanted)))
			return ERR_OK;
		if (line.n >= 4 && line.p[0] >= '0' && line.p[0] <= '9')
			return err_set(err, ERR_PROTO, "the client answered %s", PATH_PRINT(line));
		link_say_bytes(say, arg, line); /* raw messages of a session without JobId */
	}
}

enum err_code
fd_link_estimate(struct fd_link *l, struct dir_conf *conf, struct dir_fileset *fileset, int level,
		 int64_t since, bool listing, director_say say, void *arg, struct err *err)
{
	struct bytes line;

	if (conn_printf(l->conn, err, DIR_FD_JOBID, 0u, "-Console-.0000-00-00_00.00.00_00", 0u, 0u,
			DIR_FD_NO_AUTHORIZATION, DIR_FD_SSL_NO_STORAGE) != ERR_OK ||
	    conn_recv_line(l->conn, &line, NULL, err) != ERR_OK)
		return err_ctx(err, "client %s", l->client);
	if (!bytes_starts(line, DIR_FD_OK_JOB_PREFIX))
		return err_set(err, ERR_PROTO, "client %s answered %s", l->client,
			       PATH_PRINT(line));
	if (fd_link_send_level(l, level, since, "", false, err) != ERR_OK ||
	    expect(l, DIR_FD_OK_LEVEL, say, arg, err) != ERR_OK ||
	    fd_link_send_fileset(l, fileset, true, err) != ERR_OK ||
	    expect(l, DIR_FD_OK_FILESET, say, arg, err) != ERR_OK)
		return err_ctx(err, "client %s", l->client);
	/* It says nothing while it walks. */
	conn_set_job_wait(l->conn, l->options.cancel, conf->director->absolute_job_timeout,
			  "the client's estimate");
	if (conn_printf(l->conn, err, DIR_FD_ESTIMATE, listing ? 1 : 0) != ERR_OK ||
	    link_relay(l->conn, listing ? UINT64_MAX : LINK_ANSWER_MAX, say, arg, err) != ERR_OK)
		return err_ctx(err, "client %s", l->client);
	return ERR_OK;
}

/* ---- level and fileset, as every conversation with a client sends them ---- */

static const char *
level_word(int level)
{
	switch (level) {
	case LEVEL_INCREMENTAL:
	case LEVEL_SINCE:
		return "incremental";
	case LEVEL_DIFFERENTIAL:
		return "differential";
	case LEVEL_BASE:
		return "base";
	default:
		return "full";
	}
}

enum err_code
fd_link_send_level(struct fd_link *l, int level, int64_t since, const char *prev_job, bool accurate,
		   struct err *err)
{
	bool whole = since == 0;
	char word[64];

	(void)snprintf(word, sizeof(word), "%s%s", accurate && !whole ? "accurate_" : "",
		       whole ? level_word(LEVEL_FULL) : level_word(level));
	if (conn_printf(l->conn, err, DIR_FD_LEVEL, word, "") != ERR_OK)
		return err->code;
	if (whole)
		return ERR_OK;
	return conn_printf(l->conn, err, DIR_FD_SINCE, since, 0, prev_job);
}

static enum err_code
send_fileset_line(void *arg, const struct fileset_line *line, struct err *err)
{
	struct fd_link *l = arg;
	const struct link_program program = { .command = line->text,
					      .cancel = l->options.cancel,
					      .expand = l->options.expand,
					      .expand_arg = l->options.expand_arg };

	switch (line->kind) {
	case FILESET_SEND:
		return conn_send(l->conn, bytes_str(line->text), err);
	case FILESET_READ_FILE:
		return link_send_file_lines(l->conn, line->prefix, line->text, err);
	case FILESET_RUN_PROGRAM:
		return link_send_program_lines(l->conn, line->prefix, &program, err);
	}
	return err_set(err, ERR_BUG, "fileset line of unknown kind %d", (int)line->kind);
}

enum err_code
fd_link_send_fileset(struct fd_link *l, const struct dir_fileset *fs, bool allow_compression,
		     struct err *err)
{
	if (conn_send(l->conn, bytes_str(fs->enable_vss ? DIR_FD_FILESET : DIR_FD_FILESET_NO_VSS),
		      err) != ERR_OK ||
	    fileset_emit(fs, allow_compression, send_fileset_line, l, err) != ERR_OK)
		return err_ctx(err, "FileSet %s", fs->name);
	return conn_signal(l->conn, FRAME_EOD, err);
}
