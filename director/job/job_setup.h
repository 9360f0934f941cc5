/*
 * director/job/job_setup.h - what the start of the director needs of director/job
 */
#ifndef TERCET_DIRECTOR_JOB_JOB_SETUP_H
#define TERCET_DIRECTOR_JOB_JOB_SETUP_H

#include "director/director.h"

struct dir_pool;
struct cat_pool;

/* A Pool resource as its row. */
void cat_pool_of(const struct dir_pool *pool, struct cat_pool *out);

struct job_table *job_table_new(struct director *d);
/* Its threads. */
MUST_CHECK enum err_code job_table_start(struct job_table *t, struct err *err);
/* Something changed that may let a job start or end. */
void job_table_wake(struct job_table *t);
/* Ask every job to stop. */
void job_table_cancel_all(struct job_table *t);
/* Waits for the jobs, which must have been told to stop; ends the threads. */
void job_table_free(struct job_table *t);

#endif
