/*
 * lib/conf/diag.h - everything a configuration is told about itself
 *
 * Purpose: collects errors, warnings and notes with their places; prints them sorted, with the
 *          source line, a caret and a suggestion.
 * Owns:    its texts.  Beyond 50 errors, 1000 warnings and 1000 notes they are counted,
 *          not kept.
 * Spec:    config.md 11
 */
#ifndef TERCET_CONF_DIAG_H
#define TERCET_CONF_DIAG_H

#include "lib/base/buf.h"
#include "lib/conf/res.h"

/* clang-format off */
/*       name             id    makes --strict fail */
#define CONF_WARNINGS(X)                                                        \
	X(CONF_W_NONE,        "",   false)  /* an error, a note or a plain warning */ \
	X(CONF_W_TRAILING,    "W1", true)   /* text after the value ignored */        \
	X(CONF_W_CUT,         "W2", true)   /* unquoted value cut at # = " */         \
	X(CONF_W_TWICE,       "W3", true)   /* directive given twice, last used */    \
	X(CONF_W_LOST,        "W4", true)   /* what the peer would silently drop */   \
	X(CONF_W_DEPRECATED,  "W5", false)                                            \
	X(CONF_W_FOREIGN,     "W6", false)  /* ignored keyword of another program */  \
	X(CONF_W_SURPRISE,    "W7", false)  /* meaning may surprise */
/* clang-format on */

enum conf_warning {
#define X(name, id, strict) name,
	CONF_WARNINGS(X)
#undef X
};

enum conf_severity { CONF_NOTE, CONF_WARNING, CONF_ERROR };

struct conf_diag;

/* strict: W1-W4 are errors. */
struct conf_diag *conf_diag_new(bool strict);
void conf_diag_free(struct conf_diag *d);
void conf_diag_freep(struct conf_diag **d);

size_t conf_diag_errors(const struct conf_diag *d);
size_t conf_diag_warnings(const struct conf_diag *d);
size_t conf_diag_notes(const struct conf_diag *d);

/* All problems as text, sorted by file and line, notes only if verbose; ends with a summary line
 * unless there is nothing to say. */
void conf_diag_text(struct conf_diag *d, bool verbose, struct buf *out);

/* ---- for parsers ---- */

/*
 * Make the text of a file known, so that its lines can be quoted; name is compared by address
 * with conf_pos.file.  from: "included from ..." or NULL.  All borrowed while problems are added.
 */
void conf_diag_source(struct conf_diag *d, const char *name, const char *text, const char *from);
/* Forget them: their memory ends. */
void conf_diag_sources_end(struct conf_diag *d);

/* pos NULL: no place. */
void conf_error(struct conf_diag *d, const struct conf_pos *pos, const char *fmt, ...) PRINTF(3, 4);
void conf_warn(struct conf_diag *d, enum conf_warning id, const struct conf_pos *pos,
	       const char *fmt, ...) PRINTF(4, 5);
void conf_note(struct conf_diag *d, const struct conf_pos *pos, const char *fmt, ...) PRINTF(3, 4);
/* Whether a directive, written right or nearly, holds a secret: its value is for no message. */
bool conf_names_secret(const char *directive);
/* Add "= help: ..." or "= note: ..." to the problem recorded last. */
void conf_help(struct conf_diag *d, const char *fmt, ...) PRINTF(2, 3);
void conf_also(struct conf_diag *d, const char *fmt, ...) PRINTF(2, 3);

#endif
