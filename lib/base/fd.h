/*
 * lib/base/fd.h - descriptor operations with struct err
 *
 * Purpose: open, full reads and writes, fsync, close: complete or failed, never half.  All
 *          descriptors are close-on-exec.
 * Errors:  ERR_SYS with the path; ERR_EOF when a full read met the end before its first byte.
 */
#ifndef TERCET_BASE_FD_H
#define TERCET_BASE_FD_H

#include <stdint.h>
#include <sys/types.h>

#include "lib/base/buf.h"

/* 0, 1 and 2 are open: main() calls it first, so that nothing else gets these numbers and what is
 * printed goes nowhere else. */
void fd_open_standard(void);

MUST_CHECK enum err_code fd_open(const char *path, int flags, mode_t mode, int *out,
				 struct err *err);
/* A file of directory that has no name, for reading and writing: it vanishes with the process. */
MUST_CHECK enum err_code fd_open_unnamed(const char *directory, int *out, struct err *err);
/* Exactly n bytes; ERR_FORMAT when the end comes inside. */
MUST_CHECK enum err_code fd_read_full(int fd, const char *path, void *p, size_t n, struct err *err);
MUST_CHECK enum err_code fd_pread_full(int fd, const char *path, void *p, size_t n, uint64_t at,
				       struct err *err);
MUST_CHECK enum err_code fd_write_full(int fd, const char *path, const void *p, size_t n,
				       struct err *err);
MUST_CHECK enum err_code fd_pwrite_full(int fd, const char *path, const void *p, size_t n,
					uint64_t at, struct err *err);
MUST_CHECK enum err_code fd_fsync(int fd, const char *path, struct err *err);
/* Close a descriptor whose close can lose data; *fd becomes -1 in any case. */
MUST_CHECK enum err_code fd_close(int *fd, const char *path, struct err *err);
/* Whole file into out (appended); out->max bounds it. */
MUST_CHECK enum err_code fd_read_file(const char *path, struct buf *out, struct err *err);
/* Write path so that after a crash either the old or the new content is there. */
MUST_CHECK enum err_code fd_replace_file(const char *path, struct bytes content, mode_t mode,
					 struct err *err);
/* mkdir -p; existing directories are fine. */
MUST_CHECK enum err_code fd_make_dirs(const char *path, mode_t mode, struct err *err);
/* fsync the directory that holds path. */
MUST_CHECK enum err_code fd_fsync_dir_of(const char *path, struct err *err);

#endif
