#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "director/job/duplicate.h"

struct duplicate_case {
	const char *what;
	struct duplicate_rules rules;
	struct duplicate_pair pair;
	enum duplicate_action action;
};

/* Spec: director.md 5.1 */
static const struct duplicate_case cases[] = {
	{ "allowed", { 1, 1, 1, 1 }, { 'B', 'F', 'B', 'I', 'R' }, DUPLICATE_ALLOW },
	{ "nothing set: the new one loses",
	  { 0, 0, 0, 0 },
	  { 'B', 'F', 'B', 'F', 'R' },
	  DUPLICATE_CANCEL_NEW },
	{ "new Full, old Incremental",
	  { 0, 1, 0, 0 },
	  { 'B', 'F', 'B', 'I', 'R' },
	  DUPLICATE_CANCEL_OLD },
	{ "new Full, old Differential",
	  { 0, 1, 0, 0 },
	  { 'B', 'F', 'B', 'D', 'R' },
	  DUPLICATE_CANCEL_OLD },
	{ "new Differential, old Incremental",
	  { 0, 1, 0, 0 },
	  { 'B', 'D', 'B', 'I', 'R' },
	  DUPLICATE_CANCEL_OLD },
	{ "new Differential, old Full",
	  { 0, 1, 1, 1 },
	  { 'B', 'D', 'B', 'F', 'C' },
	  DUPLICATE_CANCEL_NEW },
	{ "new Incremental, old Full",
	  { 0, 1, 1, 1 },
	  { 'B', 'I', 'B', 'F', 'C' },
	  DUPLICATE_CANCEL_NEW },
	{ "new Incremental, old Differential",
	  { 0, 1, 1, 1 },
	  { 'B', 'I', 'B', 'D', 'R' },
	  DUPLICATE_CANCEL_NEW },
	{ "same level goes on to the next rule",
	  { 0, 1, 1, 0 },
	  { 'B', 'I', 'B', 'I', 'C' },
	  DUPLICATE_CANCEL_OLD },
	{ "queued, waiting for the client",
	  { 0, 0, 1, 0 },
	  { 'B', 'I', 'B', 'I', 'c' },
	  DUPLICATE_CANCEL_OLD },
	{ "queued, waiting for priority",
	  { 0, 0, 1, 0 },
	  { 'B', 'I', 'B', 'I', 'p' },
	  DUPLICATE_CANCEL_OLD },
	{ "running is not queued",
	  { 0, 0, 1, 0 },
	  { 'B', 'I', 'B', 'I', 'R' },
	  DUPLICATE_CANCEL_NEW },
	{ "running", { 0, 0, 0, 1 }, { 'B', 'I', 'B', 'I', 'R' }, DUPLICATE_CANCEL_OLD },
	{ "levels are for backups",
	  { 0, 1, 0, 0 },
	  { 'R', 'F', 'B', 'I', 'R' },
	  DUPLICATE_CANCEL_NEW },
};

static void
one_of_two_jobs_loses_as_the_table_says(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (duplicate_judge(&cases[i].rules, &cases[i].pair) != cases[i].action)
			fail_msg("%s", cases[i].what);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_of_two_jobs_loses_as_the_table_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
