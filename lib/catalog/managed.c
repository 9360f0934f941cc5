/*
 * The director is the parent of the server: it starts the postgres program itself, waits until
 * the server answers, and at the end asks it to stop fast and waits for it.  After kill -9 of the
 * director the server lives on; the next start finds it by its postmaster.pid and goes on with
 * it.  After kill -9 of both, the server removes its stale postmaster.pid itself and recovers.
 */
#include "lib/catalog/managed.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/fd.h"
#include "lib/base/hash.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/num.h"
#include "lib/base/own.h"
#include "lib/base/proc.h"
#include "lib/catalog/pg.h"

#define INITDB_SECONDS 120
#define START_SECONDS  120 /* crash recovery included */
#define STOP_SECONDS   60
#define POLL_MS        50
#define SOCKET_NAME    "/.s.PGSQL." MANAGED_PORT
#define SOCKET_DIR_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - sizeof(SOCKET_NAME) - 8)
#define LAST_WORDS_MAX 2048
/* The process that postmaster.pid names, if it is alive and a server on this directory. */
static pid_t
running_server(const struct managed *m)
{
	OWNED(freep) char *path = str_printf("%s/postmaster.pid", m->data);
	OWNED(freep) char *cwd_link = NULL;
	OWNED(buf_release) struct buf text = BUF_INIT(4096);
	struct err ignored = ERR_INIT;
	char cwd[4096];
	ssize_t n;
	pid_t pid;

	if (fd_read_file(path, &text, &ignored) != ERR_OK)
		return 0;
	pid = (pid_t)strtoul(buf_str(&text), NULL, 10);
	if (pid <= 1 || kill(pid, 0) != 0)
		return 0;
	/* A server's working directory is its data directory; the number may be reused. */
	cwd_link = str_printf("/proc/%d/cwd", (int)pid);
	n = readlink(cwd_link, cwd, sizeof(cwd) - 1);
	if (n < 0)
		return 0;
	cwd[n] = '\0';
	return strcmp(cwd, m->data) == 0 ? pid : 0;
}

static enum err_code
start_server(struct managed *m, struct err *err)
{
	OWNED(args_release) struct args a = { .n = 0 };
	OWNED(freep) char *socket_set = str_printf("unix_socket_directories=%s", m->socket_dir);
	OWNED(freep) char *log_set = str_printf("log_directory=%s", m->log_dir);
	char *const env[] = { (char[]){ "LC_ALL=C" }, NULL };
	struct proc_spec spec = { .env = env, .discard_output = true };

	args_begin(&a, m, "postgres");
	a.v[a.n++] = "-D";
	a.v[a.n++] = m->data;
	a.v[a.n++] = "-p";
	a.v[a.n++] = MANAGED_PORT;
	a.v[a.n++] = "-c";
	a.v[a.n++] = socket_set;
	a.v[a.n++] = "-c";
	a.v[a.n++] = log_set;
	spec.argv = (char *const *)(uintptr_t)a.v;
	return proc_start(&spec, &m->server, err);
}

static PGPing
ping(const struct managed *m)
{
	const char *words[] = { "host", "port", "dbname", "user", "connect_timeout", NULL };
	const char *values[] = { m->socket_dir, MANAGED_PORT, "postgres", m->role, "5", NULL };

	return PQpingParams(words, values, 0);
}

