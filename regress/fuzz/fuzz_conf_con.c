/*
 * regress/fuzz/fuzz_conf_con.c - configuration files of the console
 *
 * needs: console
 * words: docs/reference/console.md
 */
#include "console/conf/con_conf.h"

#include "regress/fuzz/lib/conf_target.h"

CONF_TARGET(con)
