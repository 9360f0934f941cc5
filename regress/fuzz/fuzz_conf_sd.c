/*
 * regress/fuzz/fuzz_conf_sd.c - configuration files of the storage daemon
 *
 * needs: storage-daemon
 * words: docs/reference/storage-daemon.md
 */
#include "storage-daemon/conf/sd_conf.h"

#include "regress/fuzz/lib/conf_target.h"

CONF_TARGET(sd)
