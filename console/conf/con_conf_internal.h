/*
 * console/conf/con_conf_internal.h - tables of the console's resources
 */
#ifndef TERCET_CONSOLE_CONF_CON_CONF_INTERNAL_H
#define TERCET_CONSOLE_CONF_CON_CONF_INTERNAL_H

#include "console/conf/con_conf.h"
#include "lib/conf/check.h"

extern const struct conf_row con_console_rows[], con_director_rows[];
extern const struct conf_program con_program;

#endif
