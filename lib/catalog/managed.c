/*
 * The director is the parent of the server: it starts the postgres program itself, waits until
 * the server answers, and at the end asks it to stop fast and waits for it.  Meanwhile a thread
 * looks after it: a server that ended is reaped and started again, with growing pauses when that
 * does not help.
 *
 * After kill -9 of the director the server lives on; the next start finds it by its
 * postmaster.pid and goes on with it.  After kill -9 of both, the server recovers by itself.
 * What one process of Tercet does to the server (start, stop) it does under a file lock, so that
 * a start which overlaps the stop of another waits for its end.
 */
#include "lib/catalog/managed_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/fd.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/catalog/pg.h"

#define START_SECONDS        600 /* crash recovery included */
#define START_TRIES          5
#define START_PAUSE_MS       1000
#define STOP_SECONDS         60
#define POLL_MS              50
#define STRAGGLER_SECONDS    10
#define KEEP_EVERY_MS        500
#define RESTART_PAUSE_MAX_MS 300000
#define STEADY_MS            60000 /* a server that lived so long did not fail to start */
#define WORDS_MAX            8192

/* --- what runs --------------------------------------------------------------------------- */

/* Where a link in /proc leads; false: nowhere, or that process is not for us to see. */
static bool
read_proc_link(pid_t pid, const char *name, char *out, size_t cap)
{
	OWNED(freep) char *link = str_printf("/proc/%d/%s", (int)pid, name);
	ssize_t n = readlink(link, out, cap - 1);

	if (n < 0)
		return false;
	out[n] = '\0';
	return true;
}

/* Also one whose file was replaced by an update: "/usr/lib/postgresql/15/bin/postgres (deleted)" */
static bool
is_postgres(const char *exe)
{
	const char *slash = strrchr(exe, '/');
	const char *name = slash != NULL ? slash + 1 : exe;

	return strncmp(name, "postgres", 8) == 0 && (name[8] == '\0' || name[8] == ' ');
}

/*
 * A process of this cluster's server: the account's, the program postgres, in the data directory.
 * Others may work in that directory, too: the shell of an administrator, tar.  A process that has
 * ended works nowhere.
 */
static bool
is_server(const struct managed *m, pid_t pid)
{
	OWNED(freep) char *dir = str_printf("/proc/%d", (int)pid);
	char link[4096];
	struct stat st;

	return stat(dir, &st) == 0 && st.st_uid == m->uid &&
	       read_proc_link(pid, "cwd", link, sizeof(link)) && strcmp(link, m->data) == 0 &&
	       read_proc_link(pid, "exe", link, sizeof(link)) && is_postgres(link);
}

static pid_t
pid_in_file(const struct managed *m)
{
	OWNED(buf_release) struct buf text = BUF_INIT(4096);
	struct err ignored = ERR_INIT;

	if (managed_read_file(m, m->data, "postmaster.pid", &text, &ignored) != ERR_OK)
		return 0;
	return (pid_t)strtoul(buf_str(&text), NULL, 10);
}

/* The process that postmaster.pid names, if it is alive and a server on this directory. */
static pid_t
running_server(const struct managed *m)
{
	pid_t pid = pid_in_file(m);

	return pid > 1 && is_server(m, pid) ? pid : 0;
}

/* A process of a server whose parent is gone; 0: none. */
static pid_t
find_straggler(const struct managed *m)
{
	OWNED(closedirp) DIR *d = opendir("/proc");
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		pid_t pid = (pid_t)strtoul(e->d_name, NULL, 10);

		if (pid > 1 && is_server(m, pid))
			return pid;
	}
	return 0;
}

static enum err_code
pause_ms(struct managed *m, int64_t ms, struct err *err)
{
	struct wait w = { .cancel = &m->end,
			  .deadline_ms = clock_mono_ms() + ms,
			  .what = "the catalog's server" };

	return wait_pause(&w, err);
}

/*
 * Before a start: the processes that a killed server left behind notice it and end; then a
 * postmaster.pid that names something else (its number in new hands, or a dead process that
 * nobody reaped) may go, which the server itself would not dare.
 */
static enum err_code
clear_remains(struct managed *m, struct err *err)
{
	OWNED(closep) int data = -1;
	int64_t patience = clock_mono_ms() + STRAGGLER_SECONDS * 1000;
	pid_t pid;

	while ((pid = find_straggler(m)) != 0) {
		if (clock_mono_ms() > patience) {
			log_warn("catalog: process %d of a PostgreSQL server that is gone does "
				 "not end, killing it",
				 (int)pid);
			(void)kill(pid, SIGKILL);
		}
		if (pause_ms(m, POLL_MS, err) != ERR_OK)
			return err->code;
	}
	pid = pid_in_file(m);
	if (pid <= 1 || kill(pid, 0) != 0)
		return ERR_OK;
	if (managed_open_dir(m, m->data, &data, err) != ERR_OK)
		return err->code;
	if (unlinkat(data, "postmaster.pid", 0) == 0)
		log_info("catalog: removed the stale %s/postmaster.pid (process %d is not a "
			 "server)",
			 m->data, (int)pid);
	return ERR_OK;
}

