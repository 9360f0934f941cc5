/*
 * director/shell/run_internal.h - the parts of run_request: words, block, changes
 *
 * Purpose: shared by run_request.c, run_block.c, run_modify.c and run_relocation.c alone.
 * Threads: the thread of the console connection.
 * Spec:    console.md 7.1
 */
#ifndef TERCET_DIRECTOR_SHELL_RUN_INTERNAL_H
#define TERCET_DIRECTOR_SHELL_RUN_INTERNAL_H

#include "director/shell/run_request.h"

/* "*None*" for a text that is not there. */
const char *run_or_none(const char *s);
/* The block that a person confirms. */
void run_block_show(struct shell *sh, const struct job_plan *p, const struct job_request *req);
/* Store text at the offset of a member of the request. */
void run_set_text(struct job_request *req, size_t offset, const char *value);
/* One keyword=value into the request.  ERR_CONFIG: no such keyword, or a wrong value. */
MUST_CHECK enum err_code run_take_word(struct shell *sh, const char *word, const char *value,
				       struct job_request *req, struct err *err);
/* "mod": the menu of what can be changed, and the change. */
MUST_CHECK enum err_code run_modify(struct shell *sh, struct job_request *req,
				    const struct job_plan *p, struct err *err);
/* Its item File Relocation: a menu of its own. */
MUST_CHECK enum err_code run_modify_relocation(struct shell *sh, struct job_request *req,
					       const struct job_plan *p, struct err *err);

#endif
