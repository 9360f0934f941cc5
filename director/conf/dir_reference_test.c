/*
 * director/conf/dir_reference_test.c - docs/reference/director.md is what the tables say
 */
#include "director/conf/dir_conf_internal.h"
#include "lib/conf/reference_check.h"

int
main(void)
{
	return reference_check(&dir_program, TERCET_SOURCE "/docs/reference/director.md");
}
