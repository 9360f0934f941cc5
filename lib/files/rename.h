/*
 * lib/files/rename.h - regexwhere: other names for restored files
 *
 * Layout:  "!regex!replacement!flags,!...": any separator byte; a backslash takes the separator
 *          literally; $0..$9 (or \0..\9) are groups; flags i (ignore case), g (every match)
 * Threads: one at a time per struct.
 * Errors:  ERR_CONFIG  the expression cannot be read
 * Spec:    wire.md 6 "regexwhere", console.md "File Relocation"
 */
#ifndef TERCET_FILES_RENAME_H
#define TERCET_FILES_RENAME_H

#include "lib/base/buf.h"

struct rename_rules;

MUST_CHECK enum err_code rename_rules_new(const char *regexwhere, struct rename_rules **out,
					  struct err *err);
void rename_rules_free(struct rename_rules *r);
void rename_rules_freep(struct rename_rules **r);

/* The rules one after the other; the new name replaces out's content. */
MUST_CHECK enum err_code rename_apply(const struct rename_rules *r, struct bytes name,
				      struct buf *out, struct err *err);

#endif
