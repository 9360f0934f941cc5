/*
 * director/main.c - options, thread roster, start, reload, stop
 *
 * Threads:
 *   main           waits for signals
 *   listen         accepts connections (lib/net/listen)
 *   connection     one per console; "console-input" beside it reads what the console says
 *   scheduler      due times; "starter" beside it queues the jobs, so that a slow catalog delays
 *                  no schedule
 *   queue          gives jobs their workers; "watch" looks at time limits and cancels
 *   job-<id>       one per running job; "sd-messages" beside it reads the storage daemon,
 *                  "teller" tells the daemons of a cancelled one
 *   attribute loaders, log writer: lib/catalog
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "director/conf/dir_conf.h"
#include "director/life.h"
#include "director/shell/shell.h"
#include "lib/base/daemon.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/ready.h"
#include "lib/net/conn.h"
#include "lib/net/listen.h"
#include "lib/proto/scan.h"

#define HELLO_MIN       15 /* wire.md 3.1 */
#define HELLO_MAX       153
#define HELLO_SECONDS   300
#define DEFAULT_CONSOLE "*UserAgent*"
#define OTHER_CONNECTIONS                                                                          \
	500 /* beside the consoles: clients that call, and those not yet known                     \
	     */

struct program {
	struct director *director; /* owned */
	struct listener *listener; /* owned */
	char own_name[160];        /* qualified, bashed */
};

/* ---- consoles ---- */

static bool
find_peer(void *arg, enum peer_kind kind, const char *name, struct peer_policy *out)
{
	struct program *p = arg;
	struct dir_conf *conf = director_conf_get(p->director);
	const struct secret *key = NULL;
	const struct tls_conf *tls = &conf->director->tls;

	if (kind == PEER_CONSOLE && strcmp(name, DEFAULT_CONSOLE) == 0)
		key = &conf->director->password;
	else if (kind == PEER_CONSOLE) {
		const struct dir_console *c = dir_conf_find_console(conf, name);

		if (c != NULL) {
			key = &c->password;
			tls = &c->tls;
		}
	} else if (kind == PEER_CLIENT) {
		const struct dir_client *c = dir_conf_find_client(conf, name);

		if (c != NULL) {
			key = &c->password;
			tls = &c->tls;
		}
	}
	if (key != NULL) {
		secret_set(&out->key, secret_bytes(key));
		out->cleartext_ok = !tls->enable;
		out->ssl = !tls->enable ? 0 : tls->require ? 2 : 1;
	}
	director_conf_put(p->director, conf);
	return key != NULL;
}

/* Client-initiated connections have no pool yet: say so and hang up. */
static void
refuse_client(struct conn *c, const struct hello *who)
{
	struct err err = ERR_INIT;

	log_warn("client %s at %s called; connections from clients are not supported by this "
		 "version, set Connection From Client To Director = no",
		 who->name, conn_peer(c));
	if (conn_printf(c, &err, "1999 You are not authorized.\n") == ERR_OK)
		(void)!conn_signal(c, FRAME_TERMINATE, &err);
}

static void
serve_connection(void *arg, int fd)
{
	struct program *p = arg;
	struct dir_conf *conf = director_conf_get(p->director);
	const struct acceptor a = {
		.own_name = p->own_name,
		.tls = &conf->director->tls,
		.find_peer = find_peer,
		.arg = p,
		.hello_min = HELLO_MIN,
		.hello_max = HELLO_MAX,
		.deadline_seconds = HELLO_SECONDS,
		.heartbeat_seconds = (unsigned)conf->director->heartbeat_interval,
	};
	OWNED(conn_freep) struct conn *c = NULL;
	struct hello who = { .kind = PEER_CONSOLE };
	struct err err = ERR_INIT;

	if (conn_accept(fd, &a, director_stop(p->director), &who, &c, &err) != ERR_OK) {
		/* It is in the log. */
	} else if (who.kind == PEER_CONSOLE) {
		shell_serve(c, &who, p->director);
	} else {
		refuse_client(c, &who);
	}
	director_conf_put(p->director, conf);
}

static enum err_code
open_ports(struct program *p, const struct dir_conf *conf, struct err *err)
{
	const struct conf_addrs *from = &conf->director->addresses;
	OWNED(freep) struct listen_addr *to = NEW_ARRAY(struct listen_addr, from->n + 1);

	for (size_t i = 0; i < from->n; i++) {
		memcpy(to[i].host, from->v[i].host, sizeof(to[i].host));
		to[i].port = from->v[i].port;
		to[i].ipv6_only = from->v[i].ipv6_only;
	}
	return listen_open(to, from->n, &p->listener, err);
}

/* ---- start ---- */

