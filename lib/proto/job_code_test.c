#include "lib/proto/job_code.h"

#include "lib/base/attr.h"
#include "lib/proto/msg_type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
letters_have_their_texts(void **state UNUSED)
{
	assert_string_equal(job_type_text('B'), "Backup");
	assert_string_equal(job_type_text('?'), "Unknown Job Type");
	assert_string_equal(job_level_text('f'), "Virtual Full");
	assert_string_equal(job_status_word('W'), "OK -- with warnings");
	assert_string_equal(job_status_word('?'), "Unknown term code");
	assert_string_equal(job_status_text('T'), "Completed successfully");
	assert_string_equal(msg_type_word(MSG_NOTSAVED), "notsaved");
	assert_string_equal(msg_type_prefix(MSG_FATAL), "Fatal error: ");
}

/* director.md 6 */
static void
a_worse_status_wins_and_stays(void **state UNUSED)
{
	static const struct {
		int old, wanted, left;
	} cases[] = {
		{ 'R', 'T', 'T' }, { 'C', 'R', 'R' }, { 'E', 'R', 'E' }, { 'A', 'E', 'A' },
		{ 'e', 'f', 'f' }, { 'f', 'e', 'f' }, { 'f', 'I', 'I' }, { 'D', 'e', 'e' },
		{ 'R', 'A', 'A' }, { 'W', 'D', 'D' },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(job_status_merge(cases[i].old, cases[i].wanted), cases[i].left);
}

static void
predicates_hold_for_their_letters_only(void **state UNUSED)
{
	static const char final[] = "TWEfADIe", canceled[] = "AEf";

	for (int c = 1; c < 128; c++) {
		bool is_final = false, is_canceled = false;

		for (const char *p = final; *p != '\0'; p++)
			is_final = is_final || *p == c;
		for (const char *p = canceled; *p != '\0'; p++)
			is_canceled = is_canceled || *p == c;
		assert_int_equal(job_status_is_final(c), is_final);
		assert_int_equal(job_status_is_canceled(c), is_canceled);
		assert_int_equal(job_status_is_ok(c), c == 'T' || c == 'W');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_have_their_texts),
		cmocka_unit_test(a_worse_status_wins_and_stays),
		cmocka_unit_test(predicates_hold_for_their_letters_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
