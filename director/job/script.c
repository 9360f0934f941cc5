/*
 * director/job/script.c - run scripts on the director.  Spec: director.md 9, config.md 1.13, 9.1
 *
 * A command line is split into words first and each word expanded then, so that a value with
 * blanks stays one word.  No shell.
 */
#include "director/job/job_internal.h"

#include "lib/base/own.h"
#include "lib/base/proc.h"

#include <inttypes.h>
#include <stdio.h>

struct output {
	struct job *job;
	const char *label; /* "BeforeJob" */
	bool after;        /* the job is over */
};

/*
 * A script that hangs holds its job's place in the queue.  Half a day: more than a copy of the
 * volumes off site takes in a night, and the next night's run finds the place free.
 */
#define SCRIPT_SECONDS (12 * 3600)
#define STOP_SECONDS   30 /* for a script behind a job that the director's stop has ended */

/*
 * The cancel of the job ends a script before it.  The one behind it is there for cancelled jobs,
 * too: a cancel that comes while it runs ends it (job_stop_script), and so does the director's
 * stop.
 */
static struct wait
patience_of(const struct output *o)
{
	struct job *j = o->job;

	if (!o->after)
		return wait_for(&j->cancel, SCRIPT_SECONDS, "a run script");
	if (cancel_asked(director_stop(j->d)))
		return wait_for(NULL, STOP_SECONDS, "a run script");
	return wait_for(&j->script_stop, SCRIPT_SECONDS, "a run script");
}

/* Before patience_of: a stop that comes between the two finds the script. */
static void
begin_script(const struct output *o)
{
	struct job *j = o->job;

	if (!o->after)
		return;
	mutex_lock(&j->lock);
	j->in_script = true;
	(void)snprintf(j->wait_reason, sizeof(j->wait_reason), "waits for the script behind it");
	mutex_unlock(&j->lock);
}

/* The next script is not stopped with this one. */
static void
end_script(const struct output *o)
{
	struct job *j = o->job;

	if (!o->after)
		return;
	mutex_lock(&j->lock);
	j->in_script = false;
	j->wait_reason[0] = '\0';
	cancel_reset(&j->script_stop);
	mutex_unlock(&j->lock);
}

static void
take_line(void *arg, struct bytes text)
{
	struct output *o = arg;

	job_say(o->job, MSG_INFO, "%s: %.*s", o->label, BYTES_ARG(text));
}

static void
take_console_line(void *arg, const char *line)
{
	struct output *o = arg;

	job_say(o->job, MSG_INFO, "%s: %s", o->label, line);
}

#define N_ENV 6

static void
make_env(struct job *j, char *env[N_ENV + 1])
{
	struct job_info i;

	job_fill_info(j, &i);
	env[0] = str_printf("TERCET_JOBID=%u", i.job_id);
	env[1] = str_printf("TERCET_JOB=%s", i.unique);
	env[2] = str_printf("TERCET_CLIENT=%s", i.client);
	env[3] = str_printf("TERCET_LEVEL=%s", job_level_text(i.level));
	env[4] = str_printf("TERCET_TYPE=%s", job_type_text(i.type));
	env[5] = str_printf("TERCET_STATUS=%s", job_status_word(i.status));
	env[N_ENV] = NULL;
}

static enum err_code
run_program(struct output *o, const char *command, struct err *err)
{
	struct job *j = o->job;
	struct proc_argv argv = { .n = 0 };
	char *env[N_ENV + 1], how[128];
	enum err_code code;
	struct wait w;
	int status = 0;

	if (proc_split(command, &argv, err) != ERR_OK)
		return err->code;
	for (size_t i = 0; i < argv.n; i++) {
		char *word = job_expand(j, argv.words[i], NULL);

		free(argv.words[i]);
		argv.words[i] = word;
	}
	make_env(j, env);
	const struct proc_spec spec = { .argv = argv.words, .env = env };
	begin_script(o);
	w = patience_of(o);
	code = argv.n == 0 ? err_set(err, ERR_CONFIG, "the command is empty")
			   : proc_run_lines(&spec, &w, take_line, o, &status, err);
	end_script(o);
	if (code == ERR_CANCELED || code == ERR_PEER)
		err_ctx(err, "Runscript: %s was ended", o->label);
	if (code == ERR_OK && status != 0)
		code = err_set(err, ERR_SYS, "Runscript: %s returned non-zero status=%d. ERR=%s",
			       o->label, status, proc_status_text(status, how, sizeof(how)));
	for (size_t i = 0; i < N_ENV; i++)
		free(env[i]);
	proc_argv_release(&argv);
	return code;
}

static enum err_code
run_console(struct output *o, const char *command, struct err *err)
{
	director_console_fn fn = director_console(o->job->d);
	OWNED(freep) char *line = job_expand(o->job, command, NULL);

	if (fn == NULL)
		return err_set(err, ERR_CONFIG, "no console is there for: %s", line);
	return fn(o->job->d, line, take_console_line, o, err);
}

static enum err_code
run_script(struct job *j, const struct conf_script *r, bool after, struct err *err)
{
	const char *label = after ? "AfterJob" : "BeforeJob";
	struct output o = { j, label, after };
	OWNED(freep) char *shown = job_expand(j, r->command, NULL);

	job_say(j, MSG_INFO, "%s command: run %s \"%s\"", r->is_console ? "console" : "shell",
		label, shown);
	return r->is_console ? run_console(&o, r->command, err) : run_program(&o, r->command, err);
}

enum err_code
script_run_before(struct job *j, struct err *err)
{
	const struct dir_job *job = j->plan.job;
	struct err why = ERR_INIT;

	for (size_t i = 0; i < job->n_run_script; i++) {
		const struct conf_script *r = &job->run_script[i];

		if (r->on_client && !r->is_console)
			continue;
		if (!(r->when & SCRIPT_BEFORE) || !r->on_success || job_is_stopped(j))
			continue;
		if (run_script(j, r, false, &why) == ERR_OK)
			continue;
		if (!r->fail_job_on_error) {
			job_say(j, MSG_WARNING, "%s", why.text);
			continue;
		}
		job_say(j, MSG_ERROR, "%s", why.text);
		job_set_status(j, STATUS_ERROR);
		return err_set(err, ERR_CANCELED, "a script before the job failed");
	}
	return ERR_OK;
}

void
script_run_after(struct job *j)
{
	const struct dir_job *job = j->plan.job;
	bool good = job_status_is_ok(job_status_now(j));
	struct err why = ERR_INIT;

	for (size_t i = 0; i < job->n_run_script; i++) {
		const struct conf_script *r = &job->run_script[i];

		if ((r->on_client && !r->is_console) || !(r->when & SCRIPT_AFTER))
			continue;
		if (good ? !r->on_success : !r->on_failure)
			continue;
		if (run_script(j, r, true, &why) != ERR_OK)
			job_say(j, r->fail_job_on_error ? MSG_ERROR : MSG_WARNING, "%s", why.text);
	}
}
