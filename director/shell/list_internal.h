/*
 * director/shell/list_internal.h - list and llist: what its files share
 *
 * Purpose: one list command on its way: parameters of a statement, paging, printing.
 * Threads: the thread of the console connection.
 * Spec:    console.md 6.1-6.4
 */
#ifndef TERCET_DIRECTOR_SHELL_LIST_INTERNAL_H
#define TERCET_DIRECTOR_SHELL_LIST_INTERNAL_H

#include "director/shell/shell_internal.h"

#define LIST_ARGS_MAX 20

/* Parameters of a statement, their texts owned here. */
struct list_params {
	struct cat_arg v[LIST_ARGS_MAX];
	char *owned[LIST_ARGS_MAX];
	size_t n;
};

void list_params_release(struct list_params *p);
/* Add one; NULL is not given. */
void list_param(struct list_params *p, const char *name, const char *value);

struct lister {
	struct shell *sh;
	bool all;              /* llist */
	int64_t limit, offset; /* -1 not given */
};

/* limit= and offset= into l, and into p unless that is NULL. */
MUST_CHECK enum err_code list_take_page(struct lister *l, struct list_params *p, struct err *err);
/* The face of list or of llist. */
void list_print(struct lister *l, const struct table *t, const char *key, bool single);
/* The statement "list_" or "llist_" and what. */
MUST_CHECK enum err_code list_query(struct lister *l, const char *what, const struct list_params *p,
				    struct table *t, struct err *err);
/* Both of them. */
MUST_CHECK enum err_code list_plain(struct lister *l, const char *what, struct list_params *p,
				    const char *key, bool single, struct err *err);
/* The job of jobid= or ujobid=, if this console may see it. */
MUST_CHECK enum err_code list_the_job(struct lister *l, char id[static 16], struct err *err);
/* The rows of a statement for that job. */
MUST_CHECK enum err_code list_of_job(struct lister *l, const char *statement, const char *key,
				     enum table_face face, bool paged, struct err *err);

/* ---- what is listed, a function each ---- */

MUST_CHECK enum err_code list_joblog(struct lister *l, struct err *err);
MUST_CHECK enum err_code list_log(struct lister *l, struct err *err);
MUST_CHECK enum err_code list_jobtotals(struct lister *l, struct err *err);
MUST_CHECK enum err_code list_jobmedia(struct lister *l, struct err *err);
MUST_CHECK enum err_code list_jobstatistics(struct lister *l, struct err *err);
MUST_CHECK enum err_code list_files(struct lister *l, struct err *err);
MUST_CHECK enum err_code list_basefiles(struct lister *l, struct err *err);
MUST_CHECK enum err_code list_backups(struct lister *l, struct err *err);
MUST_CHECK enum err_code list_jobs(struct lister *l, struct err *err);
MUST_CHECK enum err_code list_volumes(struct lister *l, struct err *err);
MUST_CHECK enum err_code list_volume(struct lister *l, struct err *err);
MUST_CHECK enum err_code list_nextvol(struct lister *l, struct err *err);

#endif
