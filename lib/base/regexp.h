/*
 * lib/base/regexp.h - regular expressions that others choose
 *
 * Purpose: a console, a director or a bootstrap may bring any expression, and for some of fifty
 *          letters regcomp takes all memory, or for one of many parentheses the whole stack.  Such
 *          are refused before it sees them.
 */
#ifndef TERCET_BASE_REGEXP_H
#define TERCET_BASE_REGEXP_H

#include <regex.h>

#include "lib/base/err.h"

#define REGEXP_DEPTH_MAX 200u       /* parentheses in one another */
#define REGEXP_SIZE_MAX  (1u << 16) /* letters, with repetitions written out */
#define REGEXP_FORKS_MAX 4096u      /* places where a match may go on in two ways, likewise */

/*
 * As regcomp; flags has REG_EXTENDED.  Its memory is bounded: at most some 130 MB, and what people
 * write takes some kB.
 * ERR_CONFIG  it is none, or too large: *out is not to be freed; the text is the reason alone
 */
MUST_CHECK enum err_code regexp_compile(const char *text, int flags, regex_t *out, struct err *err);

#endif
