/*
 * director/job/job_setup.h - what the start of the director needs of director/job
 */
#ifndef TERCET_DIRECTOR_JOB_JOB_SETUP_H
#define TERCET_DIRECTOR_JOB_JOB_SETUP_H

#include "director/director.h"

struct cat_job;
struct cat_pool;
struct catalog;
struct dir_pool;

/* A Pool resource as its row. */
void cat_pool_of(const struct dir_pool *pool, struct cat_pool *out);

/* The reason of a job that its director left unfinished; of the unique name. */
#define JOB_LEFT_TEXT "the director ended while Job %s was unfinished; it is marked failed"
/*
 * A job that an earlier director left unfinished: once the table's threads run it says why and ends
 * as a failed one does: scripts, report, mail.  Its row, and the reason in its log, are the
 * caller's.  Waits for nobody who is told.
 * ERR_CONFIG  its resources are gone: nothing will be said
 */
MUST_CHECK enum err_code job_take_left(struct director *d, struct catalog *c,
				       const struct cat_job *row, struct err *err);

struct job_table *job_table_new(struct director *d);
/* Its threads. */
MUST_CHECK enum err_code job_table_start(struct job_table *t, struct err *err);
/* Something changed that may let a job start or end. */
void job_table_wake(struct job_table *t);
/* Ask every job to stop. */
void job_table_cancel_all(struct job_table *t);
/* Waits for the jobs, which must have been told to stop; ends the threads.  Without threads the
 * jobs are dropped. */
void job_table_free(struct job_table *t);

#endif
