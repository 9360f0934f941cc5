/*
 * storage-daemon/main.c - options, start, signals, stop
 *
 * Threads:
 *   main         waits for signals
 *   listen       accepts connections (lib/net/listen)
 *   connection   one per conversation: a director's, in which its job runs, or a file daemon's,
 *                which ends when it is handed to its job
 *   sd-writer    one per job that saves more than a block: full blocks onto volumes
 *                (session/append_queue.c)
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/daemon.h"
#include "lib/base/fd.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/ready.h"
#include "lib/net/listen.h"
#include "lib/proto/scan.h"
#include "storage-daemon/session/sd.h"
#include "storage-daemon/session/session.h"

#define MAX_CONNECTIONS 3000u /* jobs have two each, others come and go */

struct program {
	struct sd sd;
	struct sd_conf *conf;      /* owned reference */
	struct listener *listener; /* owned */
};

/* The configuration, or NULL with its problems printed. */
static struct sd_conf *
load_conf(const struct cli_daemon *o)
{
	OWNED(conf_diag_freep) struct conf_diag *diag = conf_diag_new(o->strict);
	OWNED(buf_release) struct buf text = BUF_INIT(1024 * 1024);
	struct sd_conf *conf = NULL;
	struct err e = ERR_INIT;
	enum err_code rc = sd_conf_load(o->config, &conf, diag, &e);

	conf_diag_text(diag, o->verbose > 0, &text);
	if (text.len > 0)
		(void)fputs(buf_str(&text), stderr);
	if (rc != ERR_OK) {
		if (text.len == 0)
			(void)fprintf(stderr, "%s\n", e.text);
		return NULL;
	}
	return conf;
}

static enum err_code
open_ports(struct program *p, struct err *err)
{
	const struct conf_addrs *from = &p->conf->storage->addresses;
	OWNED(freep) struct listen_addr *to = NEW_ARRAY(struct listen_addr, from->n);

	for (size_t i = 0; i < from->n; i++) {
		memcpy(to[i].host, from->v[i].host, sizeof(to[i].host));
		to[i].port = from->v[i].port;
		to[i].ipv6_only = from->v[i].ipv6_only;
	}
	return listen_open(to, from->n, &p->listener, err);
}

/* "Debian GNU/Linux 12 (bookworm)" for status listings. */
static void
name_the_system(char *out, size_t cap)
{
	OWNED(buf_release) struct buf text = BUF_INIT(65536);
	struct err ignored = ERR_INIT;
	const char *from, *to;

	(void)snprintf(out, cap, "Linux");
	if (fd_read_file("/etc/os-release", &text, &ignored) != ERR_OK)
		return;
	from = strstr(buf_str(&text), "PRETTY_NAME=\"");
	if (from == NULL)
		return;
	from += strlen("PRETTY_NAME=\"");
	to = strchr(from, '"');
	if (to != NULL)
		(void)snprintf(out, cap, "%.*s", (int)(to - from), from);
}

/*
 * VolSessionTime of this run: now, but later than that of the run before.  Two runs in one second
 * (or after the clock was set back) would give two jobs the same session on a volume.
 */
static int64_t
session_time(const struct sd_storage *own)
{
	OWNED(freep)
	char *path = str_printf("%s/%s.session-time", own->working_directory, own->name);
	OWNED(buf_release) struct buf text = BUF_INIT(64);
	struct err e = ERR_INIT;
	int64_t now = clock_now();
	long long last = 0;
	char line[32];

	if (fd_read_file(path, &text, &e) == ERR_OK && wire_scan(buf_bytes(&text), "%lld", &last) &&
	    last >= now && last < UINT32_MAX)
		now = last + 1;
	(void)snprintf(line, sizeof(line), "%lld\n", (long long)now);
	if (fd_replace_file(path, bytes_str(line), 0640, &e) != ERR_OK)
		log_warn("cannot remember the session time of this run: %s", e.text);
	return now;
}

