/*
 * director/shell/restore.h - one restore command on its way: jobs, files, bootstrap
 *
 * Purpose: shared by the files of the restore command alone.
 * Threads: the thread of the console connection.
 * Spec:    console.md 8, director.md 14
 */
#ifndef TERCET_DIRECTOR_SHELL_RESTORE_H
#define TERCET_DIRECTOR_SHELL_RESTORE_H

#include "director/job/job_start.h"
#include "director/shell/shell_internal.h"
#include "director/tree/tree.h"
#include "lib/catalog/cat_jobmedia.h"
#include "lib/conf/value.h"

/* All-zero is the start. */
struct restore {
	struct catalog *c; /* borrowed */
	char client[128];  /* whose files; "" not known yet */
	char fileset[128];
	uint32_t *ids; /* owned: the jobs, oldest first */
	size_t n_ids;
	int64_t before;        /* 0: now */
	uint32_t last;         /* the job that began then and is the last to count; 0: none */
	struct str_list paths; /* file= and what the menu asked for */
	struct str_list dirs;  /* directory=: the files directly in each */
	bool select;           /* to the tree shell even though something is marked */
	uint64_t files;        /* selected */
	char *bootstrap;       /* owned: path of the file written */
	char storage[128];     /* to read from; "": as the bootstrap says */
};

void restore_release(struct restore *r);

/* Which jobs: from the words of the command, else by the menu.  ERR_CANCELED: left. */
MUST_CHECK enum err_code restore_choose_jobs(struct shell *sh, struct restore *r, struct err *err);
/* The table of the jobs, and "You have selected the following JobIds". */
MUST_CHECK enum err_code restore_show_jobs(struct shell *sh, struct restore *r, struct err *err);
/* Fill a tree from the jobs, mark what the words say, let the person mark the rest.  *out stays
 * NULL when a job has no file rows any more and all of the jobs is to be restored. */
MUST_CHECK enum err_code restore_choose_files(struct shell *sh, struct restore *r,
					      struct tree **out, struct err *err);
/* Write the bootstrap file of what is marked; t NULL: everything of the jobs. */
MUST_CHECK enum err_code restore_write_bootstrap(struct shell *sh, struct restore *r,
						 struct tree *t, struct err *err);

#endif
