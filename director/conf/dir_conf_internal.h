/*
 * director/conf/dir_conf_internal.h - tables of the director's resources
 */
#ifndef TERCET_DIRECTOR_CONF_DIR_CONF_INTERNAL_H
#define TERCET_DIRECTOR_CONF_DIR_CONF_INTERNAL_H

#include "director/conf/dir_conf.h"
#include "lib/conf/check.h"

extern const struct conf_row director_rows[], client_rows[], job_rows[], storage_rows[];
extern const struct conf_row catalog_rows[], schedule_rows[], fileset_rows[], pool_rows[];
extern const struct conf_row counter_rows[], profile_rows[], console_rows[], acl_rows[];
extern const struct conf_row user_rows[], user_acl_rows[];
extern const struct conf_custom script_block, script_short, run_line;
extern const struct conf_custom fileset_include, fileset_exclude;
extern const struct conf_custom auto_changer, action_on_purge, use_volume_once, copy_pool;
extern const struct conf_custom db_driver;
extern const struct conf_program dir_program;

/* What 7.3 asks of several values and resources; problems go to diag. */
void dir_conf_validate(struct dir_conf *c, struct conf_diag *diag);
/* Levels, catalogs, RegexWhere and the like.  Spec: config.md 7.2 */
void dir_conf_compute(struct dir_conf *c);

#endif
