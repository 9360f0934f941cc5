/*
 * lib/base/roff.h - manual pages: text in the language of man(7)
 *
 * Purpose: the few marks that pages made from tables need; text is escaped, so that nothing in a
 *          table is taken for a mark.
 * Threads: pure functions.
 * Spec:    product.md 6
 */
#ifndef TERCET_BASE_ROFF_H
#define TERCET_BASE_ROFF_H

#include "lib/base/buf.h"

/* Title line and the section NAME; name as it is called, "tercet-volume ls": the page is
 * tercet-volume-ls. */
void roff_begin(struct buf *out, const char *name, int section, const char *summary);
/* A heading of a section; of a part of one. */
void roff_section(struct buf *out, const char *heading);
void roff_part(struct buf *out, const char *heading);
/* Running text; an empty line begins a new paragraph. */
void roff_text(struct buf *out, const char *text);
/* An item of a list: its head in bold, behind it a text in italics (or NULL), below it body. */
void roff_item(struct buf *out, const char *head, const char *argument, const char *body);
/* A line as it is, indented: an example. */
void roff_example(struct buf *out, const char *line);

#endif