static struct dir_conf *
load_conf(const struct cli_daemon *o)
{
	OWNED(conf_diag_freep) struct conf_diag *diag = conf_diag_new(o->strict);
	OWNED(buf_release) struct buf text = BUF_INIT(4u * 1024 * 1024);
	struct dir_conf *conf = NULL;
	struct err err = ERR_INIT;
	enum err_code code = dir_conf_load(o->config, &conf, diag, &err);

	conf_diag_text(diag, o->verbose > 0, &text);
	if (text.len > 0)
		(void)fputs(buf_str(&text), stderr);
	else if (code != ERR_OK)
		(void)fprintf(stderr, "%s\n", err.text);
	return code == ERR_OK ? conf : NULL;
}

static enum err_code
start(struct daemon *d, struct program *p, struct dir_conf *conf, struct err *err)
{
	char name[128];

	(void)snprintf(name, sizeof(name), "%s", conf->director->name);
	(void)snprintf(p->own_name, sizeof(p->own_name), "R_DIRECTOR::%s", wire_bash(name));
	if (open_ports(p, conf, err) != ERR_OK || daemon_become_user(d, err) != ERR_OK ||
	    daemon_claim(d, conf->director->working_directory, conf->director->name, err) != ERR_OK)
		return err->code;
	dir_conf_ref(conf); /* director_new takes the other one */
	if (director_new(d->options.config, &conf, &p->director, err) != ERR_OK)
		return err->code;
	conf = director_conf_get(p->director);
	director_set_console(p->director, shell_run_line);
	if (director_start(p->director, err) != ERR_OK ||
	    listen_serve(p->listener,
			 conf->director->maximum_console_connections + OTHER_CONNECTIONS,
			 serve_connection, p, err) != ERR_OK ||
	    daemon_ready(d, err) != ERR_OK) {
		director_conf_put(p->director, conf);
		return err->code;
	}
	director_conf_put(p->director, conf);
	log_info("%s %s ready on port %u", conf->director->name, director_version_short(),
		 listen_port(p->listener));
	return ERR_OK;
}

/* ---- signals ---- */

static void
log_reload_line(void *arg, const char *line)
{
	(void)arg;
	log_warn("%s", line);
}

/* Until SIGTERM, SIGINT, or a console that ends the daemon. */
static void
wait_for_signals(struct program *p)
{
	struct err err = ERR_INIT;
	int sig;

	while ((sig = daemon_next_signal(director_stop(p->director))) == SIGHUP)
		if (director_reload(p->director, log_reload_line, NULL, &err) != ERR_OK)
			log_error("%s", err.text);
	log_info("stopping: %s", sig != 0 ? sigdescr_np(sig) : "asked to by a console");
}

static void
stop(struct program *p)
{
	ready_stopping();
	if (p->director != NULL)
		director_ask_stop(p->director);
	if (p->listener != NULL)
		listen_free(p->listener);
	director_free(p->director);
}

static int
serve(struct daemon *d)
{
	struct program *p = d->arg;
	struct dir_conf *conf = load_conf(&d->options);
	struct err err = ERR_INIT;
	int code = 0;

	if (conf == NULL)
		return DAEMON_EXIT_CONFIG;
	if (start(d, p, conf, &err) == ERR_OK) {
		wait_for_signals(p);
	} else {
		log_error("%s", err.text);
		code = 1;
	}
	stop(p);
	daemon_gone(d);
	dir_conf_unref(conf);
	return code;
}

static int
check(const struct cli_daemon *o)
{
	return conf_kind_check(&dir_conf_kind, o->config, o->strict, o->verbose > 0, stderr);
}

static int
dump(const struct cli_daemon *o, const char *type, const char *name)
{
	return conf_kind_dump(&dir_conf_kind, o->config, type, name, stdout);
}

static void
manual(int section, struct buf *out)
{
	if (section == 5)
		dir_conf_manual(out);
	else if (section == 7)
		shell_manual(out);
}

int
main(int argc, char **argv)
{
	struct program p = { .listener = NULL };
	struct daemon d = { .program = "tercet-dir",
			    .summary = "the director of the Tercet backup system",
			    .version = director_version_long(),
			    .description =
				    "Decides what is saved when and where: schedules and runs "
				    "jobs, keeps the catalog in PostgreSQL, chooses volumes, and "
				    "talks with the storage daemons, the file daemons and the "
				    "consoles.\n\nIt reads its configuration at the start and "
				    "again at SIGHUP or the console's reload. SIGTERM stops it "
				    "cleanly.",
			    .check = check,
			    .dump = dump,
			    .schema = dir_conf_schema,
			    .manual = manual,
			    .serve = serve,
			    .arg = &p };

	return daemon_main(&d, argc, argv);
}
