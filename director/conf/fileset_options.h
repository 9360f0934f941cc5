/*
 * director/conf/fileset_options.h - the Options of a FileSet: one table
 *
 * Spec: config.md 1.14 "Option letters"
 */
#ifndef TERCET_DIRECTOR_CONF_FILESET_OPTIONS_H
#define TERCET_DIRECTOR_CONF_FILESET_OPTIONS_H

#include "director/conf/fileset.h"

enum option_kind {
	OPTION_WORDS,   /* keyword to letters */
	OPTION_BOOL,    /* letters of yes and no */
	OPTION_LETTERS, /* prefix, letters, ":" */
	OPTION_NUMBER,  /* prefix, digits, ":" */
	OPTION_SIZE,    /* prefix, size match, ":" */
	OPTION_PATTERN, /* goes to a list */
	OPTION_IGNORED,
	OPTION_REFUSED,
};

struct option_word {
	const char *word;
	const char *letters;
};

struct option_row {
	const char *name;
	enum option_kind kind;
	const char *yes, *no; /* BOOL: letters; LETTERS, NUMBER, SIZE: yes is the prefix */
	const char *accepted; /* LETTERS: the letters */
	const struct option_word *words; /* ends with NULL */
	enum fileset_pattern pattern;
	const char *fallback; /* letters when the option is not mentioned, or NULL */
	bool is_default_no;   /* BOOL: the default, for dumps */
	const char *help;
	const char *note;
};

#define FILESET_OPTIONS_MAX 64                        /* rows */
extern const struct option_row fileset_option_rows[]; /* ends with a row without name */
const struct option_row *fileset_option_find(const char *name);

#endif
