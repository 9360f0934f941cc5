/*
 * lib/conf/reference_check.h - the test that a program's reference page is what its tables say
 *
 * Purpose: for the *_reference_test.c of the programs.  TERCET_WRITE_DOCS=1 writes the page anew.
 * Threads: one.
 */
#ifndef TERCET_CONF_REFERENCE_CHECK_H
#define TERCET_CONF_REFERENCE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/fd.h"
#include "lib/conf/gen.h"
#include "lib/conf/reference.h"

#include <stdlib.h>

struct reference_page {
	const struct conf_program *program;
	const char *path; /* of the page */
};

static inline void
the_reference_page_is_up_to_date(void **state)
{
	const struct reference_page *p = *state;
	struct buf want = BUF_INIT(1 << 20), is = BUF_INIT(1 << 20);
	struct err err = ERR_INIT;

	conf_reference_text(p->program, &want);
	if (getenv("TERCET_WRITE_DOCS") != NULL)
		assert_int_equal(fd_replace_file(p->path, buf_bytes(&want), 0644, &err), ERR_OK);
	assert_int_equal(fd_read_file(p->path, &is, &err), ERR_OK);
	assert_string_equal(buf_str(&is), buf_str(&want));
	buf_release(&want);
	buf_release(&is);
}

static inline void
no_type_has_too_many_directives(void **state)
{
	const struct reference_page *p = *state;

	for (size_t i = 0; i < p->program->n_types; i++)
		if (p->program->types[i]->size > 0)
			assert_in_range(conf_type_rows(p->program->types[i]), 1, CONF_ROWS_MAX);
}

/* All of main() of such a test. */
static inline int
reference_check(const struct conf_program *program, const char *path)
{
	struct reference_page page = { program, path };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(the_reference_page_is_up_to_date, &page),
		cmocka_unit_test_prestate(no_type_has_too_many_directives, &page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
