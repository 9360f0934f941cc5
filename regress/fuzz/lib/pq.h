/*
 * regress/fuzz/lib/pq.h - a PostgreSQL server that agrees with everything
 *
 * Purpose: the director's catalog without a server.  Targets name "fakes: pq"; results are made by
 *          the real libpq.  Every query gives as many rows as the script's first byte says (0 to
 *          3), with cells from the script, line by line, over and over; without a script one row
 *          of "1".
 * Threads: any.
 */
#ifndef TERCET_FUZZ_LIB_PQ_H
#define TERCET_FUZZ_LIB_PQ_H

#include "lib/base/bytes.h"

/* What cells hold from now on; borrowed. */
void pq_script(struct bytes lines);

#endif
