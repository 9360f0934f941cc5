/*
 * director/shell/status_internal.h - status: what its files share
 *
 * Purpose: the sections of `status director` and the scheduler's preview.
 * Threads: the thread of the console connection.
 * Spec:    console.md 6.6
 */
#ifndef TERCET_DIRECTOR_SHELL_STATUS_INTERNAL_H
#define TERCET_DIRECTOR_SHELL_STATUS_INTERNAL_H

#include "director/shell/shell_internal.h"

/* days=N or days=FROM,TO into *from and *to, epoch seconds; untouched without it. */
MUST_CHECK enum err_code status_days(struct shell *sh, int64_t *from, int64_t *to, struct err *err);

/* The sections that the words behind "status director" name; all when there are none. */
MUST_CHECK enum err_code status_director(struct shell *sh, struct err *err);
bool status_has_section(const char *word);

/* How far the running jobs of a client are, as the director knows it; nothing when none runs. */
void status_progress(struct shell *sh, const char *client);

MUST_CHECK enum err_code status_scheduler(struct shell *sh, struct err *err);

#endif
