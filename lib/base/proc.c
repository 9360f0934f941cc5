/* lib/base/proc.c - run a program without a shell */
#include "lib/base/proc.h"

#include <fcntl.h>
#include <signal.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"

#define LINE_MAX_BYTES 8192u
#define KILL_GRACE_MS  5000

void
proc_argv_release(struct proc_argv *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free(a->words[i]);
		a->words[i] = NULL;
	}
	a->n = 0;
}

enum err_code
proc_split(const char *command, struct proc_argv *out, struct err *err)
{
	OWNED(proc_argv_release) struct proc_argv a = { .n = 0 };
	const char *p = command;

	for (;;) {
		const char *end;

		p += strspn(p, " \t\r\n");
		if (*p == '\0')
			break;
		if (a.n == PROC_WORDS_MAX)
			return err_set(err, ERR_FORMAT, "command has more than %d words",
				       PROC_WORDS_MAX);
		if (*p == '"' || *p == '\'') {
			end = strchr(p + 1, *p);
			if (end == NULL)
				return err_set(err, ERR_FORMAT,
					       "command has an unclosed %c: %.200s", *p, command);
			a.words[a.n++] = str_ndup(p + 1, (size_t)(end - p - 1));
			p = end + 1;
		} else {
			end = p + strcspn(p, " \t\r\n");
			a.words[a.n++] = str_ndup(p, (size_t)(end - p));
			p = end;
		}
	}
	if (a.n == 0)
		return err_set(err, ERR_FORMAT, "command is empty");
	*out = a;
	a.n = 0;
	return ERR_OK;
}

/* Our environment with extra in front: the first of two equal names counts for most programs. */
static char **
join_env(char *const *extra)
{
	size_t n = 0, m = 0;
	char **env;

	while (environ != NULL && environ[n] != NULL)
		n++;
	while (extra != NULL && extra[m] != NULL)
		m++;
	env = NEW_ARRAY(char *, n + m + 1);
	for (size_t i = 0; i < m; i++)
		env[i] = extra[i];
	for (size_t i = 0; i < n; i++)
		env[m + i] = environ[i];
	return env;
}

struct ends {
	int in[2], out[2];
};

static void
close_ends(struct ends *e)
{
	closep(&e->in[0]);
	closep(&e->in[1]);
	closep(&e->out[0]);
	closep(&e->out[1]);
}

static enum err_code
open_ends(const struct proc_spec *spec, struct ends *e, struct err *err)
{
	if (spec->write_stdin && pipe2(e->in, O_CLOEXEC) != 0)
		return err_errno(err, ERR_SYS, "pipe");
	if (!spec->discard_output && pipe2(e->out, O_CLOEXEC) != 0)
		return err_errno(err, ERR_SYS, "pipe");
	return ERR_OK;
}

static int
add_actions(posix_spawn_file_actions_t *fa, const struct proc_spec *spec, const struct ends *e)
{
	int rc = 0;

	if (spec->write_stdin)
		rc |= posix_spawn_file_actions_adddup2(fa, e->in[0], 0);
	else
		rc |= posix_spawn_file_actions_addopen(fa, 0, "/dev/null", O_RDONLY, 0);
	if (spec->discard_output)
		rc |= posix_spawn_file_actions_addopen(fa, 1, "/dev/null", O_WRONLY, 0);
	else
		rc |= posix_spawn_file_actions_adddup2(fa, e->out[1], 1);
	if (!spec->separate_stderr)
		rc |= posix_spawn_file_actions_adddup2(fa, 1, 2);
	return rc | posix_spawn_file_actions_addclosefrom_np(fa, 3);
}

static int
spawn(const struct proc_spec *spec, const struct ends *e, pid_t *pid)
{
	OWNED(freep) char **env = join_env(spec->env);
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	sigset_t none, all;
	int rc;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	if (posix_spawn_file_actions_init(&fa) != 0)
		return ENOMEM;
	if (posix_spawnattr_init(&at) != 0) {
		(void)posix_spawn_file_actions_destroy(&fa);
		return ENOMEM;
	}
	rc = add_actions(&fa, spec, e);
	rc |= posix_spawnattr_setsigmask(&at, &none);
	rc |= posix_spawnattr_setsigdefault(&at, &all);
	rc |= posix_spawnattr_setpgroup(&at, 0);
	rc |= posix_spawnattr_setflags(&at, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						    (spec->new_session ? POSIX_SPAWN_SETSID
								       : POSIX_SPAWN_SETPGROUP)));
	if (rc == 0)
		rc = posix_spawnp(pid, spec->argv[0], &fa, &at, spec->argv, env);
	(void)posix_spawnattr_destroy(&at);
	(void)posix_spawn_file_actions_destroy(&fa);
	return rc;
}

enum err_code
proc_start(const struct proc_spec *spec, struct proc *out, struct err *err)
{
	OWNED(close_ends) struct ends e = { { -1, -1 }, { -1, -1 } };
	pid_t pid;
	int rc;

	if (open_ends(spec, &e, err) != ERR_OK)
		return err_ctx(err, "%s", spec->argv[0]);
	rc = spawn(spec, &e, &pid);
	if (rc != 0) {
		errno = rc;
		return err_errno(err, ERR_SYS, "%s: cannot be started", spec->argv[0]);
	}
	*out = (struct proc){ .pid = pid, .in = TAKE_FD(e.in[1]), .out = TAKE_FD(e.out[0]) };
	return ERR_OK;
}

