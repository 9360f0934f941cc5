/*
 * file-daemon/find/fstype.h - the type of the file system a directory is on
 *
 * Purpose: for the FsType option: "ext4", "xfs", "btrfs", "nfs" ... as mount(8) names them.
 * Spec:    config.md 1.14 FsType
 */
#ifndef TERCET_FILE_DAEMON_FIND_FSTYPE_H
#define TERCET_FILE_DAEMON_FIND_FSTYPE_H

#include <stddef.h>
#include <sys/types.h>

/* The type's name into out; "unknown" when the system does not tell. */
void fstype_of(int dirfd, dev_t dev, char *out, size_t cap);

#endif
