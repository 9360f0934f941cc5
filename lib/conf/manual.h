/*
 * lib/conf/manual.h - manual pages and schema of the directives, generated from the tables
 *
 * Spec: product.md 6, config.md 8.2
 */
#ifndef TERCET_CONF_MANUAL_H
#define TERCET_CONF_MANUAL_H

#include "lib/conf/table.h"

/* "tercet-dir.conf(5)": all resources and directives of a program, for man(7), appended. */
void conf_manual_text(const struct conf_program *program, struct buf *out);
/* --xs: the same as JSON, appended. */
void conf_schema_text(const struct conf_program *program, struct buf *out);

#endif