/* True when it has ended; then it is reaped. */
static bool
try_reap(struct proc *p, int *status)
{
	int raw;
	pid_t got = waitpid(p->pid, &raw, WNOHANG);

	if (got == 0 || (got < 0 && errno == EINTR))
		return false;
	p->pid = 0;
	if (got < 0)
		*status = 255;
	else
		*status = WIFSIGNALED(raw) ? 256 + WTERMSIG(raw) : WEXITSTATUS(raw);
	return true;
}

/* The process became waitable, or ms passed. */
static void
await_exit(const struct proc *p, int pidfd, int64_t ms)
{
	struct pollfd pf = { .fd = pidfd, .events = POLLIN };

	if (pidfd < 0)
		clock_pause_ms((unsigned)(ms < 20 ? ms : 20));
	else
		(void)poll(&pf, 1, (int)ms);
	(void)p;
}

static void
kill_group(struct proc *p)
{
	int64_t until = clock_mono_ms() + KILL_GRACE_MS;
	OWNED(closep) int pidfd = -1;
	int status;

	if (p->pid <= 0)
		return;
	pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	(void)kill(-p->pid, SIGTERM);
	while (!try_reap(p, &status)) {
		int64_t left = until - clock_mono_ms();

		if (left <= 0) {
			(void)kill(-p->pid, SIGKILL);
			until = INT64_MAX / 2;
			left = 1000;
		}
		await_exit(p, pidfd, left > 1000 ? 1000 : left);
	}
}

enum err_code
proc_feed(struct proc *p, struct bytes text, const struct wait *w, struct err *err)
{
	if (fcntl(p->in, F_SETFL, O_NONBLOCK) != 0)
		return err_errno(err, ERR_SYS, "the pipe to a program");
	while (text.n > 0) {
		ssize_t n;

		if (wait_fd(w, p->in, POLLOUT, err) != ERR_OK)
			return err->code;
		n = write(p->in, text.p, text.n);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return err_errno(err, ERR_SYS, "writing to a program");
		if (n > 0)
			text = bytes_skip(text, (size_t)n);
	}
	return ERR_OK;
}

enum err_code
proc_wait(struct proc *p, const struct wait *w, int *status, struct err *err)
{
	OWNED(closep) int pidfd = -1;

	if (p->pid <= 0)
		return err_set(err, ERR_BUG, "no program to wait for");
	pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	while (!try_reap(p, status)) {
		if (pidfd >= 0 && wait_fd(w, pidfd, POLLIN, err) != ERR_OK) {
			kill_group(p);
			return err->code;
		}
		if (pidfd < 0) {
			struct wait step = wait_for(w->cancel, 0, w->what);

			step.deadline_ms = clock_mono_ms() + 20;
			if (wait_pause(&step, err) != ERR_OK ||
			    (w->deadline_ms != 0 && clock_mono_ms() >= w->deadline_ms)) {
				kill_group(p);
				return cancel_asked(w->cancel)
					       ? err_set(err, ERR_CANCELED, "canceled")
					       : err_set(err, ERR_PEER, "%s: took too long",
							 w->what);
			}
		}
	}
	return ERR_OK;
}

void
proc_release(struct proc *p)
{
	closep(&p->in);
	closep(&p->out);
	p->in = p->out = -1;
	kill_group(p);
}

const char *
proc_status_text(int status, char *out, size_t cap)
{
	if (status >= 256)
		(void)snprintf(out, cap, "killed by signal %d (%s)", status - 256,
			       sigdescr_np(status - 256) != NULL ? sigdescr_np(status - 256)
								 : "unknown");
	else
		(void)snprintf(out, cap, "exit status %d", status);
	return out;
}

struct line_cutter {
	char p[LINE_MAX_BYTES];
	size_t n;
	void (*line)(void *arg, struct bytes text);
	void *arg;
};

static void
give_lines(struct line_cutter *c, bool end)
{
	size_t at = 0;

	for (;;) {
		char *lf = memchr(c->p + at, '\n', c->n - at);

		if (lf == NULL)
			break;
		c->line(c->arg, bytes_of(c->p + at, (size_t)(lf - (c->p + at))));
		at = (size_t)(lf - c->p) + 1;
	}
	if ((end || (at == 0 && c->n == sizeof(c->p))) && at < c->n) {
		c->line(c->arg, bytes_of(c->p + at, c->n - at));
		at = c->n;
	}
	memmove(c->p, c->p + at, c->n - at);
	c->n -= at;
}

static enum err_code
read_lines(struct proc *p, const struct wait *w, struct line_cutter *c, struct err *err)
{
	for (;;) {
		ssize_t got;

		if (wait_fd(w, p->out, POLLIN, err) != ERR_OK)
			return err->code;
		got = read(p->out, c->p + c->n, sizeof(c->p) - c->n);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			return err_errno(err, ERR_SYS, "reading the output of a program");
		if (got == 0)
			break;
		c->n += (size_t)got;
		give_lines(c, false);
	}
	give_lines(c, true);
	return ERR_OK;
}

enum err_code
proc_run_lines(const struct proc_spec *spec, const struct wait *w,
	       void (*line)(void *arg, struct bytes text), void *arg, int *status, struct err *err)
{
	OWNED(proc_release) struct proc p = PROC_INIT;
	OWNED(freep) struct line_cutter *c = NEW(struct line_cutter);

	c->line = line;
	c->arg = arg;
	if (proc_start(spec, &p, err) != ERR_OK)
		return err->code;
	closep(&p.in);
	p.in = -1;
	if (p.out >= 0 && read_lines(&p, w, c, err) != ERR_OK)
		return err_ctx(err, "%s", spec->argv[0]);
	if (proc_wait(&p, w, status, err) != ERR_OK)
		return err_ctx(err, "%s", spec->argv[0]);
	return ERR_OK;
}
