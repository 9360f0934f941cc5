/*
 * regress/fuzz/fuzz_shell.c - a console that says anything to a whole director, over a catalog that
 * answers anything; jobs it starts meet daemons that say anything
 *
 * needs: director
 * fakes: pq director
 * wraps: input_new
 *
 * Section 0 is the console's (an odd first byte: the restricted one), section 1 what cells of the
 * catalog hold, sections 2 and up what the daemons say that the director calls, in that order.
 * With the second bit of the first byte the console hangs up only when all it said is answered.
 */
#include "director/shell/input.c" /* when the console has hung up is the seam */

#include "director/director_internal.h"
#include "director/job/job.h"
#include "director/job/job_setup.h"
#include "director/shell/shell.h"

#include "lib/base/clock.h"
#include "regress/fuzz/lib/director.h"
#include "regress/fuzz/lib/peer.h"
#include "regress/fuzz/lib/pq.h"
#include "regress/fuzz/lib/sandbox.h"

#include <stdio.h>
#include <stdlib.h>

#define JOBS_MS     300
#define PATIENCE_MS 100
#define RESTRICTED  1
#define PATIENT     2

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
enum err_code __wrap_input_new(const struct shell_io *console, struct input **out, struct err *err);

static struct director *director_;
static enum err_code (*console_recv)(void *arg, struct frame *out, struct err *err);
static _Atomic(struct input *) session_input;
static bool patient;

static bool
is_idle(struct input *in)
{
	bool idle;

	mutex_lock(&in->lock);
	idle = (in->waiting && in->n_said == 0) || in->leaving;
	mutex_unlock(&in->lock);
	return idle;
}

static enum err_code
patient_recv(void *arg, struct frame *out, struct err *err)
{
	enum err_code rc = console_recv(arg, out, err);
	struct input *in;

	if (rc != ERR_OK || out->signal == FRAME_TERMINATE)
		for (int ms = 0; patient && ms < PATIENCE_MS; ms++) {
			in = atomic_load(&session_input);
			if (in != NULL && is_idle(in))
				break;
			clock_pause_ms(1);
		}
	return rc;
}

enum err_code
__wrap_input_new(const struct shell_io *console, struct input **out, struct err *err)
{
	struct shell_io c = *console;

	console_recv = c.recv;
	c.recv = patient_recv;
	atomic_store(&session_input, NULL);
	if (input_new(&c, out, err) != ERR_OK)
		return err->code;
	atomic_store(&session_input, *out);
	return ERR_OK;
}

/* What was started runs until its peers have said all; then it is cancelled. */
static void
await_jobs(void)
{
	struct job_table *t = director_jobs(director_);
	struct wait while_they_talk = { .deadline_ms = clock_mono_ms() + JOBS_MS, .what = "jobs" };
	struct wait after = { .what = "jobs" };
	struct err err = ERR_INIT;

	if (job_wait(t, 0, &while_they_talk, NULL, &err) == ERR_OK)
		return;
	job_table_cancel_all(t);
	(void)!job_wait(t, 0, &after, NULL, &err);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	director_ = fake_director_start(sandbox_enter(*argc, *argv));
	director_set_console(director_, shell_run_line);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct hello who = { .kind = PEER_CONSOLE, .name = "*UserAgent*", .version = 2501 };
	struct bytes input = bytes_of(p, n), console;
	struct conn *c;

	fake_director_daemons(input, 2, NULL);
	pq_script(peer_section(input, 1));
	console = peer_section(input, 0);
	patient = console.n > 0 && (console.p[0] & PATIENT) != 0;
	if (console.n > 0 && (console.p[0] & RESTRICTED) != 0)
		(void)snprintf(who.name, sizeof(who.name), "small");
	if (console.n > 0)
		console = bytes_skip(console, 1);
	c = peer_say(console);
	shell_serve(c, &who, director_);
	conn_free(c);
	await_jobs();
	return 0;
}
