/*
 * file-daemon/find/shadow.h - File entries that lie below other File entries
 *
 * Purpose: the Shadowing option: name such entries, or leave them out, so that their files are not
 *          saved twice.  An entry that the other one does not reach (another file system, left out
 *          by a pattern) is not shadowed and stays.
 * Spec:    config.md 1.14 Shadowing, wire.md 5.3 (d1..d4)
 */
#ifndef TERCET_FILE_DAEMON_FIND_SHADOW_H
#define TERCET_FILE_DAEMON_FIND_SHADOW_H

#include "file-daemon/find/fileset.h"
#include "lib/proto/msg_type.h"

/* Looks at the file system to compare devices.  note is called once per shadowed entry. */
void fileset_shadow(struct fileset *fs,
		    void (*note)(void *arg, enum msg_type type, const struct err *e), void *arg);

#endif
