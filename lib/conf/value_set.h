/*
 * lib/conf/value_set.h - one text into the value of a row
 *
 * Errors:  ERR_CONFIG  not a value of that type; err says what is accepted
 * Spec:    config.md 1.7, 1.9, 1.10
 */
#ifndef TERCET_CONF_VALUE_SET_H
#define TERCET_CONF_VALUE_SET_H

#include "lib/conf/gen.h"

/* Types of one text: names, texts, paths, numbers, passwords, keywords. */
MUST_CHECK enum err_code conf_value_set(struct conf_gen *g, const struct conf_row *row, void *slot,
					const char *text, struct err *err);
/* Append one entry to a list. */
MUST_CHECK enum err_code conf_list_set(struct conf_gen *g, const struct conf_row *row,
				       struct str_list *l, const char *text, struct err *err);
MUST_CHECK enum err_code conf_name_check(const char *name, struct err *err);
MUST_CHECK enum err_code conf_acl_entry_check(const char *entry, struct err *err);
/* False for what looks like an expression and is none: no name can be it. */
bool conf_acl_entry_has_effect(const char *entry);

#endif
