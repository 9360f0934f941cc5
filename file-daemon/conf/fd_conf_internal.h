/*
 * file-daemon/conf/fd_conf_internal.h - tables of the file daemon's resources
 */
#ifndef TERCET_FILE_DAEMON_CONF_FD_CONF_INTERNAL_H
#define TERCET_FILE_DAEMON_CONF_FD_CONF_INTERNAL_H

#include "file-daemon/conf/fd_conf.h"
#include "lib/conf/check.h"

extern const struct conf_row fd_client_rows[], fd_director_rows[];
extern const struct conf_custom fd_disable_command, fd_director_disable;
extern const struct conf_program fd_program;

#endif
