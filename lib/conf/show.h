/*
 * lib/conf/show.h - resources as text and as JSON
 *
 * Purpose: what --xc and show print; the text parses back to the same configuration.  Secrets are
 *          hidden unless asked for.
 * Spec:    config.md 8.1, 8.3
 */
#ifndef TERCET_CONF_SHOW_H
#define TERCET_CONF_SHOW_H

#include "lib/conf/gen.h"

enum conf_show_flags {
	CONF_SHOW_VERBOSE = 1, /* inherited and default values, too */
	CONF_SHOW_SECRETS = 2, /* passwords as "[md5]..." instead of stars */
};

/* "Pool {\n ... }\n\n", appended. */
void conf_show_text(const struct conf_res *res, unsigned flags, struct buf *out);
/* One JSON object {"name":...}, appended. */
void conf_show_json(const struct conf_res *res, unsigned flags, struct buf *out);
/* All resources of the generation that were written in files. */
void conf_show_all(const struct conf_gen *g, unsigned flags, struct buf *out);

/* ---- for directives with a grammar of their own ---- */

struct conf_show;

/* In place of nth: the directive has one value, no list. */
#define CONF_SHOW_ONE SIZE_MAX

/*
 * "Name = text", not quoted.  nth: 0, 1, ... for the entries of a list, which conf_show_end ends;
 * CONF_SHOW_ONE for a single value.
 */
void conf_show_raw(struct conf_show *s, const char *directive, const char *text, size_t nth);
/* "Name = "text"". */
void conf_show_quoted(struct conf_show *s, const char *directive, const char *text, size_t nth);
void conf_show_bool(struct conf_show *s, const char *directive, bool value);
/* "Word {" ... "}": in JSON an object, of an array when the word repeats. */
void conf_show_open(struct conf_show *s, const char *word, size_t nth);
void conf_show_close(struct conf_show *s);
/* After the last entry of a list. */
void conf_show_end(struct conf_show *s);
bool conf_show_is_json(const struct conf_show *s);
bool conf_show_is_verbose(const struct conf_show *s);

#endif
