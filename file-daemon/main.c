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
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "file-daemon/session/session.h"
#include "lib/base/cli.h"
#include "lib/base/detach.h"
#include "lib/base/fd.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/ready.h"
#include "lib/base/thread.h"
#include "lib/net/listen.h"

#define PROGRAM         "tercet-fd"
#define EXIT_OPTIONS    41 /* config.md 8.2 */
#define EXIT_CONFIG     42
#define MAX_CONNECTIONS 1100u

struct program {
	struct cli_daemon o;
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

/* A deep tree and many jobs keep many directories open. */
static void
raise_file_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &r);
	}
}

static enum err_code
become_user(const struct cli_daemon *o, struct err *err)
{
	const struct passwd *pw = o->user != NULL ? getpwnam(o->user) : NULL;
	const struct group *gr = o->group != NULL ? getgrnam(o->group) : NULL;

	if (o->user != NULL && pw == NULL)
		return err_set(err, ERR_CONFIG, "there is no user %s", o->user);
	if (o->group != NULL && gr == NULL)
		return err_set(err, ERR_CONFIG, "there is no group %s", o->group);
	if (gr != NULL && setgid(gr->gr_gid) != 0)
		return err_errno(err, ERR_SYS, "cannot become group %s", o->group);
	if (pw == NULL)
		return ERR_OK;
	if (initgroups(pw->pw_name, gr != NULL ? gr->gr_gid : pw->pw_gid) != 0 ||
	    (gr == NULL && setgid(pw->pw_gid) != 0) || setuid(pw->pw_uid) != 0)
		return err_errno(err, ERR_SYS, "cannot become user %s", o->user);
	return ERR_OK;
}

static enum err_code
start_listening(struct program *p, struct err *err)
{
	const struct conf_addrs *from = &p->daemon.conf->client->addresses;
	OWNED(freep) struct listen_addr *to = NEW_ARRAY(struct listen_addr, from->n);

	for (size_t i = 0; i < from->n; i++) {
		memcpy(to[i].host, from->v[i].host, sizeof(to[i].host));
		to[i].port = from->v[i].port;
		to[i].ipv6_only = from->v[i].ipv6_only;
	}
	return listen_start(to, from->n, MAX_CONNECTIONS, session_serve, &p->daemon, &p->listener,
			    err);
}

static enum err_code
write_pid_file(const char *path, struct err *err)
{
	char text[32];

	if (path == NULL)
		return ERR_OK;
	(void)snprintf(text, sizeof(text), "%d\n", (int)getpid());
	return fd_replace_file(path, bytes_str(text), 0644, err);
}

static void
reload(struct program *p)
{
	struct fd_conf *conf;

	ready_reloading();
	conf = load_conf(&p->o);
	if (conf == NULL) {
		log_error("reload: the configuration has errors, the old one stays in force");
	} else {
		fd_daemon_set_conf(&p->daemon, &conf);
		log_info("the configuration was read again");
	}
	ready_started();
}

/* Until SIGTERM or SIGINT. */
static void
wait_for_signals(struct program *p)
{
	sigset_t set;
	int sig = 0;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	while (sigwait(&set, &sig) != 0 || sig == SIGHUP)
		if (sig == SIGHUP)
			reload(p);
	log_info("stopping: %s", sigdescr_np(sig));
}

static enum err_code
run(struct program *p, struct err *err)
{
	if (cancel_init(&p->daemon.stop, err) != ERR_OK || start_listening(p, err) != ERR_OK ||
	    become_user(&p->o, err) != ERR_OK || write_pid_file(p->o.pid_file, err) != ERR_OK)
		return err->code;
	log_info("%s %s listens on port %u", p->daemon.conf->client->name, TERCET_VERSION,
		 (unsigned)listen_port(p->listener));
	ready_started();
	detach_ready();
	wait_for_signals(p);
	ready_stopping();
	return ERR_OK;
}

static int
serve(struct program *p)
{
	struct fd_conf *conf = load_conf(&p->o);
	struct err e = ERR_INIT;
	enum err_code rc;

	if (conf == NULL)
		return EXIT_CONFIG;
	raise_file_limit();
	fd_daemon_init(&p->daemon, &conf);
	rc = run(p, &e);
	if (rc != ERR_OK)
		log_error("%s", e.text);
	if (p->listener != NULL)
		listen_stop(p->listener);
	fd_daemon_stop(&p->daemon);
	listen_free(p->listener);
	if (rc == ERR_OK && p->o.pid_file != NULL)
		(void)unlink(p->o.pid_file);
	fd_daemon_release(&p->daemon);
	return rc == ERR_OK ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct program p = { .listener = NULL };
	const struct cli_row rows[] = { CLI_DAEMON_ROWS(&p.o) };
	const struct cli cli = { .program = PROGRAM,
				 .summary = "the file daemon of the Tercet backup system",
				 .rows = rows,
				 .n_rows = sizeof(rows) / sizeof(rows[0]) };
	OWNED(buf_release) struct buf help = BUF_INIT(65536);
	struct err e = ERR_INIT;
	int operands;

	thread_block_signals();
	if (cli_parse(&cli, argc, argv, &operands, &e) != ERR_OK || operands < argc) {
		(void)fprintf(stderr, "%s: %s\n", PROGRAM,
			      e.code != ERR_OK ? e.text : "there are no operands");
		return EXIT_OPTIONS;
	}
	if (p.o.help) {
		cli_help(&cli, &help);
		(void)fputs(buf_str(&help), stdout);
		return 0;
	}
	if (p.o.version) {
		(void)printf("%s %s\n", PROGRAM, TERCET_VERSION);
		return 0;
	}
	if (p.o.test)
		return fd_conf_check(p.o.config, p.o.strict, p.o.verbose > 0, stderr);
	if (!p.o.foreground)
		return detach_run(argc, argv);
	log_init(PROGRAM);
	atomic_store(&log_trace_level, p.o.debug);
	return serve(&p);
}
