/*
 * lib/base/units.h - numbers with units: sizes, durations, speeds; text <-> number
 *
 * Purpose: the numbers people write in configurations and commands, and the forms they are
 *          shown in.  Pure.
 * Errors:  ERR_CONFIG  the text is no such number; err says what is wrong with it
 * Spec:    config.md 1.7, 8.1; director.md 9 (report forms)
 */
#ifndef TERCET_BASE_UNITS_H
#define TERCET_BASE_UNITS_H

#include "lib/base/buf.h"

/* Enough for every text below. */
#define UNITS_TEXT_MAX 160

/* "1.5g", "10 GB 5 k", "10GiB": bytes. */
MUST_CHECK enum err_code units_size(const char *text, uint64_t *out, struct err *err);
/* "1 week 3 days 2h", "90": seconds.  "m" is months, "mi" minutes. */
MUST_CHECK enum err_code units_time(const char *text, int64_t *out, struct err *err);
/* "10 mb/s", "5 k": bytes per second. */
MUST_CHECK enum err_code units_speed(const char *text, uint64_t *out, struct err *err);
/* Decimal digits only, min..max. */
MUST_CHECK enum err_code units_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out,
				   struct err *err);
/* As units_u64 with an optional '-'. */
MUST_CHECK enum err_code units_i64(const char *text, int64_t min, int64_t max, int64_t *out,
				   struct err *err);
/* yes true on 1 / no false off 0, in any case; false: none of them. */
bool units_bool(const char *text, bool *out);
/* Whether a duration holds a bare "m", which is months and often meant as minutes. */
bool units_time_has_bare_m(const char *text);

/* "9 g 320 m 766 k", "0": parses back to the same number. */
const char *units_size_text(uint64_t bytes, char out[UNITS_TEXT_MAX]);
/* "1 years 2 months 3 days ", with the trailing blank; "0". */
const char *units_time_text(int64_t seconds, char out[UNITS_TEXT_MAX]);

/* "1,234,567" */
const char *units_commas(uint64_t v, char out[UNITS_TEXT_MAX]);
/* Powers of 1000, number cut to five characters: "300.0 K", "1.025 M", "419 ". */
const char *units_suffix(uint64_t v, char out[UNITS_TEXT_MAX]);
/* "1 hour 2 mins 3 secs", "0 secs" */
const char *units_elapsed(int64_t seconds, char out[UNITS_TEXT_MAX]);

#endif
