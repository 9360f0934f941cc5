/*
 * lib/catalog/cat_log.h - rows of table Log, batched behind the job's back
 *
 * Purpose: a job never waits for its messages to be stored.  One writer thread per catalog
 *          collects lines and inserts many with one statement, about once a second.  It also
 *          stores the ends of jobs that did not wait for it (cat_job_end_later).
 * Threads: cat_log_add, cat_log_flush from any thread.
 * Errors:  none from cat_log_add.  While the server is away up to 16 MiB of lines wait; beyond
 *          that the newest are dropped and one line in the daemon log says how many.  A line that
 *          the server refuses is dropped and said there.
 * Spec:    catalog.md 4.8, 8.8
 */
#ifndef TERCET_CATALOG_CAT_LOG_H
#define TERCET_CATALOG_CAT_LOG_H

#include "lib/catalog/catalog.h"

/* text: with the "<daemon> JobId <n>: " prefix and trailing newline, without the date. */
void cat_log_add(struct catalog *c, uint32_t job_id, int64_t time, struct bytes text);
/* All lines added before are stored (or refused for good), or the server is away and ERR_CATALOG
 * says so. */
MUST_CHECK enum err_code cat_log_flush(struct catalog *c, struct err *err);

#endif
