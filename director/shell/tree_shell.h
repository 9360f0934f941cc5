/*
 * director/shell/tree_shell.h - the commands with which a person marks files to be restored
 *
 * Threads: the thread of the console connection.
 * Spec:    console.md 8.4
 */
#ifndef TERCET_DIRECTOR_SHELL_TREE_SHELL_H
#define TERCET_DIRECTOR_SHELL_TREE_SHELL_H

#include "director/shell/shell_internal.h"
#include "director/tree/tree.h"

/* Serve the prompt "$ " until done.  ERR_CANCELED: left by quit, abort or a lone ".". */
MUST_CHECK enum err_code tree_shell(struct shell *sh, struct tree *t, struct err *err);

#endif
