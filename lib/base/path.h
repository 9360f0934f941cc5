/*
 * lib/base/path.h - byte paths: joining, splitting, quoting for people
 */
#ifndef TERCET_BASE_PATH_H
#define TERCET_BASE_PATH_H

#include "lib/base/buf.h"

/* Text for a message: "..." with C escapes when it holds blanks, controls or invalid UTF-8; cut
 * at cap with "..."; returns out. */
const char *path_print(struct bytes path, char *out, size_t cap);
/* path_print into a fresh array on the stack, for one message. */
#define PATH_PRINT(path) path_print((path), (char[512]){ 0 }, 512)

/*
 * Append a name as a part of one line: every byte of a control character but the tab is a "?",
 * which as a wildcard matches it; all other bytes stay.  What does not fit is left out.
 */
void path_line(struct bytes path, struct buf *out);

/* Everything up to and with the last '/', and the rest.  Spec: catalog.md 6.5. */
void path_split(struct bytes path, struct bytes *dir, struct bytes *name);
/* "/home", "C:/Users": the same wherever a daemon was started. */
bool path_is_whole(const char *path);
/* A resource's name as one component of a file name: "/" becomes "_"; owned. */
char *path_component(const char *name);

#endif
