/*
 * storage-daemon/session/recode.h - compressed records in the form that Bacula's programs read
 *
 * Purpose: on a volume of Label Style = Bacula, GZIP is a bare zlib stream, LZO records hold no
 *          more than 65,536 bytes of the file (a stock bextract never ends on a larger one), and
 *          what Bacula does not know becomes LZO.  Other records stay as they are.
 * Owns:    scratch memory of the codecs.
 * Threads: one.
 * Errors:  those of put
 * Spec:    volume.md 4.5, 17 rules 8 and 9; bacula.md 6.4
 */
#ifndef TERCET_STORAGE_DAEMON_SESSION_RECODE_H
#define TERCET_STORAGE_DAEMON_SESSION_RECODE_H

#include "lib/base/bytes.h"
#include "lib/base/err.h"

struct recode;

struct recode *recode_new(void);
void recode_free(struct recode *r);

/* Takes a record; data borrowed for the call. */
typedef enum err_code recode_put(void *arg, int32_t stream, struct bytes data, struct err *err);

/* Is this a stream that recode_record may change? */
bool recode_is_for(int32_t stream);
/* Hand the record to put, in as many records as it takes. */
MUST_CHECK enum err_code recode_record(struct recode *r, int32_t stream, struct bytes data,
				       recode_put *put, void *arg, struct err *err);

#endif