/* --- the lock ------------------------------------------------------------------------------ */

/* Held until the descriptor is closed. */
static enum err_code
lock(struct managed *m, int *out, struct err *err)
{
	OWNED(freep) char *path = str_printf("%s/lock", m->base);
	OWNED(closep) int fd = -1;
	int64_t end = clock_mono_ms() + START_SECONDS * 1000;

	if (managed_open_lock(m, path, &fd, err) != ERR_OK)
		return err->code;
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_errno(err, ERR_SYS, "%s", path);
		if (clock_mono_ms() > end)
			return err_set(err, ERR_SYS,
				       "%s: another program has been starting or stopping the "
				       "catalog's server for %d seconds",
				       path, START_SECONDS);
		if (pause_ms(m, POLL_MS, err) != ERR_OK)
			return err->code;
	}
	*out = TAKE_FD(fd);
	return ERR_OK;
}

/* --- starting ------------------------------------------------------------------------------ */

static enum err_code
start_server(struct managed *m, struct err *err)
{
	OWNED(managed_args_release) struct args a = { .n = 0 };
	OWNED(freep) char *socket_set = str_printf("unix_socket_directories=%s", m->socket_dir);
	OWNED(freep) char *log_set = str_printf("log_directory=%s", m->log_dir);
	char *const env[] = { (char[]){ "LC_ALL=C" }, NULL };
	struct proc_spec spec = { .env = env };

	args_begin(&a, m, "postgres", false);
	a.v[a.n++] = "-D";
	a.v[a.n++] = m->data;
	a.v[a.n++] = "-p";
	a.v[a.n++] = MANAGED_PORT;
	a.v[a.n++] = "-c";
	a.v[a.n++] = socket_set;
	a.v[a.n++] = "-c";
	a.v[a.n++] = log_set;
	spec.argv = (char *const *)(uintptr_t)a.v;
	if (proc_start(&spec, &m->server, err) != ERR_OK)
		return err->code;
	(void)fcntl(m->server.out, F_SETFL, O_NONBLOCK);
	return ERR_OK;
}

/* What the server said before its log was open. */
static void
hear(struct managed *m, struct buf *words)
{
	char piece[1024];
	ssize_t n;

	while (m->server.out >= 0 && (n = read(m->server.out, piece, sizeof(piece))) > 0)
		if (words->len + (size_t)n < words->max)
			buf_put(words, piece, (size_t)n);
}