static enum err_code
sd_init(struct program *p, struct err *err)
{
	struct sd *sd = &p->sd;
	char name[WIRE_NAME_MAX + 1];
	enum err_code code = cancel_init(&sd->stop, err);

	if (code != ERR_OK)
		return code;
	sd->conf = p->conf;
	sd->started = session_time(p->conf->storage);
	sd->sessions = sessions_new();
	media_init(&sd->media, p->conf);
	(void)snprintf(name, sizeof(name), "%s", p->conf->storage->name);
	(void)snprintf(sd->own_name, sizeof(sd->own_name), "R_STORAGE::%s", wire_bash(name));
	name_the_system(sd->os, sizeof(sd->os));
	return ERR_OK;
}

static enum err_code
run(struct daemon *d, struct program *p, struct err *err)
{
	const struct sd_storage *own = p->conf->storage;
	int sig;

	if (open_ports(p, err) != ERR_OK || daemon_become_user(d, err) != ERR_OK ||
	    daemon_claim(d, own->working_directory, own->name, err) != ERR_OK ||
	    sd_init(p, err) != ERR_OK ||
	    listen_serve(p->listener, MAX_CONNECTIONS, sd_serve, &p->sd, err) != ERR_OK ||
	    daemon_ready(d, err) != ERR_OK)
		return err->code;
	log_info("%s %s listens on port %u", own->name, TERCET_VERSION,
		 (unsigned)listen_port(p->listener));
	while ((sig = daemon_next_signal(NULL)) == SIGHUP)
		log_warn("the storage daemon reads its configuration at start only; restart it");
	log_info("stopping: %s", sigdescr_np(sig));
	ready_stopping();
	return ERR_OK;
}

/* Jobs are cancelled and finish their volumes; then everything goes, in reverse order. */
static void
stop(struct program *p)
{
	if (p->listener != NULL)
		listen_stop(p->listener);
	if (p->sd.sessions != NULL) {
		cancel_now(&p->sd.stop);
		sessions_cancel_all(p->sd.sessions);
	}
	listen_free(p->listener);
	if (p->sd.sessions != NULL) {
		media_release(&p->sd.media);
		sessions_free(p->sd.sessions);
		cancel_release(&p->sd.stop);
	}
}

static int
serve(struct daemon *d)
{
	struct program *p = d->arg;
	struct err e = ERR_INIT;
	enum err_code rc;

	p->conf = load_conf(&d->options);
	if (p->conf == NULL)
		return DAEMON_EXIT_CONFIG;
	rc = run(d, p, &e);
	if (rc != ERR_OK)
		log_error("%s", e.text);
	stop(p);
	daemon_gone(d);
	sd_conf_unref(p->conf);
	return rc == ERR_OK ? 0 : 1;
}

static int
check(const struct cli_daemon *o)
{
	return conf_kind_check(&sd_conf_kind, o->config, o->strict, o->verbose > 0, stderr);
}

static int
dump(const struct cli_daemon *o, const char *type, const char *name)
{
	return conf_kind_dump(&sd_conf_kind, o->config, type, name, stdout);
}

static void
manual(int section, struct buf *out)
{
	if (section == 5)
		sd_conf_manual(out);
}

int
main(int argc, char **argv)
{
	struct program p = { .listener = NULL };
	struct daemon d = { .program = "tercet-sd",
			    .summary = "the storage daemon of the Tercet backup system",
			    .version = TERCET_VERSION,
			    .description =
				    "Writes the data of backups to volumes and reads it back for "
				    "restores. It takes orders from directors and data from file "
				    "daemons.\n\nSIGTERM stops it cleanly.",
			    .check = check,
			    .dump = dump,
			    .schema = sd_conf_schema,
			    .manual = manual,
			    .serve = serve,
			    .arg = &p };

	return daemon_main(&d, argc, argv);
}