static bool
server_has_ended(struct managed *m, int *status)
{
	struct wait w = { .what = "the server" };
	siginfo_t info = { 0 };
	struct err ignored = ERR_INIT;

	if (m->server.pid == 0)
		return m->found != 0 && kill(m->found, 0) != 0;
	if (waitid(P_PID, (id_t)m->server.pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
	    info.si_pid == 0)
		return false;
	return proc_wait(&m->server, &w, status, &ignored) == ERR_OK;
}

static enum err_code
wait_until_ready(struct managed *m, struct err *err)
{
	int64_t end = clock_mono_ms() + START_SECONDS * 1000;
	int status = 0;
	char text[64];

	while (ping(m) != PQPING_OK) {
		if (server_has_ended(m, &status))
			return err_set(err, ERR_SYS,
				       "the catalog's PostgreSQL server did not start: %s; see %s",
				       proc_status_text(status, text, sizeof(text)), m->log_dir);
		if (clock_mono_ms() > end)
			return err_set(err, ERR_SYS,
				       "the catalog's PostgreSQL server did not answer within %d "
				       "seconds; see %s",
				       START_SECONDS, m->log_dir);
		clock_pause_ms(POLL_MS);
	}
	return ERR_OK;
}

enum err_code
managed_start(const struct managed_options *o, struct managed **out, struct err *err)
{
	OWNED(managed_stopp) struct managed *m = NEW(struct managed);
	OWNED(freep) char *version = NULL;

	m->server = (struct proc)PROC_INIT;
	m->guest = true; /* until a server is ours: a failed start stops only its own child */
	if (find_programs(m, o, err) != ERR_OK || make_dirs(m, o, err) != ERR_OK)
		return err->code;
	m->role = role_of(m);
	if (m->role == NULL)
		return err_set(err, ERR_CONFIG, "user %u has no name", (unsigned)geteuid());
	version = str_printf("%s/PG_VERSION", m->data);
	if (access(version, F_OK) != 0 && make_cluster(m, err) != ERR_OK)
		return err->code;
	m->found = running_server(m);
	if (m->found == 0 && start_server(m, err) != ERR_OK)
		return err->code;
	if (wait_until_ready(m, err) != ERR_OK)
		return err->code;
	m->guest = o->guest;
	*out = TAKE_PTR(m);
	return ERR_OK;
}

enum err_code
managed_ensure_database(struct managed *m, struct err *err)
{
	struct pg_info info = { .host = m->socket_dir,
				.port = (char[]){ MANAGED_PORT },
				.db_name = (char[]){ "postgres" },
				.user = m->role };
	OWNED(pg_closep) struct pg *pg = NULL;
	OWNED(pg_clearp) PGresult *r = NULL;
	struct sql_args a = { .n = 0 };

	arg_text(&a, MANAGED_DB);
	if (pg_open(&info, &pg, err) != ERR_OK ||
	    pg_run(pg, SQL_DATABASE_EXISTS, &a, &r, err) != ERR_OK)
		return err->code;
	if (PQntuples(r) > 0)
		return ERR_OK;
	return pg_run(pg, SQL_DATABASE_CREATE_MANAGED, NULL, NULL, err);
}

const char *
managed_socket_dir(const struct managed *m)
{
	return m->socket_dir;
}

const char *
managed_user(const struct managed *m)
{
	return m->role;
}

static void
stop_server(struct managed *m)
{
	pid_t pid = m->server.pid != 0 ? m->server.pid : m->guest ? 0 : m->found;
	int64_t end = clock_mono_ms() + STOP_SECONDS * 1000;
	int status = 0;

	if (pid == 0)
		return;
	(void)kill(pid, SIGINT); /* fast shutdown */
	while (!server_has_ended(m, &status)) {
		if (clock_mono_ms() > end) {
			log_error("catalog: the PostgreSQL server (process %d) does not stop",
				  (int)pid);
			m->server.pid = 0; /* let it go on rather than kill it */
			return;
		}
		clock_pause_ms(POLL_MS);
	}
}

void
managed_stop(struct managed *m)
{
	if (m == NULL)
		return;
	stop_server(m);
	proc_release(&m->server);
	free(m->base);
	free(m->data);
	free(m->log_dir);
	free(m->socket_dir);
	free(m->bin_dir);
	free(m->run_as);
	free(m->role);
	free(m);
}

void
managed_stopp(struct managed **m)
{
	managed_stop(*m);
}
