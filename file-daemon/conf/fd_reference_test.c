/*
 * file-daemon/conf/fd_reference_test.c - docs/reference/file-daemon.md is what the tables say
 */
#include "file-daemon/conf/fd_conf_internal.h"
#include "lib/conf/reference_check.h"

int
main(void)
{
	return reference_check(&fd_program, TERCET_SOURCE "/docs/reference/file-daemon.md");
}
