/*
 * File-scope state: the name, job id and cancel of the running thread.
 */
#include "lib/base/thread.h"

#include "lib/base/mem.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static _Thread_local char own_name[16] = "main";
static _Thread_local uint32_t own_job;
static _Thread_local struct cancel *own_cancel;

struct start {
	void (*fn)(void *);
	void *arg;
	char name[16];
};

static void *
run(void *p)
{
	struct start s = *(struct start *)p;

	free(p);
	(void)snprintf(own_name, sizeof(own_name), "%s", s.name);
	(void)pthread_setname_np(pthread_self(), s.name);
	s.fn(s.arg);
	return NULL;
}

enum err_code
thread_start(struct thread *t, const char *name, void (*fn)(void *), void *arg, struct err *err)
{
	struct start *s = NEW(struct start);
	int rc;

	s->fn = fn;
	s->arg = arg;
	(void)snprintf(s->name, sizeof(s->name), "%s", name);
	rc = pthread_create(&t->id, NULL, run, s);
	if (rc != 0) {
		free(s);
		errno = rc;
		return err_errno(err, ERR_SYS, "start thread %s", name);
	}
	t->running = true;
	return ERR_OK;
}

void
thread_join(struct thread *t)
{
	if (!t->running)
		return;
	(void)pthread_join(t->id, NULL);
	t->running = false;
}

unsigned
thread_cores(unsigned asked, unsigned most)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (asked == 0)
		asked = cores < 1 ? 1 : (unsigned)cores;
	return asked < most ? asked : most;
}

void
thread_set_job(uint32_t job_id)
{
	own_job = job_id;
}

uint32_t
thread_job(void)
{
	return own_job;
}

void
thread_set_cancel(struct cancel *c)
{
	own_cancel = c;
}

struct cancel *
thread_cancel(void)
{
	return own_cancel;
}

const char *
thread_name(void)
{
	return own_name;
}

void
thread_block_signals(void)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigdelset(&all, SIGSEGV);
	(void)sigdelset(&all, SIGBUS);
	(void)sigdelset(&all, SIGFPE);
	(void)sigdelset(&all, SIGILL);
	(void)sigdelset(&all, SIGABRT);
	(void)pthread_sigmask(SIG_BLOCK, &all, NULL);
}

void
thread_allow_signals(void)
{
	static const int allowed[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed); i++)
		(void)sigaddset(&set, allowed[i]);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
