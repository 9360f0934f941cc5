/*
 * file-daemon/main.c - options, start, signals, stop
 *
 * Threads:
 *   main           waits for signals
 *   listen         accepts connections (lib/net/listen)
 *   connection     one per conversation; a job's walk runs in it
 *   fd-worker      n per backup job: open, read, digest, ACL, xattr
 *   fd-writer      one per backup job: file order, frames, sending
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "file-daemon/session/session.h"
#include "lib/base/daemon.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/ready.h"
#include "lib/net/listen.h"

#define MAX_CONNECTIONS 1100u

struct program {
	struct fd_daemon daemon;
	struct listener *listener; /* owned */
};

/* The configuration, or NULL with its problems printed. */
static struct fd_conf *
load_conf(const struct cli_daemon *o)
{
	OWNED(conf_diag_freep) struct conf_diag *diag = conf_diag_new(o->strict);
	OWNED(buf_release) struct buf text = BUF_INIT(1024 * 1024);
	struct fd_conf *conf = NULL;
	struct err e = ERR_INIT;
	enum err_code rc = fd_conf_load(o->config, &conf, diag, &e);

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
open_ports(struct program *p, const struct fd_conf *conf, struct err *err)
{
	const struct conf_addrs *from = &conf->client->addresses;
	OWNED(freep) struct listen_addr *to = NEW_ARRAY(struct listen_addr, from->n);

	for (size_t i = 0; i < from->n; i++) {
		memcpy(to[i].host, from->v[i].host, sizeof(to[i].host));
		to[i].port = from->v[i].port;
		to[i].ipv6_only = from->v[i].ipv6_only;
	}
	return listen_open(to, from->n, &p->listener, err);
}

static void
reload(struct program *p, const struct cli_daemon *o)
{
	struct fd_conf *conf;

	ready_reloading();
	conf = load_conf(o);
	if (conf == NULL) {
		log_error("reload: the configuration has errors, the old one stays in force");
	} else {
		fd_daemon_set_conf(&p->daemon, &conf);
		log_info("the configuration was read again");
	}
	ready_started();
}

static enum err_code
run(struct daemon *d, struct program *p, const struct fd_conf *conf, struct err *err)
{
	int sig;

	if (cancel_init(&p->daemon.stop, err) != ERR_OK || open_ports(p, conf, err) != ERR_OK ||
	    daemon_become_user(d, err) != ERR_OK ||
	    listen_serve(p->listener, MAX_CONNECTIONS, session_serve, &p->daemon, err) != ERR_OK ||
	    daemon_ready(d, err) != ERR_OK)
		return err->code;
	log_info("%s %s listens on port %u", conf->client->name, TERCET_VERSION,
		 (unsigned)listen_port(p->listener));
	while ((sig = daemon_next_signal(NULL)) == SIGHUP)
		reload(p, &d->options);
	log_info("stopping: %s", sigdescr_np(sig));
	ready_stopping();
	return ERR_OK;
}

static int
serve(struct daemon *d)
{
	struct program *p = d->arg;
	struct fd_conf *conf = load_conf(&d->options);
	const struct fd_conf *first;
	struct err e = ERR_INIT;
	enum err_code rc;

	if (conf == NULL)
		return DAEMON_EXIT_CONFIG;
	first = conf; /* whole until the first reload */
	fd_daemon_init(&p->daemon, &conf);
	rc = run(d, p, first, &e);
	if (rc != ERR_OK)
		log_error("%s", e.text);
	if (p->listener != NULL)
		listen_stop(p->listener);
	fd_daemon_stop(&p->daemon);
	listen_free(p->listener);
	daemon_gone(d);
	fd_daemon_release(&p->daemon);
	return rc == ERR_OK ? 0 : 1;
}

static int
check(const struct cli_daemon *o)
{
	return conf_kind_check(&fd_conf_kind, o->config, o->strict, o->verbose > 0, stderr);
}

static int
dump(const struct cli_daemon *o, const char *type, const char *name)
{
	return conf_kind_dump(&fd_conf_kind, o->config, type, name, stdout);
}

static void
manual(int section, struct buf *out)
{
	if (section == 5)
		fd_conf_manual(out);
}

int
main(int argc, char **argv)
{
	struct program p = { .listener = NULL };
	struct daemon d = { .program = "tercet-fd",
			    .summary = "the file daemon of the Tercet backup system",
			    .version = TERCET_VERSION,
			    .description =
				    "Runs on each machine that is backed up: reads its files for a "
				    "backup, writes them in a restore. It takes orders from "
				    "directors and talks with storage daemons.\n\nIt reads its "
				    "configuration at the start and again at SIGHUP. SIGTERM stops "
				    "it cleanly.",
			    .check = check,
			    .dump = dump,
			    .schema = fd_conf_schema,
			    .manual = manual,
			    .serve = serve,
			    .arg = &p };

	return daemon_main(&d, argc, argv);
}