/* The line that says why: the first that is fatal, else the last. */
static const char *
reason_in(struct buf *words)
{
	char *text = words->len > 0 ? (char *)(uintptr_t)buf_str(words) : NULL;
	char *fatal = text != NULL ? strstr(text, "FATAL:") : NULL;
	char *line = fatal;

	if (text == NULL)
		return "no word from it";
	while (words->len > 0 && text[words->len - 1] == '\n')
		text[--words->len] = '\0';
	if (line == NULL)
		line = strrchr(text, '\n') != NULL ? strrchr(text, '\n') + 1 : text;
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static PGPing
ping(const struct managed *m)
{
	const char *words[] = { "host", "port", "dbname", "user", "connect_timeout", NULL };
	const char *values[] = { m->socket_dir, MANAGED_PORT, "postgres", m->role, "5", NULL };

	return PQpingParams(words, values, 0);
}

/* Reaps our child. */
static bool
server_has_ended(struct managed *m, int *status)
{
	struct wait w = { .what = "the server" };
	siginfo_t info = { 0 };
	struct err ignored = ERR_INIT;

	if (m->server.pid == 0)
		return m->found == 0 || !is_server(m, m->found);
	if (waitid(P_PID, (id_t)m->server.pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
	    info.si_pid == 0)
		return false;
	return proc_wait(&m->server, &w, status, &ignored) == ERR_OK;
}

/* ERR_PEER: the server that ran before us has ended meanwhile. */
static enum err_code
wait_until_ready(struct managed *m, struct err *err)
{
	OWNED(buf_release) struct buf words = BUF_INIT(WORDS_MAX);
	int64_t end = clock_mono_ms() + START_SECONDS * 1000;
	int status = 0;
	char text[64];

	while (ping(m) != PQPING_OK) {
		bool ended = server_has_ended(m, &status);

		hear(m, &words);
		if (ended && m->found != 0)
			return err_set(err, ERR_PEER, "the server that ran before has ended");
		if (ended)
			return err_set(err, ERR_SYS,
				       "the catalog's PostgreSQL server did not start: %s: %s; see "
				       "%s",
				       proc_status_text(status, text, sizeof(text)),
				       reason_in(&words), m->log_dir);
		if (clock_mono_ms() > end)
			return err_set(err, ERR_SYS,
				       "the catalog's PostgreSQL server did not answer within %d "
				       "seconds; see %s",
				       START_SECONDS, m->log_dir);
		if (pause_ms(m, POLL_MS, err) != ERR_OK)
			return err->code;
	}
	/* From here on it writes to its log. */
	closep(&m->server.out);
	m->server.out = -1;
	return ERR_OK;
}

static enum err_code
try_start(struct managed *m, struct err *err)
{
	closep(&m->server.out);
	m->server.out = -1;
	m->found = running_server(m);
	if (m->found == 0 && (clear_remains(m, err) != ERR_OK || start_server(m, err) != ERR_OK))
		return err->code;
	return wait_until_ready(m, err);
}

/* A server that answers: found or started.  More than one try, because what hinders it may be
 * the end of another. */
static enum err_code
run_server(struct managed *m, struct err *err)
{
	OWNED(closep) int held = -1;

	if (lock(m, &held, err) != ERR_OK)
		return err->code;
	for (int i = 1;; i++) {
		struct err why = ERR_INIT;

		if (try_start(m, &why) == ERR_OK)
			return ERR_OK;
		if (i == START_TRIES || why.code == ERR_CANCELED || m->server.pid != 0) {
			*err = why;
			return err->code;
		}
		if (why.code != ERR_PEER)
			log_warn("catalog: %s; trying again", why.text);
		if (pause_ms(m, START_PAUSE_MS, err) != ERR_OK)
			return err->code;
	}
}

/* --- keeping ------------------------------------------------------------------------------- */

static pid_t
server_pid(const struct managed *m)
{
	return m->server.pid != 0 ? m->server.pid : m->found;
}

/* Until it runs again, or the owner wants an end. */
static void
restart(struct managed *m, int64_t *pause)
{
	struct err err = ERR_INIT;

	for (;;) {
		if (pause_ms(m, *pause, &err) != ERR_OK)
			return;
		*pause = *pause == 0                         ? START_PAUSE_MS
			 : *pause * 2 > RESTART_PAUSE_MAX_MS ? RESTART_PAUSE_MAX_MS
							     : *pause * 2;
		if (run_server(m, &err) == ERR_OK) {
			log_info("catalog: the PostgreSQL server runs again (process %d)",
				 (int)server_pid(m));
			return;
		}
		if (err.code == ERR_CANCELED)
			return;
		log_error("catalog: %s; the next try is in %lld seconds", err.text,
			  (long long)(*pause / 1000));
		/* One that neither answers nor ends keeps its child; it is looked at again. */
		if (m->server.pid != 0)
			return;
	}
}

static void
keep(void *arg)
{
	struct managed *m = arg;
	struct err err = ERR_INIT;
	int64_t since = clock_mono_ms();
	int64_t pause = 0;
	int status = 0;

	while (pause_ms(m, KEEP_EVERY_MS, &err) == ERR_OK) {
		pid_t pid = server_pid(m);
		bool ours = m->server.pid != 0;
		char text[64];

		if (!server_has_ended(m, &status))
			continue;
		log_error("catalog: the PostgreSQL server (process %d) ended: %s; starting it "
			  "again",
			  (int)pid,
			  ours ? proc_status_text(status, text, sizeof(text))
			       : "it was not our child");
		if (clock_mono_ms() - since > STEADY_MS)
			pause = 0;
		restart(m, &pause);
		since = clock_mono_ms();
	}
}

enum err_code
managed_start(const struct managed_options *o, struct managed **out, struct err *err)
{
	OWNED(managed_stopp) struct managed *m = NEW(struct managed);
	OWNED(closep) int held = -1;

	m->server = (struct proc)PROC_INIT;
	m->guest = true; /* until a server is ours: a failed start stops only its own child */
	m->end.event = -1;
	if (cancel_init(&m->end, err) != ERR_OK || managed_make_room(m, o, err) != ERR_OK ||
	    lock(m, &held, err) != ERR_OK || managed_make_cluster(m, err) != ERR_OK)
		return err->code;
	closep(&held);
	held = -1;
	if (run_server(m, err) != ERR_OK)
		return err->code;
	if (m->found != 0 && !o->guest)
		log_info("catalog: going on with the PostgreSQL server that runs (process %d)",
			 (int)m->found);
	if (!o->guest && thread_start(&m->keeper, "catalog-keep", keep, m, err) != ERR_OK)
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

/* --- stopping ------------------------------------------------------------------------------ */

static void
stop_server(struct managed *m)
{
	pid_t pid = m->server.pid != 0 ? m->server.pid : m->guest ? 0 : m->found;
	int64_t end = clock_mono_ms() + STOP_SECONDS * 1000;
	OWNED(closep) int held = -1;
	struct err err = ERR_INIT;
	int status = 0;

	if (pid == 0)
		return;
	if (lock(m, &held, &err) != ERR_OK)
		log_warn("catalog: %s", err.text);
	if (server_has_ended(m, &status))
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
	if (m->keeper.running) {
		cancel_now(&m->end);
		thread_join(&m->keeper);
	}
	/* The keeper is gone: from here on a wait for the lock is a wait. */
	cancel_release(&m->end);
	atomic_store(&m->end.asked, false);
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
