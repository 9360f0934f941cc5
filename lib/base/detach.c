/* lib/base/detach.c - a daemon that goes to the background */
#include "lib/base/detach.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/proc.h"

#define READY_LINE   "tercet-ready\n"
#define MARK         "TERCET_DETACHED"
#define WAIT_SECONDS 600

struct relay {
	char text[8192];
	size_t n;
	bool ready;
};

/* Whole lines go to standard error, but for the one that says ready. */
static void
relay_lines(struct relay *r, bool end)
{
	char *lf;

	while (r->n > 0 &&
	       ((lf = memchr(r->text, '\n', r->n)) != NULL || end || r->n == sizeof(r->text))) {
		size_t len = lf != NULL ? (size_t)(lf - r->text) + 1 : r->n;

		if (len == strlen(READY_LINE) && memcmp(r->text, READY_LINE, len) == 0)
			r->ready = true;
		else
			(void)!write(STDERR_FILENO, r->text, len);
		memmove(r->text, r->text + len, r->n - len);
		r->n -= len;
	}
}

static volatile sig_atomic_t asked; /* how often to give up */

static void
take_signal(int sig UNUSED)
{
	asked = asked + 1;
}

/* While it waits; they are blocked otherwise. */
static sigset_t
watch_signals(void)
{
	const struct sigaction sa = { .sa_handler = take_signal };
	sigset_t mask;

	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
	(void)pthread_sigmask(SIG_SETMASK, NULL, &mask);
	(void)sigdelset(&mask, SIGINT);
	(void)sigdelset(&mask, SIGTERM);
	return mask;
}

/* The first Ctrl-C asks the daemon to stop, which it does as soon as it has started; the second one
 * ends it. */
static void
relay_until_ready(const struct proc *p, struct relay *r)
{
	const struct timespec limit = { .tv_sec = WAIT_SECONDS };
	const sigset_t waiting = watch_signals();
	bool told = false;

	while (!r->ready) {
		struct pollfd pf = { .fd = p->out, .events = POLLIN };
		int n = ppoll(&pf, 1, &limit, &waiting);
		bool interrupted = n < 0 && errno == EINTR;
		ssize_t got;

		if (asked > (told ? 1 : 0)) {
			if (told)
				break;
			told = true;
			(void)kill(p->pid, SIGTERM);
			(void)fputs("stopping as soon as it has started\n", stderr);
		}
		if (interrupted)
			continue;
		if (n <= 0)
			break;
		got = read(p->out, r->text + r->n, sizeof(r->text) - r->n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		r->n += (size_t)got;
		relay_lines(r, false);
	}
	relay_lines(r, true);
}

int
detach_run(int argc, char **argv)
{
	OWNED(freep) char **args = NEW_ARRAY(char *, (size_t)argc + 2);
	OWNED(freep) struct relay *r = NEW(struct relay);
	char self[4096], mark[] = MARK "=1", flag[] = "-f";
	char *env[] = { mark, NULL };
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	struct proc_spec spec = { .argv = args, .env = env, .new_session = true };
	struct proc p = PROC_INIT;
	struct err e = ERR_INIT;

	self[n > 0 ? n : 0] = '\0';
	args[0] = n > 0 ? self : argv[0];
	args[1] = flag;
	for (int i = 1; i < argc; i++)
		args[i + 1] = argv[i];
	if (proc_start(&spec, &p, &e) != ERR_OK) {
		(void)fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	relay_until_ready(&p, r);
	if (r->ready)
		p.pid = 0; /* it lives on by itself */
	proc_release(&p);
	return r->ready && asked == 0 ? 0 : 1;
}

void
detach_ready(void)
{
	OWNED(closep) int null = -1;

	if (getenv(MARK) == NULL)
		return;
	(void)!write(STDOUT_FILENO, READY_LINE, strlen(READY_LINE));
	(void)unsetenv(MARK);
	log_use_syslog();
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return;
	(void)dup2(null, STDOUT_FILENO);
	(void)dup2(null, STDERR_FILENO);
}
