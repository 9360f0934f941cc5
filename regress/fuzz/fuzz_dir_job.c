/*
 * regress/fuzz/fuzz_dir_job.c - a job of the director whose daemons say anything, over a catalog
 * that answers anything
 *
 * needs: director
 * fakes: pq director
 * wraps: job_make_name thread_start thread_join
 *
 * The first byte chooses the job: backup, backup of a passive client, restore.  The rest of section
 * 0 is what cells of the catalog hold; sections 1 and up are what the storage daemon says, the file
 * daemon, and whoever else is called.  All that the storage daemon says is heard in one piece when
 * the job has it run.
 */
#include "director/job/job_start.c" /* a job without the queue is the seam */

#include "director/director_internal.h"
#include "regress/fuzz/lib/director.h"
#include "regress/fuzz/lib/peer.h"
#include "regress/fuzz/lib/pq.h"
#include "regress/fuzz/lib/sandbox.h"

#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
void __wrap_job_make_name(const char *resource, char out[JOB_NAME_SIZE]);
enum err_code __real_thread_start(struct thread *t, const char *name, void (*fn)(void *), void *arg,
				  struct err *err);
enum err_code __wrap_thread_start(struct thread *t, const char *name, void (*fn)(void *), void *arg,
				  struct err *err);
void __real_thread_join(struct thread *t);
void __wrap_thread_join(struct thread *t);

static const char bootstrap_text[] = "Storage=Disk\nVolume=V-0001\nMediaType=File\nVolSessionId=1\n"
				     "VolSessionTime=1795231049\nVolAddr=230-1681\nFileIndex=1-8\n"
				     "Count=8\n";

static struct director *director_;
static char backup_job[] = "Backup", passive_job[] = "passive", restore_job[] = "Restore";
static char bootstrap[512];
static const struct job_request requests[] = {
	{ .job = backup_job },
	{ .job = passive_job },
	{ .job = restore_job, .bootstrap = bootstrap },
};

/* There are only sixty in a second. */
void
__wrap_job_make_name(const char *resource, char out[JOB_NAME_SIZE])
{
	(void)snprintf(out, JOB_NAME_SIZE, "%s.2026-11-21_14.45.16_01", resource);
}

/* The thread of the storage daemon's messages is a call: all that it will hear is there. */
enum err_code
__wrap_thread_start(struct thread *t, const char *name, void (*fn)(void *), void *arg,
		    struct err *err)
{
	if (strcmp(name, "sd-messages") != 0)
		return __real_thread_start(t, name, fn, arg, err);
	fn(arg);
	thread_set_cancel(NULL);
	*t = (struct thread){ .id = pthread_self(), .running = true };
	return ERR_OK;
}

void
__wrap_thread_join(struct thread *t)
{
	if (t->running && pthread_equal(t->id, pthread_self()) != 0)
		t->running = false;
	else
		__real_thread_join(t);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *dir = sandbox_enter(*argc, *argv);
	FILE *f;

	(void)snprintf(bootstrap, sizeof(bootstrap), "%s/b.bsr", dir);
	f = fopen(bootstrap, "w");
	if (f == NULL || fputs(bootstrap_text, f) < 0 || fclose(f) != 0)
		abort();
	director_ = fake_director_start(dir);
	return 0;
}

static void
run(struct job *j)
{
	struct err err = ERR_INIT;

	msg_sink_set_job(j->sink, j->id, j->unique);
	if (job_decide(j, &err) != ERR_OK || job_store_start(j, &err) != ERR_OK)
		job_fail(j, &err);
	else if (j->plan.type == JOB_BACKUP)
		backup_run(j);
	else
		restore_run(j);
	report_send(j);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct bytes input = bytes_of(p, n), cells = peer_section(input, 0);
	OWNED(job_unrefp) struct job *j = NULL;
	struct err err = ERR_INIT;

	if (cells.n == 0)
		return 0;
	pq_script(bytes_skip(cells, 1));
	if (make_job(director_, &requests[cells.p[0] % 3], NULL, &j, &err) != ERR_OK)
		abort();
	fake_director_daemons(input, 1, j->unique);
	if (insert_rows(j, &err) != ERR_OK)
		return 0;
	open_messages(j);
	run(j);
	return 0;
}
