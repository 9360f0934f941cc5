/*
 * director/shell/run_request.h - words of a command line to a job request; its confirmation block
 *
 * Purpose: run, rerun and restore share it.
 * Threads: the thread of the console connection.
 * Spec:    console.md 7.1
 */
#ifndef TERCET_DIRECTOR_SHELL_RUN_REQUEST_H
#define TERCET_DIRECTOR_SHELL_RUN_REQUEST_H

#include "director/job/job_start.h"
#include "director/shell/shell_internal.h"

/*
 * Take keywords of args from position at on into req; *yes when the word is there.
 * ERR_CONFIG names the word: "Invalid keyword: ...", "Value missing for keyword ...".
 */
MUST_CHECK enum err_code run_request_take(struct shell *sh, const struct args *args, size_t at,
					  struct job_request *req, bool *yes, struct err *err);
/*
 * Show the block, ask, modify until the person says yes; then start.  With yes: start at once.
 * The answer is {"run":{"jobid":"18"}}.  ERR_CANCELED "Job not run."
 */
MUST_CHECK enum err_code run_request_confirm(struct shell *sh, struct job_request *req, bool yes,
					     struct err *err);

#endif
