#include "lib/base/err.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
context_goes_in_front(void **state UNUSED)
{
	struct err err = ERR_INIT;

	assert_int_equal(err_set(&err, ERR_FORMAT, "checksum 0x%08x", 7u), ERR_FORMAT);
	assert_int_equal(err_ctx(&err, "block %d", 12), ERR_FORMAT);
	err_ctx(&err, "volume %s", "Full-0003");
	assert_string_equal(err.text, "volume Full-0003: block 12: checksum 0x00000007");
}

static void
the_system_has_the_last_word(void **state UNUSED)
{
	struct err err = ERR_INIT;

	errno = ENOENT;
	assert_int_equal(err_errno(&err, ERR_SYS, "open %s", "/x"), ERR_SYS);
	assert_string_equal(err.text, "open /x: No such file or directory");
	assert_int_equal(err.sys, ENOENT);
}

static void
a_text_too_long_is_cut_not_overrun(void **state UNUSED)
{
	struct err err = ERR_INIT;
	char big[2 * ERR_TEXT_MAX];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_set(&err, ERR_BUG, "%s", big);
	err_ctx(&err, "%s", big);
	assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(context_goes_in_front),
		cmocka_unit_test(the_system_has_the_last_word),
		cmocka_unit_test(a_text_too_long_is_cut_not_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
