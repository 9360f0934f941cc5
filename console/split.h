/*
 * console/split.h - several commands on one line
 *
 * Purpose: where the first of them ends.  A separator inside "..." or behind a backslash is part
 *          of the command, as the director reads it.
 * Threads: pure function.
 * Spec:    console.md 2.5, 3.1
 */
#ifndef TERCET_CONSOLE_SPLIT_H
#define TERCET_CONSOLE_SPLIT_H

#include <stddef.h>

/* Bytes before the first separator that separates; all of them when there is none. */
size_t split_length(const char *text, char separator);

#endif
