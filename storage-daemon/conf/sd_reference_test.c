/*
 * storage-daemon/conf/sd_reference_test.c - docs/reference/storage-daemon.md is what the tables say
 */
#include "storage-daemon/conf/sd_conf_internal.h"
#include "lib/conf/reference_check.h"

int
main(void)
{
	return reference_check(&sd_program, TERCET_SOURCE "/docs/reference/storage-daemon.md");
}
