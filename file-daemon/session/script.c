/*
 * file-daemon/session/script.c - programs before and after a job, with allow-list
 *
 * The command is split first and its %-codes are put into each word afterwards, so that a value
 * cannot become another argument.  Spec: wire.md 5.5, config.md 1.13, 9.1
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "file-daemon/session/session_internal.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/proc.h"

#define WORD_MAX 8192u
#define ENV_MAX  8u

enum err_code
cmd_run(struct session *s, struct bytes line, struct err *err)
{
	struct fd_job *j = s->job;
	unsigned ok, failed, abort_on_error, when;
	OWNED(freep) char *command = NULL;

	if (!wire_scan(line, DIR_FD_RUN_SCAN, &ok, &failed, &abort_on_error, &when, &command))
		return session_refuse(s, err, DIR_FD_BAD_RUN);
	wire_unbash(command);
	j->scripts = mem_grow(j->scripts, j->n_scripts, &j->cap_scripts, sizeof(*j->scripts));
	j->scripts[j->n_scripts++] = (struct job_script){ .command = TAKE_PTR(command),
							  .on_success = ok != 0,
							  .on_failure = failed != 0,
							  .abort_on_error = abort_on_error != 0,
							  .when = when };
	return conn_printf(s->dir, err, DIR_FD_OK_RUN);
}

/* ---- %-codes ---- */

static const char *
code_text(const struct fd_job *j, char code, char *out, size_t cap)
{
	const struct fd_client *own = j->conf->client;
	const char *dot = j->job + strlen(j->job);

	switch (code) {
	case '%':
		return "%";
	case 'c':
	case 'd':
		return own->name;
	case 'D':
		return j->director->name;
	case 'e':
		return job_status_word(fd_job_status(j));
	case 'l':
		return job_level_text(atomic_load(&((struct fd_job *)(uintptr_t)j)->level));
	case 't':
		return job_type_text(atomic_load(&((struct fd_job *)(uintptr_t)j)->type));
	case 'j':
		return j->job;
	case 'i':
		(void)snprintf(out, cap, "%u", j->job_id);
		return out;
	case 'F':
		(void)snprintf(out, cap, "%u",
			       atomic_load(&((struct fd_job *)(uintptr_t)j)->progress.files));
		return out;
	case 'b':
	case 'B':
		(void)snprintf(out, cap, "%llu",
			       (unsigned long long)atomic_load(
				       &((struct fd_job *)(uintptr_t)j)->progress.bytes));
		return out;
	case 'P':
		(void)snprintf(out, cap, "%d", (int)getpid());
		return out;
	case 'm':
		(void)snprintf(out, cap, "%lld", (long long)j->since);
		return out;
	case 's':
		return clock_format(j->since, "%Y-%m-%d %H:%M:%S", out, cap);
	case 'n':
		for (int dots = 0; dots < 3 && dot > j->job;)
			if (*--dot == '.')
				dots++;
		(void)snprintf(out, cap, "%.*s", (int)(dot - j->job), j->job);
		return out;
	default:
		return NULL;
	}
}

/* word with its codes put in; unknown codes stay.  Owned. */
static char *
expand_word(const struct fd_job *j, const char *word)
{
	struct buf b = BUF_INIT(WORD_MAX * 16);
	char text[256];

	for (const char *p = word; *p != '\0'; p++) {
		const char *value = *p == '%' && p[1] != '\0'
					    ? code_text(j, p[1], text, sizeof(text))
					    : NULL;

		if (value != NULL && b.len + strlen(value) < WORD_MAX * 8) {
			buf_put(&b, value, strlen(value));
			p++;
		} else if (b.len < WORD_MAX * 15) {
			buf_put(&b, p, 1);
		}
	}
	return buf_take_str(&b);
}

/* ---- allow-list ---- */

/*
 * The directory of the program, links resolved, is one of the allowed ones.  What was judged is
 * what is run: *program becomes the resolved name.
 */
static enum err_code
check_dir(const struct fd_job *j, char **program, struct err *err)
{
	const struct str_list *dirs = fd_conf_script_dirs(j->conf, j->director);
	char real[PATH_MAX], allowed[PATH_MAX], *slash;

	if (dirs == NULL || dirs->n == 0)
		return ERR_OK;
	if (realpath(*program, real) == NULL)
		return err_errno(err, ERR_CONFIG, "%s", *program);
	slash = strrchr(real, '/');
	for (size_t i = 0; i < dirs->n; i++) {
		size_t n = slash == real ? 1 : (size_t)(slash - real);

		if (realpath(dirs->v[i], allowed) == NULL || strlen(allowed) != n ||
		    memcmp(allowed, real, n) != 0)
			continue;
		free(*program);
		*program = str_dup(real);
		return ERR_OK;
	}
	return err_set(err, ERR_CONFIG, "%s is in no Allowed Script Dir", *program);
}

