/*
 * storage-daemon/conf/sd_conf_internal.h - tables of the storage daemon's resources
 */
#ifndef TERCET_STORAGE_DAEMON_CONF_SD_CONF_INTERNAL_H
#define TERCET_STORAGE_DAEMON_CONF_SD_CONF_INTERNAL_H

#include "lib/conf/check.h"
#include "storage-daemon/conf/sd_conf.h"

extern const struct conf_row sd_director_rows[], sd_storage_rows[], sd_device_rows[];
extern const struct conf_row sd_autochanger_rows[];
extern const struct conf_custom sd_read_only;
extern const struct conf_program sd_program;

/* Copies and the changer that "Count = n" stands for.  Spec: config.md 7.5 */
void sd_expand_counts(struct conf_gen *g, struct conf_diag *diag);

#endif
