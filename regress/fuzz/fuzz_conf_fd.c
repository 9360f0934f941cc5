/*
 * regress/fuzz/fuzz_conf_fd.c - configuration files of the file daemon
 *
 * needs: file-daemon
 * words: docs/reference/file-daemon.md
 */
#include "file-daemon/conf/fd_conf.h"

#include "regress/fuzz/lib/conf_target.h"

CONF_TARGET(fd)
