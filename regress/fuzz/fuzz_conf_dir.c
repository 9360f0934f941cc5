/*
 * regress/fuzz/fuzz_conf_dir.c - configuration files of the director
 *
 * needs: director
 * words: docs/reference/director.md
 */
#include "director/conf/dir_conf.h"

#include "regress/fuzz/lib/conf_target.h"

CONF_TARGET(dir)
