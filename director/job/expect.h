/*
 * director/job/expect.h - how much a job will probably save
 *
 * Purpose: files and bytes of the last good Full of the same job, client and file set, for the
 *          percentage and the time left that `status director` shows.  Never more than a guess:
 *          a catalog that does not answer leaves it unknown.
 * Threads: the job's worker.
 * Spec:    console.md 15.2 (15)
 */
#ifndef TERCET_DIRECTOR_JOB_EXPECT_H
#define TERCET_DIRECTOR_JOB_EXPECT_H

struct job;

void job_expect(struct job *j);

#endif
