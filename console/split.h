/*
 * console/split.h - commands and words of a line, as the director reads them
 *
 * Purpose: "..." keeps what is in it together, and a backslash the character behind it.
 * Threads: pure functions.
 * Spec:    console.md 2.5, 3.1
 */
#ifndef TERCET_CONSOLE_SPLIT_H
#define TERCET_CONSOLE_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes before the first separator that separates; all of them when there is none. */
size_t split_length(const char *text, char separator);
/* The byte at index at is kept from having its meaning by quotes or a backslash. */
bool split_is_quoted(const char *text, size_t at);
/* The word that those n bytes are, without quotes and backslashes; owned. */
char *split_plain(const char *text, size_t n);
/* What to type to get that word, or, with open_quote, the rest of one inside quotes; owned. */
char *split_typed(const char *word, bool open_quote);

#endif
