/*
 * regress/fuzz/fuzz_conf_con.c - configuration files of the console
 *
 * needs: console
 */
#include "console/conf/con_conf.h"

#include "regress/fuzz/lib/conf_target.h"

CONF_TARGET(con)