/* ---- running ---- */

struct environment {
	char *v[ENV_MAX + 1];
	size_t n;
};

static void
environment_release(struct environment *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->v[i]);
}

static void
environment_fill(const struct fd_job *j, struct environment *e)
{
	static const struct {
		const char *name;
		char code;
	} rows[] = { { "JOBID", 'i' }, { "JOB", 'j' },  { "CLIENT", 'c' },
		     { "LEVEL", 'l' }, { "TYPE", 't' }, { "STATUS", 'e' } };
	char text[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		e->v[e->n++] = str_printf("TERCET_%s=%s", rows[i].name,
					  code_text(j, rows[i].code, text, sizeof(text)));
}

static enum err_code
run_command(struct fd_job *j, struct cancel *cancel, const char *command,
	    void (*line)(void *arg, struct bytes text), void *arg, int *status, struct err *err)
{
	OWNED(proc_argv_release) struct proc_argv argv = { .n = 0 };
	OWNED(environment_release) struct environment env = { .n = 0 };
	struct proc_spec spec = { .argv = argv.words, .env = env.v };
	struct wait w = wait_for(cancel, 0, "a program");

	if (proc_split(command, &argv, err) != ERR_OK)
		return err->code;
	for (size_t i = 0; i < argv.n; i++) {
		char *word = expand_word(j, argv.words[i]);

		free(argv.words[i]);
		argv.words[i] = word;
	}
	if (check_dir(j, &argv.words[0], err) != ERR_OK)
		return err->code;
	environment_fill(j, &env);
	return proc_run_lines(&spec, &w, line, arg, status, err);
}

enum err_code
program_lines(struct fd_job *j, const char *command, void (*line)(void *arg, struct bytes text),
	      void *arg, struct err *err)
{
	char text[64];
	int status = 0;

	if (run_command(j, &j->cancel, command, line, arg, &status, err) != ERR_OK)
		return err->code;
	if (status != 0)
		return err_set(err, ERR_SYS, "%s", proc_status_text(status, text, sizeof(text)));
	return ERR_OK;
}

struct output {
	struct fd_job *job;
	const char *title;
};

static void
on_line(void *arg, struct bytes text)
{
	struct output *o = arg;

	job_report(o->job->msg, MSG_INFO, "%s: %.*s", o->title, BYTES_ARG(text));
}

/* False when it failed and the job shall not be called good.  What runs after a cancelled job is
 * not cancelled with it: only the daemon's end ends it. */
static bool
run_script(struct fd_job *j, const struct job_script *sc, unsigned when)
{
	bool before = when == DIR_FD_RUN_BEFORE;
	const char *title = before ? "ClientBeforeJob" : "ClientAfterJob";
	struct cancel *cancel = before ? &j->cancel : &j->daemon->stop;
	struct output o = { j, title };
	struct err e = ERR_INIT;
	char text[64];
	int status = 0;

	job_report(j->msg, MSG_INFO, "shell command: run %s \"%s\"", title, sc->command);
	if (run_command(j, cancel, sc->command, on_line, &o, &status, &e) == ERR_OK && status == 0)
		return true;
	if (e.code == ERR_OK)
		(void)err_set(&e, ERR_SYS, "ended with %s",
			      proc_status_text(status, text, sizeof(text)));
	(void)err_ctx(&e, "%s \"%s\"", title, sc->command);
	job_report_err(j->msg, sc->abort_on_error ? MSG_ERROR : MSG_WARNING, &e);
	return !sc->abort_on_error;
}

bool
scripts_run(struct fd_job *j, unsigned when)
{
	bool before = when == DIR_FD_RUN_BEFORE, all_good = true;
	int status = fd_job_status(j);

	for (size_t i = 0; i < j->n_scripts; i++) {
		const struct job_script *sc = &j->scripts[i];
		bool good = before || job_status_is_ok(status);

		if ((sc->when & when) == 0 || !(good ? sc->on_success : sc->on_failure))
			continue;
		if (!run_script(j, sc, when)) {
			fd_job_set_status(j, before ? STATUS_FATAL : STATUS_ERROR);
			all_good = false;
		}
	}
	return all_good;
}

enum err_code
cmd_run_before_now(struct session *s, struct bytes line, struct err *err)
{
	(void)line;
	if (!scripts_run(s->job, DIR_FD_RUN_BEFORE))
		return session_refuse(s, err, DIR_FD_BAD_RUN);
	return conn_printf(s->dir, err, DIR_FD_OK_RUN_BEFORE_NOW);
}
