#include "lib/base/buf.h"

#include "lib/base/own.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
grows_to_its_maximum_and_no_further(void **state UNUSED)
{
	OWNED(buf_release) struct buf b = BUF_INIT(1000);
	struct err err = ERR_INIT;

	for (int i = 0; i < 1000; i++)
		assert_int_equal(buf_append(&b, "x", 1, &err), ERR_OK);
	assert_int_equal(buf_append(&b, "x", 1, &err), ERR_LIMIT);
	assert_int_equal(b.len, 1000);
	assert_int_equal(strlen(buf_str(&b)), 1000);
}

static void
a_huge_size_does_not_wrap(void **state UNUSED)
{
	OWNED(buf_release) struct buf b = BUF_INIT(100);
	struct err err = ERR_INIT;

	assert_int_equal(buf_append(&b, "ab", 2, &err), ERR_OK);
	assert_int_equal(buf_reserve(&b, SIZE_MAX, &err), ERR_LIMIT);
	assert_int_equal(buf_reserve(&b, SIZE_MAX - 1, &err), ERR_LIMIT);
	assert_int_equal(b.len, 2);
}

static void
text_is_taken_whole(void **state UNUSED)
{
	struct buf b = BUF_INIT(100);
	OWNED(freep) char *s = NULL;

	buf_text(&b, "%d %s", 1, "two");
	buf_consume(&b, 2);
	s = buf_take_str(&b);
	assert_string_equal(s, "two");
	assert_null(b.p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_to_its_maximum_and_no_further),
		cmocka_unit_test(a_huge_size_does_not_wrap),
		cmocka_unit_test(text_is_taken_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
