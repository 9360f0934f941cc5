/*
 * lib/proto/scan.h - the command lines of the daemons: blanks in names, and the scanner
 *
 * Purpose: parse a line by a scanf-like template with the peer's tolerance; emit is printf.
 * Wire:    wire.md "Text conventions and the scanner".
 *            %s       up to white space or end, may be empty, whole length (no 1000-byte cut)
 *            %127s    the same into char[128]; a longer value is a mismatch, never cut
 *            %ms      the same into an owned char * (free it; set only when the scan succeeds)
 *            %d %u %lld %llu  digits (optional '-' for d); no digit at all is 0 and counts
 *            %c       one byte;  blank in the template: zero or more white space
 *          other bytes match exactly.  Text behind the template's end is ignored.
 *          %s without a width is refused (compile the width in).
 * Threads: pure functions.
 */
#ifndef TERCET_PROTO_SCAN_H
#define TERCET_PROTO_SCAN_H

#include "lib/base/bytes.h"
#include "lib/base/err.h"

#define WIRE_NAME_MAX  127  /* names on the wire; buffers are WIRE_NAME_MAX + 1 */
#define WIRE_VALUE_MAX 1000 /* longest value a Bareos peer reads back whole */

/* All items converted.  On mismatch no destination is meaningful and owned ones are freed. */
MUST_CHECK bool wire_scan(struct bytes line, const char *fmt, ...) SCANF(2, 3);

/* Blanks to 0x01 and back, in place; return s. */
char *wire_bash(char *s);
char *wire_unbash(char *s);

#endif
