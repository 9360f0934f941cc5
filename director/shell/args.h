/*
 * director/shell/args.h - one command line as words: keyword, or keyword=value
 *
 * Purpose: tokens and their lookup.  "..." quotes, a backslash takes the next byte literally; a
 *          word is split at its first '='.  Keywords ignore case, the first of two counts.
 * Owns:    its strings.  All-zero is a valid empty value.
 * Threads: pure functions.
 * Spec:    console.md 3.1
 */
#ifndef TERCET_DIRECTOR_SHELL_ARGS_H
#define TERCET_DIRECTOR_SHELL_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"

#define ARGS_MAX 60 /* Bareos reads 30; restore lines with many file= need more */

struct arg {
	char *key;   /* owned; the word, or what stands before its first '=' */
	char *value; /* owned; NULL without '=' */
};

struct args {
	struct arg v[ARGS_MAX];
	size_t n;
};

/* ERR_LIMIT too many words; ERR_FORMAT a quote is not closed. */
MUST_CHECK enum err_code args_parse(const char *line, struct args *out, struct err *err);
void args_release(struct args *a);

/* Index of the first word with this keyword from position at on, or -1. */
int args_find(const struct args *a, size_t at, const char *key);
/* The keyword stands there, with or without a value. */
bool args_has(const struct args *a, const char *key);
/* The value of the first key=value behind the command word; NULL when there is none. */
const char *args_value(const struct args *a, const char *key);
/* The first of several spellings, a NULL-ended list: "client", "fd", NULL. */
const char *args_value_of(const struct args *a, const char *const *keys);
/* The word is in the list, which a NULL ends; case is ignored. */
bool args_is_among(const char *word, const char *const *list);
/* The first word from position at on, or the first of those without a value, whose keyword is not
 * in known, a NULL-ended list; NULL: there is none. */
const char *args_unknown(const struct args *a, size_t at, const char *const *known);
const char *args_unknown_bare(const struct args *a, size_t at, const char *const *known);
/* The word as it was written: "a=b", not "a". */
char *args_word(const struct args *a, size_t i);
/* Add one keyword=value at the end; ignored beyond ARGS_MAX. */
void args_add(struct args *a, const char *key, const char *value);

/* key abbreviates word: equal up to the length of key, ignoring case. */
bool args_is_prefix(const char *key, const char *word);

#endif
