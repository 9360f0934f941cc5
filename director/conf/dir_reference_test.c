/*
 * director/conf/dir_reference_test.c - docs/reference/director.md is what the tables say
 *
 * TERCET_WRITE_DOCS=1 writes the page anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "director/conf/dir_conf_internal.h"
#include "lib/base/fd.h"
#include "lib/conf/reference.h"

#include <stdlib.h>

#define PAGE TERCET_SOURCE "/docs/reference/director.md"

static void
the_reference_page_is_up_to_date(void **state)
{
	struct buf want = BUF_INIT(1 << 20), is = BUF_INIT(1 << 20);
	struct err err = ERR_INIT;

	conf_reference_text(&dir_program, &want);
	if (getenv("TERCET_WRITE_DOCS") != NULL)
		assert_int_equal(fd_replace_file(PAGE, buf_bytes(&want), 0644, &err), ERR_OK);
	assert_int_equal(fd_read_file(PAGE, &is, &err), ERR_OK);
	assert_string_equal(buf_str(&is), buf_str(&want));
	buf_release(&want);
	buf_release(&is);
}

static void
no_type_has_too_many_directives(void **state)
{
	for (size_t i = 0; i < dir_program.n_types; i++)
		if (dir_program.types[i]->size > 0)
			assert_in_range(conf_type_rows(dir_program.types[i]), 1, CONF_ROWS_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reference_page_is_up_to_date),
		cmocka_unit_test(no_type_has_too_many_directives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
