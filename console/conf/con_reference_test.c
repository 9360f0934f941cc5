/*
 * console/conf/con_reference_test.c - docs/reference/console.md is what the tables say
 */
#include "console/conf/con_conf_internal.h"
#include "lib/conf/reference_check.h"

int
main(void)
{
	return reference_check(&con_program, TERCET_SOURCE "/docs/reference/console.md");
}
