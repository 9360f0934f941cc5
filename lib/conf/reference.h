/*
 * lib/conf/reference.h - the reference pages, generated from the tables
 *
 * Spec: product.md 6 "reference of directives generated from the tables"
 */
#ifndef TERCET_CONF_REFERENCE_H
#define TERCET_CONF_REFERENCE_H

#include "lib/conf/table.h"

/* All resources and directives of a program in Markdown, appended; first what is accepted but not
 * in force yet. */
void conf_reference_text(const struct conf_program *program, struct buf *out);

#endif
