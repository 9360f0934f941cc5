/*
 * lib/conf/check.h - what the -t, --xc and --xs of all programs share
 *
 * Spec: config.md 8.1, 8.2, 11
 */
#ifndef TERCET_CONF_CHECK_H
#define TERCET_CONF_CHECK_H

#include <stdio.h>

#include "lib/conf/parse.h"

/*
 * Print the problems, and with verbose the notes, then one line saying how it went.
 * Returns the exit code of -t: 0, or 1 if there are errors.
 */
int conf_check_report(const struct conf_program *program, struct conf_diag *diag, bool verbose,
		      FILE *out);

/*
 * --xc: the resources as text that parses back; type and name NULL: all.  Secrets are in it, as in
 * the file it was read from.  Returns the exit code: 1 if nothing is like that.
 */
int conf_check_dump(const struct conf_gen *gen, const char *type, const char *name, FILE *out);

/* After reading and judging: ERR_CONFIG if there were errors; the sources are let go. */
MUST_CHECK enum err_code conf_verdict(struct conf_diag *diag, struct err *err);

/* The configuration of one program. */
struct conf_kind {
	const struct conf_program *program;
	/* Read path and judge it; on success the generation is the caller's. */
	enum err_code (*load)(const char *path, struct conf_gen **out, struct conf_diag *diag,
			      struct err *err);
};

/*
 * -t: load path, print problems (and with verbose what is accepted but not in force yet) to out.
 * Returns the exit code: 0 or 1.
 */
int conf_kind_check(const struct conf_kind *k, const char *path, bool strict, bool verbose,
		    FILE *out);
/* --xc: what was understood, of one type or one resource only if given.  Returns the exit code:
 * 42 if path cannot be used. */
int conf_kind_dump(const struct conf_kind *k, const char *path, const char *type, const char *name,
		   FILE *out);

/* The judgement about one resource's WorkingDirectory. */
void conf_check_directory(struct conf_diag *diag, const struct conf_res *res, const char *directive,
			  const char *path);

#endif
