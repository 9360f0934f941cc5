/*
 * director/life.h - the life of the process: made, started, reloaded, taken down
 *
 * Purpose: what director.h leaves out, because only main.c and the console's reload want it, and
 *          it knows the rooms that ask the director: jobs and scheduler.
 * Threads: director_reload from any thread; the others from main's.
 * Spec:    director.md 22
 */
#ifndef TERCET_DIRECTOR_LIFE_H
#define TERCET_DIRECTOR_LIFE_H

#include "director/director.h"

/* Takes the loaded generation.  On failure *out is to be freed all the same. */
MUST_CHECK enum err_code director_new(const char *config_path, struct dir_conf **conf,
				      struct director **out, struct err *err);
/* Catalogs, queue, scheduler. */
MUST_CHECK enum err_code director_start(struct director *d, struct err *err);
/* Cancels and awaits all jobs, ends all threads. */
void director_free(struct director *d);

/*
 * Read the configuration again and swap it in whole, its catalogs included; running jobs keep
 * theirs. Errors go to say line by line, the old generation stays and ERR_CONFIG is returned.
 */
MUST_CHECK enum err_code director_reload(struct director *d, director_say say, void *arg,
					 struct err *err);

#endif
