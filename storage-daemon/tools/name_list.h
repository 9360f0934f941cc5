/*
 * storage-daemon/tools/name_list.h - the files of -i and -e: names and patterns
 *
 * Purpose: a line without wildcards means that name and all beneath it; one with *, ? or [ is
 *          compared as a shell pattern, and matches what lies beneath a matching directory too.
 * Errors:  ERR_SYS  the file cannot be read
 */
#ifndef TERCET_STORAGE_DAEMON_TOOLS_NAME_LIST_H
#define TERCET_STORAGE_DAEMON_TOOLS_NAME_LIST_H

#include "lib/base/buf.h"

struct name_list;

MUST_CHECK enum err_code name_list_read(const char *path, struct name_list **out, struct err *err);
void name_list_add(struct name_list **l, const char *line);
void name_list_free(struct name_list *l);
void name_list_freep(struct name_list **l);

bool name_list_has(const struct name_list *l, struct bytes name);

#endif
