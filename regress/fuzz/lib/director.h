/*
 * regress/fuzz/lib/director.h - a whole director of which only the far ends are played
 *
 * Purpose: for targets that drive the shell, or one job.  Targets name "fakes: pq director"; the
 *          daemons it calls say what sections of the input hold, in the order of the calls.
 * Threads: the director's own.
 */
#ifndef TERCET_FUZZ_LIB_DIRECTOR_H
#define TERCET_FUZZ_LIB_DIRECTOR_H

#include "lib/base/bytes.h"

struct director;

/* With a site of two clients, one storage and three jobs, working in dir; never fails. */
struct director *fake_director_start(const char *dir);
/*
 * From now on what the i-th call hears is section first + i of input (an empty one cannot be
 * reached); a byte 0E in it stands for name, or, when that is NULL, for the oldest job's.
 */
void fake_director_daemons(struct bytes input, unsigned first, const char *name);

#endif
